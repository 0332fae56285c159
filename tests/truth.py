"""The drawn sample papers and their truth, and how what was read is held against it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures"
TRUTH: list[dict[str, Any]] = [
    json.loads(line) for line in (FIXTURES / "truth.jsonl").read_text("utf-8").splitlines()
]
PAPERS = [row for row in TRUTH if "error" not in row]
EXPECTED: dict[str, Any] = json.loads((FIXTURES / "expected_summary.json").read_text("utf-8"))
LINE_PARTS = ("name", "specification", "unit", "quantity", "unit_price", "amount")

Documents = Sequence[dict[str, Any]]


def found(documents: Documents, paper: dict[str, Any]) -> dict[str, Any] | None:
    """The document read from where the paper stands."""
    stands = paper["source"]
    for document in documents:
        source = document["source"]
        if source["file"] == stands["file"] and stands["pages"][0] in source["pages"]:
            return document
    return None


def wrong_papers(documents: Documents) -> list[tuple[Any, ...]]:
    """The papers whose type or pages were told otherwise."""
    wrong = []
    for paper in PAPERS:
        file, pages = paper["source"]["file"], paper["source"]["pages"]
        document = found(documents, paper)
        read = document and (document["document_type"], document["source"]["pages"])
        if read != (paper["document_type"], pages):
            wrong.append((file, pages, read))
    return wrong


def compared(documents: Documents) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """(place, true value, field as read) for every field of the truth."""
    absent: dict[str, Any] = {"value": None, "status": "missing"}
    for paper in PAPERS:
        document, source = found(documents, paper), paper["source"]
        for name, true in paper["fields"].items():
            field = document["fields"].get(name, absent) if document else absent
            yield f"{source['file']} p{source['pages'][0]} {name}", true["value"], field


def accepted_and_wrong(documents: Documents) -> list[tuple[str, str, str | None]]:
    """Fields that went through unseen with another value than the true one."""
    return [
        (place, field["value"], true)
        for place, true, field in compared(documents)
        if field["status"] == "accepted" and field["value"] != true
    ]


def wrong_rows(documents: Documents) -> tuple[list[tuple[Any, ...]], int]:
    """Charged rows missed or made up, and how many there are in truth."""
    wrong: list[tuple[Any, ...]] = []
    total = 0
    for paper in PAPERS:
        document, file = found(documents, paper), paper["source"]["file"]
        read = Counter(_values(line) for line in document["line_items"]) if document else Counter()
        true = Counter(_values(line) for line in paper["line_items"])
        total += true.total()
        wrong += [(file, "missed", line) for line in (true - read).elements()]
        wrong += [(file, "read beside", line) for line in (read - true).elements()]
    return wrong, total


def _values(line: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(line.get(name, {}).get("value") for name in LINE_PARTS)
