"""The store as everybody opens it: its database, of the version this program works with, and its originals.

A store that is not there is made; one of another version, or damaged, is refused with what to do about it.
A patient's papers lie in it, so its folder is for its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect

from pipeline.errors import StoreUnusable
from pipeline.settings import Settings
from pipeline.store.database import Database, url_of_folder
from pipeline.store.originals import Originals, originals_at
from pipeline.store.tables import METADATA
from pipeline.store.versions import hold_tables, known_versions, newest_version, upgrade, version_of

ORIGINALS_FOLDER = "originals"
"""Where original bytes lie in the folder of the store."""

OWNER_FILE = 0o600
OWNER_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Store:
    """What claims and their papers are kept in; may be used from several threads."""

    database: Database
    originals: Originals

    def close(self) -> None:
        """Let go of all connections."""
        self.database.close()


def open_store(settings: Settings) -> Store:
    """The store that the settings name, made where there is none.

    Raises:
        StoreUnusable: If it is older or newer than this program, damaged, or cannot be reached or written.
    """
    store = reach_store(settings)
    try:
        check_version(store)
    except StoreUnusable:
        store.close()
        raise
    return store


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """`open_store` for as long as the context lasts."""
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


def reach_store(settings: Settings) -> Store:
    """The store that the settings name, whatever its version; without any table where it is new.

    Raises:
        StoreUnusable: If its folder cannot be written or its URLs cannot be used.
    """
    folder = settings.store_dir
    if not settings.database_url or not settings.originals_url:
        make_private(folder)
    database = Database(settings.database_url or url_of_folder(folder))
    if database.is_sqlite and database.url.database:
        _make_private_file(Path(database.url.database))
    return Store(database, originals_at(settings.originals_url or folder / ORIGINALS_FOLDER))


def check_version(store: Store) -> None:
    """Refuse what this program cannot work with; make the tables where there are none at all.

    Raises:
        StoreUnusable: If the store is older or newer than this program, holds other tables, is damaged, or
            has lost its database.
    """
    name = store.database.name
    with store.database.read() as connection:
        version = version_of(connection)
    if version is None:
        _make_tables(store)
    elif version in known_versions()[:-1]:
        raise StoreUnusable(
            f"{name}: 数据由旧版程序建立（{version}，现为 {newest_version()}），请先运行 baoxiao db upgrade"
            f" / the store is older ({version}, now {newest_version()}): run baoxiao db upgrade first"
        )
    elif version != newest_version():
        raise StoreUnusable(
            f"{name}: 数据由较新的程序建立（{version}），请安装较新的版本"
            f" / the store was made by a newer program ({version}): install that one"
        )


def bring_up_to_date(store: Store) -> tuple[str | None, str]:
    """Bring an older store's tables to this program's version, or make them; the versions before and after.

    Raises:
        StoreUnusable: If the store is newer than this program, or cannot be used; then nothing was changed.
    """
    with store.database.read() as connection:
        before = version_of(connection)
    if before in known_versions():
        with store.database.reshape() as connection:
            hold_tables(connection)
            upgrade(connection)
    else:
        check_version(store)
    return before, newest_version()


def _make_tables(store: Store) -> None:
    name = store.database.name
    with store.database.reshape() as connection:
        hold_tables(connection)
        if version_of(connection) is not None:
            return  # somebody else made them meanwhile
        if not store.originals.is_empty():
            # Papers were acknowledged here. An empty store beside them would look as if all were well.
            raise StoreUnusable(
                f"{name}: 数据库是空的，但 {store.originals.name} 里已有原件：请用"
                " baoxiao db restore 恢复备份，或检查地址 / the database is empty but originals are there:"
                " bring a backup back with baoxiao db restore, or check the addresses"
            )
        strange = METADATA.tables.keys() & set(inspect(connection).get_table_names())
        if strange:
            raise StoreUnusable(
                f"{name}: 已有同名的表（{'、'.join(sorted(strange))}），不是本程序所建，请换一个数据库"
                f" / tables of these names are there that this program did not make: name another database"
            )
        upgrade(connection)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may look into; one that is there stays as it is.

    Raises:
        StoreUnusable: If it cannot be made.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _make_private_file(file: Path) -> None:
    """SQLite gives the files beside its own the same mode, so its own is made before SQLite does."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, OWNER_FILE))
    except OSError as error:
        raise _not_writable(file, error) from error


def _not_writable(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"{path}: 无法建立或写入，请检查权限和磁盘"
        f" / cannot be made or written: check permissions and the disk ({error.strerror})"
    )
