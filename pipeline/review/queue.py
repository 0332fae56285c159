"""What waits for people: the next claim for somebody, and the list that they choose from.

Second reviews are offered to those who may take them, and never to whoever passed the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from pipeline.deadlines import Deadlines
from pipeline.life import Actor, Role, State
from pipeline.progress.asking import SOON_WORKING_DAYS
from pipeline.store.asked import ClaimFilter
from pipeline.store.database import Connection
from pipeline.store.queries import Count, Page, count, list_claims
from pipeline.store.review_queue import Offer, Seeker, first_free

WORKS_ON: Mapping[Role, tuple[State, ...]] = MappingProxyType(
    {
        "reviewer": ("first_review",),
        "second_reviewer": ("second_review", "first_review"),
        "supervisor": ("first_review", "second_review"),
    }
)
"""What claims are offered to somebody of a role."""

LISTED: tuple[State, ...] = ("first_review", "second_review", "incomplete")
"""What the list of the queue shows."""

ROWS = 50
"""Claims of one page of the list: two screens full."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the queue somebody wants to see; what is left out asks nothing."""

    state: State | None = None
    hospital: str = ""
    office: str = ""
    rule: str = ""
    urgent: bool = False
    mine: bool = False
    postponed: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits, all in all and in the lanes."""

    waiting: Count
    urgent: Count
    due: Count
    mine: Count
    postponed: Count


def next_claim(
    connection: Connection,
    actor: Actor,
    now: datetime,
    deadlines: Deadlines,
    *,
    due_soon_days: int = SOON_WORKING_DAYS,
    but_not: str | None = None,
) -> Offer | None:
    """The claim that comes next for somebody: what was sent to them, then urgent, then due, then by risk.

    Args:
        connection: Of any transaction.
        actor: Who asks.
        now: When.
        deadlines: The office's clock and calendar.
        due_soon_days: Working days that are soon.
        but_not: The claim that is just being finished.
    """
    states = WORKS_ON.get(actor.role, ())
    if not states:
        return None
    seeker = Seeker(actor.name, states, now, deadlines.soon(deadlines.day_of(now), due_soon_days))
    return first_free(connection, seeker, (but_not,) if but_not is not None else ())


def queue_page(
    connection: Connection, asked: Asked, actor: Actor, now: datetime, after: str | None = None
) -> Page:
    """One page of the list, the most urgent and the most money at risk first.

    Raises:
        QueryRefused: If the cursor is none.
    """
    return list_claims(connection, _filter(asked, actor, now), "risk", ROWS, after)


def queue_counts(
    connection: Connection,
    actor: Actor,
    now: datetime,
    deadlines: Deadlines,
    due_soon_days: int = SOON_WORKING_DAYS,
) -> Counts:
    """How much waits for a role, as far as it is counted; what is put by or held by somebody too."""
    states = WORKS_ON.get(actor.role, LISTED)
    soon = deadlines.soon(deadlines.day_of(now), due_soon_days) + timedelta(days=1)
    return Counts(
        count(connection, ClaimFilter(states=states)),
        count(connection, ClaimFilter(states=states, urgent=True)),
        count(connection, ClaimFilter(states=states, settle_before=soon)),
        count(connection, ClaimFilter(states=states, assigned_to=actor.name)),
        count(connection, ClaimFilter(states=states, postponed_after=now)),
    )


def _filter(asked: Asked, actor: Actor, now: datetime) -> ClaimFilter:
    return ClaimFilter(
        states=(asked.state,) if asked.state is not None else LISTED,
        hospital_name=asked.hospital or None,
        office=asked.office or None,
        rule=asked.rule or None,
        assigned_to=actor.name if asked.mine else None,
        urgent=asked.urgent,
        postponed_after=now if asked.postponed else None,
        at_hand_at=None if asked.postponed else now,
    )
