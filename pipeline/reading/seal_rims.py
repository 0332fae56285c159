"""Where the rims of seals lie among ink of their colour: seals that overlap, or that touch print of that colour.

A rim is inked in nearly all directions around its middle. So every place votes for the ellipses around it:
how many of their directions are inked. Rims that overlap each win their own vote, and labels or rules that
touch a rim add nothing to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box

DIRECTIONS = 48
"""Directions around a middle that vote."""

FLATNESS = (1.0, 0.86, 0.72, 0.6)
"""Height by width of the ellipses that are tried: round, round at a slant, oval."""

TILTS = (-16, 0, 16)
"""Degrees by which the flat ones are turned; what lies between is near enough."""

STEP = 3
"""Pixels from one middle that is tried to the next, and from one width to the next."""

LEAST_VOTES = 0.8
"""A rim is inked in so many directions, at least; lines of coloured print reach 0.7 (measured)."""

EMPTIER = 0.2
"""Around and within a rim there is so much less ink than on it: a block of print is as full beside its
best ellipse as on it."""

BESIDE = (0.88, 1.12)
"""Where it is looked for how full the surroundings are, as shares of the rim's radius."""

SAME = 0.5
"""Of two rims that share so much of the smaller one's box, the one with more votes is kept: the second line of
a double rim votes as well. Seals that overlap share less."""


@dataclass(frozen=True, slots=True)
class _Rim:
    box: Box
    votes: float
    """For it: directions that are inked, and how much emptier it is beside them."""


def rims_in(inked: npt.NDArray[np.uint8], narrowest: float, widest: float) -> list[Box]:
    """The boxes of the rims on `inked` ((H, W), 1 for ink), from `narrowest` to `widest` pixels wide."""
    height, width = inked.shape
    thick = cv2.dilate(inked, np.ones((STEP, STEP), np.uint8)).astype(bool)
    middles = np.stack(
        [grid.ravel() for grid in np.meshgrid(np.arange(0, width, STEP), np.arange(0, height, STEP))]
    )
    found: list[_Rim] = []
    for across in np.arange(narrowest, min(widest, 1.1 * width) + STEP, STEP):
        for flat in FLATNESS:
            for tilt in TILTS if flat < FLATNESS[1] else (0,):
                found += _voted(thick, middles, float(across) / 2, flat, tilt)
    kept: list[_Rim] = []
    for rim in sorted(found, key=lambda rim: -rim.votes):
        if not any(_is_same(rim.box, other.box) for other in kept):
            kept.append(rim)
    return [rim.box for rim in kept]


def _voted(
    thick: npt.NDArray[np.bool_], middles: npt.NDArray[np.int_], half: float, flat: float, tilt: float
) -> list[_Rim]:
    """The ellipses of one size and form that are inked all around."""
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    turn = np.radians(tilt)
    x, y = half * np.cos(angles), half * flat * np.sin(angles)
    around = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    reach = np.abs(around).max(axis=1)
    height, width = thick.shape
    # A seal may run out over the edge of the sheet by a part of its radius.
    inside = (middles[0] >= reach[0] * 0.6) & (middles[0] <= width - reach[0] * 0.6)
    inside &= (middles[1] >= reach[1] * 0.6) & (middles[1] <= height - reach[1] * 0.6)
    tried = middles[:, inside]
    if not tried.size:
        return []
    votes = _inked(thick, tried, around)
    best = np.flatnonzero(votes >= LEAST_VOTES)
    if not len(best):
        return []
    beside = np.mean([_inked(thick, tried[:, best], around * share) for share in BESIDE], axis=0)
    return [
        _Rim(Box(*(tried[:, place] - reach), *(tried[:, place] + reach)), float(2 * votes[place] - full))
        for place, full in zip(best, beside, strict=True)
        if votes[place] - full >= EMPTIER
    ]


def _inked(
    thick: npt.NDArray[np.bool_], middles: npt.NDArray[np.int_], around: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The share of the places `around` each middle that are inked; what lies off the picture does not count."""
    x = np.round(middles[0][:, None] + around[0]).astype(int)
    y = np.round(middles[1][:, None] + around[1]).astype(int)
    on = (x >= 0) & (x < thick.shape[1]) & (y >= 0) & (y < thick.shape[0])
    inked = thick[np.clip(y, 0, thick.shape[0] - 1), np.clip(x, 0, thick.shape[1] - 1)] & on
    return np.asarray(inked.sum(axis=1) / np.maximum(1, on.sum(axis=1)), np.float64)


def _is_same(one: Box, other: Box) -> bool:
    return one.shared_area(other) >= SAME * min(one.area, other.area)
