"""How much spans cover together, which the search for slants asks thousands of times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.slant import _unions

SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), min_size=1, max_size=30)


@given(SPANS)
def test_spans_cover_every_pixel_that_one_of_them_covers(spans: list[tuple[int, int]]) -> None:
    covered = {pixel for start, length in spans for pixel in range(start, start + length)}
    starts = np.array([[float(start) for start, _ in spans]])
    ends = np.array([[float(start + length) for start, length in spans]])
    assert _unions(starts, ends)[0] == len(covered)


def test_each_row_is_counted_by_itself() -> None:
    starts, ends = np.array([[0.0, 5.0], [0.0, 20.0]]), np.array([[10.0, 15.0], [10.0, 30.0]])
    assert _unions(starts, ends).tolist() == pytest.approx([15.0, 20.0])
