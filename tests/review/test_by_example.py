from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from extractors._bill_columns import TABLE
from extractors.itemized_bill import extract, rows_by_example
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.errors import StepRefused
from pipeline.model import Box, Document, LineItem, Page, Word
from pipeline.reading.columns import header_cells
from pipeline.reading.layout import rows_of
from pipeline.records import value_text
from pipeline.review.by_example import ProposedRow, rows_like
from pipeline.store.cases import documents_of
from pipeline.store.database import Database
from pipeline.store.freeze import load_page
from pipeline.store.pages import page_of, turn_page
from tests.cases import NOW
from tests.truth import FIXTURES
from tests.web.review.claims import ROWS, MadeClaim, doubtful_claim

SHOWN = ("name", "specification", "unit", "quantity", "unit_price", "amount")

LISTS = {"ruled": ["04"], "unruled, three pages": ["07", "08", "09"], "two pages": ["18", "19"]}


def recorded(numbers: list[str]) -> list[Page]:
    """Pages of a sample list with what is kept of their words: text, box, confidence."""
    pages = [load_page((FIXTURES / "recorded" / f"{one}.json").read_text("utf-8")) for one in numbers]
    return [
        replace(
            page, words=tuple(Word(word.text, word.box, word.confidence, word.origin) for word in page.words)
        )
        for page in pages
    ]


def without_headers(pages: list[Page]) -> list[Page]:
    """The pages as if no header of a table had been read."""
    gone = {
        id(word)
        for page in pages
        for line in rows_of(page.words)
        if header_cells(line, TABLE)
        for word in line
    }
    return [replace(page, words=tuple(word for word in page.words if id(word) not in gone)) for page in pages]


def cells_of(row: LineItem) -> list[tuple[str, Box]]:
    known = ((part, getattr(row, part)) for part in SHOWN)
    return [(part, cell.box) for part, cell in known if cell is not None and cell.box is not None]


def texts(rows: tuple[LineItem, ...]) -> list[tuple[str | None, ...]]:
    return [
        tuple(
            None
            if (cell := getattr(row, part)) is None or cell.value is None
            else value_text(part, cell.value)
            for part in ("name", "quantity", "amount")
        )
        for row in rows
    ]


def fullest(rows: tuple[LineItem, ...], page: int) -> LineItem:
    return max((row for row in rows if row.page == page), key=lambda row: len(cells_of(row)))


@pytest.mark.parametrize("numbers", LISTS.values(), ids=LISTS)
def test_one_row_gives_the_rows_that_the_header_gives(numbers: list[str]) -> None:
    pages = recorded(numbers)
    by_header = extract(pages, 1.0).items
    found = rows_by_example(pages, cells_of(fullest(by_header, pages[0].number)))
    assert texts(found) == texts(by_header)
    assert len(found) >= 6


@pytest.mark.parametrize("numbers", [LISTS["ruled"], LISTS["two pages"]], ids=["ruled", "two pages"])
def test_a_table_whose_header_was_not_read_follows_from_one_row(numbers: list[str]) -> None:
    pages = recorded(numbers)
    true = extract(pages, 1.0).items
    bare = without_headers(pages)
    assert len(extract(bare, 1.0).items) < len(true)
    found = rows_by_example(bare, cells_of(fullest(true, pages[0].number)))
    assert texts(found) == texts(true)


def test_what_stands_in_columns_that_nobody_showed_falls_to_no_neighbour() -> None:
    pages = recorded(LISTS["ruled"])
    true = extract(pages, 1.0).items
    shown = [cell for cell in cells_of(fullest(true, 1)) if cell[0] in ("name", "amount")]
    found = rows_by_example(pages, shown)
    assert [row.amount and row.amount.value for row in found] == [
        row.amount and row.amount.value for row in true
    ]


def test_without_a_cell_there_is_no_example() -> None:
    with pytest.raises(ValueError, match="no cell"):
        rows_by_example(recorded(LISTS["ruled"]), [])


# ---------------------------------------------------------------- of a stored claim


@pytest.fixture
def made(database: Database) -> MadeClaim:
    return doubtful_claim(database)


