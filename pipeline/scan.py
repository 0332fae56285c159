"""A run over a folder: uploads in, documents and claims out, nothing read twice and nothing lost.

`find_uploads` walks what was named; `Run.read` has uploads read (`pipeline.upload`) and keeps what each
gave in the ledger as soon as it is done; `Run.write` assembles the claims and writes the files of the
contract. A run that is killed goes on where it stopped, because reading is keyed by the bytes read and by
the version of the reader.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Protocol

from extractors import field_names
from pipeline.application import Applications, is_declared
from pipeline.declared import read_applications
from pipeline.errors import FolderUnusable
from pipeline.learned import with_learned
from pipeline.model import Document, SourceFile, Unread
from pipeline.outputs import BATCHES, CLAIMS, DOCUMENTS, ERRORS, LINES, REPORT, write_outputs
from pipeline.readers import PAGES_PER_CALL, Readers, thumbnail_name
from pipeline.reading.open_file import source_file
from pipeline.reading.refusal import refusal, unread
from pipeline.reading.sandbox import Sandbox
from pipeline.records import DocumentRecord, document_record, error_record
from pipeline.report import RunInfo, Summary
from pipeline.settings import Settings
from pipeline.store.ledger import FileReading, Ledger
from pipeline.together import Load, taken_together
from pipeline.upload import Decoder, PageReaders, UploadReader
from pipeline.wiring import catalogs, learned, office

STATE_DIR = ".baoxiao"
"""In the output folder: the ledger, page pictures for the report, and pages on their way."""
UPLOADS = "uploads.json"
"""In the state folder: name and place of every file that the run was asked for."""

OUTPUTS = frozenset({DOCUMENTS, CLAIMS, BATCHES, LINES, ERRORS, REPORT})
SKIPPED_NAMES = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})
EXPLAINED = ".explain"
"""What `baoxiao explain` adds to the name of a paper for the folder beside it; its pictures are no papers."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file found under a scanned path: its name relative to that path, and where it lies."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run has read.

    Attributes:
        documents: Gives all of them, in the order of the stack, each time anew.
        load: Gives one of them by its id.
        applications: What was declared beside the papers.
        unread: Gives what could not be read or used.
        pages: How many there were.
    """

    documents: Callable[[], Iterator[Document]]
    load: Load
    applications: Applications
    unread: Callable[[], Iterator[Unread]]
    pages: int


class Progress(Protocol):
    """Who wants to know how far a run is; called from several threads, one call at a time."""

    def begin(self, uploads: int, already_read: int) -> None:
        """A run begins: so many uploads in all, so many of them read by an earlier run."""

    def pages_read(self, pages: int) -> None:
        """So many more pages were read."""

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
        """An upload was read to its end."""


def find_uploads(paths: Iterable[Path], out: Path | None = None) -> list[Upload]:
    """The files under `paths`, folders walked recursively in name order, each file once, names unique.

    Where two paths have a name in common, those of the later one stand under its folder.

    Hidden files, what operating systems leave behind, what a run wrote into `out` and what explains a paper
    beside it are passed over. A folder that cannot be listed and a link that leads nowhere are there, to be
    told as unreadable.
    """
    own = {os.path.realpath(out / name) for name in OUTPUTS} if out is not None else set()
    uploads: dict[str, Upload] = {}
    taken = set(own)
    for path in paths:
        is_folder, folder = path.is_dir(), path.resolve().name
        found: dict[str, Path] = {}
        for file in _walk(path) if is_folder else [path]:
            real = os.path.realpath(file)
            if real in taken:
                continue
            taken.add(real)
            name = _legible((file.relative_to(path) if is_folder else Path(file.name)).as_posix())
            found[f"{_prefix([name], folder, found)}{name}"] = file  # two names may be legible as one
        before = _prefix(found, folder, uploads)
        uploads |= {f"{before}{name}": Upload(f"{before}{name}", file) for name, file in found.items()}
    return list(uploads.values())


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []

    def note(unlisted: OSError) -> None:
        found.append(Path(unlisted.filename))

    for root, folders, files in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not is_passed_over(name) and not _explains(name, files)]
        found.extend(Path(root, name) for name in files if not is_passed_over(name))
    return sorted(path for path in found if path.is_file() or path.is_dir() or not path.exists())


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or left behind by an operating system or an office."""
    return name.startswith((".", "~$")) or name in SKIPPED_NAMES


