"""ZIP: its files, one by one, under names of ours, counted while they come out.

What an archive says of itself is not believed: sizes are counted, inner names never touch the file
system, links are not followed. Names without the UTF-8 mark are GBK, as Chinese systems write them.
"""

from __future__ import annotations

import stat
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


@dataclass(slots=True)
class _Budget:
    """What may still come out, over all inner archives."""

    files: int
    bytes: int
    members: list[Member] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def unpack_zip(file: SourceFile, path: Path, folder: Path, limits: Limits) -> Unpacked:
    """Write the readable files of a ZIP into `folder`, those of inner ZIPs too.

    Each is recognised by its first bytes; what is none of the formats read is told and not kept.

    Raises:
        UnreadableFile: If the archive cannot be opened, is empty or over a limit, or if all of it is
            encrypted.
    """
    budget = _Budget(limits.archive_files, limits.archive_bytes)
    _unpack(file, path, folder, 1, budget, limits)
    if not budget.members and not budget.unread:
        raise empty(file, "压缩包里没有文件", "the archive holds no file")
    if not budget.members and all(each.code == "encrypted" for each in budget.unread):
        raise encrypted(file, "压缩包", "archive")
    return Unpacked(tuple(budget.members), tuple(budget.unread))


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


def _unpack(file: SourceFile, path: Path, folder: Path, depth: int, budget: _Budget, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in _entries(archive):
                _count(file, budget, limits)
                name = f"{file.name}!{_shown(inner_name(info))}"
                try:
                    _take(archive, info, name, folder, depth, budget, limits)
                except UnreadableFile as error:
                    budget.unread.append(unread(error, name))
    except ZIP_ERRORS as error:
        raise corrupt(file, "ZIP 压缩包无法打开", "the ZIP cannot be opened") from error


def _entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for info in archive.infolist():
        parts = set(PurePosixPath(inner_name(info).replace("\\", "/")).parts)
        if not info.is_dir() and not parts & BY_THE_WAY:
            yield info


def _count(file: SourceFile, budget: _Budget, limits: Limits) -> None:
    if budget.files == 0:
        raise too_large(
            file,
            f"压缩包内文件超过 {limits.archive_files:,} 个",
            f"the archive holds more than {limits.archive_files:,} files",
            ("请分成几个压缩包发送", "send it as several archives"),
        )
    budget.files -= 1


def _shown(name: str) -> str:
    """An inner name without what could point out of the archive."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "?"


def _take(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    folder: Path,
    depth: int,
    budget: _Budget,
    limits: Limits,
) -> None:
    """Unpack one entry, or what it holds where it is a ZIP itself.

    Raises:
        UnreadableFile: If this entry is not to be had; the others are.
    """
    _check(info, name)
    path = folder / f"{limits.archive_files - budget.files:05d}"
    try:
        _write(archive, info, name, path, budget, limits)
        file = source_file(name, path)
        if recognise(file, path, limits) != "zip":
            budget.members.append(Member(file, path))
            return
        if depth >= limits.archive_depth:
            raise unsafe(name, "压缩包层层嵌套", "archives inside archives inside archives")
        _unpack(file, path, folder, depth + 1, budget, limits)
        path.unlink()
    except UnreadableFile:
        path.unlink(missing_ok=True)
        raise


def _check(info: zipfile.ZipInfo, name: str) -> None:
    written = inner_name(info).replace("\\", "/")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise unsafe(name, "压缩包内是符号链接", "the archive holds a symbolic link")
    if written.startswith("/") or ".." in written.split("/") or written[1:3] == ":/":
        raise unsafe(name, "压缩包内的路径指向包外", "its path points out of the archive")
    if info.flag_bits & ENCRYPTED:
        raise encrypted(name, "压缩包内的文件", "file in the archive")


def _write(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, path: Path, budget: _Budget, limits: Limits
) -> None:
    bound = min(limits.file_bytes, budget.bytes)
    written = 0
    try:
        with archive.open(info) as source, path.open("wb") as target:
            while chunk := source.read(CHUNK_BYTES):
                written += len(chunk)
                if written > bound:
                    raise too_large(
                        name,
                        f"解压后超过 {bound:,} 字节",
                        f"it unpacks to more than {bound:,} bytes",
                        ("请单独发送其中的票据文件", "send the bills in it as they are"),
                    )
                target.write(chunk)
    except NotImplementedError as error:
        raise unsupported(name, "以少见方式压缩的文件", "a file packed in a rare way") from error
    except ZIP_ERRORS as error:
        raise corrupt(name, "压缩包内的文件无法解压", "it cannot be unpacked") from error
    finally:
        budget.bytes -= written
