"""Small papers and documents to hold against each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def field(value: str | None, confidence: float = 0.99, status: str = "accepted", **more: Any) -> Row:
    return {
        "value": value,
        "raw": value,
        "confidence": confidence,
        "status": status,
        "page": 1,
        "box": [0.1, 0.1, 0.3, 0.12],
        "source": "ocr",
        "candidates": [],
        "witnesses": [],
    } | more


MISSING = field(None, 0.0, "missing", raw=None, box=None, page=None)


def line(name: str | None, amount: str | None, quantity: str | None = None, status: str = "accepted") -> Row:
    parts = {"name": name, "quantity": quantity, "amount": amount}
    return {"page": 1} | {
        part: MISSING if value is None else field(value, status=status) for part, value in parts.items()
    }


def document(
    file: str = "a.jpg",
    pages: Sequence[int] = (1,),
    fields: Mapping[str, Row] | None = None,
    lines: Sequence[Row] = (),
    **more: Any,
) -> Row:
    region = more.pop("region", None)
    return {
        "schema_version": "1",
        "document_id": f"{file}-{pages[0]}",
        "source": {"file": file, "sha256": "0" * 64, "pages": list(pages), "region": region},
        "document_type": "outpatient_invoice",
        "subtype": "e_bill",
        "type_confidence": 0.99,
        "fields": dict(fields or {}),
        "line_items": list(lines),
        "category_totals": [],
        "checks": [],
        "status": "accepted",
    } | more


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
