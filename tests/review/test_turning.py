"""Boxes on pages that were turned by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.turning import turned_box, turned_size

FRACTION = st.integers(0, 1024).map(lambda n: n / 1024)  # halves of halves: nothing is lost in floats


@given(st.tuples(FRACTION, FRACTION, FRACTION, FRACTION), st.sampled_from([0, 90, 180, 270]))
def test_turning_on_to_the_full_circle_leads_back(edges: tuple[float, ...], degrees: int) -> None:
    x0, x1 = sorted(edges[:2])
    y0, y1 = sorted(edges[2:])
    turned = turned_box([x0, y0, x1, y1], degrees)
    assert turned_box(turned, (360 - degrees) % 360) == [x0, y0, x1, y1]
    assert turned[0] <= turned[2]
    assert turned[1] <= turned[3]


def test_the_upper_left_corner_goes_round_clockwise() -> None:
    corner = [0.0, 0.0, 0.25, 0.125]
    corners = [turned_box(corner, degrees) for degrees in (90, 180, 270)]
    assert corners == [[0.875, 0.0, 1.0, 0.25], [0.75, 0.875, 1.0, 1.0], [0.0, 0.75, 0.125, 1.0]]


def test_a_quarter_turn_swaps_the_sides() -> None:
    sizes = [turned_size(3, 5, degrees) for degrees in (0, 90, 180, 270)]
    assert all(one == two[::-1] for one, two in pairwise(sizes))


def test_nothing_but_quarter_turns() -> None:
    with pytest.raises(ValueError, match="quarter"):
        turned_box([0, 0, 1, 1], 45)
