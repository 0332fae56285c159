"""The texts of a long list that come near a given one, found without looking at all of them.

Two inverted indexes. The first holds each text with any one character left out, so it gives every text that
is one wrong, missing or added character away (the deletions of SymSpell, Garbe 2012). The second holds pairs
of neighbouring characters, for what has more errors or other words in it; only the rarest pairs are followed,
so that the work does not grow with the list as fast as the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log1p

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from pipeline.catalogs.likeness import likeness

Numbers = npt.NDArray[np.int32]

LONGEST_BY_DELETIONS = 10
"""Longer texts keep enough whole pairs when a character is wrong, and would fill the first index."""
FOLLOWED = 1000
"""Postings followed for one text, the rarest pairs first; 500 and 20,000 give the same 1,200 answers."""
ALWAYS_FOLLOWED = 2
"""The rarest pairs are followed however common they are."""

COMPARED = 8
"""Texts compared character by character: those that need the fewest edits."""
FURTHER = 1
"""Edits more than the nearest text needs; two look-alikes may cost less than one other character."""
SHOWN = 0.55
"""Texts less alike than this do not come near."""


class NearTexts:
    """An index over texts; built once, then only read, so processes and threads may share it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._size = len(texts)
        self._shortened = _Postings(
            (part, number)
            for number, text in enumerate(texts)
            if len(text) <= LONGEST_BY_DELETIONS
            for part in shortened(text)
        )
        self._pairs = _Postings((pair, number) for number, text in enumerate(texts) for pair in pairs(text))
        self._pairs_held = np.fromiter((len(text) + 1 for text in texts), np.float32, self._size)

    def alike(self, text: str, *, widely: bool) -> Iterator[tuple[str, float]]:
        """The texts most like `text` with how alike they are, in no order.

        Args:
            text: What was read.
            widely: Whether to look among texts that share pairs of characters, not only one character off.
        """
        numbers = self.sharing_most(text) if widely else self.one_character_off(text)
        choices = [self._texts[number] for number in numbers]
        nearest = process.extract(text, choices, scorer=Levenshtein.distance, processor=None, limit=COMPARED)
        for near, edits, _ in nearest:
            if edits > nearest[0][1] + FURTHER:
                return
            alike = likeness(text, near)
            if alike >= SHOWN:
                yield near, alike

    def one_character_off(self, text: str) -> Iterable[int]:
        """The numbers of the texts within one character of `text`, and some that are two away; unordered."""
        if len(text) > LONGEST_BY_DELETIONS + 1:
            return ()
        found = self._shortened.of(shortened(text))
        return set(np.concatenate(found).tolist()) if found else ()

    def sharing_most(self, text: str, limit: int = 16) -> list[int]:
        """The numbers of the texts that share most pairs of characters with `text`, best first."""
        asked = pairs(text)
        found = sorted(self._pairs.of(asked), key=len)
        followed: list[Numbers] = []
        total = 0
        for numbers in found:
            total += len(numbers)
            if total > FOLLOWED and len(followed) >= ALWAYS_FOLLOWED:
                break
            followed.append(numbers)
        if not followed:
            return []
        shared = np.zeros(self._size, np.float32)
        for numbers in followed:
            shared[numbers] += np.float32(log1p(self._size / len(numbers)))
        touched = np.concatenate(followed)  # a text that holds two of the pairs stands in it twice
        score = shared[touched] / (self._pairs_held[touched] + np.float32(len(asked)))
        most = limit * len(followed)
        if len(touched) > most:
            best = np.argpartition(-score, most)[:most]
            touched, score = touched[best], score[best]
        order = np.lexsort((touched, -score))
        return list(dict.fromkeys(touched[order].tolist()))[:limit]


class _Postings:
    """Which texts hold a part; parts are kept as hashes, as what is found is looked at closely anyway."""

    def __init__(self, held: Iterable[tuple[str, int]]) -> None:
        parts: list[int] = []
        numbers: list[int] = []
        for part, number in held:
            parts.append(hash(part))
            numbers.append(number)
        hashes = np.array(parts, np.int64)
        order = np.argsort(hashes, kind="stable")
        self._hashes, first = np.unique(hashes[order], return_index=True)
        self._first = np.append(first, len(hashes))
        self._numbers: Numbers = np.array(numbers, np.int32)[order]

    def of(self, parts: Iterable[str]) -> list[Numbers]:
        """For each part that any text holds, the numbers of those texts, ascending."""
        asked = np.array([hash(part) for part in parts], np.int64)
        if not len(self._hashes) or not len(asked):
            return []
        at = np.minimum(np.searchsorted(self._hashes, asked), len(self._hashes) - 1)
        known = at[self._hashes[at] == asked]
        return [
            self._numbers[start:end]
            for start, end in zip(self._first[known].tolist(), self._first[known + 1].tolist(), strict=True)
        ]


def shortened(text: str) -> set[str]:
    """The text itself, and with any one of its characters left out.

    >>> sorted(shortened("叶酸"))
    ['叶', '叶酸', '酸']
    """
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def pairs(text: str) -> set[str]:
    r"""Pairs of neighbouring characters, with where the text begins and ends.

    >>> sorted(pairs("叶酸"))
    ['\x02叶', '叶酸', '酸\x03']
    """
    framed = f"\x02{text}\x03"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}
