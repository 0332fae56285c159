"""Where the rims of seals lie among ink of their colour: seals that overlap, or touch print of that colour.

A rim is inked in nearly all directions around its middle. So every place votes for the ellipses around it:
how many of their directions are inked, and how much emptier it is beside them. Rims that overlap each win
their own vote, and labels or rules that touch a rim add nothing to it. A coarse vote finds the places, a fine
one shifts each ellipse to where it fits and decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box

DIRECTIONS = 48
"""Directions around a middle that vote."""

FLATNESS = (1.0, 0.86, 0.72, 0.6)
"""Height by width of the ellipses that are tried: round, round at a slant, oval."""

ROUNDISH = 0.8
"""Flatter ones are tried at a tilt as well."""

TILTS = (-16.0, 0.0, 16.0)
"""Degrees by which those are turned."""

WIDER = 1.12
"""Each width that is tried is so many times the one before."""

COARSE = 12
"""Middles are tried this share of a width apart, and ink counts so far from its place."""

FINEST = 3
"""Pixels, at least."""

FIRST = 6
"""Every sixth direction votes first, and with five of those eight inked the others do: most places fall."""

FIRST_VOTES = 0.6

COARSE_VOTES, LEAST_VOTES = 0.6, 0.8
"""A rim is inked in so many directions: at a place near it, and where it fits. Lines of coloured print reach
0.7 (measured on forms and letters in colour)."""

EMPTIER = 0.2
"""Beside a rim there is so much less ink than on it: a block of print is as full beside its best ellipse as
on it."""

BESIDE = (0.86, 1.14)
"""Where it is looked for how full the surroundings are, as shares of the rim's radius."""

SAME = 0.5
"""Of two rims that share so much of the smaller one's box the better one is kept: the second line of a double
rim and the ring of writing are voted for as well. Seals that overlap share less."""

MOST_PLACES = 8
"""So many places of the coarse vote are looked at finely, the best first."""

ROUNDS = 3
"""Times that each measure of an ellipse is shifted to fit."""


@dataclass(frozen=True, slots=True)
class _Rim:
    """An ellipse in pixels; `tilt` in degrees clockwise, `gain` is what speaks for it."""

    x: float
    y: float
    across: float
    flat: float
    tilt: float
    votes: float = 0.0
    gain: float = -1.0

    @property
    def around(self) -> npt.NDArray[np.float64]:
        """Its edge about its middle, (2, DIRECTIONS)."""
        angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
        turn, half = np.radians(self.tilt), self.across / 2
        x, y = half * np.cos(angles), half * self.flat * np.sin(angles)
        return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])

    @property
    def box(self) -> Box:
        """The box around it."""
        cos, sin, half = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt)), self.across / 2
        width, height = half * math.hypot(cos, self.flat * sin), half * math.hypot(sin, self.flat * cos)
        return Box(self.x - width, self.y - height, self.x + width, self.y + height)


def rims_in(inked: npt.NDArray[np.uint8], narrowest: float, widest: float) -> list[Box]:
    """The boxes of the rims on `inked` ((H, W), 1 for ink), from `narrowest` to `widest` pixels wide."""
    fine = _thickened(inked, FINEST)
    places = _apart(_coarse(inked, narrowest, min(widest, 1.1 * max(inked.shape))))
    settled = [_settled(fine, place) for place in places]
    return [
        rim.box
        for rim in _apart([rim for rim in settled if rim.votes >= LEAST_VOTES])
        if rim.gain - rim.votes >= EMPTIER and rim.across >= narrowest
    ]


