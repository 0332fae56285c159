"""Which of two readings of the same line stays: for what is read twice, under a seal or from a close-up.

A second reading takes the place of the first only where it says more or says it surer, and never where a word
of the first runs on beyond the line: half of a word is not replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.model import Box, Word

SAME_PLACE = 0.5
"""A word stands on a line when so much of its area does (chosen: the greater part)."""

GUESSED = 0.5
"""What a character must be surer than to count for a reading."""


def share(inner: Box, outer: Box) -> float:
    """The share of the area of `inner` that lies in `outer`, 0 to 1.

    >>> share(Box(0, 0, 10, 10), Box(5, 0, 30, 10))
    0.5
    """
    return inner.shared_area(outer) / max(1.0, inner.area)


def on_line(words: Iterable[Word], line: Box) -> list[Word]:
    """The words of which the greater part stands on `line`."""
    return [word for word in words if share(word.box, line) >= SAME_PLACE]


def said(words: Iterable[Word]) -> float:
    """How much a reading says: its characters, each by how much surer it is than a guess."""
    return sum(
        sure - GUESSED
        for word in words
        for sure in (word.char_confidences or (word.confidence,) * len(word.text))
    )


def replaced(words: Sequence[Word], again: Sequence[Word], line: Box) -> list[Word] | None:
    """The words with those on `line` replaced by `again`; None where the first reading stays.

    What came with the file, not by OCR, is never replaced.
    """
    first = [word for word in on_line(words, line) if word.origin == "ocr"]
    runs_on = any(word not in first and share(line, word.box) >= SAME_PLACE for word in words)
    if runs_on or said(again) <= said(first):
        return None
    place = min((words.index(word) for word in first), default=len(words))
    left = [word for word in words if word not in first]
    return [*left[:place], *again, *left[place:]]
