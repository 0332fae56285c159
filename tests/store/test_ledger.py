"""What a run has finished: kept in one step, found again, for one run at a time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import FolderUnusable
from pipeline.model import SourceFile, Unread
from pipeline.store import ledger as module
from pipeline.store.ledger import FileReading, Ledger
from tests.builders import bill, row

UPLOAD = SourceFile("甲/票.zip", "a" * 64)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out" / ".baoxiao" / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    with Ledger(file, "1") as opened:
        yield opened


def reading(ordinal: int, amount: str = "34.05") -> FileReading:
    document = bill(total_amount=amount, payer_name="张三", items=[row("头孢羟氨苄片", amount)])
    inner = SourceFile(f"甲/票.zip!{ordinal}.jpg", str(ordinal) * 64)
    return FileReading(inner, ordinal, 2, (document,), (Unread(inner.name, 2, "corrupt", "坏了 / broken"),))


def test_what_is_saved_comes_back_in_order_once_its_upload_is_finished(ledger: Ledger) -> None:
    ledger.save(UPLOAD, reading(2))
    ledger.save(UPLOAD, reading(1))
    assert list(ledger.readings([UPLOAD])) == []
    assert ledger.has_file(UPLOAD, 2)
    assert not ledger.has_file(UPLOAD, 3)
    ledger.finish(UPLOAD)
    assert ledger.is_finished(UPLOAD)
    assert list(ledger.readings([UPLOAD])) == [reading(1), reading(2)]


def test_a_second_save_replaces_the_first(ledger: Ledger) -> None:
    ledger.save(UPLOAD, reading(1))
    ledger.save(UPLOAD, reading(1, "99.00"))
    ledger.finish(UPLOAD)
    ledger.finish(UPLOAD)
    assert list(ledger.readings([UPLOAD])) == [reading(1, "99.00")]


@pytest.mark.parametrize("other", [SourceFile(UPLOAD.name, "b" * 64), SourceFile("乙.zip", UPLOAD.sha256)])
def test_other_bytes_or_another_name_are_another_upload(ledger: Ledger, other: SourceFile) -> None:
    ledger.finish(UPLOAD)
    assert not ledger.is_finished(other)


def test_another_version_reads_everything_again(file: Path) -> None:
    with Ledger(file, "1") as first:
        first.save(UPLOAD, reading(1))
        first.finish(UPLOAD)
    with Ledger(file, "2") as second:
        assert not second.is_finished(UPLOAD)
        assert not second.has_file(UPLOAD, 1)
    with Ledger(file, "1") as first:
        assert first.is_finished(UPLOAD)


def test_two_at_once_are_refused_in_one_process_and_from_another(file: Path) -> None:
    program = "import sys; from pathlib import Path; from pipeline.store.ledger import Ledger;"
    command = [sys.executable, "-c", f"{program} Ledger(Path(sys.argv[1]), '1')", str(file)]
    with Ledger(file, "1"):
        with pytest.raises(FolderUnusable, match="another run is using this folder"):
            Ledger(file, "1")
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "another run is using this folder" in other.stderr
    Ledger(file, "1").__exit__(None, None, None)


def test_a_ledger_that_is_damaged_is_set_aside(file: Path) -> None:
    with Ledger(file, "1") as first:
        first.finish(UPLOAD)
    file.write_bytes(b"no database at all" * 100)
    with Ledger(file, "1") as second:
        assert not second.is_finished(UPLOAD)
        second.finish(UPLOAD)
    assert (file.parent / "ledger.sqlite.damaged").exists()
    with Ledger(file, "1") as third:
        assert third.is_finished(UPLOAD)


def test_a_ledger_of_another_form_is_emptied(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(file, "1") as first:
        first.finish(UPLOAD)
    monkeypatch.setattr(module, "FORM", module.FORM + 1)
    with Ledger(file, "1") as second:
        assert not second.is_finished(UPLOAD)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FolderUnusable, match="cannot be written"):
        Ledger(tmp_path / "out" / ".baoxiao" / "ledger.sqlite", "1")


def test_a_full_disk_is_told_with_the_way_out(file: Path) -> None:
    with Ledger(file, "1") as ledger:
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count={pages}")
        large = replace(reading(1), unread=(Unread("甲" * 1_000_000, None, "corrupt", "坏了"),))
        with pytest.raises(FolderUnusable, match=r"磁盘已满.*make room and run again"):
            ledger.save(UPLOAD, large)


def test_what_is_told_as_done_survives_a_kill(file: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from pipeline.model import SourceFile;"
        "from pipeline.store.ledger import Ledger; ledger = Ledger(Path(sys.argv[1]), '1');"
        "ledger.finish(SourceFile(*sys.argv[2:])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(file), UPLOAD.name, UPLOAD.sha256], check=False)
    with Ledger(file, "1") as ledger:
        assert ledger.is_finished(UPLOAD)


def test_what_is_kept_is_plain_sqlite(file: Path) -> None:
    """So that an office can look into it when nothing else runs."""
    with Ledger(file, "1") as ledger:
        ledger.save(UPLOAD, reading(1))
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM files").fetchone() == ("甲/票.zip!1.jpg",)
    connection.close()
