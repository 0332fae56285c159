"""One upload, from its bytes to its documents.

It is opened in a child that may die and read by processes that have an OCR engine each. A fault stays where
it is: a file that cannot be opened, a page that kills its reader or a member of an archive that is broken
becomes a row that names it, and everything beside it is read.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from pathlib import Path
from typing import Protocol

from pipeline.application import is_declared
from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.model import Document, Page, SourceFile, Unread
from pipeline.readers import PAGES_PER_CALL
from pipeline.reading.decoded import Decoded, SpooledPage, Unpacked
from pipeline.reading.refusal import printable, refusal, unread
from pipeline.store.ledger import FileReading

_log = logging.getLogger(__name__)

WINDOW_PAGES = 16
"""Pages of a file decoded at a time, so that a file of 500 pages takes no more room than one of 16."""

NOT_THE_PAPERS_FAULT = (ServiceUnavailable, CancelledError)


class Decoder(Protocol):
    """What opens files: `pipeline.reading.sandbox.Sandbox`."""

    def decode(
        self, file: SourceFile, path: Path, spool_dir: Path, first_page: int, max_pages: int
    ) -> Future[Decoded]:
        """A window of the file at `path`."""

    def unpack(self, file: SourceFile, path: Path, folder: Path) -> Future[Unpacked]:
        """The files of the ZIP at `path`."""


class PageReaders(Protocol):
    """What reads pages: `pipeline.readers.Readers`."""

    def read(self, pages: Sequence[SpooledPage]) -> Future[list[Page]]:
        """The pages with their words."""

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        """The documents that the pages of one file hold."""


class UploadReader:
    """Reads uploads, several at once where it is asked from several threads.

    Args:
        decoder: Opens files.
        readers: Gives what reads pages, when the first file is open; told how many pages it has.
        today: The day that counts as the present.
        on_pages: Told that so many more pages are read.
        on_found: Told that so many more pages are there to be read: those of a file that was opened.
    """

    def __init__(
        self,
        decoder: Decoder,
        readers: Callable[[int], PageReaders],
        today: date,
        on_pages: Callable[[int], None] = lambda _pages: None,
        on_found: Callable[[int], None] = lambda _pages: None,
    ) -> None:
        self._decoder = decoder
        self._readers = readers
        self._today = today
        self._on_pages = on_pages
        self._on_found = on_found

    def read(
        self, source: SourceFile, path: Path, folder: Path, is_read: Callable[[int], bool]
    ) -> Iterator[FileReading]:
        """What the upload gives, one reading a file; an archive gives one for each file inside.

        Args:
            source: The upload.
            path: Where its bytes lie.
            folder: Empty, for pages and files on their way.
            is_read: Whether the file at that place of an archive needs no reading again.

        Raises:
            ServiceUnavailable: If a part of ours is down.
        """
        try:
            first = self._decoder.decode(source, path, folder, 1, WINDOW_PAGES).result()
            if first.kind != "zip":
                yield self._read_file(source, 0, path, folder, first)
                return
            unpacked = self._decoder.unpack(source, path, folder).result()
        except UnreadableFile as error:
            yield FileReading(source, unread=(unread(error, source),))
            return
        yield FileReading(source, unread=unpacked.unread)
        for ordinal, member in enumerate(unpacked.members, 1):
            if is_read(ordinal):
                continue
            if is_declared(member.file.name):
                yield FileReading(member.file, ordinal, unread=(_misplaced(member.file),))
            else:
                yield self._read_member(member.file, ordinal, member.path, folder / str(ordinal))

    def _read_member(self, file: SourceFile, ordinal: int, path: Path, folder: Path) -> FileReading:
        folder.mkdir()
        try:
            first = self._decoder.decode(file, path, folder, 1, WINDOW_PAGES).result()
            return self._read_file(file, ordinal, path, folder, first)
        except UnreadableFile as error:
            return FileReading(file, ordinal, unread=(unread(error, file),))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _read_file(
        self, file: SourceFile, ordinal: int, path: Path, folder: Path, first: Decoded
    ) -> FileReading:
        self._on_found(first.page_count)
        pages: list[Page] = []
        missed: list[Unread] = []
        for window in self._windows(file, path, folder, first, missed):
            missed += window.unread
            pages += self._read_pages(file, window.pages, first.page_count, missed)
        documents = self._understood(file, pages, missed) if pages else []
        return FileReading(file, ordinal, first.page_count, tuple(documents), tuple(missed))

    def _windows(
        self, file: SourceFile, path: Path, folder: Path, first: Decoded, missed: list[Unread]
    ) -> Iterator[Decoded]:
        """The windows of a file; while one is read, the next is decoded."""
        window = first
        for start in range(1 + WINDOW_PAGES, first.page_count + 1, WINDOW_PAGES):
            ahead = self._decoder.decode(file, path, folder, start, WINDOW_PAGES)
            yield window
            try:
                window = ahead.result()
            except UnreadableFile as error:
                missed.append(unread(error, file, error.page or start))
                return
        yield window

    def _read_pages(
        self, file: SourceFile, pages: Sequence[SpooledPage], page_count: int, missed: list[Unread]
    ) -> list[Page]:
        """The pages of a window with their words; one that kills its reader is named, the others stay."""
        readers = self._readers(page_count)
        chunks = [pages[i : i + PAGES_PER_CALL] for i in range(0, len(pages), PAGES_PER_CALL)]
        calls = [(chunk, readers.read(chunk)) for chunk in chunks]
        read: list[Page] = []
        for chunk, call in calls:
            read += self._outcome(file, chunk, call, readers, missed)
            for page in chunk:
                if page.image_file is not None:
                    page.image_file.unlink(missing_ok=True)
            self._on_pages(len(chunk))
        return read

    def _outcome(
        self,
        file: SourceFile,
        chunk: Sequence[SpooledPage],
        call: Future[list[Page]],
        readers: PageReaders,
        missed: list[Unread],
    ) -> list[Page]:
        """What a call gave. Where it failed, each page is tried once more by itself: one is at fault."""
        try:
            return call.result()
        except NOT_THE_PAPERS_FAULT:
            raise
        except Exception as error:  # one page's fault, whatever it is, stays that page's
            _log.info("%s: read page by page after %s", file.sha256[:16], type(error).__name__)
        read = []
        for page in chunk:
            try:
                read += readers.read([page]).result()
            except NOT_THE_PAPERS_FAULT:
                raise
            except Exception as error:  # one page's fault stays that page's
                missed.append(_lost_page(file, page.page.number, error))
        return read

    def _understood(self, file: SourceFile, pages: Sequence[Page], missed: list[Unread]) -> list[Document]:
        try:
            return self._readers(len(pages)).understand(pages, self._today).result()
        except NOT_THE_PAPERS_FAULT:
            raise
        except Exception as error:  # one file's fault, whatever it is, stays that file's
            missed.append(_lost_page(file, None, error))
            return []


def _lost_page(file: SourceFile, page: int | None, error: Exception) -> Unread:
    """The row for a page (None: all of them) that no process of ours got through.

    Raises:
        ServiceUnavailable: If the processes are at fault and not the page.
    """
    if isinstance(error, BrokenProcessPool):
        raise ServiceUnavailable(
            "识别进程反复退出，请检查内存后再次运行 / "
            "the reading processes keep ending; check the memory of this machine and run again"
        ) from error
    late = isinstance(error, TimeoutError)
    name = printable(file.name)
    where, where_english = (
        (f"第 {page} 页", f"page {page}") if page is not None else ("全部页面", "its pages")
    )
    _log.error("%s p.%s: %s", file.sha256[:16], page, _cause(error))
    return Unread(
        name,
        page,
        "time_limit" if late else "crashed",
        f"{name}: {where}识别未完成（识别进程{'超时' if late else '异常'}），其余内容已处理；"
        f"请重新扫描后再次运行，仍不行请附运行日志反馈"
        f" / {where_english} could not be read (the reading process"
        f" {'took too long' if late else 'failed'}), the rest is done; scan it again and run again,"
        f" and report it with the log if that does not help",
    )


def _cause(error: BaseException) -> str:
    """What failed and where, without the values at hand: logs carry no names, numbers or diagnoses."""
    remote = str(error.__cause__ or "")
    places = [line.strip() for line in remote.splitlines() if line.strip().startswith("File ")]
    return f"{type(error).__name__} {places[-1] if places else ''}"


def _misplaced(file: SourceFile) -> Unread:
    """The row for an application inside an archive, which only its readers' children have opened."""
    return unread(
        refusal(
            "invalid_application",
            file,
            "压缩包内的申请信息不采用，请把它放在压缩包旁边",
            "an application inside an archive is not used; put it beside the archive",
        ),
        file,
    )
