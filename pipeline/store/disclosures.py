"""Who had the masked values of a person shown, of which claim, and why: written down, never taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from pipeline.life import Actor
from pipeline.store.tables import claims, disclosures


@dataclass(frozen=True, slots=True)
class Disclosure:
    """That somebody had a claim's values shown."""

    claim_id: str
    who: str
    role: str
    at: datetime
    why: str


def note_disclosure(connection: Connection, claim_id: str, actor: Actor, now: datetime, why: str) -> None:
    """Write down that somebody has a claim's values shown.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        actor: Who sees them.
        now: When.
        why: In words, for people.

    Raises:
        LookupError: If there is no such claim.
    """
    if connection.execute(select(claims.c.id).where(claims.c.id == claim_id)).first() is None:
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
    connection.execute(
        insert(disclosures).values(claim_id=claim_id, who=actor.name, role=actor.role, at=now, why=why)
    )


def last_disclosure(connection: Connection, claim_id: str, who: str) -> datetime | None:
    """When somebody last had a claim's values shown; None: never."""
    query = select(func.max(disclosures.c.at)).where(
        disclosures.c.claim_id == claim_id, disclosures.c.who == who
    )
    return connection.execute(query).scalar()


def disclosures_of(connection: Connection, claim_id: str) -> tuple[Disclosure, ...]:
    """Who saw a claim's values, the first one first."""
    query = select(disclosures).where(disclosures.c.claim_id == claim_id).order_by(disclosures.c.id)
    return tuple(
        Disclosure(row.claim_id, row.who, row.role, row.at, row.why) for row in connection.execute(query)
    )
