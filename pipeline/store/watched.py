"""What lies in the watch folder: since when each file has been as it is, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, delete, insert, select

from pipeline.store.tables import watched_files

WatchState: TypeAlias = Literal["growing", "taken", "failed"]


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A file that lies, or lay, in the watch folder.

    Attributes:
        path: Relative to the folder, `/` between folders.
        size: In bytes.
        modified_ns: When it was last written, in nanoseconds, as its file system says.
        state: Whether it may still be written, was taken, or could not be.
        seen_at: When it was first seen so; of one that was taken or failed, when that was.
        submission_id: What it became.
        failure: Why it could not be taken, in Chinese and English.
    """

    path: str
    size: int
    modified_ns: int
    state: WatchState
    seen_at: datetime
    submission_id: str | None = None
    failure: str | None = None


def watched(connection: Connection, state: WatchState | None = None) -> dict[str, WatchedFile]:
    """The files of the watch folder by their paths, of one state or of all."""
    query = select(*(watched_files.c[name] for name in WatchedFile.__slots__)).order_by(watched_files.c.path)
    if state is not None:
        query = query.where(watched_files.c.state == state)
    return {row.path: WatchedFile(*row) for row in connection.execute(query)}


def note_watched(connection: Connection, files: Iterable[WatchedFile]) -> None:
    """Note files as they are now, in place of what was noted of them before."""
    rows = [{name: getattr(file, name) for name in WatchedFile.__slots__} for file in files]
    if not rows:
        return
    forget_watched(connection, [row["path"] for row in rows])
    connection.execute(insert(watched_files), rows)


def forget_watched(connection: Connection, paths: Iterable[str]) -> None:
    """Forget files of these paths."""
    for path in paths:
        connection.execute(delete(watched_files).where(watched_files.c.path == path))


def forget_taken_before(connection: Connection, then: datetime) -> None:
    """Forget what was taken, or could not be, before a moment."""
    old = (watched_files.c.state != "growing", watched_files.c.seen_at < then)
    connection.execute(delete(watched_files).where(*old))
