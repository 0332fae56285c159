"""Rows for tests: of every table as it is described, and claims that hold together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Table, insert

from pipeline.life import SYSTEM
from pipeline.store.backup_form import columns_of
from pipeline.store.lives import note_event
from pipeline.store.tables import (
    METADATA,
    claim_revisions,
    claims,
    pages,
    submission_files,
    submissions,
)

NOW = datetime(2025, 3, 3, 9, 30, 15, 123456, tzinfo=UTC)
TEXTS = ("王小样", "", "a\n\t\"'\\ \r\n, ;", "𠮷🏥", '{"金额": "203.65"}', "=1+1", "NULL", "\u2028")
NUMBERS = (0, 1, -1, 2**31 - 1)
REALS = (0.0, 0.1 + 0.2, 1 / 3, 1e-300, -2.5, math.pi, 1.0)
ORIGINALS = (submission_files.c.sha256, pages.c.picture)
"""Columns that name originals."""
FEN = (Decimal("0.00"), Decimal("-0.01"), Decimal("99999999999999.99"), Decimal("203.65"))


def fill_all(connection: Connection, number: int, originals: list[str]) -> None:
    """So many rows in every table, with values that are easily lost; each row names rows that are there.

    Whatever is added to the tables later is filled too.
    """
    for table in METADATA.sorted_tables:
        connection.execute(insert(table), list(_rows(table, number, originals)))


def _rows(table: Table, number: int, originals: list[str]) -> Iterator[dict[str, Any]]:
    kinds = columns_of(table)
    for n in range(number):
        row: dict[str, Any] = {}
        for place, column in enumerate(table.columns):
            if column.foreign_keys:
                row[column.name] = _key(n)
            elif column in ORIGINALS:
                row[column.name] = originals[n % len(originals)]
            elif _is_key(column):
                row[column.name] = _own_key(kinds[column.name], n)
            elif column.nullable and (n + place) % 4 == 0:
                row[column.name] = None
            else:
                row[column.name] = _value(kinds[column.name], n, place, unique=bool(column.unique))
        yield row


def _is_key(column: Column[Any]) -> bool:
    return column.primary_key or column.name == "document_id"


def _own_key(kind: str, n: int) -> Any:
    of_kind = {"number": n + 1, "bytes": _key(n).encode(), "day": date(2024, 2, 28) + timedelta(days=n)}
    return of_kind.get(kind, _key(n))


def _key(n: int) -> str:
    return f"键-{n}"


def _value(kind: str, n: int, place: int, *, unique: bool) -> Any:
    turn = n + place
    match kind:
        case "text":
            return f"{TEXTS[turn % len(TEXTS)]}{n if unique else ''}"
        case "number":
            return NUMBERS[turn % len(NUMBERS)]
        case "real":
            return REALS[turn % len(REALS)]
        case "flag":
            return bool(turn % 2)
        case "fen":
            return FEN[turn % len(FEN)]
        case "moment":
            return NOW + timedelta(days=turn, microseconds=turn)
        case "day":
            return date(2024, 2, 28) + timedelta(days=turn)
        case _:
            return bytes([n % 256, 0, 255, 10])


def add_claim(connection: Connection, claim_id: str = "C-1", original: str | None = None) -> str:
    """A claim just received, with all that belongs to one; its id."""
    sent = f"U-{claim_id}"
    connection.execute(insert(submissions).values(id=sent, source="folder", state="read", received_at=NOW))
    if original is not None:
        connection.execute(
            insert(submission_files).values(
                submission_id=sent, ordinal=0, name="票.jpg", sha256=original, size=3
            )
        )
    record = json.dumps({"claim_id": claim_id})
    connection.execute(
        insert(claims).values(
            id=claim_id,
            submission_id=sent,
            state="received",
            record=record,
            status="accepted",
            idempotency_key=claim_id,
            case_type="general_outpatient",
            visit_kind="outpatient",
            received_at=NOW,
            changed_at=NOW,
        )
    )
    connection.execute(
        insert(claim_revisions).values(
            claim_id=claim_id, revision=1, at=NOW, who="baoxiao", why="读入", record=record
        )
    )
    note_event(connection, claim_id, "received", SYSTEM, NOW, None, "received")
    return claim_id
