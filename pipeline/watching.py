"""The watch folder: what scanners and colleagues put there is received, once, when it is whole.

    folder/李四.pdf             a submission
    folder/0412 窗口三/…        a submission of several files
    folder/.taking/             what is being received just now
    folder/done/                what was received, as it came
    folder/failed/              what could not be received, each with a text that says why

A file counts as whole when its size and time of change stayed the same from one look to another and for
some seconds; a folder, when all its files do. Then it is moved into `.taking`, so that nobody adds to it,
looked at once more, received, and moved on. A crash at any point leaves it in the folder or in `.taking`, and
the next look goes on there: receiving the same bytes again finds the submission that they are. Nothing is
deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.application import is_declared
from pipeline.errors import FolderUnusable, UnreadableFile
from pipeline.receiving import Incoming, parcels_at, receive
from pipeline.scan import is_passed_over
from pipeline.store.opened import Store
from pipeline.store.watched import (
    WatchedFile,
    forget_taken_before,
    forget_watched,
    note_watched,
    watched,
)

TAKING, DONE, FAILED = ".taking", "done", "failed"

QUIET = timedelta(seconds=5)
"""So long a file must stay as it is: scanners and copies over a network write every second or two."""

NOTED_FOR = timedelta(days=7)
"""How long it is told what became of a file."""

BEING_COPIED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".filepart", ".!ut")
"""What browsers and programs that copy add to a name until the file is whole."""

Stamp = tuple[int, int]
"""Size in bytes, time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies directly in the watch folder: a file, or a folder with its files.

    Attributes:
        name: Of it.
        stamps: Of each of its files, by their paths from the watch folder.
    """

    name: str
    stamps: Mapping[str, Stamp]

    @property
    def is_being_copied(self) -> bool:
        """Whether a name says that somebody is still writing."""
        return any(path.lower().endswith(BEING_COPIED) for path in self.stamps)


class Watch:
    """Takes what lies in a folder; `look` is one pass and is called again and again.

    One process watches a folder. Where two do, nothing is lost or taken twice, for what is received is known
    by its bytes; one of them may be told that something is gone, and goes on with its next look.

    Args:
        store: Where submissions go.
        folder: What is watched.
        quiet: How long files must stay as they are.
    """

    def __init__(self, store: Store, folder: Path, quiet: timedelta = QUIET) -> None:
        self._store = store
        self._folder = folder
        self._quiet = quiet

    def look(self, now: datetime) -> int:
        """Take what is whole; how many submissions came of it.

        Raises:
            FolderUnusable: If the folder cannot be listed or things cannot be moved in it: a drive is away.
            StoreUnusable: If the store does not answer; what was being taken is taken by the next look.
        """
        try:
            for name in (TAKING, DONE, FAILED):
                (self._folder / name).mkdir(exist_ok=True)
            left = sorted(entry.name for entry in os.scandir(self._folder / TAKING))
            taken = sum(self._received(name, now) for name in left)
            return taken + sum(self._taken(entry, now) for entry in self._whole(now))
        except OSError as error:
            raise FolderUnusable(
                f"{self._folder}: 收件文件夹无法使用，请检查网络盘和权限"
                f" / the watch folder cannot be used: check the drive and permissions ({error.strerror})"
            ) from error

    def _whole(self, now: datetime) -> list[Entry]:
        """What has not changed since an earlier look, and for long enough; what is new is noted."""
        entries = list(self._entries(self._folder))
        with self._store.database.write() as connection:
            noted = watched(connection)
            known = {path: file for path, file in noted.items() if file.state == "growing"}
            here = {path: stamp for entry in entries for path, stamp in entry.stamps.items()}
            names = {entry.name for entry in entries}
            # Also of an earlier entry of that name, which was taken.
            gone = [path for path in noted if path in known or _first(path) in names]
            forget_watched(connection, set(gone) - here.keys())
            note_watched(
                connection,
                [
                    WatchedFile(path, *stamp, "growing", now)
                    for path, stamp in here.items()
                    if path not in known or _stamp(known[path]) != stamp
                ],
            )
            forget_taken_before(connection, now - NOTED_FOR)

        def is_whole(path: str, stamp: Stamp) -> bool:
            file = known.get(path)
            return file is not None and _stamp(file) == stamp and file.seen_at <= now - self._quiet

        return [
            entry
            for entry in entries
            if not entry.is_being_copied and all(is_whole(*file) for file in entry.stamps.items())
        ]

    def _entries(self, folder: Path) -> Iterator[Entry]:
        """What lies directly in a folder, without what is ours, hidden or declared for all."""
        for found in sorted(os.scandir(folder), key=lambda each: each.name):
            is_ours = folder == self._folder and found.name in (TAKING, DONE, FAILED)
            if is_ours or is_passed_over(found.name) or is_declared(found.name) or found.is_symlink():
                continue
            stamps = dict(_stamps(Path(found.path)))
            if stamps:
                yield Entry(found.name, stamps)

    def _taken(self, entry: Entry, now: datetime) -> int:
        """Receive an entry; 1, or 0 where it is left for a later look."""
        try:
            (self._folder / entry.name).rename(self._folder / TAKING / entry.name)
        except OSError:  # somebody has it open, or took it
            return 0
        return self._received(entry.name, now)

    def _received(self, name: str, now: datetime) -> int:
        place = self._folder / TAKING / name
        with self._store.database.read() as connection:
            known = watched(connection)
        files = [replace(known[path], seen_at=now) for path in known if _first(path) == name]
        if dict(_stamps(place)) != {file.path: _stamp(file) for file in files}:
            _move(place, self._folder)  # somebody wrote until the last moment
            return 0
        try:
            submission = receive(self._store, self._incoming(place), "folder", now).submission
        except UnreadableFile as error:
            self._note([replace(file, state="failed", failure=str(error)) for file in files])
            moved = _move(place, self._folder / FAILED)
            _free(moved.with_name(f"{moved.name}.txt")).write_text(f"{error}\n", encoding="utf-8")
            return 0
        self._note([replace(file, state="taken", submission_id=submission.id) for file in files])
        _move(place, self._folder / DONE)
        return 1

    def _incoming(self, place: Path) -> tuple[Incoming, ...]:
        """The files of an entry, and what is declared beside it and not in it."""
        own = [file for parcel in parcels_at(place) for file in parcel.files]
        names = {name for name, _ in own}
        beside = [
            (found.name, Path(found.path))
            for found in sorted(os.scandir(self._folder), key=lambda each: each.name)
            if is_declared(found.name) and found.is_file() and found.name not in names
        ]
        return (*own, *beside)

    def _note(self, files: list[WatchedFile]) -> None:
        with self._store.database.write() as connection:
            note_watched(connection, files)


def _first(path: str) -> str:
    """The name of the entry that a file is, or lies in."""
    return path.partition("/")[0]


def _stamp(file: WatchedFile) -> Stamp:
    return file.size, file.modified_ns


def _stamps(place: Path) -> Iterator[tuple[str, Stamp]]:
    """The stamps of a file, or of the files of a folder, by their paths from the folder above."""
    files = [place]
    if place.is_dir():
        files = [Path(root, name) for root, _folders, names in os.walk(place) for name in names]
    for file in sorted(files):
        if is_passed_over(file.name):
            continue
        told = file.stat()
        yield file.relative_to(place.parent).as_posix(), (told.st_size, told.st_mtime_ns)


def _move(place: Path, into: Path) -> Path:
    """Move something into a folder under its name, or one with a number where that is taken."""
    return place.rename(_free(into / place.name))


def _free(wanted: Path) -> Path:
    """A path that is not taken: `票.jpg`, else `票 (2).jpg`, `票 (3).jpg`."""
    free, number = wanted, 2
    while free.exists():
        free = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        number += 1
    return free
