"""Our sheets among the pages of a file, the files of a run and the parts of the report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.acceptance import judged
from pipeline.model import Box, Code, Document, Page, SourceFile, Word
from pipeline.outputs import BATCHES, write_outputs
from pipeline.papers import read_paper, split_papers
from pipeline.records import document_record
from pipeline.report import NO_INFO
from pipeline.report.summary import Summary, Tally
from pipeline.stacks.batches import StackPaper
from pipeline.stacks.plan import plan_of
from pipeline.stacks.separators import BatchHeader, ClaimLabel, Separator, StackCode, payload
from pipeline.store.freeze import dump_document, load_document
from tests.stacks.stacks import bill_of, blank, header, sep, stack
from validators import check_document

FILE = SourceFile("stack.pdf", "ab" * 32)
PRESCRIPTION = ("济南样例人民医院", "处方笺", "姓名：钱样例", "Rp", "医师：赵")


def page(number: int, *texts: str, codes: tuple[StackCode, ...] = ()) -> Page:
    """A scanned page with these words, one below the other, and codes of ours."""
    words = tuple(
        Word(text, Box(100, 100 + 40 * n, 500, 130 + 40 * n), 0.99, "ocr") for n, text in enumerate(texts)
    )
    found = tuple(Code("QRCode", payload(code), Box(0, 0, 50, 50)) for code in codes)
    return Page(FILE, number, 1000, 1400, 150, words, found)


def read(*pages: Page) -> list[Document]:
    documents = (read_paper(paper) for paper in split_papers(pages))
    return [judged(each, check_document(each, date(2026, 11, 21)), ()) for each in documents]


def test_a_separator_is_put_aside_and_needs_nobody() -> None:
    (document,) = read(page(1, "分隔页", codes=(Separator(7), Separator(7))))
    assert (document.type, document.subtype, document.status) == ("other", "separator", "rejected")
    assert document.stack_codes == (payload(Separator(7)),)
    assert document.is_sheet


def test_a_header_keeps_what_it_states_through_the_store() -> None:
    stated = BatchHeader("B1", 12, Decimal("345.60"))
    (document,) = read(page(1, codes=(stated,)))
    assert StackPaper.of(load_document(dump_document(document))).codes == (stated,)


def test_a_separators_code_on_a_prescription_leaves_it_a_prescription() -> None:
    """A sheet that shone through, or was photographed beside the paper, takes no paper away."""
    (document,) = read(page(1, *PRESCRIPTION, codes=(Separator(7),)))
    assert document.type == "prescription"
    assert document.stack_codes == (payload(Separator(7)),)


def pages_of(documents: list[Document]) -> list[list[int]]:
    return [[size.number for size in document.pages] for document in documents]


LIST = (
    "住院费用明细清单",
    "姓名：孙范本 住院号：26041507",
    "项目名称 规格 单位 数量 单价 金额",
    "床位费 日 3 30.00 90.00",
)


@pytest.fixture
def further() -> Page:
    """A page that goes on with the list before it."""
    return page(3, *LIST, "第2页 共2页")


def test_no_paper_goes_on_behind_a_separator_or_under_the_label_of_another_claim(further: Page) -> None:
    first = page(1, *LIST, "第1页 共2页")
    assert pages_of(read(first, further)) == [[1, 3]], "else this test says nothing"
    assert pages_of(read(first, page(2, codes=(Separator(1),)), further)) == [[1], [2], [3]]
    labelled = page(3, *LIST, "第2页 共2页", codes=(ClaimLabel("A-2"),))
    assert pages_of(read(first, labelled)) == [[1], [3]]


def test_batches_are_written_where_a_header_was_read_and_go_with_it(tmp_path: Path) -> None:
    held = stack(header(2, "3.00"), bill_of("1.00"), blank(), sep(1))
    summary = written(tmp_path, held)
    (row,) = [json.loads(line) for line in (tmp_path / BATCHES).read_text("utf-8").splitlines()]
    assert row["outcome"] == "held"
    assert summary.batches_held == (row["message"],)
    assert summary.put_aside == 3
    written(tmp_path, stack(bill_of("1.00")))
    assert not (tmp_path / BATCHES).exists()


def written(folder: Path, documents: list[Document]) -> Summary:
    plan = plan_of(map(StackPaper.of, documents))
    records = (document_record(document, ()) for document in documents)
    return write_outputs(folder, records, [], [], plan.rows([]))


def test_the_report_shows_a_held_batch_first_and_what_was_put_aside_with_its_page(tmp_path: Path) -> None:
    written(tmp_path, stack(header(2, "3.00"), bill_of("1.00", sure=False), blank(), sep(1)))
    report = (tmp_path / "report.html").read_text("utf-8")
    assert 0 < report.index('id="held"') < report.index('id="review"') < report.index('id="aside"')
    aside = report[report.index('id="aside"') :]
    assert all(f"第 {number} 页" in aside for number in (1, 3, 4))
    assert "第 2 页" not in aside


def test_a_run_without_sheets_has_neither_section(tmp_path: Path) -> None:
    written(tmp_path, stack(bill_of("1.00")))
    report = (tmp_path / "report.html").read_text("utf-8")
    assert 'id="held"' not in report
    assert 'id="aside"' not in report


def test_a_hostile_batch_message_stays_text(tmp_path: Path) -> None:
    """File names come from strangers and stand in messages."""
    evil = SourceFile("<img src=x onerror=alert(1)>.pdf", "ab" * 32)
    documents = [replace(each, file=evil) for each in stack(header(2, "3.00"), bill_of("1.00", sure=False))]
    written(tmp_path, documents)
    assert "<img src=x" not in (tmp_path / "report.html").read_text("utf-8")


def test_sheets_are_counted_as_put_aside_and_as_no_documents_of_any_status() -> None:
    tally = Tally()
    for document in stack(sep(1), blank(), bill_of("1.00")):
        tally.see_document(document_record(judged(document, (), ()), ()))
    summary = tally.summary(NO_INFO)
    assert (summary.put_aside, summary.documents, summary.pages) == (2, 1, 3)
    assert sum(summary.by_status.values()) == 1
    assert list(summary.by_type) == ["outpatient_invoice"]


def test_what_was_put_aside_is_not_listed_among_the_papers_too(tmp_path: Path) -> None:
    summary = written(tmp_path, stack(sep(1), blank()))
    assert (summary.documents, summary.put_aside) == (0, 2)
    assert 'id="accepted"' not in (tmp_path / "report.html").read_text("utf-8")
