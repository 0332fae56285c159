"""Evidence to probability, and the threshold of a target error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.confidence.evidence import NAMES, evidence_of
from pipeline.confidence.model import DATA, MOST_SURE, Model, Point, Weights, load, newest
from pipeline.model import Reading
from tests.builders import bill

KINDS = {"total", "money", "date", "code", "name", "text", "choice", "words"} | {
    *("row_amount", "row_number", "row_name")
}


def model(*curve: tuple[float, int, int]) -> Model:
    return Model(
        "2026-01-01", 1, {"text": Weights(0.0, (0.0,) * len(NAMES))}, tuple(Point(*p) for p in curve)
    )


def test_the_threshold_is_the_lowest_that_keeps_to_the_target() -> None:
    fitted = model((0.9, 40_000, 100), (0.99, 40_000, 8), (0.999, 35_000, 2))
    assert fitted.threshold(0.0004) == 0.99
    assert fitted.threshold(0.0002) == 0.999
    assert fitted.threshold(0.01) == 0.9


def test_a_target_that_was_never_shown_accepts_nothing() -> None:
    assert model((0.99, 100, 0)).threshold(0.0001) == 1.0


@given(st.floats(1e-6, 0.4), st.floats(1e-6, 0.4))
def test_a_stricter_target_never_accepts_more(a: float, b: float) -> None:
    strict, lax = sorted((a, b))
    assert newest().threshold(strict) >= newest().threshold(lax)


def test_no_evidence_makes_certain() -> None:
    sure = Weights(100.0, (0.0,) * len(NAMES))
    (evidence,) = evidence_of(bill(payer_name="张三"), []).values()
    fitted = replace(model(), kinds={"name": sure, "text": sure})
    assert fitted.confidence("fields.payer_name", "张三", evidence) == MOST_SURE


def test_the_packaged_model_fits_this_version_and_knows_every_kind() -> None:
    assert set(newest().kinds) >= KINDS
    assert newest().curve
    for file in DATA.glob("confidence-*.json"):
        assert load(file).dated == file.stem.removeprefix("confidence-")


def test_a_model_of_other_evidence_is_refused(tmp_path: Path) -> None:
    stored = json.loads(max(DATA.glob("*.json")).read_text("utf-8"))
    file = tmp_path / "confidence-2020-01-01.json"
    file.write_text(json.dumps({**stored, "evidence": ["luck"]}), "utf-8")
    with pytest.raises(ValueError, match="fit_confidence"):
        load(file)


@pytest.mark.parametrize("name", ["payer_name", "invoice_number", "issue_date", "total_amount"])
def test_the_packaged_model_trusts_clear_print_more_than_blurred_print(name: str) -> None:
    value = {"issue_date": "2026-01-02", "total_amount": "20.58"}.get(name, "0127700352")
    document = bill({name: value})

    def confidence(least: float, mean: float, own: float) -> float:
        field = replace(
            document.fields[name],
            confidence=own,
            reading=Reading(least, mean, rival=1 - least, length=8, height=30.0),
        )
        judged = replace(document, fields={name: field})
        path = f"fields.{name}"
        return newest().confidence(path, field.value, evidence_of(judged, [])[path])

    assert confidence(0.9999, 0.99995, 0.9995) > confidence(0.7, 0.93, 0.6)
