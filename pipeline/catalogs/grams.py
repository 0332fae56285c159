"""Which of many names share the most characters and pairs of characters with a given one.

An inverted index: character or pair -> the names that hold it. Rare ones weigh more, so that 注射 or 费
does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_EVERYWHERE = 0.2
"""A single character that stands in more than this share of a long list tells nothing."""


class NameIndex:
    """An index over names; built once, then only read."""

    def __init__(self, names: Sequence[str]) -> None:
        postings: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            for gram in _grams(name):
                postings.setdefault(gram, []).append(number)
        self._size = len(names)
        self._postings: dict[str, list[int] | npt.NDArray[np.int32]] = dict(postings)
        weights = np.zeros(self._size, dtype=np.float32)
        for numbers in postings.values():
            weights[numbers] += self._weight(len(numbers))
        self._weights = np.maximum(weights, np.float32(1e-6))

    def _weight(self, held_by: int) -> float:
        return float(np.log1p(self._size / held_by))

    def nearest(self, name: str, limit: int = 24) -> list[int]:
        """The numbers of the names that share most with `name`, best first."""
        found: list[npt.NDArray[np.int32]] = []
        weights: list[float] = []
        total = 0.0
        for gram in _grams(name):
            numbers = self._postings.get(gram)
            if numbers is None:
                total += self._weight(1)
                continue
            if isinstance(numbers, list):
                numbers = self._postings[gram] = np.asarray(numbers, dtype=np.int32)
            weight = self._weight(len(numbers))
            total += weight
            if len(gram) == 1 and self._size > 2000 and len(numbers) > _EVERYWHERE * self._size:
                continue
            found.append(numbers)
            weights.append(weight)
        if not found:
            return []
        shared = np.bincount(
            np.concatenate(found),
            weights=np.repeat(weights, [len(numbers) for numbers in found]),
            minlength=self._size,
        )
        score = shared / (self._weights + total)  # half of Dice's coefficient
        if self._size <= limit:
            best = np.argsort(-score, kind="stable")
        else:
            top = np.argpartition(-score, limit)[:limit]
            best = top[np.lexsort((top, -score[top]))]
        return [int(number) for number in best if score[number] > 0]


def _grams(name: str) -> set[str]:
    return {*name, *(name[at : at + 2] for at in range(len(name) - 1))}
