"""Papers that touch or lie over one another, told apart by the corners of what they cover together.

A paper is a rectangle. Where the outline of several turns inwards, an edge of one goes on across the island.
Of all ways to cut an island along such edges the one is taken after which its parts fill their rectangles
best, bear print that lies one way, and the cuts are short; none runs through print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box
from pipeline.reading.cutting import Outline

SMALL = 0.12
"""Islands are parted on a picture so much smaller again: corners are seen there, and rims are smooth."""

SPUR = 5
"""What sticks out of an island and is thinner, in pixels of that picture, is no paper."""

BENT = 0.008
"""The edge of a paper bends by so much of the long side, at most."""

LEAST_EDGE = 0.03
"""Beside its neighbour an edge shows for so much of the long side, at least."""

FILLED = 0.94
"""So much of the smallest rectangle around it a single paper fills; of 110 islands of one paper on drawn
sheets two had less."""

GAINED = 0.03
"""Cuts pay by so much, as a share of the island, or there are no two papers."""

LENGTH_COSTS = 0.03
"""Of two ways to cut an island the shorter one is right more often: a cut as long as the root of its area
costs so much of it."""

MIXED_COSTS = 0.3
"""Print of one paper lies one way: where all but half of it does not, that costs half of this share."""

DEPTH, BREADTH = 4, 3
"""So many cuts one after another, and so many ways each, are tried."""

LINES = 24
"""So many lines are tried on a part: those along the longest edges that are seen."""

LONGEST = 4.5
"""Times its width: the slip of a till has 3.5, the strip that a cut in a wrong place leaves more."""

FEWEST_LETTERS = 8
"""A part with less print is no paper, but a corner, a clip, or grain of wood that was read."""

WITHIN, CROSSED = 0.6, 0.02
"""A line runs through a word that it meets within so much of its size; through so much of the print no edge
of a paper runs."""

NEAR = 0.12
"""What lies so near, as a share of a part's size, touches it."""

Mask: TypeAlias = npt.NDArray[np.uint8]
"""1 where it is, shape (H, W)."""

