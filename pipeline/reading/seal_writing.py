"""The writing of a seal laid straight: the arc unrolled, the piece along the lower rim, the lines inside.

How a seal was turned when it was pressed is told by the gap that its arc leaves at the bottom; an oval one
is upright along its longer axis. Radii are shares of the outline: 1 is the rim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.reading.seal_shape import INKED, Layer, Outline, turned_by

DIRECTIONS, RADII = 360, 100
"""Steps of a polar picture: one a degree, and one a hundredth of the radius."""

INNERMOST = 0.3
"""Nearer to the middle than this share of the radius stands no arc."""

LINE_SHARE = 0.6
"""A radius inked in so many directions is a line of the rim, not writing."""

WRITING_SHARE = 0.25
"""Writing goes on inwards as long as its radii are inked so much as its fullest one."""

RIM_FROM = 0.75
"""The lines of a rim, of which supervision seals have two, lie at least so far out."""

FULL_RADII = 9
"""Radii over which ink is averaged where the fullest part of the writing is looked for."""

BAND_WIDTHS = 0.12, 0.5
"""Writing is at least and at most so high, as a share of the radius; else something else was measured."""

BAND = {"round": (0.58, 0.94), "oval": (0.52, 0.92)}
"""Where the arc stands when its own ink does not tell: of drawn and of real seals alike."""

STRIP = 48
"""Height of a strip in pixels: what the recogniser sees."""

SPARE = 0.12
"""White above and below the writing of a strip, as a share of its height."""

GAP_WINDOW = 30
"""Degrees over which ink is averaged: more than the space between two characters."""

STROKE_WINDOW = 6
"""Degrees over which ink is averaged to see where a character ends."""

END_GAP = 30
"""Degrees without ink that end an arc: characters of a short name stand up to 25 apart."""

CLEAR_GAP = 60
"""A gap so many degrees wide is at the bottom."""

FREE = 0.2
"""A direction belongs to the gap from this share of the usual ink downwards."""

INSIDE = 0.95
"""How much of the upright seal is looked at for straight lines: real ones run into the ring."""

INSIDE_WIDTH = 400
"""Pixels that the upright seal is wide where its lines are cut out: characters of 25 px at least."""

CORE = 0.12
"""Rows are told apart by the ink in the middle of the seal, to this share of its width on either side."""

ROW_INK = 0.08
"""A row of the core is inked from this share on."""

ROW_REACH = 0.62
"""A straight line stands at most so far from the middle, as a share of half the height; beyond is the arc."""

LOWEST_ROW, HIGHEST_ROW = 0.05, 0.22
"""Height of a line of writing as a share of the seal's: a star is higher, a speck lower."""

MOST_SLOPE = 30
"""Degrees by which the top of a round seal is told wrongly, at most; beyond, another row would be taken."""

CLEARLY_LEVEL = 1.15
"""The line below the middle slopes when turning it makes the steps between its rows so much larger."""

LINE_REACH = 0.66
"""The line below the middle lies within this share of the radius; beyond is the arc."""

BELOW_MIDDLE = (0.2, 0.62)
"""From where to where it stands, as shares of the radius: above is the star."""

SLOPE_WIDTH = 160
"""Pixels of the seal's width at which that is looked for: characters of 10 px."""

FRAMED_ROW = 0.85
"""A line may fill so much of a frame's height; nothing else stands in a frame."""

INSIDE_FRAME = 0.88
"""How much of an upright frame is looked at: its sides are no strokes of the writing."""

CHARACTER_GAP = 1.0
"""Characters of one line stand at most so many line heights apart."""

FOOT_REACH = 80
"""Degrees to either side of the bottom where the piece along the lower rim may stand."""


@dataclass(frozen=True, slots=True)
class Writing:
    """The writing of one seal as strips, one a line, black on white, the arc first."""

    strips: tuple[Layer, ...]


def laid_straight(layer: Layer, outline: Outline) -> Writing:
    """The writing on the seal of `layer` whose rim is `outline`."""
    if outline.shape in ("square", "rectangle"):
        framed = _upright(layer, outline, outline.to_layer, INSIDE_FRAME)
        return Writing(tuple(_rows(framed, highest=FRAMED_ROW, reach=1.0)))
    polar = _polar(layer, outline)
    inner, outer = _band(polar, BAND[outline.shape])
    ink = polar[round(inner * RADII) : round(outer * RADII)].mean(axis=0)
    top = _top(ink) if outline.shape == "round" else 0.0
    upright = outline.to_layer @ turned_by(np.radians(top))
    around = _Around(layer, outline, upright, inner, outer)
    left, right = _ends(np.roll(ink, -round(top)))
    strips = [around.strip(-left, right)]
    if outline.shape == "oval":
        strips.append(around.strip(180 - FOOT_REACH, 180 + FOOT_REACH, outward=True))
    across = _upright(layer, outline, upright)
    if outline.shape == "round" and (slope := _slope_of_line(across)):
        across = _upright(layer, outline, upright @ turned_by(np.radians(slope)))
    return Writing((*strips, *_rows(across)))


