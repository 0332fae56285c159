"""Codes, numbers and check digits (domain.md §2.2, §7, §8)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, Finding
from tests.builders import bill, paper
from validators import check_document
from validators.identifiers import propose_credit_code

TODAY = date(2026, 3, 1)
ID = "11010519491231002X"
UNITS = ("12320900E875065319", "91440300MA5EXWHW6F", "914403000743520254")


def say(document: Document, rule: str) -> Finding | None:
    return next((each for each in check_document(document, TODAY) if each.rule.startswith(f"{rule}.")), None)


def outcome(document: Document, rule: str) -> str | None:
    finding = say(document, rule)
    return finding.outcome if finding else None


@pytest.mark.parametrize("code", ["fc0971", "f379af", "589d80", "0bf601", "qfmejx", "235456"])
def test_check_codes_of_published_bills_pass(code: str) -> None:
    assert outcome(bill(check_code=code), "NO-3") == "pass"


@pytest.mark.parametrize("code", ["FC0971", "fc097", "fc0971a", "fc 097", "fc097。"])
def test_check_codes_of_another_form_do_not_pass(code: str) -> None:
    assert outcome(bill(check_code=code), "NO-3") == "fail"


def test_a_short_number_is_an_error_and_is_not_padded() -> None:
    finding = say(bill(invoice_number="01277123"), "NO-2")
    assert finding is not None
    assert finding.severity == "block"
    assert "共 8 位，应为 10 位数字" in finding.message


@pytest.mark.parametrize("code", ["11060124", "15060125", "37060124"])
def test_codes_of_published_bills_pass(code: str) -> None:
    assert outcome(bill(invoice_code=code), "NO-1") == "pass"
    assert outcome(bill(invoice_code=code), "NO-4") == "pass"


def test_an_unknown_kind_of_code_only_warns() -> None:
    finding = say(bill(invoice_code="11010125"), "NO-4")
    assert finding is not None
    assert (finding.outcome, finding.severity) == ("fail", "warn")


def test_a_code_of_the_year_before_passes() -> None:
    assert outcome(bill(invoice_code="11060124", issue_date="2025-02-17"), "NO-5") == "pass"
    assert outcome(bill(invoice_code="11060199", issue_date="2000-02-17"), "NO-5") == "pass"
    assert outcome(bill(invoice_code="11060126", issue_date="2025-02-17"), "NO-5") == "fail"


def test_a_paper_bill_is_not_held_to_the_forms_of_an_ebill() -> None:
    document = bill(subtype="paper", invoice_code="110601", invoice_number="123", check_code="1")
    assert not [each for each in check_document(document, TODAY) if each.rule.startswith("NO-")]


class TestPersons:
    def test_the_vector_of_the_standard(self) -> None:
        assert outcome(bill(payer_id=ID), "ID-1") == "pass"
        assert outcome(bill(payer_id=ID.lower()), "ID-1") == "pass"
        assert outcome(bill(payer_id="110105194912310021"), "ID-1") == "fail"

    def test_a_number_of_a_region_no_longer_listed_passes(self) -> None:
        """The check digit decides; counties are renamed."""
        number = "99010519491231002"
        due = next(end for end in "0123456789X" if outcome(bill(payer_id=number + end), "ID-1") == "pass")
        assert due

    @pytest.mark.parametrize("number", ["110105194913310021", "1101051949123100", "1101O519491231002X"])
    def test_a_misread_number_is_not_taken_for_a_unit(self, number: str) -> None:
        assert outcome(bill(payer_id=number), "ID-1") == "fail"
        assert outcome(bill(payer_id=number), "ID-4") is None

    def test_a_masked_number_is_not_checked(self) -> None:
        document = bill(payer_id="110104********3078")
        assert outcome(document, "ID-1") is None
        assert outcome(document, "ID-4") is None

    @given(st.integers(0, 16), st.integers(1, 9))
    def test_one_wrong_digit_is_always_found(self, spot: int, off: int) -> None:
        wrong = ID[:spot] + str((int(ID[spot]) + off) % 10) + ID[spot + 1 :]
        assert outcome(paper("id_card", id_number=wrong), "ID-1") == "fail"

    def test_the_number_never_stands_in_a_message(self) -> None:
        document = paper("id_card", id_number="110105194912310021", sex="男", birth_date="1949-12-30")
        assert all("110105194912310021" not in each.message for each in check_document(document, TODAY))

    @pytest.mark.parametrize(
        ("age", "result"), [("75岁", "pass"), ("76岁", "pass"), ("57岁", "fail"), ("8月", None)]
    )
    def test_age_may_count_in_the_old_way(self, age: str, result: str | None) -> None:
        assert outcome(bill(payer_id=ID, age=age, issue_date="2025-02-17"), "ID-2") == result

    def test_an_identity_card_is_held_against_itself(self) -> None:
        good = paper("id_card", id_number=ID, birth_date="1949-12-31", sex="女")
        assert (outcome(good, "ID-2"), outcome(good, "ID-3")) == ("pass", "pass")
        bad = paper("id_card", id_number=ID, birth_date="1949-12-21", sex="男")
        assert (outcome(bad, "ID-2"), outcome(bad, "ID-3")) == ("fail", "fail")


class TestUnits:
    @pytest.mark.parametrize("code", UNITS)
    def test_true_codes_pass_as_seller_and_as_payer(self, code: str) -> None:
        assert outcome(paper("vat_invoice", payee_id=code), "ID-4") == "pass"
        assert outcome(bill(payer_id=code), "ID-4") == "pass"
        assert outcome(bill(payer_id=code), "ID-1") is None

    @given(st.sampled_from(UNITS), st.data())
    def test_confused_characters_are_proposed_and_not_replaced(self, code: str, data: st.DataObject) -> None:
        spots = [spot for spot, char in enumerate(code) if char in "0152"]
        spot = data.draw(st.sampled_from(spots))
        misread = code[:spot] + {"0": "O", "1": "I", "5": "S", "2": "Z"}[code[spot]] + code[spot + 1 :]
        finding = say(paper("vat_invoice", payee_id=misread), "ID-4")
        assert finding is not None
        assert finding.outcome == "fail"
        assert propose_credit_code(misread) == code
        assert f"可能是 {code}" in finding.message

    def test_what_the_check_does_not_confirm_is_not_proposed(self) -> None:
        assert propose_credit_code("9144O300MA5EXWHW6G") is None
        assert propose_credit_code("V1440300MA5EXWHW6F") is None


def test_a_transaction_number_gives_day_and_hospital() -> None:
    for number, day in (("081100020A250217123456", "2025-02-17"), ("121100010A201209123456", "2020-12-09")):
        assert outcome(bill(insurance_txn_no=number, visit_date=day), "V-14") == "pass"
