"""What a run has finished, so that running it again reads nothing twice and loses nothing.

One SQLite file beside the outputs. A row is a file read to its end, keyed by what was read (name and
bytes) and by the version of the reader; it is written in one transaction with everything that was found,
so after a crash a file is either finished or not there. WAL with synchronous=FULL: what is reported as
done stays done. The file is locked as long as it is open, and the system lets go of the lock however the
process ends: two runs never write into one folder. What is kept can be read again from the papers, so a
ledger that is damaged is set aside.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from pipeline.errors import FolderUnusable
from pipeline.model import Document, SourceFile, Unread
from pipeline.store.freeze import dump_document, load_document

FORM = 1
"""Of the tables; a ledger of another form is set aside, not guessed at."""

_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    upload TEXT NOT NULL,         -- the file found under the scanned path
    upload_sha256 TEXT NOT NULL,
    version TEXT NOT NULL,
    ordinal INTEGER NOT NULL,     -- place within the upload, 0 where it is no archive
    name TEXT NOT NULL,           -- the upload's, or archive.zip!inner.jpg
    sha256 TEXT NOT NULL,
    pages INTEGER NOT NULL,
    documents TEXT NOT NULL,
    unread TEXT NOT NULL,
    PRIMARY KEY (upload, upload_sha256, version, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    upload TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (upload, sha256, version)
) WITHOUT ROWID;
"""


CANNOT_WRITE = ("无法写入，请检查权限和磁盘", "cannot be written; check permissions and the disk")
REFUSALS = {
    sqlite3.SQLITE_BUSY: (
        "另一次运行正在使用这个文件夹，请等它结束或换一个文件夹",
        "another run is using this folder; wait for it to end or name another folder",
    ),
    sqlite3.SQLITE_FULL: (
        "磁盘已满，请清理后再次运行，已读完的会保留",
        "the disk is full; make room and run again, what was read is kept",
    ),
}


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file gave: an upload, or the `ordinal`-th file of an upload that is an archive."""

    file: SourceFile
    ordinal: int = 0
    pages: int = 0
    documents: tuple[Document, ...] = ()
    unread: tuple[Unread, ...] = ()


class Ledger:
    """The finished files of one output folder; safe to use from several threads.

    Args:
        file: The SQLite file, made if it is not there.
        version: Of the reader; what another version read is read again.

    Raises:
        FolderUnusable: If another run has it open, or it cannot be written; so do the methods.
    """

    def __init__(self, file: Path, version: str) -> None:
        self._file = file
        self._version = version
        self._lock = threading.Lock()
        with self._told():
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _opened(file)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # damaged, or no ledger at all
                file.replace(file.with_name(f"{file.name}.damaged"))
                file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
                self._connection = _opened(file)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database or the system refuses, as an error that says what to do."""
        folder = self._file.parent.parent
        try:
            yield
        except sqlite3.OperationalError as error:
            chinese, english = REFUSALS.get(error.sqlite_errorcode & 0xFF, CANNOT_WRITE)
            raise FolderUnusable(f"{folder}: {chinese} / {english} ({error})") from error
        except OSError as error:
            chinese, english = CANNOT_WRITE
            raise FolderUnusable(f"{folder}: {chinese} / {english} ({error.strerror})") from error

    def is_finished(self, upload: SourceFile) -> bool:
        """Whether the upload with these bytes was read to its end by this version."""
        return self._has("SELECT 1 FROM uploads WHERE upload=? AND sha256=? AND version=?", upload)

    def has_file(self, upload: SourceFile, ordinal: int) -> bool:
        """Whether that file of the upload was read to its end by this version."""
        query = "SELECT 1 FROM files WHERE upload=? AND upload_sha256=? AND version=? AND ordinal=?"
        return self._has(query, upload, ordinal)

    def save(self, upload: SourceFile, reading: FileReading) -> None:
        """Keep what a file of the upload gave; a second save replaces the first."""
        row = (
            upload.name,
            upload.sha256,
            self._version,
            reading.ordinal,
            reading.file.name,
            reading.file.sha256,
            reading.pages,
            json.dumps([dump_document(document) for document in reading.documents], ensure_ascii=False),
            json.dumps([asdict(unread) for unread in reading.unread], ensure_ascii=False),
        )
        with self._lock, self._told():
            self._connection.execute("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", row)

    def finish(self, upload: SourceFile) -> None:
        """Note that every file of the upload is saved."""
        with self._lock, self._told():
            self._connection.execute(
                "INSERT OR REPLACE INTO uploads VALUES (?,?,?)", (upload.name, upload.sha256, self._version)
            )

    def forget(self, upload: SourceFile) -> None:
        """Note nothing of the upload any more: it is to be read anew."""
        own = (upload.name, upload.sha256)
        with self._lock, self._told():
            self._connection.execute("DELETE FROM uploads WHERE upload=? AND sha256=?", own)
            self._connection.execute("DELETE FROM files WHERE upload=? AND upload_sha256=?", own)

    def readings(self, uploads: Iterable[SourceFile]) -> Iterator[FileReading]:
        """What the finished ones of `uploads` gave, in the order given, one upload in memory at a time."""
        for upload in uploads:
            if not self.is_finished(upload):
                continue
            with self._lock:
                rows = self._connection.execute(
                    "SELECT ordinal, name, sha256, pages, documents, unread FROM files"
                    " WHERE upload=? AND upload_sha256=? AND version=? ORDER BY ordinal",
                    (upload.name, upload.sha256, self._version),
                ).fetchall()
            for ordinal, name, sha256, pages, documents, unread in rows:
                yield FileReading(
                    SourceFile(name, sha256),
                    ordinal,
                    pages,
                    tuple(load_document(text) for text in json.loads(documents)),
                    tuple(Unread(**row) for row in json.loads(unread)),
                )

    def documents(self) -> Iterator[Document]:
        """Every document kept that this version read, whichever upload it came with."""
        query = "SELECT documents FROM files WHERE version=? ORDER BY upload, ordinal"
        with self._lock:
            rows = self._connection.execute(query, (self._version,)).fetchall()
        for (documents,) in rows:
            yield from (load_document(text) for text in json.loads(documents))

    def _has(self, query: str, upload: SourceFile, *more: int) -> bool:
        with self._lock:
            found = self._connection.execute(query, (upload.name, upload.sha256, self._version, *more))
            return found.fetchone() is not None


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=1.0, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, FORM):
            connection.executescript("DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS uploads;")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version={FORM}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