def _coarse(inked: npt.NDArray[np.uint8], narrowest: float, widest: float) -> list[_Rim]:
    """The ellipses of all sizes and forms that are inked in most directions, give or take a stroke."""
    found: list[_Rim] = []
    across = narrowest
    while across <= widest:
        step = max(FINEST, round(across / COARSE)) | 1
        thick = _thickened(inked, step)
        height, width = inked.shape
        middles = np.stack(
            [grid.ravel() for grid in np.meshgrid(np.arange(0, width, step), np.arange(0, height, step))]
        ).astype(np.float64)
        for flat in FLATNESS:
            for tilt in TILTS if flat < ROUNDISH else (0.0,):
                around = _Rim(0, 0, across, flat, tilt).around
                likely = middles[:, _inked(thick, middles, around[:, ::FIRST]) >= FIRST_VOTES]
                best = likely[:, _inked(thick, likely, around) >= COARSE_VOTES]
                if best.size:
                    gains = _gains(thick, best, around)
                    found += [
                        _Rim(float(x), float(y), across, flat, tilt, 0.0, float(gain))
                        for x, y, gain in zip(*best, gains, strict=True)
                    ]
        across *= WIDER
    return found


def _settled(fine: npt.NDArray[np.bool_], rim: _Rim) -> _Rim:
    """The ellipse shifted, widened and turned to where it fits the ink."""
    reach = rim.across / COARSE
    for shrunk in range(ROUNDS):
        tried = list(_changes(rim, reach / 2**shrunk))
        votes, gains = _weighed(fine, tried)
        best = int(np.argmax(gains))
        rim = replace(tried[best], votes=float(votes[best]), gain=float(gains[best]))
    return rim


def _changes(rim: _Rim, reach: float) -> Iterator[_Rim]:
    """The ellipse, and with its middle or its measures changed by up to `reach` pixels."""
    steps = (-reach, -reach / 2, 0.0, reach / 2, reach)
    for dx in steps:
        for dy in steps:
            yield replace(rim, x=rim.x + dx, y=rim.y + dy)
            yield replace(rim, across=rim.across + 2 * dx, flat=min(1.0, rim.flat + 2 * dy / rim.across))
    for degrees in (-8, -4, 4, 8):
        yield replace(rim, tilt=rim.tilt + degrees)


def _weighed(
    fine: npt.NDArray[np.bool_], rims: list[_Rim]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Votes and gains of each of the ellipses."""
    middles = np.array([[rim.x for rim in rims], [rim.y for rim in rims]])
    around = np.stack([rim.around for rim in rims], axis=1)
    return _inked(fine, middles, around), _gains(fine, middles, around)


def _gains(
    thick: npt.NDArray[np.bool_], middles: npt.NDArray[np.float64], around: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The votes for an ellipse at each middle, and how many more they are than for those beside it."""
    votes = _inked(thick, middles, around)
    beside = np.mean([_inked(thick, middles, around * share) for share in BESIDE], axis=0)
    return np.asarray(2 * votes - beside, np.float64)


def _thickened(inked: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.dilate(inked, np.ones((step, step), np.uint8)), np.bool_)


def _inked(
    thick: npt.NDArray[np.bool_], middles: npt.NDArray[np.float64], around: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The share of the places `around` each middle that are inked.

    A seal may run out over the edge: what lies off the picture does not count, if it is less than a third.
    """
    # `around` is one edge for all middles, (2, n), or one for each, (2, middles, n).
    x = np.round(middles[0][:, None] + around[0]).astype(int)
    y = np.round(middles[1][:, None] + around[1]).astype(int)
    on = (x >= 0) & (x < thick.shape[1]) & (y >= 0) & (y < thick.shape[0])
    inked = thick[np.clip(y, 0, thick.shape[0] - 1), np.clip(x, 0, thick.shape[1] - 1)] & on
    return np.asarray(inked.sum(axis=1) / np.maximum(on.sum(axis=1), around.shape[-1] * 2 / 3), np.float64)


def _apart(rims: list[_Rim]) -> list[_Rim]:
    """The best of those that lie on each other, best first, as many as are looked at."""
    kept: list[_Rim] = []
    boxes: list[Box] = []
    for rim in sorted(rims, key=lambda rim: -rim.gain):
        if len(kept) == MOST_PLACES:
            break
        box = rim.box
        if not any(box.shared_area(other) >= SAME * min(box.area, other.area) for other in boxes):
            kept.append(rim)
            boxes.append(box)
    return kept
