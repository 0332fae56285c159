"""The original bytes of what was sent, kept under their own SHA-256.

    originals/ab/cd/abcd…ef     the file as it came, whole or not there at all

An original is never changed and never taken away. Whoever is told its hash may rely on it: in a folder it is
on the disk, its name too, before `put` returns. Other places are reached through fsspec by their URL
(`s3://bucket/prefix`, `sftp://…`), and there it is theirs to promise that what they acknowledge stays.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, TypeAlias, cast

import fsspec

from pipeline.errors import StoreUnusable

SHA256 = re.compile(r"[0-9a-f]{64}")
COPY_BYTES = 1 << 20
"""So much of a file is in memory at a time."""

FIRST_FOLDER = re.compile(r"[0-9a-f]{2}")

INCOMING = "incoming"
"""Where bytes lie until they are whole; what a killed process left there is nobody's and may be deleted."""


Content: TypeAlias = "Path | bytes | IO[bytes]"
"""A file, bytes, or an open file."""


class Originals(Protocol):
    """A place that keeps bytes by their hash."""

    name: str
    """Where that is, for people."""

    def put(self, content: Content) -> str:
        """Keep a file or bytes; what is there already is left alone. The SHA-256, in hexadecimal.

        Raises:
            OSError: If the file that is given cannot be opened.
            StoreUnusable: If it cannot be written; then nothing is kept.
        """

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, from their beginning; to be closed by the caller.

        Raises:
            StoreUnusable: If they are not there.
        """

    def path(self, sha256: str) -> AbstractContextManager[Path]:
        """The bytes as a local file, only to be read, for as long as the context lasts.

        Raises:
            StoreUnusable: If they are not there.
        """

    def is_whole(self, sha256: str) -> bool:
        """Whether the bytes are there and have their hash; reads all of them."""

    def has(self, sha256: str) -> bool:
        """Whether bytes of that name are there."""

    def is_empty(self) -> bool:
        """Whether nothing was ever kept here."""


def originals_at(place: Path | str) -> Originals:
    """Originals in a folder, made with the first of them, or at an fsspec URL.

    Raises:
        StoreUnusable: If fsspec knows no such place or its driver is not installed.
    """
    if isinstance(place, Path):
        return FolderOriginals(place)
    try:
        # What others wrote since the last look is asked for anew.
        files, root = fsspec.core.url_to_fs(place, use_listings_cache=False)
    except (ValueError, ImportError) as error:
        raise StoreUnusable(
            f"原件地址无法使用，应为 fsspec 支持的地址并装好其驱动（如 s3fs）"
            f" / the URL of the originals cannot be used: fsspec must know it and have its driver ({error})"
        ) from error
    return FolderOriginals(Path(root)) if "file" in _protocols(files) else RemoteOriginals(files, root)


def key_of(sha256: str) -> str:
    """`ab/cd/abcd…ef`: no folder holds more than some thousands of a million files.

    Raises:
        ValueError: If it is no SHA-256 in small hexadecimal digits; so a name never leads out of the folder.
    """
    if not SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r}: not a SHA-256 in small hexadecimal digits")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class FolderOriginals:
    """Originals in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def put(self, content: Content) -> str:
        """Keep a file or bytes; see `Originals.put`.

        A file of that name whose bytes are others, which only a failing disk makes, is put right.
        """
        with _opened(content) as source, _told(self.name):
            incoming = self._folder / INCOMING
            _make_folder(incoming)
            temporary = incoming / secrets.token_hex(16)
            try:
                with _created(temporary) as file:
                    sha256 = _copied(source, file)
                    file.flush()
                    os.fsync(file.fileno())
                kept = self._folder / key_of(sha256)
                _make_folder(kept.parent)
                if not self.is_whole(sha256):
                    temporary.replace(kept)
                # Also where it was there: whoever wrote it may not have come to this yet.
                sync_folder(kept.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return sha256

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, from their beginning; see `Originals.open`."""
        with _told(self.name, sha256):
            return (self._folder / key_of(sha256)).open("rb")

    @contextmanager
    def path(self, sha256: str) -> Iterator[Path]:
        """The kept file itself; see `Originals.path`."""
        self.open(sha256).close()
        yield self._folder / key_of(sha256)

    def is_whole(self, sha256: str) -> bool:
        """Whether the bytes are there and have their hash."""
        return self.has(sha256) and _hash_of(self.open(sha256)) == sha256

    def has(self, sha256: str) -> bool:
        """Whether bytes of that name are there."""
        return (self._folder / key_of(sha256)).is_file()

    def is_empty(self) -> bool:
        """Whether nothing was ever kept here."""
        with _told(self.name):
            return not self._folder.is_dir() or not any(
                FIRST_FOLDER.fullmatch(entry.name) for entry in self._folder.iterdir()
            )


class RemoteOriginals:
    """Originals wherever fsspec reaches.

    Args:
        files: The file system.
        root: The path in it, without the protocol.
    """

    def __init__(self, files: fsspec.AbstractFileSystem, root: str) -> None:
        self.name = f"{_protocols(files)[0]}://{root}"
        self._files = files
        self._root = root.rstrip("/")

    def put(self, content: Content) -> str:
        """Keep a file or bytes; see `Originals.put`.

        It is written under another name and moved: a bucket shows a file only when it is whole, a server
        of files shows the part that has arrived.
        """
        with _opened(content) as source, _told(self.name):
            temporary = self._at(f"{INCOMING}/{secrets.token_hex(16)}")
            self._files.makedirs(self._at(INCOMING), exist_ok=True)
            try:
                with self._files.open(temporary, "wb") as file:
                    sha256 = _copied(source, file)
                if not self.is_whole(sha256):
                    kept = self._at(key_of(sha256))
                    self._files.makedirs(kept.rpartition("/")[0], exist_ok=True)
                    self._files.mv(temporary, kept)
            finally:
                with suppress(FileNotFoundError):  # moved, or never made
                    self._files.rm_file(temporary)
        return sha256

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, from their beginning; see `Originals.open`."""
        with _told(self.name, sha256):
            return cast("BinaryIO", self._files.open(self._at(key_of(sha256)), "rb"))

    @contextmanager
    def path(self, sha256: str) -> Iterator[Path]:
        """A copy that goes away with the context; see `Originals.path`."""
        with tempfile.TemporaryDirectory(prefix="baoxiao-") as folder:
            copy = Path(folder) / sha256
            with self.open(sha256) as kept, copy.open("wb") as file:
                shutil.copyfileobj(kept, file, COPY_BYTES)
            yield copy

    def is_whole(self, sha256: str) -> bool:
        """Whether the bytes are there and have their hash."""
        return self.has(sha256) and _hash_of(self.open(sha256)) == sha256

    def has(self, sha256: str) -> bool:
        """Whether bytes of that name are there."""
        with _told(self.name):
            try:
                found = self._files.info(self._at(key_of(sha256)))
            except FileNotFoundError:
                return False
            return bool(found["type"] == "file")

    def is_empty(self) -> bool:
        """Whether nothing was ever kept here."""
        with _told(self.name):
            try:
                entries = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return True
            return not any(
                FIRST_FOLDER.fullmatch(str(entry).rstrip("/").rpartition("/")[2]) for entry in entries
            )

    def _at(self, key: str) -> str:
        return f"{self._root}/{key}"


def _protocols(files: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    protocol: str | tuple[str, ...] = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _hash_of(file: BinaryIO) -> str:
    with file:
        return hashlib.file_digest(cast("Any", file), "sha256").hexdigest()


def _opened(content: Content) -> AbstractContextManager[IO[bytes]]:
    """What is given, from its beginning; an open file stays its owner's to close."""
    if isinstance(content, bytes):
        return io.BytesIO(content)
    return content.open("rb") if isinstance(content, Path) else nullcontext(content)


def _copied(source: IO[bytes], into: IO[bytes]) -> str:
    """Write all of a file; the SHA-256 of what was written."""
    digest = hashlib.sha256()
    while part := source.read(COPY_BYTES):
        digest.update(part)
        into.write(part)
    return digest.hexdigest()


def _created(file: Path) -> IO[bytes]:
    """A new file for its owner alone."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(file, flags, 0o600), "wb")


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that their names are on the disk too."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows has no way to ask for that and needs none."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _told(name: str, sha256: str = "") -> Iterator[None]:
    """What a place refuses, as an error that says what to do."""
    try:
        yield
    except FileNotFoundError as error:
        if not sha256:
            raise _unusable(name, error) from error
        raise StoreUnusable(
            f"{name}: 缺少原件 {sha256}，请运行 baoxiao db check，并从备份恢复"
            f" / the original {sha256} is missing: run baoxiao db check and bring it back from a backup"
        ) from error
    except OSError as error:
        raise _unusable(name, error) from error


def _unusable(name: str, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"{name}: 原件无法读写，请检查权限、磁盘和网络"
        f" / originals cannot be read or written: check permissions, disk and network"
        f" ({error.strerror or error})"
    )
