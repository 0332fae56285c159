"""ZIP: its files, one by one, under names of ours, counted while they come out.

What an archive says of itself is not believed: sizes are counted, inner names never touch the file
system, links are not followed. Names without the UTF-8 mark are GBK, as Chinese systems write them.
"""

from __future__ import annotations

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile, Unread
from pipeline.reading.decoded import Member, Unpacked
from pipeline.reading.limits import Limits
from pipeline.reading.open_file import recognise, source_file
from pipeline.reading.refusal import corrupt, empty, encrypted, too_large, unread, unsafe, unsupported

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    NotImplementedError,
    OverflowError,
)
"""What `zipfile` raises on damaged archives; NotImplementedError for packings it does not know."""
UTF_8_NAME = 0x800
ENCRYPTED = 0x1
CHUNK_BYTES = 1024 * 1024
BY_THE_WAY = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
"""What systems add to archives by themselves."""


def unpack_zip(file: SourceFile, path: Path, folder: Path, limits: Limits) -> Unpacked:
    """Write the readable files of a ZIP into `folder`, those of inner ZIPs too.

    Each is recognised by its first bytes; what is none of the formats read is told and not kept.

    Raises:
        UnreadableFile: If the archive cannot be opened, is empty or over a limit, or if all of it is
            encrypted.
    """
    unpacking = _Unpacking(folder, limits, limits.archive_files, limits.archive_bytes)
    unpacking.take_archive(file, path, depth=1)
    members, missed = tuple(unpacking.members), tuple(unpacking.unread)
    if not members and not missed:
        raise empty(file, "压缩包里没有文件", "the archive holds no file")
    if not members and all(each.code == "encrypted" for each in missed):
        raise encrypted(file, "压缩包", "archive")
    return Unpacked(members, missed)


def inner_name(info: zipfile.ZipInfo) -> str:
    """The name of an entry as its writer meant it."""
    if info.flag_bits & UTF_8_NAME:
        return info.filename
    try:
        written = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


@dataclass(slots=True)
class _Unpacking:
    """What came out so far, and what may still, over all inner archives."""

    folder: Path
    limits: Limits
    files_left: int
    bytes_left: int
    members: list[Member] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def take_archive(self, file: SourceFile, path: Path, depth: int) -> None:
        """Take all files of the ZIP at `path`.

        Raises:
            UnreadableFile: If it cannot be opened or holds too many.
        """
        try:
            archive = zipfile.ZipFile(path)
        except ZIP_ERRORS as error:
            raise corrupt(file, "ZIP 压缩包无法打开", "the ZIP cannot be opened") from error
        with archive:
            for info in _entries(archive):
                self._count(file)
                self._take_entry(archive, info, f"{file.name}!{_shown(inner_name(info))}", depth)

    def _count(self, file: SourceFile) -> None:
        if self.files_left == 0:
            raise too_large(
                file,
                f"压缩包内文件超过 {self.limits.archive_files:,} 个",
                f"the archive holds more than {self.limits.archive_files:,} files",
                ("请分成几个压缩包发送", "send it as several archives"),
            )
        self.files_left -= 1

    def _take_entry(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, depth: int) -> None:
        """Take one entry, or what it holds where it is a ZIP itself; one that fails leaves the others."""
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as target:
            path = Path(target.name)
        try:
            _check(info, name)
            self._write(archive, info, name, path)
            file = source_file(name, path)
            if recognise(file, path, self.limits) != "zip":
                self.members.append(Member(file, path))
                return
            if depth >= self.limits.archive_depth:
                raise unsafe(name, "压缩包层层嵌套", "archives inside archives inside archives")
            self.take_archive(file, path, depth + 1)
        except UnreadableFile as error:
            self.unread.append(unread(error, name))
        path.unlink()

    def _write(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, path: Path) -> None:
        bound = min(self.limits.file_bytes, self.bytes_left)
        written = 0
        with path.open("wb") as target:
            for chunk in _chunks(archive, info, name):
                written += len(chunk)
                self.bytes_left = max(0, self.bytes_left - len(chunk))
                if written > bound:
                    raise too_large(
                        name,
                        f"解压后超过 {bound:,} 字节",
                        f"it unpacks to more than {bound:,} bytes",
                        ("请单独发送其中的票据文件", "send the bills in it as they are"),
                    )
                target.write(chunk)


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    try:
        with archive.open(info) as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
    except NotImplementedError as error:
        raise unsupported(name, "以少见方式压缩的文件", "a file packed in a rare way") from error
    except ZIP_ERRORS as error:
        raise corrupt(name, "压缩包内的文件无法解压", "it cannot be unpacked") from error


def _entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for info in archive.infolist():
        parts = set(PurePosixPath(inner_name(info).replace("\\", "/")).parts)
        if not info.filename.endswith("/") and not parts & BY_THE_WAY:
            yield info


def _shown(name: str) -> str:
    """An inner name without what could point out of the archive."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "?"


def _check(info: zipfile.ZipInfo, name: str) -> None:
    written = inner_name(info).replace("\\", "/")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise unsafe(name, "压缩包内是符号链接", "the archive holds a symbolic link")
    if written.startswith("/") or ".." in written.split("/") or written[1:3] == ":/":
        raise unsafe(name, "压缩包内的路径指向包外", "its path points out of the archive")
    if info.flag_bits & ENCRYPTED:
        raise encrypted(name, "压缩包内的文件", "file in the archive")
