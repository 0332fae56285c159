"""Lines that wait for a person, and what reviewers taught about them (`pipeline.catalogs.aliases`).

What is kept of a reading is what the lists alone say; what was learned is laid over it when outputs are
written. So approving an alias, or undoing it, takes effect on papers that were read long ago without reading
them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.catalogs.aliases import Alias, alias_key
from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.categories import category_of, kinds_of
from pipeline.model import CatalogMatch, Document, LineItem

DOCUMENTS = "documents.jsonl"


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A charged row in a run's outputs that no entry was found for; `line` counts from 1."""

    document_id: str
    file: str
    line: int
    printed: str
    category: str
    status: str
    candidates: tuple[str, ...]


def with_learned(document: Document, catalogs: Catalogs, aliases: Mapping[str, Alias]) -> Document:
    """The document with an entry for each waiting row whose printed name is an alias in force."""
    if not aliases or not any(_waits(item) for item in document.items):
        return document
    return replace(
        document, items=tuple(_learned(item, document, catalogs, aliases) for item in document.items)
    )


def _waits(item: LineItem) -> bool:
    return item.name is not None and bool(item.name.value) and _status(item) != "matched"


def _status(item: LineItem) -> str:
    return item.catalog.status if item.catalog is not None else "unmatched"


def _learned(
    item: LineItem, document: Document, catalogs: Catalogs, aliases: Mapping[str, Alias]
) -> LineItem:
    if item.name is None or not item.name.value or not _waits(item):
        return item
    alias = aliases.get(alias_key(item.name.value))
    category = item.category.value if item.category is not None and item.category.value else ""
    if alias is None or not fits(alias, category):
        return item
    entry = catalogs.entry(alias.kind, alias.name, alias.form, document.treatment_date)
    if entry is None:
        return item  # no list of that day has it
    why = f"别名 {alias.id}：{alias.proposed_by} 提出，{alias.decided_by} 核准；{entry.source}"
    match = CatalogMatch(
        "matched",
        kind=entry.kind,
        code=entry.code or None,
        name=entry.name,
        reimbursement_class=entry.reimbursement_class,
        score=1.0,
        why=f"{why}；{entry.restriction}" if entry.restriction else why,
        self_pay_ratios=entry.self_pay_ratios,
    )
    return replace(item, catalog=match)


def fits(alias: Alias, category: str) -> bool:
    """Whether an alias may stand under a fee category: no medicine under 检查费."""
    kinds = kinds_of(category_of(category))
    return not kinds or alias.kind in kinds


def waiting_lines(out: Path) -> Iterator[WaitingLine]:
    """The rows of a run that wait: of the folder it wrote, or of its `documents.jsonl`.

    Raises:
        OSError: If there is no such file.
    """
    file = out / DOCUMENTS if out.is_dir() else out
    with file.open(encoding="utf-8", newline="\n") as rows:
        for row in rows:
            document: dict[str, Any] = json.loads(row)
            if document.get("rendition_of"):
                continue
            for number, line in enumerate(document["line_items"], 1):
                printed = line["name"]["value"]
                if printed and line["catalog"]["status"] != "matched":
                    yield WaitingLine(
                        document["document_id"],
                        document["source"]["file"],
                        number,
                        printed,
                        line["category"]["value"] or "",
                        line["catalog"]["status"],
                        tuple(one["name"] for one in line["catalog"]["candidates"] if one["name"]),
                    )


def changed_by(alias: Alias, lines: Iterator[WaitingLine]) -> Iterator[WaitingLine]:
    """Those of the waiting rows that the alias would fill if it were in force."""
    return (line for line in lines if alias_key(line.printed) == alias.key and fits(alias, line.category))
