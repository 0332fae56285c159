"""The tables as they are described, and as the changes make them, on both databases."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from pipeline.store.database import Database
from pipeline.store.migrations import versions
from pipeline.store.tables import METADATA
from pipeline.store.versions import (
    differences,
    drop_tables,
    hold_tables,
    known_versions,
    newest_version,
    upgrade,
    version_of,
    write_change,
)


def test_the_changes_make_the_tables_that_are_described(database: Database) -> None:
    """Else a store that was made long ago and one that was made today would differ."""
    with database.reshape() as connection:
        assert differences(connection) == []
        assert version_of(connection) == newest_version()


def test_every_name_follows_the_convention(database: Database) -> None:
    """A rule without a name of ours cannot be changed alike on both databases."""
    with database.read() as connection:
        found = inspect(connection)
        for table in METADATA.tables:
            names = [found.get_pk_constraint(table)["name"]]
            names += [one["name"] for one in found.get_foreign_keys(table)]
            names += [one["name"] for one in found.get_unique_constraints(table)]
            names += [one["name"] for one in found.get_indexes(table)]
            assert all(re.match(rf"(pk|fk|uq|ix)_{table}", str(name)) for name in names), names


def test_the_versions_are_a_chain_without_gaps() -> None:
    """Known by the names of their files; Alembic follows what stands in them."""
    config = Config()
    config.set_main_option("script_location", "pipeline:store/migrations")
    chain = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(known_versions()) == chain[::-1]
    assert list(known_versions()) == [f"{number:04}" for number in range(1, len(chain) + 1)]


def test_what_was_changed_by_hand_is_named(database: Database) -> None:
    with database.reshape() as connection:
        connection.execute(text("DROP INDEX ix_claims_queue"))
        connection.execute(text("ALTER TABLE webhooks ADD COLUMN colour INTEGER"))
        told = differences(connection)
    assert [line for line in told if "add_index" in line and "ix_claims_queue" in line]
    assert [line for line in told if "remove_column" in line and "colour" in line]
    assert len(told) == 2


def test_taking_the_tables_away_leaves_those_of_others(database: Database) -> None:
    with database.reshape() as connection:
        connection.execute(text("CREATE TABLE of_others (id INTEGER)"))
        drop_tables(connection)
        assert version_of(connection) is None
        assert inspect(connection).get_table_names() == ["of_others"]


def test_a_change_that_breaks_off_leaves_the_tables_as_they_were(database: Database) -> None:
    with database.reshape() as connection:
        drop_tables(connection)

    def break_off() -> None:
        with database.reshape() as connection:
            upgrade(connection)
            connection.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError):
        break_off()
    with database.read() as connection:
        assert version_of(connection) is None
        assert inspect(connection).get_table_names() == []


def test_two_that_change_the_tables_take_turns(database: Database) -> None:
    with database.reshape() as connection:
        drop_tables(connection)
    made = []

    def make() -> None:
        with database.reshape() as connection:
            hold_tables(connection)
            if version_of(connection) is None:
                upgrade(connection)
                made.append(version_of(connection))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [newest_version()]


def test_the_next_change_is_written_as_both_databases_know_it(database: Database) -> None:
    """Types of ours stay out of it: what a change did must not change with them."""
    with database.reshape() as connection:
        connection.execute(text("ALTER TABLE claims DROP COLUMN paid_at"))
        connection.execute(text("ALTER TABLE claims DROP COLUMN settled"))
        path = write_change(connection, "Paid and settled", "9999")
    try:
        written = path.read_text("utf-8")
    finally:
        path.unlink()
    assert path.parent == Path(versions.__file__).parent
    assert "sa.DateTime(timezone=True)" in written
    assert "sa.BigInteger()" in written
    assert f'down_revision = "{newest_version()}"' in written
    assert "Moment" not in written


@pytest.mark.parametrize("version", known_versions())
def test_every_older_store_comes_to_the_newest(database: Database, version: str) -> None:
    with database.reshape() as connection:
        drop_tables(connection)
        upgrade(connection, version)
        assert version_of(connection) == version
    with database.reshape() as connection:
        upgrade(connection)
        assert version_of(connection) == newest_version()
        assert differences(connection) == []
