"""The sides of the sums, and the rules that weigh them, are the same sums."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document
from tests.builders import bill, paper, row
from validators import check_document
from validators.sums import product_holds, row_products, sums_of

TODAY = date(2026, 3, 1)
BILL = bill(
    total_amount="41.25",
    total_in_words="肆拾壹元贰角伍分",
    self_pay="34.05",
    self_pay_1="30.65",
    self_pay_2="3.40",
    cash_payment="41.25",
    items=[
        row("头孢羟氨苄片", "30.00", quantity="2", unit_price="15.00", category="西药费"),
        row("针刺", "11.25", quantity="1", unit_price="11.25", category="治疗费"),
    ],
    category_totals=[row("西药费", "30.00"), row("治疗费", "11.25")],
)


def rules(document: Document) -> list[str]:
    return [each.rule for each in sums_of(document)]


def test_a_bill_has_a_sum_for_every_rule_that_speaks_of_it() -> None:
    assert rules(BILL) == ["V-1", "V-2", "V-3", "V-3", "V-3", "V-4", "V-5", "V-6"]
    spoken = {found.rule.partition(".")[0] for found in check_document(BILL, TODAY)}
    assert set(rules(BILL)) <= spoken | {"V-5"}  # of V-5 too little was read to speak


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (paper("inpatient_invoice", "e_bill", {"prepaid": "1.00", "cash_payment": "1.00"}), {"V-8"}),
        (paper("outpatient_invoice", "e_bill", {"prepaid": "1.00"}), set()),
        (paper("vat_invoice", "vat_digital", {"total_amount": "1.00"}, extras={"税额": "0.00"}), set()),
        (paper("vat_invoice", "vat_digital", extras={"税额": "0.00", "不含税金额": "1.00"}), {"VAT-1"}),
        (bill(self_pay="3.00", extras={"分类自负": "1.00", "自负": "2.00"}), {"V-7"}),
        (paper("prescription", items=[row("片")]), set()),
    ],
)
def test_a_sum_is_there_on_the_forms_that_print_it(document: Document, wanted: set[str]) -> None:
    assert {"V-7", "V-8", "VAT-1", "V-3"} & set(rules(document)) == wanted


def test_what_may_count_something_else_in_is_not_certain() -> None:
    vat = paper("vat_invoice", "vat_digital", {"total_amount": "113.00"}, items=[row("检查", "100.00")])
    assert [each.certain for each in sums_of(vat) if each.rule == "V-3"] == [False]
    further = bill(total_amount="10.00", cash_payment="7.00", extras={"大病保险支付": "3.00"})
    assert [each.certain for each in sums_of(further) if each.rule == "V-4"] == [False]
    assert all(each.certain for each in sums_of(BILL))


@given(st.integers(1, 99), st.integers(1, 10**6), st.integers(-5, 5))
def test_a_product_holds_to_a_fen(quantity: int, fens: int, off: int) -> None:
    price, amount = Decimal(fens).scaleb(-2), Decimal(quantity * fens + off).scaleb(-2)
    assert product_holds(Decimal(quantity), price, amount) == (abs(off) <= 1)


def test_each_row_has_its_product_read_or_not() -> None:
    document = bill({}, items=[row("血常规", "10.00"), row("尿常规", "20.00", quantity="2")])
    values = [[term.amount for term in product.terms] for product in row_products(document)]
    assert values == [[None, None, Decimal("10.00")], [Decimal(2), None, Decimal("20.00")]]
