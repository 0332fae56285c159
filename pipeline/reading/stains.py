"""How much of a seal lies over each word.

A seal hides strokes, and the recogniser is as sure of what is left as of a whole character: `3401617597` of
`34016175971190`. Red ink is told by its colour, so that black-and-white scans have no stains. Pre-printed
labels and rules are red on some forms too; a thin rule covers little of a word, a stamp's ring much.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image, Page, Word

LONG_SIDE = 1600
"""Pixels of the long side at which stains are looked for: strokes of a seal are a millimetre wide."""

REDDER = 28
"""How much red stands above green and blue, in levels of 255, at least."""

VIOLET = 10
"""How much red stands above green in purple ink, at least, in levels of 255: in blue ink it stands below."""

REACH = 1.0
"""Line heights to the left and right of a word that count with it: what a seal hid there was never a word."""


def with_stains(page: Page) -> Page:
    """The page with how far each recognised word is stained."""
    if page.image is None or not page.words:
        return page
    scale = min(1.0, LONG_SIDE / max(page.image.shape[:2]))
    sums = np.asarray(cv2.integral(red_ink(page.image, scale)), dtype=np.int32)
    return replace(page, words=tuple(_stained(word, sums, scale) for word in page.words))


def red_ink(image: Image, scale: float) -> npt.NDArray[np.uint8]:
    """1 where ink on `image` (H, W, 3 RGB) is red, else 0, at so many times its size."""
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    red, green, blue = cv2.split(small)
    others = cv2.max(green, blue)
    return np.asarray(cv2.subtract(red, others) > REDDER, dtype=np.uint8)


def seal_ink(image: Image, scale: float) -> npt.NDArray[np.uint8]:
    """1 where ink on `image` (H, W, 3 RGB) has the colour of a seal, red or purple, else 0."""
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    part = np.asarray(small, dtype=np.uint8)
    return np.asarray(cv2.bitwise_or(red_ink(part, 1.0), purple_ink(part)), dtype=np.uint8)


def purple_ink(image: Image) -> npt.NDArray[np.uint8]:
    """1 where ink on `image` (H, W, 3 RGB) is purple or blue-violet, as of office stamps, else 0.

    Pens and forms are blue: their red lies under their green.
    """
    red, green, blue = cv2.split(image)
    violet = (cv2.subtract(blue, green) > REDDER) & (cv2.subtract(red, green) > VIOLET)
    return violet.astype(np.uint8)


def _stained(word: Word, sums: npt.NDArray[np.int32], scale: float) -> Word:
    if word.origin != "ocr":
        return word
    box, reach = word.box, REACH * word.box.height
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    x0, x1 = (round(np.clip(x * scale, 0, width)) for x in (box.x0 - reach, box.x1 + reach))
    y0, y1 = (round(np.clip(y * scale, 0, height)) for y in (box.y0, box.y1))
    area = (x1 - x0) * (y1 - y0)
    if area <= 0:
        return word
    red = int(sums[y1, x1]) - int(sums[y0, x1]) - int(sums[y1, x0]) + int(sums[y0, x0])
    return replace(word, stained=round(red / area, 3))
