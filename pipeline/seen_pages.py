"""What reading saw of each page, kept for people: its picture, upright, and the words on it.

A reading process writes both into a folder as soon as it has read the page, and whoever asked for the reading
takes them from there into the store. So a run that is killed finds what its predecessor saw beside what that
one read. Where several papers lie on one page they are told on the page as a whole, as the boxes of their
fields are: the picture is of the whole page and each paper's words are moved to where they lie on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import FolderUnusable
from pipeline.model import Image, Page

PICTURE_SIDE = 2000
"""Pixels of the long side at most: print of 6 pt on A4 is 15 px high, which a person reads without effort
when it is shown large."""
PICTURE_QUALITY = 60
PICTURE_EFFORT = 1
"""Of WebP, 0 to 100 and 0 to 6. Pages of the samples take 74 kB (95 % of them less than 134 kB) in 52 ms of a
core that others use too; effort 2 takes 62 kB in 61 ms, quality 75 takes 81 kB and shows no more of print."""

PICTURE, WORDS = ".webp", ".json"
PIXEL_PLACES = 1
CONFIDENCE_PLACES = 4

SeenWord: TypeAlias = tuple[str, float, float, float, float, float]
"""Text, x0, y0, x1, y1 in pixels of the page's frame, confidence."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page as it was seen.

    Attributes:
        sha256: Of its file, or of the file inside an archive.
        number: Of the page in the file, from 1.
        width: Of the frame in which words and boxes are told, in pixels; the picture may be smaller.
        height: Of the frame.
        picture: The file with its WebP; None where the page came without one (an XML has none).
        told: The file with its words.
    """

    sha256: str
    number: int
    width: int
    height: int
    picture: Path | None
    told: Path

    def words(self) -> Iterator[SeenWord]:
        """Those on all papers that lie on it, read anew each time: a stack has half a million."""
        for text, *rest in json.loads(self.told.read_bytes())["words"]:
            x0, y0, x1, y1, confidence = map(float, rest)
            yield text, x0, y0, x1, y1, confidence


def write_seen(folder: Path, sheet: Page, papers: Sequence[Page]) -> None:
    """Write what was seen of a page into a folder; what is there of the page is replaced.

    Args:
        folder: Where to.
        sheet: The page upright, with its picture where it has one.
        papers: The papers on it with their words: the page itself, or each that was cut out of it.

    Raises:
        FolderUnusable: If it cannot be written.
    """
    words = [word for paper in papers for word in _words_on_sheet(paper)]
    told = {"width": sheet.width, "height": sheet.height, "words": words}
    name = folder / f"{sheet.file.sha256}-{sheet.number}"
    try:
        if sheet.image is not None:
            _write_whole(name.with_suffix(PICTURE), packed(sheet.image))
        # Last, for it says that all of the page is there.
        _write_whole(name.with_suffix(WORDS), json.dumps(told, ensure_ascii=False).encode())
    except OSError as error:
        raise FolderUnusable(f"{folder}: 无法写入 / cannot be written: {error.strerror}") from error


def seen_in(folder: Path) -> Iterator[SeenPage]:
    """The pages that were written into a folder, one at a time, in the order of their files' hashes."""
    for file in sorted(folder.glob(f"*{WORDS}")):
        sha256, _, number = file.stem.partition("-")
        told = json.loads(file.read_bytes())
        picture = file.with_suffix(PICTURE)
        size = told["width"], told["height"]
        yield SeenPage(sha256, int(number), *size, picture if picture.exists() else None, file)


def packed(image: Image) -> bytes:
    """A picture, shape (H, W, 3) RGB, as a WebP whose long side is `PICTURE_SIDE` at most."""
    import io

    import cv2
    from PIL import Image as Pictures

    height, width = image.shape[:2]
    scale = min(1.0, PICTURE_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    file = io.BytesIO()
    # Pillow and not OpenCV, whose WebP takes three times as long: it knows no effort.
    Pictures.fromarray(small).save(file, "WEBP", quality=PICTURE_QUALITY, method=PICTURE_EFFORT)
    return file.getvalue()


def _words_on_sheet(paper: Page) -> Iterator[SeenWord]:
    for word in paper.words:
        box = word.box if paper.placement is None else paper.placement.on_sheet(word.box)
        x0, y0, x1, y1 = (round(float(edge), PIXEL_PLACES) for edge in (box.x0, box.y0, box.x1, box.y1))
        yield word.text, x0, y0, x1, y1, round(float(word.confidence), CONFIDENCE_PLACES)


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file that others find whole or not at all: two processes may write the same page."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(file)
