"""Dates on one paper (domain.md §6 V-10, V-11)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Finding
from tests.builders import bill, paper
from validators.dates import (
    dates_are_past,
    days_fit_the_stay,
    discharge_follows_admission,
    issued_after_treatment,
)

TODAY = date(2026, 3, 1)


def days(printed: Decimal | str) -> Finding | None:
    document = paper(
        "inpatient_invoice",
        admission_date="2021-03-23",
        discharge_date="2021-04-14",
        inpatient_days=printed,
    )
    return days_fit_the_stay(document, TODAY)


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [("22", "pass"), ("23", "pass"), ("22.5", "pass"), ("22.5天", "pass"), ("21", "fail"), ("24", "fail")],
)
def test_days_may_count_both_ends_or_a_half(printed: str, outcome: str) -> None:
    finding = days(printed)
    assert finding is not None
    assert finding.outcome == outcome


def test_a_stay_of_one_day_may_count_as_none_or_one() -> None:
    for printed in ("0", "0.5", "1"):
        document = paper(
            "inpatient_invoice",
            admission_date="2021-03-23",
            discharge_date="2021-03-23",
            inpatient_days=printed,
        )
        finding = days_fit_the_stay(document, TODAY)
        assert finding is not None
        assert finding.outcome == "pass"


def test_today_is_not_the_future() -> None:
    finding = dates_are_past(bill(issue_date=TODAY), TODAY)
    assert finding is not None
    assert finding.outcome == "pass"


def test_a_date_of_the_last_century_is_a_misreading() -> None:
    finding = dates_are_past(bill(visit_date="1925-02-17"), TODAY)
    assert finding is not None
    assert (finding.outcome, finding.fields) == ("fail", ("fields.visit_date",))


def test_a_birth_date_may_be_old() -> None:
    assert dates_are_past(paper("id_card", birth_date="1949-12-31"), TODAY) is None


def test_an_inpatient_bill_is_measured_by_its_discharge() -> None:
    document = paper(
        "inpatient_invoice", visit_date="2021-03-23", discharge_date="2021-04-14", issue_date="2021-04-01"
    )
    finding = issued_after_treatment(document, TODAY)
    assert finding is not None
    assert (finding.outcome, finding.severity) == ("fail", "warn")
    assert "2021-04-14" in finding.message


@given(st.dates(date(2000, 1, 1), date(2026, 1, 1)), st.integers(0, 60))
def test_the_order_of_a_stay_decides(start: date, nights: int) -> None:
    end = start + timedelta(days=nights)
    forward = discharge_follows_admission(paper("x", admission_date=start, discharge_date=end), TODAY)
    backward = discharge_follows_admission(paper("x", admission_date=end, discharge_date=start), TODAY)
    assert forward is not None
    assert backward is not None
    assert forward.outcome == "pass"
    assert backward.outcome == ("pass" if nights == 0 else "fail")
