"""The database of the store: SQLite in a folder by default, PostgreSQL by another URL.

On SQLite a transaction that writes begins with BEGIN IMMEDIATE: begun later, it fails with "database is
locked" as soon as two writers meet. What is committed is on the disk (WAL, synchronous=FULL). A transaction
that meets another one on PostgreSQL (serialization, deadlock) is tried again by whoever asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection  # named so by who composes transactions above the store
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from pipeline.errors import StoreUnusable

FILE = "claims.sqlite"
"""The database's name in the folder of the store."""

BUSY_MILLISECONDS = 30_000
"""How long a writer on SQLite waits for another one."""


WRITES = "writes"
"""The execution option of a connection that will write."""


def url_of_folder(folder: Path) -> str:
    """The URL of the SQLite database in a store's folder."""
    return str(URL.create("sqlite", database=str(folder / FILE)))


class Database:
    """One store's database; may be used from several threads.

    Args:
        url: `sqlite:///…/claims.sqlite` or `postgresql+psycopg://…`.

    Raises:
        StoreUnusable: If the URL is none, its driver is not installed, or the database does not answer; so
            do the methods.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.engine = _engine(self.url)
            self._writing = self.engine.execution_options(**{WRITES: True})
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreUnusable(
                f"数据库地址无法使用，应为 sqlite:///文件 或 postgresql+psycopg://…（须装 baoxiao[postgres]）"
                f" / the database URL cannot be used ({type(error).__name__})"
            ) from error

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the database in a file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is kept, or nothing.

        Raises:
            StoreUnusable: If the database does not answer, is locked for too long, or is full.
        """
        with _told(self.url), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, from one state of the database.

        Raises:
            StoreUnusable: If the database does not answer.
        """
        with _told(self.url), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _engine(url: URL) -> Engine:
    serializer = partial(json.dumps, ensure_ascii=False)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, json_serializer=serializer, pool_pre_ping=True)
    engine = create_engine(
        url, json_serializer=serializer, connect_args={"timeout": BUSY_MILLISECONDS / 1000}
    )

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _told(url: URL) -> Iterator[None]:
    """What the database refuses, as an error that says what to do; without its words, which quote values."""
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated and not _is_operational(error):
            raise
        where = url.render_as_string(hide_password=True)
        raise StoreUnusable(
            f"{where}: 数据库没有答复、被占用或磁盘已满，请检查后重试"
            f" / the database does not answer, is locked, or its disk is full; check it and try again"
            f" ({type(error.orig).__name__})"
        ) from error


def _is_operational(error: DBAPIError) -> bool:
    return type(error).__name__ == "OperationalError"
