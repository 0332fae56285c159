"""Batches of claims that go out in one file (报盘): which message is in which, and how far each batch is.

    gathered → closed → written → answered

A message is put into the open batch of its office in one transaction, and into no other ever after. A batch
is closed before its file is made: then the file can be made again, to the byte, however often its writer
dies, and no claim ever stands in two files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pipeline.store.tables import claims, hand_off_batches, outbox

NO_OFFICE = "未指定单位"
"""Claims of which nobody said who entered them go together."""


@dataclass(frozen=True, slots=True)
class BatchedMessage:
    """A message as it stands in its batch; `payload` is what the outbox holds."""

    message_id: str
    claim_id: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClosedBatch:
    """A batch to which nothing is added any more, its messages in the order in which they came."""

    id: str
    office: str
    made_at: datetime
    messages: tuple[BatchedMessage, ...]


def put_in_batch(connection: Connection, message_id: str, now: datetime) -> str:
    """Put a message into the open batch of its claim's office, once; the batch's id.

    Raises:
        LookupError: If there is no such message.
    """
    found = connection.execute(
        select(outbox.c.batch_id, claims.c.office, claims.c.declared)
        .join(claims, claims.c.id == outbox.c.claim_id)
        .where(outbox.c.message_id == message_id)
        .with_for_update(of=outbox)
    ).first()
    if found is None:
        raise LookupError(f"no message {message_id!r}")
    if found.batch_id is not None:
        return str(found.batch_id)
    batch_id = _open_batch(connection, found.office or NO_OFFICE, now)
    connection.execute(update(outbox).where(outbox.c.message_id == message_id).values(batch_id=batch_id))
    connection.execute(
        update(hand_off_batches)
        .where(hand_off_batches.c.id == batch_id)
        .values(
            claims=hand_off_batches.c.claims + 1,
            amount=hand_off_batches.c.amount + (found.declared or Decimal(0)),
        )
    )
    return batch_id


def _open_batch(connection: Connection, office: str, now: datetime) -> str:
    """The batch of the office that still takes claims, begun where there is none."""
    batch_id = connection.execute(
        select(hand_off_batches.c.id)
        .where(hand_off_batches.c.office == office, hand_off_batches.c.state == "gathered")
        .with_for_update()
    ).scalar()
    if batch_id is not None:
        return str(batch_id)
    count = connection.execute(select(func.count()).select_from(hand_off_batches)).scalar_one()
    batch_id = f"B{count + 1:06d}"
    connection.execute(
        insert(hand_off_batches).values(
            id=batch_id, office=office, made_at=now, claims=0, amount=Decimal(0), state="gathered"
        )
    )
    return batch_id


def close_batches(connection: Connection) -> None:
    """Close every batch that has claims: what comes later goes into another one."""
    connection.execute(
        update(hand_off_batches)
        .where(hand_off_batches.c.state == "gathered", hand_off_batches.c.claims > 0)
        .values(state="closed")
    )


def unwritten(connection: Connection) -> list[str]:
    """The closed batches whose file is not known to be written."""
    return list(
        connection.execute(
            select(hand_off_batches.c.id)
            .where(hand_off_batches.c.state == "closed")
            .order_by(hand_off_batches.c.id)
        ).scalars()
    )


def closed_batch(connection: Connection, batch_id: str) -> ClosedBatch:
    """A batch with its messages.

    Raises:
        LookupError: If there is no such batch.
    """
    head = connection.execute(select(hand_off_batches).where(hand_off_batches.c.id == batch_id)).first()
    if head is None:
        raise LookupError(f"no batch {batch_id!r}")
    rows = connection.execute(
        select(outbox.c.message_id, outbox.c.claim_id, outbox.c.kind, outbox.c.payload)
        .where(outbox.c.batch_id == batch_id)
        .order_by(outbox.c.id)
    )
    messages = tuple(
        BatchedMessage(row.message_id, row.claim_id, row.kind, json.loads(row.payload)) for row in rows
    )
    return ClosedBatch(batch_id, head.office, head.made_at, messages)


def note_written(connection: Connection, batch_id: str, file_name: str, sha256: str) -> None:
    """Note that the batch lies in a file of that name and hash."""
    connection.execute(
        update(hand_off_batches)
        .where(hand_off_batches.c.id == batch_id)
        .values(state="written", file_name=file_name, sha256=sha256)
    )


def note_answered(connection: Connection, now: datetime) -> None:
    """Note which written batches have an answer to every message."""
    open_ones = (
        select(outbox.c.batch_id)
        .where(outbox.c.batch_id.is_not(None), outbox.c.state.in_(("waiting", "begun", "parked")))
        .distinct()
    )
    connection.execute(
        update(hand_off_batches)
        .where(hand_off_batches.c.state == "written", hand_off_batches.c.id.not_in(open_ones))
        .values(state="answered", answered_at=now)
    )


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message in a written file that nobody has answered yet; what its claim declared, yuan."""

    claim_id: str
    declared: Decimal | None


def awaited(connection: Connection) -> dict[str, Awaited]:
    """The messages in written files that wait for their answers, by id."""
    rows = connection.execute(
        select(outbox.c.message_id, outbox.c.claim_id, claims.c.declared)
        .join(hand_off_batches, hand_off_batches.c.id == outbox.c.batch_id)
        .join(claims, claims.c.id == outbox.c.claim_id)
        .where(outbox.c.state.in_(("begun", "parked")), hand_off_batches.c.state == "written")
    )
    return {row.message_id: Awaited(row.claim_id, row.declared) for row in rows}
