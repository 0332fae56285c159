"""Files of claims: every column, nothing that runs, whole or not at all, flat in memory."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import get_type_hints

import pytest
from openpyxl import load_workbook

from pipeline.progress import export
from pipeline.progress.export import HEADINGS, WRITERS, heading, write_csv, write_xlsx
from pipeline.progress.listing import ClaimListRecord, Reader, list_record
from tests.progress.test_status import TODAY, row

READER = Reader(TODAY)


def records(number: int, **columns: object) -> Iterator[ClaimListRecord]:
    for index in range(number):
        yield list_record(row(id=f"C-{index:06}", **columns), READER)


def test_every_key_of_a_row_has_a_column() -> None:
    assert list(HEADINGS) == list(get_type_hints(ClaimListRecord))


def test_a_spreadsheet_opens_the_csv_and_finds_text_as_text(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    assert write_csv(records(2, hospital_name="=HYPERLINK(1)", reference="007", urgent=True), file) == 2
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as text:
        found = list(csv.DictReader(text))
    assert found[0][heading("hospital_name")] == "'=HYPERLINK(1)"
    assert found[0][heading("reference")] == "007\t"
    assert found[0][heading("declared")] == "1234.50"
    assert found[0][heading("received_at")] == "2026-03-02 10:30"
    assert found[0][heading("urgent")] == "是"
    assert found[1][heading("claim_id")] == "C-000001"
    assert found[0][heading("insured_name")] == "张**"


def test_a_workbook_holds_amounts_days_and_times_and_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    write_xlsx(records(1, hospital_name="=1+1", office="a\x07b", settle_by=date(2026, 4, 1)), file)
    sheet = load_workbook(file).worksheets[0]
    cells = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert cells[heading("hospital_name")].data_type == "s"
    assert cells[heading("hospital_name")].value == "=1+1"
    assert cells[heading("office")].value == "ab"
    assert cells[heading("declared")].value == 1234.5
    assert cells[heading("settle_by")].value == datetime(2026, 4, 1)  # noqa: DTZ001 - as workbooks keep days
    assert cells[heading("received_at")].value == datetime(2026, 3, 2, 10, 30)  # noqa: DTZ001


def test_more_rows_than_a_sheet_holds_go_on_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_OF_A_SHEET", 2)
    file = tmp_path / "claims.xlsx"
    assert write_xlsx(records(5), file) == 5
    sheets = load_workbook(file).worksheets
    assert [sheet.max_row - 1 for sheet in sheets] == [2, 2, 1]
    assert [sheet["A2"].value for sheet in sheets] == ["C-000000", "C-000002", "C-000004"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_that_breaks_off_leaves_what_was_there(tmp_path: Path, kind: export.FileKind) -> None:
    def broken() -> Iterator[ClaimListRecord]:
        yield from records(3)
        raise RuntimeError("the database went away")

    file = tmp_path / f"claims.{kind}"
    file.write_text("before", "utf-8")
    with pytest.raises(RuntimeError, match="went away"):
        WRITERS[kind](broken(), file)
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
    assert file.read_text("utf-8") == "before"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, kind: export.FileKind) -> None:
    def peak(number: int) -> int:
        tracemalloc.start()
        WRITERS[kind](records(number), tmp_path / f"claims.{kind}")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded on first use
    assert peak(600) < peak(100) + 300_000
