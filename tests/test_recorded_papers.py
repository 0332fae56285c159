"""The words of the sample papers as the engine once read them, through extractors and rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from extractors import EXTRACTORS
from pipeline.catalogs.catalog import Catalogs
from pipeline.intake import read_documents
from pipeline.model import Page
from pipeline.records import document_record
from pipeline.store.freeze import load_page
from tests.truth import (
    FIXTURES,
    PAPERS,
    accepted_and_wrong,
    compared,
    found,
    wrong_papers,
    wrong_rows,
)

TODAY = date(2026, 11, 21)

HIDDEN = {
    "01_钱样例_门诊/诊断证明.jpg p1 issue_date",
    "02_孙范本_住院/住院发票扫描件.pdf p1 payee_name",
    "03_李示例_急诊/门诊收据_横放.jpg p1 institution_type",
    "03_李示例_急诊/门诊收据_横放.jpg p1 visit_date",
    "05_吴虚拟_住院材料.zip!中央住院收费票据.jpg p1 institution_type",
    "05_吴虚拟_住院材料.zip!中央住院收费票据.jpg p1 fund_payment",
    "08_整叠扫描.pdf p5 issue_date",
}
"""Values under a seal, which no recording holds."""

SHIFTED = "04_周模拟_门诊收据.jpg"
"""Its overprint lies a row above the form; only what its own form tells is read."""


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    files: dict[str, list[Page]] = defaultdict(list)
    for path in sorted((FIXTURES / "recorded").glob("*.json")):
        page = load_page(path.read_text("utf-8"))
        files[page.file.name].append(page)
    catalogs = Catalogs.sample()
    read = [document for pages in files.values() for document in read_documents(pages, catalogs, TODAY)]
    return [dict(document_record(document, ())) for document in read]


def test_every_document_type_has_a_recorded_paper(documents: list[dict[str, Any]]) -> None:
    assert {document["document_type"] for document in documents} >= EXTRACTORS.keys()


def test_every_paper_has_its_type_and_pages(documents: list[dict[str, Any]]) -> None:
    assert wrong_papers(documents) == []


def test_no_accepted_field_is_wrong(documents: list[dict[str, Any]]) -> None:
    assert accepted_and_wrong(documents) == []


def test_every_field_is_exact_but_those_under_a_seal(documents: list[dict[str, Any]]) -> None:
    wrong = {place for place, true, field in compared(documents) if field["value"] != true}
    assert {place for place in wrong - HIDDEN if not place.startswith(SHIFTED)} == set()


def test_the_shifted_ticket_gives_its_total_and_number(documents: list[dict[str, Any]]) -> None:
    document = found(documents, next(paper for paper in PAPERS if paper["source"]["file"] == SHIFTED))
    assert document is not None
    assert document["fields"]["total_amount"]["value"] == "530.00"
    assert document["fields"]["invoice_number"]["value"] == "0035247813"


def test_nearly_every_charged_row_is_exact(documents: list[dict[str, Any]]) -> None:
    wrong, total = wrong_rows(documents)
    assert len(wrong) <= 0.12 * total, wrong
