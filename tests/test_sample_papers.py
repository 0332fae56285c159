"""The whole way, with the real engine: the drawn sample papers in, the truth out."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.scan import Run, find_uploads
from pipeline.settings import Settings
from tests.truth import (
    EXPECTED,
    FIXTURES,
    PAPERS,
    TRUTH,
    accepted_and_wrong,
    compared,
    found,
    wrong_papers,
    wrong_rows,
)

TODAY = date(2026, 11, 21)

pytestmark = pytest.mark.slow


class Silent:
    def begin(self, uploads: int, already_read: int) -> None:
        pass

    def pages_read(self, pages: int) -> None:
        pass

    def upload_done(self, name: str, documents: int, unread: object) -> None:
        pass


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    with Run(find_uploads([FIXTURES / "samples"]), folder, Settings(), TODAY) as run:
        run.read(run.pending(), Silent())
        run.write()
    return folder


@pytest.fixture(scope="module")
def documents(out: Path) -> list[dict[str, Any]]:
    return rows(out / "documents.jsonl")


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_the_counts_are_those_of_the_truth(out: Path, documents: list[dict[str, Any]]) -> None:
    types = Counter(document["document_type"] for document in documents)
    assert dict(types) == EXPECTED["documents"]
    assert len(rows(out / "claims.jsonl")) == EXPECTED["claims"]
    assert len(rows(out / "errors.jsonl")) == EXPECTED["unreadable"]


def test_every_paper_has_its_type_and_pages(documents: list[dict[str, Any]]) -> None:
    assert wrong_papers(documents) == []


def test_unreadable_files_are_named_with_their_cause(out: Path) -> None:
    named = {row["file"]: row["code"] for row in rows(out / "errors.jsonl")}
    assert named == {row["source"]["file"]: row["error"] for row in TRUTH if "error" in row}


def test_no_accepted_field_is_wrong(documents: list[dict[str, Any]]) -> None:
    assert accepted_and_wrong(documents) == []


def test_nearly_every_field_is_exact(documents: list[dict[str, Any]]) -> None:
    pairs = list(compared(documents))
    wrong = [(place, field["value"], true) for place, true, field in pairs if field["value"] != true]
    assert len(wrong) <= 0.07 * len(pairs), wrong


def test_nearly_every_charged_row_is_exact(documents: list[dict[str, Any]]) -> None:
    wrong, total = wrong_rows(documents)
    assert len(wrong) <= 0.12 * total, wrong


def test_the_sheet_that_does_not_add_up_is_named(documents: list[dict[str, Any]]) -> None:
    for paper in PAPERS:
        if paper["drawn"]["consistent"]:
            continue
        document = found(documents, paper)
        assert document is not None
        assert document["status"] == "review"
        assert any(check["outcome"] == "fail" for check in document["checks"])


def test_a_claim_holds_the_papers_of_one_visit(out: Path, documents: list[dict[str, Any]]) -> None:
    claim_of = {}
    for claim in rows(out / "claims.jsonl"):
        for part in ("invoices", "itemized_bills", "certificates", "other_documents"):
            claim_of.update(dict.fromkeys(claim[part], claim["claim_id"]))
    together: dict[str, set[Any]] = {}
    for paper in PAPERS:
        if paper["drawn"]["claim"] and paper["document_type"] != "id_card":
            document = found(documents, paper)
            read_in = document and claim_of.get(document["document_id"])
            together.setdefault(paper["drawn"]["claim"], set()).add(read_in)
    assert all(len(ids) == 1 and None not in ids for ids in together.values()), together
