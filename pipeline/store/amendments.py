"""Amendments: what was handed over is wrong, lacks something, or is taken back; numbered, not silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from pipeline.errors import StepRefused
from pipeline.life import AMENDMENT_KINDS, Actor, AmendmentKind
from pipeline.store.lives import take_step
from pipeline.store.tables import amendments, claims


def amend(
    connection: Connection,
    claim_id: str,
    kind: AmendmentKind,
    actor: Actor,
    now: datetime,
    reason: str,
    seen_version: int | None = None,
) -> int:
    """Open an amendment of a claim that was handed over; its number.

    The claim is then reviewed, entered and handed over again like any other; the message says what it amends.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        kind: What is wrong.
        actor: Who opens it.
        now: When.
        reason: In words, for people and for the engine.
        seen_version: The version that the actor saw; another one refuses.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If the claim was not handed over, the actor may not, the kind is none or the reason is
            wanting.
    """
    if kind not in AMENDMENT_KINDS:
        raise StepRefused(
            f"{kind!r}: 没有这种更正，应为 {'、'.join(AMENDMENT_KINDS)} / no such kind; one of these"
        )
    take_step(connection, claim_id, "amend", actor, now, reason, seen_version)
    claim = connection.execute(
        select(claims.c.amendment, claims.c.revision).where(claims.c.id == claim_id)
    ).one()
    number: int = claim.amendment + 1
    connection.execute(
        insert(amendments).values(
            claim_id=claim_id,
            number=number,
            kind=kind,
            of_revision=claim.revision,
            opened_at=now,
            opened_by=actor.name,
            reason=reason,
        )
    )
    connection.execute(update(claims).where(claims.c.id == claim_id).values(amendment=number))
    return number
