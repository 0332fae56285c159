"""Paper VAT invoices whose overprint slipped are drawn, and nothing else changes with them."""

from __future__ import annotations

import random
from statistics import mean

import pytest

from fixtures.draw import vat_forms
from fixtures.draw.vat_forms import ROW, SLIPPED, _slipped


def test_one_in_five_slips_by_half_a_row_or_a_row() -> None:
    slips = [_slipped(random.Random(number)) for number in range(500)]
    assert mean(slip is not None for slip in slips) == pytest.approx(SLIPPED, abs=0.06)
    rows = {round(slip[1] / ROW * 2) / 2 for slip in slips if slip is not None}
    assert rows == {-1.0, -0.5, 0.5, 1.0}


def test_a_slip_moves_what_the_printer_filled_in_and_leaves_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, after = [], []
    for share in (0.0, 1.0):
        monkeypatch.setattr(vat_forms, "SLIPPED", share)
        rng = random.Random(3)
        drawn.append(vat_forms.paper_ordinary(rng))
        after.append(rng.random())
    in_place, slipped = (paper.pages[0].texts for paper in drawn)
    assert [text.text for text in in_place] == [text.text for text in slipped]
    assert drawn[0].truth.fields == drawn[1].truth.fields
    assert after[0] == after[1]  # papers drawn after it are the same
    moved = {
        text.text for text, other in zip(in_place, slipped, strict=True) if abs(text.y - other.y) > ROW / 3
    }
    assert str(drawn[0].truth.fields["total_in_words"]) in moved
    assert not any(text.endswith("：") for text in moved - {"机器编号："})
