"""Rows of words, and labels found in them.

Printed forms say what a value is by a label before it. Labels come from a closed list, so they are
found by the list and not by spaces or colons: on real bills two labels touch without a gap
(医疗机构类型：综合医院医保类型：职工), characters of one label stand apart (名　　称), and OCR mistakes
one character in four at worst (限户支付 for 账户支付).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

from pipeline.model import Box, Word, looks_at
from pipeline.text import fold, squeeze

SAME_ROW_SHARE = 0.5
"""Two words stand in one row when they share so much of the lower one's height."""

TALLER = 2.2
"""Print so many times as high as its neighbour is of another kind."""

SPACED_OUT = 6.0
"""Characters of one label stand within so many line heights of each other (名　　称)."""

ONE_LABEL = 0.6
"""Two words that are labels themselves make one label only within so many line heights of each other."""

CHARACTERS_PER_ERROR = 4
"""A label may differ from the list by one character in so many."""

MIN_FUZZY_LENGTH = 4
"""Shorter labels must match exactly: 性别 and 姓别 may both be meant, 自费 and 电费 may not."""

FARTHEST_VALUE = 14.0
"""A value starts within so many line heights of its label, measured on e-bills of six regions."""

FARTHEST_PIECE = 2.5
"""Pieces of one value stand within so many line heights of each other."""

FARTHEST_BELOW = 3.0
"""A value under its label stands within so many line heights of it."""

_AFTER_LABEL = " :;.·、|)]"


