"""A store is made, opened again, or refused with what to do."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from pipeline.errors import StoreUnusable
from pipeline.settings import Settings
from pipeline.store import versions
from pipeline.store.database import Database
from pipeline.store.opened import (
    Store,
    bring_up_to_date,
    check_version,
    open_store,
    opened_store,
    reach_store,
)
from pipeline.store.versions import newest_version, version_of
from tests.store.rows import add_claim

NewDatabase: TypeAlias = Callable[[str], URL]

OPENING_SECONDS = 0.02
"""What looking at the version of a store may take: every command pays it."""


def note_version(database: Database, version: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_a_store_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with opened_store(Settings(store_dir=tmp_path / "a" / "store")) as store:
        with store.database.write() as connection:
            add_claim(connection)
        store.originals.put(b"a bill")
        folder = tmp_path / "a" / "store"
        assert {path.name for path in folder.iterdir()} >= {"claims.sqlite", "originals"}
        if os.name != "nt":
            modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
            assert modes == {0o600}
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with (
        opened_store(Settings(store_dir=tmp_path / "a" / "store")) as store,
        store.database.read() as reading,
    ):
        assert reading.execute(text("SELECT count(*) FROM claims")).scalar() == 1


def test_both_places_may_be_elsewhere(new_database: NewDatabase, tmp_path: Path) -> None:
    chosen = Settings(
        store_dir=tmp_path / "store",
        database_url=new_database("postgresql").render_as_string(hide_password=False),
        originals_url=f"file://{tmp_path}/papers",
    )
    with opened_store(chosen) as store:
        assert not store.database.is_sqlite
        store.originals.put(b"a bill")
    assert (tmp_path / "papers").is_dir()
    assert not (tmp_path / "store").exists()


def test_looking_at_the_version_is_quick(store: Store) -> None:
    check_version(store)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        check_version(store)
        took.append(time.perf_counter() - began)
    assert min(took) < OPENING_SECONDS


def test_an_older_store_is_refused_until_it_is_upgraded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (*versions.known_versions()[:-1], "0000", newest_version())
    monkeypatch.setattr("pipeline.store.opened.known_versions", lambda: known)
    note_version(store.database, "0000")
    with pytest.raises(StoreUnusable, match="baoxiao db upgrade"):
        check_version(store)


def test_a_newer_store_is_refused_and_not_upgraded(store: Store) -> None:
    note_version(store.database, "9999")
    with pytest.raises(StoreUnusable, match="较新"):
        check_version(store)
    with pytest.raises(StoreUnusable, match="较新"):
        bring_up_to_date(store)
    with store.database.read() as connection:
        assert version_of(connection) == "9999"


def test_an_upgrade_of_the_newest_changes_nothing(store: Store) -> None:
    assert bring_up_to_date(store) == (newest_version(), newest_version())


def test_an_upgrade_makes_what_is_not_there(tmp_path: Path) -> None:
    store = reach_store(Settings(store_dir=tmp_path))
    assert bring_up_to_date(store) == (None, newest_version())
    check_version(store)
    store.close()


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    store = reach_store(Settings(store_dir=tmp_path))
    with store.database.write() as connection:
        connection.execute(text("CREATE TABLE claims (ours INTEGER)"))
    with pytest.raises(StoreUnusable, match="不是本程序所建"):
        check_version(store)
    with store.database.read() as connection:
        assert version_of(connection) is None
    store.close()


def test_an_empty_database_beside_originals_is_refused(tmp_path: Path) -> None:
    """Papers were acknowledged there. A new, empty store would look as if all were well."""
    with opened_store(Settings(store_dir=tmp_path)) as store:
        store.originals.put(b"a bill")
    for file in tmp_path.glob("claims.sqlite*"):
        file.unlink()
    with pytest.raises(StoreUnusable, match="baoxiao db restore"):
        open_store(Settings(store_dir=tmp_path))


def test_a_damaged_store_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "claims.sqlite").write_bytes(b"a letter, not a database, and of some length" * 99)
    with pytest.raises(StoreUnusable, match="baoxiao db restore"):
        open_store(Settings(store_dir=tmp_path))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnusable, match="无法建立或写入"):
        open_store(Settings(store_dir=tmp_path / "file" / "store"))
