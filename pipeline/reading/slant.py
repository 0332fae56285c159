"""Rows and columns that do not run straight, as on a photo or a curled sheet, made straight.

Deskewing turns a page as a whole. On a sheet that was photographed at an angle the rows still fall on one
edge and rise on the other, and each column moves by more than the gap to its neighbour. Both are found
without ruling: rows (columns) are level (upright) where words, seen from the side (from above), cover the
least height (width).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Word

FEWEST_LINES = 8
"""Fewer lines can be brought together by chance."""

FEWEST_WORDS = 30

WIDEST_WORD = 0.3
"""Words wider than so much of the table are headings or sentences and say nothing about columns."""

CORE = 0.25
"""Of the height of a word so much above and below its middle is print; boxes of crooked words are higher."""

STEEPEST = 0.12
"""Pixels to the side for a pixel along; more is not read as a page (7 degrees)."""

COARSE, FINE = 0.02, 0.005

LEAST_SCALE = 0.5
"""Straightening that would press a part of the page together to less than half is no perspective."""

WORTH_IT = 0.95
"""A slant counts if the words cover less than so much of what they cover as they stand."""


@dataclass(frozen=True, slots=True)
class Slant:
    """How far columns (axis `x`) or rows (axis `y`) move to their side for each pixel along.

    At `side` pixels from the edge of the page they move by `base + growth * side`, counted from `start`.
    """

    axis: Literal["x", "y"]
    base: float = 0.0
    growth: float = 0.0
    start: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.base or self.growth)

    def straightened(self, word: Word) -> Word:
        """The word as it would stand in straight columns or level rows."""
        along = self._along(word)
        return self._mapped(word, 1 - self.growth * along, -self.base * along)

    def back(self, word: Word) -> Word:
        """A straightened word where it stands on the page."""
        along = self._along(word)
        return self._mapped(
            word, 1 / (1 - self.growth * along), self.base * along / (1 - self.growth * along)
        )

    def _along(self, word: Word) -> float:
        return (word.box.cy if self.axis == "x" else word.box.cx) - self.start

    def _mapped(self, word: Word, scale: float, shift: float) -> Word:
        box = word.box
        if self.axis == "y":
            # A row moves as it stands: the height of print does not change.
            down = box.cy * scale + shift - box.cy
            return replace(word, box=Box(box.x0, box.y0 + down, box.x1, box.y1 + down))
        moved = Box(box.x0 * scale + shift, box.y0, box.x1 * scale + shift, box.y1)
        return replace(word, box=moved, edges=tuple(x * scale + shift for x in word.edges))


def find_column_slant(lines: Sequence[Sequence[Word]], start: float) -> Slant:
    """The slant of the columns that these lines stand in; none where it would hardly change anything."""
    boxes = [word.box for line in lines for word in line]
    if len(lines) < FEWEST_LINES:
        return Slant("x")
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    narrow = [box for box in boxes if box.width < WIDEST_WORD * (right - left)]
    spans = np.array([(box.x0, box.x1, box.cy - start) for box in narrow], dtype=np.float64)
    return _best("x", spans.reshape(-1, 3), left, right, start)


def find_row_slant(words: Sequence[Word]) -> Slant:
    """The slant of the rows of a page; none where it would hardly change anything."""
    boxes = [word.box for word in words]
    if len(boxes) < FEWEST_WORDS:
        return Slant("y")
    top, bottom = min(box.cy for box in boxes), max(box.cy for box in boxes)
    start = float(np.median([box.cx for box in boxes]))
    spans = [(box.cy - CORE * box.height, box.cy + CORE * box.height, box.cx - start) for box in boxes]
    return _best("y", np.array(spans, dtype=np.float64), top, bottom, start)


def _best(
    axis: Literal["x", "y"], spans: npt.NDArray[np.float64], low: float, high: float, start: float
) -> Slant:
    """The slant under which the spans cover the least; looked for in steps, then in smaller ones."""
    if high <= low or not len(spans):
        return Slant(axis)

    def slant_of(at_low: float, at_high: float) -> Slant:
        growth = (at_high - at_low) / (high - low)
        return Slant(axis, at_low - growth * low, growth, start)

    def cost(sides: tuple[float, float]) -> tuple[float, float]:
        return _covered(spans, slant_of(*sides)), abs(sides[0]) + abs(sides[1])

    steps = round(STEEPEST / COARSE)
    grid = [COARSE * step for step in range(-steps, steps + 1)]
    coarse = min(product(grid, grid), key=cost)
    near = [FINE * step for step in range(-3, 4)]
    best = min(((coarse[0] + a, coarse[1] + b) for a, b in product(near, near)), key=cost)
    return slant_of(*best) if cost(best)[0] < WORTH_IT * _covered(spans, Slant(axis)) else Slant(axis)


def _covered(spans: npt.NDArray[np.float64], slant: Slant) -> float:
    """How much the spans cover, once straightened.

    Args:
        spans: Shape (N, 3): where each begins and ends, and its distance along from `start`, in pixels.
        slant: How to straighten them.
    """
    scale, shift = 1 - slant.growth * spans[:, 2], -slant.base * spans[:, 2]
    if scale.min() < LEAST_SCALE:
        return float("inf")
    starts, ends = spans[:, 0] * scale + shift, spans[:, 1] * scale + shift
    order = np.argsort(starts)
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    free = np.clip(starts[1:] - reached[:-1], 0, None).sum()
    return float(reached[-1] - starts[0] - free)
