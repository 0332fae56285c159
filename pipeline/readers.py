"""Reading processes: each has an OCR engine of its own, loaded when its first page needs it.

The OCR libraries are not thread-safe, so pages go to processes and not to threads. A process is renewed
after many pages, because what the libraries keep for every new line width adds up.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from pebble import ProcessPool

from pipeline.errors import FolderUnusable, ServiceUnavailable
from pipeline.model import Document, Page
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.sandbox import interrupts_held
from pipeline.seen_pages import write_seen
from pipeline.settings import Settings
from pipeline.wiring import threads_per_worker

if TYPE_CHECKING:  # heavy: loaded in the processes that read
    from pipeline.reading.closeup import CloseUpOf, Placed
    from pipeline.reading.quality import Quality

T = TypeVar("T")

PAGES_PER_CALL = 4
"""Pages read in one call: enough that a call costs nothing, few enough that all processes share a file."""

CALLS_PER_PROCESS = 400

SECONDS_PER_PAGE = 60.0
START_SECONDS = 120.0
"""A call may take so long; beyond it the process is killed and the pages are named as unread."""

CANNOT_START = "识别进程无法启动 / the reading processes cannot be started"

THUMBNAIL_SIDE = 1000
THUMBNAIL_QUALITY = 70


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What every reading process needs to know."""

    settings: Settings
    threads: int
    thumbnail_dir: Path | None = None


class Readers:
    """The pool of reading processes; a context manager. Its methods may be called from any thread."""

    def __init__(
        self, settings: Settings, thumbnail_dir: Path | None = None, workers: int | None = None
    ) -> None:
        self.workers = workers or settings.workers
        self._options = ReaderOptions(settings, threads_per_worker(self.workers), thumbnail_dir)
        self._lock = threading.Lock()
        self._stopped = False
        self._calls: WeakSet[Future[Any]] = WeakSet()
        self._pool = self._new_pool()

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error_type is None and not self._stopped:
            self._pool.close()
            self._pool.join()
        else:
            self.stop()

    def stop(self) -> None:
        """End the processes at once; calls under way end in `CancelledError`."""
        with self._lock:
            self._stopped = True
            self._pool.stop()
            self._pool.join()
            for call in list(self._calls):
                call.cancel()

    def read(self, pages: Sequence[SpooledPage], seen: Path | None = None) -> Future[list[Page]]:
        """The pages with their words, without their images, in the same order.

        A page with several papers gives as many pages of its number, each cut out and read by itself. What
        was seen of each page is written into the folder `seen`, where one is named.
        """
        return self._schedule(len(pages), _read, list(pages), seen)

    def showing(self, seen: Path) -> ShowingReaders:
        """The same readers, which write what they see of each page into that folder."""
        return ShowingReaders(self, seen)

    def read_with_close_ups(
        self, pages: Sequence[SpooledPage], close_ups: Sequence[CloseUpOf], seen: Path | None = None
    ) -> Future[list[Placed]]:
        """As `read`, each page, or paper on it, with the close-ups of it merged into its words."""
        asked = list(pages), list(close_ups), seen
        return self._schedule(len(pages) + len(close_ups), _read_with_close_ups, *asked)

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        """The documents that the pages of one file hold; `today` counts as the present."""
        return self._schedule(len(pages), _understand, list(pages), today)

    def judge(self, pages: Sequence[SpooledPage], *, is_part: bool) -> Future[list[Quality]]:
        """Whether the pictures of pages can be read, each told by a sample of its lines."""
        return self._schedule(len(pages), _judge, list(pages), is_part)

    def _schedule(self, pages: int, function: Callable[..., T], *args: object) -> Future[T]:
        timeout = START_SECONDS + SECONDS_PER_PAGE * pages
        with self._lock:
            if self._stopped:
                raise CancelledError
            if not self._pool.active:  # a process died before its first call: the pool gives up
                self._pool.stop()
                self._pool.join()
                self._pool = self._new_pool()
            try:
                call: Future[T] = self._pool.schedule(function, args=args, timeout=timeout)
            except RuntimeError as error:
                raise ServiceUnavailable(CANNOT_START) from error
            self._calls.add(call)
            return call

    def _new_pool(self) -> Any:
        pool = ProcessPool(
            max_workers=self.workers,
            max_tasks=CALLS_PER_PROCESS,
            initializer=_start,
            initargs=(self._options,),
            # Not forked: the caller has threads, and a fork server would hand one engine to all.
            context=multiprocessing.get_context("spawn"),
        )
        with interrupts_held():
            if not pool.active:  # to ask is to start it
                raise ServiceUnavailable(CANNOT_START)
        return pool


