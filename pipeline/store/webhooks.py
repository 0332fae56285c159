"""Who is told what becomes of claims: URLs with their secrets.

The secret is kept as it is, for every message is signed with it; it is shown once, when it is made.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from pipeline.store.tables import outbox, webhooks

ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told.

    Attributes:
        id: `hook-` and random characters.
        url: Where messages go.
        secret: What they are signed with; not in `repr`.
        events: Types of messages that are wanted (`claim.settle`); none: all.
        created_at: When it was added.
        disabled_at: When it was removed.
        waiting: Messages on their way to it.
        parked: Messages that it did not take for hours.
    """

    id: str
    url: str
    secret: str
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    waiting: int = 0
    parked: int = 0

    def __repr__(self) -> str:
        return f"Webhook({self.id!r}, {self.url!r})"


def add_webhook(
    connection: Connection, url: str, secret: str, events: Sequence[str], now: datetime
) -> Webhook:
    """Tell `url` of what happens from now on."""
    hook = Webhook(f"hook-{secrets.token_hex(ID_BYTES)}", url, secret, tuple(events), now, None)
    connection.execute(
        insert(webhooks).values(
            id=hook.id, url=url, secret=secret, events=json.dumps(list(events)), created_at=now
        )
    )
    return hook


def webhook(connection: Connection, hook_id: str) -> Webhook | None:
    """The webhook of that id, removed or not."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == hook_id)).first()
    if row is None:
        return None
    return Webhook(
        row.id, row.url, row.secret, tuple(json.loads(row.events)), row.created_at, row.disabled_at
    )


def all_webhooks(connection: Connection) -> list[Webhook]:
    """The webhooks that are told, with what lies here for them, in the order in which they were added."""
    counts = {
        (row.target, row.state): row.number
        for row in connection.execute(
            select(outbox.c.target, outbox.c.state, func.count().label("number"))
            .where(outbox.c.kind == "webhook", outbox.c.state.in_(("waiting", "begun", "parked")))
            .group_by(outbox.c.target, outbox.c.state)
        )
    }
    rows = connection.execute(
        select(webhooks)
        .where(webhooks.c.disabled_at.is_(None))
        .order_by(webhooks.c.created_at, webhooks.c.id)
    )
    return [
        Webhook(
            *(row.id, row.url, row.secret, tuple(json.loads(row.events)), row.created_at, None),
            waiting=counts.get((row.id, "waiting"), 0) + counts.get((row.id, "begun"), 0),
            parked=counts.get((row.id, "parked"), 0),
        )
        for row in rows
    ]


def remove_webhook(connection: Connection, hook_id: str, now: datetime) -> bool:
    """Tell it nothing more, and take back what lies here for it; whether there was such a webhook."""
    removed = connection.execute(
        update(webhooks)
        .where(webhooks.c.id == hook_id, webhooks.c.disabled_at.is_(None))
        .values(disabled_at=now)
    ).rowcount
    connection.execute(
        update(outbox)
        .where(outbox.c.target == hook_id, outbox.c.state.in_(("waiting", "begun", "parked")))
        .values(state="cancelled")
    )
    return bool(removed)
