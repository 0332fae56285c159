"""What the page of the queue shows: counts, filters, and the list with who has what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from pipeline.progress.listing import ClaimListRecord, list_record
from pipeline.review.names import blocking_rules, state_name
from pipeline.review.queue import LISTED, Asked, queue_counts, queue_page
from pipeline.review.view import Looker
from pipeline.store.database import Connection
from pipeline.store.rows import ClaimRow
from pipeline.web.service import Service


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A claim of the list; `days` are those left before its deadline, negative once it has passed."""

    claim: ClaimListRecord
    state_name: str
    days: int | None
    holder: str | None
    is_mine: bool
    postponed_until: str | None


def queue_context(
    connection: Connection, service: Service, looker: Looker, asked: Asked, after: str | None
) -> dict[str, Any]:
    """What the template `review/queue.html.j2` is filled with.

    Raises:
        QueryRefused: If the cursor is none.
    """
    found = queue_page(connection, asked, looker.actor, looker.now, after)
    counts = queue_counts(connection, looker.actor, looker.now, service.deadlines, service.due_soon_days)
    today = service.deadlines.day_of(looker.now)
    return {
        "rows": [_row(claim, service, looker, today) for claim in found.claims],
        "counts": counts,
        "asked": asked,
        "asks": asked != Asked(),
        "more": None if found.after is None else f"?{urlencode({**_query(asked), 'after': found.after})}",
        "is_first": after is None,
        "due_soon_days": service.due_soon_days,
        "states": [(state, state_name(state, looker.language)) for state in LISTED],
        "rules": blocking_rules(),
    }


def _row(claim: ClaimRow, service: Service, looker: Looker, today: date) -> QueueRow:
    is_held = claim.lease_until is not None and looker.now < claim.lease_until
    holder = claim.lease_holder if is_held else None
    is_put_by = claim.postponed_until is not None and claim.postponed_until > looker.now
    until = claim.postponed_until.astimezone(service.deadlines.zone) if claim.postponed_until else None
    return QueueRow(
        list_record(claim, service.reader(unmasked=False)),
        state_name(claim.state, looker.language),
        None if claim.settle_by is None else (claim.settle_by - today).days,
        holder,
        looker.actor.name in (holder, claim.assigned_to),
        f"{until:%m-%d %H:%M}" if is_put_by and until is not None else None,
    )


def _query(asked: Asked) -> dict[str, str]:
    """What was asked, as the address has it."""
    told = {
        "state": asked.state or "",
        "hospital": asked.hospital,
        "office": asked.office,
        "rule": asked.rule,
        "urgent": "true" if asked.urgent else "",
        "mine": "true" if asked.mine else "",
        "postponed": "true" if asked.postponed else "",
    }
    return {name: value for name, value in told.items() if value}
