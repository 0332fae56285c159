"""Seams: where one paper ends and another begins, and whether the ground that they lie on shows between them.

The edge of a paper is a line or a step of grey that runs straight from one of its sides to the other, past
all print. Rules of a table are lines too, but they end with the table: what lies beside the print tells
the two apart. A seam may slant by a few degrees, because papers on one sheet are laid by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image

Grey: TypeAlias = npt.NDArray[np.uint8]
Axis: TypeAlias = Literal["x", "y"]
"""Along which things follow each other: `y` for one above the other, `x` for side by side."""

LONG_SIDE = 1400
"""Pixels of the long side at which seams are looked for: the shadow of an edge is a fifth of a millimetre,
and A4 has five pixels a millimetre here."""

MARGIN = 0.02
"""Of the long side: so far past the print on both sides a seam goes on (6 mm of A4)."""

STEP = 3
"""Levels of grey are compared over so many pixels, so that a blurred edge counts too."""

LEAST_CONTRAST = 5.0
"""Levels of grey by which an edge differs from its paper, at least; JPEG and grain stay under it when
smoothed along the seam."""

OVERLAP = 2 * STEP
"""The gap is taken wider by so many pixels at either side: boxes of print reach over the edge of a paper."""

SMOOTHED = 9
"""Grey is averaged over so many pixels along the seam: grain goes, an edge stays."""

ALONG, PAST, LIKELY_PAST = 0.95, 0.75, 0.55
"""What the edge of a paper reaches at least: of 150 on drawn sheets nearly all have 1.0 and 1.0, the rest no
less than these; rules of tables reach 0.96 along but 0.36 past. Folds and the line under a letterhead reach
both, so a seam alone parts nothing (`pipeline.sheets`). Between two papers on a black desk no more than 0.64
past was seen: enough between two titles."""

GROUND_CONTRAST = 25.0
"""Levels of grey by which a desk differs from the papers on it, both the same way, at least: between papers
on a drawn wooden desk it is 110 and more. Glass is as white as paper: nothing is told there."""

GROUND_WIDTH = 4
"""Pixels across that a strip of ground has at least, at `LONG_SIDE`: 0.9 mm; the rule of a table has less."""

STEEPEST, SLOPES = 0.06, 25
"""Rise of a seam for a pixel along, at most (3.4 degrees), and how many slants are tried."""


def small_grey(image: Image) -> tuple[Grey, float]:
    """The image (H, W, 3 RGB) in grey, its long side at most `LONG_SIDE`, and how far it was reduced.

    Green stands for grey: red seals keep their darkness, and one channel is reduced in a third of the time.
    """
    scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
    green = np.ascontiguousarray(image[:, :, 1])
    if scale < 1:
        green = np.asarray(cv2.resize(green, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return green.astype(np.uint8, copy=False), scale


@dataclass(frozen=True, slots=True)
class Seam:
    """The straight line in a gap that looks most like the edge of a paper.

    `along` is how much of the gap's length it runs along and `past` how much of the margins beyond the
    print, 0 to 1; `at` is where it crosses the middle of the gap, in pixels across it.
    """

    along: float
    past: float
    at: float

    @property
    def is_edge(self) -> bool:
        """Whether it is the edge of a paper, as far as a line can tell."""
        return self.runs_along and self.past >= PAST

    @property
    def is_likely(self) -> bool:
        """Whether it may be one, where more speaks for it than a line."""
        return self.runs_along and self.past >= LIKELY_PAST

    @property
    def runs_along(self) -> bool:
        """Whether it runs along all print, however far past it."""
        return self.along >= ALONG


def seam_in(grey: Grey, gap: Box, axis: Axis, *, goes_on: bool = True) -> Seam | None:
    """The best seam in a gap; None where no line runs from end to end.

    Args:
        grey: Shape (H, W) uint8, the page.
        gap: What lies between the print of two papers, as long as the print of the wider one, in pixels
            of `grey`.
        axis: Which way the two follow each other.
        goes_on: Whether the papers are looked at past their print; where ground begins there they are not.
    """
    if axis == "x":
        grey, gap = np.ascontiguousarray(grey.T), Box(gap.y0, gap.x0, gap.y1, gap.x1)
    height, width = grey.shape
    margin = round(MARGIN * max(grey.shape)) if goes_on else 0
    left, right = max(0, round(gap.x0) - margin), min(width, round(gap.x1) + margin)
    top, bottom = max(0, round(gap.y0) - OVERLAP), min(height, round(gap.y1) + OVERLAP)
    if bottom - top <= 2 * STEP:
        return None
    edge = _edges(cv2.blur(grey[top:bottom, left:right], (SMOOTHED, 1)).astype(np.float32))
    if edge.any(axis=0).mean() < ALONG:
        return None  # no line, whatever its slant
    past = np.r_[:margin, edge.shape[1] - margin : edge.shape[1]]
    columns = np.arange(edge.shape[1])
    best = Seam(0.0, 0.0, 0.0)
    for slope in np.linspace(-STEEPEST, STEEPEST, SLOPES):
        shift = np.round((columns - columns[-1] / 2) * slope).astype(int)
        rows = np.arange(edge.shape[0])[:, None] + shift[None, :]
        inside = (rows >= 0) & (rows < edge.shape[0])
        on_edge = edge[np.clip(rows, 0, edge.shape[0] - 1), columns[None, :]] & inside
        along = on_edge.mean(axis=1)
        row = int(along.argmax())
        found = Seam(
            float(along[row]), float(on_edge[row, past].mean()) if goes_on else 0.0, float(top + STEP + row)
        )
        best = max(best, found, key=lambda seam: (seam.along, seam.past))
    return best


def shows_ground(grey: Grey, gap: Box, axis: Axis) -> bool:
    """Whether a strip of ground runs between two papers, all along their print.

    Papers with narrow margins, laid askew, have no edge that runs straight past their print; what lies under
    them is seen between them all the same.

    Args:
        grey: Shape (H, W) uint8, the page.
        gap: What lies between the print of two papers, as in `seam_in`.
        axis: Which way the two follow each other.
    """
    if axis == "x":
        grey, gap = np.ascontiguousarray(grey.T), Box(gap.y0, gap.x0, gap.y1, gap.x1)
    strip = grey[max(0, round(gap.y0)) : round(gap.y1), max(0, round(gap.x0)) : round(gap.x1)]
    if strip.shape[0] <= 2 * STEP + GROUND_WIDTH or not strip.shape[1]:
        return False
    smooth = cv2.blur(strip, (SMOOTHED, 1)).astype(np.float32)
    papers = float(np.median(smooth[:STEP])), float(np.median(smooth[-STEP:]))
    for ground in (smooth < min(papers) - GROUND_CONTRAST, smooth > max(papers) + GROUND_CONTRAST):
        wide = cv2.erode(ground.astype(np.uint8), np.ones((GROUND_WIDTH, 1), np.uint8), borderValue=(0,))
        if wide.any(axis=0).mean() >= ALONG:
            return True
    return False


def _edges(strip: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Where the strip (rows, columns) has a step or a dark line across, a row to either side allowed."""
    before, here, after = strip[: -2 * STEP], strip[STEP:-STEP], strip[2 * STEP :]
    step = np.abs(after - before)
    line = np.minimum(before, after) - here
    found = (np.maximum(step, line) > LEAST_CONTRAST).astype(np.uint8)
    return np.asarray(cv2.dilate(found, np.ones((3, 1), np.uint8)), dtype=bool)
