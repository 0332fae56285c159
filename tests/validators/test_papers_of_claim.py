"""What single papers showed and a person settles for the claim."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model import Box, Document, Finding, Presence, RequiredSeal, Seal
from tests.builders import bill, case, office_with, paper
from validators.papers_of_claim import bills_can_be_verified, papers_bear_their_seals, sums_hold

DIAGNOSIS = Seal("诊断专用章", "样例医院 诊断专用章", "red", "round", Box(0, 0, 9, 9), 0.98, 1)
CHARGE = replace(DIAGNOSIS, name="门诊收费专用章")


def certificate(presence: Presence, *seals: Seal) -> Document:
    required = RequiredSeal("诊断专用章", presence, 0.9)
    return replace(paper("diagnosis_certificate", file="证明.jpg"), required_seal=required, seals=seals)


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


def test_a_seal_for_another_purpose_does_not_serve() -> None:
    found = papers_bear_their_seals(case(certificate("absent", CHARGE)))
    assert found is not None
    assert "证明.jpg 未见诊断专用章" in found.message


def test_which_seal_serves_is_the_places_to_say() -> None:
    office = office_with({"seals": {"diagnosis_certificate": {"wanted": "收费章", "purposes": ["charge"]}}})
    assert outcome(papers_bear_their_seals(case(certificate("absent", CHARGE), office=office))) == "pass"
    assert outcome(papers_bear_their_seals(case(certificate("absent", CHARGE)))) == "fail"


def test_a_paper_that_the_place_asks_no_seal_of_needs_none() -> None:
    office = office_with({"seals": {}})
    assert papers_bear_their_seals(case(certificate("absent"), office=office)) is None


def test_one_paper_without_its_seal_outweighs_one_that_cannot_be_judged() -> None:
    found = papers_bear_their_seals(case(certificate("unknown"), certificate("absent")))
    assert outcome(found) == "fail"


def test_a_prescription_for_medicine_bought_outside_needs_its_own_seal() -> None:
    receipt = paper("vat_invoice", "vat_digital", {})
    bare = paper("prescription", file="rx.jpg")
    stamped = replace(bare, seals=(replace(DIAGNOSIS, name="外购药专用章"),))
    assert outcome(papers_bear_their_seals(case(receipt, bare))) == "unknown"
    assert outcome(papers_bear_their_seals(case(receipt, stamped))) == "pass"
    assert papers_bear_their_seals(case(bare)) is None


@pytest.mark.parametrize(("by_number", "word"), [(True, "可凭票据号码受理"), (False, "五要素齐全才能查验")])
def test_whether_the_number_alone_is_enough_is_the_places_to_say(by_number: bool, word: str) -> None:
    office = office_with({"switches": {"five_elements_or_number": by_number}})
    found = bills_can_be_verified(case(bill(invoice_number="0127712345"), office=office))
    assert found is not None
    assert found.outcome == "fail"
    assert word in found.message


def test_a_bill_without_a_number_is_never_enough() -> None:
    found = bills_can_be_verified(case(bill(invoice_code="11060124")))
    assert found is not None
    assert "五要素齐全才能查验" in found.message


def test_sums_are_those_of_all_bills_and_of_the_lists() -> None:
    right = bill(total_amount="34.05", total_in_words="叁拾肆元零伍分", file="1.jpg")
    wrong = bill(total_amount="30.00", total_in_words="叁拾壹元整", file="2.jpg")
    listed = paper("itemized_bill", None, {"total_amount": "34.05"}, file="list.jpg")
    assert outcome(sums_hold(case(right, listed))) == "pass"
    found = sums_hold(case(right, wrong, listed))
    assert found is not None
    assert found.outcome == "fail"
    assert "2.jpg" in found.message
    short = sums_hold(case(right, replace(listed, fields={**wrong.fields})))
    assert short is not None
    assert "费用清单合计 30.00 元" in short.message
