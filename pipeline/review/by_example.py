"""The rest of a table by one of its rows, for where reading missed the table or mangled it.

A person shows one row that is right, or marks its cells on the page. Where the cells lie tells the columns,
and the words that were read when the page was read are put into them as reading does. What comes out is
shown before anything is taken, and nothing is guessed: a cell that can be no value is told as it stands
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from extractors.itemized_bill import rows_by_example
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.errors import StepRefused
from pipeline.model import AnyField, Box, Document, LineItem, Page, Word
from pipeline.records import value_text
from pipeline.review.turning import WHOLE_TURN, turned_box
from pipeline.store.cases import documents_of
from pipeline.store.database import Connection
from pipeline.store.pages import KeptPage, pages_of, words_on

SAME_ROW = 0.5
"""Of the height of the lower of two rows, what they must share to be the same."""

CONFIDENCE_PLACES = 4
"""Digits of a confidence behind the point, as on the review screen."""

FractionBox = list[float]
"""x0, y0, x1, y1 in fractions of the page as it is looked at."""


class ProposedCell(TypedDict):
    """A cell of a proposed row: the text that stands there, and its value in its published form, or null."""

    text: str
    value: str | None
    confidence: float
    box: FractionBox | None


class ProposedRow(TypedDict):
    """A row that follows from the example.

    `known` is the index of the row that the paper has at that place already, null where it has none;
    `before` is the index of the paper's row that it stands before.
    """

    page: int
    cells: dict[str, ProposedCell]
    known: int | None
    before: int


def rows_like(
    connection: Connection,
    claim_id: str,
    document_id: str,
    page: int,
    cells: Mapping[str, Sequence[float]],
) -> list[ProposedRow]:
    """The rows of the table of which one was shown, in reading order, those that the paper has among them.

    Args:
        connection: Of a transaction.
        claim_id: The claim that the paper is of.
        document_id: The paper.
        page: The page of the shown row, as its file counts.
        cells: Column (`name`, `amount`, …) to the place of its cell, in fractions of the page as looked at.

    Raises:
        LookupError: If there is no such paper or page, or the page was not kept.
        StepRefused: If the shown cells are none: an unknown column, a place outside the page, too few.
    """
    document = next((one for one in documents_of(connection, claim_id) if one.id == document_id), None)
    if document is None:
        raise LookupError(f"{document_id}: 此件没有这张票据 / the claim has no such paper")
    kept = pages_of(connection, [document.file.sha256])
    numbers = [size.number for size in document.pages if size.number >= page]
    own = [kept[key] for number in numbers if (key := (document.file.sha256, number)) in kept]
    if not own or own[0].number != page:
        raise LookupError(f"{page}: 没有保存这一页 / this page was not kept")
    pages = [_page(document, one, words_on(connection, one.sha256, one.number)) for one in own]
    found = rows_by_example(pages, _example(own[0], cells))
    return proposed(document, found, {one.number: one for one in own})


def _example(page: KeptPage, cells: Mapping[str, Sequence[float]]) -> list[tuple[str, Box]]:
    """The shown cells in pixels of the page as it was read."""
    if unknown := sorted(cells.keys() - set(LINE_PARTS)):
        raise StepRefused(f"{'、'.join(unknown)}: 没有这一列 / no such column")
    if "name" not in cells or not {"quantity", "unit_price", "amount"} & cells.keys():
        raise StepRefused(
            "样例行至少要有名称和一个数字 / the example needs a name and a number: quantity, price or amount"
        )
    return [(name, _in_pixels(page, box)) for name, box in cells.items()]


def _in_pixels(page: KeptPage, box: Sequence[float]) -> Box:
    if len(box) != 4 or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
        raise StepRefused("样例行的位置不在票面上 / a cell of the example does not lie on the page")
    x0, y0, x1, y1 = turned_box(box, -page.turned % WHOLE_TURN)
    return Box(x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height)


def _page(
    document: Document, kept: KeptPage, words: Iterable[tuple[str, float, float, float, float, float]]
) -> Page:
    """A page with its words, as reading made it; characters of words are taken as evenly spread."""
    read = tuple(Word(text, Box(*box), confidence, "ocr") for text, *box, confidence in words)
    return Page(document.file, kept.number, kept.width, kept.height, dpi=0, words=read)


def proposed(
    document: Document, found: Sequence[LineItem], pages: Mapping[int, KeptPage]
) -> list[ProposedRow]:
    """Rows as they are shown, each with the row that the paper has at its place, if it has one."""
    known = [(row.page, _extent(row)) for row in document.items]
    rows: list[ProposedRow] = []
    for item in found:
        extent = _extent(item)
        place = next(
            (at for at, (page, box) in enumerate(known) if page == item.page and _is_same(extent, box)), None
        )
        rows.append(
            {
                "page": item.page,
                "cells": {
                    part: _cell(part, cell, pages.get(item.page))
                    for part in LINE_PARTS
                    if (cell := getattr(item, part)) is not None and cell.text
                },
                "known": place,
                "before": _before(item, extent, known),
            }
        )
    return rows


def _extent(row: LineItem) -> Box | None:
    """What the cells of a row cover; None where no cell has a place."""
    boxes = [cell.box for part in LINE_PARTS if (cell := getattr(row, part)) is not None and cell.box]
    return Box.around(boxes) if boxes else None


def _is_same(box: Box | None, other: Box | None) -> bool:
    if box is None or other is None:
        return False
    return box.shared_height(other) > SAME_ROW * min(box.height, other.height) and box.shared_width(other) > 0


def _before(item: LineItem, extent: Box | None, known: Sequence[tuple[int, Box | None]]) -> int:
    """How many rows of the paper stand above: rows without a place stand where the one before them does."""
    above = 0
    for at, (page, box) in enumerate(known):
        if page < item.page or (page == item.page and extent and box and box.cy < extent.cy):
            above = at + 1
    return above


def _cell(part: str, cell: AnyField, page: KeptPage | None) -> ProposedCell:
    box = None
    if cell.box is not None and page is not None:
        flat = [
            cell.box.x0 / page.width,
            cell.box.y0 / page.height,
            cell.box.x1 / page.width,
            cell.box.y1 / page.height,
        ]
        box = turned_box(flat, page.turned)
    return {
        "text": cell.text,
        "value": None if cell.value is None else value_text(part, cell.value),
        "confidence": round(cell.confidence, CONFIDENCE_PLACES),
        "box": box,
    }
