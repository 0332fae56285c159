"""Pictures from the child to its caller: as files, for pixels in pickles cost both sides a copy.

Plain .npy: an A4 page at 300 dpi is written in 15 ms and mapped in none; any packing costs more than
the OCR process saves.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import UnreadableFile
from pipeline.model import Page, SourceFile, Unread
from pipeline.reading.decoded import Decoded, Opened, SpooledPage
from pipeline.reading.refusal import empty, unread


def spool(opened: Opened, file: SourceFile, folder: Path) -> Decoded:
    """Decode the pages of `opened` one by one, their pictures written into `folder`.

    Raises:
        UnreadableFile: If the file has no page, or a file's every page is unreadable.
    """
    if opened.kind == "zip":
        return Decoded("zip", 0, notes=opened.notes)
    if opened.page_count == 0:
        raise empty(file, "文件里没有页面", "the file holds no page")
    pages: list[SpooledPage] = []
    failed: list[Unread] = []
    for page in opened.pages:
        if not isinstance(page, UnreadableFile):
            pages.append(_spooled(page, folder))
        elif opened.page_count == 1:
            raise page
        else:
            failed.append(unread(page, file))
    if len(failed) == opened.page_count:
        raise UnreadableFile(failed[0].code, failed[0].message)
    return Decoded(opened.kind, opened.page_count, tuple(pages), tuple(failed), opened.notes)


def _spooled(page: Page, folder: Path) -> SpooledPage:
    if page.image is None:
        return SpooledPage(page, None)
    # A name of its own: two copies of one upload may be under way, and a file in use must not change.
    prefix = f"{page.file.sha256[:16]}-{page.number:05d}-"
    with tempfile.NamedTemporaryFile(dir=folder, prefix=prefix, suffix=".npy", delete=False) as stream:
        np.save(stream, page.image, allow_pickle=False)
    return SpooledPage(replace(page, image=None), Path(stream.name))
