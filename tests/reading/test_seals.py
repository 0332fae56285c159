"""Seals are found by their colour and shape, and what they hide is read a second time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box, Image, Page, SourceFile, Word
from pipeline.reading.lines import Quad
from pipeline.reading.seals import _bands, _lines_around, find_stamps, peel, with_words_under_seals
from pipeline.reading.stains import with_stains


def boxes_of_seals(image: Image) -> list[Box]:
    return [stamp.box for stamp in find_stamps(image)]


RED = (214, 58, 62)
BLACK = (25, 25, 28)


def sheet(width: int = 1000, height: int = 1400) -> Image:
    return np.full((height, width, 3), 250, np.uint8)


def stamp(image: Image, x: int, y: int, radius: int = 110, colour: tuple[int, int, int] = RED) -> None:
    ring = np.full(image.shape, 255, np.uint8)
    cv2.circle(ring, (x, y), radius, colour, 7)
    cv2.putText(ring, "SEAL", (x - radius // 2, y + 12), cv2.FONT_HERSHEY_SIMPLEX, 1.4, colour, 4)
    image[:] = np.minimum(image, ring)  # ink darkens, it never covers


def quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def word(text: str, box: tuple[float, float, float, float], sure: float) -> Word:
    return Word(text, Box(*box), sure, "ocr", char_confidences=(sure,) * len(text))


@dataclass
class Engine:
    """An engine that takes what is black on a picture for one line, and reads the same on any."""

    words: list[Word]
    seen: list[Image] = field(default_factory=list)

    def find_lines(self, image: Image) -> list[Quad]:
        self.seen.append(image)
        rows, columns = np.nonzero(image.max(axis=2) < 60)
        return [quad(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)] if len(rows) else []

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return self.words if lines else []


class TestFinding:
    def test_a_round_red_stamp_is_a_seal(self) -> None:
        image = sheet()
        stamp(image, 500, 700)
        (seal,) = boxes_of_seals(image)
        assert abs(seal.cx - 500) < 15
        assert abs(seal.width - 227) < 30

    def test_two_stamps_are_two(self) -> None:
        image = sheet()
        stamp(image, 300, 300)
        stamp(image, 700, 1000)
        assert len(boxes_of_seals(image)) == 2

    def test_a_black_stamp_a_red_rule_and_a_white_page_are_none(self) -> None:
        image = sheet()
        stamp(image, 300, 300, colour=BLACK)
        cv2.line(image, (50, 900), (950, 900), RED, 2)
        assert boxes_of_seals(image) == []
        assert boxes_of_seals(sheet()) == []

    def test_a_whole_red_desk_is_none(self) -> None:
        assert boxes_of_seals(np.full((900, 900, 3), RED, np.uint8)) == []


def test_peeling_takes_the_red_and_leaves_the_black() -> None:
    image = sheet()
    cv2.line(image, (380, 700), (620, 700), BLACK, 6)
    stamp(image, 500, 700)
    peeled = peel(image, boxes_of_seals(image))
    assert peeled[700, 500].max() < 60
    assert peeled[700 - 110, 500].min() > 200
    assert image[700 - 110, 500].min() < 100, "the page itself stays as it is"


class TestReadingAgain:
    LINE = (400.0, 680.0, 600.0, 720.0)

    def page(self, line: tuple[float, float, float, float] = LINE) -> Image:
        image = sheet()
        (x0, y0, x1, y1) = map(round, line)
        cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), BLACK, -1)
        stamp(image, 500, 700)
        return image

    def again(self, first: list[Word], second: list[Word]) -> list[str]:
        engine = Engine(second)
        return [
            each.text for each in with_words_under_seals(self.page(), first, find_stamps(self.page()), engine)
        ]

    def test_the_reading_that_says_more_is_kept_in_its_place(self) -> None:
        before = word("开票日期", (100, 680, 300, 720), 0.99)
        cut = word("2025年1", self.LINE, 0.9)
        after = word("复核", (700, 680, 800, 720), 0.99)
        assert self.again([before, cut, after], [word("2025年10月31日", self.LINE, 0.99)]) == [
            "开票日期",
            "2025年10月31日",
            "复核",
        ]

    def test_a_reading_that_says_less_is_not_taken(self) -> None:
        assert self.again([word("2025年10月31日", self.LINE, 0.99)], [word("2025年", self.LINE, 0.99)]) == [
            "2025年10月31日"
        ]

    def test_what_was_not_seen_at_all_is_added(self) -> None:
        assert self.again([], [word("于瑞豪", self.LINE, 0.97)]) == ["于瑞豪"]

    def test_a_line_that_runs_beyond_is_not_doubled(self) -> None:
        whole = word("交款人:于瑞豪  性别:男", (100, 680, 900, 720), 0.8)
        assert self.again([whole], [word("于瑞豪", self.LINE, 0.99)]) == [whole.text]

    def test_beside_seals_nothing_is_read_again(self) -> None:
        beside = (50.0, 680.0, 200.0, 720.0)
        engine = Engine([word("别的", beside, 1.0)])
        first = [word("合计", beside, 0.6)]
        assert (
            with_words_under_seals(self.page(beside), first, find_stamps(self.page(beside)), engine) == first
        )
        assert engine.seen != []

    def test_a_page_without_a_seal_is_not_looked_at_again(self) -> None:
        engine = Engine([])
        first = [word("合计", self.LINE, 0.6)]
        assert with_words_under_seals(sheet(), first, find_stamps(sheet()), engine) == first
        assert engine.seen == []


class TestRowsOfSeals:
    def test_lines_are_looked_for_there_alone_and_lie_where_they_stand_on_the_page(self) -> None:
        image = sheet()
        cv2.rectangle(image, (450, 180), (549, 219), BLACK, -1)
        cv2.rectangle(image, (450, 980), (549, 1019), BLACK, -1)
        stamp(image, 500, 1000)
        engine = Engine([])
        (line,) = _lines_around(boxes_of_seals(image), image, engine)
        assert line.tolist() == quad(450, 980, 550, 1020).tolist()
        (seen,) = engine.seen
        assert seen.shape[0] < image.shape[0] / 2
        assert max(seen.shape) == max(image.shape), "print looks as large as on the page"

    @given(st.lists(st.tuples(st.integers(0, 1200), st.integers(40, 400)), min_size=1, max_size=6))
    def test_bands_hold_every_seal_once_and_never_overlap(self, seals: list[tuple[int, int]]) -> None:
        boxes = [Box(0, top, 100, min(1400, top + high)) for top, high in seals]
        bands = _bands(boxes, 1400, 40)
        assert all(sum(start <= box.y0 and box.y1 <= stop for start, stop in bands) == 1 for box in boxes)
        assert all(before[1] < after[0] for before, after in pairwise(bands))
        assert all(0 <= start < stop <= 1400 for start, stop in bands)


def test_a_word_under_or_beside_a_seal_is_stained_and_another_is_not() -> None:
    image = sheet()
    stamp(image, 500, 700)
    words = (
        word("被盖住", (440, 680, 560, 720), 0.9),
        word("干净", (60, 60, 200, 100), 0.9),
        Word("文字层", Box(440, 680, 560, 720), 1.0, "text_layer"),
    )
    page = Page(SourceFile("a.jpg", "0" * 64), 1, 1000, 1400, 200, words, image=image)
    under, clear, layer = with_stains(page).words
    assert under.stained > 0.03
    assert clear.stained == 0
    assert layer.stained == 0
