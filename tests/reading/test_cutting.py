"""Cuts pass between boxes, and what they part adds up to the whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box
from pipeline.reading.cutting import Line, Outline, clipped, gaps_between
from pipeline.reading.seams import Axis

SHEET = np.array([(0, 0), (1000, 0), (1000, 1400), (0, 1400)], np.float64)


def area(outline: Outline) -> float:
    return float(cv2.contourArea(outline.astype(np.float32))) if len(outline) else 0.0


@given(st.sampled_from(["x", "y"]), st.floats(-0.06, 0.06), st.floats(-200, 1600))
def test_the_parts_of_a_sheet_add_up_to_it(axis: Axis, slope: float, at: float) -> None:
    line = Line(axis, slope, at)
    parts = [area(clipped(SHEET, line, sign)) for sign in (1, -1)]
    assert sum(parts) == pytest.approx(area(SHEET), rel=1e-4)


@given(st.sampled_from(["x", "y"]), st.floats(-0.06, 0.06), st.floats(100, 900))
def test_a_part_lies_on_its_side_of_the_line(axis: Axis, slope: float, at: float) -> None:
    line = Line(axis, slope, at)
    assert all(line.before(x, y) >= -1e-6 for x, y in clipped(SHEET, line, 1))
    assert all(line.before(x, y) <= 1e-6 for x, y in clipped(SHEET, line, -1))


@pytest.mark.parametrize(("axis", "gap"), [("y", (120, 200)), ("x", (400, 500))])
def test_a_gap_is_where_no_box_is(axis: Axis, gap: tuple[float, float]) -> None:
    boxes = [Box(100, 100, 400, 120), Box(500, 200, 800, 220)]
    assert list(gaps_between(boxes, axis, 0.0, 50)) == [gap]
    assert list(gaps_between(boxes, axis, 0.0, 101)) == []


def test_a_slanting_line_passes_where_no_level_one_does() -> None:
    """Two lines of print that fall to the right, each in three words."""
    falling = [Box(x, 100 + x * 0.05, x + 200, 120 + (x + 200) * 0.05) for x in (0, 300, 600)]
    boxes = [*falling, *(Box(box.x0, box.y0 + 50, box.x1, box.y1 + 50) for box in falling)]
    assert list(gaps_between(boxes, "y", 0.0, 10)) == []
    (gap,) = gaps_between(boxes, "y", 0.0525, 10)
    at = sum(gap) / 2
    sides = [Line("y", 0.0525, at).before(box.cx, box.cy) > 0 for box in boxes]
    assert sides == [True] * 3 + [False] * 3
