"""The outline of a seal and its writing laid straight: the arc unrolled, the lines inside set upright.

Writing on a seal runs clockwise along the rim with its feet inwards and leaves a gap at the bottom; a second,
shorter piece may stand upright along the lower rim; what the seal is for stands in straight lines inside.
The rim is an ellipse (a circle seen at a slant is one too) or a rectangle. An oval seal is upright along its
longer axis; a round one says by its gap how it was turned when it was pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import SealShape

Layer = npt.NDArray[np.uint8]
"""Shape (H, W): the ink of a seal alone, 0 for paper to 255 for full ink."""

INKED = 96
"""From this level on a pixel of a layer is ink."""

RAYS = 120
"""Directions from the middle in which the rim is looked for: one every 3 degrees."""

FITS = 4
"""Times an ellipse is fitted; each time what lies off the last one (a rule, a label) is left out."""

OFF_RIM = 0.06
"""What lies further from the ellipse than this share of its radius is none of its rim."""

MARGIN = 0.06
"""Paper around a seal that is cut out with it, as a share of its longer side: its rim may be worn."""

NEAR_START = 0.12
"""A rim that was seen on a small picture lies so near to where it was seen, as a share of its radius."""

RIM_SUPPORT = 0.6
"""The rim must be inked in so many of all directions; worn real seals keep 0.75, printed labels reach 0.4."""

SIDE_SUPPORT = 0.7
"""Likewise for the sides of a rectangle."""

RIM_SPAN = 0.45
"""A rim spans so much of the place where colour was seen, at least; a smaller ring is a letter O."""

ROUND_FROM = 0.87
"""The shorter axis of a round seal is at least so much of the longer one, seen at a slant."""

SQUARE_FROM = 0.85

FLATTEST = 0.4
"""No seal is flatter than that: a line of coloured print is."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a seal lies in its layer.

    `to_layer` (2, 2) takes the upright seal, whose half width and half height are 1, to pixels around
    `centre`; `half` are the half width and half height of the upright seal in pixels.
    """

    shape: SealShape
    centre: npt.NDArray[np.float64]
    to_layer: npt.NDArray[np.float64]
    half: tuple[float, float]
    support: float
    """Share of the rim that is inked, 0 to 1."""


def outline_of(layer: Layer) -> Outline | None:
    """The rim of the seal on `layer`, or None where what lies there has no rim."""
    ink = layer >= INKED
    if ink.sum() < RAYS:
        return None
    # A rule or a label of the form's own colour may touch the seal: its rim is then one piece of the ink.
    pieces = (ink, _largest_piece(ink))
    rims = [rim for piece in pieces if (rim := _elliptic(piece)) is not None]
    # Another seal may lie across it: the rim is then the one that fills the cutting.
    if (rim := _elliptic(ink, _filling(ink.shape))) is not None:
        rims.append(rim)
    wide = [rim for rim in rims if 2 * max(rim.half) >= RIM_SPAN * max(layer.shape)]
    best = max(wide, key=lambda rim: rim.support, default=None)
    if best is not None and best.support >= RIM_SUPPORT:
        return best
    return _rectangular(ink)


def _largest_piece(ink: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of the pieces of ink that hang together the one that spans most."""
    thick = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(thick)
    spans = stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]
    return np.asarray(ink & (labels == 1 + int(np.argmax(spans))))


def within(outline: Outline, size: tuple[int, int], reach: float) -> npt.NDArray[np.bool_]:
    """Which pixels of a picture of `size` (height, width) lie within `reach` of the outline; 1 is its rim."""
    y, x = np.mgrid[: size[0], : size[1]]
    away = np.stack([x - outline.centre[0], y - outline.centre[1]], axis=-1)
    away = away @ np.linalg.inv(outline.to_layer).T
    if outline.shape in ("round", "oval"):
        return np.asarray(np.hypot(away[..., 0], away[..., 1]) <= reach)
    return np.asarray(np.abs(away).max(axis=-1) <= reach)


