"""A backup brought back, into the database it came from or one of another kind: all of it or nothing.

The backup is verified to its last byte first, originals are put next (harmless by themselves: rows decide
what is there), and all rows come in one transaction. Rows of an older version are brought into tables of that
version, which then go the way that every older store goes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, func, insert, inspect, select, table, text
from sqlalchemy.exc import DataError, IntegrityError

from pipeline.errors import StoreUnusable
from pipeline.store.backup import ROWS_AT_ONCE
from pipeline.store.backup_form import (
    Kind,
    Manifest,
    OnWay,
    TableContent,
    line_as_row,
    open_backup,
    refused,
    table_entry,
    type_of,
    verify,
)
from pipeline.store.database import ForeignRowsLost
from pipeline.store.opened import Store
from pipeline.store.tables import METADATA
from pipeline.store.versions import (
    drop_tables,
    hold_tables,
    known_versions,
    newest_version,
    upgrade,
    version_of,
)


def restore(store: Store, file: Path, on_way: OnWay, *, replace: bool = False) -> Manifest:
    """Bring back what a backup holds; what the backup says of itself.

    Args:
        store: Reached, of this program's version or without tables.
        file: The backup.
        on_way: Told of the progress.
        replace: Give up what is in the store now. Originals stay even so.

    Raises:
        StoreUnusable: If the backup is damaged or of a newer version, the store is not empty, or it cannot be
            written; then the store's rows are as they were.
    """
    archive, manifest = open_backup(file)
    with archive:
        if manifest["version"] not in known_versions():
            raise refused(
                file,
                f"由较新的程序建立（{manifest['version']}），请安装较新的版本",
                f"was made by a newer program ({manifest['version']}): install that one",
            )
        _refuse_full(store, replace=replace)
        wrong = verify(archive, manifest, on_way)
        if wrong:
            told = "; ".join(wrong)
            raise refused(file, "备份已损坏，未作任何改动", f"is damaged, nothing was changed: {told}")
        _put_originals(store, archive, on_way)
        try:
            with store.database.reshape() as connection:
                hold_tables(connection)
                _refuse_full(store, connection, replace=replace)
                drop_tables(connection)
                of_others = _tables(connection)
                upgrade(connection, manifest["version"])
                if not manifest["tables"].keys() <= _tables(connection) - of_others:
                    raise refused(file, "含有不属于存储的表", "names tables that are not the store's")
                for name, content in manifest["tables"].items():
                    _bring_in(connection, archive, name, content, on_way)
                if manifest["version"] != newest_version():
                    upgrade(connection)
                count_on(connection)
        except (ForeignRowsLost, IntegrityError, DataError, ValueError) as error:
            raise refused(
                file, "备份中的数据互相矛盾或有误，未作任何改动", "its rows are wrong, nothing was changed"
            ) from error
    return manifest


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def is_empty(connection: Connection) -> bool:
    """Whether no table of the store holds a row."""
    if version_of(connection) is None:
        return True
    return all(
        connection.execute(select(1).select_from(one).limit(1)).first() is None
        for one in METADATA.sorted_tables
    )


def count_on(connection: Connection) -> None:
    """Let running numbers go on behind the highest; PostgreSQL does not look at rows that bring their own."""
    if connection.dialect.name != "postgresql":
        return
    for one in METADATA.sorted_tables:
        number = one.autoincrement_column
        if number is not None:
            highest = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
            sequence = func.pg_get_serial_sequence(one.name, number.name)
            connection.execute(select(func.setval(sequence, highest, text("false"))))


def _refuse_full(store: Store, connection: Connection | None = None, *, replace: bool) -> None:
    """Refuse a store that would lose something.

    Raises:
        StoreUnusable: If it holds rows and nobody said that they may go, or is of another version.
    """
    if connection is None:
        with store.database.read() as opened:
            _refuse_full(store, opened, replace=replace)
        return
    if version_of(connection) not in (None, newest_version()):
        raise StoreUnusable(
            f"{store.database.name}: 数据由其他版本的程序建立，请换一个空的数据库"
            " / the store is of another version: name an empty database"
        )
    if not replace and not is_empty(connection):
        raise StoreUnusable(
            f"{store.database.name}: 已有数据，不会覆盖；确要以备份代替，请加 --replace"
            " / holds data, which is not overwritten; to put the backup in its place add --replace"
        )


def _put_originals(store: Store, archive: zipfile.ZipFile, on_way: OnWay) -> None:
    entries = [entry for entry in archive.namelist() if entry.startswith("originals/")]
    for number, entry in enumerate(entries):
        on_way("原件 / originals", number, len(entries))
        with archive.open(entry) as original:
            store.originals.put(original)


def _bring_in(
    connection: Connection, archive: zipfile.ZipFile, name: str, content: TableContent, on_way: OnWay
) -> None:
    columns: Mapping[str, Kind] = content["columns"]
    into = insert(table(name, *(column(one, type_of(kind)) for one, kind in columns.items())))
    done = 0
    with archive.open(table_entry(name)) as lines:
        for rows in _chunks(lines, columns):
            on_way(name, done, content["rows"])
            connection.execute(into, rows)
            done += len(rows)


def _chunks(lines: Any, columns: Mapping[str, Kind]) -> Iterator[list[dict[str, Any]]]:
    while chunk := [line_as_row(line, columns) for line in islice(lines, ROWS_AT_ONCE)]:
        yield chunk
