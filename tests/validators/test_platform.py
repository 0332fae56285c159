"""Answers of the verification platform beside what was read (R-EB-2, R-EB-3)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.verification import Verification, VerificationState
from tests.builders import bill, case, declared
from validators.platform import bill_is_still_good, elements_agree_with_platform

NUMBER = "0127712345"
BILL = bill(
    invoice_code="11060124",
    invoice_number=NUMBER,
    check_code="fc0971",
    issue_date="2025-02-17",
    total_amount="34.05",
)


@pytest.mark.parametrize(
    ("answer", "outcome", "word"),
    [
        (Verification(NUMBER, "mismatch"), "fail", "先疑为误读"),
        (Verification(NUMBER, "mismatch", confirmed=True), "fail", "不予受理"),
        (Verification(NUMBER, "not_found"), "fail", "查无此票"),
        (Verification(NUMBER, "daily_limit"), "unknown", "次日再查"),
        (Verification(NUMBER, "transient_error"), "unknown", "稍后再查"),
        (Verification(NUMBER, "verified", issue_date=date(2025, 2, 11)), "fail", "开票日期"),
        (Verification(NUMBER, "verified", total_amount=Decimal("84.05")), "fail", "金额合计"),
    ],
)
def test_each_state_says_what_it_means(answer: Verification, outcome: str, word: str) -> None:
    found = elements_agree_with_platform(case(BILL, verifications=[answer]))
    assert found is not None
    assert found.outcome == outcome
    assert word in found.message


def test_a_difference_names_the_element_and_no_other() -> None:
    answer = Verification(NUMBER, "verified", "11060124", "fc0972", date(2025, 2, 17), Decimal("34.05"))
    found = elements_agree_with_platform(case(BILL, verifications=[answer]))
    assert found is not None
    assert found.fields == (f"documents[{BILL.id}].fields.check_code",)


@pytest.mark.parametrize(
    ("state", "word"),
    [("reversed", "已冲红"), ("exchanged_to_paper", "换开纸质"), ("already_accounted", "已入账")],
)
def test_a_bill_that_is_spent_is_not_payable(state: VerificationState, word: str) -> None:
    found = bill_is_still_good(case(BILL, verifications=[Verification(NUMBER, state)]))
    assert found is not None
    assert found.outcome == "fail"
    assert word in found.message
    assert found.about == "claim"


def test_an_answer_about_another_bill_says_nothing() -> None:
    answers = [Verification("0000000001", "reversed"), Verification(NUMBER, "reversed", "31060124")]
    assert bill_is_still_good(case(BILL, verifications=answers)) is None
    assert elements_agree_with_platform(case(BILL)) is None


def test_answers_may_lie_in_the_application() -> None:
    form = declared(verifications=[{"invoice_number": NUMBER, "state": "reversed"}])
    found = bill_is_still_good(case(BILL, application=form))
    assert found is not None
    assert found.outcome == "fail"


@given(st.decimals("0.01", "99999.99", places=2), st.decimals("0.01", "99999.99", places=2))
def test_amounts_agree_to_the_fen(read: Decimal, held: Decimal) -> None:
    answer = Verification(NUMBER, "verified", total_amount=held)
    found = elements_agree_with_platform(
        case(bill(invoice_number=NUMBER, total_amount=str(read)), verifications=[answer])
    )
    assert found is not None
    assert (found.outcome == "pass") == (read == held)
