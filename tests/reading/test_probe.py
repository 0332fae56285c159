"""The sample of lines that is read before a picture is judged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Image
from pipeline.reading.probe import LINES_READ, LIT, PROBE_SIDE, TURN_LINES, probe, spread
from tests.reading.line_engine import LineEngine, rows


def paper(light: int = 240) -> Image:
    return np.full((2000, 1500, 3), light, np.uint8)


def test_lines_are_looked_for_on_a_small_copy_and_come_back_in_pixels_of_the_picture() -> None:
    engine = LineEngine(rows(10))
    probed = probe(paper(), engine)
    assert engine.sides == [PROBE_SIDE]
    assert np.allclose(probed.lines, rows(10), atol=0.01)


def test_a_picture_that_is_small_already_is_looked_at_as_it_is() -> None:
    engine = LineEngine(rows(3), long_side=400)
    probe(np.full((400, 300, 3), 240, np.uint8), engine)
    assert engine.sides == [400]


def test_of_many_lines_few_are_read_and_from_all_over_the_picture() -> None:
    engine = LineEngine(rows(200))
    probed = probe(paper(), engine)
    assert len(probed.read) == len(probed.chosen) == LINES_READ
    assert (probed.chosen[0], probed.chosen[-1]) == (0, 199)
    assert engine.asked == LINES_READ + TURN_LINES


def test_print_that_lies_upside_down_is_read_the_right_way_up() -> None:
    engine = LineEngine(rows(30), sure=lambda line: 0.99 if line[0, 1] > line[2, 1] else 0.4)
    assert {word.confidence for word in probe(paper(), engine).words} == {0.99}


def test_print_that_reads_badly_either_way_stays_as_it_is() -> None:
    engine = LineEngine(rows(30), sure=lambda _line: 0.4)
    assert np.allclose(probe(paper(), engine).lines, rows(30), atol=0.01)


def test_a_dark_picture_is_lit_up_to_find_its_lines() -> None:
    engine = LineEngine(rows(3))
    probe(paper(47), engine)
    assert engine.light == pytest.approx(LIT, abs=2)


def test_a_line_on_which_nothing_is_read_is_one_of_the_sample() -> None:
    probed = probe(paper(), LineEngine(rows(5), sure=lambda _line: 0.0))
    assert probed.read == ((),) * 5
    assert probed.words == []


def test_a_picture_without_lines_has_nothing_to_read() -> None:
    assert probe(paper(), LineEngine([])).chosen == ()


@given(st.integers(0, 300), st.integers(1, 40))
def test_a_spread_is_of_different_places_in_their_order(count: int, most: int) -> None:
    places = spread(count, most)
    assert len(places) == min(count, most)
    assert places == sorted(set(places))
    assert all(0 <= place < count for place in places)
