"""Bills that were claimed before, or twice under two numbers (R-DUP-1, R-DUP-2)."""

from __future__ import annotations

from dataclasses import replace

from pipeline.earlier_bills import EarlierBill, KnownBills
from pipeline.model import Document
from pipeline.office import Office, usual_office
from pipeline.verification import Verification
from tests.builders import bill, case
from validators.earlier import bill_was_not_claimed_before, exchanged_bills_are_not_both_claimed

SERIAL = "SJTMZ400003235"


def office(*bills: EarlierBill) -> Office:
    return replace(usual_office(), earlier=KnownBills(bills))


def receipt(number: str = "0127712345", subtype: str = "e_bill", **more: str) -> Document:
    values = {"invoice_code": "11060124", "invoice_number": number, "total_amount": "34.05", **more}
    return bill(values, subtype=subtype, file=f"{number}.jpg")


BEFORE = EarlierBill("C-before", "11060124", "0127712345", frozenset({SERIAL}))


def test_the_earlier_claim_is_named() -> None:
    found = bill_was_not_claimed_before(case(receipt(), office=office(BEFORE)))
    assert found is not None
    assert "C-before" in found.message
    assert found.severity == "block"


def test_a_claim_that_is_judged_again_does_not_meet_itself() -> None:
    found = bill_was_not_claimed_before(case(receipt(), office=office(BEFORE), claim_id="C-before"))
    assert found is not None
    assert found.outcome == "pass"


def test_the_same_number_under_another_code_is_another_bill() -> None:
    other = receipt(invoice_code="11060125")
    found = bill_was_not_claimed_before(case(other, office=office(BEFORE)))
    assert found is not None
    assert found.outcome == "pass"


def test_the_paper_bill_of_an_ebill_that_was_claimed_before_is_told_by_its_serial_number() -> None:
    paper_bill = receipt("0064112345", "paper", insurance_txn_no=SERIAL.lower())
    found = exchanged_bills_are_not_both_claimed(case(paper_bill, office=office(BEFORE)))
    assert found is not None
    assert found.outcome == "fail"
    assert "C-before" in found.message


def test_two_receipts_of_one_visit_may_share_a_serial_number() -> None:
    papers = [receipt(business_serial_no=SERIAL), receipt("0127712346", business_serial_no=SERIAL)]
    found = exchanged_bills_are_not_both_claimed(case(*papers))
    assert found is not None
    assert found.outcome == "pass"


def test_the_platform_may_name_the_paper_bill() -> None:
    papers = [receipt(), receipt("0064112345", "paper")]
    answer = Verification("0127712345", "exchanged_to_paper", related_number="0064112345")
    found = exchanged_bills_are_not_both_claimed(case(*papers, verifications=[answer]))
    assert found is not None
    assert "换开关系" in found.message


def test_without_earlier_claims_nothing_is_said_of_one_bill() -> None:
    assert bill_was_not_claimed_before(case(receipt())) is None
    assert exchanged_bills_are_not_both_claimed(case(receipt(business_serial_no=SERIAL))) is None
