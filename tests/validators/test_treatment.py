"""Care in another province (R-OFF-1), injuries that are not declared as such (R-TRA-1)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Finding
from tests.builders import bill, case, declared, office_with, paper
from validators.treatment import care_elsewhere_was_filed, injury_is_claimed_as_one, province_of

AWAY = bill(invoice_code="31060224", visit_date="2025-02-17")


def filed(place: str = "上海市", start: str = "2025-01-01", **more: str) -> dict[str, object]:
    return {"offsite_filings": [{"kind": "异地转诊", "place": place, "from": start, **more}]}


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


@pytest.mark.parametrize(
    ("code", "province"),
    [("11060124", "11"), ("31060224", "31"), ("11010125", None), ("1106012", None), (None, None)],
)
def test_the_province_stands_in_the_code_of_a_medical_bill(code: str | None, province: str | None) -> None:
    assert province_of(bill({"invoice_code": code} if code else {})) == province


@pytest.mark.parametrize("code", ["11060124", "12060124", "13060124"])
def test_care_at_home_in_tianjin_and_in_hebei_needs_no_filing(code: str) -> None:
    found = care_elsewhere_was_filed(case(bill(invoice_code=code), application=declared()))
    assert outcome(found) == "pass"


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        (filed(), "pass"),
        (filed("310000"), "pass"),
        (filed("上海市黄浦区"), "pass"),
        (filed("江苏省"), "fail"),
        (filed(start="2025-02-17"), "pass"),
        (filed(start="2025-02-18"), "fail"),
        (filed(to="2025-02-16"), "fail"),
        (filed(filed_on="2025-02-20"), "fail"),
        ({"case_types": ["emergency_no_card"]}, "pass"),
        ({}, "fail"),
    ],
)
def test_a_filing_is_for_the_place_and_made_before_treatment(
    declaration: dict[str, object], expected: str
) -> None:
    found = care_elsewhere_was_filed(case(AWAY, application=declared(**declaration)))
    assert outcome(found) == expected


def test_an_emergency_mark_on_the_bill_needs_no_filing() -> None:
    marked = bill(invoice_code="31060224", visit_date="2025-02-17", extras={"急诊": "是"})
    assert outcome(care_elsewhere_was_filed(case(marked, application=declared()))) == "pass"


@pytest.mark.parametrize(("late", "word"), [(True, "补办备案"), (False, "不予报销")])
def test_whether_a_filing_can_be_made_up_for_is_the_places_to_say(late: bool, word: str) -> None:
    office = office_with({"switches": {"allow_late_filing": late}})
    found = care_elsewhere_was_filed(case(AWAY, application=declared(), office=office))
    assert found is not None
    assert word in found.message
    assert "上海市" in found.message


def test_a_filing_form_among_the_papers_is_for_a_person_to_read() -> None:
    form = paper("other", "offsite_filing_form", {}, file="form.jpg")
    assert outcome(care_elsewhere_was_filed(case(AWAY, form, application=declared()))) == "unknown"


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.dates(date(2024, 1, 1), date(2026, 1, 1)))
def test_a_filing_that_begins_after_treatment_does_not_count(start: date, day: date) -> None:
    away = bill(invoice_code="31060224", visit_date=day)
    found = care_elsewhere_was_filed(case(away, application=declared(**filed(start=start.isoformat()))))
    assert outcome(found) == ("pass" if start <= day else "fail")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("左桡骨远端骨折", True),
        ("头皮裂伤;脑震荡", True),
        ("病理性骨折", False),
        ("腰椎陈旧性骨折", False),
        ("创伤后应激障碍", False),
        ("病理性骨折;足部烫伤", True),
        ("急性支气管炎", False),
        ("肝损害", False),
    ],
)
def test_words_of_an_injury_count_unless_an_exception_takes_them_back(text: str, told: bool) -> None:
    found = injury_is_claimed_as_one(case(paper("diagnosis_certificate", None, {"diagnoses": text})))
    assert outcome(found) == ("fail" if told else "pass")


def test_a_department_suggests_an_injury_too() -> None:
    assert outcome(injury_is_claimed_as_one(case(bill(department="烧伤科")))) == "fail"


def test_an_injury_that_is_declared_passes() -> None:
    diagnosed = paper("diagnosis_certificate", None, {"diagnoses": "左桡骨远端骨折"})
    found = injury_is_claimed_as_one(case(diagnosed, application=declared(case_types=["trauma"])))
    assert outcome(found) == "pass"
