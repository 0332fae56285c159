"""What print is measured with: pictures made smaller, and levels counted. What is found: `test_quality`."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.print_marks import percentile, reduced


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_lowest_level_that_so_many_pixels_do_not_exceed(
    levels: list[int], percent: int
) -> None:
    found = percentile(np.array([levels], np.uint8), percent)
    assert sum(level <= found for level in levels) >= len(levels) * percent / 100
    assert sum(level < found for level in levels) < len(levels) * percent / 100


@pytest.mark.parametrize("scale", [0.16, 0.25, 0.5, 0.7, 1.0])
def test_a_picture_made_smaller_by_halves_is_as_large_and_as_light_as_one_made_smaller_at_once(
    scale: float,
) -> None:
    grain = np.random.default_rng(7).integers(0, 256, (400, 300, 3)).astype(np.uint8)
    picture = np.asarray(cv2.GaussianBlur(grain, (0, 0), 4), np.uint8)
    at_once = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = reduced(picture, scale)
    assert small.shape == at_once.shape
    assert small.mean() == pytest.approx(at_once.mean(), abs=1)
    assert np.abs(small.astype(int) - at_once).mean() < 1