def rows_of(words: Iterable[Word]) -> list[tuple[Word, ...]]:
    """The words as rows from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box.cy):
        row = next((row for row in reversed(rows[-4:]) if _in_row(word, row)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    ordered = [tuple(sorted(row, key=lambda word: word.box.x0)) for row in rows]
    return sorted(ordered, key=lambda row: sum(word.box.cy for word in row) / len(row))


def _in_row(word: Word, row: Sequence[Word]) -> bool:
    # The neighbour decides: over the width of a crooked page a row may sink by its own height.
    nearest = min(row, key=lambda other: -word.box.shared_width(other.box))
    if word.box.shared_width(nearest.box) > 0.5 * min(word.box.width, nearest.box.width):
        return False  # one above the other
    lower, higher = sorted((word.box.height, nearest.box.height))
    if higher > TALLER * lower:
        return abs(word.box.cy - nearest.box.cy) <= lower / 2  # a seal or a turned line beside the row
    return word.box.shared_height(nearest.box) >= SAME_ROW_SHARE * lower


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """A label of the list as found, and what stands behind it in its row, which may be nothing."""

    name: str
    label: Word
    pieces: tuple[Word, ...]
    exact: bool = True
    """Whether the label stands as in the list; else it is the one most like what was read."""

    @property
    def gap(self) -> float:
        """From label to value, in line heights of the label; 0 where they touch or nothing follows."""
        if not self.pieces or self.label.box.height <= 0:
            return 0.0
        return max(0.0, self.pieces[0].box.x0 - self.label.box.x1) / self.label.box.height

    @property
    def value(self) -> Word | None:
        """All pieces as one word, or None where nothing stands behind the label."""
        return joined(self.pieces) if self.pieces else None


def joined(pieces: Sequence[Word]) -> Word:
    """Words of one row as one word; a gap between Latin pieces becomes a space."""
    if len(pieces) == 1:
        return pieces[0]
    text = pieces[0].text
    edges = list(pieces[0].edges or pieces[0].part(0, len(text)).edges)
    confidences = list(pieces[0].char_confidences or [pieces[0].confidence] * len(text))
    alternatives = list(pieces[0].alternatives)
    printed: list[Word | str] = [pieces[0]]
    for before, piece in pairwise(pieces):
        if before.text[-1].isascii() and piece.text[0].isascii():
            text += " "
            edges.append(piece.box.x0)
            confidences.append(1.0)
            printed.append(" ")
        offset = len(text)
        text += piece.text
        edges += (piece.edges or piece.part(0, len(piece.text)).edges)[1:]
        confidences += piece.char_confidences or [piece.confidence] * len(piece.text)
        alternatives += [replace(other, index=other.index + offset) for other in piece.alternatives]
        printed.append(piece)
    return Word(
        text=text,
        box=Box.around(piece.box for piece in pieces),
        confidence=min(piece.confidence for piece in pieces),
        origin=pieces[0].origin,
        edges=tuple(edges),
        char_confidences=tuple(confidences),
        alternatives=tuple(alternatives),
        stained=max(piece.stained for piece in pieces),
        looks=looks_at(printed),
        ink=pieces[0].ink if len({piece.ink for piece in pieces}) == 1 else "",
    )


def closed_up(row: Sequence[Word], labels: Iterable[str]) -> list[Word]:
    """The row with labels that were printed spaced out (名　　称) as one word each."""
    whole = tuple(dict.fromkeys(labels))
    prefixes = {label[:size] for label in whole for size in range(2, len(label) + 1)}
    starts = {prefix[:size] for prefix in prefixes for size in (1, 2)}
    words: list[Word] = []
    for word in row:
        before = words[-1] if words else None
        if (
            before is not None
            and len(before.text) <= 2
            and before.text in starts
            and word.box.x0 - before.box.x1 <= SPACED_OUT * before.box.height
            and any(
                size and fold(before.text + word.text)[: len(before.text) + size] in prefixes
                for size in (1, 2)
            )
            and not _are_two_labels(before, word, whole)
        ):
            words[-1] = joined((before, word))
        else:
            words.append(word)
    return words


def _are_two_labels(before: Word, after: Word, labels: Sequence[str]) -> bool:
    """Whether two pieces are a label each (数量, 单位) and not the halves of a longer one (数量单位)."""
    left, right = fold(before.text), fold(after.text)
    if left not in labels or not any(right.startswith(label) for label in labels):
        return False
    if right in labels:
        return after.box.x0 - before.box.x1 > ONE_LABEL * before.box.height
    return not any(len(label) > len(left) and (left + right).startswith(label) for label in labels)


_Label: TypeAlias = tuple[int, int, int, str, bool]
"""A label found in a row: word index, start, stop, name, whether it stands as in the list."""


class LabelList:
    """The closed list of labels of a form: printed label to name.

    A label may name several fields (one list for them all); the longest label wins where two overlap.
    In prose (`in_prose`) the same words stand inside sentences, so that there a label begins its line or
    cell and has a colon or nothing behind it.
    """

    def __init__(self, labels: Mapping[str, str], *, in_prose: bool = False) -> None:
        self._stands_free = _stands_alone if in_prose else _stands_free
        self._names = {fold(label): name for label, name in labels.items()}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(r"\s*".join(map(re.escape, label)) for label in longest_first))
        self._closest = lru_cache(maxsize=4096)(self._closest_label)

    def values_in(self, row: Sequence[Word], *, far: bool = False) -> list[LabelledValue]:
        """The labels in a row, each with what stands behind it up to the next label.

        Without `far` a value ends where the next piece stands too far off to belong to it.
        """
        row = closed_up(row, self._names)
        found = _without_values(row, self._labels_in(row))
        values = []
        for i, (word_index, start, stop, name, exact) in enumerate(found):
            label = row[word_index].part(start, stop)
            end = found[i + 1][:2] if i + 1 < len(found) else (len(row), 0)
            pieces = _behind(row, (word_index, stop), end, label, far)
            values.append(LabelledValue(name, label, pieces, exact))
        return values

    def _labels_in(self, row: Sequence[Word]) -> list[_Label]:
        """What labels the row has, from left to right."""
        return [(index, *label) for index, word in enumerate(row) for label in self._labels_of(word.text)]

    def _labels_of(self, text: str) -> list[tuple[int, int, str, bool]]:
        folded = fold(text)
        found = [
            (match.start(), match.end(), self._names[re.sub(r"\s", "", match.group())], True)
            for match in self._pattern.finditer(folded)
            if self._stands_free(folded, match.start(), match.end())
        ]
        for match in re.finditer(r"[^\s:;,。]{3,}(?=\s*:)", folded):
            if any(start < match.end() <= stop for start, stop, *_ in found):
                continue
            if hit := self._closest(match.group()):
                start, stop = match.end() - hit[1], match.end()
                # A short label may be the beginning of a longer one that was misread (医师签各).
                within = [label for label in found if start <= label[0] and label[1] <= stop]
                clear = all(label in within or label[1] <= start for label in found if label[0] < stop)
                if clear and self._stands_free(folded, start, stop):
                    found = [label for label in found if label not in within]
                    found.append((start, stop, hit[0], False))
        return sorted(found)

    def _closest_label(self, printed: str) -> tuple[str, int] | None:
        """Name and printed length of the one label nearest to the end of `printed`, if near enough."""
        best: tuple[int, int, str] | None = None
        for label, name in self._names.items():
            if len(label) < MIN_FUZZY_LENGTH:
                continue
            tail = printed[-len(label) :]
            distance = Levenshtein.distance(tail, label)
            near = distance <= len(label) // CHARACTERS_PER_ERROR
            if near and (best is None or (distance, -len(tail)) < best[:2]):
                best = (distance, -len(tail), name)
        return (best[2], -best[1]) if best else None


def _without_values(row: Sequence[Word], labels: Sequence[_Label]) -> list[_Label]:
    """The labels without those that are values: 自费 is one in 医保类型：自费, where nothing follows it.

    A form that sets a colon behind its labels does so behind each, so what has none is what the label says.
    """
    kept: list[_Label] = []
    for i, label in enumerate(labels):
        end = labels[i + 1][:2] if i + 1 < len(labels) else (len(row), 0)
        answers = (
            kept
            and fold(_text_between(row, kept[-1], label[:2])).strip() == ":"
            and not fold(_text_between(row, label, end)).strip()
            and row[label[0]].box.x0 - row[kept[-1][0]].box.x1 <= FARTHEST_VALUE * row[label[0]].box.height
        )
        if not answers:
            kept.append(label)
    return kept


def _text_between(row: Sequence[Word], label: _Label, end: tuple[int, int]) -> str:
    """What stands in the row from the end of a label to the place `end` (word, character)."""
    index, _, stop = label[:3]
    if index == end[0]:
        return row[index].text[stop : end[1]]
    last = row[end[0]].text[: end[1]] if end[0] < len(row) else ""
    return "".join((row[index].text[stop:], *(word.text for word in row[index + 1 : end[0]]), last))


def _stands_free(text: str, start: int, stop: int) -> bool:
    """Whether what matches is a label and not part of a sentence: a colon, a bracket or an end beside it."""
    after = text[stop:].lstrip()
    before = text[:start].rstrip()
    return not after or after[0] in ":;(【[" or not before or before[-1] in ")]】:;|/"


_NUMBERING = re.compile(r"[\[(]*(?:[一二三四五六七八九十0-9]{1,2}[、.)])?[\[(]*\s*")


def _stands_alone(text: str, start: int, stop: int) -> bool:
    """Whether what matches begins a text or a sentence and has a colon or nothing behind it."""
    before, after = text[:start], text[stop:].lstrip()
    if _NUMBERING.fullmatch(before):
        return not after or after[0] in ":([])"
    return before[-1] in " 。;" and after[:1] == ":"


def below(label: Word, words: Iterable[Word]) -> Word | None:
    """The nearest of `words` that stands under `label`, or None; some forms print values so."""
    under = [
        word
        for word in words
        if 0 < word.box.cy - label.box.cy <= FARTHEST_BELOW * label.box.height
        and word.box.shared_width(label.box) > 0.5 * min(word.box.width, label.box.width)
    ]
    return min(under, key=lambda word: word.box.cy, default=None)


def stacked(words: Sequence[Word], labels: Iterable[str]) -> list[tuple[Word, ...]]:
    """Labels printed on two lines, one above the other (发票 over 代码), with the value beside them.

    Each is a row of two words: the label as one word as high as both lines, and its value.
    """
    known = {squeeze(label) for label in labels}
    rows: list[tuple[Word, ...]] = []
    for upper in words:
        lower = below(upper, words)
        if lower is None or squeeze(upper.text + lower.text) not in known:
            continue
        box = Box.around((upper.box, lower.box))
        beside = [w for w in words if w.box.x0 >= box.x1 and box.y0 <= w.box.cy <= box.y1]
        if beside:
            label = Word(upper.text + lower.text, box, min(upper.confidence, lower.confidence), upper.origin)
            rows.append((label, min(beside, key=lambda word: word.box.x0)))
    return rows


def _behind(
    row: Sequence[Word], start: tuple[int, int], end: tuple[int, int], label: Word, far: bool
) -> tuple[Word, ...]:
    """What stands in `row` from `start` (word, character) to `end`, as far as it belongs together."""
    pieces: list[Word] = []
    reach = label.box
    height = label.box.height
    for index in range(start[0], min(end[0] + 1, len(row))):
        word = row[index]
        first = start[1] if index == start[0] else 0
        last = end[1] if index == end[0] else len(word.text)
        piece = _trimmed(word, first, last, at_start=not pieces)
        if piece is None:
            continue
        limit = FARTHEST_PIECE * min(height, piece.box.height) if pieces else FARTHEST_VALUE * height
        if piece.box.x0 - reach.x1 > limit and not far:
            break
        pieces.append(piece)
        reach = piece.box
    return tuple(pieces)


def _trimmed(word: Word, start: int, stop: int, at_start: bool) -> Word | None:
    text = fold(word.text)
    while at_start and start < stop and (text[start] in _AFTER_LABEL or text[start].isspace()):
        start += 1
    while stop > start and (text[stop - 1] in ":;|" or text[stop - 1].isspace()):
        stop -= 1
    return word.part(start, stop) if stop > start else None
