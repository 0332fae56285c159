"""What a run has finished, so that running it again reads nothing twice and loses nothing.

One SQLite file beside the outputs. A row is a file read to its end, keyed by what was read (name and
bytes) and by the version of the reader; it is written in one transaction with everything that was found,
so after a crash a file is either finished or not there. WAL with synchronous=FULL: what is reported as
done stays done.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

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
    """

    def __init__(self, file: Path, version: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._version = version
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        if self._connection.execute("PRAGMA user_version").fetchone()[0] not in (0, FORM):
            self._connection.executescript("DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS uploads;")
        self._connection.executescript(_TABLES)
        self._connection.execute(f"PRAGMA user_version={FORM}")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._connection.close()

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
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", row)

    def finish(self, upload: SourceFile) -> None:
        """Note that every file of the upload is saved."""
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO uploads VALUES (?,?,?)", (upload.name, upload.sha256, self._version)
            )

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

    def _has(self, query: str, upload: SourceFile, *more: int) -> bool:
        with self._lock:
            found = self._connection.execute(query, (upload.name, upload.sha256, self._version, *more))
            return found.fetchone() is not None
