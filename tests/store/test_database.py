"""Transactions on both databases: whole or not at all, one state to a reader, and what is said in trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from pipeline.errors import StoreUnusable
from pipeline.store import database as module
from pipeline.store.database import Database, ForeignRowsLost, url_of_folder
from pipeline.store.tables import claims, submissions, unread
from tests.store.rows import add_claim

NewDatabase: TypeAlias = Callable[[str], URL]
ORPHAN = insert(unread).values(
    submission_id="U-none", ordinal=0, file="a.jpg", code="corrupt", message="坏了 / broken"
)
"""A row that names an upload that is not there."""


def count_of(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(submissions)).scalar_one()


def test_what_breaks_off_is_not_there(database: Database) -> None:
    def break_off() -> None:
        with database.write() as connection:
            add_claim(connection)
            connection.execute(ORPHAN)

    with pytest.raises(IntegrityError):
        break_off()
    assert count_of(database) == 0


def test_a_reader_sees_one_state_while_another_writes(database: Database) -> None:
    with database.write() as connection:
        add_claim(connection, "C-1")
    with database.read() as reading:
        before = reading.execute(select(func.count()).select_from(claims)).scalar_one()
        with database.write() as connection:
            add_claim(connection, "C-2")
        assert reading.execute(select(func.count()).select_from(claims)).scalar_one() == before == 1
    assert count_of(database) == 2


def test_a_connection_that_read_one_state_may_write_the_next_time(database: Database) -> None:
    """Connections are used again: what was set for one transaction must not cling to it."""
    for number in range(6):
        count_of(database)
        with database.write() as connection:
            add_claim(connection, f"C-{number}")
    assert count_of(database) == 6


def test_writers_take_turns_and_lose_nothing(database: Database) -> None:
    """Begun late, SQLite's transactions fail as soon as two writers meet."""
    with database.write() as connection:
        add_claim(connection)

    def raise_it() -> None:
        for _ in range(10):
            with database.write() as connection:
                seen = connection.execute(select(claims.c.version).with_for_update()).scalar_one()
                connection.execute(update(claims).values(version=seen + 1))

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(select(claims.c.version)).scalar_one() == 41


def test_a_row_that_names_none_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(ORPHAN)


def test_rules_between_tables_hold_again_after_they_were_changed(new_database: NewDatabase) -> None:
    database = Database(new_database("sqlite"))
    with pytest.raises(ForeignRowsLost), database.reshape() as connection:
        connection.execute(ORPHAN)
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(ORPHAN)
    database.close()


def test_what_is_committed_is_on_the_disk(new_database: NewDatabase) -> None:
    database = Database(new_database("sqlite"))
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


def test_a_reader_cannot_write_by_mistake_on_postgresql(new_database: NewDatabase) -> None:
    database = Database(new_database("postgresql"))
    with pytest.raises(DBAPIError, match="read-only"), database.read() as connection:
        add_claim(connection)
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "claims",
        "mysql://localhost/claims",
        "oracle+nothing://localhost/claims",
        "sqlite+nothing:///claims.sqlite",
    ],
)
def test_what_is_no_url_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(StoreUnusable, match="数据库地址无法使用"):
        Database(url)


def test_who_waits_too_long_is_told_that_it_is_in_use(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_MILLISECONDS", 50)
    database = Database(new_database("sqlite"))
    with database.write(), pytest.raises(StoreUnusable, match="被占用"), database.write():
        pass
    database.close()


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    database = Database("postgresql+psycopg://clerk:secret@/claims?host=/nowhere")
    with pytest.raises(StoreUnusable, match="没有答复") as told, database.read():
        pass
    assert "secret" not in str(told.value)
    assert "clerk" in str(told.value)
    database.close()


@pytest.mark.parametrize("kept", [0, 100])
def test_a_damaged_file_is_told_with_the_way_out(new_database: NewDatabase, kept: int) -> None:
    """Another file under its name, and one that is a database by its head alone."""
    url = new_database("sqlite")
    file = Path(url.database or "")
    content = file.read_bytes()
    file.write_bytes(content[:kept] + b"x" * (len(content) - kept))
    database = Database(url)
    with pytest.raises(StoreUnusable, match="baoxiao db restore"), database.read() as connection:
        connection.exec_driver_sql("PRAGMA table_info(claims)")
    database.close()


def test_an_error_names_no_patient(database: Database) -> None:
    with pytest.raises(IntegrityError) as told, database.write() as connection:
        connection.execute(ORPHAN.values(message="王小样 的发票"))
    assert "王小样" not in str(told.value)


def test_a_mistake_of_ours_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    folder = tmp_path / "报销 2025?#%20&x=1"
    folder.mkdir()
    database = Database(url_of_folder(folder))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE a (b INTEGER)"))
    database.close()
    assert [one.name for one in folder.iterdir()] == ["claims.sqlite"]
