"""Which claims are due soon and overdue, and from when on nobody waits any more."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from pipeline.deadlines import Deadlines
from pipeline.store.database import Database
from pipeline.store.due import due
from pipeline.store.tables import claims
from tests.cases import NOW, put, whole

SETTLE_BY = date(2026, 4, 14)
"""Of a whole claim that came at `NOW`."""


def days(database: Database, today: date, soon: int = 5) -> list[tuple[str, str]]:
    with database.read() as connection:
        found = due(connection, today, Deadlines().soon(today, soon))
    return [(one.claim_id, one.standing) for one in found]


def test_a_claim_is_due_soon_five_working_days_before_and_overdue_after_its_day(database: Database) -> None:
    key = put(database, *whole())
    assert days(database, date(2026, 4, 6)) == []
    assert days(database, date(2026, 4, 7)) == [(key, "soon")]
    assert days(database, SETTLE_BY) == [(key, "soon")]
    assert days(database, date(2026, 4, 15)) == [(key, "overdue")]


@pytest.mark.parametrize("state", ["settled", "paid", "rejected", "withdrawn", "returned"])
def test_nobody_waits_for_the_office_where_it_is_not_its_turn(database: Database, state: str) -> None:
    put(database, *whole())
    with database.write() as connection:
        connection.execute(update(claims).values(state=state))
    assert days(database, SETTLE_BY) == []


def test_what_lacks_materials_and_what_was_settled_before_is_not_due(database: Database) -> None:
    put(database, whole()[0])
    assert days(database, date(2027, 1, 4)) == []
    put(database, *whole())
    with database.write() as connection:
        connection.execute(update(claims).values(state="first_review", settled_at=NOW))
    assert days(database, date(2027, 1, 4)) == []
