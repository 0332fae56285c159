"""The files of a run: whole or not at all, safe in a spreadsheet, the same for the same rows."""

import csv
import io
import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import CatalogMatch, Document, Field, LineItem, PageSize, SourceFile
from pipeline.outputs import COLUMNS, Rows, _json_line, write_outputs
from pipeline.records import ClaimRecord, DocumentRecord, ErrorRecord, document_record
from pipeline.report import ReportLimits, RunInfo
from pipeline.spreadsheet_text import spreadsheet_text

NAMES = {"documents.jsonl", "claims.jsonl", "lines.csv", "errors.jsonl", "report.html"}
FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")


def text_field(value: str) -> Field[str]:
    return Field(value, value, 0.98, 1, None, "ocr", status="accepted")


def number_field(value: str) -> Field[Decimal]:
    return Field(Decimal(value), value, 0.9, 1, None, "ocr")


LINE = LineItem(
    page=1,
    name=text_field("阿莫西林胶囊"),
    specification=text_field("0.25g*24"),
    quantity=number_field("2"),
    amount=number_field("-12.50"),
    catalog=CatalogMatch("matched", "drug", "00123", "阿莫西林", "甲", 0.97),
)
DOCUMENT = Document(
    type="outpatient_invoice",
    subtype=None,
    type_confidence=0.99,
    file=SourceFile("票.jpg", "ab" * 32),
    pages=(PageSize(1, 100, 100),),
    fields={"invoice_number": text_field("0127700318")},
    items=(LINE,),
)
ERROR: ErrorRecord = {"file": "坏.pdf", "page": None, "code": "corrupt", "message": "…"}


def record(document: Document = DOCUMENT) -> DocumentRecord:
    return document_record(document, ("invoice_code", "invoice_number"))


def named(name: str, number: int = 0) -> DocumentRecord:
    line = replace(LINE, name=text_field(name))
    return record(
        replace(DOCUMENT, file=SourceFile(f"{number}.jpg", f"{number:064x}"), items=(line,), status="review")
    )


def table(folder: Path) -> list[dict[str, str]]:
    text = (folder / "lines.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_files_of_the_contract_are_written(tmp_path: Path) -> None:
    summary = write_outputs(tmp_path / "new" / "out", [record()], [], [ERROR])
    files = contents(tmp_path / "new" / "out")
    assert files.keys() == NAMES
    assert [json.loads(line) for line in files["documents.jsonl"].splitlines()] == [record()]
    assert json.loads(files["errors.jsonl"]) == ERROR
    assert files["claims.jsonl"] == b""
    assert (summary.documents, summary.files, summary.pages, summary.lines, summary.unreadable) == (
        1,
        2,
        1,
        1,
        1,
    )


def test_rows_may_come_from_generators_that_are_walked_once(tmp_path: Path) -> None:
    write_outputs(tmp_path, iter([record(), named("x")]), iter(()), iter([ERROR]))
    assert len([*Rows[DocumentRecord](tmp_path / "documents.jsonl")]) == 2
    assert "坏.pdf" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    about = RunInfo(title="样例", finished_at="2025-03-03 10:24")
    for name in ("a", "b"):
        write_outputs(tmp_path / name, [record(), named("x")], [], [ERROR], about=about)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_files_can_be_read_as_any_file_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_outputs(tmp_path, [], [], [])
    assert (tmp_path / "documents.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def breaking() -> Iterator[DocumentRecord]:
    yield named("new")
    raise RuntimeError("power cut")


def no_picture_ever(_document: DocumentRecord, _page: int) -> bytes | None:
    raise RuntimeError("power cut")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_outputs(tmp_path, [record()], [], [])
    return tmp_path


def test_a_crash_amid_the_rows_leaves_the_old_files(written: Path) -> None:
    before = contents(written)
    with pytest.raises(RuntimeError, match="power cut"):
        write_outputs(written, breaking(), [], [])
    assert contents(written) == before


def test_a_crash_amid_the_report_leaves_all_old_files(written: Path) -> None:
    before = contents(written)
    with pytest.raises(RuntimeError, match="power cut"):
        write_outputs(written, [named("new")], [], [], thumbnail=no_picture_ever)
    assert contents(written) == before


def test_a_full_disk_leaves_the_old_files(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    before = contents(written)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_outputs(written, [named("new")], [], [])
    assert contents(written) == before


def test_what_a_killed_run_left_is_cleared_after_a_day_and_not_before(tmp_path: Path) -> None:
    stale, fresh = tmp_path / ".lines.csv.0a0a0a0a.partial", tmp_path / ".lines.csv.0b0b0b0b.partial"
    for path in (stale, fresh):
        path.touch()
    os.utime(stale, (time.time() - 90_000, time.time() - 90_000))
    write_outputs(tmp_path, [], [], [])
    assert not stale.exists()
    assert fresh.exists()


def test_the_table_opens_with_a_byte_order_mark_and_its_header(written: Path) -> None:
    first = (written / "lines.csv").read_bytes().split(b"\r\n")[0]
    assert first == b"\xef\xbb\xbf" + ",".join(COLUMNS).encode()


def test_a_row_is_one_line_item(written: Path) -> None:
    (row,) = table(written)
    assert row["file"] == "票.jpg"
    assert (row["name"], row["quantity"], row["unit_price"], row["amount"]) == (
        "阿莫西林胶囊",
        "2",
        "",
        "-12.50",
    )
    assert (row["line_status"], row["name_status"], row["unit_price_status"]) == (
        "review",
        "accepted",
        "missing",
    )
    assert (row["confidence"], row["reimbursement_class"], row["catalog_score"]) == ("0.9", "甲", "0.97")


def test_the_rows_of_a_rendition_are_those_of_the_document_that_is_read(tmp_path: Path) -> None:
    lead = record()
    photo = replace(
        DOCUMENT, file=SourceFile("照片.jpg", "cd" * 32), rendition_of=lead["document_id"], status="review"
    )
    summary = write_outputs(tmp_path, [lead, record(photo)], [], [])
    assert [row["file"] for row in table(tmp_path)] == ["票.jpg"]
    assert len((tmp_path / "documents.jsonl").read_text("utf-8").splitlines()) == 2
    assert (summary.documents, summary.renditions, summary.lines) == (2, 1, 1)
    assert summary.by_status["rejected"] == 1


def test_long_numbers_stay_text(written: Path) -> None:
    (row,) = table(written)
    assert row["invoice_number"] == "0127700318\t"
    assert row["catalog_code"] == "00123\t"


@pytest.mark.parametrize("text", ["1-2", "3/4", "1E5", "0.50", "12:30", "123456789012345678901", "50%"])
def test_texts_that_a_spreadsheet_would_change_stay_text(text: str) -> None:
    assert spreadsheet_text(text) == f"{text}\t"


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://x","y")',
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1)",
        "  =1",
        "＝1",
        "\t=1",
        "\n=1",
        "\0=1",
    ],
)
def test_a_name_never_becomes_a_formula(tmp_path: Path, name: str) -> None:
    write_outputs(tmp_path, [named(name)], [], [])
    (row,) = table(tmp_path)
    assert row["name"].startswith("'")


