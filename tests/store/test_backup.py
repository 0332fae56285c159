"""A backup made while others write comes back to the same rows and the same bytes, on either database."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.engine import URL

from pipeline.errors import StoreUnusable
from pipeline.life import SYSTEM
from pipeline.store.backup import back_up
from pipeline.store.backup_form import (
    KINDS,
    MANIFEST,
    columns_of,
    line_as_row,
    open_backup,
    row_as_line,
    table_entry,
    verify,
)
from pipeline.store.database import Database
from pipeline.store.lives import note_event
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals, RemoteOriginals, key_of, originals_at
from pipeline.store.restore import restore
from pipeline.store.soundness import problems
from pipeline.store.tables import METADATA, events
from tests.store.rows import NOW, add_claim, fill_all

NewDatabase: TypeAlias = Callable[[str], URL]
PAPERS = [b"\xff\xd8 a photo", b"%PDF-1.7 a list", b"", bytes(range(256)) * 4000]
KINDS_OF_DATABASES = ("sqlite", "postgresql")


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


def all_rows(store: Store) -> dict[str, set[tuple[Any, ...]]]:
    with store.database.read() as connection:
        return {
            table.name: {tuple(row) for row in connection.execute(select(table))}
            for table in METADATA.sorted_tables
        }


def fill(store: Store, rows: int = 12) -> list[str]:
    originals = [store.originals.put(paper) for paper in PAPERS]
    with store.database.write() as connection:
        fill_all(connection, rows, originals)
    return originals


@pytest.fixture
def other(request: pytest.FixtureRequest, new_database: NewDatabase, tmp_path: Path) -> Iterator[Store]:
    """An empty store in a database of the kind that the test names."""
    database = Database(new_database(request.param))
    yield Store(database, FolderOriginals(tmp_path / "other"))
    database.close()


@pytest.fixture
def in_a_file(new_database: NewDatabase, tmp_path: Path) -> Iterator[Store]:
    """A store for what has nothing to do with the kind of database."""
    database = Database(new_database("sqlite"))
    yield Store(database, FolderOriginals(tmp_path / "originals"))
    database.close()


def both(test: Any) -> Any:
    return pytest.mark.parametrize("other", KINDS_OF_DATABASES, indirect=True)(test)


@both
def test_every_row_and_every_original_comes_back(store: Store, other: Store, tmp_path: Path) -> None:
    """Also into a database of the other kind: so a store moves house."""
    originals = fill(store)
    made = back_up(store, tmp_path / "backup.zip", NOW, quiet)
    restore(other, made.file, quiet)
    assert all_rows(other) == all_rows(store)
    for sha256, paper in zip(originals, PAPERS, strict=True):
        with other.originals.open(sha256) as kept:
            assert kept.read() == paper
    again = back_up(other, tmp_path / "again.zip", NOW, quiet)
    assert again.manifest == made.manifest
    assert made.manifest["originals"] == {"files": 4, "bytes": sum(map(len, PAPERS)), "missing": []}


def test_a_backup_made_while_others_write_is_of_one_moment(
    store: Store, other_of_same: Store, tmp_path: Path
) -> None:
    """Each writer adds a claim with all its rows at once: none comes back in part."""
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.database.write() as connection:
                add_claim(connection, f"C-{number}", store.originals.put(b"paper %d" % number))
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(timeout=10)
        made = back_up(store, tmp_path, NOW, quiet)
    finally:
        stop.set()
        writer.join()
    restore(other_of_same, made.file, quiet)
    rows, now = all_rows(other_of_same), all_rows(store)
    assert rows["claims"]
    for name in ("submissions", "submission_files", "claims", "claim_revisions", "events"):
        assert rows[name] <= now[name]
        assert len(rows[name]) == len(rows["claims"])
    assert [one for one in problems(other_of_same, quiet) if "断电" not in one.what[0]] == []


@pytest.fixture
def other_of_same(store: Store, new_database: NewDatabase, tmp_path: Path) -> Iterator[Store]:
    database = Database(new_database("sqlite" if store.database.is_sqlite else "postgresql"))
    yield Store(database, FolderOriginals(tmp_path / "other"))
    database.close()


def test_running_numbers_go_on_behind_those_that_came_back(
    store: Store, other_of_same: Store, tmp_path: Path
) -> None:
    with store.database.write() as connection:
        add_claim(connection)
    restore(other_of_same, back_up(store, tmp_path, NOW, quiet).file, quiet)
    with other_of_same.database.write() as connection:
        highest = connection.execute(select(func.max(events.c.id))).scalar_one()
        assert note_event(connection, "C-1", "noted", SYSTEM, NOW, "received", "received") == highest + 1


def test_an_empty_store_comes_back_empty(store: Store, other_of_same: Store, tmp_path: Path) -> None:
    restore(other_of_same, back_up(store, tmp_path, NOW, quiet).file, quiet)
    assert all_rows(other_of_same) == all_rows(store)
    assert not any(all_rows(store).values())


def test_a_store_without_tables_is_filled_too(store: Store, tmp_path: Path) -> None:
    fill(store)
    fresh = Store(Database(f"sqlite:///{tmp_path}/fresh.sqlite"), originals_at("memory://restored"))
    assert isinstance(fresh.originals, RemoteOriginals)
    restore(fresh, back_up(store, tmp_path, NOW, quiet).file, quiet)
    assert all_rows(fresh) == all_rows(store)
    assert not [one for one in problems(fresh, quiet) if "原件" in one.what[0]]
    fresh.database.close()


def test_a_store_that_holds_something_is_not_overwritten_unasked(
    store: Store, other_of_same: Store, tmp_path: Path
) -> None:
    fill(store)
    made = back_up(store, tmp_path, NOW, quiet)
    with other_of_same.database.write() as connection:
        add_claim(connection)
    before = all_rows(other_of_same)
    with pytest.raises(StoreUnusable, match="--replace"):
        restore(other_of_same, made.file, quiet)
    assert all_rows(other_of_same) == before
    assert other_of_same.originals.is_empty()
    restore(other_of_same, made.file, quiet, replace=True)
    assert all_rows(other_of_same) == all_rows(store)


def spoil(file: Path, entry: str, content: bytes | None) -> None:
    """Write a backup anew with one entry changed, or left out."""
    with zipfile.ZipFile(file) as old:
        entries = [(one, old.read(one)) for one in old.infolist()]
    with zipfile.ZipFile(file, "w") as new:
        for one, written in entries:
            if one.filename != entry:
                new.writestr(one, written)
            elif content is not None:
                new.writestr(one, content)


@pytest.mark.parametrize("what", ["row", "original", "no original", "no table", "cut short", "bytes"])
def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    in_a_file: Store, tmp_path: Path, what: str
) -> None:
    originals = fill(in_a_file, 3)
    made = back_up(in_a_file, tmp_path, NOW, quiet)
    claims = table_entry("claims")
    match what:
        case "row":
            with zipfile.ZipFile(made.file) as archive:
                rows = archive.read(claims)
            spoil(made.file, claims, rows.replace("王".encode(), "汪".encode(), 1))
        case "original":
            spoil(made.file, f"originals/{key_of(originals[0])}", b"\xff\xd8 another")
        case "no original":
            spoil(made.file, f"originals/{key_of(originals[0])}", None)
        case "no table":
            spoil(made.file, claims, None)
        case "cut short":
            made.file.write_bytes(made.file.read_bytes()[:-100])
        case _:
            content = bytearray(made.file.read_bytes())
            content[content.index(PAPERS[0]) + 3] ^= 1
            made.file.write_bytes(content)
    before = all_rows(in_a_file)
    with pytest.raises(StoreUnusable, match=r"已损坏|无法打开"):
        restore(in_a_file, made.file, quiet, replace=True)
    assert all_rows(in_a_file) == before


def test_a_restore_that_breaks_off_leaves_the_rows_as_they_were(store: Store, tmp_path: Path) -> None:
    fill(store)
    made = back_up(store, tmp_path, NOW, quiet)
    before = all_rows(store)

    def break_off(what: str, _done: int, total: int) -> None:
        if what == "settlements" and total:
            raise KeyError(what)

    with pytest.raises(KeyError):
        restore(store, made.file, break_off, replace=True)
    assert all_rows(store) == before


def test_rows_that_contradict_each_other_are_refused(store: Store, tmp_path: Path) -> None:
    """Their hashes are right: somebody wrote the backup so."""
    fill(store, 3)
    made = back_up(store, tmp_path, NOW, quiet)
    empty = table_entry("submissions")
    spoil(made.file, empty, b"")
    manifest = made.manifest
    manifest["tables"]["submissions"] |= {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    spoil(made.file, MANIFEST, json.dumps(manifest).encode())
    before = all_rows(store)
    with pytest.raises(StoreUnusable, match="互相矛盾"):
        restore(store, made.file, quiet, replace=True)
    assert all_rows(store) == before


def test_a_table_of_somebody_else_is_never_written(store: Store, tmp_path: Path) -> None:
    made = back_up(store, tmp_path, NOW, quiet)
    with store.database.write() as connection:
        connection.execute(text("CREATE TABLE wages (amount INTEGER)"))
    content: Any = {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest(), "columns": {"amount": "number"}}
    tables = {**made.manifest["tables"], "wages": content}
    spoil(made.file, MANIFEST, json.dumps({**made.manifest, "tables": tables}).encode())
    with zipfile.ZipFile(made.file, "a") as archive:
        archive.writestr(table_entry("wages"), b"")
    with pytest.raises(StoreUnusable, match="不属于存储的表"):
        restore(store, made.file, quiet)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"form": 2}, "备份格式"), ({"version": "9999"}, "较新的程序"), ({"tables": 5}, "不是备份")],
)
def test_a_backup_of_another_form_or_version_is_refused(
    in_a_file: Store, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    made = back_up(in_a_file, tmp_path, NOW, quiet)
    spoil(made.file, MANIFEST, json.dumps({**made.manifest, **change}).encode())
    with pytest.raises(StoreUnusable, match=told):
        restore(in_a_file, made.file, quiet)


@pytest.mark.parametrize("content", [b"", b"no ZIP", None])
def test_what_is_no_backup_is_refused(in_a_file: Store, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "letter.zip"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreUnusable, match="无法打开"):
        restore(in_a_file, file, quiet)


def test_a_backup_without_one_original_keeps_the_rest_and_says_so(in_a_file: Store, tmp_path: Path) -> None:
    originals = fill(in_a_file)
    (tmp_path / "originals" / key_of(originals[0])).unlink()
    (tmp_path / "originals" / key_of(originals[1])).write_bytes(b"damaged")
    made = back_up(in_a_file, tmp_path, NOW, quiet)
    assert made.manifest["originals"]["missing"] == sorted(originals[:2])
    assert made.manifest["originals"]["files"] == 2
    archive, manifest = open_backup(made.file)
    with archive:
        assert verify(archive, manifest, quiet) == []


def test_a_backup_is_for_its_owner_alone_and_is_not_overwritten(in_a_file: Store, tmp_path: Path) -> None:
    made = back_up(in_a_file, tmp_path / "backups", NOW, quiet)
    assert made.file.name == "baoxiao-20250303T093015Z.zip"
    if os.name != "nt":
        assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
        assert stat.S_IMODE(made.file.parent.stat().st_mode) == 0o700
    before = made.file.read_bytes()
    with pytest.raises(StoreUnusable, match="不会覆盖"):
        back_up(in_a_file, tmp_path / "backups", NOW, quiet)
    assert made.file.read_bytes() == before
    assert [path.name for path in made.file.parent.iterdir()] == [made.file.name]


def test_a_backup_that_breaks_off_leaves_no_file(in_a_file: Store, tmp_path: Path) -> None:
    def break_off(what: str, _done: int, _total: int) -> None:
        if "originals" in what:
            raise KeyError(what)

    fill(in_a_file)
    with pytest.raises(KeyError):
        back_up(in_a_file, tmp_path / "backups", NOW, break_off)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_that_cannot_be_written_is_told(in_a_file: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnusable, match="无法建立或写入"):
        back_up(in_a_file, tmp_path / "file" / "backups", NOW, quiet)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(codec="utf-8")),
    "number": st.integers(-(2**63), 2**63 - 1),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "flag": st.booleans(),
    "fen": st.integers(-(10**16), 10**16).map(lambda fen: Decimal(fen).scaleb(-2)),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "day": st.dates(),
    "bytes": st.binary(),
}


@given(st.tuples(*(st.none() | VALUES[kind] for kind in KINDS)))
def test_any_value_survives_being_written_as_text(row: tuple[Any, ...]) -> None:
    line = row_as_line(row, KINDS)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    back = line_as_row(line, {kind: kind for kind in KINDS})
    assert tuple(back.values()) == row
    assert [type(value) for value in back.values()] == [type(value) for value in row]


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"[", b'["a","b","c"]'])
def test_a_line_that_is_no_row_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        line_as_row(line, {"a": "text", "b": "number"})


def test_every_column_of_every_table_has_a_way_to_be_written() -> None:
    for table in METADATA.sorted_tables:
        assert columns_of(table).keys() == set(table.columns.keys())
