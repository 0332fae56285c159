"""The sample of lines that is read before a picture is judged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Image
from pipeline.reading.lines import Quad
from pipeline.reading.probe import (
    FIRST_LINES,
    LINES_READ,
    LIT,
    PROBE_SIDE,
    TURN_LENGTH,
    TURN_LINES,
    first_look,
    probe,
    read_on,
    spread,
)
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


def test_a_first_look_reads_a_part_of_the_sample_and_reading_on_the_rest_of_it() -> None:
    engine = LineEngine(rows(200))
    looked = first_look(paper(), engine)
    assert (len(looked.chosen), looked.chosen[0], looked.chosen[-1]) == (FIRST_LINES, 0, 199)
    assert engine.asked == FIRST_LINES + TURN_LINES
    whole = read_on(looked, paper(), engine)
    assert engine.asked == LINES_READ + TURN_LINES
    assert list(whole.chosen) == spread(200, LINES_READ)
    assert len(whole.read) == LINES_READ


def test_the_words_of_each_line_of_the_sample_stay_its_own() -> None:
    # Both looks together, in the order of the lines: the lower a line, the surer it is read.
    probed = probe(paper(), LineEngine(rows(40), sure=lambda line: 0.9 + line[0, 1] / 20_000))
    sure = [word.confidence for word in probed.words]
    assert sure == sorted(sure)
    assert len(set(sure)) == LINES_READ


def test_of_the_longest_lines_no_more_is_read_than_tells_their_way_up() -> None:
    lengths: list[float] = []

    def seen(line: Quad) -> float:
        lengths.append(float(np.linalg.norm(line[1] - line[0])))
        return 0.99

    probe(paper(), LineEngine(rows(30), sure=seen))
    assert lengths[:TURN_LINES] == pytest.approx([TURN_LENGTH * 30] * TURN_LINES)
    assert max(lengths) == pytest.approx(1100)


def test_of_a_line_that_stands_a_part_is_read_along_it() -> None:
    parts: list[Quad] = []
    standing = [
        np.array([(x, 100), (x + 30, 100), (x + 30, 1900), (x, 1900)], np.float32) for x in (100, 200)
    ]

    def seen(line: Quad) -> float:
        parts.append(line)
        return 0.99

    probe(paper(), LineEngine(standing, sure=seen))
    assert np.ptp(parts[0], axis=0) == pytest.approx([30, TURN_LENGTH * 30], abs=0.1)


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
