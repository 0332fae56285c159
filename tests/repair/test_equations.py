"""The sums as equations: they hold exactly when their rules pass."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document
from pipeline.repair.cells import cell_at, with_cell
from pipeline.repair.equations import Equation, equations_of
from tests.builders import bill, field, paper, row
from tests.repair.papers import ROWS, closing_bill
from validators import check_document

TODAY = date(2026, 3, 1)


def only(document: Document, rule: str) -> Equation:
    (found,) = [equation for equation in equations_of(document) if equation.rule == rule]
    return found


@given(ROWS, st.integers(-300, 300))
def test_an_equation_is_broken_where_its_rule_fails(rows: list[tuple[int, str]], off: int) -> None:
    document = closing_bill(rows)
    total = document.fields["total_amount"].value
    assert isinstance(total, Decimal)
    document = with_cell(document, "fields.total_amount", field(total + Decimal(off).scaleb(-2)))
    rules = {found.rule.partition(".")[0]: found.outcome for found in check_document(document, TODAY)}
    for equation in equations_of(document):
        if equation.state in ("holds", "broken") and equation.rule != "V-9":
            assert (equation.state == "holds") == (rules[equation.rule] == "pass")


@given(ROWS, st.data())
def test_what_is_needed_makes_it_hold_and_another_value_does_not(
    rows: list[tuple[int, str]], data: st.DataObject
) -> None:
    document = with_cell(closing_bill(rows), "fields.total_amount", field(Decimal("0.01")))
    for equation in equations_of(document):
        read = [path for path in equation.paths if cell_at(document, path) is not None]
        if equation.unread or not read:
            continue
        path = data.draw(st.sampled_from(read))
        for value in equation.needed(path):
            assert equation.state_with(path, value) == "holds"
            after = with_cell(document, path, field(value))
            same = [each for each in equations_of(after) if each.rule == equation.rule]
            assert any(each.paths == equation.paths and each.state == "holds" for each in same)
        if equation.rule != "V-9" and equation.needed(path):
            assert equation.state_with(path, equation.needed(path)[0] + 1) == "broken"


def test_a_refund_counts_against_what_was_paid_ahead() -> None:
    document = paper(
        "inpatient_invoice",
        "e_bill",
        {"prepaid": "100.00", "topup": "0.00", "refund": "7.00", "cash_payment": "90.00"},
    )
    settled = only(document, "V-8")
    assert settled.state == "broken"
    assert settled.needed("fields.refund") == (Decimal("10.00"),)
    assert settled.needed("fields.cash_payment") == (Decimal("93.00"),)


def test_a_quantity_is_whole_and_a_price_has_two_places_to_four() -> None:
    document = bill({}, items=[row("血常规", "1.23", quantity="3", unit_price="0.40")])
    product = only(document, "V-9")
    assert product.needed("line_items[0].unit_price") == (Decimal("0.41"),)
    assert product.needed("line_items[0].quantity") == ()
    assert product.needed("line_items[0].amount") == (Decimal("1.20"),)


def test_one_unread_number_leaves_it_open_and_two_leave_it_silent() -> None:
    values = {"total_amount": "30.00", "fund_payment": "10.00", "other_payment": "0.00"}
    assert only(bill({**values, "cash_payment": "20.00"}), "V-4").state == "holds"
    assert only(bill({**values, "cash_payment": "5.00"}), "V-4").state == "open"
    assert only(bill(values), "V-4").state == "silent"
