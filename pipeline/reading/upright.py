"""Pages set upright: quarter turns by evidence, then the small skew of a crooked feed.

The lines that OCR looks for anyway are the evidence. Lines of print are wider than high; when most are
higher than wide, the page lies on its side. Which of the two ways is told by reading: print that is
upside down reads badly. A page is turned only on a clear difference, because turning an upright page
does more harm than reading a turned one badly.

No sheet is looked for on its desk. Its edge was found on 18 of 50 drawn photos, and with the perspective of
that edge removed the lines ran clearly more level on 2, for folds and curls bend edges too. Uneven light is
left as well: evened out, 48 photos read as well as before (0.9907 and 0.9908 a character).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image, Matrix, Word
from pipeline.reading.lines import Quad
from pipeline.reading.stages import UNSEEN, Mark, Stages

READS_WELL = 0.9
"""Upright print reads above this, upside down below 0.75 (mean over real papers and their turns)."""

CLEARLY_BETTER = 0.1
"""By so much another turn must read better than the first choice before it is taken."""

PROBE_LINES = 8
"""Lines read to try a turn: the widest, for they hold the most print."""

TELLING = 1.5
"""A line tells which way print runs when it is so many times as long as high; a lone digit stands."""

HALF = 0.5
"""From this share of lying lines on a page stands or is upside down."""

CLEAR = 0.75
"""With so much of the lines on one side nobody asks further. Of 300 turned pages three had less, two of them
patterns of stripes with three lines of print."""

MIN_SKEW_DEGREES = 0.25
MAX_SKEW_DEGREES = 20.0
"""Below the first a correction gains nothing; above the second lines are slanted on purpose."""


def share_lying(lines: Sequence[Quad]) -> float:
    """How much of the lines, by their length, lies rather than stands, 0 to 1; 1 where there are none."""
    wide = high = 0.0
    for line in lines:
        width, height = (float(side) for side in np.ptp(line, axis=0))
        if width >= TELLING * height:
            wide += width
        elif height >= TELLING * width:
            high += height
    return wide / (wide + high) if wide + high else 1.0


def likely_turns(lines: Sequence[Quad]) -> tuple[int, ...]:
    """Quarter turns clockwise that would make the page upright, the likeliest first."""
    return (0, 2) if share_lying(lines) >= HALF else (1, 3)


def is_clear(share: float) -> bool:
    """Whether a share of lying lines tells that the page stands, or that it lies on its side."""
    return max(share, 1 - share) >= CLEAR


def lying_print(words: Sequence[Word]) -> float:
    """How much print was read on lines that lie: letters, each as far as it is sure."""
    lying = [word for word in words if word.box.width >= word.box.height]
    return sum(word.confidence * len(word.text) for word in lying)


def turned(image: Image, quarter_turns: int) -> Image:
    """The image turned clockwise."""
    return np.ascontiguousarray(np.rot90(image, k=-quarter_turns)) if quarter_turns else image


def turned_with(image: Image, lines: Sequence[Quad], quarter_turns: int) -> tuple[Image, list[Quad]]:
    """The image turned clockwise and the lines found on it, each from what is its top left now."""
    moved = list(lines)
    height, width = image.shape[:2]
    for _ in range(quarter_turns):
        moved = [np.roll(np.c_[height - line[:, 1], line[:, 0]], 1, axis=0) for line in moved]
        height, width = width, height
    if quarter_turns:
        moved = [_from_its_left(line) for line in moved]
    return turned(image, quarter_turns), [line.astype(np.float32) for line in moved]


def _from_its_left(line: Quad) -> Quad:
    """A line that lies, from its top left; detectors begin one that stands askew at either of its ends."""
    width, height = np.ptp(line, axis=0)
    if width < height:
        return line
    rightwards = np.roll(line, -1, axis=0)[:, 0] - line[:, 0]
    return np.roll(line, -int(np.argmax(rightwards)), axis=0)


def readability(words: Sequence[Word]) -> float:
    """How well print was read: the mean confidence of a character, 0 to 1."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0


def widest(lines: Sequence[Quad]) -> list[int]:
    """Which lines to probe a turn with, whichever way they run."""
    lengths = [float(np.ptp(line, axis=0).max()) for line in lines]
    return sorted(range(len(lines)), key=lambda i: -lengths[i])[:PROBE_LINES]


def skew_degrees(lines: Sequence[Quad]) -> float:
    """The angle by which lines fall (positive) or rise to the right: the median, weighted by length."""
    angles, weights = [], []
    for line in lines:
        along = (line[1] - line[0]) + (line[2] - line[3])
        length = float(np.hypot(*along)) / 2
        across = float(np.linalg.norm(line[3] - line[0]))
        if length < 4 * across:
            continue  # short lines have no direction to speak of
        angles.append(float(np.degrees(np.arctan2(along[1], along[0]))))
        weights.append(length)
    if len(angles) < 3:
        return 0.0
    order = np.argsort(angles)
    total = np.cumsum(np.array(weights)[order])
    angle = angles[order[int(np.searchsorted(total, total[-1] / 2))]]
    return angle if abs(angle) <= MAX_SKEW_DEGREES else 0.0


def way_back(size: tuple[int, int], quarter_turns: int, angle: float) -> Matrix:
    """What takes pixels of a page turned and deskewed to those of the page as it was.

    Args:
        size: Width and height of the page as it was, in pixels.
        quarter_turns: Clockwise, as in `turned`.
        angle: The skew that `deskewed` took out, in degrees; 0 for none.
    """
    width, height = size
    back = np.eye(3)
    for _ in range(quarter_turns):
        back = back @ np.array([[0, 1, 0], [-1, 0, height], [0, 0, 1]], dtype=np.float64)
        width, height = height, width
    if abs(angle) >= MIN_SKEW_DEGREES:
        back = back @ np.linalg.inv(np.vstack([_rotation(width, height, angle), [0, 0, 1]]))
    return cast("Matrix", tuple(tuple(float(part) for part in row) for row in back))


def deskewed(image: Image, lines: Sequence[Quad], stages: Stages = UNSEEN) -> tuple[Image, list[Quad]]:
    """Image and lines turned back by the skew of the lines, about the centre; the size stays."""
    angle = skew_degrees(lines)
    if abs(angle) < MIN_SKEW_DEGREES:
        note = f"各行倾斜 {angle:.2f}°：不必扶正 / lines fall by {angle:.2f}°: left as it is"
        stages.show("deskewed", note, image)
        return image, list(lines)
    height, width = image.shape[:2]
    transform = _rotation(width, height, angle)
    warped = cv2.warpAffine(
        image, transform, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    straight = np.asarray(warped, dtype=np.uint8)
    moved = [np.asarray(np.c_[line, np.ones(4)] @ transform.T, dtype=np.float32) for line in lines]
    note = f"各行倾斜 {angle:.2f}°，已扶正 / lines fell by {angle:.2f}°, set straight"
    stages.show("deskewed", note, straight, [Mark(line) for line in moved])
    return straight, moved


def _rotation(width: int, height: int, angle: float) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), dtype=np.float64)
