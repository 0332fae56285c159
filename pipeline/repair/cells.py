"""The values of a paper by their paths, as the findings of rules name them: looked up and put in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pipeline.confidence.evidence import LINE_PARTS
from pipeline.model import AnyField, Document, LineItem

_ROW_PATH = re.compile(r"(?P<rows>line_items|category_totals)\[(?P<spot>\d+)\]\.(?P<part>\w+)")
_FIELD_PATH = re.compile(r"fields\.(?P<name>\w+)")


def cell_at(document: Document, path: str) -> AnyField | None:
    """The value at `path`; None where the paper has none there."""
    if found := _FIELD_PATH.fullmatch(path):
        return document.fields.get(found["name"])
    if found := _ROW_PATH.fullmatch(path):
        rows = _rows(document, found["rows"])
        spot = int(found["spot"])
        cell: AnyField | None = getattr(rows[spot], found["part"]) if spot < len(rows) else None
        return cell
    return None


def with_cell(document: Document, path: str, cell: AnyField) -> Document:
    """The document with `cell` at `path`.

    Raises:
        ValueError: If the path is neither a field's nor a part of one of its rows.
    """
    if found := _FIELD_PATH.fullmatch(path):
        return replace(document, fields={**document.fields, found["name"]: cell})
    found = _ROW_PATH.fullmatch(path)
    if found is None or int(found["spot"]) >= len(_rows(document, found["rows"])):
        raise ValueError(f"{path}: no such place on the paper")
    rows = list(_rows(document, found["rows"]))
    part: dict[str, Any] = {found["part"]: cell}
    rows[int(found["spot"])] = replace(rows[int(found["spot"])], **part)
    if found["rows"] == "line_items":
        return replace(document, items=tuple(rows))
    return replace(document, category_totals=tuple(rows))


def amounts_of(document: Document) -> Iterator[AnyField]:
    """Every amount of money on the paper: of its fields and of its rows."""
    yield from document.fields.values()
    yield from (row.amount for row in (*document.items, *document.category_totals) if row.amount is not None)


def cells_of(document: Document) -> Iterator[AnyField]:
    """Every value of the paper that has a place."""
    yield from document.fields.values()
    for row in (*document.items, *document.category_totals):
        yield from (part for name in LINE_PARTS if (part := getattr(row, name)) is not None)


def _rows(document: Document, name: str) -> tuple[LineItem, ...]:
    return document.items if name == "line_items" else document.category_totals
