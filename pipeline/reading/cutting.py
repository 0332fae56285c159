"""Straight cuts through a sheet: where print leaves room for one, and what lies on its two sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.model import Box
from pipeline.reading.seams import Axis

Outline: TypeAlias = npt.NDArray[np.float64]
"""Corners of a convex part of a sheet, shape (N, 2), x and y in its pixels."""

MIDDLE = 0.5
"""So much of a box, across, is left out where a cut slants: a long word that lies askew is in a high box."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line from side to side of a sheet: where y, or x, is `at` plus `slope` for each pixel along."""

    axis: Axis
    slope: float
    at: float

    def before(self, x: float, y: float) -> float:
        """How far a point lies before the line, in pixels; below 0 behind it."""
        return self.at + self.slope * x - y if self.axis == "y" else self.at + self.slope * y - x


def gaps_between(
    boxes: Sequence[Box], axis: Axis, slope: float, least: float
) -> Iterator[tuple[float, float]]:
    """Where lines of a slope meet no box for at least so many pixels: `Line.at` of the first and the last."""
    spans = sorted(_span(box, axis, slope) for box in boxes)
    reached = spans[0][1]
    for start, stop in spans[1:]:
        if start - reached >= least:
            yield reached, start
        reached = max(reached, stop)


def clipped(cell: Outline, line: Line, sign: int) -> Outline:
    """The part of an outline before a line (`sign` 1) or behind it (-1).

    After Sutherland and Hodgman, Communications of the ACM 17 (1974).
    """
    before = [sign * line.before(x, y) for x, y in cell]
    corners = []
    for i, here in enumerate(cell):
        last = cell[i - 1]
        if (before[i] >= 0) != (before[i - 1] >= 0):
            share = before[i - 1] / (before[i - 1] - before[i])
            corners.append(last + share * (here - last))
        if before[i] >= 0:
            corners.append(here)
    return np.array(corners, np.float64).reshape(-1, 2)


def _span(box: Box, axis: Axis, slope: float) -> tuple[float, float]:
    """The first and the last `Line.at` at which a line of the slope meets the box."""
    low, high, ends = (box.y0, box.y1, (box.x0, box.x1))
    if axis == "x":
        low, high, ends = (box.x0, box.x1, (box.y0, box.y1))
    if slope:
        spare = MIDDLE * (high - low) / 2
        low, high = low + spare, high - spare
    moved = sorted(slope * end for end in ends)
    return low - moved[1], high - moved[0]
