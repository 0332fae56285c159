"""The print of one value as a picture, cut from the page that was kept while reading."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageDraw

from pipeline.model import AnyField, Box, Document
from pipeline.store.originals import Originals
from pipeline.store.pages import KeptPage

CLOSE: Final = 0.6
"""Of the value's height: the margin by which the print itself is cut out."""
WIDE: Final = 6.0
"""The same where one wants to see what stands around it."""
LEAST_HEIGHT: Final = 64
"""Pixels: smaller print is enlarged to it, so that it can be read without effort."""
FRAME: Final = (178, 58, 46)
"""RGB of the line around the value where more is shown: the red of our seal."""


class NoPicture(LookupError):
    """The value has no place, or its page no picture."""


def crop_of(
    originals: Originals, page: KeptPage, document: Document, field: AnyField, *, around: bool = False
) -> bytes:
    """A PNG of the print at a value's place.

    Args:
        originals: Where pictures lie.
        page: The page on which the value stands.
        document: Its paper: tells the frame in which the box is.
        field: The value.
        around: Whether to show what stands around it, with the place framed.

    Raises:
        NoPicture: If the value has no place, or the page no picture.
        StoreUnusable: If the picture is not where it should be.
    """
    if page.picture is None or field.box is None:
        raise NoPicture(f"{document.id}: 没有图像 / there is no picture")
    with originals.open(page.picture) as kept:
        picture = Image.open(io.BytesIO(kept.read())).convert("RGB")
    across, down = picture.width / max(1, page.width), picture.height / max(1, page.height)
    box = Box(field.box.x0 * across, field.box.y0 * down, field.box.x1 * across, field.box.y1 * down)
    room = box.height * (WIDE if around else CLOSE)
    left, top = max(0, round(box.x0 - room)), max(0, round(box.y0 - room))
    right = min(picture.width, max(left + 1, round(box.x1 + room)))
    bottom = min(picture.height, max(top + 1, round(box.y1 + room)))
    if around:
        line = max(2, round(box.height / 12))
        ImageDraw.Draw(picture).rectangle(
            (box.x0 - line * 2, box.y0 - line * 2, box.x1 + line * 2, box.y1 + line * 2),
            outline=FRAME,
            width=line,
        )
    cut = picture.crop((left, top, right, bottom))
    if not around and cut.height < LEAST_HEIGHT:
        scale = LEAST_HEIGHT / cut.height
        cut = cut.resize((max(1, round(cut.width * scale)), LEAST_HEIGHT), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    cut.save(packed, "PNG")
    return packed.getvalue()
