"""One process at a time: a lock that the system lets go of however its holder ends.

It is SQLite's own write lock on an empty database, so it works on every system that the ledger works on, and
a process that is killed leaves nothing behind that somebody would have to delete.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.errors import FolderUnusable
from pipeline.store.ledger import CANNOT_WRITE, REFUSALS

WAIT_SECONDS = 30.0
"""How long to wait for the holder: importing every public list takes about half of it."""


@contextmanager
def exclusively(file: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock `file`, made with its folder where it is not there, while the block runs.

    Raises:
        FolderUnusable: If another process does not let go of it in time, or it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(file, timeout=wait_seconds, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
    except sqlite3.OperationalError as error:
        chinese, english = REFUSALS.get(error.sqlite_errorcode & 0xFF, CANNOT_WRITE)
        raise FolderUnusable(f"{file.parent}: {chinese} / {english} ({error})") from error
