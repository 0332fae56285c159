"""Which fields need a person: what is weighed, what rules dispute, and what follows for the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline import acceptance
from pipeline.acceptance import DISPUTED_CONFIDENCE, REPAIRED_CONFIDENCE, Standard, disputed_by_claim
from pipeline.confidence.evidence import NAMES
from pipeline.confidence.model import Model, Weights
from pipeline.model import Document, Finding, Outcome, Reading, Severity
from tests.builders import bill, paper, row

ACCEPT = 0.95
BELIEVED = {"own": 9.21, "proved": 2.3, "more_sums": 2.3}
"""A model that takes the reading's own confidence for what it says, and each proof for one more nine."""
PLAIN = Standard(
    Model("2026-01-01", 0, {"text": Weights(0.0, tuple(BELIEVED.get(n, 0.0) for n in NAMES))}, ()), ACCEPT
)


def judged(document: Document, findings: Sequence[Finding], required: Sequence[str]) -> Document:
    return acceptance.judged(document, findings, required, PLAIN)


def read(confidence: float, **values: str) -> Document:
    """A bill whose fields were read so surely."""
    document = bill(values)
    fields = {name: replace(field, confidence=confidence) for name, field in document.fields.items()}
    return replace(document, fields=fields)


def found(rule: str, outcome: Outcome, *paths: str, severity: Severity = "block") -> Finding:
    return Finding(f"{rule}.some_rule", outcome, severity, "…", paths)


V_1 = found("V-1", "pass", "fields.total_amount")
V_4 = found("V-4", "pass", "fields.total_amount")


def test_a_sure_reading_is_accepted_and_a_doubtful_one_is_not() -> None:
    assert judged(read(0.99, payer_name="张三"), [], []).fields["payer_name"].status == "accepted"
    assert judged(read(0.9, payer_name="张三"), [], []).fields["payer_name"].status == "review"


def test_money_that_only_ocr_read_is_not_accepted_however_clear_its_print() -> None:
    document = read(0.99999, total_amount="1.00", cash_payment="1.00")
    assert {field.status for field in judged(document, [], []).fields.values()} == {"review"}
    proved = judged(document, [V_1], [])
    assert proved.fields["total_amount"].status == "accepted"
    assert proved.fields["cash_payment"].status == "review"


def test_money_of_a_text_layer_or_a_signed_file_needs_no_second_witness() -> None:
    document = read(0.999, total_amount="1.00")
    for origin in ("text_layer", "ofd", "xml"):
        field = replace(document.fields["total_amount"], origin=origin)
        paper_ = replace(document, fields={"total_amount": field})
        assert judged(paper_, [], []).fields["total_amount"].status == "accepted"


def test_what_its_own_extractor_doubts_needs_a_witness() -> None:
    lax = Standard(PLAIN.model, 0.5)
    document = read(0.8, payer_name="张三")
    assert acceptance.judged(document, [], [], lax).fields["payer_name"].status == "review"
    vouched = replace(document.fields["payer_name"], witnesses=("qr",))
    document = replace(document, fields={"payer_name": vouched})
    assert acceptance.judged(document, [], [], lax).fields["payer_name"].status == "accepted"


@pytest.mark.parametrize(("stained", "status"), [(0.0, "accepted"), (0.07, "accepted"), (0.09, "review")])
def test_a_value_under_a_seal_needs_a_second_witness(stained: float, status: str) -> None:
    document = read(0.99, insurance_no="3301095175395")
    field = replace(document.fields["insurance_no"], reading=Reading(stained=stained))
    document = replace(document, fields={"insurance_no": field})
    assert judged(document, [], []).fields["insurance_no"].status == status
    agreed = replace(document, fields={"insurance_no": replace(field, witnesses=("qr",))})
    assert judged(agreed, [], []).fields["insurance_no"].status == "accepted"
    well_formed = found("NO-1", "pass", "fields.insurance_no")
    assert judged(document, [well_formed], []).fields["insurance_no"].status == "accepted"


