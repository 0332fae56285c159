"""What one declaration may hold: receipts, stays, batch files, the period without a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, Finding
from tests.builders import Values, bill, case, declared, office_with, paper
from validators.declaration import (
    batch_file_is_untouched,
    fees_fall_into_the_card_period,
    one_stay_a_declaration,
    receipts_are_entered_one_by_one,
)

DAYS = st.dates(date(2024, 1, 1), date(2026, 1, 1))


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


def stay(start: date, end: date, number: str = "1") -> Document:
    values: Values = {"admission_date": start, "discharge_date": end, "invoice_number": number}
    return paper("inpatient_invoice", "e_bill", values, file=f"{number}.jpg")


def test_two_receipts_on_one_sheet_are_not_one_record() -> None:
    sheet = replace(bill(invoice_number="0127712345"), titles=2)
    assert outcome(receipts_are_entered_one_by_one(case(sheet))) == "fail"


@given(DAYS, st.integers(0, 30), st.integers(0, 60), st.integers(0, 30))
def test_stays_with_a_gap_of_more_than_a_day_are_two(
    start: date, first_days: int, gap: int, second_days: int
) -> None:
    ended = start + timedelta(first_days)
    began = ended + timedelta(gap)
    found = one_stay_a_declaration(
        case(stay(began, began + timedelta(second_days), "2"), stay(start, ended, "1"))
    )
    assert outcome(found) == ("fail" if gap > 1 else "pass")


def test_a_batch_file_is_called_as_the_place_says_and_made_by_a_current_version() -> None:
    office = office_with({"batch_files": {"name_pattern": "BP[0-9]{8}", "software_versions": ["3.2"]}})

    def said(name: str, version: str) -> Finding:
        form = declared(batch_file={"name": name, "made_as": name, "software_version": version})
        found = batch_file_is_untouched(case(application=form, office=office))
        assert found is not None
        return found

    assert said("BP20250303", "3.2").outcome == "pass"
    assert "格式" in said("BP1", "3.2").message
    assert "3.1 不是现行版本 3.2" in said("BP20250303", "3.1").message


def test_the_certificate_says_the_period_where_nothing_is_declared() -> None:
    paper_ = paper(
        "other",
        "card_replacement_certificate",
        {"period_start": "2025-02-01", "period_end": "2025-02-28"},
        file="card.jpg",
    )
    form = declared(case_types=["card_replacement"])
    inside = case(bill(visit_date="2025-02-17"), paper_, application=form)
    outside = case(bill(visit_date="2025-03-01"), paper_, application=form)
    assert outcome(fees_fall_into_the_card_period(inside)) == "pass"
    assert outcome(fees_fall_into_the_card_period(outside)) == "fail"


@pytest.mark.parametrize("types", [["trauma"], ["social_aid", "offsite"]])
def test_other_case_types_have_no_period_without_a_card(types: list[str]) -> None:
    form = declared(case_types=types, card_period={"from": "2020-01-01", "to": "2020-01-02"})
    assert fees_fall_into_the_card_period(case(bill(visit_date="2025-02-17"), application=form)) is None


@given(DAYS, DAYS, DAYS, DAYS)
def test_a_stay_lies_in_the_period_with_both_its_ends(a: date, b: date, c: date, d: date) -> None:
    (start, end), (first, last) = sorted((a, b)), sorted((c, d))
    form = declared(
        case_types=["card_not_issued"], card_period={"from": start.isoformat(), "to": end.isoformat()}
    )
    found = fees_fall_into_the_card_period(case(stay(first, last), application=form))
    assert outcome(found) == ("pass" if start <= first and last <= end else "fail")
