"""Which print of a page deserves a second look: what has no other witness, and what is missing from its row.

The page is read as a paper for this alone, before its other pages are known; what it holds is found again,
with the further looks, when its file is read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median

from pipeline.model import BLANK, OTHER, AnyField, Box, Document, LineItem, Page
from pipeline.papers import read_paper, split_papers

CLEARLY_READ = 0.95
"""Amounts and parts of rows are many, and sums speak for most: only those with a character less sure than
this are looked at again. Of a paper's names, numbers and dates all are, for what they say is said once."""

NUMBERS = ("quantity", "unit_price", "amount")
"""Parts of a row that a lone digit may be, which finders of lines overlook."""

MOST_ROWS_HAVE_IT = 0.6
FEWEST_ROWS = 3
"""A part is missing from a row when so many of the paper's rows, and so large a share, have it."""

ROOM = 0.4
"""Line heights that a cell is wider than the widest print of its column."""


def doubtful_print(page: Page) -> tuple[list[Box], list[Box]]:
    """Boxes of values that need a witness, and of cells in which a number is missing."""
    if not any(word.origin == "ocr" for word in page.words):
        return [], []
    documents = [read_paper(paper) for paper in split_papers([page]) if paper.type not in (OTHER, BLANK)]
    places = [box for document in documents for box in _doubtful_values(document)]
    cells = [cell for document in documents for cell in missing_cells(document.items)]
    return places, cells


def _doubtful_values(document: Document) -> Iterator[Box]:
    for field in document.fields.values():
        is_said_once = not isinstance(field.value, Decimal) and not field.witnesses
        if field.origin == "ocr" and field.box is not None and (is_said_once or _least(field) < CLEARLY_READ):
            yield field.box
    for row in (*document.items, *document.category_totals):
        for part in _parts(row):
            if part.origin == "ocr" and part.box is not None and _least(part) < CLEARLY_READ:
                yield part.box


def missing_cells(rows: Sequence[LineItem]) -> list[Box]:
    """Where numbers should stand that the other rows have: as wide as their column, as high as their row."""
    cells: list[Box] = []
    for name in NUMBERS:
        parts: list[AnyField | None] = [getattr(row, name) for row in rows]
        boxes = [part.box for part in parts if part is not None and part.box is not None]
        if len(boxes) < max(FEWEST_ROWS, MOST_ROWS_HAVE_IT * len(rows)):
            continue
        room = ROOM * median(box.height for box in boxes)
        left, right = min(box.x0 for box in boxes) - room, max(box.x1 for box in boxes) + room
        beside = [_nearest(row, (left + right) / 2) for row in rows if getattr(row, name) is None]
        cells += [Box(max(0.0, left), box.y0, right, box.y1) for box in beside if box is not None]
    return cells


def _nearest(row: LineItem, x: float) -> Box | None:
    """The row's own print that is nearest to `x`: rows sink and rise over the width of a page."""
    boxes = [part.box for part in _parts(row) if part.box is not None and part.page == row.page]
    return min(boxes, key=lambda box: abs(box.cx - x), default=None)


def _parts(row: LineItem) -> Iterator[AnyField]:
    for name in ("name", "specification", "unit", *NUMBERS):
        part: AnyField | None = getattr(row, name)
        if part is not None:
            yield part


def _least(field: AnyField) -> float:
    return field.reading.least if field.reading is not None else field.confidence