def test_what_arithmetic_put_right_goes_to_a_person_unless_the_capitals_say_it() -> None:
    document = read(0.9999, total_amount="1.00", payer_name="张三")
    total = replace(document.fields["total_amount"], origin="rule")
    document = replace(document, fields={**document.fields, "total_amount": total})
    sums_alone = judged(document, [V_4, found("V-2", "pass", "fields.total_amount")], [])
    assert sums_alone.fields["total_amount"].status == "review"
    assert judged(document, [V_4, V_1], []).fields["total_amount"].status == "accepted"
    assert judged(document, [V_4, V_1], []).fields["total_amount"].confidence <= REPAIRED_CONFIDENCE


def test_what_cannot_be_the_value_is_never_accepted() -> None:
    document = paper("outpatient_invoice", None, {"total_amount": None})
    field = judged(document, [V_1], []).fields["total_amount"]
    assert (field.status, field.confidence <= DISPUTED_CONFIDENCE) == ("review", True)


def test_each_sum_that_a_value_takes_part_in_takes_away_doubt() -> None:
    document = read(0.8, total_amount="1.00")
    none, once, twice = (
        judged(document, proofs, []).fields["total_amount"] for proofs in ([], [V_1], [V_1, V_4])
    )
    assert none.confidence < once.confidence < twice.confidence
    assert (once.status, twice.witnesses) == ("accepted", ("V-1", "V-4"))


def test_judging_twice_changes_nothing() -> None:
    once = judged(read(0.8, total_amount="1.00", payer_name="张三"), [V_1], [])
    assert judged(once, [V_1], []) == once


@pytest.mark.parametrize("severity", ["block", "warn"])
def test_a_failed_rule_sends_every_field_it_names_to_a_person(severity: Severity) -> None:
    findings = [
        found("V-4", "fail", "fields.total_amount", "fields.cash_payment", severity=severity),
        found("V-1", "pass", "fields.total_amount"),
    ]
    document = judged(read(0.999, total_amount="1.00", cash_payment="2.00", payer_name="张三"), findings, [])
    statuses = {name: field.status for name, field in document.fields.items()}
    assert statuses == {"total_amount": "review", "cash_payment": "review", "payer_name": "accepted"}
    assert document.fields["total_amount"].confidence <= DISPUTED_CONFIDENCE


def test_a_total_that_two_others_vouch_for_is_not_disputed_by_a_row() -> None:
    rows = found("V-3", "fail", "fields.total_amount", "line_items[0].amount")
    document = read(0.999, total_amount="1.00")
    assert judged(document, [rows, V_1], []).fields["total_amount"].status == "review"
    assert judged(document, [rows, V_1, V_4], []).fields["total_amount"].status == "accepted"
    coded = replace(document.fields["total_amount"], witnesses=("qr",))
    document = replace(document, fields={"total_amount": coded})
    assert judged(document, [rows, V_1], []).fields["total_amount"].status == "accepted"


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
    findings = [found("V-9", "fail", "line_items[0].amount"), found("V-3", "pass", "line_items[1].amount")]
    (first, second) = judged(document, findings, []).items
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
        assert judged(read(0.99, total_amount="1.00"), [V_1], ["total_amount"]).status == "accepted"

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
        closes = found("V-3", "pass", "line_items[0].amount")
        assert judged(document, [closes], []).status == "accepted"
        assert judged(document, [], []).status == "review"
        assert (
            judged(document, [found("V-3", "fail", "line_items[0].amount", severity="warn")], []).status
            == "review"
        )

    def test_an_unknown_paper_needs_one_and_a_blank_is_put_aside(self) -> None:
        assert judged(paper("other"), [], []).status == "review"
        assert judged(paper("blank"), [], []).status == "rejected"


def test_what_a_claim_disputes_goes_to_a_person() -> None:
    document = judged(read(0.99, total_amount="1.00", payer_name="张三"), [V_1], ["total_amount"])
    disputed = disputed_by_claim(document, ["fields.total_amount"])
    assert {name: field.status for name, field in disputed.fields.items()} == {
        "total_amount": "review",
        "payer_name": "accepted",
    }
    assert (disputed.status, disputed.fields["total_amount"].confidence) == ("review", DISPUTED_CONFIDENCE)
    assert disputed_by_claim(document, []) is document
    assert disputed_by_claim(replace(document, status="rejected"), ["fields.x"]).status == "rejected"
