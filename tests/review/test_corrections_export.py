"""What people corrected, as training data and truth: only what is printed, the same bytes each time."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from pipeline.corrections import Answer
from pipeline.evaluate.truth import TruthPaper, read_truth
from pipeline.model import Box, Document, SourceFile
from pipeline.rejudged import By, change_field
from pipeline.review.corrections_export import LEFT_OUT, Exported, export_corrections
from pipeline.store.cases import documents_of
from pipeline.store.opened import Store
from pipeline.store.pages import KeptPage, keep_page
from tests.cases import NOW, REVIEWER, certificate, fee_list, invoice, judges, put, step

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

TOTAL = Box(600, 700, 680, 720)
PAYER = Box(100, 200, 160, 220)
DAY = Box(100, 300, 220, 320)


def placed(document: Document, sha256: str) -> Document:
    """The bill of a file, its total, payer and date at their places on a page of 1000 x 1400."""
    boxes = {"total_amount": TOTAL, "payer_name": PAYER, "issue_date": DAY}
    fields = {name: replace(one, box=boxes.get(name)) for name, one in document.fields.items()}
    return replace(document, file=SourceFile("票.jpg", sha256), fields=fields)


@pytest.fixture
def corrected(store: Store) -> Store:
    """A store with a bill of which a person corrected the total and confirmed the payer."""
    photo, page = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (1000, 1400), "white").save(photo, "PNG")
    Image.new("RGB", (500, 700), "white").save(page, "WEBP", lossless=True)
    sha256 = store.originals.put(photo.getvalue())
    bill = placed(invoice(total="84.05"), sha256)
    claim = put(store.database, bill, fee_list("34.05"), certificate())
    words = [
        ("84.05", TOTAL.x0, TOTAL.y0, TOTAL.x1, TOTAL.y1, 0.99),
        ("张三", PAYER.x0, PAYER.y0, PAYER.x1, PAYER.y1, 0.99),
        ("收费票据", 400.0, 50.0, 600.0, 90.0, 0.99),
    ]
    step(store.database, claim, "ask_for_review")
    with store.database.write() as connection:
        keep_page(
            connection, "U-1", KeptPage(sha256, 1, 1000, 1400, store.originals.put(page.getvalue())), words
        )
        document = next(one for one in documents_of(connection, claim) if one.type == "outpatient_invoice")
        for path, text in (("fields.total_amount", "34.05"), ("fields.payer_name", "张三")):
            by = By(REVIEWER, NOW)
            change_field(connection, judges(), claim, document.id, path, Answer.value(text), by)
    return store


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def test_crops_say_what_is_printed_and_pages_what_people_saw(corrected: Store, tmp_path: Path) -> None:
    assert export_corrections(corrected, tmp_path) == Exported(crops=2, pages=1, papers=1, untold=0)
    rows = [row.split("\t") for row in (tmp_path / "rec" / "rec_gt.txt").read_text().splitlines()]
    assert sorted(label for _, label in rows) == ["34.05", "张三"]
    crops = {label: tmp_path / "rec" / name for name, label in rows}
    assert size_of(crops["34.05"]) == (44, 14)  # 80 x 20 at half the size, and a margin
    page, told = (tmp_path / "det" / "Label.txt").read_text().rstrip("\n").split("\t")
    lines = json.loads(told)
    assert size_of(tmp_path / "det" / page) == (500, 700)
    assert sorted(one["transcription"] for one in lines) == sorted(["张三", "34.05", LEFT_OUT])
    total = next(one for one in lines if one["transcription"] == "34.05")
    assert total["points"] == [[300, 350], [340, 350], [340, 360], [300, 360]]


def test_the_truth_is_one_that_evaluation_reads_with_the_paper_beside_it(
    corrected: Store, tmp_path: Path
) -> None:
    export_corrections(corrected, tmp_path)
    truth = read_truth(tmp_path / "truth")
    (paper,) = truth.papers
    assert isinstance(paper, TruthPaper)
    assert paper.fields == {"total_amount": "34.05", "payer_name": "张三"}
    assert paper.lines is None  # nobody saw its rows
    assert (truth.folder / paper.file).is_file()


def test_the_same_store_gives_the_same_bytes_and_a_broken_off_export_goes_on(
    corrected: Store, tmp_path: Path
) -> None:
    export_corrections(corrected, tmp_path / "a")
    whole = files(tmp_path / "a")
    done = next((tmp_path / "a" / "rec" / "images").iterdir())
    before = done.stat().st_mtime_ns
    (tmp_path / "a" / "det" / "Label.txt").unlink()
    export_corrections(corrected, tmp_path / "a")
    assert files(tmp_path / "a") == whole
    assert done.stat().st_mtime_ns == before
    export_corrections(corrected, tmp_path / "b")
    assert files(tmp_path / "b") == whole


def test_without_persons_no_name_page_or_paper_goes_along(corrected: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = export_corrections(corrected, out, persons=False)
    assert (done.crops, done.pages, done.papers) == (1, 0, 0)
    assert {name.split("/")[0] for name in files(out)} == {"rec"}
    assert "张三" not in (out / "rec" / "rec_gt.txt").read_text()


def test_only_papers_that_were_changed_since_a_day_are_taken(corrected: Store, tmp_path: Path) -> None:
    assert export_corrections(corrected, tmp_path, NOW + timedelta(days=1)) == Exported()
