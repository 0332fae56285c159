"""Where print runs several ways, each line is read the way it lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.upright import turned
from pipeline.reading.ways import OWN_WAY, words_each_way

WIDTH, HEIGHT = 600, 400
TEXT = "买票请到12306 发货请到95306 祝您愉快"
GREYS = (40, 80, 120, 160)
"""A line of each grey reads well in one turn of the sheet: the first upright, the second after a quarter."""


class Sheet:
    """An engine for sheets with bars for lines, dark at their beginning: a bar reads well from there."""

    def __init__(self) -> None:
        self.looks = 0

    def find_lines(self, image: Image) -> list[Quad]:
        """The bars, wherever they stand."""
        self.looks += 1
        return [self._around(image, grey) for grey in GREYS if (image[:, :, 0] == grey).any()]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """The text, well or badly, of what stands on each line."""
        return [self._read(image, line) for line in lines]

    def _around(self, image: Image, grey: int) -> Quad:
        rows, columns = np.where(image[:, :, 0] == grey)
        x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)

    def _read(self, image: Image, line: Quad) -> list[Word]:
        (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
        begins_dark = image[int((y0 + y1) / 2), int(x0) + 2, 1] == 0
        return [Word(TEXT, Box(x0, y0, x1, y1), 0.99 if begins_dark else 0.4, "ocr")]


def sheet(*bars: tuple[int, int, int]) -> Image:
    """Bars at (x, y), upright once the sheet is turned clockwise by so many quarters."""
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for grey, (x, y, turns) in zip(GREYS, bars, strict=False):
        bar = np.full((16, 160, 3), grey, np.uint8)
        bar[:, :20, 1] = 0
        laid = turned(bar, -turns)
        image[y : y + laid.shape[0], x : x + laid.shape[1]] = laid
    return image


def as_read(image: Image, engine: Sheet) -> list[Word]:
    """What a sheet gives that is read upright."""
    return [word for words in engine.read_each(image, engine.find_lines(image)) for word in words]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_line_is_read_the_way_it_lies(turns: int) -> None:
    image, engine = sheet((20, 20, 0), (300, 100, turns)), Sheet()
    words = [*as_read(image, engine), *three_specks()]
    laid = {word.turns: word for word in words_each_way(image, words, engine) if word.word.text == TEXT}
    assert laid[0].box == Box(20, 20, 180, 36)
    wide, high = (160, 16) if turns == 2 else (16, 160)
    assert laid[turns].box == Box(300, 100, 300 + wide, 100 + high)
    assert laid[turns].word.confidence == 0.99
    assert laid[turns].word.box.width > laid[turns].word.box.height


def test_a_sheet_that_reads_well_is_not_looked_at_again() -> None:
    image, engine = sheet((20, 20, 0), (20, 60, 0)), Sheet()
    words = as_read(image, engine)
    engine.looks = 0
    assert [one.word for one in words_each_way(image, words, engine)] == words
    assert engine.looks == 0


def test_misread_print_that_reads_no_better_another_way_stays() -> None:
    image, engine = sheet((20, 20, 0)), Sheet()
    words = [*as_read(image, engine), *three_specks(), *three_specks()]
    assert [(one.word, one.turns) for one in words_each_way(image, words, engine)] == [(w, 0) for w in words]


def test_the_characters_of_a_line_that_stands_are_not_read_beside_it() -> None:
    image, engine = sheet((20, 20, 0), (300, 100, 1)), Sheet()
    character = Word("8", Box(300, 110, 316, 124), 0.6, "ocr")
    words = [as_read(image, engine)[0], character, *three_specks()]
    assert character not in [one.word for one in words_each_way(image, words, engine)]


def three_specks() -> list[Word]:
    """Doubtful words that lie on no line."""
    return [Word("·", Box(500 + 20 * n, 350, 510 + 20 * n, 358), 0.5, "ocr") for n in range(3)]


def test_one_line_of_the_text_is_enough_here() -> None:
    """The texts above are as long as print must be to count."""
    assert len(TEXT) >= OWN_WAY
