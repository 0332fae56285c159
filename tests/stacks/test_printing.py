"""Sheets as they come out of the printer and back through a worn scanner."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image as Pictures

from fixtures.draw import flatbed
from fixtures.draw.levels import quarter_turn
from pipeline.model import Image
from pipeline.reading.codes import find_codes
from pipeline.stacks import printing
from pipeline.stacks.printing import (
    A4,
    LABEL_COLUMNS,
    LABEL_ROWS,
    PHRASE_HEIGHT,
    PHRASES,
    claim_numbers,
    header_sheet,
    label_sheets,
    separator_sheet,
    separator_sheets,
    write_sheets,
)
from pipeline.stacks.separators import BatchHeader, ClaimLabel, Separator, StackCode, find_code

HEADER = BatchHeader("2026-0412.B", 36, Decimal("18230.55"))
FAX_DPI = 110


def scanned(sheet: Pictures.Image, turn: int, seed: int, *, fax: bool = False) -> Image:
    """The sheet through an office's scanner or fax, crooked, punched and stapled as that one lays it."""
    rng = random.Random(seed)
    by = flatbed.scanner(rng)
    if fax:
        by = replace(by, dpi=FAX_DPI, grey=True, fade=0.0, burn=1.0, edge=0.02, dust=0)
    size = tuple(round(side / 25.4 * by.dpi) for side in A4)
    paper = np.asarray(sheet.convert("RGB").resize((size[0], size[1]), Pictures.Resampling.BOX), np.uint8)
    seen = flatbed.scan(paper.copy(), rng, by, flatbed.lay(rng, A4, [], stacked=True))
    if fax:
        seen = flatbed.fax(seen, rng, rough=0.6)
    seen = quarter_turn(seen, turn)
    return np.ascontiguousarray(seen if seen.ndim == 3 else np.repeat(seen[:, :, None], 3, axis=2))


def said(image: Image) -> Iterator[tuple[str, StackCode]]:
    """Kind of code and what it says, of ours alone."""
    for code in find_codes(image):
        found = find_code(code.text)
        if found is not None:
            yield code.kind, found


@pytest.mark.parametrize(("turn", "fax"), [(0, False), (90, False), (180, True), (270, True)])
def test_a_separator_is_read_however_it_was_fed(turn: int, fax: bool) -> None:
    assert Separator(417) in {
        code for _, code in said(scanned(separator_sheet(Separator(417)), turn, turn, fax=fax))
    }


def test_bars_and_squares_say_the_same() -> None:
    picture = np.asarray(separator_sheet(Separator(9)).convert("RGB").reduce(2), np.uint8)
    assert set(said(np.ascontiguousarray(picture))) == {("QRCode", Separator(9)), ("Code39", Separator(9))}


@pytest.mark.parametrize("fax", [False, True])
def test_a_header_keeps_its_number_and_totals(fax: bool) -> None:
    assert {code for _, code in said(scanned(header_sheet(HEADER), 180, 5, fax=fax))} == {HEADER}


def test_a_sheet_of_labels_has_each_number_once() -> None:
    numbers = claim_numbers("A-098", "A-121")
    (sheet,) = label_sheets(numbers)
    found = [code for _, code in said(scanned(sheet, 0, 2))]
    assert sorted(code.number for code in found if isinstance(code, ClaimLabel)) == numbers


def test_labels_go_on_on_a_further_sheet() -> None:
    on_one = LABEL_COLUMNS * LABEL_ROWS
    assert len(list(label_sheets(claim_numbers("1001", f"{1000 + on_one}")))) == 1
    assert len(list(label_sheets(claim_numbers("1001", f"{1001 + on_one}")))) == 2


def test_separators_are_numbered_on_and_begin_anew() -> None:
    numbers = [
        {code for _, code in said(np.asarray(sheet.convert("RGB").reduce(3), np.uint8))}
        for sheet in separator_sheets(2, first=9999)
    ]
    assert numbers == [{Separator(9999)}, {Separator(1)}]


def test_the_pdf_has_pages_of_a4(tmp_path: Path) -> None:
    file = tmp_path / "sheets.pdf"
    assert write_sheets(file, [separator_sheet(Separator(1)), header_sheet(HEADER)]) == 2
    pdf = pypdfium2.PdfDocument(file)
    try:
        sizes = [tuple(side / 72 * 25.4 for side in page.get_size()) for page in pdf]
    finally:
        pdf.close()
    assert sizes == [pytest.approx(A4, abs=0.2)] * 2


def test_nothing_to_print_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no page"):
        write_sheets(tmp_path / "none.pdf", [])
    assert not list(tmp_path.iterdir())


def test_every_sentence_is_drawn_in_the_picture_that_is_shipped() -> None:
    with Pictures.open(Path(printing.__file__).with_name("phrases.png")) as picture:
        rows = np.asarray(picture.convert("L"))
    assert rows.shape[0] == PHRASE_HEIGHT * len(PHRASES)
    for turn in range(len(PHRASES)):
        assert rows[turn * PHRASE_HEIGHT : (turn + 1) * PHRASE_HEIGHT].min() < 64


@pytest.mark.parametrize(
    "ends", [("A1", "B2"), ("A-9", "A-10"), ("A", "B"), ("5", "3"), ("0001", "9999"), ("1", "")]
)
def test_a_range_of_numbers_that_nobody_can_mean_is_refused(ends: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=" / "):
        claim_numbers(*ends)
