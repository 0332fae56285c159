"""A claim as rules see it: the day that counts, the rules of that day, the time limit of the office."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.office import Office
from pipeline.places.book import Places
from pipeline.places.place import Place
from pipeline.verification import Verification
from tests.builders import TODAY, bill, case, declared, office_with, paper


def test_the_day_of_treatment_on_a_bill_counts_before_those_of_other_papers() -> None:
    certificate = paper("diagnosis_certificate", None, {"issue_date": "2025-06-01"})
    assert case(bill(visit_date="2025-02-17"), certificate).treatment_date == date(2025, 2, 17)
    assert case(certificate).treatment_date == date(2025, 6, 1)
    assert case(paper("other")).treatment_date is None


def test_the_rules_of_the_day_of_treatment_hold() -> None:
    then = office_with({"name": "then"}).place_on(TODAY)
    now = office_with({"name": "now", "effective_from": date(2026, 1, 1)}).place_on(TODAY)
    office = Office(Places([("then.toml", then), ("now.toml", now)]))
    days = ("2025-12-31", "2026-01-01")
    assert [case(bill(visit_date=day), office=office).place.name for day in days] == ["then", "now"]
    assert case(office=office, today=date(2025, 1, 1)).place.name == "then"


@pytest.mark.parametrize(
    ("types", "expected"), [(["inpatient"], date(2025, 3, 6)), (["family_planning"], date(2025, 2, 20))]
)
def test_an_office_settles_within_thirty_working_days_and_births_within_twenty(
    types: list[str], expected: date
) -> None:
    form = declared(case_types=types, received_on="2025-01-17")
    assert case(bill(), application=form).settle_by == expected


def test_without_a_day_of_receipt_there_is_no_time_limit() -> None:
    assert case(bill(), application=declared()).settle_by is None


def test_answers_of_the_platform_come_from_both_places() -> None:
    form = declared(verifications=[{"invoice_number": "1", "state": "verified"}])
    found = case(bill(), application=form, verifications=[Verification("2", "reversed")]).answers
    assert [answer.invoice_number for answer in found] == ["1", "2"]


def test_a_place_is_frozen() -> None:
    place: Place = case().place
    with pytest.raises(ValueError, match="frozen"):
        place.name = "elsewhere"
