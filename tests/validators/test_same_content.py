"""When two readings of a list, a certificate or a prescription are one sheet of paper, and when never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, LineItem
from tests.builders import paper, row
from validators.duplicates import finding_keys, why_one_paper

LIST = {
    "patient_name": "钱样例",
    "hospital_name": "济南样例人民医院",
    "period_start": "2026-03-12",
    "period_end": "2026-03-12",
    "total_amount": "60.50",
    "inpatient_no": "26031207",
}
ROWS = (row("床位费", "30.00"), row("护理费", "20.00"), row("阿莫西林", "10.50"))
CERTIFICATE = {
    "patient_name": "钱样例",
    "hospital_name": "济南样例人民医院",
    "issue_date": "2026-03-12",
    "diagnoses": "细菌性肺炎",
    "advice": "建议全休5天;两周后门诊复查",
    "doctor_name": "孙范本",
}
PRESCRIPTION = {"patient_name": "钱样例", "hospital_name": "济南样例人民医院", "issue_date": "2026-03-12"}
MEDICINES = (row("阿莫西林胶囊", quantity="2"), row("布洛芬片", quantity="1"))


def listed(file: str = "a.jpg", rows: tuple[LineItem, ...] = ROWS, **more: Any) -> Document:
    return paper("itemized_bill", None, {**LIST, **more}, items=rows, file=file)


def certificate(file: str = "a.jpg", figures: tuple[str, ...] = (), **more: Any) -> Document:
    return replace(paper("diagnosis_certificate", None, {**CERTIFICATE, **more}, file=file), figures=figures)


def prescription(file: str = "a.jpg", rows: tuple[LineItem, ...] = MEDICINES, **more: Any) -> Document:
    return paper("prescription", None, {**PRESCRIPTION, **more}, items=rows, file=file)


def doubted(document: Document, name: str) -> Document:
    return replace(
        document, fields={**document.fields, name: replace(document.fields[name], status="review")}
    )


def sure(document: Document) -> Document:
    fields = {name: replace(field, status="accepted") for name, field in document.fields.items()}
    return replace(document, fields=fields)


def without(*names: str) -> dict[str, Any]:
    """The fields of these names, not read."""
    return dict.fromkeys(names)


def are_one(a: Document, b: Document) -> bool:
    found = why_one_paper(a, b)
    assert found == why_one_paper(b, a)
    assert found in (None, "same_content")
    if found is not None:
        assert finding_keys(a) & finding_keys(b), "else nobody would lay the two beside each other"
    return found is not None


@pytest.mark.parametrize("make", [listed, certificate, prescription])
def test_papers_that_say_all_the_same_are_one(make: Any) -> None:
    assert are_one(make(), make("b.jpg"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("period_start", "2026-03-13"),
        ("period_end", "2026-03-13"),
        ("total_amount", "60.60"),
        ("patient_name", "孙范本"),
        ("hospital_name", "郑州样例中医院"),
        ("inpatient_no", "26031299"),
    ],
)
def test_a_list_of_another_day_money_person_or_stay_is_another_paper(name: str, other: Any) -> None:
    assert not are_one(sure(listed()), sure(listed("b.jpg", **{name: other})))


@pytest.mark.parametrize("name", ["total_amount", "period_start"])
def test_a_doubtful_day_or_amount_is_no_excuse(name: str) -> None:
    other: Any = {"total_amount": "60.60", "period_start": "2026-03-13"}[name]
    assert not are_one(listed(), doubted(listed("b.jpg", **{name: other}), name))


def test_a_name_misread_in_one_character_is_the_same_person_where_it_is_in_doubt() -> None:
    misread = listed("b.jpg", patient_name="钱祥例")
    assert are_one(sure(listed()), doubted(misread, "patient_name"))
    assert not are_one(sure(listed()), sure(misread))


def test_a_list_with_other_money_in_one_row_is_another_paper() -> None:
    changed = (row("床位费", "30.10"), *ROWS[1:])
    assert not are_one(listed(), listed("b.jpg", rows=changed))


def test_a_reading_that_missed_rows_is_the_same_list_only_where_the_others_rows_make_the_total() -> None:
    assert are_one(listed(), listed("b.jpg", rows=ROWS[:2]))
    unproven: dict[str, Any] = {"total_amount": "99.00"}
    assert not are_one(listed(**unproven), listed("b.jpg", rows=ROWS[:2], **unproven))


def test_without_a_total_all_rows_must_be_there_and_more_than_a_few() -> None:
    assert are_one(listed(total_amount=None), listed("b.jpg", total_amount=None))
    assert not are_one(
        listed(total_amount=None, rows=ROWS[:2]), listed("b.jpg", total_amount=None, rows=ROWS[:2])
    )


def test_a_list_without_a_day_is_known_by_the_bill_that_it_names() -> None:
    undated = without("period_start", "period_end")
    assert not are_one(listed(**undated), listed("b.jpg", **undated))
    named = {**undated, "invoice_number": "0127712345"}
    assert are_one(listed(**named), listed("b.jpg", **named))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("advice", "建议全休6天;两周后门诊复查"),
        ("diagnoses", "病毒性肺炎"),
        ("issue_date", "2026-03-13"),
        ("doctor_name", "周模拟"),
    ],
)
def test_a_certificate_of_other_wording_is_another_paper(name: str, other: Any) -> None:
    assert not are_one(sure(certificate()), sure(certificate("b.jpg", **{name: other})))


def test_marks_and_spaces_are_no_wording() -> None:
    assert are_one(sure(certificate()), sure(certificate("b.jpg", advice="建议全休5天，两周后 门诊复查。")))


def test_a_number_that_is_no_field_tells_two_certificates_apart_and_a_number_unread_does_not() -> None:
    printed = ("2026.03.12", "5", "70")
    assert not are_one(certificate(figures=printed), certificate("b.jpg", figures=("2026.03.12", "5", "80")))
    assert are_one(certificate(figures=printed), certificate("b.jpg", figures=printed[:2]))


def test_what_says_nothing_but_whose_it_is_is_not_known_as_the_same() -> None:
    empty = without("diagnoses", "advice")
    assert not are_one(certificate(**empty), certificate("b.jpg", **empty))


def test_a_prescription_with_another_medicine_or_quantity_is_another_paper() -> None:
    assert not are_one(prescription(), prescription("b.jpg", rows=(*MEDICINES, row("维生素C", quantity="1"))))
    more = (replace(MEDICINES[0], quantity=row(quantity="3").quantity), MEDICINES[1])
    assert not are_one(prescription(), prescription("b.jpg", rows=more))


def test_papers_of_different_types_are_never_one() -> None:
    assert not are_one(certificate(), paper("discharge_summary", None, CERTIFICATE, file="b.jpg"))


@given(st.sets(st.sampled_from(sorted(LIST)), max_size=6))
def test_what_one_reading_lacks_never_makes_two_lists_that_differ_one(missing: set[str]) -> None:
    other = replace(listed("b.jpg", total_amount="70.50"), items=(*ROWS, row("针剂", "10.00")))
    assert not are_one(listed(**without(*missing - {"total_amount"})), other)