@given(st.text())
def test_no_text_whatever_opens_like_a_formula(text: str) -> None:
    cell = spreadsheet_text(text)
    assert not cell.lstrip().startswith(FORMULA_STARTS)
    assert not {"\r", "\n", "\0"} & set(cell)


@pytest.mark.parametrize(
    "name", ["半个\ud800字", "一行\u2028两行\u0085三行\r\n四行", "\0", "😀", '逗号,引"号']
)
def test_any_name_gives_valid_files(tmp_path: Path, name: str) -> None:
    write_outputs(tmp_path, [named(name)], [], [])
    lines = (tmp_path / "documents.jsonl").read_bytes().decode().splitlines()
    assert len(lines) == 1
    (row,) = table(tmp_path)
    assert row["amount"] == "-12.50"


@given(st.dictionaries(st.text(), st.text()))
def test_a_row_is_one_line_of_json(row: dict[str, str]) -> None:
    line = _json_line(row)
    assert json.loads(line) == row
    assert line.splitlines() == [line.removesuffix("\n")]


def test_many_documents_do_not_fill_the_memory(tmp_path: Path) -> None:
    """3,000 documents to review, of which the report shows 20: the peak is far below their 10 MB."""
    few = ReportLimits(review_documents=20)
    write_outputs(tmp_path, [named("x")], [], [], limits=few)
    tracemalloc.start()
    try:
        write_outputs(tmp_path, (named("阿莫西林胶囊", number) for number in range(3000)), [], [], limits=few)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "documents.jsonl").stat().st_size > 5_000_000
    assert peak < 4_000_000


def test_claims_are_written_and_counted(tmp_path: Path) -> None:
    claim: ClaimRecord = {
        "schema_version": "1",
        "claim_id": "c1",
        "idempotency_key": "k1",
        "insured": {"name": "王小明", "id_number": None, "insurance_no": None, "insurance_type": None},
        "case_type": "",
        "hospital": {"name": None, "grade": None, "code": None},
        "visit": {"kind": "inpatient", "from": None, "to": None},
        "invoices": [],
        "itemized_bills": [],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": [],
        "diagnoses": [],
        "totals": {},
        "checks": [],
        "missing_materials": [],
        "status": "incomplete",
    }
    summary = write_outputs(tmp_path, [], [claim], [])
    assert [*Rows[ClaimRecord](tmp_path / "claims.jsonl")] == [claim]
    assert summary.claims_by_status == {"incomplete": 1}
