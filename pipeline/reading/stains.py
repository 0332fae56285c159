"""How much of a seal lies over each word.

A seal hides strokes, and the recogniser is as sure of what is left as of a whole character: `3401617597` of
`34016175971190`. Red and purple ink are told by what they take from the light of the paper around them, so
that a yellow lamp makes no ink and black-and-white scans have no stains. Pre-printed labels and rules are red
on some forms too; a thin rule covers little of a word, a stamp's ring much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image, Page, Word

LONG_SIDE = 1600
"""Pixels of the long side at which stains are looked for: strokes of a seal are a millimetre wide."""

COLOURED = 0.11
"""Ink takes so much more of one colour of the paper's light than of another, at least."""

DEEP = 0.7
"""Of the colour that it leaves, ink takes less than this share of what it takes of the others: grey and brown
print and the violet-black ribbons of printers take nearly as much of each."""

VIOLET = 0.08
"""Violet ink takes more green than red, by so much of what it takes more of green than of blue; blue ink
takes more red (measured on drawn and real stamps: 0.14 and more; pens and blue forms: less than 0)."""

CRIMSON = 0.4
"""Ink is purple from this share on: how much more green than blue it takes, of how much more green than the
colour it takes least of. Crimson has 0.2, magenta 1."""

PAPER_STEP = 4
PAPER_REACH = 0.016
"""The paper around a pixel is the lightest within this share of the long side: 5 mm on A4, wider than the
strokes of a seal and narrower than a shadow. It is looked for in pictures so many times smaller."""

REACH = 1.0
"""Line heights to the left and right of a word that count with it: what a seal hid there was never a word."""


def with_stains(page: Page) -> Page:
    """The page with how far each recognised word is stained."""
    if page.image is None or not page.words:
        return page
    scale = min(1.0, LONG_SIDE / max(page.image.shape[:2]))
    inked = seal_ink(page.image, scale)
    sums = np.asarray(cv2.integral(inked), dtype=np.int32)
    return replace(page, words=tuple(_stained(word, sums, scale) for word in page.words))


@dataclass(frozen=True, slots=True)
class Inks:
    """Where a picture is inked in the colours of seals; each (H, W), 1 for ink and 0 else."""

    red: npt.NDArray[np.uint8]
    purple: npt.NDArray[np.uint8]

    @property
    def either(self) -> npt.NDArray[np.uint8]:
        """1 where ink is red or purple."""
        return np.asarray(cv2.bitwise_or(self.red, self.purple), np.uint8)


def seal_ink(image: Image, scale: float) -> npt.NDArray[np.uint8]:
    """1 where ink on `image` (H, W, 3 RGB) has the colour of a seal, red or purple, else 0.

    The picture is looked at at so many times its size (at most 1).
    """
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    return inks_on(np.asarray(small, np.uint8)).either


def inks_on(image: Image, least: float = COLOURED) -> Inks:
    """Where `image` (H, W, 3 RGB) is inked in red and in purple.

    `least` is how much more of one colour than of another the ink must take at least, as a share of the
    paper's light: a stamp with a dry pad takes half of `COLOURED`.
    """
    return colours_of(taken_from(image), least)


def colours_of(taken: npt.NDArray[np.float32], least: float = COLOURED) -> Inks:
    """The same of the light that ink takes (`taken_from`)."""
    red, green, blue = cv2.split(taken)
    others = cv2.min(green, blue)
    is_red = (others - red > least) & (red < DEEP * others)
    less_blue = green - blue
    is_purple = (less_blue > least) & (blue < DEEP * green) & (green - red > VIOLET * less_blue)
    # Crimson takes some more green than blue, and far less red.
    is_purple &= (green - cv2.min(red, blue)) * CRIMSON < less_blue
    return Inks((is_red & ~is_purple).astype(np.uint8), is_purple.astype(np.uint8))


def taken_from(image: Image) -> npt.NDArray[np.float32]:
    """The share of the paper's light that the ink on `image` takes, (H, W, 3) 0 to 1 for red, green, blue."""
    height, width = image.shape[:2]
    size = (max(1, width // PAPER_STEP), max(1, height // PAPER_STEP))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    reach = 2 * max(1, round(PAPER_REACH * max(size))) + 1
    lightest = cv2.blur(cv2.dilate(small, np.ones((reach, reach), np.uint8)), (reach, reach))
    paper = cv2.resize(lightest, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return np.asarray(np.clip(1 - image.astype(np.float32) / np.maximum(paper, 1), 0, 1), np.float32)


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
    inked = int(sums[y1, x1]) - int(sums[y0, x1]) - int(sums[y1, x0]) + int(sums[y0, x0])
    return replace(word, stained=round(inked / area, 3))