def listed(database: Database, made: MadeClaim) -> Document:
    with database.read() as connection:
        documents = documents_of(connection, made.claim_id)
    return next(one for one in documents if one.type == "itemized_bill")


def shown_cells(document: Document, at: int) -> dict[str, list[float]]:
    page = document.pages[0]
    return {
        part: [box.x0 / page.width, box.y0 / page.height, box.x1 / page.width, box.y1 / page.height]
        for part, box in cells_of(document.items[at])
    }


def proposals(database: Database, made: MadeClaim, cells: dict[str, list[float]]) -> list[ProposedRow]:
    with database.read() as connection:
        return rows_like(connection, made.claim_id, made.papers["itemized_bill"], 1, cells)


def test_the_rows_of_a_stored_paper_follow_from_one_with_those_that_it_has(
    database: Database, made: MadeClaim
) -> None:
    rows = proposals(database, made, shown_cells(listed(database, made), 1))
    told = [tuple(row["cells"][name]["value"] for name in ("name", "quantity", "amount")) for row in rows]
    assert told == [(name, count, amount) for name, _, count, _, amount in ROWS]
    assert [row["known"] for row in rows] == list(range(len(ROWS)))
    assert all(a["before"] < b["before"] for a, b in pairwise(rows))


def test_a_page_that_was_turned_by_hand_is_shown_and_told_as_it_lies_now(
    database: Database, made: MadeClaim
) -> None:
    document = listed(database, made)
    upright = proposals(database, made, shown_cells(document, 1))
    with database.write() as connection:
        turn_page(connection, page_of(connection, document.file.sha256, 1), 180, "wang", NOW)
    turned = {
        name: [1 - x1, 1 - y1, 1 - x0, 1 - y0] for name, (x0, y0, x1, y1) in shown_cells(document, 1).items()
    }
    found = proposals(database, made, turned)
    assert [row["cells"]["amount"]["value"] for row in found] == [
        row["cells"]["amount"]["value"] for row in upright
    ]
    (x0, *_), (u0, _, u1, _) = (
        found[0]["cells"]["name"]["box"] or [],
        upright[0]["cells"]["name"]["box"] or [],
    )
    assert x0 == pytest.approx(1 - u1)
    assert u0 < u1


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"name": [0.1, 0.1, 0.2, 0.2]},
        {"amount": [0.1, 0.1, 0.2, 0.2]},
        {"name": [0.1, 0.1, 0.2, 0.2], "amount": [0.5, 0.1, 0.4, 0.2]},
        {"name": [0.1, 0.1, 0.2, 0.2], "amount": [0.5, 0.1, 1.4, 0.2]},
        {"name": [0.1, 0.1, 0.2, 0.2], "amount": [0.5]},
        {"name": [0.1, 0.1, 0.2, 0.2], "amount": [0.5, 0.1, float("nan"), 0.2]},
        {"name": [0.1, 0.1, 0.2, 0.2], "payer": [0.5, 0.1, 0.6, 0.2]},
    ],
)
def test_what_is_no_example_is_refused(
    database: Database, made: MadeClaim, cells: dict[str, list[float]]
) -> None:
    with pytest.raises(StepRefused):
        proposals(database, made, cells)


def test_a_place_where_nothing_stands_gives_no_row_that_the_paper_has_not(
    database: Database, made: MadeClaim
) -> None:
    cells = {"name": [0.1, 0.02, 0.2, 0.03], "amount": [0.9, 0.02, 0.95, 0.03]}
    assert all(set(row["cells"]) <= set(LINE_PARTS) for row in proposals(database, made, cells))


def test_papers_of_other_claims_and_pages_that_are_not_there_are_none(
    database: Database, made: MadeClaim
) -> None:
    cells = shown_cells(listed(database, made), 1)
    with database.read() as connection:
        with pytest.raises(LookupError):
            rows_like(connection, "C-other", made.papers["itemized_bill"], 1, cells)
        with pytest.raises(LookupError):
            rows_like(connection, made.claim_id, made.papers["itemized_bill"], 2, cells)