def _slope_of_line(seal: Layer) -> float:
    """Degrees clockwise by which the straight line below the middle of a round seal slopes, 0 for none.

    Where print fills the gap of the arc, the top is told wrongly by some degrees; the line tells it better:
    level, its ink lies on the fewest rows.
    """
    side = SLOPE_WIDTH
    ink = cv2.resize(255 - seal, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    v, u = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    ink[np.hypot(u, v) > LINE_REACH] = 0
    low, high = (round(side * (1 + share) / 2) for share in BELOW_MIDDLE)

    def level(degrees: float) -> float:
        turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), degrees, 1.0)
        rows = cv2.warpAffine(ink, turn, (side, side))[low:high].sum(axis=1)
        return float(np.square(np.diff(rows)).sum())

    levels = {degrees: level(degrees) for degrees in range(-MOST_SLOPE, MOST_SLOPE + 1, 2)}
    best = max(levels, key=levels.__getitem__)
    return float(best) if levels[best] > CLEARLY_LEVEL * levels[0] else 0.0


def _polar(layer: Layer, outline: Outline) -> npt.NDArray[np.float64]:
    """Ink by radius and direction, shape (RADII * 1.1, DIRECTIONS), 0 to 1."""
    radii = np.arange(round(RADII * 1.1)) / RADII
    angles = np.radians(np.arange(DIRECTIONS))
    unit = np.stack([np.sin(angles), -np.cos(angles)])
    xy = outline.to_layer @ unit
    x = (outline.centre[0] + radii[:, None] * xy[0]).astype(np.float32)
    y = (outline.centre[1] + radii[:, None] * xy[1]).astype(np.float32)
    return np.asarray(cv2.remap(layer, x, y, cv2.INTER_LINEAR), np.float64) / 255


def _band(polar: npt.NDArray[np.float64], usual: tuple[float, float]) -> tuple[float, float]:
    """From which radius to which the arc stands: inside the lines of the rim, inwards as far as it goes."""
    inked = (polar * 255 >= INKED).mean(axis=1)
    is_line = inked > LINE_SHARE
    is_line[: round(RIM_FROM * RADII)] = False
    outer = int(np.argmax(is_line)) - 1 if is_line.any() else round(usual[1] * RADII)
    smooth = np.convolve(inked, np.ones(FULL_RADII) / FULL_RADII, "same")
    fullest = round(usual[0] * RADII) + int(np.argmax(smooth[round(usual[0] * RADII) : outer]))
    inner, level = fullest, WRITING_SHARE * smooth[fullest]
    while inner > INNERMOST * RADII and inked[inner - 1] > level:
        inner -= 1
    while outer > fullest and inked[outer] > inked[outer - 1]:  # the rim's soft inner edge
        outer -= 1
    narrowest, widest = BAND_WIDTHS
    if not narrowest <= (outer - inner) / RADII <= widest:
        return usual
    return inner / RADII, (outer + 1) / RADII


