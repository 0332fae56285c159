"""Which fields need a person: what rules prove and dispute, and what follows for the paper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.acceptance import ACCEPT, DISPUTED_CONFIDENCE, disputed_by_claim, judged
from pipeline.model import Document, Finding, Outcome, Severity
from tests.builders import bill, paper, row


def read(confidence: float, **values: str) -> Document:
    """A bill whose fields were read so surely."""
    document = bill(values)
    fields = {name: replace(field, confidence=confidence) for name, field in document.fields.items()}
    return replace(document, fields=fields)


def found(rule: str, outcome: Outcome, *paths: str, severity: Severity = "block") -> Finding:
    return Finding(f"{rule}.some_rule", outcome, severity, "…", paths)


def test_a_sure_reading_is_accepted_and_a_doubtful_one_is_not() -> None:
    assert judged(read(ACCEPT, total_amount="1.00"), [], []).fields["total_amount"].status == "accepted"
    assert judged(read(ACCEPT - 0.01, total_amount="1.00"), [], []).fields["total_amount"].status == "review"


def test_what_cannot_be_the_value_is_never_accepted() -> None:
    document = paper("outpatient_invoice", None, {"total_amount": None})
    assert judged(document, [], []).fields["total_amount"].status == "review"


def test_each_sum_that_a_value_takes_part_in_takes_away_doubt() -> None:
    document = read(0.8, total_amount="1.00")
    proofs = [found("V-1", "pass", "fields.total_amount"), found("V-4", "pass", "fields.total_amount")]
    once = judged(document, proofs[:1], []).fields["total_amount"]
    twice = judged(document, proofs, []).fields["total_amount"]
    assert once.confidence == pytest.approx(0.98)
    assert twice.confidence == pytest.approx(0.998)
    assert (once.status, twice.witnesses) == ("accepted", ("V-1", "V-4"))


def test_a_rule_that_computes_nothing_proves_nothing() -> None:
    document = read(0.8, payer_name="张三")
    assert (
        judged(document, [found("R-EB-1", "pass", "fields.payer_name")], []).fields["payer_name"].confidence
        == 0.8
    )


@pytest.mark.parametrize("severity", ["block", "warn"])
def test_a_failed_rule_sends_every_field_it_names_to_a_person(severity: Severity) -> None:
    findings = [
        found("V-4", "fail", "fields.total_amount", "fields.cash_payment", severity=severity),
        found("V-1", "pass", "fields.total_amount"),
    ]
    document = judged(read(0.999, total_amount="1.00", cash_payment="2.00", self_pay="2.00"), findings, [])
    statuses = {name: field.status for name, field in document.fields.items()}
    assert statuses == {"total_amount": "review", "cash_payment": "review", "self_pay": "accepted"}
    assert document.fields["total_amount"].confidence <= DISPUTED_CONFIDENCE


def test_an_unknown_outcome_says_nothing() -> None:
    document = read(0.97, total_amount="1.00")
    assert (
        judged(document, [found("V-1", "unknown", "fields.total_amount")], []).fields
        == judged(document, [], []).fields
    )


def test_a_row_is_judged_part_by_part() -> None:
    document = bill(
        items=[row("阿莫西林", "20.58", quantity="1", unit_price="20.58"), row("血常规", "20.00")]
    )
    (first, second) = judged(document, [found("V-9", "fail", "line_items[0].amount")], []).items
    assert first.amount is not None
    assert second.amount is not None
    assert first.name is not None
    assert (first.amount.status, second.amount.status, first.name.status) == (
        "review",
        "accepted",
        "accepted",
    )


class TestThePaper:
    def test_all_required_accepted_and_nothing_broken_needs_no_person(self) -> None:
        assert judged(read(0.99, total_amount="1.00"), [], ["total_amount"]).status == "accepted"

    @pytest.mark.parametrize("required", ["total_amount", "invoice_number"])
    def test_a_required_field_that_is_doubtful_or_missing_needs_one(self, required: str) -> None:
        assert judged(read(0.5, total_amount="1.00"), [], [required]).status == "review"

    def test_a_doubtful_field_that_is_not_required_does_not(self) -> None:
        assert judged(read(0.5, remark="字"), [], []).status == "accepted"

    def test_a_broken_rule_needs_one_and_a_hint_does_not(self) -> None:
        document = read(0.99, total_amount="1.00")
        assert judged(document, [found("R-EB-3", "fail")], []).status == "review"
        assert judged(document, [found("R-DL-1", "fail", severity="warn")], []).status == "accepted"

    def test_a_doubtful_amount_of_a_row_needs_one(self) -> None:
        document = bill(items=[row("阿莫西林", "20.58")])
        assert judged(document, [], []).status == "accepted"
        assert (
            judged(document, [found("V-3", "fail", "line_items[0].amount", severity="warn")], []).status
            == "review"
        )

    def test_an_unknown_paper_needs_one_and_a_blank_is_put_aside(self) -> None:
        assert judged(paper("other"), [], []).status == "review"
        assert judged(paper("blank"), [], []).status == "rejected"


def test_what_a_claim_disputes_goes_to_a_person() -> None:
    document = judged(read(0.99, total_amount="1.00", payer_name="张三"), [], ["total_amount"])
    disputed = disputed_by_claim(document, ["fields.total_amount"])
    assert {name: field.status for name, field in disputed.fields.items()} == {
        "total_amount": "review",
        "payer_name": "accepted",
    }
    assert (disputed.status, disputed.fields["total_amount"].confidence) == ("review", DISPUTED_CONFIDENCE)
    assert disputed_by_claim(document, []) is document
    assert disputed_by_claim(replace(document, status="rejected"), ["fields.x"]).status == "rejected"
