"""A backup of the store while others write: all rows of one moment, and every original that they name.

Rows are read in one transaction that sees one state. Originals are put before the rows that name them are
written and are never taken away, so those of that state can be copied after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Table, func, select

from pipeline.errors import StoreUnusable
from pipeline.store.backup_form import (
    FORM,
    MANIFEST,
    Manifest,
    OnWay,
    OriginalsContent,
    TableContent,
    columns_of,
    in_order,
    named_originals,
    original_entry,
    refused,
    row_as_line,
    table_entry,
)
from pipeline.store.opened import OWNER_FILE, Store, make_private
from pipeline.store.originals import COPY_BYTES, sync_folder
from pipeline.store.tables import METADATA
from pipeline.store.versions import version_of

ROWS_AT_ONCE = 1_000
"""Rows fetched at a time, and between two words about the progress."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made: its file and what is in it."""

    file: Path
    manifest: Manifest


def back_up(store: Store, to: Path, now: datetime, on_way: OnWay) -> Backup:
    """Write a backup into a folder, named by the moment, or to a file that ends in `.zip`.

    The file appears when all of it is on the disk, never before. An original that is gone or damaged is named
    in the manifest and the rest is kept: a backup of all but one paper is worth more than none.

    Args:
        store: Opened.
        to: The folder, made where it is not there, or a file that is not there.
        now: The moment.
        on_way: Told of the progress.

    Raises:
        StoreUnusable: If the store does not answer, or the file is there or cannot be written.
    """
    file = _file_for(to, now)
    part = file.with_name(f"{file.name}.part")
    try:
        make_private(file.parent)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_FILE))
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _written(store, archive, now, on_way)
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            part.rename(file)
            sync_folder(file.parent)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError as error:
        raise refused(
            part,
            "已存在：另一次备份正在写，或曾中断；确认没有备份在运行后请删除",
            "is there: another backup is being written or was broken off; delete it if none is running",
        ) from error
    except OSError as error:
        raise refused(file, "无法写入，请检查权限和磁盘", f"cannot be written: {error.strerror}") from error
    return Backup(file, manifest)


def _file_for(to: Path, now: datetime) -> Path:
    if to.suffix.lower() != ".zip":
        to = to / f"baoxiao-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    if to.exists():
        raise refused(to, "已存在，不会覆盖", "is there already and is not overwritten")
    return to


def _written(store: Store, archive: zipfile.ZipFile, now: datetime, on_way: OnWay) -> Manifest:
    with store.database.read() as connection:
        noted = version_of(connection)
        assert noted is not None, "an opened store has tables"
        tables = {
            table.name: _table_written(connection, table, archive, on_way) for table in METADATA.sorted_tables
        }
        wanted = named_originals(connection)
    manifest: Manifest = {
        "form": FORM,
        "made_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "made_by": f"baoxiao {version('baoxiao')}",
        "version": noted,
        "tables": tables,
        "originals": {"files": 0, "bytes": 0, "missing": []},
    }
    for number, sha256 in enumerate(wanted):
        on_way("原件 / originals", number, len(wanted))
        _original_written(store, sha256, archive, manifest["originals"])
    archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def _table_written(
    connection: Connection, table: Table, archive: zipfile.ZipFile, on_way: OnWay
) -> TableContent:
    columns = columns_of(table)
    kinds = tuple(columns.values())
    digest, rows = hashlib.sha256(), 0
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    key = [in_order(column, connection) for column in table.primary_key]
    found = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table).order_by(*key))
    with archive.open(table_entry(table.name), "w", force_zip64=True) as entry:
        for chunk in found.partitions():
            on_way(table.name, rows, total)
            lines = b"".join(row_as_line(row, kinds) for row in chunk)
            digest.update(lines)
            entry.write(lines)
            rows += len(chunk)
    return {"rows": rows, "sha256": digest.hexdigest(), "columns": columns}


def _original_written(store: Store, sha256: str, archive: zipfile.ZipFile, told: OriginalsContent) -> None:
    """Copy an original as it is, for papers are packed already; or note that it is not there, or damaged."""
    try:
        whole = store.originals.is_whole(sha256)
    except StoreUnusable:
        whole = False
    if not whole:
        told["missing"].append(sha256)
        return
    entry = zipfile.ZipInfo(original_entry(sha256))
    with store.originals.open(sha256) as kept, archive.open(entry, "w", force_zip64=True) as copy:
        shutil.copyfileobj(kept, copy, COPY_BYTES)
        told["bytes"] += kept.tell()
    told["files"] += 1
