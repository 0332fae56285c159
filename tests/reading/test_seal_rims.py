"""Rims are voted for: each of several that overlap, and one among print of its colour."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.model import Box
from pipeline.reading.seal_rims import rims_in

NARROWEST, WIDEST = 44.0, 200.0


def sheet() -> npt.NDArray[np.uint8]:
    return np.zeros((220, 260), np.uint8)


def ring(on: npt.NDArray[np.uint8], x: int, y: int, half: tuple[int, int], tilt: float = 0.0) -> Box:
    cv2.ellipse(on, (x, y), half, tilt, 0, 360, (1,), 2)
    return Box(x - half[0], y - half[1], x + half[0], y + half[1])


def is_near(found: Box, drawn: Box) -> bool:
    edges = zip(
        (found.x0, found.y0, found.x1, found.y1), (drawn.x0, drawn.y0, drawn.x1, drawn.y1), strict=True
    )
    return all(abs(one - other) <= 0.12 * drawn.width for one, other in edges)


@pytest.mark.parametrize(
    ("x", "y", "across", "flat", "tilt"),
    [(130, 110, 30, 1.0, 0), (120, 100, 62, 0.92, 0), (140, 118, 55, 0.72, 0), (110, 96, 44, 0.76, -12)],
    ids=["small", "at a slant", "oval", "oval and tilted"],
)
def test_a_rim_of_any_size_and_flatness_is_found_where_it_lies(
    x: int, y: int, across: int, flat: float, tilt: float
) -> None:
    inked = sheet()
    drawn = ring(inked, x, y, (across, round(across * flat)), tilt)
    (found,) = rims_in(inked, NARROWEST, WIDEST)
    assert abs(found.cx - drawn.cx) <= 4
    assert abs(found.cy - drawn.cy) <= 4
    assert abs(found.width - drawn.width) <= 0.12 * drawn.width + 3


def test_rims_that_overlap_are_each_found() -> None:
    inked = sheet()
    drawn = [ring(inked, 90, 100, (50, 50)), ring(inked, 160, 115, (50, 36))]
    found = rims_in(inked, NARROWEST, WIDEST)
    assert len(found) == 2
    assert all(any(is_near(box, each) for box in found) for each in drawn)


def test_print_of_its_colour_across_a_rim_does_not_hide_it() -> None:
    inked = sheet()
    for y in (60, 100, 140):
        cv2.putText(inked, "HNMWE", (40, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (1,), 1)
    drawn = ring(inked, 130, 110, (60, 60))
    assert any(is_near(box, drawn) for box in rims_in(inked, NARROWEST, WIDEST))
