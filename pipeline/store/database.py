"""The database of the store: SQLite in a folder by default, PostgreSQL by another URL.

On SQLite a transaction that writes begins with BEGIN IMMEDIATE: begun later, it fails with "database is
locked" as soon as two writers meet. What is committed is on the disk (WAL, synchronous=FULL). A transaction
that meets another one on PostgreSQL (serialization, deadlock) is tried again by whoever asked for it.
"""

from __future__ import annotations

import json
import sqlite3
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

CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to answer at all; the driver by itself waits for minutes."""

WRITES = "writes"
"""The execution option of a connection that will write."""

UNANSWERED = (
    "数据库没有答复、被占用或磁盘已满，请检查后重试",
    "the database does not answer, is locked, or its disk is full; check it and try again",
)
DAMAGED = (
    "数据库文件已损坏或不是数据库：请将其移开，再用 baoxiao db restore 恢复最近的备份",
    "the database file is damaged or none: move it aside and bring the latest backup back with"
    " baoxiao db restore",
)
_DAMAGED_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNANSWERED_CODES = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL),
    }
)


def url_of_folder(folder: Path) -> URL:
    """The URL of the SQLite database in a store's folder; no text, for a folder may hold `?` or `#`."""
    return URL.create("sqlite", database=str(folder / FILE))


class Database:
    """One store's database; may be used from several threads.

    Args:
        url: `sqlite:///…/claims.sqlite` or `postgresql+psycopg://…`.

    Raises:
        StoreUnusable: If the URL is none, its driver is not installed, or the database does not answer; so
            do the methods.
    """

    def __init__(self, url: str | URL) -> None:
        try:
            self.url = make_url(url)
            self.engine = _engine(self.url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreUnusable(
                f"数据库地址无法使用，应为 sqlite:///文件 或 postgresql+psycopg://…（须装 baoxiao[postgres]）"
                f" / the database URL cannot be used ({type(error).__name__})"
            ) from error
        self._writing = self.engine.execution_options(**{WRITES: True})
        # By itself PostgreSQL looks anew for every statement; SQLite's readers see one state as they are.
        self._reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the database in a file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """What people read of it: its URL without the password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is kept, or nothing.

        Raises:
            StoreUnusable: If the database does not answer, is locked for too long, is full or damaged.
        """
        with self._told(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, from one state of the database, while others write.

        Raises:
            StoreUnusable: If the database does not answer or is damaged.
        """
        with self._told(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def reshape(self) -> Iterator[Connection]:
        """A transaction that changes the tables themselves: all of it is kept, or nothing.

        SQLite changes a table by copying it, dropping the old one and renaming the copy, which no rule
        between tables lives through; so they are laid aside meanwhile and all looked at before the end.

        Raises:
            StoreUnusable: If the database does not answer, is locked for too long, is full or damaged.
            ForeignRowsLost: If a row would name one that is not there.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        with self._told(), self._writing.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")  # says nothing inside a transaction, so before it begins
            try:
                with connection.begin():
                    yield connection
                    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if lost:
                        raise ForeignRowsLost(f"{len(lost)} rows of {lost[0][0]} and others name no row")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database refuses, as an error that says what to do; its own words quote values."""
        try:
            yield
        except DBAPIError as error:
            told = _meaning(error)
            if told is None:
                raise
            chinese, english = told
            raise StoreUnusable(
                f"{self.name}: {chinese} / {english} ({type(error.orig).__name__})"
            ) from error


class ForeignRowsLost(RuntimeError):
    """A change of tables, or rows brought back, would leave rows that name others that are not there."""


def _engine(url: URL) -> Engine:
    """Parameters are hidden: an error that is logged would name patients."""
    serializer = partial(json.dumps, ensure_ascii=False)
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            json_serializer=serializer,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS} if url.get_driver_name() == "psycopg" else {},
        )
    engine = create_engine(
        url,
        json_serializer=serializer,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
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


def _meaning(error: DBAPIError) -> tuple[str, str] | None:
    """What to tell people, Chinese and English; nothing where the mistake is ours."""
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED_CODES:
            return DAMAGED
        return UNANSWERED if code in _UNANSWERED_CODES else None
    is_operational = type(error).__name__ == "OperationalError"
    return UNANSWERED if error.connection_invalidated or is_operational else None
