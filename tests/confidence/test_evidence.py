"""What speaks for a value, as numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.confidence.evidence import NAMES, Witnesses, evidence_of, kind_of, sure_digits
from pipeline.model import Candidate, CatalogMatch, Document, Finding, Reading
from tests.builders import bill, row


def passed(rule: str, *paths: str) -> Finding:
    return Finding(f"{rule}.some_rule", "pass", "block", "…", paths)


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_probable_never_counts_less(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= sure_digits(low) <= sure_digits(high) <= 1


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("fields.total_amount", Decimal(1), "total"),
        ("fields.cash_payment", Decimal(1), "money"),
        ("fields.issue_date", date(2026, 1, 2), "date"),
        ("fields.invoice_number", "0127700352", "code"),
        ("fields.id_number", "11010519491231002X", "code"),
        ("fields.payer_name", "张三", "name"),
        ("fields.sex", "男", "choice"),
        ("fields.total_in_words", "伍元整", "words"),
        ("fields.advice", "休息", "text"),
        ("line_items[0].amount", Decimal(1), "row_amount"),
        ("line_items[10].quantity", Decimal(1), "row_number"),
        ("line_items[2].name", "血常规", "row_name"),
        ("line_items[2].unit", "次", "choice"),
        ("category_totals[0].amount", Decimal(1), "row_amount"),
    ],
)
def test_the_kind_of_a_field_follows_from_what_it_is(path: str, value: object, kind: str) -> None:
    assert kind_of(path, value) == kind


def test_every_value_of_a_paper_has_its_evidence() -> None:
    document = bill(total_amount="20.58", items=[row("阿莫西林", "20.58", quantity="1")])
    assert set(evidence_of(document, [])) == {
        "fields.total_amount",
        "line_items[0].name",
        "line_items[0].quantity",
        "line_items[0].amount",
    }


def test_the_numbers_keep_to_one_order() -> None:
    (evidence,) = evidence_of(bill(payer_name="张三"), []).values()
    assert len(evidence.vector) == len(NAMES)
    assert evidence.vector[NAMES.index("exact")] == evidence.exact


def test_a_sum_that_holds_proves_and_a_second_proves_more() -> None:
    document = bill(total_amount="1.00")
    findings = [passed("V-1", "fields.total_amount"), passed("V-4", "fields.total_amount")]
    none, one, two = (evidence_of(document, findings[:n])["fields.total_amount"] for n in (0, 1, 2))
    assert (none.proved, one.proved, two.proved) == (0, 1, 1)
    assert (none.more_sums, one.more_sums, two.more_sums) == (0, 0, 1)


def test_a_rule_that_computes_nothing_proves_nothing() -> None:
    document = bill(payer_name="张三")
    findings = [passed("R-EB-1", "fields.payer_name")]
    assert evidence_of(document, findings)["fields.payer_name"].proved == 0


def test_a_form_that_holds_is_told_apart_from_a_sum() -> None:
    document = bill(invoice_number="0127700352")
    evidence = evidence_of(document, [passed("NO-2", "fields.invoice_number")])["fields.invoice_number"]
    assert (evidence.well_formed, evidence.proved) == (1, 0)


def _with(document: Document, **changes: object) -> Document:
    (name, field), *_ = document.fields.items()
    return replace(document, fields={name: replace(field, **changes)})  # type: ignore[arg-type]


def test_another_reading_contests_a_value() -> None:
    document = bill(payer_name="张三")
    contested = _with(document, candidates=(Candidate("张二", 0.3),))
    assert evidence_of(document, [])["fields.payer_name"].contested == 0
    assert evidence_of(contested, [])["fields.payer_name"].contested == 1


def test_an_agreeing_code_is_a_witness() -> None:
    document = _with(bill(invoice_number="0127700352"), witnesses=("qr",))
    assert evidence_of(document, [])["fields.invoice_number"].agreed == 1


@pytest.mark.parametrize(("text", "plain"), [("20.58", 1), ("¥1,120.58", 1), ("20,58", 0), ("2058", 0)])
def test_an_amount_in_its_plain_form_leaves_nothing_to_interpret(text: str, plain: int) -> None:
    document = _with(bill(total_amount="20.58"), text=text)
    assert evidence_of(document, [])["fields.total_amount"].plain == plain


def test_small_print_counts_against_what_was_recognised_and_not_against_a_text_layer() -> None:
    reading = Reading(height=10.0)
    seen = _with(bill(payer_name="张三"), reading=reading)
    layer = _with(bill(payer_name="张三"), reading=reading, origin="text_layer")
    assert evidence_of(seen, [])["fields.payer_name"].small > 0.5
    assert evidence_of(layer, [])["fields.payer_name"].small == 0


def test_a_row_name_that_is_in_the_catalog_says_how_surely() -> None:
    listed = replace(row("阿莫西林胶囊", "1.00"), catalog=CatalogMatch("matched", score=0.93))
    evidence = evidence_of(bill(items=[listed]), [])
    assert evidence["line_items[0].name"].listed == 0.93
    assert evidence["line_items[0].amount"].listed == 0


def test_judging_again_gives_the_same_evidence() -> None:
    first = _with(bill(payer_name="张三"), confidence=0.97, reading=Reading(0.9, 0.95))
    again = _with(first, confidence=0.5, reading=Reading(0.9, 0.95, own=0.97))
    assert evidence_of(first, []) == evidence_of(again, [])


def test_a_failure_about_the_claim_disputes_no_reading() -> None:
    failed = Finding("V-4.sum", "fail", "block", "…", ("fields.fund_payment",))
    assert Witnesses([failed]).disputed == {"fields.fund_payment"}
    assert not Witnesses([replace(failed, about="claim")]).disputed
