"""Bent rows laid level: only from their lines, and only where that is clearly better."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Image
from pipeline.reading.flat import LEVEL_DEGREES, POWERS, Bend, degrees_off_level, flattened
from pipeline.reading.lines import Quad

WIDTH, HEIGHT = 800, 1000
CURLED = Bend(
    WIDTH, HEIGHT, np.array([{(1, 0): 6.0, (2, 0): 12.0, (1, 1): 8.0}.get(power, 0.0) for power in POWERS])
)


def line(x: float, y: float, width: float = 160, height: float = 14, fall: float = 0.0) -> Quad:
    """A line whose top left is at (x, y) and whose right end lies `fall` pixels lower."""
    corners = [[x, y], [x + width, y + fall], [x + width, y + height + fall], [x, y + height]]
    return np.array(corners, dtype=np.float32)


def level_rows() -> list[Quad]:
    """Twelve rows of three lines each, all over the page."""
    return [line(x, y) for y in range(60, 900, 70) for x in (40, 310, 580)]


def bent(lines: list[Quad], bend: Bend) -> list[Quad]:
    """The lines as a detector sees them on a bent page: straight boxes with moved ends."""
    seen = []
    for one in lines:
        points = one.astype(np.float64)
        points[:, 1] += bend.at(points[:, 0], points[:, 1])
        seen.append(points.astype(np.float32))
    return seen


def page_with(lines: list[Quad]) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    cv2.fillPoly(image, [np.rint(one).astype(np.int32) for one in lines], (0, 0, 0))
    return image


def test_a_curled_page_and_its_lines_come_out_level() -> None:
    lines = bent(level_rows(), CURLED)
    flat, moved = flattened(page_with(lines), lines)
    assert degrees_off_level(lines) > 1.0
    assert degrees_off_level(moved) < LEVEL_DEGREES
    assert flat.shape == (HEIGHT, WIDTH, 3)
    for one in moved:
        x0, y0 = np.rint(one.min(axis=0)).astype(int) + 3
        x1, y1 = np.rint(one.max(axis=0)).astype(int) - 3
        assert (flat[y0:y1, x0:x1] < 128).all(), "print lies where its line lies"


def test_a_flat_page_is_not_copied() -> None:
    image = page_with(level_rows())
    same, lines = flattened(image, level_rows())
    assert same is image
    assert all(np.array_equal(a, b) for a, b in zip(lines, level_rows(), strict=True))


def test_few_lines_are_too_few_to_flatten_a_page_by() -> None:
    few = bent(level_rows()[:9], CURLED)
    image = page_with(few)
    assert flattened(image, few)[0] is image


def test_lines_that_follow_no_bend_are_left_alone() -> None:
    at_random = np.random.default_rng(5)
    lines = [line(x, y, fall=at_random.normal(0, 12)) for y in range(60, 900, 70) for x in (40, 310, 580)]
    image = page_with(lines)
    assert flattened(image, lines)[0] is image


def test_a_slanted_stamp_bends_no_page() -> None:
    lines = bent(level_rows(), CURLED)
    with_stamp = Bend.of([*lines, line(300, 500, fall=60)], (WIDTH, HEIGHT))
    without = Bend.of(lines, (WIDTH, HEIGHT))
    x, y = np.meshgrid(np.linspace(40, 740, 5), np.linspace(60, 900, 5))
    assert with_stamp.at(x, y) == pytest.approx(without.at(x, y), abs=0.5)


def test_a_page_without_lines_has_no_bend() -> None:
    assert not Bend.of([], (WIDTH, HEIGHT)).factors.any()
    assert degrees_off_level([]) == 0.0


@settings(max_examples=25)
@given(st.lists(st.floats(-6, 6), min_size=len(POWERS), max_size=len(POWERS)))
def test_whatever_the_bend_lines_are_never_less_level_afterwards(factors: list[float]) -> None:
    lines = bent(level_rows(), Bend(WIDTH, HEIGHT, np.array(factors)))
    _, moved = flattened(page_with([]), lines)
    assert degrees_off_level(moved) <= degrees_off_level(lines)
    assert degrees_off_level(moved) < 2 * LEVEL_DEGREES
