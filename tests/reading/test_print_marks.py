"""How levels are counted. What print is found on pictures: `test_quality`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.print_marks import percentile


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_lowest_level_that_so_many_pixels_do_not_exceed(
    levels: list[int], percent: int
) -> None:
    found = percentile(np.array([levels], np.uint8), percent)
    assert sum(level <= found for level in levels) >= len(levels) * percent / 100
    assert sum(level < found for level in levels) < len(levels) * percent / 100
