"""Messages that must reach somebody outside, written in the transaction that makes them necessary.

A message is kept before it is sent and answered once: whoever dies in between, the message is sent again
under the same id, and the other side knows it by that id. So a claim is handed over exactly once in effect.

    waiting → begun → answered        begun: sent at least once, no answer known
    waiting → cancelled               taken back before it was ever sent
    begun → parked                    hours of trying did not help: a person is told
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, func, insert, select, update

from pipeline.life import HandOff
from pipeline.store.tables import amendments, claims, events, outbox, submissions, webhooks

MessageKind: TypeAlias = Literal["hand_over", "amendment", "webhook"]
ENGINE = "engine"
"""The target of messages for the reimbursement engine."""

_HAND_OFF: dict[str, HandOff] = {
    "waiting": "waiting",
    "begun": "begun",
    "parked": "begun",
    "answered": "answered",
    "cancelled": "none",
}


def hand_off_of(connection: Connection, claim_id: str) -> HandOff:
    """Where the latest message about a claim for the engine is."""
    state = connection.execute(
        select(outbox.c.state)
        .where(outbox.c.claim_id == claim_id, outbox.c.target == ENGINE)
        .order_by(outbox.c.id.desc())
        .limit(1)
    ).scalar()
    return "none" if state is None else _HAND_OFF[state]


def enqueue_hand_over(connection: Connection, claim_id: str, now: datetime) -> str:
    """Write the message that hands the claim over as it stands, an amendment where one is open; its id."""
    claim = connection.execute(
        select(claims.c.record, claims.c.amendment, claims.c.revision).where(claims.c.id == claim_id)
    ).one()
    sent = connection.execute(
        select(func.count()).where(outbox.c.claim_id == claim_id, outbox.c.target == ENGINE)
    ).scalar_one()
    message_id = f"{claim_id}/{sent + 1}"
    amendment = None
    if claim.amendment:
        row = connection.execute(
            select(amendments).where(
                amendments.c.claim_id == claim_id, amendments.c.number == claim.amendment
            )
        ).one()
        amendment = {"number": row.number, "kind": row.kind, "reason": row.reason}
    kind: MessageKind = "amendment" if amendment else "hand_over"
    payload = {
        "schema_version": "1",
        "message_id": message_id,
        "kind": kind,
        "revision": claim.revision,
        "amendment": amendment,
        # What was entered is accepted, whatever the machine thought of it before people looked.
        "claim": {**json.loads(claim.record), "status": "accepted"},
    }
    _put(connection, kind, claim_id, ENGINE, message_id, payload, now)
    return message_id


def cancel_waiting(connection: Connection, claim_id: str) -> None:
    """Take back the message that was never sent."""
    connection.execute(
        update(outbox)
        .where(outbox.c.claim_id == claim_id, outbox.c.target == ENGINE, outbox.c.state == "waiting")
        .values(state="cancelled")
    )


def enqueue_webhooks(connection: Connection, event_id: int, now: datetime) -> None:
    """Write a message about an event for every webhook that wants it: keys and states, no personal data."""
    event = connection.execute(
        select(events, claims.c.reference)
        .join(claims, claims.c.id == events.c.claim_id)
        .where(events.c.id == event_id)
    ).one()
    name = f"claim.{event.event}"
    for hook in _that_want(connection, name):
        data = {
            "claim_id": event.claim_id,
            "reference": event.reference,
            "event": event.event,
            "from_state": event.from_state,
            "state": event.to_state,
        }
        payload = {"type": name, "timestamp": event.at.isoformat(), "data": data}
        _put(connection, "webhook", event.claim_id, hook, f"evt-{event_id}-{hook}", payload, now)


def enqueue_upload_webhooks(
    connection: Connection,
    submission_id: str,
    became: Literal["read", "failed"],
    now: datetime,
    claim_ids: Sequence[str] = (),
    unreadable: int = 0,
) -> None:
    """Write a message about what became of an upload for every webhook that wants it: keys alone.

    Args:
        connection: Of a transaction that writes.
        submission_id: The upload.
        became: What.
        now: When.
        claim_ids: The claims that its papers made or belong to.
        unreadable: How many of its files and pages could not be read.
    """
    name = f"upload.{became}"
    hooks = list(_that_want(connection, name))
    if not hooks:
        return
    reference = connection.execute(
        select(submissions.c.reference).where(submissions.c.id == submission_id)
    ).scalar()
    data = {
        "submission_id": submission_id,
        "reference": reference,
        "state": became,
        "claim_ids": list(claim_ids),
        "unreadable": unreadable,
    }
    payload = {"type": name, "timestamp": now.isoformat(), "data": data}
    for hook in hooks:
        # What failed may be sent again, so its id alone would not do.
        message_id = f"upload-{submission_id}-{int(now.timestamp() * 1000)}-{hook}"
        _put(connection, "webhook", None, hook, message_id, payload, now)


def _that_want(connection: Connection, name: str) -> Iterator[str]:
    """The ids of the webhooks that want messages of this type."""
    for hook in connection.execute(select(webhooks).where(webhooks.c.disabled_at.is_(None))).all():
        wanted = json.loads(hook.events)
        if not wanted or name in wanted:
            yield hook.id


def _put(
    connection: Connection,
    kind: MessageKind,
    claim_id: str | None,
    target: str,
    message_id: str,
    payload: object,
    now: datetime,
) -> None:
    connection.execute(
        insert(outbox).values(
            kind=kind,
            claim_id=claim_id,
            target=target,
            message_id=message_id,
            payload=json.dumps(payload, ensure_ascii=False),
            state="waiting",
            created_at=now,
            due_at=now,
        )
    )
