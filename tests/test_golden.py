"""The golden gate: twelve drawn papers of every level, read no worse than they were.

`fixtures/golden/known.json` holds what is still read wrong of them, from recorded words. A change that makes
another value wrong fails here and names it; one that mends a value is recorded by

    BAOXIAO_GOLDEN=1 .venv/bin/python -m pytest tests/test_golden.py

and read in the diff. The real engine reads the same pictures in the slow test.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extractors import field_names
from pipeline.catalogs.catalog import Catalogs
from pipeline.evaluate.evaluation import evaluate
from pipeline.evaluate.run_folder import RunFolder, by_file
from pipeline.evaluate.truth import read_truth
from pipeline.intake import read_documents
from pipeline.model import Page
from pipeline.records import document_record
from pipeline.scan import Run, find_uploads
from pipeline.settings import Settings
from pipeline.store.freeze import load_page
from tests.truth import FIXTURES

GOLDEN = FIXTURES / "golden"
TODAY = date(2026, 11, 21)
TRUTH = read_truth(GOLDEN / "truth.jsonl")
REAL_ENGINE_MAY_MISS = 0.02
"""Share of the values that the engine may read otherwise on another processor than the recording's."""


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    files: dict[str, list[Page]] = defaultdict(list)
    for path in sorted((GOLDEN / "recorded").glob("*.json")):
        page = load_page(path.read_text("utf-8"))
        files[page.file.name].append(page)
    catalogs = Catalogs.sample()
    documents = [
        document_record(document, field_names(document.type))
        for pages in files.values()
        for document in read_documents(pages, catalogs, TODAY)
    ]
    return evaluate(TRUTH.papers, by_file(documents)).record()


def wrong(record: dict[str, Any]) -> set[str]:
    return {f"{one['paper']} {one['path']}" for one in record["wrong"]}


def test_every_level_is_there() -> None:
    assert {paper.level for paper in TRUTH.papers} == {"clean", "scan", "photo", "hard"}
    assert len(TRUTH.papers) >= 12


def test_no_value_is_read_worse_than_before(record: dict[str, Any]) -> None:
    known_file = GOLDEN / "known.json"
    if os.environ.get("BAOXIAO_GOLDEN"):
        text = json.dumps(sorted(wrong(record)), ensure_ascii=False, indent=1)
        known_file.write_text(text + "\n", "utf-8")
        pytest.fail("recorded anew: read the diff of known.json, then run without BAOXIAO_GOLDEN")
    assert wrong(record) - set(json.loads(known_file.read_text("utf-8"))) == set()


def test_no_accepted_value_is_wrong(record: dict[str, Any]) -> None:
    assert [one for one in record["wrong"] if one["status"] == "accepted"] == []


@pytest.mark.slow
def test_the_real_engine_reads_the_same_pictures_as_well(tmp_path: Path, record: dict[str, Any]) -> None:
    class Silent:
        def begin(self, uploads: int, already_read: int) -> None: ...
        def pages_read(self, pages: int) -> None: ...
        def upload_done(self, name: str, documents: int, unread: object) -> None: ...

    with Run(find_uploads([GOLDEN / "papers"]), tmp_path, Settings(), TODAY) as run:
        run.read(run.pending(), Silent())
        run.write()
    read = evaluate(TRUTH.papers, RunFolder(tmp_path)).record()
    values = sum(len(paper.fields or ()) + 3 * len(paper.lines or ()) for paper in TRUTH.papers)
    assert len(wrong(read) - wrong(record)) <= REAL_ENGINE_MAY_MISS * values
    assert [one for one in read["wrong"] if one["status"] == "accepted"] == []
