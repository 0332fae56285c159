"""Boxes: how far two of them reach over one another."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box

EDGES = st.integers(0, 50)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(EDGES), draw(EDGES)))
    top, bottom = sorted((draw(EDGES), draw(EDGES)))
    return Box(left, top, right, bottom)


def squares(box: Box) -> set[tuple[int, int]]:
    """The unit squares that the box covers."""
    return {(x, y) for x in range(int(box.x0), int(box.x1)) for y in range(int(box.y0), int(box.y1))}


@given(boxes(), boxes())
def test_the_shared_area_is_that_of_the_squares_in_both(a: Box, b: Box) -> None:
    assert a.shared_area(b) == b.shared_area(a) == len(squares(a) & squares(b))


@given(boxes())
def test_a_box_shares_all_of_itself_with_itself(box: Box) -> None:
    assert box.shared_area(box) == box.area == len(squares(box))


def test_boxes_apart_share_a_negative_width_and_no_area() -> None:
    left, right = Box(0, 0, 10, 10), Box(14, 2, 20, 9)
    assert left.shared_width(right) == right.shared_width(left) == -4
    assert left.shared_height(right) == 7
    assert left.shared_area(right) == 0
