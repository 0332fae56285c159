"""Which values of a claim a second person is asked about, drawn when it comes to the second review (复审).

All that a person said before, and a sample of what the machine accepted and nobody saw: if only answered
values were asked about, everybody would know which they are. The sample is drawn by the claim's id and the
place alone, so it is the same whenever it is drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from pipeline.agreement import said
from pipeline.field_kinds import kind_of
from pipeline.field_values import parse_value
from pipeline.store.probes import Probe, ask_again, keep_probes, probes_of
from pipeline.store.tables import claim_papers, papers

SAMPLED: Final = 4
"""Values that nobody has seen, among those that a second person is asked about. An outpatient claim has some
60 values and people answer two to four of them: so every other question tells nothing of what the first
person did."""

TABLES: Final = ("line_items", "category_totals")


@dataclass(frozen=True, slots=True)
class _Standing:
    """A value as it stands on a paper."""

    document_id: str
    path: str
    kind: str
    confidence: float
    says: str
    is_persons: bool
    is_accepted: bool


def ask_second(connection: Connection, claim_id: str, now: datetime) -> None:
    """Ask a second person about a claim; what was settled before and still stands is not asked again.

    Args:
        connection: Of the transaction in which the claim comes to its second review.
        claim_id: The claim.
        now: When.
    """
    standing = list(_standing(connection, claim_id))
    unseen = [one for one in standing if one.is_accepted and not one.is_persons]
    sample = sorted(unseen, key=lambda one: _drawn(claim_id, one))[:SAMPLED]
    asked = [*(one for one in standing if one.is_persons), *sample]
    known = {one.place: one for one in probes_of(connection, claim_id, "second")}
    for one in asked:
        before = known.get((one.document_id, one.path))
        if before is not None and before.answer != one.says:
            ask_again(connection, before.id, one.says, now)
    keep_probes(
        connection,
        [
            Probe(0, claim_id, one.document_id, one.path, "second", one.kind, one.confidence, one.says, now)
            for one in asked
        ],
    )


def _drawn(claim_id: str, one: _Standing) -> bytes:
    return hashlib.sha256(f"second look {claim_id} {one.document_id} {one.path}".encode()).digest()


def _standing(connection: Connection, claim_id: str) -> Iterator[_Standing]:
    """All values of the papers of a claim that count in it."""
    query = (
        select(papers.c.document_id, papers.c.record)
        .join(claim_papers, claim_papers.c.document_id == papers.c.document_id)
        .where(claim_papers.c.claim_id == claim_id)
        .order_by(claim_papers.c.ordinal)
    )
    for document_id, text in connection.execute(query):
        record: dict[str, Any] = json.loads(text)
        if record.get("rendition_of"):
            continue
        for path, field in _fields(record):
            found = _value(document_id, path, field)
            if found is not None:
                yield found


def _fields(record: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, field in record.get("fields", {}).items():
        yield f"fields.{name}", field
    for table in TABLES:
        for number, row in enumerate(record.get(table, ())):
            for part, cell in row.items():
                if isinstance(cell, dict) and "source" in cell:
                    yield f"{table}[{number}].{part}", cell


def _value(document_id: str, path: str, field: Mapping[str, Any]) -> _Standing | None:
    """The value as it stands; None where there is nothing to ask about."""
    is_persons, text = field["source"] == "reviewer", field["value"]
    if text is None and not is_persons:
        return None
    answer = "value" if text is not None else "not_present" if field["status"] == "missing" else "illegible"
    return _Standing(
        document_id,
        path,
        kind_of(path, None if text is None else parse_value(path.rpartition(".")[2], text)),
        field["confidence"],
        said(path, answer, text or ""),
        is_persons,
        field["status"] == "accepted",
    )
