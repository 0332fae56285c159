"""Values that wait, or waited, for a person: one item a place on a paper of a claim.

What waits follows from the papers; an item is opened and closed with them. What a person answered stays with
the item; all answers there ever were are in `field_changes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from sqlalchemy import Connection, func, insert, select, update

from pipeline.life import SYSTEM, Actor
from pipeline.store.tables import review_items

Place: TypeAlias = tuple[str, str]
"""A document's id and the path of a value on it."""

_UNANSWERED: Mapping[str, None] = MappingProxyType({"closed_at": None, "closed_by": None, "answer": None})


def keep_items(
    connection: Connection, claim_id: str, waiting: Mapping[Place, float | None], now: datetime
) -> int:
    """Have exactly these places of a claim wait for a person; how many do.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        waiting: How sure the value is at each place; None where nothing was read.
        now: When.
    """
    known = {
        (row.document_id, row.path): row
        for row in connection.execute(select(review_items).where(review_items.c.claim_id == claim_id))
    }
    answered = [row.id for place, row in known.items() if row.state == "open" and place not in waiting]
    if answered:
        connection.execute(
            update(review_items)
            .where(review_items.c.id.in_(answered))
            .values(state="closed", closed_at=now, closed_by=SYSTEM.name, answer=None)
        )
    for place, confidence in waiting.items():
        row = known.get(place)
        if row is not None and (row.state, row.confidence) != ("open", confidence):
            opened = row.opened_at if row.state == "open" else now
            connection.execute(
                update(review_items)
                .where(review_items.c.id == row.id)
                .values(state="open", confidence=confidence, opened_at=opened, **_UNANSWERED)
            )
    new = [
        {
            "claim_id": claim_id,
            "document_id": document_id,
            "path": path,
            "state": "open",
            "confidence": confidence,
            "opened_at": now,
        }
        for (document_id, path), confidence in waiting.items()
        if (document_id, path) not in known
    ]
    if new:
        connection.execute(insert(review_items), new)
    return count_open(connection, claim_id)


def count_open(connection: Connection, claim_id: str) -> int:
    """How many values of the claim wait for a person."""
    query = select(func.count()).where(review_items.c.claim_id == claim_id, review_items.c.state == "open")
    return connection.execute(query).scalar_one()


def answer_item(
    connection: Connection, claim_id: str, place: Place, actor: Actor, now: datetime, answer: str
) -> None:
    """Note who answered an item and how; a place that never waited has none."""
    document_id, path = place
    connection.execute(
        update(review_items)
        .where(
            review_items.c.claim_id == claim_id,
            review_items.c.document_id == document_id,
            review_items.c.path == path,
        )
        .values(state="closed", closed_at=now, closed_by=actor.name, answer=answer)
    )
