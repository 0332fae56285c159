"""Which of two readings stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box, Origin, Word
from pipeline.reading.overlap import on_line, replaced, said, share

LINE = Box(100, 100, 300, 130)
SIDES = st.integers(0, 50)
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w + 1, y + h + 1), SIDES, SIDES, SIDES, SIDES)


def word(text: str, sure: float, box: Box = LINE, origin: Origin = "ocr") -> Word:
    return Word(text, box, sure, origin)


@given(BOXES, BOXES)
def test_what_two_boxes_share_is_a_part_of_each(one: Box, other: Box) -> None:
    shared = share(one, other)
    assert 0 <= shared <= 1
    assert abs(shared * one.width * one.height - share(other, one) * other.width * other.height) < 1e-6
    assert share(one, one) == 1


def test_a_word_that_lies_on_a_line_for_the_smaller_part_does_not_stand_on_it() -> None:
    beside = word("元", 0.9, Box(260, 100, 400, 130))
    assert on_line([word("108.50", 0.9), beside], LINE) == [word("108.50", 0.9)]


def test_a_surer_reading_takes_the_place_of_the_first() -> None:
    before, after = word("合计", 0.9, Box(0, 0, 50, 20)), word("元整", 0.9, Box(0, 200, 50, 220))
    first, second = word("1O8.5", 0.6), word("108.50", 0.9)
    assert replaced([before, first, after], [second], LINE) == [before, second, after]


def test_an_equal_reading_changes_nothing() -> None:
    assert replaced([word("108.50", 0.9)], [word("108.58", 0.9)], LINE) is None


def test_what_is_worse_than_a_guess_speaks_against_a_reading() -> None:
    assert said([word("金额", 0.4)]) < said([]) < said([word("金", 0.6)])


def test_text_that_came_with_the_file_stays_beside_what_is_read() -> None:
    """It is never counted as a first reading, and what runs on into it keeps the line."""
    assert replaced([word("108.50", 1.0, origin="text_layer")], [word("108.59", 0.99)], LINE) is None


@given(st.lists(st.floats(0, 1), max_size=4), st.lists(st.floats(0, 1), max_size=4))
def test_a_page_never_says_less_than_before(first: list[float], second: list[float]) -> None:
    words = [word("12", sure) for sure in first]
    now = replaced(words, [word("34", sure) for sure in second], LINE)
    assert now is None or said(now) > said(words)
