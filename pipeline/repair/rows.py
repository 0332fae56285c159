"""Misreads of the layout: a row that was not taken, two numbers or two rows read as one.

They are only offered. What stands on the page says that the number is there, not whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from pipeline.model import AnyField, Box, Document, Edit, LineItem, Page, Word
from pipeline.repair.cells import cell_at, cells_of, with_cell
from pipeline.repair.equations import Equation, LinearEquation, equations_of
from pipeline.repair.search import is_torn
from pipeline.text import fold, squeeze

_MONEY = re.compile(r"(?<![\d.])-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d(?!\d)")
_SUM = re.compile("小计|合计|总计|累计|承前|承上|过次|转下|本页")
ROWS = ("line_items", "category_totals")

TAKEN = 0.3
"""A number is a value's own when the value's box covers so much of it; neighbours overlap by less."""


def layout_edits(
    document: Document, torn: Sequence[Equation], pages: Sequence[Page]
) -> Iterator[tuple[Edit, ...]]:
    """Edits of the layout that close all of `torn` and break nothing.

    Args:
        document: The paper as it was read.
        torn: Its sums that do not close and hang together.
        pages: Its pages with their words; without them no missed row is found.
    """
    yield from _missed_rows(document, torn, pages)
    for path in dict.fromkeys(path for equation in torn for path in equation.paths):
        cell = cell_at(document, path)
        if cell is not None and (numbers := _two_amounts(cell)):
            yield from _glued(document, torn, path, cell, *numbers)


def glued_payments(document: Document) -> Iterator[tuple[str, tuple[Edit, ...]]]:
    """(rule, edits) of sums that say nothing because two of their numbers stand in one cell.

    What waits for two numbers is neither broken nor open, so nothing else looks at it.
    """
    unread = [cell for cell in document.fields.values() if cell.value is None]
    if not any(_two_amounts(cell) for cell in unread):
        return
    for equation in equations_of(document):
        if equation.state == "silent":
            for path in equation.unread:
                cell = cell_at(document, path)
                if cell is not None and (numbers := _two_amounts(cell)):
                    for edits in _glued(document, (equation,), path, cell, *numbers):
                        yield equation.rule, edits


def _two_amounts(cell: AnyField) -> tuple[Decimal, Decimal] | None:
    """The amounts in the text of a cell that OCR read, where there are just two."""
    if cell.origin != "ocr":
        return None
    numbers = [_amount(found) for found in _MONEY.findall(fold(cell.text))]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _missed_rows(
    document: Document, torn: Sequence[Equation], pages: Sequence[Page]
) -> Iterator[tuple[Edit, ...]]:
    """A number in the column of the amounts that no row took, and that is just what the sums miss."""
    gaps = {equation.gap for equation in torn if isinstance(equation, LinearEquation)}
    if len(gaps) != 1 or any(equation.state != "broken" for equation in torn):
        return
    (gap,) = gaps
    for rows in ROWS:
        items = document.items if rows == "line_items" else document.category_totals
        if not items or not all(f"{rows}[0].amount" in equation.paths for equation in torn):
            continue
        if any(_is_left_over(page, place, items, document) for page, place in _printed(gap, pages)):
            path = f"{rows}[{len(items)}].amount"
            yield (Edit(path, None, f"{gap:.2f}", "missed_row", ("print",)),)


def _printed(amount: Decimal, pages: Sequence[Page]) -> Iterator[tuple[int, Box]]:
    """Page number and place of every print of an amount that is not called a sum."""
    for page in pages:
        for word in page.words:
            for found in _MONEY.finditer(fold(word.text)):
                place = word.part(*found.span()).box
                if _amount(found.group()) == amount and not _is_called_a_sum(place, page.words):
                    yield page.number, place


def _is_called_a_sum(place: Box, words: Sequence[Word]) -> bool:
    """Whether something in its line says that a number only adds up others (小计, 承前页)."""
    beside = (word for word in words if place.shared_height(word.box) > place.height / 2)
    return any(_SUM.search(squeeze(word.text)) for word in beside)


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _is_left_over(page: int, place: Box, rows: Sequence[LineItem], document: Document) -> bool:
    """Whether a number stands in the column of amounts and is no value's own."""
    column = [
        row.amount.box for row in rows if row.amount is not None and row.amount.box and row.page == page
    ]
    if not column or place.shared_width(Box.around(column)) <= 0:
        return False
    return not any(
        cell.page == page and cell.box is not None and place.shared_area(cell.box) > TAKEN * place.area
        for cell in cells_of(document)
    )


def _glued(
    document: Document, torn: Sequence[Equation], path: str, cell: AnyField, first: Decimal, second: Decimal
) -> Iterator[tuple[Edit, ...]]:
    """Two numbers in one cell: the second is that of an empty cell of the same sum, or of a row below."""
    old = None if cell.value is None else str(cell.value)
    begun = with_cell(document, path, replace(cell, value=first))
    edit = Edit(path, old, f"{first:.2f}", "glued_numbers", ("print",))
    for other in dict.fromkeys(path for equation in torn for path in equation.unread):
        if other == path or other.startswith("extras."):
            continue
        if _closes(document, with_cell(begun, other, replace(cell, value=second)), torn):
            yield edit, Edit(other, None, f"{second:.2f}", "glued_numbers", ("print",))
    rows = path.partition("[")[0]
    if rows in ROWS and path.endswith(".amount"):
        place, longer = _with_row(begun, rows, replace(cell, value=second))
        if _closes(document, longer, torn):
            new = Edit(place, None, f"{second:.2f}", "glued_rows", ("print",))
            yield replace(edit, kind="glued_rows"), new


def _with_row(document: Document, rows: str, amount: AnyField) -> tuple[str, Document]:
    """The path of one more row's amount, and the document with it."""
    items = document.items if rows == "line_items" else document.category_totals
    path = f"{rows}[{len(items)}].amount"
    longer = (*items, replace(items[-1], quantity=None, unit_price=None, amount=None))
    if rows == "line_items":
        return path, with_cell(replace(document, items=longer), path, amount)
    return path, with_cell(replace(document, category_totals=longer), path, amount)


def _closes(before: Document, after: Document, torn: Sequence[Equation]) -> bool:
    """Whether the sums that were torn hold afterwards, and no other is torn that was whole."""
    wanted = {_name(equation) for equation in torn}
    was_torn = {_name(equation) for equation in equations_of(before) if is_torn(equation, before)}
    now = equations_of(after)
    return all(equation.state == "holds" for equation in now if _name(equation) in wanted) and all(
        _name(equation) in was_torn for equation in now if is_torn(equation, after)
    )


def _name(equation: Equation) -> tuple[str, str, str]:
    """What tells a sum from the others of the paper, also when it has a row more."""
    return equation.rule, equation.paths[0], equation.paths[-1]
