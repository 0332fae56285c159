"""Bounds hold what they promise; confidence is held against what came true."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.reliability import Histogram, bins_of, calibration_error, trade_off
from pipeline.intervals import clopper_pearson_upper, wilson


@given(st.integers(30, 1_000_000))
def test_none_wrong_of_n_leaves_about_three_in_n(n: int) -> None:
    assert clopper_pearson_upper(0, n) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-6)
    assert clopper_pearson_upper(0, n) == pytest.approx(3 / n, rel=0.06)


@given(st.integers(0, 40), st.integers(0, 60))
def test_at_the_bound_so_few_wrong_ones_have_a_chance_of_five_percent(wrong: int, right: int) -> None:
    n = wrong + right
    bound = clopper_pearson_upper(wrong, n) if n else 1.0
    if right == 0:
        assert bound == 1.0
        return
    chance = sum(math.comb(n, k) * bound**k * (1 - bound) ** (n - k) for k in range(wrong + 1))
    assert chance == pytest.approx(0.05, rel=1e-6)


@given(st.integers(0, 500), st.integers(1, 500))
def test_bounds_lie_around_what_was_counted(k: int, more: int) -> None:
    n = k + more
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert k / n < clopper_pearson_upper(k, n) < 1


def test_millions_are_no_trouble() -> None:
    assert clopper_pearson_upper(5000, 5_000_000) == pytest.approx(0.001023, rel=0.01)


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert calibration_error([]) is None


def test_what_cannot_have_been_counted_is_refused() -> None:
    for wrong, n in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="of 5"):
            clopper_pearson_upper(wrong, n)
        with pytest.raises(ValueError, match="of 5"):
            wilson(wrong, n)


def histogram(*values: tuple[float, bool]) -> Histogram:
    counted = Histogram()
    for confidence, right in values:
        counted.add(confidence, right)
    return counted


def test_the_calibration_error_is_the_mean_distance() -> None:
    # Four at 0.6, one right (0.25): off by 0.35. Six at 1.0, all right: off by 0.
    counted = histogram(*[(0.6, i == 0) for i in range(4)], *[(1.0, True)] * 6)
    bins = bins_of(counted.counts)
    assert [(one.n, one.right) for one in bins] == [(4, 1), (6, 6)]
    assert calibration_error(bins) == pytest.approx(0.4 * 0.35)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_no_value_is_lost_in_the_bins(values: list[tuple[float, bool]]) -> None:
    bins = bins_of(histogram(*values).counts)
    assert sum(one.n for one in bins) == len(values)
    assert sum(one.right for one in bins) == sum(right for _, right in values)
    assert len(bins) <= 14
    assert all(a.high < b.low for a, b in pairwise(bins))


def test_as_the_threshold_falls_more_pass_and_more_are_wrong() -> None:
    curve = trade_off(histogram((0.9, True), (0.99, True), (0.5, False), (0.6, True)).counts)
    assert [(one.confidence, one.accepted, one.errors) for one in curve] == [
        (0.99, 0.25, 0.0),
        (0.9, 0.5, 0.0),
        (0.6, 0.75, 0.0),
        (0.5, 1.0, 0.25),
    ]
