"""Columns that do not run straight down the page, as on a photo or a curled sheet, made straight.

A sheet that was photographed at an angle keeps its columns apart, but over the height of the page each moves
by more than the gap to its neighbour. The slant is found without ruling: it is the one under which the words
of a table, seen from above, cover the least width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from pipeline.model import Box, Word

FEWEST_LINES = 8
"""Fewer lines can be brought together by chance."""

WIDEST_WORD = 0.3
"""Words wider than so much of the table are headings or sentences and say nothing about columns."""

STEEPEST = 0.12
"""Pixels to the side for a pixel down; more is not read as a page (7 degrees)."""

COARSE, FINE = 0.02, 0.005

WORTH_IT = 0.95
"""A slant counts if the words cover less than so much of what they cover as they stand."""


@dataclass(frozen=True, slots=True)
class Slant:
    """How far columns move to the side for each pixel down: `base + growth * x`, seen from height `y0`."""

    base: float = 0.0
    growth: float = 0.0
    y0: float = 0.0

    def straightened(self, word: Word) -> Word:
        """The word as it would stand in straight columns."""
        down = word.box.cy - self.y0
        return _mapped(word, 1 - self.growth * down, -self.base * down)

    def back(self, word: Word) -> Word:
        """A straightened word where it stands on the page."""
        down = word.box.cy - self.y0
        return _mapped(word, 1 / (1 - self.growth * down), self.base * down / (1 - self.growth * down))


STRAIGHT = Slant()


def _mapped(word: Word, scale: float, shift: float) -> Word:
    box = Box(word.box.x0 * scale + shift, word.box.y0, word.box.x1 * scale + shift, word.box.y1)
    return replace(word, box=box, edges=tuple(x * scale + shift for x in word.edges))


def find_slant(lines: Sequence[Sequence[Word]]) -> Slant:
    """The slant of the columns that these lines stand in; none where it would hardly change anything."""
    if len(lines) < FEWEST_LINES:
        return STRAIGHT
    boxes = [word.box for line in lines for word in line]
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    if right <= left:
        return STRAIGHT
    y0 = min(box.cy for box in boxes)
    narrow = [box for box in boxes if box.width < WIDEST_WORD * (right - left)]

    def slant_of(at_left: float, at_right: float) -> Slant:
        growth = (at_right - at_left) / (right - left)
        return Slant(at_left - growth * left, growth, y0)

    def covered(sides: tuple[float, float]) -> tuple[float, float]:
        return _covered(narrow, slant_of(*sides)), abs(sides[0]) + abs(sides[1])

    steps = round(STEEPEST / COARSE)
    grid = [COARSE * step for step in range(-steps, steps + 1)]
    best = min(product(grid, grid), key=covered)
    near = [FINE * step for step in range(-3, 4)]
    best = min(((best[0] + a, best[1] + b) for a, b in product(near, near)), key=covered)
    return slant_of(*best) if covered(best)[0] < WORTH_IT * _covered(narrow, STRAIGHT) else STRAIGHT


def _covered(boxes: Iterable[Box], slant: Slant) -> float:
    """The width that straightened boxes cover, seen from above."""
    spans = []
    for box in boxes:
        down = box.cy - slant.y0
        scale, shift = 1 - slant.growth * down, -slant.base * down
        spans.append((box.x0 * scale + shift, box.x1 * scale + shift))
    total, end = 0.0, float("-inf")
    for x0, x1 in sorted(spans):
        if x1 > end:
            total += x1 - max(x0, end)
            end = x1
    return total
