"""Rows and columns that do not run straight, as on a photo or a curled sheet, made straight.

Deskewing turns a page as a whole. On a sheet that was photographed at an angle the rows still fall on one
edge and rise on the other, and each column moves by more than the gap to its neighbour. Both are found
without ruling: rows (columns) are level (upright) where words, seen from the side (from above), cover the
least height (width). A sheet that is curled bends its rows besides, by more than the distance between them.

Words are moved and not the picture. Pictures were flattened as well, along a polynomial fitted to the lines
found: rows ran three times as level (0.61 to 0.23 degrees), but what is found here from words was right
already. Of 611 rows of 13 photographed bills 524 came out right instead of 550 (most of those lost on one
page, whose head was read another way), 48 photos of the development set gained nothing, and each page cost
0.1 s more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Word

Numbers: TypeAlias = npt.NDArray[np.float64]
Moves: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 3) or (N, 6): by how many pixels each power moves the end of a row, at the top, at the bottom."""

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

AT_ONCE = 256
"""So many bends are tried in one call: their spans stay in the processor's cache."""


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


def _bent(spans: Numbers, straight: Slant, ends: tuple[float, float], height: float) -> Slant:
    """The slant with the bend under which the spans cover the least, if that is clearly less."""
    reach = max(1.0, float(np.abs(spans[:, 2]).max()))
    powers = np.stack([(spans[:, 2] / reach) ** power for power in (1, 2, 3)])
    share = (spans[:, :2].mean(axis=1) - ends[0]) / (ends[1] - ends[0])

    def costs(moves: Moves) -> Numbers:
        """What is covered when the ends of rows move so far: each power at the top, then at the bottom."""
        moved = (moves[:, :3] @ powers) * (1 - share) + (moves[:, 3:] @ powers) * share
        return _unions(spans[:, 0] - moved, spans[:, 1] - moved)

    before = float(_covered(spans, np.array([[straight.base, straight.growth]]))[0])
    steps = height / 3 * _around(round(3 * FARTHEST_BENT))
    falls = height / 3 * _around(round(3 * STEEPEST_BENT * reach / height))
    cubes = height / 2 * _around(3)
    grid = np.stack(np.meshgrid(falls, steps, cubes, indexing="ij"), axis=-1).reshape(-1, 3)
    ranked = grid[np.argsort(np.concatenate([costs(np.hstack([part, part])) for part in _parts(grid)]))]
    starts = _apart(ranked, APART * height)
    covered, moves = _descended(costs, np.hstack([starts, starts]), (height / 2, height / 4))
    nearer = moves[np.argsort(covered, kind="stable")[:FINALISTS]]
    covered, moves = _descended(costs, nearer, (height / 8, height / 16))
    least = int(np.argmin(covered))
    if covered[least] >= WORTH_BENDING * before:
        return straight
    terms = []
    ends_moved = zip(moves[least, :3].tolist(), moves[least, 3:].tolist(), strict=True)
    for power, (at_top, at_bottom) in enumerate(ends_moved, 1):
        growth = (at_bottom - at_top) / (ends[1] - ends[0])
        terms.append(((at_top - growth * ends[0]) / reach**power, growth / reach**power))
    (base, growth), *bends = terms
    return Slant("y", base, growth, straight.start, tuple(bends))


def _around(most: int) -> Numbers:
    """The whole numbers from `-most` to `most`."""
    return np.arange(-most, most + 1, dtype=np.float64)


def _parts(moves: Moves) -> list[Moves]:
    """The moves in parts of at most `AT_ONCE` rows."""
    return np.array_split(moves, max(1, math.ceil(len(moves) / AT_ONCE)))


def _apart(ranked: Moves, distance: float) -> Moves:
    """The first `STARTS` of these bends (N, 3) that differ somewhere from each other by `distance`."""
    places = np.array([[-1.0, -0.5, 0.5, 1.0]])
    shifts = ranked @ np.vstack([places, places**2, places**3])
    chosen: list[int] = []
    near = np.zeros(len(ranked), dtype=bool)
    while len(chosen) < STARTS and not near.all():
        chosen.append(int(np.argmin(near)))
        near |= np.abs(shifts - shifts[chosen[-1]]).max(axis=1) < distance
        near[chosen[-1]] = True
    return ranked[chosen]


def _descended(
    costs: Callable[[Moves], Numbers], moves: Moves, steps: Sequence[float]
) -> tuple[Numbers, Moves]:
    """The least costs that small changes of single moves, and of one power as a whole, lead to from each row.

    All rows take their steps side by side, because one call for all of them costs little more than for one.
    """
    moves, best = moves.copy(), costs(moves)
    half = moves.shape[1] // 2
    single = np.eye(2 * half)
    changes = [*single]
    changes += [single[i] + sign * single[i + half] for i in range(half) for sign in (1.0, -1.0)]
    changes += [single[half * end] - single[half * end + 2] for end in (0, 1)]  # a bend without a fall
    for step in steps:
        for _ in range(ROUNDS):
            last = best.copy()
            for change in changes:
                for way in (step, -step):
                    near = moves + way * change
                    cost = costs(near)
                    better = cost < best
                    moves[better], best[better] = near[better], cost[better]
            if (best == last).all():
                break
    return best, moves


def _best(axis: Literal["x", "y"], spans: Numbers, low: float, high: float, start: float) -> Slant:
    """The slant under which the spans cover the least; looked for in steps, then in smaller ones."""
    if high <= low or not len(spans):
        return Slant(axis)

    def least(sides: Numbers) -> tuple[Numbers, float]:
        """Of these slants at both sides (N, 2) the one that covers least, the slightest of equals."""
        growth = (sides[:, 1] - sides[:, 0]) / (high - low)
        covered = _covered(spans, np.stack([sides[:, 0] - growth * low, growth], axis=1))
        chosen = int(np.lexsort((np.abs(sides).sum(axis=1), covered))[0])
        return sides[chosen], float(covered[chosen])

    coarse, _ = least(_pairs(COARSE * _around(round(STEEPEST / COARSE))))
    best, covered = least(coarse + _pairs(FINE * _around(3)))
    if covered >= WORTH_IT * float(_covered(spans, np.zeros((1, 2)))[0]):
        return Slant(axis)
    growth = float(best[1] - best[0]) / (high - low)
    return Slant(axis, float(best[0]) - growth * low, growth, start)


def _pairs(values: Numbers) -> Numbers:
    """Every value with every value, shape (N * N, 2)."""
    return np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2)


def _covered(spans: Numbers, slants: Numbers) -> Numbers:
    """How much the spans cover, once straightened by each slant.

    Args:
        spans: Shape (N, 3): where each begins and ends, and its distance along from `start`, in pixels.
        slants: Shape (M, 2): base and growth of each.
    """
    along = spans[:, 2]
    scale, shift = 1 - slants[:, 1:] * along, -slants[:, :1] * along
    covered = _unions(spans[:, 0] * scale + shift, spans[:, 1] * scale + shift)
    covered[scale.min(axis=1) < LEAST_SCALE] = np.inf
    return covered


def _unions(starts: Numbers, ends: Numbers) -> Numbers:
    """How much the spans of each row cover together; both of shape (M, N).

    Starts and ends may be sorted apart: nothing lies between the k-th end and the start after it if that
    start is farther, for then as many spans have ended as have begun.
    """
    starts, ends = np.sort(starts, axis=1), np.sort(ends, axis=1)
    free = np.clip(starts[:, 1:] - ends[:, :-1], 0, None).sum(axis=1)
    return np.asarray(ends[:, -1] - starts[:, 0] - free, dtype=np.float64)
