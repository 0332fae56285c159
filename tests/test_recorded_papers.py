"""The words of the sample papers as the engine once read them, through extractors and rules."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extractors import EXTRACTORS
from pipeline.catalogs.catalog import Catalogs
from pipeline.intake import read_documents
from pipeline.model import Document, Page
from pipeline.records import document_record
from pipeline.rulebook import restored
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
def papers() -> list[Document]:
    files: dict[str, list[Page]] = defaultdict(list)
    for path in sorted((FIXTURES / "recorded").glob("*.json")):
        page = load_page(path.read_text("utf-8"))
        files[page.file.name].append(page)
    catalogs = Catalogs.sample()
    return [document for pages in files.values() for document in read_documents(pages, catalogs, TODAY)]


@pytest.fixture(scope="module")
def documents(papers: list[Document]) -> list[dict[str, Any]]:
    return [dict(document_record(document, ())) for document in papers]


def test_every_value_comes_back_from_its_published_row_as_what_it_was(
    papers: list[Document], documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    """An amount or a day that came back as text would be lost to every rule."""
    published = tmp_path / "documents.jsonl"
    published.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in documents), "utf-8")
    back = restored.read_documents(published)
    assert back.wrong == ()
    for paper, again in zip(papers, back.rows, strict=True):
        read = {name: field.value for name, field in paper.fields.items()}
        assert {name: field.value for name, field in again.fields.items()} == read


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
