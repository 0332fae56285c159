"""A second look: print read again another way, so that a value has a witness of its own.

A recogniser that reads a line once cannot tell a clear digit from one that was cut off or run into its
neighbour. The same print stretched, in another colour channel, fails in other ways: looks that agree seldom
err together. Where the second differs from the first, a third, cut wider on the page as it is, decides
between them; what was outvoted stays with the word. A look also sees what the finder of lines left outside:
the end of a number under a seal, a lone digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad
from pipeline.text import fold, squeeze

BESIDE = 0.3
STRETCH = 1.2
"""The second look cuts so many line heights beside the word, in the red channel, and stretches it: other
columns of the recogniser see a character, and a digit that was left outside is in. On 130 papers it
contradicted 12 of 24 wrong fields and 9 of 1,680 right ones."""

WIDER, HIGHER = 0.5, 0.12
"""The third cuts more beside and above, on the page as it is; alone it would contradict 35 right fields
too."""

MARKS = ".,:;·。，：；、•"
"""Points and commas are too small to vote on: a comma outvotes a faint point."""

ONE_SHAPE = str.maketrans("oil", "011")
"""Nor on letters and digits of one shape, or small and capital: stretched, a 0 is an o."""

OUTVOTED = 0.9
"""Most that a character counts for which the first look read differently."""

SAME_ROW = 0.5
"""Words share a row when so much of the lower one's height lies beside the other."""

SAME_PRINT = 0.6
"""A place is a word's when so much of the place, or of the word, lies in the other."""

MOST_WORDS = 64
"""Words looked at again on one page at most; the rest keeps its first reading alone."""

FREE = 0.25
"""A cell is empty when words cover less of it than this share."""

INK_STEP = 40
LEAST_INK = 0.01
"""Print in a cell: a share of its pixels so many levels darker than its paper."""

SEEN_ALIKE = 0.6
"""What no finder of lines saw must be read alike by both looks, each at least so sure."""


class EachLineReader(Protocol):
    """The engine, as far as it is needed here."""

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """What stands on each of the lines."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One way to read a page again: its picture, how much wider it is, how much larger a word is cut."""

    image: Image
    stretch: float
    beside: float
    above: float

    def read(self, boxes: Sequence[Box], engine: EachLineReader) -> list[list[Word]]:
        """The words in each of the boxes, in the coordinates of the page."""
        lines = [self._line(box) for box in boxes]
        return [[self._back(word) for word in words] for words in engine.read_each(self.image, lines)]

    def _line(self, box: Box) -> Quad:
        beside, above = self.beside * box.height, self.above * box.height
        height, width = self.image.shape[:2]
        x0, x1 = max(0.0, box.x0 - beside) * self.stretch, (box.x1 + beside) * self.stretch
        y0, y1 = max(0.0, box.y0 - above), box.y1 + above
        x1, y1 = max(x0 + 1, min(float(width), x1)), max(y0 + 1, min(float(height), y1))
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)

    def _back(self, word: Word) -> Word:
        box = word.box
        return replace(
            word,
            box=Box(box.x0 / self.stretch, box.y0, box.x1 / self.stretch, box.y1),
            edges=tuple(edge / self.stretch for edge in word.edges),
        )


def looked_at_again(
    image: Image, words: Sequence[Word], places: Iterable[Box], cells: Iterable[Box], engine: EachLineReader
) -> list[Word]:
    """The words of a page, those at `places` with what further looks read, and what stands in empty `cells`.

    Args:
        image: The upright page.
        words: As they were first read.
        places: Where values stand that need a witness.
        cells: Where a value is missing, though the rows above and below have one.
        engine: Reads.
    """
    chosen = _words_at(words, list(places))
    free = [cell for cell in cells if _is_free(cell, words) and _has_print(image, cell)]
    if not chosen and not free:
        return list(words)
    second, third = _looks(image)
    kept = list(words)
    boxes = [words[i].box for i in chosen]
    again = second.read(boxes + free, engine)
    unlike: list[int] = []
    for index, read in zip(chosen, again, strict=False):
        text = _text(_without_neighbours(read, words[index], words))
        if text:
            kept[index] = replace(words[index], looks=(aligned(words[index].text, text),))
            if squeeze(text) != squeeze(words[index].text):
                unlike.append(index)
    for index, read in zip(unlike, third.read([words[i].box for i in unlike], engine), strict=True):
        text = _text(_without_neighbours(read, words[index], words))
        kept[index] = voted(kept[index], text) if text else kept[index]
    for readings in zip(again[len(boxes) :], third.read(free, engine) if free else [], strict=True):
        kept += _seen_alike(readings)
    return kept