@dataclass(frozen=True, slots=True)
class ShowingReaders:
    """Readers that write what they see of each page into a folder, for people to look at."""

    readers: Readers
    seen: Path

    def read(self, pages: Sequence[SpooledPage]) -> Future[list[Page]]:
        """As `Readers.read`."""
        return self.readers.read(pages, self.seen)

    def read_with_close_ups(
        self, pages: Sequence[SpooledPage], close_ups: Sequence[CloseUpOf]
    ) -> Future[list[Placed]]:
        """As `Readers.read_with_close_ups`."""
        return self.readers.read_with_close_ups(pages, close_ups, self.seen)

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        """As `Readers.understand`."""
        return self.readers.understand(pages, today)


class _Process:
    """What one reading process keeps between calls."""

    options: ReaderOptions
    engine: Any = None


def _start(options: ReaderOptions) -> None:
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group
    _Process.options = options


def _die_with_parent() -> None:
    """No process stays behind when the parent is killed, not even one that was still starting.

    Linux could tell us by a signal, but ties it to the thread that started the process, and ours end
    while the pool goes on.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _read(pages: list[SpooledPage], seen: Path | None) -> list[Page]:
    from pipeline.intake import read_papers_on, with_print

    read: list[Page] = []
    for spooled in pages:
        page = with_print(spooled.load(), _LazyEngine())
        if _Process.options.thumbnail_dir is not None and page.image is not None:
            _write_thumbnail(page, _Process.options.thumbnail_dir)
        papers = read_papers_on(page, _LazyEngine())
        if seen is not None:
            write_seen(seen, page, papers)
        read += [replace(paper, image=None) for paper in papers]
    return read


def _read_with_close_ups(
    pages: list[SpooledPage], close_ups: list[CloseUpOf], seen: Path | None
) -> list[Placed]:
    from pipeline.intake import read_papers_with_close_ups, with_print

    read: list[Placed] = []
    for spooled in pages:
        own = [
            (close_up.picture.page.file.sha256, image)
            for close_up in close_ups
            if close_up.page == spooled.page.number and (image := close_up.picture.load().image) is not None
        ]
        page = with_print(spooled.load(), _LazyEngine())
        papers = read_papers_with_close_ups(page, own, _LazyEngine())
        if seen is not None:
            write_seen(seen, page, [placed.page for placed in papers])
        read += [replace(placed, page=replace(placed.page, image=None)) for placed in papers]
    return read


def _judge(pages: list[SpooledPage], is_part: bool) -> list[Quality]:
    from pipeline.reading.readable import judge_by_reading

    images = [spooled.load().image for spooled in pages]
    return [judge_by_reading(image, _LazyEngine(), is_part=is_part) for image in images if image is not None]


def _understand(pages: list[Page], today: date) -> list[Document]:
    from pipeline.acceptance import Standard
    from pipeline.intake import read_documents
    from pipeline.wiring import catalogs

    settings = _Process.options.settings
    standard = Standard.for_target(settings.target_error)
    return read_documents(pages, catalogs(settings), today, standard)


class _LazyEngine:
    """The process's engine, loaded at its first use: digital pages need none."""

    def find_lines(self, image: Any) -> Any:
        return _engine().find_lines(image)

    def read_lines(self, image: Any, lines: Any) -> Any:
        return _engine().read_lines(image, lines)

    def read_each(self, image: Any, lines: Any) -> Any:
        return _engine().read_each(image, lines)


def _engine() -> Any:
    if _Process.engine is None:
        from pipeline.wiring import ocr_engine

        _Process.engine = ocr_engine(_Process.options.settings, _Process.options.threads)
    return _Process.engine


def thumbnail_name(sha256: str, page: int) -> str:
    """The file that holds the small picture of a page."""
    return f"{sha256[:16]}-{page}.jpg"


def _write_thumbnail(page: Page, folder: Path) -> None:
    import cv2

    assert page.image is not None
    scale = min(1.0, THUMBNAIL_SIDE / max(page.width, page.height))
    size = max(1, round(page.width * scale)), max(1, round(page.height * scale))
    small = cv2.resize(page.image, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY])
    try:
        (folder / thumbnail_name(page.file.sha256, page.number)).write_bytes(packed.tobytes())
    except OSError as error:
        raise FolderUnusable(f"{folder}: 无法写入 / cannot be written: {error.strerror}") from error
