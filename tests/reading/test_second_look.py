"""Print read again another way: what the looks agree on, what they add, what no first look saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box, Image, Word, looks_at
from pipeline.reading.lines import Quad
from pipeline.reading.second_look import MOST_WORDS, OUTVOTED, STRETCH, aligned, looked_at_again

WORD = Box(100, 100, 200, 120)


@dataclass
class Engine:
    """Reads each line as it is told, the stretched picture first, and keeps what it was shown."""

    reads: Callable[[int, Quad], list[Word]]
    shown: list[tuple[Image, list[Quad]]] = field(default_factory=list)

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        self.shown.append((image, list(lines)))
        return [self.reads(len(self.shown), line) for line in lines]


def word(text: str, box: Box = WORD, sure: float = 0.99) -> Word:
    return Word(text, box, sure, "ocr", char_confidences=(sure,) * len(text))


def wider(box: Box) -> Box:
    return Box(box.x0 * STRETCH, box.y0, box.x1 * STRETCH, box.y1)


def page() -> Image:
    image = np.full((400, 600, 3), 245, np.uint8)
    cv2.putText(image, "12345", (100, 118), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (10, 10, 10), 2)
    return image


def reading(second: str, third: str = "") -> Engine:
    return Engine(lambda look, _line: [word(second, wider(WORD))] if look == 1 else [word(third)])


class TestAlignment:
    @pytest.mark.parametrize(
        ("text", "other", "found"),
        [
            ("123", "123", ("1", "2", "3")),
            ("123", "13", ("1", "", "3")),
            ("123", "1234", ("1", "2", "34")),
            ("123", "0123", ("01", "2", "3")),
            ("金额：1", "金额:1", ("金", "额", "：", "1")),
            ("张 三", "张三", ("张", " ", "三")),
            ("12", "", ("", "")),
        ],
    )
    def test_each_character_has_what_the_other_reading_has_in_its_place(
        self, text: str, other: str, found: tuple[str, ...]
    ) -> None:
        assert aligned(text, other) == found

    @given(st.text("0123ab张三", min_size=1, max_size=12), st.text("0123ab张三", max_size=12))
    def test_put_together_it_is_the_other_reading(self, text: str, other: str) -> None:
        found = aligned(text, other)
        assert len(found) == len(text)
        assert "".join(found) == other


class TestWords:
    def test_a_look_that_reads_the_same_is_the_last(self) -> None:
        engine = reading("12345")
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], engine)
        assert (again.text, again.looks) == ("12345", (("1", "2", "3", "4", "5"),))
        assert [len(lines) for _, lines in engine.shown] == [1, 0]

    def test_words_elsewhere_are_not_read_again(self) -> None:
        engine = reading("1")
        words = [word("别处", Box(300, 300, 400, 320))]
        assert looked_at_again(page(), words, [WORD], [], engine) == words
        assert engine.shown == []

    def test_words_of_a_text_layer_need_no_look(self) -> None:
        words = [Word("12345", WORD, 1.0, "text_layer")]
        assert looked_at_again(page(), words, [WORD], [], reading("1")) == words

    def test_the_second_look_is_stretched_and_the_third_cuts_wider(self) -> None:
        engine = reading("12845", "12345")
        looked_at_again(page(), [word("12345")], [WORD], [], engine)
        (red, (second,)), (plain, (third,)) = engine.shown
        assert red.shape[1] == round(plain.shape[1] * STRETCH)
        assert second[1][0] > WORD.x1 * STRETCH
        assert third[0][0] < second[0][0] / STRETCH
        assert third[0][1] < WORD.y0

    def test_a_look_that_sees_nothing_has_no_opinion(self) -> None:
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], Engine(lambda _look, _line: []))
        assert again == word("12345")

    def test_a_number_that_was_cut_is_seen_to_go_on(self) -> None:
        longer = word("123456", wider(Box(100, 100, 220, 120)))
        engine = Engine(lambda look, _line: [longer] if look == 1 else [word("12345")])
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], engine)
        assert ["".join(look) for look in again.looks] == ["123456", "12345"]

    def test_what_belongs_to_the_neighbour_does_not_count(self) -> None:
        neighbour = word("元", Box(202, 100, 222, 120))
        engine = Engine(lambda _look, _line: [word("12345元", wider(Box(100, 100, 222, 120)))])
        again = looked_at_again(page(), [word("12345"), neighbour], [WORD], [], engine)
        assert "".join(again[0].looks[0]) == "12345"

    def test_only_so_many_words_are_looked_at(self) -> None:
        engine = reading("1")
        words = [word("1", Box(10, 10 + i, 30, 11 + i)) for i in range(MOST_WORDS + 5)]
        looked_at_again(page(), words, [each.box for each in words], [], engine)
        assert len(engine.shown[0][1]) == MOST_WORDS


class TestVotes:
    def test_two_looks_against_the_first_are_believed_and_the_first_is_kept_beside(self) -> None:
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], reading("12845", "12845"))
        assert again.text == "12845"
        assert ["".join(look) for look in again.looks] == ["12345", "12845"]

    def test_what_was_outvoted_makes_the_word_less_sure(self) -> None:
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], reading("12845", "12845"))
        assert again.confidence == OUTVOTED

    def test_three_readings_leave_the_first(self) -> None:
        (again,) = looked_at_again(page(), [word("12345")], [WORD], [], reading("12845", "12945"))
        assert again.text == "12345"
        assert ["".join(look) for look in again.looks] == ["12845", "12945"]

    @pytest.mark.parametrize(
        ("first", "others"),
        [("1.0000", "1,0000"), ("0.00", "000"), ("6bh0fd", "6bhofd"), ("b1ttpl", "blttp1")],
    )
    def test_nobody_votes_on_points_and_on_characters_of_one_shape(self, first: str, others: str) -> None:
        (again,) = looked_at_again(page(), [word(first)], [WORD], [], reading(others, others))
        assert again.text == first


class TestCells:
    CELL = Box(95, 95, 180, 125)

    def digit(self, text: str = "1") -> Callable[[int, Quad], list[Word]]:
        box = Box(100, 100, 112, 120)
        return lambda look, _line: [word(text, wider(box) if look == 1 else box)]

    def test_a_digit_that_both_looks_read_alike_is_a_word(self) -> None:
        (found,) = looked_at_again(page(), [], [], [self.CELL], Engine(self.digit()))
        assert (found.text, found.looks) == ("1", (("1",),))

    def test_what_the_looks_read_differently_is_left_alone(self) -> None:
        engine = Engine(lambda look, _line: [word("1" if look == 1 else "7")])
        assert looked_at_again(page(), [], [], [self.CELL], engine) == []

    def test_an_empty_cell_is_not_read(self) -> None:
        engine = Engine(self.digit())
        assert looked_at_again(page(), [], [], [Box(400, 200, 480, 230)], engine) == []
        assert engine.shown == []

    def test_a_cell_with_words_is_not_read(self) -> None:
        engine = Engine(self.digit())
        words = [word("12345")]
        assert looked_at_again(page(), words, [], [Box(95, 95, 205, 125)], engine) == words


class TestPieces:
    def test_a_part_of_a_word_has_its_part_of_the_looks(self) -> None:
        whole = Word("号:12", WORD, 0.9, "ocr", looks=(("号", ":", "1", "3"),))
        assert whole.part(2, 4).looks == (("1", "3"),)

    def test_several_words_have_as_many_looks_as_each_of_them(self) -> None:
        first = Word("1", WORD, 0.9, "ocr", looks=(("1",), ("7",)))
        second = Word("2", WORD, 0.9, "ocr", looks=(("2",),))
        assert looks_at([first, " ", second]) == (("1", " ", "2"),)

    def test_with_a_word_nobody_looked_at_there_is_no_further_look(self) -> None:
        first = Word("1", WORD, 0.9, "ocr", looks=(("1",),))
        assert looks_at([first, Word("2", WORD, 0.9, "ocr")]) == ()
