"""A run over a folder: uploads in, documents and claims out, nothing read twice and nothing lost.

`find_uploads` walks what was named; `Run.read` opens uploads in children that may die, has their pages
read by processes with an OCR engine each, and keeps what each upload gave in the ledger as soon as it is
done; `Run.write` assembles the claims and writes the files of the contract. A run that is killed goes on
where it stopped, because reading is keyed by the bytes read and by the version of the reader.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Protocol

from extractors import EXTRACTORS
from pipeline.acceptance import disputed_by_claim
from pipeline.claims import Facts, build_claims, group_documents
from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.model import Document, Page, SourceFile, Unread
from pipeline.outputs import write_outputs
from pipeline.readers import PAGES_PER_CALL, Readers, thumbnail_name
from pipeline.reading.decoded import Decoded, SpooledPage
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.records import ClaimRecord, DocumentRecord, document_record, error_record
from pipeline.report import RunInfo, Summary
from pipeline.settings import Settings
from pipeline.store.ledger import FileReading, Ledger
from pipeline.wiring import catalogs

_log = logging.getLogger(__name__)

STATE_DIR = ".baoxiao"
"""In the output folder: the ledger, page pictures for the report, and pages on their way."""

WINDOW_PAGES = 16
"""Pages of a file decoded at a time, so that a file of 500 pages takes no more room than one of 16."""

SKIPPED_NAMES = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file found under a scanned path: its name relative to that path, and where it lies."""

    name: str
    path: Path


class Progress(Protocol):
    """Who wants to know how far a run is; called from several threads, one call at a time."""

    def begin(self, uploads: int, already_read: int) -> None:
        """A run begins: so many uploads in all, so many of them read by an earlier run."""

    def pages_read(self, pages: int) -> None:
        """So many more pages were read."""

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
        """An upload was read to its end."""


def find_uploads(paths: Iterable[Path]) -> list[Upload]:
    """The files under `paths`, folders walked recursively in name order; names stay unique.

    Hidden files and what operating systems leave behind are passed over.
    """
    uploads: list[Upload] = []
    seen: dict[str, Path] = {}
    for path in paths:
        found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in found:
            relative = file.relative_to(path) if file != path else Path(file.name)
            if any(part.startswith((".", "~$")) or part in SKIPPED_NAMES for part in relative.parts):
                continue
            name = relative.as_posix()
            if seen.get(name, file.resolve()) != file.resolve():
                name = f"{path.name}/{name}"  # the same name under two of the paths
            if name not in seen:
                seen[name] = file.resolve()
                uploads.append(Upload(name, file))
    return uploads