def voted(word: Word, third: str) -> Word:
    """The word after a third look: as two of three looks read it, with what the others read."""
    (second,) = ("".join(look) for look in word.looks)
    if not _says_the_same(second, third) or _says_the_same(second, word.text):
        return replace(word, looks=(*word.looks, aligned(word.text, third)))
    first = aligned(second, word.text)
    sure = word.char_confidences or (word.confidence,) * len(word.text)
    least = min(OUTVOTED, *sure)
    confidences = tuple(
        OUTVOTED if char == other else least for char, other in zip(second, first, strict=True)
    )
    return Word(
        *(second, word.box, min(confidences), word.origin),
        char_confidences=confidences,
        stained=word.stained,
        looks=(first, aligned(second, third)),
        ink=word.ink,
    )


def _says_the_same(a: str, b: str) -> bool:
    return _unmarked(a) == _unmarked(b)


def _unmarked(text: str) -> str:
    shapes = squeeze(text).casefold().translate(ONE_SHAPE)
    return "".join(char for char in shapes if char not in MARKS)


def aligned(text: str, other: str) -> tuple[str, ...]:
    """What `other` has in place of each character of `text`; what it has more goes with the one before.

    Spaces count for nothing, and wide forms of a character are the character.

    >>> aligned("1234", "12334"), aligned("张 三", "张三丰")
    (('1', '2', '33', '4'), ('张', ' ', '三丰'))
    """
    printed = [index for index, char in enumerate(text) if not char.isspace()]
    seen = "".join(other.split())
    found = ["" if index in printed else char for index, char in enumerate(text)]
    if not printed:
        return tuple(found)
    before = ""
    for step in Levenshtein.opcodes(fold("".join(text[i] for i in printed)), fold(seen)):
        if step.tag == "insert":
            more = seen[step.dest_start : step.dest_end]
            if step.src_start:
                found[printed[step.src_start - 1]] += more
            else:
                before = more
        elif step.tag != "delete":
            for offset in range(step.src_end - step.src_start):
                place = printed[step.src_start + offset]
                same = step.tag == "equal"
                found[place] += text[place] if same else seen[step.dest_start + offset]
    found[printed[0]] = before + found[printed[0]]
    return tuple(found)


def _looks(image: Image) -> tuple[_Look, _Look]:
    red = cv2.resize(image[:, :, 0], None, fx=STRETCH, fy=1.0, interpolation=cv2.INTER_CUBIC)
    return (
        _Look(np.ascontiguousarray(cv2.merge([red, red, red]), dtype=np.uint8), STRETCH, BESIDE, 0.0),
        _Look(image, 1.0, WIDER, HIGHER),
    )


def _words_at(words: Sequence[Word], places: Sequence[Box]) -> list[int]:
    """Which words hold the print of the places; not those that were looked at again before."""
    found = [
        index
        for index, word in enumerate(words)
        if word.origin == "ocr" and not word.looks and any(_is_print_of(word.box, place) for place in places)
    ]
    return found[:MOST_WORDS]


def _is_print_of(word: Box, place: Box) -> bool:
    shared = word.shared_area(place)
    return shared > 0 and shared >= SAME_PRINT * max(1.0, min(word.area, place.area))


def _beside(a: Box, b: Box) -> bool:
    return a.shared_height(b) >= SAME_ROW * min(a.height, b.height)


def _without_neighbours(read: Sequence[Word], word: Word, words: Sequence[Word]) -> list[Word]:
    """What a look read, without the characters of words that stand beside the word."""
    others = [
        other.box
        for other in words
        if other is not word and _beside(other.box, word.box) and not word.box.x0 < other.box.cx < word.box.x1
    ]
    kept = []
    for piece in read:
        start, stop = 0, len(piece.text)
        while start < stop and _is_foreign(piece, start, word.box, others):
            start += 1
        while stop > start and _is_foreign(piece, stop - 1, word.box, others):
            stop -= 1
        if start < stop:
            kept.append(piece.part(start, stop))
    return kept


def _is_foreign(piece: Word, index: int, own: Box, others: Sequence[Box]) -> bool:
    """Whether a character outside the word's own box lies in another's."""
    middle = piece.part(index, index + 1).box.cx
    if own.x0 <= middle <= own.x1:
        return False
    return any(other.x0 <= middle <= other.x1 for other in others)


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in sorted(words, key=lambda word: word.box.x0))


def _is_free(cell: Box, words: Sequence[Word]) -> bool:
    covered = sum(cell.shared_area(word.box) for word in words)
    return covered < FREE * max(1.0, cell.area)


def _has_print(image: Image, cell: Box) -> bool:
    part = image[max(0, int(cell.y0)) : int(cell.y1) + 1, max(0, int(cell.x0)) : int(cell.x1) + 1, 1]
    if part.size == 0:
        return False
    return float((part < np.percentile(part, 80) - INK_STEP).mean()) >= LEAST_INK


def _seen_alike(readings: Sequence[Sequence[Word]]) -> list[Word]:
    """What stands in a cell where every look read the same and was sure of it."""
    sure = all(word.confidence >= SEEN_ALIKE for read in readings for word in read)
    texts = {_text(read) for read in readings}
    if not sure or len(texts) > 1 or len(readings[0]) != 1:
        return []
    (word,) = readings[0]
    return [replace(word, looks=tuple(aligned(word.text, text) for text in texts))]
