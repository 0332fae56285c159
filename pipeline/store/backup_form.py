"""What a backup is: a ZIP that any program opens and either database takes in.

    tables/claims.jsonl         a row a line, as a JSON list; in the order of the key
    originals/ab/cd/abcd…ef     an original, as in the folder of originals
    manifest.json               last: what is in it, with counts and SHA-256s; without it a ZIP is no backup

Copies of a database's own files would restore into that database alone, and a dump of PostgreSQL needs its
programs beside ours. Rows as text serve both, so restoring is also how a store moves house; a person can read
them; and the same rows give the same bytes, whichever database they come from. The manifest says how each
column is written, so that a backup of an older version can be brought back by a newer program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    select,
)
from sqlalchemy.types import TypeEngine
from typing_extensions import TypedDict

from pipeline.errors import StoreUnusable
from pipeline.store.column_types import Fen, Moment
from pipeline.store.originals import SHA256, key_of
from pipeline.store.tables import pages, submission_files

FORM = 1
"""Of the ZIP; raised when what is written can no longer be understood by an older program."""

MANIFEST = "manifest.json"

Kind: TypeAlias = Literal["text", "number", "real", "flag", "fen", "moment", "day", "bytes"]
"""How the values of a column are written: text and numbers as they are, money in whole fen, moments in UTC,
bytes as base64."""
KINDS: tuple[Kind, ...] = get_args(Kind)

OnWay: TypeAlias = Callable[[str, int, int], None]
"""Told how far something is: what is being done, how much of it is done, how much there is (0: unknown)."""


class TableContent(TypedDict):
    """One table of a backup."""

    rows: int
    sha256: str
    columns: dict[str, Kind]


class OriginalsContent(TypedDict):
    """The originals of a backup; `missing` are those that were gone or damaged when it was made."""

    files: int
    bytes: int
    missing: list[str]


class Manifest(TypedDict):
    """What a backup holds. Tables stand in an order in which each names only rows of those before it."""

    form: int
    made_at: str
    made_by: str
    version: str
    tables: dict[str, TableContent]
    originals: OriginalsContent


def table_entry(table: str) -> str:
    """The name of a table's rows in the ZIP."""
    return f"tables/{table}.jsonl"


def original_entry(sha256: str) -> str:
    """The name of an original in the ZIP."""
    return f"originals/{key_of(sha256)}"


def named_originals(connection: Connection) -> list[str]:
    """The hashes of all originals that the store's rows name, in order."""
    sent = select(submission_files.c.sha256)
    shown = select(pages.c.picture).where(pages.c.picture.is_not(None))
    return sorted(connection.execute(sent.union(shown)).scalars())


