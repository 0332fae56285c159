"""Claims that must be settled soon, and those that should have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, select

from pipeline.life import STATES, State
from pipeline.store.tables import claims

NOT_WITH_US: frozenset[State] = frozenset({"returned", "rejected", "withdrawn", "settled", "paid"})
"""States in which the office's time does not run: it is the applicant's turn, or there is nothing to do."""

# Named one by one, so that the many claims that are done are not walked over.
_WITH_US = tuple(state for state in STATES if state not in NOT_WITH_US)

AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Due:
    """A claim and the day by which it must be settled."""

    claim_id: str
    state: State
    settle_by: date
    standing: Literal["soon", "overdue"]
    assigned_to: str | None


def due(connection: Connection, today: date, soon: date, limit: int = AT_MOST) -> list[Due]:
    """The claims that are overdue or due soon, the most urgent first.

    An amendment of what was settled in time has no deadline of its own.

    Args:
        connection: Of a transaction.
        today: The office's day (`pipeline.deadlines.Deadlines.day_of`).
        soon: The last day that counts as soon (`Deadlines.soon`).
        limit: Most that are given.
    """
    query = (
        select(claims.c.id, claims.c.state, claims.c.settle_by, claims.c.assigned_to)
        .where(claims.c.settle_by <= soon, claims.c.state.in_(_WITH_US), claims.c.settled_at.is_(None))
        .order_by(claims.c.settle_by, claims.c.id)
        .limit(limit)
    )
    return [
        Due(row.id, row.state, row.settle_by, "overdue" if row.settle_by < today else "soon", row.assigned_to)
        for row in connection.execute(query)
    ]
