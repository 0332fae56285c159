"""Lines of text as a detector gives them, and those that it ran together.

Detectors look for lines and see columns too: short cells set close below each other (5次, 5次, 5次 in a
column of dot-matrix print) come out as one box as high as three rows, which nothing can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image

Quad: TypeAlias = npt.NDArray[np.float32]
"""Shape (4, 2): the corners of a line, clockwise from the top left of its text, in pixels."""

STACK_HEIGHT = 2.0
"""A box so many times as high as the page's lines holds several rows, or print up the margin."""

MARGIN_WIDTH = 1.5
"""Print up the margin is narrower than so many line heights; rows of a stack are wider."""

FREE_ROW_INK = 0.12
"""Between two rows of print there is at most this share of the ink of the darkest row."""


def split_stacks(image: Image, lines: Sequence[Quad]) -> list[Quad]:
    """The lines, with boxes that hold several rows cut between the rows."""
    if not lines:
        return []
    usual = float(np.median([_height(line) for line in lines]))
    return [piece for line in lines for piece in _rows_of_stack(image, line, usual)]


def _height(line: Quad) -> float:
    return float(np.ptp(line[:, 1]))


def _rows_of_stack(image: Image, line: Quad, usual: float) -> list[Quad]:
    x0, y0 = np.floor(line.min(axis=0)).astype(int).clip(0)
    x1, y1 = np.ceil(line.max(axis=0)).astype(int)
    if y1 - y0 < STACK_HEIGHT * usual or x1 - x0 < MARGIN_WIDTH * usual:
        return [line]
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
    if grey.size == 0:
        return [line]
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    profile = ink.sum(axis=1, dtype=np.float64)
    printed = profile > FREE_ROW_INK * profile.max()
    starts = np.flatnonzero(printed & ~np.r_[False, printed[:-1]])
    stops = np.flatnonzero(printed & ~np.r_[printed[1:], False]) + 1
    rows = [(start, stop) for start, stop in zip(starts, stops, strict=True) if stop - start > usual / 3]
    if len(rows) < 2 or max(stop - start for start, stop in rows) > STACK_HEIGHT * usual:
        return [line]
    margin = usual / 8
    return [_box(x0, y0 + start - margin, x1, y0 + stop + margin) for start, stop in rows]


def _box(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
