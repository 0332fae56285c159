"""What a person may say of a value, and what is refused with what was expected."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pipeline.confidence.evidence import LINE_PARTS, values_of
from pipeline.corrections import Answer, corrected, row_added, row_deleted, with_each
from pipeline.errors import StepRefused
from pipeline.model import Box, Document, Field
from tests.builders import row
from tests.cases import fee_list, invoice


def listed() -> Document:
    return fee_list("3.00", "4.00")


def test_a_corrected_value_keeps_its_place_and_what_was_read() -> None:
    read = Field(Decimal("3.50"), "3.5O", 0.6, 1, Box(1, 2, 3, 4), "ocr", witnesses=("qr",))
    document = replace(invoice(), fields={**invoice().fields, "total_amount": read})
    change = corrected(document, "fields.total_amount", Answer.value("34.05"))
    field = change.document.fields["total_amount"]
    assert (field.value, field.origin, field.status) == (Decimal("34.05"), "reviewer", "accepted")
    assert (field.text, field.page, field.box) == ("3.5O", 1, Box(1, 2, 3, 4))
    assert [one.value for one in field.candidates] == ["3.50"]
    assert field.witnesses == ()
    assert (change.old, change.new, change.outcome) == ("3.50", "34.05", "corrected")


def test_a_value_that_a_person_says_too_is_confirmed() -> None:
    change = corrected(invoice(), "fields.total_amount", Answer.value("34.05"))
    assert change.outcome == "confirmed"
    assert change.document.fields["total_amount"].candidates == ()
    assert change.document.fields["total_amount"].confidence >= invoice().fields["total_amount"].confidence


def test_a_field_that_nobody_read_can_be_typed_in() -> None:
    change = corrected(invoice(), "fields.department", Answer.value("内科"))
    assert change.document.fields["department"].value == "内科"
    assert (change.old, change.old_status, change.new_status) == (None, None, "accepted")


@pytest.mark.parametrize("kind", ["not_present", "not_applicable"])
def test_what_is_not_there_stays_known_as_looked_for(kind: str) -> None:
    change = corrected(invoice(), "fields.check_code", Answer(kind))  # type: ignore[arg-type]
    field = change.document.fields["check_code"]
    assert (field.value, field.status, field.origin) == (None, "missing", "reviewer")
    assert (change.old, change.new, change.outcome) == ("3f9a2b", None, kind)


def test_what_nobody_can_read_has_no_value_and_is_not_accepted() -> None:
    field = corrected(invoice(), "fields.check_code", Answer("illegible")).document.fields["check_code"]
    assert (field.value, field.status, field.origin) == (None, "review", "reviewer")
    assert [one.value for one in field.candidates] == ["3f9a2b"]


def test_a_cell_that_is_not_there_is_absent() -> None:
    change = corrected(listed(), "line_items[1].unit_price", Answer("not_present"))
    assert change.document.items[1].unit_price is None
    assert change.document.items[0] == listed().items[0]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("fields.total_amount", "三十四元", "such as 203.65"),
        ("fields.total_amount", "34.055", "two places"),
        ("fields.total_amount", "1e3", "such as 203.65"),
        ("fields.issue_date", "2026-02-30", "YYYY-MM-DD"),
        ("fields.issue_date", "20260217", "YYYY-MM-DD"),
        ("fields.sex", "M", "男、女"),
        ("fields.payer_name", "  ", "printable"),
        ("fields.payer_name", "张\u202e三", "printable"),
        ("fields.payer_name", "张" * 2001, "printable"),
        ("line_items[0].quantity", "一", "such as 203.65"),
        ("line_items[2].amount", "1.00", "0–1"),
        ("line_items[0].price", "1.00", "unit_price"),
        ("fields.colour", "红", "invoice_number"),
        ("category_totals[0].amount", "1.00", "no such row"),
        ("total_amount", "1.00", "fields.total_amount"),
        ("fields.total_amount'--", "1.00", "no such place"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(path: str, text: str, expected: str) -> None:
    document = listed() if path.startswith("line_items") else invoice()
    with pytest.raises(StepRefused, match=expected):
        corrected(document, path, Answer.value(text))


def test_an_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(StepRefused, match="illegible"):
        corrected(invoice(), "fields.total_amount", Answer("whatever"))  # type: ignore[arg-type]


@given(place=st.integers(0, 2))
def test_a_row_that_is_added_and_taken_out_again_leaves_the_paper_as_it_was(place: int) -> None:
    cells = {"name": "尿常规", "quantity": "2", "amount": "8.00"}
    added = row_added(listed(), "line_items", place, cells)
    new = added.document.items[place]
    assert len(added.document.items) == 3
    assert new.name is not None
    assert (new.name.value, new.name.origin) == ("尿常规", "reviewer")
    assert json.loads(added.new or "") == cells
    taken = row_deleted(added.document, "line_items", place)
    assert taken.document == listed()
    assert json.loads(taken.old or "") == cells


def test_a_row_goes_only_where_rows_are_and_is_never_empty() -> None:
    with pytest.raises(StepRefused, match="0–2"):
        row_added(listed(), "line_items", 3, {"amount": "1.00"})
    with pytest.raises(StepRefused, match="empty"):
        row_added(listed(), "line_items", 0, {})
    with pytest.raises(StepRefused, match="insurance_class"):
        row_added(listed(), "line_items", 0, {"colour": "红"})
    with pytest.raises(StepRefused, match="0–1"):
        row_deleted(listed(), "line_items", -1)
    with pytest.raises(StepRefused, match="no such row"):
        row_deleted(replace(listed(), items=()), "line_items", 0)


@settings(max_examples=40)
@given(
    name=st.sampled_from(["total_amount", "issue_date", "payer_name", "department", "invoice_number"]),
    text=st.one_of(st.text(max_size=20), st.sampled_from(["1.00", "2026-02-17", "0.10", "张三"])),
)
def test_a_persons_value_is_either_refused_or_published_as_it_was_typed(name: str, text: str) -> None:
    try:
        change = corrected(invoice(), f"fields.{name}", Answer.value(text))
    except StepRefused:
        return
    typed = text.strip()
    value = change.document.fields[name].value
    expected = {Decimal: lambda: f"{Decimal(typed):.2f}", date: lambda: typed, str: lambda: typed}
    assert change.new == expected[type(value)]()


def test_every_value_of_a_paper_can_be_reached() -> None:
    document = replace(listed(), category_totals=(row("检验费", "7.00", category="检验费"),))
    for path, field, _ in values_of(document):
        assert field.value is not None
        change = corrected(document, path, Answer("illegible"))
        assert [one for one, new, _ in values_of(change.document) if new.value is None] == [path]
    assert set(LINE_PARTS) >= {path.rpartition(".")[2] for path, _, one in values_of(document) if one}


def test_a_change_of_each_value_reaches_all_of_them() -> None:
    changed = with_each(listed(), lambda value: replace(value, confidence=0.5))
    assert {field.confidence for _, field, _ in values_of(changed)} == {0.5}
