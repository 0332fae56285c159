"""Print on a picture, found without an OCR engine: runs of dark strokes, how sharp and strong each stands.

Strokes are darker than what lies around them within a character's size (black-hat), whatever the light; those
that follow each other closely along one direction are a run, about a word. Rules of tables are longer than
any stroke and are taken out. It works on a picture made small enough to take 0.2 s, whichever way it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image

Numbers = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8]

LOOKED_AT = 2000
"""Pixels of the long side at which print is looked for: characters of a bill on A4 are 18 high."""

COARSE = 4
"""Light and glare are looked at so many times smaller still."""

AROUND = 25
"""Pixels: wider than strokes, so that the black-hat leaves them and takes the paper and shadows away."""

OF_THE_DARKEST = 0.15
"""A stroke is at least so dark as a share of the picture's darkest: blurred strokes are 0.3 of sharp ones."""

ABOVE_NOISE = 2.0
"""And so many times the mean noise, so that the grain of a dark photo is no print."""

LEAST_DARK = 4.0
"""Levels of 255 below which JPEG leaves its own marks."""

LONGEST_STROKE = 90
"""Pixels; what is straight for longer is a rule of a table."""

GAP = 13
"""Pixels between the strokes of one run: less than a blank, more than between two characters."""

HEIGHTS = (5, 70)
"""Pixels that a run is high: from what nobody reads to a title."""

LENGTHS = (1.5, 40.0)
"""A run's length in heights; a seal or a photo is no run."""

FILLED = 0.3
"""Share of its box that a run's joined strokes fill at least."""

ON_PAPER = 0.5
"""The ground of print is at least so bright as the picture's bright part; a dark desk's grain is none."""

LEAST_CONTRAST = 0.1
"""Print differs from its ground by this share of the bright part's light; wood and clouds by 0.05."""

OVER_GRAIN = 3.0
"""And by so many times the mean noise."""

INK, GROUND, STEEPEST = 0.04, 0.92, 0.95
"""Quantiles over a run: the darkness of its ink, the light of its ground, the slope of its edges."""

SOFTENED = 0.8
"""Sigma in pixels by which grain is smoothed before slopes are taken."""

EDGE_OF_PIXELS = 2.6
"""Pixels that the edge of a perfectly sharp stroke takes, for pixels have a size and grain was smoothed."""

FLATTEST = 0.3
"""Levels a pixel: slopes below it are quantisation."""


@dataclass(frozen=True, slots=True)
class PrintMarks:
    """The runs of print on a picture, in pixels of the picture made small by `scale`.

    `boxes` has a row x, y, width, height a run, `heights` the size of its print, `contrasts` the levels
    between ink and ground, `grounds` the light of the ground. `edges` is how many pixels a stroke takes from
    dark to light beyond those of a sharp one, in the direction in which it takes longest. `grey` is the
    picture, `coarse` the same `COARSE` times smaller; `light` and `colour` (saturation, 0 to 1) are those of
    its bright part.
    """

    boxes: Numbers
    heights: Numbers
    contrasts: Numbers
    grounds: Numbers
    edges: Numbers
    noise: float
    light: float
    colour: float
    scale: float
    grey: Grey
    coarse: Grey

    @property
    def lengths(self) -> Numbers:
        """How long each run is, whichever way it lies."""
        return np.asarray(np.maximum(self.boxes[:, 2], self.boxes[:, 3]), np.float32)


