"""Until when fees may be declared (R-DL-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, Finding
from pipeline.office import usual_office
from pipeline.working_days import WorkingDays
from tests.builders import bill, case, declared, office_with, paper
from validators.deadlines import deadline_is_not_near, deadline_of, declared_in_time


def treated(day: str) -> Document:
    return bill(visit_date=day)


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


@pytest.mark.parametrize(
    ("year", "last"),
    [
        (2022, date(2023, 1, 20)),  # a Friday
        (2023, date(2024, 1, 22)),  # the 20th is a Saturday
        (2024, date(2025, 1, 20)),
        (2011, date(2012, 1, 20)),  # the 21st is a worked Saturday before 春节
    ],
)
def test_the_deadline_is_put_off_over_weekends_and_holidays(year: int, last: date) -> None:
    assert deadline_of(case(), year) == last


def test_an_offices_own_holidays_put_the_deadline_off() -> None:
    rest = WorkingDays({date(2027, 1, day): False for day in (20, 21)})
    assert deadline_of(case(office=replace(usual_office(), working_days=rest)), 2026) == date(2027, 1, 22)


def test_a_place_may_have_another_day_and_no_postponement() -> None:
    office = office_with({"deadline": {"month": 3, "day": 1, "postponed_on_holidays": False}})
    assert deadline_of(case(office=office), 2024) == date(2025, 3, 1)  # a Saturday


def test_the_last_day_is_in_time_and_the_next_is_not() -> None:
    for received, expected in (("2024-01-22", "pass"), ("2024-01-23", "fail")):
        found = declared_in_time(case(treated("2023-12-31"), application=declared(received_on=received)))
        assert outcome(found) == expected


def test_the_year_of_discharge_counts_and_of_several_bills_the_earliest() -> None:
    stay = paper("inpatient_invoice", None, {"admission_date": "2023-12-20", "discharge_date": "2024-01-05"})
    form = declared(received_on="2025-01-20")
    assert outcome(declared_in_time(case(stay, application=form))) == "pass"
    assert outcome(declared_in_time(case(stay, treated("2023-12-30"), application=form))) == "fail"


def test_without_a_day_of_receipt_a_past_deadline_is_no_failure() -> None:
    found = declared_in_time(case(treated("2023-05-05"), today=date(2026, 3, 1)))
    assert found is not None
    assert found.outcome == "unknown"
    assert "2024-01-22" in found.message
    assert "受理日期" in found.message


def test_a_year_that_was_misread_has_no_deadline() -> None:
    assert declared_in_time(case(treated("9999-05-05"))) is None


def test_a_year_whose_holidays_are_not_announced_is_said() -> None:
    found = deadline_is_not_near(case(treated("2098-05-05"), today=date(2099, 1, 18)))
    assert found is not None
    assert "2099 年放假安排尚未载入" in found.message


@pytest.mark.parametrize(("left", "expected"), [(11, "pass"), (10, "fail"), (0, "fail"), (-1, None)])
def test_people_are_told_in_the_last_ten_days(left: int, expected: str | None) -> None:
    today = date(2025, 1, 20) - timedelta(left)
    found = deadline_is_not_near(case(treated("2024-05-05"), today=today))
    assert outcome(found) == expected
    assert found is None or found.severity == "warn"


@given(st.dates(date(2005, 1, 1), date(2024, 12, 31)), st.integers(-400, 800))
def test_only_a_receipt_after_the_deadline_fails(day: date, after: int) -> None:
    received = date(day.year + 1, 1, 20) + timedelta(after)
    form = declared(received_on=received.isoformat())
    found = declared_in_time(case(treated(day.isoformat()), application=form))
    late = received > deadline_of(case(), day.year)
    assert outcome(found) == ("fail" if late else "pass")
