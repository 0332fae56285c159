"""Batch files: one claim in one file, the same file after a crash, and nothing altered unnoticed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.engine.batch_file import MANIFEST, BatchFile, BatchFileEngine, differences
from pipeline.engine.batch_workbook import BatchFormat, BatchRows, workbook_bytes
from pipeline.engine.protocol import HandOverMessage
from pipeline.store import hand_off_batches
from pipeline.store.database import Database
from tests.engine.claim_rows import NOW, claim_record, line, put_entered

FORMATS: tuple[BatchFormat, ...] = ("xlsx", "csv")


def message(message_id: str) -> HandOverMessage:
    return HandOverMessage(message_id, message_id.partition("/")[0], "hand_over", {}, "{}")


def gathered(database: Database, folder: Path, file_format: BatchFormat = "xlsx") -> BatchFileEngine:
    """Three claims of two offices, handed over to files that are not written yet."""
    engine = BatchFileEngine(database, folder, lambda: NOW, file_format)
    for claim_id, office in (("C-1", "示例纺织厂"), ("C-2", "示例纺织厂"), ("C-3", None)):
        lines = [line('=HYPERLINK("x")', "0.10"), line("葡萄糖注射液", "19.90")]
        engine.hand_over(message(put_entered(database, claim_record(claim_id, lines=lines), office)))
    return engine


@pytest.mark.parametrize("file_format", FORMATS)
def test_each_office_gets_one_file_that_is_as_it_was_made(
    database: Database, tmp_path: Path, file_format: BatchFormat
) -> None:
    files = gathered(database, tmp_path, file_format).write_batches()
    assert [path.name.split("_")[1] for path in files] == ["示例纺织厂", hand_off_batches.NO_OFFICE]
    assert [list(differences(path)) for path in files] == [[], []]
    manifest = json.loads((tmp_path / f"{files[0].name}{MANIFEST}").read_text("utf-8"))
    assert manifest["totals"] == {
        "claims": 2,
        "invoices": 2,
        "lines": 4,
        "amount": "40.00",
        "line_amount": "40.00",
    }
    assert manifest["made_as"] == files[0].name


def test_a_message_is_in_one_batch_however_often_it_is_handed_over(
    database: Database, tmp_path: Path
) -> None:
    engine = gathered(database, tmp_path)
    first = engine.write_batches()
    for claim_id in ("C-1", "C-2", "C-3"):
        assert engine.hand_over(message(f"{claim_id}/1"))["outcome"] == "pending"
    assert len(first) == 2
    assert engine.write_batches() == []


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_writer_that_died_after_closing_gives_the_same_file_again(
    database: Database, tmp_path: Path, file_format: BatchFormat
) -> None:
    """What comes in between goes into another file."""
    engine = gathered(database, tmp_path / "a", file_format)
    with database.write() as connection:
        hand_off_batches.close_batches(connection)
    with database.read() as connection:
        batch = hand_off_batches.closed_batch(connection, "B000001")
    once = BatchFile.of(batch, file_format)
    engine.hand_over(message(put_entered(database, claim_record("C-9"), "示例纺织厂")))
    written = {path.name: path.read_bytes() for path in engine.write_batches()}
    assert written[once.name] == once.content
    assert len(written) == 3


def test_texts_of_a_workbook_are_texts_and_amounts_are_numbers(database: Database, tmp_path: Path) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    sheet = load_workbook(path)["费用明细"]
    name, amount = sheet["D2"], sheet["I2"]
    assert (name.data_type, name.value) == ("s", '=HYPERLINK("x")')
    assert (amount.data_type, amount.value) == ("n", 0.1)
    assert load_workbook(path)["申报"]["F2"].value == "110101199001011237"


def test_a_csv_runs_no_formula_and_keeps_its_digits(database: Database, tmp_path: Path) -> None:
    path = gathered(database, tmp_path, "csv").write_batches()[0]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert rows[0]["项目名称 name"] == '\'=HYPERLINK("x")'
    assert rows[0]["证件号码 id_number"] == "110101199001011237\t"


def test_a_renamed_file_is_told(database: Database, tmp_path: Path) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    manifest = path.with_name(path.name + MANIFEST)
    renamed = path.rename(path.with_name(path.name.replace("B000001", "B000007")))
    manifest.rename(renamed.with_name(renamed.name + MANIFEST))
    assert any("改名" in said for said in differences(renamed))


def test_a_changed_cell_is_told_with_the_total_that_no_longer_holds(
    database: Database, tmp_path: Path
) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    book = load_workbook(path)
    book["申报"]["R2"].value = 999
    book.save(path)
    said = "；".join(differences(path))
    assert "内容与文件名不符" in said
    assert "票据金额合计应为 40.00，文件中为 1019.00" in said


@pytest.mark.parametrize("spoilt", [b"", b"PK\x03\x04 cut off", "不是表格".encode()])
def test_a_file_that_is_no_table_is_told_and_nothing_breaks(
    database: Database, tmp_path: Path, spoilt: bytes
) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    path.write_bytes(spoilt)
    assert any("XLSX" in said for said in differences(path))


def test_a_missing_manifest_is_told(database: Database, tmp_path: Path) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    path.with_name(path.name + MANIFEST).unlink()
    assert [said for said in differences(path) if "清单" in said]


def test_a_file_that_a_folder_cannot_take_stays_to_be_written(database: Database, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    engine = gathered(database, tmp_path / "taken")
    with pytest.raises(OSError, match="taken"):
        engine.write_batches()
    (tmp_path / "taken").unlink()
    assert len(engine.write_batches()) == 2


def test_the_container_carries_no_time_of_writing(database: Database, tmp_path: Path) -> None:
    path = gathered(database, tmp_path).write_batches()[0]
    with zipfile.ZipFile(path) as container:
        assert {entry.date_time for entry in container.infolist()} == {(2026, 3, 2, 1, 30, 0)}


def test_a_workbook_bears_the_time_of_its_batch_and_no_other() -> None:
    """Saving one writes the clock's time into it, which would make another file of the same batch."""
    moment = datetime(2025, 3, 2, 2, 30, tzinfo=UTC)
    made = workbook_bytes(BatchRows((), ()), [("笔数", "0")], moment)
    assert load_workbook(io.BytesIO(made)).properties.modified == moment.replace(tzinfo=None)
