"""What decoding gives: the pages of a window of one file, and where their pictures lie.

`Opened` is what a decoder hands on inside the child, one page at a time; `Decoded` is what comes out of
the child: pages without their pictures, which lie in files beside them (`pipeline.reading.spool`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from pipeline.errors import UnreadableFile
from pipeline.model import Image, Page, SourceFile, Unread

Kind: TypeAlias = Literal[
    "jpeg", "png", "webp", "bmp", "gif", "tiff", "heif", "avif", "pdf", "ofd", "xml", "zip"
]
"""What the first bytes say a file is; never its extension."""


@dataclass(frozen=True, slots=True)
class Window:
    """The pages of a file to decode in one call, counted from 1.

    >>> list(Window(first_page=17, max_pages=16).numbers(page_count=18))
    [17, 18]
    """

    first_page: int = 1
    max_pages: int = 16

    def __post_init__(self) -> None:
        if self.first_page < 1 or self.max_pages < 1:
            raise ValueError(f"no such window: {self.first_page, self.max_pages}")

    def numbers(self, page_count: int) -> range:
        """The page numbers of the window that a file of `page_count` pages has."""
        return range(self.first_page, min(page_count, self.first_page + self.max_pages - 1) + 1)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file in the hands of its decoder.

    `pages` gives each page of the window with its picture, or the error that page alone ends in; it is
    read once and holds one page at a time. `notes` say what a reader should know of the whole file.
    """

    kind: Kind
    page_count: int
    pages: Iterator[Page | UnreadableFile]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpooledPage:
    """A page whose picture lies in `image_file` (None where it has none), shape (H, W, 3) uint8 RGB."""

    page: Page
    image_file: Path | None

    def load(self) -> Page:
        """The page with its picture, mapped from the file and read-only."""
        return replace(self.page, image=load_image(self.image_file)) if self.image_file else self.page


@dataclass(frozen=True, slots=True)
class Decoded:
    """A window of a file, decoded. A ZIP has no pages of its own: `unpack` it.

    `unread` are the pages of the window that could not be decoded; the others are there.
    """

    kind: Kind
    page_count: int
    pages: tuple[SpooledPage, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A file out of a ZIP: what it is called (`archive.zip!inner.jpg`) and where it lies now."""

    file: SourceFile
    path: Path


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A ZIP, unpacked: the files that can be read, and those that cannot with the reason for each."""

    members: tuple[Member, ...] = ()
    unread: tuple[Unread, ...] = field(default=())


def load_image(path: Path) -> Image:
    """The picture in `path`, shape (H, W, 3) uint8 RGB, mapped into memory and read-only.

    The mapping stays good when the file is deleted meanwhile (not on Windows).
    """
    import numpy as np

    image: Image = np.load(path, mmap_mode="r", allow_pickle=False)
    return image
