"""How a page gets its words, with an engine that reads what is drawn for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from pipeline.model import Box, Image, Page, PageSize, Placement, SourceFile, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import MIN_WORD_CONFIDENCE, set_upright, with_words
from pipeline.reading.stages import Mark, Stage
from pipeline.reading.upright import PROBE_LINES

LINES = 10
MARK = (255, 0, 0)
"""The corner that is at the top left of a page the right way up."""


@dataclass
class FakeEngine:
    """Finds the black bars of a page; reads them half as well if the mark is not at the top left.

    `tilt_degrees` is by how much the lines it finds fall to the right, `upright_confidence` how well it
    reads a page that stands upright.
    """

    tilt_degrees: float = 0.0
    upright_confidence: float = 0.98
    read: list[int] = field(default_factory=list)

    def find_lines(self, image: Image) -> list[Quad]:
        black = image.max(axis=2) < 50
        along = black.any(axis=1) if _is_upright_or_upside_down(image) else black.any(axis=0)
        starts = np.flatnonzero(np.diff(along.astype(int), prepend=0) == 1)
        ends = np.flatnonzero(np.diff(along.astype(int), append=0) == -1) + 1
        return [self._quad(image, int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return [word for words in self.read_each(image, lines) for word in words]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        self.read.append(len(lines))
        confidence = self.upright_confidence * (1 if tuple(image[0, 0]) == MARK else 0.5)
        return [
            [Word(f"第{number}行的文字", _box(line), confidence, "ocr")]
            for number, line in enumerate(lines, 1)
        ]

    def _quad(self, image: Image, start: int, end: int) -> Quad:
        height, width = image.shape[:2]
        if not _is_upright_or_upside_down(image):
            corners = [(start, 20), (end, 20), (end, height - 20), (start, height - 20)]
            return np.array(corners, dtype=np.float32)
        fall = np.tan(np.radians(self.tilt_degrees)) * (width - 40)
        right_start, right_end = start + fall, end + fall
        corners_of_line = [(20, start), (width - 20, right_start), (width - 20, right_end), (20, end)]
        return np.array(corners_of_line, dtype=np.float32)


def _is_upright_or_upside_down(image: Image) -> bool:
    return bool(image.shape[0] > image.shape[1])


def _box(line: Quad) -> Box:
    (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


def picture(quarter_turns: int = 0) -> Image:
    """A page of bars, 300 x 600, turned counter-clockwise."""
    image = np.full((600, 300, 3), 255, np.uint8)
    for number in range(LINES):
        image[40 + 50 * number : 60 + 50 * number, 20:280] = 0
    image[:8, :8] = MARK
    return np.ascontiguousarray(np.rot90(image, quarter_turns))


def page(image: Image | None, words: tuple[Word, ...] = (), *, words_known: bool = False) -> Page:
    height, width = image.shape[:2] if image is not None else (600, 300)
    return Page(
        SourceFile("a.jpg", "0" * 64), 1, width, height, 200, words, words_known=words_known, image=image
    )


def layer_word(x0: float, y0: float, x1: float, y1: float) -> Word:
    return Word("文本层", Box(x0, y0, x1, y1), 1.0, "text_layer")


def test_an_upright_page_is_read_once_and_stays() -> None:
    engine, image = FakeEngine(), picture()
    read = with_words(page(image), engine)
    assert len(read.words) == LINES
    assert read.turned_degrees == 0
    assert read.image is image
    assert engine.read == [PROBE_LINES, LINES - PROBE_LINES]


def test_words_keep_the_order_of_their_lines_though_the_longest_are_read_first() -> None:
    read = with_words(page(picture()), ShortFirstEngine())
    tops = [word.box.y0 for word in read.words]
    assert tops == sorted(tops)
    assert len(tops) == LINES


def test_a_page_on_its_side_is_turned_before_it_is_read() -> None:
    engine = FakeEngine()
    read = with_words(page(picture(quarter_turns=1)), engine)
    assert read.turned_degrees == 90
    assert (read.width, read.height) == (300, 600)
    assert engine.read == [PROBE_LINES, LINES - PROBE_LINES]


def test_a_page_on_its_other_side_is_turned_the_other_way() -> None:
    read = with_words(page(picture(quarter_turns=3)), FakeEngine())
    assert read.turned_degrees == 270
    assert read.image is not None
    assert tuple(read.image[0, 0]) == MARK


def test_a_page_upside_down_is_turned_after_probes_of_its_longest_lines_and_of_some_all_over_it() -> None:
    engine = FakeEngine()
    read = with_words(page(picture(quarter_turns=2)), engine)
    assert read.turned_degrees == 180
    assert engine.read == [PROBE_LINES, PROBE_LINES, LINES - PROBE_LINES, LINES]


@pytest.mark.parametrize(("turns", "read"), [(0, 8), (1, 8), (2, 18), (3, 18)])
def test_the_turn_is_decided_as_in_reading_and_no_more_is_read_than_it_needs(turns: int, read: int) -> None:
    lying, engine = picture(turns), FakeEngine()
    upright = set_upright(page(lying), lying, engine)
    assert upright.page.turned_degrees == 90 * turns
    assert sum(engine.read) == read
    wholly = with_words(page(lying), FakeEngine())
    assert wholly.turned_degrees == upright.page.turned_degrees
    assert wholly.image is not None
    assert upright.page.image is not None
    assert (wholly.image == upright.page.image).all()
    assert len(wholly.words) == len(upright.lines)


def test_a_cut_that_is_turned_still_knows_where_it_lay() -> None:
    there = Placement(PageSize(1, 1000, 800), Box(50, 70, 650, 370), ((1, 0, 50), (0, 1, 70), (0, 0, 1)))
    read = with_words(replace(page(picture(quarter_turns=1)), placement=there), FakeEngine())
    assert read.turned_degrees == 90
    assert read.placement is not None
    # What is the top of the upright page was the left of the cut.
    assert read.placement.on_sheet(Box(0, 0, 300, 100)) == Box(50, 70, 150, 370)


def test_an_upright_page_that_reads_badly_is_not_turned() -> None:
    engine = FakeEngine(upright_confidence=0.6)
    read = with_words(page(picture()), engine)
    assert read.turned_degrees == 0
    assert len(read.words) == LINES


def test_the_turn_adds_to_what_was_turned_before() -> None:
    lying = picture(quarter_turns=1)
    before = Page(SourceFile("a.jpg", "0" * 64), 1, 600, 300, 200, turned_degrees=270, image=lying)
    assert with_words(before, FakeEngine()).turned_degrees == 0


def test_a_crooked_page_is_set_straight_and_its_words_lie_on_the_straight_page() -> None:
    image = picture()
    read = with_words(page(image), FakeEngine(tilt_degrees=2.0))
    assert read.image is not None
    assert read.image.shape == image.shape
    assert all(word.box.height < 22 for word in read.words)


def test_words_that_are_hardly_read_are_dropped() -> None:
    engine = FakeEngine(upright_confidence=MIN_WORD_CONFIDENCE - 0.01)
    assert with_words(page(picture()), engine).words == ()


def test_a_page_whose_words_are_known_is_not_read() -> None:
    engine = FakeEngine()
    known = page(picture(), (layer_word(0, 0, 10, 10),), words_known=True)
    assert with_words(known, engine) is known
    assert engine.read == []


def test_a_page_without_a_picture_is_not_read() -> None:
    nothing = page(None)
    assert with_words(nothing, FakeEngine()) is nothing


def test_on_a_mixed_page_only_what_the_text_layer_does_not_cover_is_read() -> None:
    engine = FakeEngine()
    layer = tuple(layer_word(20, 40 + 50 * number, 280, 60 + 50 * number) for number in range(7))
    read = with_words(page(picture(), layer), engine)
    assert engine.read == [LINES - 7, 0]
    assert read.words[:7] == layer
    assert [word.origin for word in read.words[7:]] == ["ocr"] * 3


def test_a_page_with_a_text_layer_is_not_set_straight_for_its_layer_would_lie_elsewhere() -> None:
    image = picture()
    read = with_words(page(image, (layer_word(20, 40, 280, 60),)), FakeEngine(tilt_degrees=2.0))
    assert read.image is image


def test_a_text_layer_is_given_up_when_the_page_has_to_be_turned() -> None:
    read = with_words(page(picture(quarter_turns=1), (layer_word(20, 40, 280, 60),)), FakeEngine())
    assert {word.origin for word in read.words} == {"ocr"}


def test_an_empty_page_has_no_words() -> None:
    read = with_words(page(np.full((600, 300, 3), 255, np.uint8)), FakeEngine())
    assert read.words == ()
    assert read.turned_degrees == 0


class ShortFirstEngine(FakeEngine):
    """Finds the first line half as long as the others."""

    def find_lines(self, image: Image) -> list[Quad]:
        first, *others = super().find_lines(image)
        half = np.array([(20, first[0, 1]), (150, first[1, 1]), (150, first[2, 1]), (20, first[3, 1])])
        return [half.astype(np.float32), *others]


class StripedEngine(FakeEngine):
    """Takes a stripe across the bars for a line too, one longer than all of them; reads nothing on it."""

    def find_lines(self, image: Image) -> list[Quad]:
        height, width = image.shape[:2]
        stripe = [(0, 0), (8 * width, 0), (8 * width, 20), (0, 20)]
        if _is_upright_or_upside_down(image):
            stripe = [(0, 0), (20, 0), (20, 8 * height), (0, 8 * height)]
        return [*super().find_lines(image), np.array(stripe, dtype=np.float32)]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        are_bars = [np.ptp(line, axis=0).max() < 2 * max(image.shape) for line in lines]
        read = super().read_each(image, lines)
        return [words if is_bar else [] for words, is_bar in zip(read, are_bars, strict=True)]


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_where_lines_run_both_ways_all_four_turns_are_tried_by_reading(quarter_turns: int) -> None:
    engine = StripedEngine()
    read = with_words(page(picture(quarter_turns)), engine)
    assert read.turned_degrees == 90 * quarter_turns
    assert engine.read[:4] == [PROBE_LINES] * 4
    assert len(read.words) == LINES


@dataclass
class Onlooker:
    """Keeps which steps it was shown, and what was said of each."""

    seen: list[tuple[Stage, str]] = field(default_factory=list)

    def show(self, stage: Stage, note: str, image: Image, marks: Sequence[Mark] = ()) -> None:
        assert image.ndim == 3
        self.seen.append((stage, note))


def test_each_step_of_a_crooked_page_is_shown_in_its_order() -> None:
    looking = Onlooker()
    with_words(page(picture()), FakeEngine(tilt_degrees=2.0), looking)
    assert [stage for stage, _ in looking.seen] == [
        "lines",
        "deskewed",
        "upright",
        "read",
        "seals",
    ]
    assert "2.00°" in dict(looking.seen)["deskewed"]


def test_a_turn_that_was_tried_and_dropped_is_shown_with_its_reason() -> None:
    looking = Onlooker()
    with_words(page(picture()), FakeEngine(upright_confidence=0.6), looking)
    assert "读数 0.600，倒转试读 0.300：不转" in dict(looking.seen)["upright"]


def test_a_page_looked_at_is_read_as_one_that_nobody_looks_at() -> None:
    lying = page(picture(quarter_turns=1))
    assert with_words(lying, FakeEngine(), Onlooker()).words == with_words(lying, FakeEngine()).words
