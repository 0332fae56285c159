"""The outbox as senders see it: what is due, who has it, and what became of a try.

A message is claimed under a lease, marked begun and committed *before* it is sent. Whoever dies after that
leaves a message that is due again when the lease ends; it goes out under the same id, by which the other side
knows it. Rows of claims are locked before rows of the outbox, here as in `pipeline.store.lives`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from pipeline.store.tables import claims, outbox

Audience: TypeAlias = Literal["engine", "webhooks"]

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a message in a batch file is due: its answer comes with the file that answers the batch."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is due, or was claimed for sending.

    Attributes:
        message_id: The idempotency key.
        claim_id: The claim it speaks of.
        kind: hand_over, amendment or webhook.
        target: The engine, or a webhook's id.
        state: waiting (never sent) or begun.
        text: What is sent, to the byte in UTF-8.
        attempts: Tries in a row without an answer, this one not yet counted when it is merely due.
        trying_since: The first of them.
        created_at: When it was written.
        answer: What the other side said last, where it said `pending`.
    """

    message_id: str
    claim_id: str
    kind: str
    target: str
    state: str
    text: str
    attempts: int
    trying_since: datetime | None
    created_at: datetime
    answer: str | None


@dataclass(frozen=True, slots=True)
class Parked:
    """A message that a person must look at."""

    message_id: str
    claim_id: str
    target: str
    attempts: int
    created_at: datetime
    error: str


def next_due(connection: Connection, audience: Audience, now: datetime) -> Outgoing | None:
    """A message that is due and that nobody else has, kept from others until the transaction ends.

    Of those that were begun, and then of those that wait, the one that has been due longest.

    Args:
        connection: Of a transaction that writes.
        audience: Whose messages.
        now: The present moment.
    """
    due = and_(
        outbox.c.state.in_(("waiting", "begun")),
        outbox.c.due_at <= now,
        or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now),
        _of(audience),
    )
    # The order of the index: with 50,000 messages waiting, sorting them by time took 140 ms, this 3 ms.
    in_turn = (outbox.c.kind, outbox.c.state, outbox.c.due_at, outbox.c.id)
    first = select(outbox.c.id).where(due).order_by(*in_turn).limit(1)
    # SQLite knows no locks of rows and needs none: a transaction that writes is alone there.
    if audience == "engine":
        locked = first.join(claims, claims.c.id == outbox.c.claim_id)
        locked = locked.with_for_update(of=claims, skip_locked=True)
    else:
        locked = first.with_for_update(skip_locked=True)
    while (number := connection.execute(locked).scalar()) is not None:
        # Looked at again: another sender may have had it between our look and our lock.
        row = connection.execute(select(outbox).where(outbox.c.id == number, due)).first()
        if row is not None:
            return _outgoing(row)
    return None


def begin(connection: Connection, message_id: str, now: datetime, lease_until: datetime) -> Outgoing:
    """Mark a due message as begun, for us until the lease ends; the message as it now is."""
    row = connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id)
        .values(
            state="begun",
            attempts=outbox.c.attempts + 1,
            trying_since=func.coalesce(outbox.c.trying_since, now),
            lease_until=lease_until,
        )
        .returning(outbox)
    ).one()
    return _outgoing(row)


def put_off(connection: Connection, message_id: str, due_at: datetime, error: str) -> None:
    """Nobody answered: try again at `due_at`."""
    _change(connection, message_id, due_at=due_at, lease_until=None, error=error)


def put_off_target(connection: Connection, target: str, now: datetime, due_at: datetime) -> None:
    """Whoever did not take one message is left alone with the others too: none of them before `due_at`."""
    connection.execute(
        update(outbox)
        .where(
            outbox.c.target == target,
            outbox.c.state.in_(("waiting", "begun")),
            outbox.c.due_at <= now,
            or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now),
        )
        .values(due_at=due_at)
    )


def note_pending(connection: Connection, message_id: str, answer: str, due_at: datetime) -> None:
    """The other side will answer later: ask at `due_at`, or never where it lies in a batch file."""
    batch_id = connection.execute(select(outbox.c.batch_id).where(outbox.c.message_id == message_id)).scalar()
    _change(
        connection,
        message_id,
        due_at=due_at if batch_id is None else NEVER,
        lease_until=None,
        attempts=0,
        trying_since=None,
        answer=answer,
        error=None,
    )


def park(connection: Connection, message_id: str, error: str) -> bool:
    """Send it no more until a person says so; whether it was on its way at all."""
    return _change(connection, message_id, state="parked", lease_until=None, error=error)


def note_answered(connection: Connection, message_id: str, answer: str, now: datetime) -> None:
    """The other side has taken or refused it: it is never sent again."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id)
        .values(state="answered", answered_at=now, answer=answer, lease_until=None, error=None)
    )


def revive(connection: Connection, now: datetime, audience: Audience, message_id: str | None = None) -> int:
    """Send parked messages again from now on, all of them or one; how many.

    A message that is named is sent now even where it waits for its next try.
    """
    states = ("parked",) if message_id is None else ("parked", "begun")
    which = [_of(audience), outbox.c.state.in_(states)]
    if message_id is not None:
        which.append(outbox.c.message_id == message_id)
    return connection.execute(
        update(outbox)
        .where(*which)
        .values(state="begun", due_at=now, attempts=0, trying_since=None, lease_until=None)
    ).rowcount


def revive_of_target(connection: Connection, now: datetime, target: str) -> int:
    """Send all parked messages for one webhook again; how many."""
    return connection.execute(
        update(outbox)
        .where(outbox.c.target == target, outbox.c.state == "parked")
        .values(state="begun", due_at=now, attempts=0, trying_since=None, lease_until=None)
    ).rowcount


def parked(connection: Connection, audience: Audience, limit: int) -> Sequence[Parked]:
    """Messages that a person must look at, the oldest first, no more than `limit`."""
    rows = connection.execute(
        select(
            outbox.c.message_id,
            outbox.c.claim_id,
            outbox.c.target,
            outbox.c.attempts,
            outbox.c.created_at,
            func.coalesce(outbox.c.error, "").label("error"),
        )
        .where(_of(audience), outbox.c.state == "parked")
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
    )
    return [Parked(**row) for row in rows.mappings()]


def _change(connection: Connection, message_id: str, **values: Any) -> bool:
    """Change a message that is on its way: what was answered meanwhile stays answered."""
    changed = connection.execute(
        update(outbox).where(outbox.c.message_id == message_id, outbox.c.state == "begun").values(**values)
    )
    return changed.rowcount == 1


def _of(audience: Audience) -> ColumnElement[bool]:
    return outbox.c.kind.in_(("amendment", "hand_over") if audience == "engine" else ("webhook",))


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(
        *(row.message_id, row.claim_id, row.kind, row.target, row.state, row.payload),
        *(row.attempts, row.trying_since, row.created_at, row.answer),
    )