def _filling(size: tuple[int, ...]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middle and matrix of the upright ellipse that fills a cutting of `size` but for its margin."""
    height, width = size
    half = np.array([width, height]) / 2
    return half, np.diag(half / (1 + 2 * MARGIN))


def _elliptic(
    ink: npt.NDArray[np.bool_],
    start: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> Outline | None:
    """The ellipse that the ink outlines; looked for near `start`, if given, else around all of the ink."""
    rows, columns = np.nonzero(ink)
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    if start is None:
        hull = cv2.convexHull(points.astype(np.float32))[:, 0]
        centre = (hull.min(axis=0) + hull.max(axis=0)).astype(np.float64) / 2
        edge = _outermost(points, centre)
    else:
        centre, to_layer = start
        radii = np.linalg.norm((points - centre) @ np.linalg.inv(to_layer).T, axis=1)
        edge = _outermost(points[np.abs(radii - 1) <= NEAR_START], centre)
    for _ in range(FITS):
        if len(edge) < 6:
            return None
        middle, axes, degrees = cv2.fitEllipseDirect(edge.astype(np.float32))
        if not np.all(np.isfinite([*middle, *axes, degrees])) or min(axes) < FLATTEST * max(axes):
            return None
        to_layer = _ellipse(axes, degrees)
        centre = np.asarray(middle, np.float64)
        radii = np.linalg.norm((points - centre) @ np.linalg.inv(to_layer).T, axis=1)
        near = points[np.abs(radii - 1) <= OFF_RIM]
        edge = _outermost(near, centre) if len(near) else near
    support = len(edge) / RAYS
    width, height = max(axes) / 2, min(axes) / 2
    if height >= ROUND_FROM * width:
        half = (width + height) / 2
        return Outline("round", centre, to_layer, (half, half), support)
    return Outline("oval", centre, to_layer @ turned_by(_slope(to_layer)), (width, height), support)


def _outermost(points: npt.NDArray[np.float64], centre: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of the points in each direction from the centre the one that lies farthest out."""
    away = points - centre
    ray = ((np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi) + 0.5) * RAYS).astype(int) % RAYS
    order = np.lexsort((-np.hypot(away[:, 0], away[:, 1]), ray))
    _, first = np.unique(ray[order], return_index=True)
    return np.asarray(points[order[first]], np.float64)


def _ellipse(axes: Sequence[float], degrees: float) -> npt.NDArray[np.float64]:
    """The symmetric matrix that takes the unit circle to the ellipse."""
    turn = turned_by(np.radians(degrees))
    return np.asarray(turn @ np.diag([axes[0] / 2, axes[1] / 2]) @ turn.T, np.float64)


def turned_by(radians: float) -> npt.NDArray[np.float64]:
    """A turn clockwise, y pointing down."""
    cos, sin = np.cos(radians), np.sin(radians)
    return np.asarray([[cos, -sin], [sin, cos]], np.float64)


def _slope(ellipse: npt.NDArray[np.float64]) -> float:
    """The direction of the longer axis in radians, from -pi/2 to pi/2: seals are not pressed upside down."""
    x, y = np.linalg.eigh(ellipse)[1][:, 1]
    return float(np.arctan2(y, x) if x > 0 else np.arctan2(-y, -x))


def _rectangular(ink: npt.NDArray[np.bool_]) -> Outline | None:
    rows, columns = np.nonzero(ink)
    points = np.stack([columns, rows], axis=1).astype(np.float32)
    corners = cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float64)
    sides = sorted((corners[1] - corners[0], corners[2] - corners[1]), key=lambda side: -abs(side[0]))
    level, upright = (side if max(side, key=abs) > 0 else -side for side in sides)
    width, height = float(np.hypot(*level)), float(np.hypot(*upright))
    if min(width, height) < FLATTEST * max(width, height):
        return None
    centre, to_layer = corners.mean(axis=0), np.stack([level, upright], axis=1) / 2
    local = np.abs((points - centre) @ np.linalg.inv(to_layer).T)
    support = min(_inked_side(local), _inked_side(local[:, ::-1]))
    if support < SIDE_SUPPORT:
        return None
    shape: SealShape = "square" if min(width, height) >= SQUARE_FROM * max(width, height) else "rectangle"
    return Outline(shape, centre, to_layer, (width / 2, height / 2), support)


def _inked_side(local: npt.NDArray[np.float64]) -> float:
    """The share of the sides left and right that is inked; `local`: distances from the middle, 1 the edge."""
    places = local[np.abs(local[:, 0] - 1) <= OFF_RIM, 1]
    return len(np.unique((places * RAYS / 4).astype(int))) / (RAYS / 4)
