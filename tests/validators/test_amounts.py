"""The sums of published bills (domain.md §6), and what is said when a part is unread."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, Finding
from pipeline.text import format_capitals
from tests.builders import bill, paper, row
from validators import check_document

TODAY = date(2026, 3, 1)
FENS = st.integers(0, 10**9).map(lambda fens: Decimal(fens).scaleb(-2))


def say(document: Document, rule: str) -> Finding:
    found = [each for each in check_document(document, TODAY) if each.rule == rule]
    assert found, f"{rule} is silent"
    return found[0]


def is_silent(document: Document, rule: str) -> bool:
    return all(each.rule != rule for each in check_document(document, TODAY))


PAYMENTS = "V-4.payments_sum_to_total"


class TestPublishedBills:
    def test_beijing_outpatient(self) -> None:
        document = bill(
            total_amount="34.05",
            total_in_words="叁拾肆元零伍分",
            self_pay="34.05",
            self_pay_1="30.65",
            self_pay_2="3.40",
            items=[
                row("头孢羟氨苄片", "20.58", quantity="1", unit_price="20.58", category="西药费"),
                row("酚麻美敏片", "13.47", quantity="1", unit_price="13.47", category="西药费"),
            ],
            category_totals=[row("西药费", "34.05")],
        )
        sums = [each for each in check_document(document, TODAY) if each.rule.startswith("V-")]
        assert {each.outcome for each in sums} == {"pass"}
        assert {each.rule.split(".")[0] for each in sums} == {"V-1", "V-2", "V-3", "V-6", "V-9"}

    def test_shanghai_inpatient(self) -> None:
        document = paper(
            "inpatient_invoice",
            "e_bill",
            total_amount="276020.66",
            total_in_words="贰拾柒万陆仟零贰拾元零陆角陆分",
            fund_payment="217609.89",
            other_payment="0.00",
            account_payment="0.00",
            cash_payment="58410.77",
            self_pay="31695.57",
            self_funded="26715.20",
            prepaid="140000.00",
            topup="0.00",
            refund="81589.23",
            extras={"分类自负": "11,027.47", "自负": "20,668.10"},
            admission_date="2021-03-23",
            discharge_date="2021-04-14",
            inpatient_days=Decimal("22.5"),
        )
        sums = [each for each in check_document(document, TODAY) if each.rule.startswith("V-")]
        assert {each.outcome for each in sums} == {"pass"}
        assert {each.rule.split(".")[0] for each in sums} == {"V-1", "V-4", "V-5", "V-7", "V-8", "V-10"}

    def test_a_published_break_is_a_doubt_about_the_reading(self) -> None:
        document = bill(
            fund_payment="7119.26", account_payment="151.26", cash_payment="213.10", total_amount="7484.10"
        )
        finding = say(document, PAYMENTS)
        assert finding.outcome == "unknown"
        assert "其他支付未读出" in finding.message
        assert "0.48" in finding.message


class TestUnreadParts:
    def test_a_failed_sum_asks_for_the_reading_first(self) -> None:
        document = bill(items=[row("片", "1.00"), row("丸", "2.00")], total_amount="4.00")
        finding = say(document, "V-3.items_sum_to_total")
        assert finding.message == "片 1.00 +丸 2.00 = 3.00 元，与金额合计 4.00 元相差 1.00 元；请核对识别结果"
        assert finding.fields == ("line_items[0].amount", "line_items[1].amount", "fields.total_amount")

    def test_parts_that_agree_leave_nothing_for_an_unread_one(self) -> None:
        assert say(bill(cash_payment="34.05", total_amount="34.05"), PAYMENTS).outcome == "pass"

    def test_zeros_alone_prove_nothing(self) -> None:
        document = bill(account_payment="0", self_funded="0")
        assert is_silent(document, "V-5.personal_payments_equal_personal_burden") or (
            say(document, "V-5.personal_payments_equal_personal_burden").outcome == "unknown"
        )

    def test_an_unread_total_is_proposed_from_its_parts(self) -> None:
        document = bill(fund_payment="1", other_payment="0", account_payment="2", cash_payment="3")
        finding = say(document, PAYMENTS)
        assert (finding.outcome, "6.00" in finding.message) == ("unknown", True)

    def test_two_unread_parts_are_not_guessed(self) -> None:
        finding = say(bill(fund_payment="1", cash_payment="3", total_amount="9"), PAYMENTS)
        assert finding.outcome == "unknown"
        assert "推算" not in finding.message

    def test_an_unread_part_that_would_be_negative_is_a_failure(self) -> None:
        document = bill(fund_payment="9", other_payment="0", account_payment="2", total_amount="4")
        assert say(document, PAYMENTS).outcome == "fail"

    def test_an_unreadable_part_counts_as_unread(self) -> None:
        document = bill(
            fund_payment=None, other_payment="0", account_payment="2", cash_payment="0", total_amount="4"
        )
        assert say(document, PAYMENTS).outcome == "unknown"

    def test_a_further_payer_may_be_the_difference(self) -> None:
        document = bill(
            fund_payment="1",
            other_payment="0",
            account_payment="2",
            cash_payment="0",
            total_amount="8.00",
            extras={"大病保险支付": "5.00"},
        )
        finding = say(document, PAYMENTS)
        assert finding.outcome == "unknown"
        assert "大病保险支付" in finding.message

    def test_words_stand_in_for_an_unread_total_as_a_proposal(self) -> None:
        finding = say(bill(total_in_words="叁拾肆元零伍分"), "V-1.total_in_words_equals_total")
        assert (finding.outcome, "34.05" in finding.message) == ("unknown", True)


class TestRows:
    def test_category_rows_above_details_are_not_added_twice(self) -> None:
        document = bill(
            items=[row("片", "20.58"), row("丸", "13.47")],
            category_totals=[row("西药费", "34.05")],
            total_amount="34.05",
        )
        assert say(document, "V-2.categories_sum_to_total").outcome == "pass"
        assert say(document, "V-3.items_sum_to_total").outcome == "pass"

    def test_each_failing_category_is_named(self) -> None:
        document = bill(
            items=[row("片", "1", category="西药费"), row("查", "2", category="检查费")],
            category_totals=[row("西药费", "3"), row("检查费", "2")],
        )
        finding = say(document, "V-3.details_sum_to_their_category")
        assert "西药费" in finding.message
        assert "检查费" not in finding.message
        assert finding.fields == ("line_items[0].amount", "category_totals[0].amount")

    def test_a_category_is_known_under_its_other_names(self) -> None:
        document = bill(items=[row("片", "1", category="中草药费")], category_totals=[row("中药饮片费", "1")])
        assert say(document, "V-3.details_sum_to_their_category").outcome == "pass"

    @pytest.mark.parametrize(("amount", "outcome"), [("0.33", "pass"), ("0.34", "pass"), ("0.35", "fail")])
    def test_a_line_may_be_a_fen_off(self, amount: str, outcome: str) -> None:
        document = bill(items=[row("片", amount, quantity="1", unit_price="0.333")])
        assert say(document, "V-9.quantity_times_price_is_amount").outcome == outcome

    def test_failing_lines_are_one_finding(self) -> None:
        good, bad = (row("片", "1", quantity="1", unit_price=price) for price in ("1", "3"))
        finding = say(bill(items=[bad, good, bad]), "V-9.quantity_times_price_is_amount")
        assert "第 1 行" in finding.message
        assert "第 3 行" in finding.message
        assert "第 2 行" not in finding.message
        assert {path.split(".")[0] for path in finding.fields} == {"line_items[0]", "line_items[2]"}

    def test_a_vat_invoice_is_summed_before_tax(self) -> None:
        items = [row("药", "10.00")]
        rule = "V-3.items_sum_to_total"
        net = paper("vat_invoice", items=items, extras={"合计金额": "10.00"}, total_amount="10.60")
        assert say(net, rule).outcome == "pass"
        assert say(paper("vat_invoice", items=items, total_amount="10.60"), rule).outcome == "unknown"

    def test_a_red_bill_adds_up_like_any_other(self) -> None:
        document = bill(
            items=[row("片", "-34.05")],
            total_amount="-34.05",
            total_in_words="负叁拾肆元零伍分",
            fund_payment="0",
            other_payment="0",
            account_payment="0",
            cash_payment="-34.05",
        )
        sums = [each for each in check_document(document, TODAY) if each.rule.startswith("V-")]
        assert {each.outcome for each in sums} == {"pass"}


@given(st.tuples(FENS, FENS, FENS, FENS), st.integers(0, 4), st.integers(1, 10**6))
def test_one_wrong_amount_of_a_sum_is_always_found(parts: tuple[Decimal, ...], spot: int, off: int) -> None:
    amounts = [*parts, sum(parts, Decimal(0))]
    assert say(_paid(amounts), PAYMENTS).outcome == "pass"
    amounts[spot] += Decimal(off).scaleb(-2)
    assert say(_paid(amounts), PAYMENTS).outcome == "fail"


@given(st.tuples(FENS, FENS, FENS, FENS), st.integers(0, 3))
def test_one_unread_amount_is_proposed_and_never_filled_in(parts: tuple[Decimal, ...], spot: int) -> None:
    amounts: list[Decimal | None] = [*parts, sum(parts, Decimal(0))]
    due, amounts[spot] = parts[spot], None
    finding = say(_paid(amounts), PAYMENTS)
    if due == 0 and any(parts):
        assert finding.outcome == "pass"
    else:
        assert finding.outcome == "unknown"
        assert f"推算为 {due:.2f} 元" in finding.message


def _paid(amounts: list[Decimal] | list[Decimal | None]) -> Document:
    names = ("fund_payment", "other_payment", "account_payment", "cash_payment", "total_amount")
    values = {name: amount for name, amount in zip(names, amounts, strict=True) if amount is not None}
    return bill(values)


@given(FENS.filter(lambda amount: amount < Decimal(99999999)), st.integers(1, 99))
def test_words_are_held_against_digits(amount: Decimal, off: int) -> None:
    rule = "V-1.total_in_words_equals_total"
    words = format_capitals(amount)
    assert say(bill(total_in_words=words, total_amount=amount), rule).outcome == "pass"
    wrong = amount + Decimal(off).scaleb(-2)
    assert say(bill(total_in_words=words, total_amount=wrong), rule).outcome == "fail"


def test_a_price_without_tax_is_rounded_and_its_row_says_nothing() -> None:
    rule = "V-9.quantity_times_price_is_amount"
    rounded = row("*中成药*丸", "270.87", quantity="10", unit_price="27.09")
    assert is_silent(paper("vat_invoice", "vat_digital", items=[rounded]), rule)
    assert say(bill(items=[rounded]), rule).outcome == "fail"
    wrong = row("*中成药*丸", "270.70", quantity="10", unit_price="27.09")
    assert say(paper("vat_invoice", "vat_digital", items=[wrong]), rule).outcome == "fail"
