"""A claim on somebody's desk: while one person has it, nobody else changes it.

Whoever opens a claim takes it, and all that they do prolongs that; `IDLE` after the last of it the claim is
anybody's again. A supervisor may take it over, which is noted. Whoever has it sees the persons of it, so
each taking is written down as a disclosure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.deadlines import CHINA
from pipeline.errors import HeldByAnother, StepRefused
from pipeline.life import EDITABLE, STATE_NAMES, Actor
from pipeline.review.masking import note_opened
from pipeline.store.at_desk import Desk, desk_of, put_lease
from pipeline.store.database import Connection
from pipeline.store.lives import note_event, standing_of

IDLE = timedelta(minutes=15)
"""So long a claim stays with somebody who does nothing: a call, a question across the room."""

TAKE_OVER = "take_over"
"""What is noted where a supervisor takes a claim from somebody."""


def hold(connection: Connection, claim_id: str, actor: Actor, now: datetime) -> Desk:
    """Have a claim on one's desk, or keep it there; where it lies now.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        actor: Who works on it.
        now: When.

    Raises:
        LookupError: If there is no such claim.
        HeldByAnother: If somebody else has it.
        StepRefused: If it is in nobody's review, and the actor is no supervisor.
    """
    desk = desk_of(connection, claim_id, lock=True)
    check_free(desk, claim_id, actor, now)
    _check_at_work(connection, claim_id, actor)
    if desk.holder_at(now) is None:
        note_opened(connection, actor, claim_id, now)
    put_lease(connection, claim_id, actor.name, now + IDLE)
    return desk_of(connection, claim_id)


def take_over(connection: Connection, claim_id: str, actor: Actor, now: datetime) -> Desk:
    """Take a claim from whoever has it, as a supervisor; where it lies now.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If the actor is no supervisor.
    """
    holder = desk_of(connection, claim_id, lock=True).holder_at(now)
    if holder in (None, actor.name):
        return hold(connection, claim_id, actor, now)
    if actor.role != "supervisor":
        raise StepRefused(f"{claim_id}: 只有主管可以接手 / a supervisor alone may take it over")
    note_opened(connection, actor, claim_id, now)
    put_lease(connection, claim_id, actor.name, now + IDLE)
    state = standing_of(connection, claim_id).state
    note_event(connection, claim_id, TAKE_OVER, actor, now, state, state, f"{holder} → {actor.name}")
    return desk_of(connection, claim_id)


def let_go(connection: Connection, claim_id: str, actor: Actor) -> None:
    """Put a claim back, where it is on one's own desk.

    Raises:
        LookupError: If there is no such claim.
    """
    if desk_of(connection, claim_id, lock=True).lease_holder == actor.name:
        put_lease(connection, claim_id, None, None)


def _check_at_work(connection: Connection, claim_id: str, actor: Actor) -> None:
    """Refuse what is in nobody's review; a supervisor takes it back from there.

    Raises:
        StepRefused: If nothing can be done with the claim as it stands.
    """
    state = standing_of(connection, claim_id).state
    if state not in EDITABLE and actor.role != "supervisor":
        raise StepRefused(f"{claim_id}: {STATE_NAMES[state]} ({state}) 不在复核中 / it is in nobody's review")


def check_free(desk: Desk, claim_id: str, actor: Actor, now: datetime) -> None:
    """Refuse what somebody else has.

    Raises:
        HeldByAnother: If somebody else has the claim.
    """
    holder = desk.holder_at(now)
    if holder is None or desk.lease_until is None or holder == actor.name:
        return
    until = desk.lease_until.astimezone(CHINA)
    raise HeldByAnother(
        f"{claim_id}: {holder} 正在处理，无操作则 {until:%H:%M} 释放"
        f" / {holder} has it, until {until:%H:%M} if they do nothing",
        holder,
        desk.lease_until.isoformat(),
    )