PlacedPrint: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 7): the middle of each word, x and y, its width and its height, in pixels, its letters, its
turns, and which of all words it is."""

_Point: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Print:
    """A word on a picture: its place, in pixels, its letters, and the quarter turns that set it upright."""

    box: Box
    letters: int
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Island:
    """A part of the picture with ground all around.

    Args:
        outline: The corners of its convex hull.
        members: Which of the words lie on it.
        filled: How much of the smallest rectangle around it it fills, 0 to 1: a single paper nearly all.
        is_whole: Whether it is seen to all its corners.
        is_dark_around: Whether what is around it is too dark for the shadow of a fold.
        is_cut: Whether it was told from its neighbours by corners.
        parts: The papers that its corners part it into; empty for none.
    """

    outline: Outline
    members: frozenset[int]
    filled: float
    is_whole: bool
    is_dark_around: bool = False
    is_cut: bool = False
    parts: tuple[Island, ...] = ()

    @property
    def is_solid(self) -> bool:
        """Whether its outline is that of a single paper."""
        return self.is_whole and self.filled >= FILLED

    def touches(self, other: Island) -> bool:
        """Whether the two lie on one another, or nearly so."""
        outlines = [_grown(each.outline).astype(np.float32) for each in (self, other)]
        shared, _ = cv2.intersectConvexConvex(outlines[0], outlines[1])
        return bool(shared > 0)

    def joined_with(self, other: Island) -> Island:
        """The two as one."""
        corners = np.concatenate([self.outline, other.outline]).astype(np.float32)
        hull = cv2.convexHull(corners)
        wide, high = cv2.minAreaRect(corners)[1]
        filled = sum(
            one.filled * float(np.prod(cv2.minAreaRect(one.outline.astype(np.float32))[1]))
            for one in (self, other)
        ) / (wide * high)
        outline = np.asarray(hull.reshape(-1, 2), np.float64)
        is_whole = self.is_whole and other.is_whole
        return Island(outline, self.members | other.members, min(1.0, filled), is_whole, is_cut=True)


def island_of(
    own: Mask, words: PlacedPrint, at: npt.NDArray[np.int_], scale: float, *, is_whole: bool
) -> Island:
    """An island by its mask, whose corner lies `at` on the picture reduced by `scale`."""
    rim = round(SPUR / SMALL)
    frame = cv2.copyMakeBorder(own, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(0,))
    small = cv2.resize(frame * 255, None, fx=SMALL, fy=SMALL, interpolation=cv2.INTER_AREA) > 127
    placed = (words + np.array((rim, rim, 0, 0, 0, 0, 0))) * (SMALL, SMALL, SMALL, SMALL, 1, 1, 1)

    def on_picture(mask: Mask) -> Outline:
        return np.asarray((_hull(mask) / SMALL - rim + at) / scale, np.float64)

    whole = _without_spurs(_filled_up(small.astype(np.uint8)))
    pieces = _parted(whole, placed) if whole.any() else ()
    parts = tuple(
        Island(
            on_picture(piece),
            _members(placed[_on(piece, placed)]),
            filled_share(piece),
            is_whole,
            is_cut=True,
        )
        for piece in pieces
    )
    outline = (_hull(own) + at) / scale
    return Island(
        outline, _members(words), filled_share(whole), is_whole, parts=parts if len(parts) > 1 else ()
    )


def _members(words: PlacedPrint) -> frozenset[int]:
    return frozenset(words[:, 6].astype(int).tolist())


def _parted(mask: Mask, words: PlacedPrint) -> tuple[Mask, ...]:
    """The papers of an island, each with all that can be seen of it; itself where its corners tell of one."""
    whole = _Whole(float(mask.sum()), max(1.0, float(words[:, 4].sum())))
    unparted = _lacks(mask, words, whole)
    if unparted <= 1 - FILLED:
        return (mask,)
    cost, pieces = _cheapest(mask, words, whole, DEPTH)
    return pieces if unparted - cost > GAINED else (mask,)


@dataclass(frozen=True, slots=True)
class _Whole:
    """Of an island: its area in pixels and its letters."""

    area: float
    letters: float


def _lacks(mask: Mask, words: PlacedPrint, whole: _Whole) -> float:
    """What a piece lacks to be a paper, as a share of the island: of its rectangle, of print one way."""
    own = words[_on(mask, words)]
    each_way = np.bincount(own[:, 5].astype(int), own[:, 4]) if len(own) else np.zeros(1)
    mixed = float(each_way.sum() - each_way.max()) / whole.letters
    return (1 - filled_share(mask)) * float(mask.sum()) / whole.area + MIXED_COSTS * mixed


def _cheapest(mask: Mask, words: PlacedPrint, whole: _Whole, depth: int) -> tuple[float, tuple[Mask, ...]]:
    """The way to cut a mask that costs least, in shares of its island, and the pieces.

    What a piece lacks costs, and so does the length of the cuts.
    """
    best: tuple[float, tuple[Mask, ...]] = _lacks(mask, words, whole), (mask,)
    if not depth or best[0] <= (1 - FILLED) * float(mask.sum()) / whole.area:
        return best
    cuts = []
    for halves, length in _halves(mask, words):
        if all(_may_be_paper(half, words) for half in halves):
            costs = LENGTH_COSTS * length / whole.area**0.5
            cuts.append((costs + sum(_lacks(half, words, whole) for half in halves), costs, halves))
    cuts.sort(key=lambda cut: cut[:2])
    for _, costs, halves in cuts[:BREADTH]:
        tried = [_cheapest(half, words, whole, depth - 1) for half in halves]
        cost = costs + sum(each for each, _ in tried)
        if cost < best[0]:
            best = cost, tuple(piece for _, pieces in tried for piece in pieces)
    return best


def _may_be_paper(mask: Mask, words: PlacedPrint) -> bool:
    """Whether there is print enough on it, and it is no strip."""
    rim = _rim(mask)
    if rim is None or words[_on(mask, words), 4].sum() < FEWEST_LETTERS:
        return False
    sides = cv2.minAreaRect(rim)[1]
    return max(sides) <= LONGEST * min(sides)


def _halves(mask: Mask, words: PlacedPrint) -> Iterator[tuple[tuple[Mask, Mask], float]]:
    """What lies on either side of each line that may be an edge of a paper on it, and how long that is.

    Edges go on where the outline turns inwards, or from one such corner to another, but not through print.
    """
    outers, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    long_side = max(mask.shape)
    corners = cv2.approxPolyDP(max(outers, key=cv2.contourArea), BENT * long_side, closed=True)[:, 0]
    corners = corners.astype(np.float64)
    turns = np.sign(cv2.contourArea(corners.astype(np.float32), oriented=True))
    inward: list[_Point] = []
    lines: list[tuple[_Point, _Point]] = []
    for before, here, after in zip(np.roll(corners, 1, 0), corners, np.roll(corners, -1, 0), strict=True):
        arriving, leaving = here - before, after - here
        if (arriving[0] * leaving[1] - arriving[1] * leaving[0]) * turns >= 0:
            continue
        edges = [edge for edge in (arriving, leaving) if np.hypot(*edge) >= LEAST_EDGE * long_side]
        lines += [(here, edge) for edge in edges]
        lines += [(here, here - other) for other in inward]
        inward.append(here)
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    lines.sort(key=lambda line: -float(np.hypot(*line[1])))
    for here, edge in lines[:LINES]:
        along = edge / max(1.0, float(np.hypot(*edge)))
        if _crosses(here, along, mask, words):
            continue
        beside = (columns - here[0]) * along[1] - (rows - here[1]) * along[0]
        first, second = ((mask > 0) & (beside > 1), (mask > 0) & (beside < -1))
        halves = _without_spurs(first.astype(np.uint8)), _without_spurs(second.astype(np.uint8))
        yield halves, float(mask[np.abs(beside) <= 0.5].sum())


def _crosses(here: _Point, along: _Point, mask: Mask, words: PlacedPrint) -> bool:
    """Whether a line through a point runs through the print on a mask, and not only along its rim."""
    own = words[_on(mask, words)]
    beside = np.abs((own[:, 0] - here[0]) * along[1] - (own[:, 1] - here[1]) * along[0])
    reach = (own[:, 2] * abs(along[1]) + own[:, 3] * abs(along[0])) / 2
    return bool(own[beside < WITHIN * reach, 4].sum() > CROSSED * own[:, 4].sum())


def _on(mask: Mask, words: PlacedPrint) -> npt.NDArray[np.bool_]:
    """Which words lie on a mask."""
    rows = np.clip(words[:, 1].astype(int), 0, mask.shape[0] - 1)
    columns = np.clip(words[:, 0].astype(int), 0, mask.shape[1] - 1)
    return np.asarray(mask[rows, columns] > 0)


def filled_share(mask: Mask) -> float:
    """How much of the smallest rectangle around it a mask fills, 0 to 1."""
    rim = _rim(mask)
    if rim is None:
        return 0.0
    wide, high = cv2.minAreaRect(rim)[1]
    return min(1.0, float(mask.sum()) / max(1.0, (wide + 1) * (high + 1)))


def _rim(mask: Mask) -> npt.NDArray[np.int32] | None:
    """The points of its outline, shape (N, 1, 2); None where it is empty."""
    outers, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.concatenate(outers).astype(np.int32) if outers else None


def _filled_up(mask: Mask) -> Mask:
    """The mask without its holes: a photograph on a card, a dark seal."""
    outers, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outers, -1, (1,), cv2.FILLED)
    return np.asarray(filled, np.uint8)


def _without_spurs(mask: Mask) -> Mask:
    """The largest part of the mask that is nowhere thin."""
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((SPUR, SPUR), np.uint8))
    found, labels, stats, _ = cv2.connectedComponentsWithStats(thick, connectivity=4)
    if found == 1:
        return np.asarray(thick, np.uint8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return np.asarray(labels == largest, np.uint8)


def _hull(mask: Mask) -> Outline:
    rim = _rim(mask)
    assert rim is not None
    return np.asarray(cv2.convexHull(rim).reshape(-1, 2), np.float64)


def _grown(outline: Outline) -> Outline:
    """The outline a little larger."""
    middle = outline.mean(axis=0)
    return np.asarray(middle + (outline - middle) * (1 + NEAR), np.float64)
