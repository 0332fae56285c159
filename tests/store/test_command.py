"""`baoxiao db` as people use it: what it prints, and its exit status."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update
from typer.testing import CliRunner, Result

from pipeline.settings import Settings, settings
from pipeline.store import tables
from pipeline.store.command import app
from pipeline.store.opened import open_store
from tests.store.rows import add_claim


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store in a folder that the settings name, with one claim and its paper."""
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "claims.sqlite")
    monkeypatch.setenv("BAOXIAO_STORE_DIR", str(folder))
    settings.cache_clear()
    store = open_store(Settings())
    with store.database.write() as connection:
        add_claim(connection, "C-1", store.originals.put(b"a bill"))
    store.close()
    yield folder
    settings.cache_clear()


def db(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_store_is_backed_up_lost_and_brought_back(folder: Path, tmp_path: Path) -> None:
    made = db("backup", tmp_path / "backups")
    assert made.exit_code == 0, made.output
    assert "1 份报销申请" in made.output
    assert "1 个原件" in made.output
    (backup,) = (tmp_path / "backups").iterdir()
    assert db("check", backup).exit_code == 0
    shutil.rmtree(folder)
    brought = db("restore", backup)
    assert brought.exit_code == 0, brought.output
    assert db("check").exit_code == 0
    refused = db("restore", backup)
    assert refused.exit_code == 2
    assert "--replace" in refused.output
    assert db("restore", backup, "--replace").exit_code == 0


def test_upgrade_says_where_it_came_from(folder: Path) -> None:
    assert "已是最新" in db("upgrade").output
    shutil.rmtree(folder)
    made = db("upgrade")
    assert made.exit_code == 0
    assert "— → 0002" in made.output


def test_check_names_what_is_wrong_and_ends_with_one(folder: Path) -> None:
    store = open_store(Settings())
    with store.database.write() as connection:
        connection.execute(update(tables.claims).values(state="lost"))
    store.close()
    told = db("check")
    assert told.exit_code == 1
    assert "报销申请的状态未知" in told.output
    assert "C-1" in told.output


def test_a_missing_original_is_told_by_check_backup_and_restore(folder: Path, tmp_path: Path) -> None:
    (kept,) = [path for path in (folder / "originals").rglob("*") if path.is_file()]
    kept.unlink()
    for told in (
        db("check"),
        db("check", "--quick"),
        db("backup", tmp_path / "b.zip"),
        db("check", tmp_path / "b.zip"),
    ):
        assert told.exit_code == 1
        assert kept.name in told.output
    shutil.rmtree(folder)
    told = db("restore", tmp_path / "b.zip")
    assert told.exit_code == 1
    assert kept.name in told.output


def _newer(folder: Path) -> None:
    store = open_store(Settings())
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()


def _damaged(folder: Path) -> None:
    for file in folder.glob("claims.sqlite*"):
        file.write_bytes(b"a letter, no database" * 999)


@pytest.mark.parametrize("spoil", [_newer, _damaged])
@pytest.mark.parametrize("words", [("upgrade",), ("check",), ("backup", "backup.zip")])
def test_what_cannot_be_opened_ends_with_two_and_the_way_out(
    folder: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    spoil(folder)
    told = db(*words)
    assert told.exit_code == 2
    assert "✗" in told.output
    assert "安装较新的版本" in told.output or "baoxiao db restore" in told.output


def test_a_letter_is_no_backup(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_bytes(b"no ZIP")
    for words in (("check", tmp_path / "letter.zip"), ("restore", tmp_path / "letter.zip", "--replace")):
        told = db(*words)
        assert told.exit_code == 2
        assert "letter.zip" in told.output