def in_order(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """A column to sort by, alike everywhere: PostgreSQL sorts text by the language of its server."""
    is_text = isinstance(column.type, String)
    return column.collate("C") if is_text and connection.dialect.name == "postgresql" else column


def columns_of(table: Table) -> dict[str, Kind]:
    """How each column of a table is written."""
    return {column.name: _kind_of(column.type) for column in table.columns}


def type_of(kind: Kind) -> TypeEngine[Any]:
    """The type of a column that is written so."""
    return _TYPES[kind]()


def row_as_line(row: Sequence[Any], kinds: Iterable[Kind]) -> bytes:
    """One row as a line of JSON."""
    written = [None if value is None else _WRITE[kind](value) for value, kind in zip(row, kinds, strict=True)]
    return json.dumps(written, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def line_as_row(line: bytes, columns: Mapping[str, Kind]) -> dict[str, Any]:
    """The row that `row_as_line` wrote, by the names of its columns.

    Raises:
        ValueError: If the line is no such row.
    """
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(columns):
        raise ValueError(f"{len(columns)} values were expected")
    return {
        name: None if value is None else _READ[kind](value)
        for (name, kind), value in zip(columns.items(), values, strict=True)
    }


def open_backup(file: Path) -> tuple[zipfile.ZipFile, Manifest]:
    """A backup's ZIP, to be closed by the caller, and what it says of itself.

    Raises:
        StoreUnusable: If it is none, was cut short, or was made in a form that this program does not know.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise refused(
            file, "无法打开，可能未传完", f"cannot be opened, perhaps it was cut short: {error}"
        ) from error
    try:
        manifest = _MANIFEST.validate_json(archive.read(MANIFEST))
    except (KeyError, ValidationError, zipfile.BadZipFile) as error:
        archive.close()
        raise refused(
            file, f"不是备份：{MANIFEST} 缺失或有误", f"is no backup: {MANIFEST} is missing or wrong"
        ) from error
    if manifest["form"] != FORM:
        archive.close()
        raise refused(
            file,
            f"备份格式为 {manifest['form']}，本程序只认 {FORM}，请用较新的版本",
            f"is of form {manifest['form']}, known is {FORM}: use a newer program",
        )
    return archive, manifest


def verify(archive: zipfile.ZipFile, manifest: Manifest, on_way: OnWay) -> list[str]:
    """What is wrong with a backup, each as a sentence; nothing where every byte is as it was written."""
    wrong = []
    for name, table in manifest["tables"].items():
        on_way(f"核对 / verifying {name}", 0, 0)
        try:
            with archive.open(table_entry(name)) as rows:
                digest = hashlib.file_digest(cast("Any", rows), "sha256").hexdigest()
        except (KeyError, zipfile.BadZipFile) as error:
            digest = type(error).__name__
        if digest != table["sha256"]:
            wrong.append(f"{table_entry(name)}: 与清单不符 / is not what was written")
    originals = [entry for entry in archive.namelist() if entry.startswith("originals/")]
    for number, entry in enumerate(originals):
        on_way("核对原件 / verifying originals", number, len(originals))
        if not _is_whole(archive, entry):
            wrong.append(f"{entry}: 与文件名中的校验值不符 / is not what its name says")
    if len(originals) != manifest["originals"]["files"]:
        told = manifest["originals"]["files"]
        wrong.append(f"原件应有 {told} 个，实有 {len(originals)} 个 / originals: {told} were written")
    return wrong


def refused(file: Path, chinese: str, english: str) -> StoreUnusable:
    """A backup that cannot be used, as an error that says why."""
    return StoreUnusable(f"{file}: {chinese} / {english}")


def _is_whole(archive: zipfile.ZipFile, entry: str) -> bool:
    sha256 = entry.rpartition("/")[2]
    if not SHA256.fullmatch(sha256) or entry != original_entry(sha256):
        return False
    try:
        with archive.open(entry) as file:
            return hashlib.file_digest(cast("Any", file), "sha256").hexdigest() == sha256
    except zipfile.BadZipFile:
        return False


def _kind_of(column_type: TypeEngine[Any]) -> Kind:
    return next(kind for kind, made in _KIND_OF_TYPE if isinstance(column_type, made))


def _moment_as_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_MANIFEST = TypeAdapter(Manifest)
_TYPES: dict[Kind, type[TypeEngine[Any]]] = {
    "text": Text,
    "number": BigInteger,
    "real": Float,
    "flag": Boolean,
    "fen": Fen,
    "moment": Moment,
    "day": Date,
    "bytes": LargeBinary,
}
_KIND_OF_TYPE: tuple[tuple[Kind, type[TypeEngine[Any]]], ...] = (
    ("fen", Fen),
    ("moment", Moment),
    ("day", Date),
    ("flag", Boolean),
    ("real", Float),
    ("number", Integer),
    ("bytes", LargeBinary),
    ("text", String),
)
_WRITE: dict[Kind, Callable[[Any], Any]] = {
    "text": str,
    "number": int,
    "real": float,
    "flag": bool,
    "fen": lambda value: int(value.scaleb(2)),
    "moment": _moment_as_text,
    "day": date.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
}
_READ: dict[Kind, Callable[[Any], Any]] = {
    "text": str,
    "number": int,
    "real": float,
    "flag": bool,
    "fen": lambda value: Decimal(value).scaleb(-2),
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "bytes": base64.b64decode,
}
