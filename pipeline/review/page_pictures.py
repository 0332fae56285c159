"""A page as a person looks at it: its picture, turned as somebody turned it or without its seals; its words.

Pictures that differ from the one that is kept are made when they are asked for, and the last ones are kept in
memory: whoever peels a seal while a key is held does it again a moment later.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.records import FRACTION_PLACES
from pipeline.review.turning import turned_box, turned_size
from pipeline.seen_pages import PICTURE_QUALITY, packed
from pipeline.store.originals import Originals
from pipeline.store.pages import KeptPage, WordRow

THUMBNAIL_SIDE = 300
"""Pixels: the kind of a paper is told, its print is not."""

PICTURES_IN_MEMORY = 32
"""At about 80 kB each: those of the claims that a few people have on their desks."""


class WordsRecord(TypedDict):
    """The words on a page: each a list of its text, x0, y0, x1, y1 and its confidence.

    Boxes are fractions of the page as it lies now; width and height are its size in pixels.
    """

    width: int
    height: int
    words: list[list[str | float]]


def picture_of(originals: Originals, page: KeptPage, *, peeled: bool = False, small: bool = False) -> bytes:
    """The picture of a page, a WebP.

    Args:
        originals: Where pictures lie.
        page: The page.
        peeled: Whether the ink of seals is taken out.
        small: Whether a thumbnail is wanted.

    Raises:
        LookupError: If the page has no picture.
        StoreUnusable: If it is not where it should be.
    """
    if page.picture is None:
        raise LookupError(f"{page.number}: 这一页没有图像 / this page has no picture")
    with originals.open(page.picture) as file:
        kept = file.read()
    if small:
        return _thumbnail(kept, page.turned)
    return _made(kept, page.turned, peeled) if peeled or page.turned else kept


def words_of(page: KeptPage, words: Iterable[WordRow]) -> WordsRecord:
    """The words on a page as it lies now."""
    width, height = turned_size(page.width, page.height, page.turned)
    return {
        "width": width,
        "height": height,
        "words": [
            [text, *(round(edge, FRACTION_PLACES) for edge in _placed(page, box)), confidence]
            for text, *box, confidence in words
        ],
    }


def _placed(page: KeptPage, box: list[float]) -> list[float]:
    x0, y0, x1, y1 = box
    across, down = max(1, page.width), max(1, page.height)
    return turned_box([x0 / across, y0 / down, x1 / across, y1 / down], page.turned)


def _thumbnail(kept: bytes, turned: int) -> bytes:
    from PIL import Image as Pictures

    with Pictures.open(io.BytesIO(kept)) as picture:
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Pictures.Resampling.BOX)
        file = io.BytesIO()
        picture.rotate(-turned, expand=True).save(file, "WEBP", quality=PICTURE_QUALITY)
    return file.getvalue()


@lru_cache(maxsize=PICTURES_IN_MEMORY)
def _made(kept: bytes, turned: int, peeled: bool) -> bytes:
    import numpy as np
    from PIL import Image as Pictures

    from pipeline.reading.seals import find_stamps, peel

    image = np.asarray(Pictures.open(io.BytesIO(kept)).convert("RGB"))
    if peeled:
        image = peel(image, [stamp.box for stamp in find_stamps(image)])
    # NumPy turns the other way round.
    return packed(np.ascontiguousarray(np.rot90(image, -turned // 90)))