class Run:
    """One output folder and what is to be read into it; a context manager."""

    def __init__(self, uploads: Sequence[Upload], out: Path, settings: Settings, today: date) -> None:
        self.uploads = tuple(uploads)
        self._out = out
        self._settings = settings
        self._today = today
        self._state = out / STATE_DIR
        self._spool = self._state / "spool"
        self._thumbnails = self._state / "pages"
        shutil.rmtree(self._spool, ignore_errors=True)  # what a killed run left
        for folder in (self._spool, self._thumbnails):
            folder.mkdir(parents=True, exist_ok=True)
        self._open = ExitStack()
        self._ledger = self._open.enter_context(Ledger(self._state / "ledger.sqlite", reader_version()))
        self._sandbox = self._open.enter_context(Sandbox(workers=min(2, max(1, len(self.uploads)))))
        self._readers: Readers | None = None
        self._lock = threading.Lock()
        self._files: dict[str, SourceFile] = {}

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(error_type, error, trace)
        shutil.rmtree(self._spool, ignore_errors=True)

    def pending(self) -> list[Upload]:
        """The uploads that no run has read to their end yet."""
        return [upload for upload in self.uploads if not self._ledger.is_finished(self.file_of(upload))]

    def file_of(self, upload: Upload) -> SourceFile:
        """The upload as a source: its name and the hash of its bytes, computed once."""
        if upload.name not in self._files:
            self._files[upload.name] = source_file(upload.name, upload.path)
        return self._files[upload.name]

    def read(self, uploads: Sequence[Upload], progress: Progress) -> None:
        """Read `uploads` and keep what they gave; one that cannot be read is kept with its reason.

        Raises:
            ServiceUnavailable: If a part of ours is down; what was read so far is kept.
        """
        if not uploads:
            return
        # One thread more than readers: while they read, the next upload is decoded.
        with ThreadPoolExecutor(max_workers=self._settings.workers + 1) as threads:
            futures = [threads.submit(self._read_upload, upload, progress) for upload in uploads]
            try:
                for future in as_completed(futures):
                    future.result()
            finally:
                for future in futures:
                    future.cancel()

    def _read_upload(self, upload: Upload, progress: Progress) -> None:
        source = self.file_of(upload)
        documents = 0
        unread: list[Unread] = []
        with TemporaryDirectory(dir=self._spool) as folder:
            for reading in self._readings(source, upload.path, Path(folder), progress):
                self._ledger.save(source, reading)
                documents += len(reading.documents)
                unread += reading.unread
        self._ledger.finish(source)
        with self._lock:
            progress.upload_done(upload.name, documents, unread)

    def _readings(
        self, source: SourceFile, path: Path, folder: Path, progress: Progress
    ) -> Iterator[FileReading]:
        """What the upload gives, one reading a file; an archive gives one for each file inside."""
        try:
            first = self._sandbox.decode(source, path, folder, 1, WINDOW_PAGES).result()
            if first.kind != "zip":
                yield self._read_file(source, 0, path, folder, first, progress)
                return
            unpacked = self._sandbox.unpack(source, path, folder).result()
        except UnreadableFile as error:
            yield FileReading(source, unread=(unread_of(source, error),))
            return
        yield FileReading(source, unread=unpacked.unread)
        for ordinal, member in enumerate(unpacked.members, 1):
            if self._ledger.has_file(source, ordinal):
                continue
            inside = folder / str(ordinal)
            inside.mkdir()
            try:
                first = self._sandbox.decode(member.file, member.path, inside, 1, WINDOW_PAGES).result()
                yield self._read_file(member.file, ordinal, member.path, inside, first, progress)
            except UnreadableFile as error:
                yield FileReading(member.file, ordinal, unread=(unread_of(member.file, error),))
            shutil.rmtree(inside, ignore_errors=True)

    def _read_file(
        self, file: SourceFile, ordinal: int, path: Path, folder: Path, window: Decoded, progress: Progress
    ) -> FileReading:
        pages: list[Page] = []
        unread = list(window.unread)
        page_count = window.page_count
        last = WINDOW_PAGES
        while True:
            ahead = (
                self._sandbox.decode(file, path, folder, last + 1, WINDOW_PAGES) if last < page_count else None
            )
            pages += self._read_pages(file, window.pages, page_count, unread, progress)
            if ahead is None:
                break
            try:
                window = ahead.result()
            except UnreadableFile as error:
                unread.append(unread_of(file, error, page=last + 1))
                break
            unread += window.unread
            last += WINDOW_PAGES
        documents: list[Document] = []
        if pages:
            documents = self._understood(file, pages, unread)
        return FileReading(file, ordinal, page_count, tuple(documents), tuple(unread))

    def _read_pages(
        self,
        file: SourceFile,
        pages: Sequence[SpooledPage],
        page_count: int,
        unread: list[Unread],
        progress: Progress,
    ) -> list[Page]:
        """The pages of a window with their words; one that kills its reader is named, the others stay."""
        readers = self._reader_pool(page_count)
        chunks = [pages[i : i + PAGES_PER_CALL] for i in range(0, len(pages), PAGES_PER_CALL)]
        calls = [(chunk, readers.read(chunk)) for chunk in chunks]
        read: list[Page] = []
        for chunk, call in calls:
            read += self._outcome(file, chunk, call, readers, unread)
            for page in chunk:
                if page.image_file is not None:
                    page.image_file.unlink(missing_ok=True)
            with self._lock:
                progress.pages_read(len(chunk))
        return read

    def _outcome(
        self,
        file: SourceFile,
        chunk: Sequence[SpooledPage],
        call: Future[list[Page]],
        readers: Readers,
        unread: list[Unread],
        *,
        again: bool = True,
    ) -> list[Page]:
        """What a call gave. Where it failed, each page is tried once more by itself: one is at fault."""
        try:
            return call.result()
        except ServiceUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one page's fault, whatever it is, stays that page's
            if not again:
                unread.append(_lost_page(file, chunk[0].page.number, error))
                return []
        return [
            page
            for one in chunk
            for page in self._outcome(file, [one], readers.read([one]), readers, unread, again=False)
        ]

    def _understood(self, file: SourceFile, pages: Sequence[Page], unread: list[Unread]) -> list[Document]:
        try:
            return self._reader_pool(len(pages)).understand(pages).result()
        except ServiceUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one file's fault, whatever it is, stays that file's
            unread.append(_lost_page(file, None, error))
            return []

    def _reader_pool(self, pages_expected: int) -> Readers:
        """The reading processes, started at the first page; a single short upload gets one with all cores."""
        with self._lock:
            if self._readers is None:
                alone = len(self.uploads) == 1 and pages_expected <= PAGES_PER_CALL
                self._readers = self._open.enter_context(
                    Readers(
                        self._settings, self._today, self._thumbnails, workers=1 if alone else None
                    )
                )
            return self._readers

    def write(self) -> Summary:
        """Assemble the claims of all that was read and write the files of the contract."""
        sources = [self.file_of(upload) for upload in self.uploads]
        home: dict[str, SourceFile] = {}
        facts: list[Facts] = []
        for upload, reading in self._all_readings(sources):
            for document in reading.documents:
                home[document.id] = upload
                facts.append(Facts.of(document))

        @lru_cache(maxsize=256)
        def documents_of(upload: SourceFile) -> dict[str, Document]:
            return {
                document.id: document
                for reading in self._ledger.readings([upload])
                for document in reading.documents
            }

        claims: list[ClaimRecord] = []
        disputed: defaultdict[str, set[str]] = defaultdict(set)
        groups = group_documents(facts)
        lists = catalogs(self._settings)
        for claim, findings in build_claims(
            groups, lambda document_id: documents_of(home[document_id])[document_id], field_names, lists
        ):
            claims.append(claim)
            for finding in findings:
                if finding.outcome == "fail" and finding.severity == "block":
                    for document_id, path in map(_split_path, finding.fields):
                        disputed[document_id].add(path)

        def documents() -> Iterator[DocumentRecord]:
            for _, reading in self._all_readings(sources):
                for document in reading.documents:
                    document = disputed_by_claim(document, disputed.get(document.id, ()))
                    yield document_record(document, field_names(document.type))

        errors = (
            error_record(unread) for _, reading in self._all_readings(sources) for unread in reading.unread
        )
        return write_outputs(
            self._out,
            documents(),
            claims,
            errors,
            thumbnail=self._thumbnail,
            about=RunInfo(version=version("baoxiao"), files=len(self.uploads)),
        )

    def _all_readings(self, sources: Sequence[SourceFile]) -> Iterator[tuple[SourceFile, FileReading]]:
        for source in sources:
            for reading in self._ledger.readings([source]):
                yield source, reading

    def _thumbnail(self, document: DocumentRecord, page: int) -> bytes | None:
        file = self._thumbnails / thumbnail_name(document["source"]["sha256"], page)
        return file.read_bytes() if file.exists() else None


