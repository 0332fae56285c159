"""Whether a bill can be proven and paid (domain.md §1, §10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.model import Document, Finding
from tests.builders import bill, paper
from validators.ebill import (
    FIVE_ELEMENTS,
    bill_is_not_reversed,
    bill_is_not_yet_settled,
    five_elements_are_complete,
    key_fields_are_present,
)

TODAY = date(2026, 3, 1)
FIVE = {
    "invoice_code": "11060124",
    "invoice_number": "0127712345",
    "check_code": "qfmejx",
    "issue_date": "2025-02-17",
    "total_amount": "34.05",
}


def elements(document: Document) -> Finding:
    finding = five_elements_are_complete(document, TODAY)
    assert finding is not None
    return finding


@pytest.mark.parametrize("name", FIVE)
def test_each_missing_element_is_named(name: str) -> None:
    finding = elements(bill({key: value for key, value in FIVE.items() if key != name}))
    assert (finding.outcome, finding.severity) == ("fail", "block")
    assert f"缺少{FIVE_ELEMENTS[name]}" in finding.message


@pytest.mark.parametrize("name", FIVE)
def test_an_element_that_could_not_be_parsed_is_malformed(name: str) -> None:
    finding = elements(bill({**FIVE, name: None}))
    assert finding.outcome == "fail"
    assert f"{FIVE_ELEMENTS[name]}格式有误" in finding.message


def test_paper_bills_and_vat_invoices_need_no_check_code() -> None:
    key = {name: FIVE[name] for name in ("invoice_number", "issue_date", "total_amount")}
    for document in (bill(key, subtype="paper"), paper("vat_invoice", "vat_digital", key)):
        assert five_elements_are_complete(document, TODAY) is None
        finding = key_fields_are_present(document, TODAY)
        assert finding is not None
        assert finding.outcome == "pass"


def test_what_the_recogniser_did_not_find_may_be_printed_and_what_a_file_lacks_is_missing() -> None:
    read = paper("itemized_bill", patient_name="张三")
    known = {name: replace(field, origin="text_layer") for name, field in read.fields.items()}
    for document, outcome in ((read, "unknown"), (replace(read, fields=known), "fail")):
        finding = key_fields_are_present(document, TODAY)
        assert finding is not None
        assert finding.outcome == outcome
        assert "未读出金额合计" in finding.message


def test_a_red_bill_is_not_payable() -> None:
    for document in (bill(total_amount="-34.05"), bill(total_amount="34.05", remark="该票据已冲红")):
        finding = bill_is_not_reversed(document, TODAY)
        assert finding is not None
        assert (finding.outcome, finding.severity) == ("fail", "block")


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (bill(fund_payment="0"), "pass"),
        (bill(fund_payment="0.01"), "fail"),
        (bill(extras={"医保已实时结算": ""}), "fail"),
        (bill(extras={"医保已实时结算": "否"}, fund_payment="0"), "pass"),
    ],
)
def test_a_bill_that_the_fund_paid_is_pointed_out(document: Document, outcome: str) -> None:
    finding = bill_is_not_yet_settled(document, TODAY)
    assert finding is not None
    assert (finding.outcome, finding.severity) == (outcome, "block")


def test_a_list_that_belongs_to_a_bill_needs_the_bills_number_and_no_total() -> None:
    listed = {"patient_name": "张三", "invoice_number": "0127712345"}
    finding = key_fields_are_present(paper("itemized_bill", "ebill_fee_detail", listed), TODAY)
    assert finding is not None
    assert finding.outcome == "pass"
    finding = key_fields_are_present(paper("itemized_bill", "inpatient_fee_list", listed), TODAY)
    assert finding is not None
    assert finding.fields == ("fields.total_amount",)


def test_what_may_not_be_paid_says_nothing_against_the_reading() -> None:
    settled = bill_is_not_yet_settled(bill(fund_payment="20.00"), TODAY)
    red = bill_is_not_reversed(bill(total_amount="-34.05"), TODAY)
    incomplete = five_elements_are_complete(bill(), TODAY)
    assert settled is not None
    assert red is not None
    assert incomplete is not None
    assert (settled.about, red.about, incomplete.about) == ("claim", "claim", "reading")
