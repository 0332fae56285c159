"""Which values of a paper wait for a person, and which of them persons have answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from extractors import required_fields
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.model import AnyField, Document
from pipeline.open_values import OpenValue
from pipeline.records import CheckRecord, value_text

CELLS = ("name", "specification", "unit", "quantity", "unit_price", "amount", "category")
_CELL = re.compile(r"(?P<table>line_items|category_totals)\[(?P<row>\d+)\]\.(?P<part>[a-z_]+)")
ROW_CELLS = frozenset({"name", "amount"})
"""What of a charged row must be sure, so that its paper goes through unseen (`pipeline.acceptance`)."""


def waiting_values(document: Document, checks: Iterable[CheckRecord] = ()) -> dict[str, float | None]:
    """The values of a paper that a person must see, by path, and how sure they are; None: nothing was read.

    A paper that goes through unseen has none, whatever of it is unsure. Of another one its unsure fields,
    those that it must carry and does not, unsure names and amounts of rows, and what a failed check names.

    Args:
        document: The paper as it stands beside the others.
        checks: Of its claim.
    """
    if document.rendition_of or document.status != "review":
        return {}
    own = f"documents[{document.id}]."
    disputed = {path for one in document.findings if one.outcome == "fail" for path in one.fields}
    disputed |= {
        path.removeprefix(own) for one in checks if one["outcome"] == "fail" for path in one["fields"]
    }
    waiting: dict[str, float | None] = {
        f"fields.{name}": field.confidence for name, field in document.fields.items() if _waits(field)
    }
    for name in required_fields(document):
        if name not in document.fields:
            waiting[f"fields.{name}"] = None
    for path, part, cell in _cells(document):
        if _waits(cell) and (part in ROW_CELLS or path in disputed):
            waiting[path] = cell.confidence
    return waiting


def open_values(document: Document, checks: Iterable[CheckRecord] = ()) -> list[OpenValue]:
    """The values of a paper that a person must see, each with how likely it is wrong and what else it may be.

    Args:
        document: As `waiting_values`.
        checks: As `waiting_values`.
    """
    cells = {f"fields.{name}": (name, field) for name, field in document.fields.items()}
    cells |= {path: (part, cell) for path, part, cell in _cells(document)}
    found = []
    for path, sure in waiting_values(document, checks).items():
        name, field = cells.get(path, ("", None))
        value = None if field is None or field.value is None else value_text(name, field.value)
        others = [one for one in field.candidates if one.value != value] if field is not None else []
        best = max(others, key=lambda one: one.confidence, default=None)
        chance = 1.0 if sure is None or value is None else 1.0 - sure
        found.append(OpenValue(document.id, path, chance, value, best.value if best is not None else None))
    return found


def _waits(field: AnyField) -> bool:
    """Whether nobody has said anything of a value that is unsure."""
    return field.status == "review" and field.origin != "reviewer"


def value_at(document: Document, path: str) -> AnyField | None:
    """The value at a path of a paper: `fields.total_amount`, `line_items[3].amount`; None: there is none."""
    if path.startswith("fields."):
        return document.fields.get(path.removeprefix("fields."))
    found = _CELL.fullmatch(path)
    if found is None:
        return None
    rows = document.items if found["table"] == "line_items" else document.category_totals
    at = int(found["row"])
    cell: AnyField | None = getattr(rows[at], found["part"], None) if at < len(rows) else None
    return cell


def values_of(document: Document) -> Iterator[tuple[str, AnyField]]:
    """Every value of a paper with its path: fields, then the cells of both tables, row by row."""
    yield from ((f"fields.{name}", field) for name, field in document.fields.items())
    for table, rows in (("line_items", document.items), ("category_totals", document.category_totals)):
        for number, row in enumerate(rows):
            for part in LINE_PARTS:
                cell: AnyField | None = getattr(row, part)
                if cell is not None:
                    yield f"{table}[{number}].{part}", cell


def persons_values(document: Document) -> dict[str, str]:
    """What persons said of a paper's values, by path."""
    said = {f"fields.{name}": field for name, field in document.fields.items()}
    said |= {path: cell for path, _, cell in _cells(document)}
    return {path: f"{one.status} {one.value}" for path, one in said.items() if one.origin == "reviewer"}


def _cells(document: Document) -> Iterator[tuple[str, str, AnyField]]:
    """(path, column, cell) of every cell of the charged rows."""
    for number, row in enumerate(document.items):
        for part in CELLS:
            cell: AnyField | None = getattr(row, part)
            if cell is not None:
                yield f"line_items[{number}].{part}", part, cell
