"""Which claim comes next for somebody who reviews, asked along indexes: a queue of a million costs the same.

Each lane is walked from its first claim on, until one is found that lies on nobody's desk, is not put by and
was sent to nobody else. What is passed over on the way are claims that others work on at this moment or that
were put by, which are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from pipeline.life import State
from pipeline.store.lives import PASSED
from pipeline.store.tables import claims, decisions, events

Lane: TypeAlias = Literal["mine", "urgent", "due", "risk"]
"""Sent to this person; urgent; to be settled soon; all others, by the money at risk."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who asks for work: which states they may work on, and of which they must not have passed the first."""

    name: str
    states: tuple[State, ...]
    now: datetime
    soon: date
    """The last day that counts as soon."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A claim that may be taken now, and the lane that it was found in."""

    claim_id: str
    lane: Lane


def first_free(connection: Connection, seeker: Seeker, but_not: Sequence[str] = ()) -> Offer | None:
    """The claim that comes next for somebody; None where there is nothing to do.

    Args:
        connection: Of any transaction.
        seeker: Who asks.
        but_not: Claims that are not wanted: the one that is just being finished.
    """
    for lane, walks in _lanes(seeker):
        found = [row for walk in walks if (row := connection.execute(_free(walk, seeker, but_not)).first())]
        if found:
            return Offer(min(found, key=lambda row: _rank(lane, row)).id, lane)
    return None


def _lanes(seeker: Seeker) -> Iterator[tuple[Lane, list[Select[Any]]]]:
    """The lanes in their order; of each one walk a state, for an index begins with the state."""
    shown = select(claims.c.id, claims.c.urgent, claims.c.risk, claims.c.settle_by)
    by_risk = (claims.c.urgent.desc(), claims.c.risk.desc(), claims.c.id.desc())
    # Not `IS NULL`: SQLite would then walk the index of persons, where nobody's are nearly all claims.
    nobodys = func.coalesce(claims.c.assigned_to, "") == ""
    in_state = [claims.c.state == state for state in seeker.states]
    # A person has few claims: they are sorted as they are, instead of walking a whole state to find them.
    state = func.coalesce(claims.c.state, "")
    mine = shown.where(claims.c.assigned_to == seeker.name, state.in_(seeker.states))
    yield "mine", [mine.order_by(*by_risk)]
    yield (
        "urgent",
        [shown.where(one, claims.c.urgent, nobodys).order_by(*by_risk) for one in in_state],
    )
    soon = (claims.c.settle_by <= seeker.soon, nobodys)
    yield "due", [shown.where(one, *soon).order_by(claims.c.settle_by, claims.c.id) for one in in_state]
    yield "risk", [shown.where(one, nobodys).order_by(*by_risk) for one in in_state]


def _free(walk: Select[Any], seeker: Seeker, but_not: Sequence[str]) -> Select[Any]:
    return walk.where(
        or_(
            claims.c.lease_until.is_(None),
            claims.c.lease_until <= seeker.now,
            claims.c.lease_holder == seeker.name,
        ),
        or_(claims.c.postponed_until.is_(None), claims.c.postponed_until <= seeker.now),
        or_(claims.c.state != "second_review", ~_passed_by(seeker.name)),
        *([claims.c.id.not_in(but_not)] if but_not else []),
    ).limit(1)


def _passed_by(name: str) -> ColumnElement[bool]:
    """That somebody passed a claim since it last came up for a first review (`pipeline.store.lives`)."""
    came_up = (
        select(func.max(events.c.at))
        .where(events.c.claim_id == claims.c.id, events.c.to_state == "first_review")
        .correlate(claims)
        .scalar_subquery()
    )
    return (
        select(decisions.c.id)
        .where(
            decisions.c.claim_id == claims.c.id,
            decisions.c.who == name,
            decisions.c.stage == "first_review",
            decisions.c.event.in_(PASSED),
            decisions.c.at >= came_up,
        )
        .correlate(claims)
        .exists()
    )


def _rank(lane: Lane, row: Any) -> tuple[Any, ...]:
    """The place of a claim among the first ones of several states."""
    if lane == "due":
        return row.settle_by, -(row.risk or Decimal(0)), row.id
    return not row.urgent, -(row.risk or Decimal(0)), row.id
