"""Sheets on which print runs several ways: each line read the way it lies.

Tickets strewn on a glass lie on their sides and on their heads beside others that stand upright. A sheet
is turned as a whole, so that some of its print comes out as nonsense. Here every line that lies is read
upright and, where that reads badly, on its head; every line that stands is read from either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.upright import (
    CLEARLY_BETTER,
    READS_WELL,
    TELLING,
    readability,
    turned,
    turned_with,
    way_back,
)

MISREAD = 0.75
"""Print on its head reads below this (`pipeline.reading.upright.READS_WELL`)."""

FEWEST_ODD = 4
"""So many words that stand or are misread may be a card on its side or head, which has six lines; most of the
print of a card on its head is so unsure that it is no word at all."""

OWN_WAY = 20
"""So many letters that read well one way are print that lies that way: a card has 40. Fewer are digits that
read either way, or labels up the side of a table (购买方信息)."""


SAME_PRINT = 0.5
"""A word that lies so far within one that stands is a character of it."""


class Reader(Protocol):
    """The engine, as far as it is needed here."""

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines of text on an image."""

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """What stands on each of the lines."""


@dataclass(frozen=True, slots=True)
class LaidWord:
    """A word of a sheet and how it lies there.

    Args:
        word: As it stands when the sheet is turned clockwise by `turns` quarters, with its place there.
        turns: 0 to 3; so turned, the word is upright.
        box: Its place on the sheet as that lies.
    """

    word: Word
    turns: int
    box: Box


def words_each_way(image: Image, words: Sequence[Word], engine: Reader) -> list[LaidWord]:
    """All words of a sheet, each read the way it lies; those given, where all print lies one way.

    Args:
        image: The sheet, upright as a whole.
        words: What was read on it so; what was read well is not read again.
        engine: Finds and reads lines.
    """
    as_they_are = [LaidWord(word, 0, word.box) for word in words]
    odd = [word for word in words if word.confidence < MISREAD or (len(word.text) > 1 and _stands(word.box))]
    if len(odd) < FEWEST_ODD:
        return as_they_are
    kept, on_their_heads = _lying(image, words, engine)
    standing = _standing(image, engine)
    others = [*on_their_heads, *standing]
    if sum(len(one.word.text) for one in others if one.word.confidence >= READS_WELL) < OWN_WAY:
        return as_they_are
    lying = [*(LaidWord(word, 0, word.box) for word in kept), *on_their_heads]
    return [*(one for one in lying if not any(_covers(over, one) for over in standing)), *standing]


def _lying(image: Image, words: Sequence[Word], engine: Reader) -> tuple[list[Word], list[LaidWord]]:
    """Of the lines that lie the words that stay as they are, and those that read better on their head."""
    lines = [line for line in engine.find_lines(image) if not _stands(_box_of(line))]
    known = [_on(words, line) for line in lines]
    doubtful = [i for i, own in enumerate(known) if readability(own) < READS_WELL]
    size = image.shape[1], image.shape[0]
    again = _read(*turned_with(image, [lines[i] for i in doubtful], 2), size, 2, engine)
    kept, found = [word for word in words if not _stands(word.box)], []
    for i, read in zip(doubtful, again, strict=True):
        if _reads(read) > readability(known[i]) + CLEARLY_BETTER:
            kept = [word for word in kept if word not in known[i]]
            found += read
    return kept, found


def _standing(image: Image, engine: Reader) -> list[LaidWord]:
    """The words of the lines that stand and read well from one side.

    They are looked for on the sheet turned by a quarter: on the sheet as it lies a line that stands is taken
    for a stack of numbers and cut up.
    """
    size, side = (image.shape[1], image.shape[0]), turned(image, 1)
    lines = [line for line in engine.find_lines(side) if not _stands(_box_of(line))]
    read = _read(side, lines, size, 1, engine)
    doubtful = [i for i, words in enumerate(read) if _reads(words) < READS_WELL]
    again = _read(*turned_with(side, [lines[i] for i in doubtful], 2), size, 3, engine)
    for i, words in zip(doubtful, again, strict=True):
        read[i] = max(read[i], words, key=_reads)
    return [one for words in read if _reads(words) >= READS_WELL for one in words if _stands(one.box)]


def _covers(over: LaidWord, one: LaidWord) -> bool:
    """Whether a word that lies is a part of one that stands."""
    return (
        over.box.shared_area(one.box) >= SAME_PRINT * one.box.area
        and one.word.confidence < over.word.confidence
    )


def _on(words: Sequence[Word], line: Quad) -> list[Word]:
    """The words that were read on a line."""
    box = _box_of(line)
    return [word for word in words if box.x0 <= word.box.cx <= box.x1 and box.y0 <= word.box.cy <= box.y1]


def _box_of(line: Quad) -> Box:
    (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


def _stands(box: Box) -> bool:
    return box.height >= TELLING * box.width


def _reads(words: Sequence[LaidWord]) -> float:
    return readability([one.word for one in words])


def _read(
    image: Image, lines: Sequence[Quad], size: tuple[int, int], turns: int, engine: Reader
) -> list[list[LaidWord]]:
    """The words on each line of a sheet of a size that was turned, with their boxes as the sheet lies."""
    if not lines:
        return []
    (a, b, c), (d, e, f), _ = way_back(size, turns, 0.0)

    def back(box: Box) -> Box:
        xs = sorted(a * x + b * y + c for x, y in ((box.x0, box.y0), (box.x1, box.y1)))
        ys = sorted(d * x + e * y + f for x, y in ((box.x0, box.y0), (box.x1, box.y1)))
        return Box(xs[0], ys[0], xs[1], ys[1])

    return [
        [LaidWord(word, turns, back(word.box)) for word in words] for words in engine.read_each(image, lines)
    ]