def find_print(image: Image) -> PrintMarks:
    """The runs of print on `image`, shape (H, W, 3) RGB."""
    scale = min(1.0, LOOKED_AT / max(image.shape[:2]))
    # Grey before it is made small: one channel is reduced in a third of the time.
    whole = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    grey = _smaller(whole, scale)
    size = max(1, grey.shape[1] // COARSE), max(1, grey.shape[0] // COARSE)
    coarse = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    light = float(percentile(coarse, 90))
    soft = np.asarray(cv2.GaussianBlur(grey, (0, 0), SOFTENED), np.uint8)
    strokes, noise = _strokes(grey, soft)
    boxes, heights = _runs(strokes)
    measured = _measured(soft, boxes)
    contrasts, grounds, slopes = measured[:, 0], measured[:, 1], measured[:, 2]
    stands_out = (
        (grounds >= ON_PAPER * light)
        & (contrasts >= LEAST_CONTRAST * light)
        & (contrasts >= max(LEAST_DARK, OVER_GRAIN * noise))
    )
    widths = contrasts / np.maximum(FLATTEST, slopes)
    edges = np.sqrt(np.maximum(0.0, widths**2 - EDGE_OF_PIXELS**2))
    colour = _colour(image, coarse)
    return PrintMarks(
        boxes=boxes[stands_out],
        heights=heights[stands_out],
        contrasts=contrasts[stands_out],
        grounds=grounds[stands_out],
        edges=np.asarray(edges[stands_out], np.float32),
        noise=noise,
        light=light,
        colour=colour,
        scale=scale,
        grey=grey,
        coarse=coarse,
    )


def percentile(levels: Grey, percent: float) -> int:
    """The level that so many per cent of the pixels do not exceed; by counting, for sorting takes longer.

    >>> percentile(np.array([[1, 2], [3, 9]], np.uint8), 75)
    3
    """
    counts = cv2.calcHist([levels], [0], None, [256], [0, 256])
    return int(np.searchsorted(np.cumsum(counts, dtype=np.float64), levels.size * percent / 100))


def _smaller(grey: Grey, scale: float) -> Grey:
    if scale == 1:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _colour(image: Image, coarse: Grey) -> float:
    """The middle saturation of the brighter half, 0 to 1."""
    size = coarse.shape[1], coarse.shape[0]
    while image.shape[1] >= 2 * size[0] and image.shape[0] >= 2 * size[1]:
        # By a half first, for that takes OpenCV a tenth of the time of any other factor.
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[:, :, 1]
    return float(np.median(saturation[coarse >= np.median(coarse)])) / 255


def _strokes(grey: Grey, soft: Grey) -> tuple[Grey, float]:
    """Where strokes lie (0 or 1), without rules, and the mean noise beside them in levels."""
    darker = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, np.ones((AROUND, AROUND), np.uint8))
    least = max(LEAST_DARK, OF_THE_DARKEST * percentile(np.asarray(darker, np.uint8), 99.5))
    beside = np.asarray(darker <= least, np.uint8)
    noise = float(cv2.mean(cv2.absdiff(grey, cv2.medianBlur(grey, 3)), mask=beside)[0])
    strokes = np.asarray(darker > max(least, ABOVE_NOISE * noise), np.uint8)
    across, down = np.ones((1, LONGEST_STROKE), np.uint8), np.ones((LONGEST_STROKE, 1), np.uint8)
    rules = np.maximum(
        cv2.morphologyEx(strokes, cv2.MORPH_OPEN, across), cv2.morphologyEx(strokes, cv2.MORPH_OPEN, down)
    )
    strokes[np.asarray(cv2.dilate(rules, np.ones((3, 3), np.uint8))) > 0] = 0
    return strokes, noise


def _runs(strokes: Grey) -> tuple[Numbers, Numbers]:
    """The boxes of runs, and their heights, along the direction in which more of them lie."""
    found = []
    for along in (0, 1):
        reach = np.ones((1, GAP) if along == 0 else (GAP, 1), np.uint8)
        joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, reach)
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
        boxes = stats[1:].astype(np.float32)
        long, high = boxes[:, 2 + along], boxes[:, 3 - along]
        is_run = (high >= HEIGHTS[0]) & (high <= HEIGHTS[1]) & (boxes[:, 4] > FILLED * long * high)
        is_run &= (long >= LENGTHS[0] * high) & (long <= LENGTHS[1] * high)
        found.append((float(long[is_run].sum()), boxes[is_run, :4], high[is_run]))
    _, boxes, heights = max(found, key=lambda one: one[0])
    return boxes, heights


def _measured(soft: Grey, boxes: Numbers) -> Numbers:
    """Contrast, light of the ground and the gentler of the two slopes of each run, shape (N, 3)."""
    across, down = (
        np.asarray(np.abs(cv2.Sobel(soft, cv2.CV_32F, x, 1 - x, ksize=3)) / 8, np.float32) for x in (1, 0)
    )
    rows = []
    for x, y, width, height in boxes.astype(int).tolist():
        part = np.s_[y : y + height, x : x + width]
        ground = _quantile(soft[part], GROUND)
        slope = min(_quantile(across[part], STEEPEST), _quantile(down[part], STEEPEST))
        rows.append((ground - _quantile(soft[part], INK), ground, slope))
    return np.array(rows, np.float32).reshape(-1, 3)


def _quantile(part: npt.NDArray[np.uint8] | Numbers, share: float) -> float:
    """The value that so large a share lies below, without the interpolation of `np.quantile`."""
    place = int(part.size * share)
    return float(np.partition(part.ravel(), place)[place])
