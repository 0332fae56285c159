"""Places on a picture: outlines in the colour of how sure their reading is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from pipeline.model import Image
from pipeline.reading.stages import Mark

LONG_SIDE = 1400
"""Pixels of a picture's long side: print of a page is just readable, and a page of pictures stays small."""

QUALITY = 80
"""Of the JPEG; below it thin outlines fray."""

Colour: TypeAlias = tuple[int, int, int]

PLACE: Colour = (36, 110, 200)
SURE: Colour = (30, 150, 90)
DOUBTED: Colour = (220, 140, 20)
UNSURE: Colour = (205, 50, 40)
"""Blue where there is nothing to be sure of, else green, amber and red (RGB)."""

SURE_FROM, DOUBTED_FROM = 0.95, 0.8
"""Confidence from which a place is green, and amber."""

THICKNESS = 2


def colour_of(sure: float | None) -> Colour:
    """The colour of a confidence.

    >>> colour_of(0.99) == SURE, colour_of(0.5) == UNSURE
    (True, True)
    """
    if sure is None:
        return PLACE
    if sure >= SURE_FROM:
        return SURE
    return DOUBTED if sure >= DOUBTED_FROM else UNSURE


def scale_of(image: Image) -> float:
    """By how much a picture (H, W, 3) is made smaller to be shown."""
    return min(1.0, LONG_SIDE / float(max(image.shape[:2])))


def drawn(image: Image, marks: Sequence[Mark]) -> Image:
    """The picture as it is shown: smaller, with its marks outlined."""
    scale = scale_of(image)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for mark in marks:
        corners = np.rint(mark.corners * scale).astype(np.int32)
        cv2.polylines(small, [corners], isClosed=True, color=colour_of(mark.sure), thickness=THICKNESS)
    return np.asarray(small, dtype=np.uint8)


def jpeg(image: Image) -> bytes:
    """The picture (H, W, 3 RGB) as the bytes of a JPEG file."""
    _, packed = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return packed.tobytes()