def _explains(folder: str, files: Container[str]) -> bool:
    """Whether the folder shows how one of the files beside it was read."""
    return folder.endswith(EXPLAINED) and folder.removesuffix(EXPLAINED) in files


def _legible(name: str) -> str:
    """A name that is not UTF-8 as the Chinese system meant it that wrote it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", errors="replace")
    return name


def _prefix(names: Iterable[str], folder: str, used: Container[str]) -> str:
    """What is put before the names of a path where an earlier path has one of them.

    All of them get it: half the pages of a folder must not lie among those of another (`pipeline.stacks`).
    """
    tried, number = "", 1
    while any(f"{tried}{name}" in used for name in names):
        tried = f"{folder}/" if number == 1 else f"{folder} ({number})/"
        number += 1
    return tried


ReadersOf = Callable[[Settings, Path | None, int | None], AbstractContextManager[PageReaders]]
"""Settings, the folder for thumbnails (None: none are drawn), how many processes (None: as set)."""


class Run:
    """One output folder and what is to be read into it; a context manager.

    Args:
        uploads: What is to be read; applications among them are taken for what they are.
        out: The output folder, made where it is missing.
        settings: Of this office.
        today: The day that counts as the present.
        sandbox: Gives what opens files, for so many at once.
        readers: Gives what reads pages.
        on_found: Told that so many more pages are there to be read: those of a file that was opened.

    Raises:
        FolderUnusable: If another run is at work in `out`, or it cannot be written.
    """

    def __init__(
        self,
        uploads: Sequence[Upload],
        out: Path,
        settings: Settings,
        today: date,
        *,
        sandbox: Callable[[int], AbstractContextManager[Decoder]] = Sandbox,
        readers: ReadersOf = Readers,
        on_found: Callable[[int], None] = lambda _pages: None,
    ) -> None:
        self.uploads = tuple(upload for upload in uploads if not is_declared(upload.name))
        self._declared = tuple(upload for upload in uploads if is_declared(upload.name))
        self._out = out
        self._settings = settings
        self._today = today
        self._spool = out / STATE_DIR / "spool"
        self._thumbnails = out / STATE_DIR / "pages"
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._files: dict[str, SourceFile] = {}
        self._readers_of = readers
        self._on_found = on_found
        self._readers: PageReaders | None = None
        with ExitStack() as opened:
            ledger = Ledger(out / STATE_DIR / "ledger.sqlite", reader_version(settings))
            self._ledger = opened.enter_context(ledger)
            office(settings)  # a place's file that is wrong is told before anything is read
            _make_anew(self._spool)  # a run that was killed may have left pages
            self._thumbnails.mkdir(exist_ok=True)
            self._sandbox = opened.enter_context(sandbox(min(2, max(1, len(self.uploads)))))
            self._open = opened.pop_all()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error_type is not None:
            self._stopped.set()
        self._open.__exit__(error_type, error, trace)
        shutil.rmtree(self._spool, ignore_errors=True)

    def pending(self, uploads: Sequence[Upload] | None = None) -> list[Upload]:
        """Those of the uploads (all) that no run has read to their end yet."""
        asked = self.uploads if uploads is None else uploads
        return [upload for upload in asked if not self._is_finished(self.file_of(upload))]

    def _is_finished(self, source: SourceFile) -> bool:
        return source.sha256 != "" and self._ledger.is_finished(source)

    def forget(self, upload: Upload) -> None:
        """Have the upload read anew, whatever was read of it."""
        self._ledger.forget(self.file_of(upload))

    def file_of(self, upload: Upload) -> SourceFile:
        """The upload as a source: its name and the hash of its bytes, computed once.

        The hash of a file that cannot be opened is empty; such a file is tried again by every run.
        """
        if upload.name not in self._files:
            self._files[upload.name] = _source(upload)
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
            except BaseException as error:  # whatever ends the run ends what it has not begun
                for future in futures:
                    future.cancel()
                if not isinstance(error, Exception):
                    self.stop()
                raise

    def stop(self) -> None:
        """End what is under way (Ctrl-C); what is finished is kept, what is not is read by the next run."""
        self._stopped.set()
        self._open.__exit__(CancelledError, None, None)

    def _read_upload(self, upload: Upload, progress: Progress) -> None:
        self._check_not_stopped()
        source = self.file_of(upload)
        documents = 0
        missed: list[Unread] = []
        with TemporaryDirectory(dir=self._spool, ignore_cleanup_errors=True) as folder:
            for reading in self._readings(upload, source, Path(folder), progress):
                self._check_not_stopped()  # else our own end would be told as the file's fault
                self._ledger.save(source, reading)
                documents += len(reading.documents)
                missed += reading.unread
        if source.sha256 and any(row.code == "crashed" for row in missed) and not _source(upload).sha256:
            self._files[upload.name] = _source(upload)  # the drive went away while it was read
            self._read_upload(upload, progress)
            return
        self._ledger.finish(source)
        with self._lock:
            progress.upload_done(upload.name, documents, missed)

    def _check_not_stopped(self) -> None:
        if self._stopped.is_set():
            raise CancelledError

    def _readings(
        self, upload: Upload, source: SourceFile, folder: Path, progress: Progress
    ) -> Iterator[FileReading]:
        if not source.sha256:
            yield FileReading(source, unread=(_inaccessible(upload),))
            return

        def tell(pages: int) -> None:
            with self._lock:
                progress.pages_read(pages)

        def found(pages: int) -> None:
            with self._lock:
                self._on_found(pages)

        reader = UploadReader(self._sandbox, self._reader_pool, self._today, tell, found)
        yield from reader.read(
            source, upload.path, folder, lambda ordinal: self._ledger.has_file(source, ordinal)
        )

    def _reader_pool(self, pages_expected: int) -> PageReaders:
        """The reading processes, started at the first page; a single short upload gets one with all cores."""
        with self._lock:
            self._check_not_stopped()
            if self._readers is None:
                alone = len(self.uploads) == 1 and pages_expected <= PAGES_PER_CALL
                workers = 1 if alone else None
                self._readers = self._open.enter_context(
                    self._readers_of(self._settings, self._thumbnails, workers)
                )
            return self._readers

    def kept(self) -> Kept:
        """All that was read, as it was read, with what was declared beside it and what reviewers taught."""
        lists, taught = catalogs(self._settings), learned(self._settings)

        def kept(sources: Iterable[SourceFile] | None = None) -> Iterator[tuple[SourceFile, Document]]:
            for source, document in self._documents_kept(sources):
                yield source, with_learned(document, lists, taught)

        home = {document.id: source for source, document in self._documents_kept()}

        @lru_cache(maxsize=256)
        def documents_of(source: SourceFile) -> dict[str, Document]:
            return {document.id: document for _, document in kept([source])}

        def load(document_id: str) -> Document:
            return documents_of(home[document_id])[document_id]

        applications, refused = read_applications(
            [(upload.name, upload.path) for upload in self._declared],
            [(upload.name, upload.path) for upload in self.uploads],
        )

        def missed() -> Iterator[Unread]:
            yield from refused
            for _, reading in self._readings_kept():
                yield from reading.unread

        pages = sum(reading.pages for _, reading in self._readings_kept())
        return Kept(lambda: (document for _, document in kept()), load, applications, missed, pages)

    def write(self) -> Summary:
        """Assemble the claims of all that was read and write the files of the contract.

        Raises:
            FolderUnusable: If a file cannot be written; the earlier files are then still there.
        """
        kept = self.kept()
        together = taken_together(
            kept.documents,
            kept.load,
            catalogs(self._settings),
            self._today,
            kept.applications,
            office(self._settings),
        )
        documents = (
            document_record(together.final(document), field_names(document.type))
            for document in kept.documents()
        )
        errors = (error_record(row) for row in kept.unread())
        try:
            self._remember_uploads()
            return write_outputs(
                self._out,
                documents,
                together.claims,
                errors,
                together.batches,
                thumbnail=self._thumbnail,
                about=RunInfo(version=version("baoxiao"), files=len(self.uploads)),
            )
        except OSError as error:
            raise FolderUnusable(
                f"{error.filename or self._out}: 无法写入，请检查权限和磁盘，已读完的会保留"
                f" / cannot be written; check permissions and the disk, what was read is kept"
                f" ({error.strerror})"
            ) from error

    def _remember_uploads(self) -> None:
        """Note what was scanned, so that the outputs can be written anew without asking for it again."""
        given = (*self.uploads, *self._declared)
        rows = [[upload.name, str(upload.path.absolute())] for upload in given]
        file = self._out / STATE_DIR / UPLOADS
        new = file.with_suffix(".new")
        new.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        new.replace(file)

    def _documents_kept(
        self, sources: Iterable[SourceFile] | None = None
    ) -> Iterator[tuple[SourceFile, Document]]:
        for source, reading in self._readings_kept(sources):
            for document in reading.documents:
                yield source, document

    def _readings_kept(
        self, sources: Iterable[SourceFile] | None = None
    ) -> Iterator[tuple[SourceFile, FileReading]]:
        for source in map(self.file_of, self.uploads) if sources is None else sources:
            for reading in self._ledger.readings([source]):
                yield source, reading

    def _thumbnail(self, document: DocumentRecord, page: int) -> bytes | None:
        file = self._thumbnails / thumbnail_name(document["source"]["sha256"], page)
        return file.read_bytes() if file.exists() else None


def _make_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)


def _source(upload: Upload) -> SourceFile:
    try:
        return source_file(upload.name, upload.path)
    except OSError:  # told when it is read
        return SourceFile(upload.name, "")


def _inaccessible(upload: Upload) -> Unread:
    """The row for what the system does not let us open, with what it says."""
    try:
        source_file(upload.name, upload.path)
        reason = ""
    except OSError as error:
        reason = f" ({error.strerror})"
    return unread(
        refusal(
            "inaccessible",
            upload.name,
            "无法打开，请检查权限或网络盘后再次运行",
            f"it cannot be opened; check permissions or the network drive and run again{reason}",
        ),
        upload.name,
    )


READING_SETTINGS = {
    "detection_model_dir",
    "recognition_model_dir",
    "ocr_precision",
    "ocr_provider",
    "target_error",
}


def reader_version(settings: Settings) -> str:
    """Changes whenever what is read could change: the code that reads, its models, the lists it looks up."""
    digest = hashlib.sha256(_code_version().encode())
    digest.update(settings.model_dump_json(include=READING_SETTINGS).encode())
    for _, path in catalogs(settings).lists:
        digest.update(f"{path.name} {path.stat().st_size}".encode())
    return digest.hexdigest()[:16]


@cache
def _code_version() -> str:
    """The code that reads, by its bytes."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(version("baoxiao").encode())
    for package in ("pipeline", "extractors", "validators"):
        for file in sorted((root / package).rglob("*")):
            if file.suffix in (".py", ".csv", ".json") and file.is_file():
                digest.update(file.relative_to(root).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
