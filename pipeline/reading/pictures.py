"""What an upright page looks like, in a few bytes: made while its picture is at hand, for a few milliseconds.

The hash is the usual perceptual one (pHash: Zauner, "Implementation and Benchmarking of Perceptual Image Hash
Functions", 2010), taken of the part that carries print: a photo shows a rim of table, a scan the glass.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipeline.likeness import Likeness, sketch
from pipeline.model import Box, Image, Page

SIDE = 32
"""Pixels of the small picture whose frequencies are taken."""
LOWEST = 8
"""Frequencies kept in each direction: 64 signs."""


def with_likeness(page: Page) -> Page:
    """The page with its likeness; one without picture or words has none."""
    if page.image is None or not page.words:
        return page
    inside = Box.around(word.box for word in page.words)
    likeness = Likeness(picture_hash(page.image, inside), sketch(word.text for word in page.words))
    return replace(page, likeness=likeness.hex)


def picture_hash(image: Image, inside: Box) -> int:
    """64 bits: which of the lowest frequencies of the picture inside the box lie above their median.

    Args:
        image: Shape (H, W, 3), RGB.
        inside: The part that counts, in pixels; what of it lies beyond the picture is left out.
    """
    height, width = image.shape[:2]
    x0, y0 = max(0, min(int(inside.x0), width - 1)), max(0, min(int(inside.y0), height - 1))
    part = image[y0 : max(y0 + 1, int(inside.y1)), x0 : max(x0 + 1, int(inside.x1))]
    small = cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    lowest = cv2.dct(small.astype(np.float32))[:LOWEST, :LOWEST].flatten()
    signs = lowest > np.median(lowest[1:])  # the first is the mean light: it would move the median
    return int("".join("1" if sign else "0" for sign in signs), 2)
