"""A drawn stack from the feeder to the report: two files, real sheets, real OCR, one bill not seen."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from pipeline.outputs import BATCHES, CLAIMS, DOCUMENTS, REPORT
from pipeline.scan import Run, find_uploads
from pipeline.settings import Settings
from pipeline.stacks.plan import BATCH_RULE
from pipeline.stacks.printing import header_sheet, separator_sheet
from pipeline.stacks.separators import BatchHeader, Separator
from tests.test_scan import Watcher

SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"
TODAY = date(2026, 11, 21)
DPI = 200


def a4(picture: Image.Image) -> Image.Image:
    """The picture as a scanner of 200 dpi gives it, as wide as A4."""
    width = round(210 / 25.4 * DPI)
    return picture.convert("L").resize((width, round(picture.height * width / picture.width)))


def rendered(file: Path) -> Image.Image:
    pdf = pypdfium2.PdfDocument(file)
    try:
        picture: Image.Image = pdf[0].render(scale=DPI / 72).to_pil()
    finally:
        pdf.close()
    return picture


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_a_bill_that_was_fed_under_another_sheet_holds_its_batch_and_is_looked_for_in_its_place(
    tmp_path: Path,
) -> None:
    """Stated: an outpatient bill of 248.89, then an inpatient one of 5499.78 with its settlement sheet."""
    stated = BatchHeader("2026-0412", 3, Decimal("248.89") + Decimal("5499.78"))
    with Image.open(SAMPLES / "02_孙范本_住院" / "医保结算单.jpg") as settlement:
        sheets = [
            a4(header_sheet(stated)),
            a4(rendered(SAMPLES / "01_钱样例_门诊" / "电子发票.pdf")),
            a4(separator_sheet(Separator(1))).rotate(180),
            a4(settlement),  # the bill of 5499.78 before it went through with the separator
        ]
    papers, out = tmp_path / "papers", tmp_path / "out"
    papers.mkdir()
    for name, half in (("stack9.pdf", sheets[:2]), ("stack10.pdf", sheets[2:])):  # a scanner of two a file
        half[0].save(papers / name, save_all=True, append_images=half[1:], resolution=DPI)
    with Run(find_uploads([papers], out), out, Settings(workers=1), TODAY) as run:
        run.read(run.pending(), Watcher())
        summary = run.write()

    documents = sorted(rows(out / DOCUMENTS), key=lambda row: len(row["source"]["file"]))
    assert [(each["document_type"], each["subtype"], each["status"] == "rejected") for each in documents] == [
        ("other", "batch_header", True),
        ("outpatient_invoice", "e_bill", False),
        ("other", "separator", True),
        ("settlement_sheet", "inpatient", False),
    ]
    (batch,) = rows(out / BATCHES)
    assert (batch["batch_number"], batch["outcome"]) == ("2026-0412", "held")
    assert (batch["found_papers"], batch["found_amount"]) == (2, "248.89")
    suspect = batch["suspects"][0]
    assert (suspect["file"], suspect["page"], suspect["cause"]) == ("stack10.pdf", 2, "double_feed")
    assert suspect["position"] == 4
    assert [each["position"] for each in suspect["neighbours"]] == [3]
    claims = rows(out / CLAIMS)
    assert len(claims) == 2
    assert set(batch["claims"]) == {claim["claim_id"] for claim in claims}
    for claim in claims:
        assert claim["batch_number"] == "2026-0412"
        assert (BATCH_RULE, "fail") in {(check["rule"], check["outcome"]) for check in claim["checks"]}
        assert claim["status"] != "accepted"
    assert summary.batches_held == (batch["message"],)
    report = (out / REPORT).read_text("utf-8")
    assert report.index('id="held"') < report.index('id="review"')
    assert report[report.index('id="held"') : report.index('id="review"')].count("data:image/jpeg") == 2
