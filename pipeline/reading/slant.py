"""Rows and columns that do not run straight, as on a photo or a curled sheet, made straight.

Deskewing turns a page as a whole. On a sheet that was photographed at an angle the rows still fall on one
edge and rise on the other, and each column moves by more than the gap to its neighbour. Both are found
without ruling: rows (columns) are level (upright) where words, seen from the side (from above), cover the
least height (width). A sheet that is curled bends its rows besides, by more than the distance between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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

FEWEST_BENT = 40
"""Fewer words can be brought onto curves by chance."""

WORTH_BENDING = 0.88
"""A bend counts if the words cover less than so much of what they cover with straight rows."""

ROUNDS = 6
"""So often each end of a bend is changed by the same step."""

FARTHEST_BENT = 3.0
"""A bend moves the end of a row by at most so many line heights."""

STEEPEST_BENT = 0.06
"""Bends are looked for about rows that fall or rise by at most so much as a whole."""

STARTS = 16
"""From so many of the bends that are best for a whole page the one of its top and bottom is looked for."""

APART = 0.8
"""Those differ somewhere by at least so many line heights: rows slip onto their neighbours easily."""

FINALISTS = 3
"""Of what is found from there, so many are looked at closely."""


@dataclass(frozen=True, slots=True)
class Slant:
    """How far columns (axis `x`) or rows (axis `y`) move to their side for each pixel along.

    At `side` pixels from the edge of the page they move by `base + growth * side`, counted from `start`.
    `bends` adds the same for the square and the cube of the pixels along: rows of a curled sheet.
    """

    axis: Literal["x", "y"]
    base: float = 0.0
    growth: float = 0.0
    start: float = 0.0
    bends: tuple[tuple[float, float], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.base or self.growth or self.bends)

    def straightened(self, word: Word) -> Word:
        """The word as it would stand in straight columns or level rows."""
        moved, grown = self._moves(self._along(word))
        return self._mapped(word, 1 - grown, -moved)

    def back(self, word: Word) -> Word:
        """A straightened word where it stands on the page."""
        moved, grown = self._moves(self._along(word))
        return self._mapped(word, 1 / (1 - grown), moved / (1 - grown))

    def _moves(self, along: float) -> tuple[float, float]:
        """How far rows (columns) are moved here at the edge of the page, and for each pixel from it."""
        terms = ((self.base, self.growth), *self.bends)
        moved = sum(base * along**power for power, (base, _) in enumerate(terms, 1))
        grown = sum(growth * along**power for power, (_, growth) in enumerate(terms, 1))
        return moved, grown

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
    """The slant of the rows of a page, with their bend; none where it would hardly change anything."""
    # What was never on paper has no bends.
    return _row_slant(tuple(word.box for word in words), any(word.origin == "ocr" for word in words))


@lru_cache(maxsize=32)
def _row_slant(boxes: tuple[Box, ...], may_bend: bool) -> Slant:
    if len(boxes) < FEWEST_WORDS:
        return Slant("y")
    top, bottom = min(box.cy for box in boxes), max(box.cy for box in boxes)
    start = float(np.median([box.cx for box in boxes]))
    spans = np.array(
        [(box.cy - CORE * box.height, box.cy + CORE * box.height, box.cx - start) for box in boxes],
        dtype=np.float64,
    )
    straight = _best("y", spans, top, bottom, start)
    if not may_bend or len(boxes) < FEWEST_BENT or bottom <= top:
        return straight
    height = float(np.median([box.height for box in boxes]))
    return _bent(spans, replace(straight, start=start), (top, bottom), height)


def _bent(spans: npt.NDArray[np.float64], straight: Slant, ends: tuple[float, float], height: float) -> Slant:
    """The slant with the bend under which the spans cover the least, if that is clearly less."""
    reach = max(1.0, float(np.abs(spans[:, 2]).max()))
    powers = np.stack([(spans[:, 2] / reach) ** power for power in (1, 2, 3)])
    share = (spans[:, :2].mean(axis=1) - ends[0]) / (ends[1] - ends[0])

    def cost(moves: tuple[float, ...]) -> float:
        """What is covered when the ends of rows move so far: each power at the top, then at the bottom."""
        at_top, at_bottom = np.array(moves[:3]), np.array(moves[3:])
        moved = (at_top @ powers) * (1 - share) + (at_bottom @ powers) * share
        return _union(spans[:, :2] - moved[:, None])

    before = _covered(spans, straight)
    steps = [height * step / 3 for step in range(-round(3 * FARTHEST_BENT), round(3 * FARTHEST_BENT) + 1)]
    most = round(3 * STEEPEST_BENT * reach / height)
    falls = [height * step / 3 for step in range(-most, most + 1)]
    cubes = [height * step / 2 for step in range(-3, 4)]
    grid = ((fall, bend, cube) for fall in falls for bend in steps for cube in cubes)
    starts = _apart(sorted((cost(moves * 2), moves) for moves in grid), APART * height)
    nearer = sorted(_descended(cost, moves * 2, (height / 2, height / 4)) for moves in starts)[:FINALISTS]
    covered, moves = min(_descended(cost, moves, (height / 8, height / 16)) for _, moves in nearer)
    if covered >= WORTH_BENDING * before:
        return straight
    terms = []
    for power, (at_top, at_bottom) in enumerate(zip(moves[:3], moves[3:], strict=True), 1):
        growth = (at_bottom - at_top) / (ends[1] - ends[0])
        terms.append(((at_top - growth * ends[0]) / reach**power, growth / reach**power))
    (base, growth), *bends = terms
    return Slant("y", base, growth, straight.start, tuple(bends))


def _apart(ranked: Sequence[tuple[float, tuple[float, ...]]], distance: float) -> list[tuple[float, ...]]:
    """The first of these bends that differ from each other somewhere by at least this distance."""
    kept: list[tuple[float, ...]] = []
    chosen: list[tuple[float, ...]] = []
    places = (-1.0, -0.5, 0.5, 1.0)
    for _, moves in ranked:
        shifts = [sum(move * place**power for power, move in enumerate(moves, 1)) for place in places]
        if all(max(abs(a - b) for a, b in zip(shifts, other, strict=True)) >= distance for other in kept):
            kept.append(tuple(shifts))
            chosen.append(moves)
        if len(kept) == STARTS:
            break
    return chosen


def _descended(
    cost: Callable[[tuple[float, ...]], float], moves: tuple[float, ...], steps: Sequence[float]
) -> tuple[float, tuple[float, ...]]:
    """The least cost that small changes of single moves, and of one power as a whole, lead to."""
    best = cost(moves), moves
    half = len(moves) // 2
    changes = [{i: 1.0} for i in range(len(moves))]
    changes += [{i: 1.0, i + half: sign} for i in range(half) for sign in (1.0, -1.0)]
    changes += [{half * end: 1.0, half * end + 2: -1.0} for end in (0, 1)]  # a bend without a fall
    for step in steps:
        for _ in range(ROUNDS):
            last = best
            for change in changes:
                for way in (step, -step):
                    near = tuple(move + way * change.get(i, 0.0) for i, move in enumerate(best[1]))
                    best = min(best, (cost(near), near))
            if best == last:
                break
    return best


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
    return _union(spans[:, :2] * scale[:, None] + shift[:, None])


def _union(spans: npt.NDArray[np.float64]) -> float:
    """How much spans (shape (N, 2)) cover together."""
    starts, ends = spans[:, 0], spans[:, 1]
    order = np.argsort(starts)
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    free = np.clip(starts[1:] - reached[:-1], 0, None).sum()
    return float(reached[-1] - starts[0] - free)