def _smooth(ink: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Ink by direction, averaged over `window` degrees."""
    whole = np.concatenate([ink[-window:], ink, ink[:window]])
    return np.asarray(np.convolve(whole, np.ones(window) / window, "same")[window:-window])


def _top(ink: npt.NDArray[np.float64]) -> float:
    """Where the top of a round seal points, in degrees clockwise from the top of the page.

    Opposite the gap; where small numbers fill the gap, the side on which there is more ink, for a name is
    set evenly to both sides of the top.
    """
    smooth = _smooth(ink, GAP_WINDOW)
    free = smooth <= FREE * np.percentile(smooth, 80)
    if free.any() and not free.all():
        start = int(np.argmin(free))  # a direction that is not free, to begin with
        rolled = np.roll(free, -start).astype(int)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], rolled, [0]])))
        begins, ends = edges[::2], edges[1::2]
        widest = int(np.argmax(ends - begins))
        if ends[widest] - begins[widest] >= CLEAR_GAP:
            return float((begins[widest] + ends[widest]) / 2 + start + 180) % DIRECTIONS
    angles = np.radians(np.arange(DIRECTIONS))
    return float(np.degrees(np.arctan2(ink @ np.sin(angles), ink @ np.cos(angles)))) % DIRECTIONS


def _ends(ink: npt.NDArray[np.float64]) -> tuple[float, float]:
    """How far the arc reaches to the left and to the right of the top, in degrees."""
    inked = _smooth(ink, STROKE_WINDOW) > FREE * np.percentile(_smooth(ink, GAP_WINDOW), 80)
    return _reach(inked[::-1][:180]), _reach(inked[:180])


def _reach(inked: npt.NDArray[np.bool_]) -> float:
    """Where the last character before a gap ends, in degrees from the top."""
    places = np.flatnonzero(inked)
    if not len(places):
        return 0.0
    gaps = np.flatnonzero(np.diff(places, prepend=0) > END_GAP)
    last = places[gaps[0] - 1] if len(gaps) and gaps[0] else places[-1] if not len(gaps) else 0
    return min(180.0, float(last) + STROKE_WINDOW / 2)


@dataclass(frozen=True, slots=True)
class _Around:
    """Cuts strips out of the ring between two radii."""

    layer: Layer
    outline: Outline
    upright: npt.NDArray[np.float64]
    inner: float
    outer: float

    def strip(self, start: float, stop: float, *, outward: bool = False) -> Layer:
        """The ring from `start` to `stop` (degrees clockwise from the top of the upright seal).

        `outward` reads with the feet outwards and from left to right, as along the lower rim.
        """
        angles = np.radians(np.linspace(start, stop, 721))
        middle = (self.inner + self.outer) / 2 * self.upright @ np.stack([np.sin(angles), -np.cos(angles)])
        passed = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(middle, axis=1)))])
        spare = SPARE * (self.outer - self.inner)
        high = (self.outer - self.inner + 2 * spare) * float(np.mean(self.outline.half))
        width = max(STRIP, round(STRIP * passed[-1] / high))
        # Evenly along the ring, not by angle: else characters at the ends of an oval would be wide.
        even = np.interp(np.linspace(0, passed[-1], width), passed, angles)
        radii = np.linspace(self.outer + spare, self.inner - spare, STRIP)
        unit = self.upright @ np.stack([np.sin(even), -np.cos(even)])
        x = self.outline.centre[0] + radii[:, None] * unit[0]
        y = self.outline.centre[1] + radii[:, None] * unit[1]
        if outward:
            x, y = x[::-1, ::-1], y[::-1, ::-1]
        strip = cv2.remap(self.layer, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)
        strip[(radii[::-1] if outward else radii) > self.outer] = 0  # there lies the rim
        return np.asarray(255 - strip, np.uint8)


def _upright(
    layer: Layer, outline: Outline, upright: npt.NDArray[np.float64], inside: float = INSIDE
) -> Layer:
    """The seal turned upright, `INSIDE_WIDTH` pixels wide, without its rim."""
    height = round(INSIDE_WIDTH * outline.half[1] / outline.half[0])
    u, v = np.meshgrid(np.linspace(-inside, inside, INSIDE_WIDTH), np.linspace(-inside, inside, height))
    x = outline.centre[0] + upright[0, 0] * u + upright[0, 1] * v
    y = outline.centre[1] + upright[1, 0] * u + upright[1, 1] * v
    ink = cv2.remap(layer, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)
    if outline.shape in ("round", "oval"):
        ink[np.hypot(u, v) > INSIDE] = 0
    return np.asarray(255 - ink, np.uint8)


def _rows(seal: Layer, *, highest: float = HIGHEST_ROW, reach: float = ROW_REACH) -> Iterator[Layer]:
    """The straight lines of the upright seal, from top to bottom, each as far as its characters go on.

    A line is at most `highest` of the seal's height high and stands at most `reach` from its middle.
    """
    ink = (255 - seal).astype(np.float64) / 255
    height, width = ink.shape
    core = ink[:, round(width * (0.5 - CORE)) : round(width * (0.5 + CORE))].mean(axis=1)
    for start, stop in _stretches(core > ROW_INK):
        high = stop - start
        in_arc = abs((start + stop) / height - 1) > reach
        if in_arc or not LOWEST_ROW <= high / height <= highest:
            continue
        spare = round(SPARE * high)
        columns = ink[start:stop].max(axis=0) > 0.4
        left, right = _goes_on(columns, width // 2, CHARACTER_GAP * high)
        if right - left >= high:
            margin = round(high / 3)
            yield seal[max(0, start - spare) : stop + spare, max(0, left - margin) : right + margin]


def _stretches(inked: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _goes_on(columns: npt.NDArray[np.bool_], middle: int, gap: float) -> tuple[int, int]:
    """From where to where columns are inked around the middle, with no gap wider than `gap` between."""
    inked = np.flatnonzero(columns)
    if not len(inked):
        return middle, middle
    pieces = np.split(inked, np.flatnonzero(np.diff(inked) > gap) + 1)
    nearest = min(pieces, key=lambda piece: max(piece[0] - middle, middle - piece[-1]))
    return int(nearest[0]), int(nearest[-1]) + 1
