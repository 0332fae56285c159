"""The rows of a paper that came twice: which are used, and what the others say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import required_fields
from pipeline.acceptance import DISPUTED_CONFIDENCE
from pipeline.model import Document, FieldStatus, Finding, LineItem, Origin
from pipeline.renditions import WITNESS, Sheet, find_same_papers, settled
from tests.builders import bill, row
from validators import check_document

BILL = {
    "invoice_code": "11060124",
    "invoice_number": "0127712345",
    "total_amount": "60.50",
    "payer_name": "钱样例",
}
BED, CARE, PILLS = ("床位费", "30.00"), ("护理费", "20.00"), ("阿莫西林", "10.50")
Row = tuple[str, str]


def read(
    file: str,
    rows: Sequence[Row] = (BED, CARE, PILLS),
    status: FieldStatus = "accepted",
    origin: Origin = "ocr",
    **more: Any,
) -> Document:
    """The bill as one picture of it was read, judged by the rules."""
    items = tuple(_row(name, amount, status, origin) for name, amount in rows)
    document = bill({**BILL, **more}, file=file, items=items)
    fields = {name: replace(field, origin=origin, status=status) for name, field in document.fields.items()}
    document = replace(document, fields=fields, status="accepted" if status == "accepted" else "review")
    return replace(document, findings=check_document(document, date(2026, 11, 21)))


def _row(name: str, amount: str, status: FieldStatus, origin: Origin) -> LineItem:
    made = row(name, amount)
    assert made.name is not None
    assert made.amount is not None
    return replace(
        made,
        name=replace(made.name, status=status, origin=origin),
        amount=replace(made.amount, status=status, origin=origin),
    )


def lead_of(*documents: Document) -> Document:
    """The document that is read for the paper, with what the others say of it."""
    by_id = {document.id: document for document in documents}
    same = find_same_papers(map(Sheet.of, documents), by_id.__getitem__)
    (lead,) = (each for each in documents if each.id not in same.leads)
    return settled(lead, same, by_id.__getitem__, required_fields)


def amounts(document: Document) -> list[str]:
    return [str(item.amount.value) for item in document.items if item.amount is not None]


def found(document: Document, rule: str) -> list[Finding]:
    return [each for each in document.findings if rule in each.rule and each.outcome == "fail"]


# A picture with more accepted values leads; its rows are not always the better ones.
MORE: dict[str, Any] = {
    "outpatient_no": "4345767970",
    "sex": "男",
    "department": "呼吸科",
    "check_code": "fc0971",
    "payee_name": "济南样例人民医院",
    "issue_date": "2025-02-17",
    "insurance_type": "职工医保",
}


def test_rows_that_make_the_total_are_taken_as_a_whole_and_say_from_where() -> None:
    short, whole = read("a.jpg", (BED, CARE), **MORE), read("b.jpg")
    lead = lead_of(short, whole)
    assert lead.file.name == "a.jpg"
    assert amounts(lead) == ["30.00", "20.00", "10.50"]
    for item in lead.items:
        assert item.page == 1
        assert item.amount is not None
        assert f"{WITNESS}:{whole.id}" in item.amount.witnesses
        assert (item.amount.page, item.amount.box) == (None, None)


def test_with_the_rows_goes_what_the_rules_found_in_them() -> None:
    short, whole = read("a.jpg", (BED, CARE), **MORE), read("b.jpg")
    assert found(short, "V-2")
    assert not found(lead_of(short, whole), "V-2")


def test_of_rows_that_both_make_the_total_those_that_need_fewer_people_are_taken() -> None:
    doubted, sure = read("a.jpg", **MORE), read("b.jpg")
    doubted = replace(doubted, items=read("a.jpg", status="review").items)
    lead = lead_of(doubted, sure)
    assert lead.file.name == "a.jpg"
    assert all(item.amount is not None and item.amount.status == "accepted" for item in lead.items)


def test_what_a_file_says_itself_is_not_given_up_for_what_was_recognised() -> None:
    pdf = read("票.pdf", origin="text_layer", status="review")
    lead = lead_of(pdf, read("照片.jpg"))
    assert lead.file.name == "票.pdf"
    assert all(item.amount is not None and item.amount.page == 1 for item in lead.items)


def test_rows_of_a_picture_with_another_total_are_not_taken() -> None:
    short = read("a.jpg", (BED, CARE), **MORE)
    other = read("b.jpg", (BED, CARE, ("阿莫西林", "10.80")), "review", total_amount="60.80")
    assert amounts(lead_of(short, other)) == ["30.00", "20.00"]


def test_rows_are_never_mixed() -> None:
    """Each picture misses a row; the missing one is put into neither."""
    lead = lead_of(read("a.jpg", (BED, CARE)), read("b.jpg", (CARE, PILLS), "review"))
    assert amounts(lead) == ["30.00", "20.00"]


def test_a_doubtful_amount_that_the_other_read_surely_goes_through() -> None:
    doubted = read("a.jpg", **MORE)
    bad = replace(doubted.items[0], amount=replace(doubted.items[0].amount, status="review", confidence=0.6))  # type: ignore[type-var]
    other = replace(read("b.jpg"), items=read("b.jpg").items[:1])
    lead = lead_of(replace(doubted, items=(bad, *doubted.items[1:])), other)
    amount = lead.items[0].amount
    assert amount is not None
    assert (amount.status, amount.confidence) == ("accepted", 0.99)
    assert f"{WITNESS}:{other.id}" in amount.witnesses


@pytest.mark.parametrize("status", ["accepted", "review"])
def test_an_amount_that_differs_is_a_candidate_and_a_sure_one_goes_to_a_person(status: FieldStatus) -> None:
    lead = lead_of(read("a.jpg", **MORE), read("b.jpg", (BED, CARE, ("阿莫西林", "18.50")), status))
    amount = lead.items[2].amount
    assert amount is not None
    assert [each.value for each in amount.candidates] == ["18.50"]
    if status == "accepted":
        assert (amount.status, amount.confidence) == ("review", DISPUTED_CONFIDENCE)
        (finding,) = found(lead, "rendition_rows_agree")
        assert lead.status == "review"
    else:
        assert amount.status == "accepted"
        (finding,) = found(lead, "rendition_rows_read_alike")
        assert finding.severity == "warn"
    assert finding.fields == ("line_items[2].amount",)
    assert "第 3 行金额为「18.50」" in finding.message


def test_of_several_rows_of_one_name_nobody_can_tell_which_differs() -> None:
    days = (("床位费", "10.00"), ("床位费", "20.00"), ("床位费", "30.50"))
    others = (("床位费", "10.00"), ("床位费", "21.00"), ("床位费", "31.50"))
    lead = lead_of(read("a.jpg", days, **MORE), read("b.jpg", others))
    assert not found(lead, "R-DUP-4")


def test_an_exchanged_bill_says_nothing_of_rows() -> None:
    serial: dict[str, Any] = {"business_serial_no": "20250217004312"}
    ebill = read("e.pdf", origin="text_layer", **serial)
    exchanged = replace(
        read("p.jpg", (("西药费", "60.50"),), invoice_number="0006412345", **serial), subtype="paper"
    )
    lead = lead_of(ebill, exchanged)
    assert amounts(lead) == ["30.00", "20.00", "10.50"]
    assert not any(
        WITNESS in each for item in lead.items for each in (item.amount.witnesses if item.amount else ())
    )


ROWS = st.lists(st.sampled_from([BED, CARE, PILLS, ("针剂", "1.00")]), max_size=4)


@given(ROWS, ROWS, st.sampled_from(["accepted", "review"]))
def test_the_rows_used_are_those_of_one_picture(
    first: list[Row], second: list[Row], status: FieldStatus
) -> None:
    lead = lead_of(read("a.jpg", first), read("b.jpg", second, status))
    used = [(item.name.value, str(item.amount.value)) for item in lead.items if item.name and item.amount]
    assert used in (first, second)
