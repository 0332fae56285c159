"""A whole file, window by window, the next one decoded while the caller works on this one.

A page that kills its child takes its window along. The window's pages are then tried one by one, so that
one bad page of a long file costs that page; what is lost on such pages in one file is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile, Unread
from pipeline.reading.decoded import Decoded, Kind, SpooledPage, Window
from pipeline.reading.open_file import HEAD_BYTES, kind_of_head
from pipeline.reading.refusal import unread
from pipeline.reading.sandbox import Sandbox

PAGES_A_WINDOW = 16
KILLED = frozenset({"crashed", "time_limit", "memory_limit"})
"""What tells of the child and not of the file: another page of it may do."""
PAGED = frozenset({"pdf", "tiff", "zip"})
"""Kinds that may hold a further page, by their first bytes (an OFD is a ZIP there)."""
ONE_PAGE_SECONDS = 10.0
MOST_LOST_SECONDS = 20.0
"""Spent on pages of one file that do not come back, after the window's own deadline: under a minute in
all."""
MOST_DEAD_PAGES = 8


def decode_whole(
    sandbox: Sandbox, file: SourceFile, path: Path, spool_dir: Path, max_pages: int = PAGES_A_WINDOW
) -> Iterator[Decoded]:
    """The windows of the file at `path` in order; a ZIP gives one without pages.

    Raises:
        UnreadableFile: If no window of it can be decoded.
    """
    losses = _Losses()

    def start(first_page: int) -> Future[Decoded]:
        return sandbox.decode(file, path, spool_dir, first_page, max_pages)

    following: Future[Decoded] | None = start(1)
    first_page, page_count = 1, 0
    while following is not None:
        try:
            decoded = following.result()
        except UnreadableFile as error:
            decoded = _page_by_page(
                sandbox, file, path, spool_dir, Window(first_page, max_pages), page_count, error, losses
            )
        page_count = decoded.page_count
        first_page += max_pages
        following = start(first_page) if first_page <= page_count else None
        yield decoded


class _Losses:
    """What the dead pages of one file have cost so far."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pages = 0

    def add(self, seconds: float) -> None:
        self.seconds += seconds
        self.pages += 1

    @property
    def too_many(self) -> bool:
        return self.seconds + ONE_PAGE_SECONDS > MOST_LOST_SECONDS or self.pages >= MOST_DEAD_PAGES


def _page_by_page(
    sandbox: Sandbox,
    file: SourceFile,
    path: Path,
    spool_dir: Path,
    window: Window,
    page_count: int,
    error: UnreadableFile,
    losses: _Losses,
) -> Decoded:
    """The window that ended in `error`, its pages decoded one by one; `page_count` is 0 while unknown.

    Raises:
        UnreadableFile: `error`, if it is of the whole file or no page came back.
    """
    kind = _kind(path)
    if error.code not in KILLED or kind not in PAGED:
        raise error
    pages: list[SpooledPage] = []
    failed: list[Unread] = []
    known: Decoded | None = None
    for number in range(window.first_page, window.first_page + window.max_pages):
        if page_count and number > page_count:
            break
        if losses.too_many:
            failed.append(unread(error, file, number))
            continue
        started = time.monotonic()
        try:
            known = sandbox.decode(file, path, spool_dir, number, 1, ONE_PAGE_SECONDS).result()
        except UnreadableFile as one:
            losses.add(time.monotonic() - started)
            failed.append(unread(one, file, number))
        else:
            pages += known.pages
            failed += known.unread
            page_count = known.page_count
    failed = [each for each in failed if each.page is None or each.page <= page_count]
    if not pages and (page_count == 0 or len(failed) >= page_count):
        raise error
    return Decoded(kind, page_count, tuple(pages), tuple(failed), known.notes if known else ())


def _kind(path: Path) -> Kind | None:
    with path.open("rb") as stream:
        return kind_of_head(stream.read(HEAD_BYTES))