def field_names(document_type: str) -> tuple[str, ...]:
    """The fields that a document type can carry, in the order people read them."""
    extractor = EXTRACTORS.get(document_type)
    return extractor.field_names if extractor else ()


def unread_of(file: SourceFile, error: UnreadableFile, page: int | None = None) -> Unread:
    """The row for a file that could not be opened."""
    return Unread(file.name, error.page if error.page is not None else page, error.code, error.message)


def _lost_page(file: SourceFile, page: int | None, error: Exception) -> Unread:
    """The row for a page (None: all of them) that no process of ours got through."""
    late = isinstance(error, TimeoutError)
    where, where_english = (f"第 {page} 页", f"page {page}") if page is not None else ("全部页面", "its pages")
    _log.error("%s p.%s: %s", file.sha256[:16], page, _cause(error))
    return Unread(
        file.name,
        page,
        "time_limit" if late else "crashed",
        f"{file.name}：{where}识别未完成（识别进程{'超时' if late else '异常'}），其余内容已处理；"
        f"请重新扫描后再次运行，仍不行请附运行日志反馈。"
        f" / {file.name}: {where_english} could not be read (the reading process"
        f" {'took too long' if late else 'failed'}), the rest is done; scan it again and run again,"
        f" and report it with the log if that does not help.",
    )


def _cause(error: BaseException) -> str:
    """What failed and where, without the values at hand: logs carry no names, numbers or diagnoses."""
    remote = str(error.__cause__ or "")
    places = [line.strip() for line in remote.splitlines() if line.strip().startswith("File ")]
    return f"{type(error).__name__} {places[-1] if places else ''}"


def _split_path(path: str) -> tuple[str, str]:
    """`documents[<id>].fields.x` as (id, `fields.x`)."""
    head, _, rest = path.partition("].")
    return head.removeprefix("documents["), rest


@cache
def reader_version() -> str:
    """Changes whenever what is read could change: the code that reads, by its bytes."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(version("baoxiao").encode())
    for package in ("pipeline", "extractors", "validators"):
        for file in sorted((root / package).rglob("*")):
            if file.suffix in (".py", ".csv") and file.is_file():
                digest.update(file.relative_to(root).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
