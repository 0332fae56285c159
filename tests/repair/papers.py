"""Papers whose sums close, and one misread put into them, as repair sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from pipeline.model import Alternative, Document, LineItem
from pipeline.repair.cells import cell_at, with_cell
from pipeline.repair.edits import LOOK_ALIKES
from pipeline.text import fold, format_capitals, parse_money
from tests.builders import bill, row

TRACE = 0.04

NOTHING_PAID = dict.fromkeys(("fund_payment", "other_payment", "account_payment"), "0.00")
READ_AS = {
    digit: tuple(read for read, trues in LOOK_ALIKES.items() if digit in trues and read.isdigit())
    for digit in "0123456789"
}
"""A printed digit, and the digits that it may be read as."""


def closing_bill(rows: Sequence[tuple[int, str]], *, with_words: bool = True) -> Document:
    """An outpatient bill of rows (quantity, price) on which V-1, V-3, V-4 and V-9 hold."""
    items = [_row(quantity, Decimal(price)) for quantity, price in rows]
    total = sum((quantity * Decimal(price) for quantity, price in rows), Decimal(0))
    words = {"total_in_words": format_capitals(total)} if with_words else {}
    return bill(
        {**NOTHING_PAID, "total_amount": f"{total:.2f}", "cash_payment": f"{total:.2f}", **words},
        items=items,
    )


def _row(quantity: int, price: Decimal) -> LineItem:
    return row("血常规", f"{quantity * price:.2f}", quantity=str(quantity), unit_price=f"{price:.2f}")


def read_as(document: Document, path: str, text: str, *, seen: tuple[int, str] | None = None) -> Document:
    """The paper with another text read at a path; `seen`: the place and character that the engine saw too."""
    cell = cell_at(document, path)
    assert cell is not None
    try:
        value = parse_money(text)
    except ValueError:
        value = None
    alternatives = (Alternative(*seen, TRACE),) if seen else ()
    return with_cell(document, path, replace(cell, text=text, value=value, alternatives=alternatives))


def text_at(document: Document, path: str) -> str:
    """What was read at a path, folded."""
    cell = cell_at(document, path)
    assert cell is not None
    return fold(cell.text)


PRICES = st.integers(100, 99999).map(lambda fens: f"{Decimal(fens).scaleb(-2):.2f}")
ROWS = st.lists(st.tuples(st.integers(1, 9), PRICES), min_size=2, max_size=8)
"""Rows of a bill: quantity and price."""
