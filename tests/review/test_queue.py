"""Which claim comes next, and for whom."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from pipeline.deadlines import Deadlines
from pipeline.life import Actor
from pipeline.review.leases import hold
from pipeline.review.queue import Asked, next_claim, queue_counts, queue_page
from pipeline.store.database import Database
from pipeline.store.tables import decisions
from tests.cases import NOW, REVIEWER, SECOND, SUPERVISOR
from tests.store.stored import put_check, put_claim, put_event

LATER, EARLIER = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)


def comes(database: Database, who: Actor = REVIEWER, but_not: str | None = None) -> tuple[str, str] | None:
    with database.read() as connection:
        found = next_claim(connection, who, NOW, Deadlines(), but_not=but_not)
    return None if found is None else (found.claim_id, found.lane)


def test_mine_then_urgent_then_due_then_by_money_at_risk(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection, "C-small", risk=Decimal(1))
        put_claim(connection, "C-large", risk=Decimal(900))
        put_claim(connection, "C-late", settle_by=date(2026, 3, 1))
        put_claim(connection, "C-soon", settle_by=date(2026, 3, 9))
        put_claim(connection, "C-far", settle_by=date(2026, 6, 9), risk=Decimal(5))
        put_claim(connection, "C-urgent", urgent=True)
        put_claim(connection, "C-urgent-large", urgent=True, risk=Decimal(2))
        put_claim(connection, "C-mine", assigned_to=REVIEWER.name)
        put_claim(connection, "C-hers", assigned_to=SECOND.name, urgent=True)
    expected = [
        ("C-mine", "mine"),
        ("C-urgent-large", "urgent"),
        ("C-urgent", "urgent"),
        ("C-late", "due"),
        ("C-soon", "due"),
        ("C-large", "risk"),
        ("C-far", "risk"),
        ("C-small", "risk"),
        None,
    ]
    for one in expected:
        assert comes(database) == one
        with database.write() as connection:
            if one is not None:
                hold(connection, one[0], SUPERVISOR, NOW)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("columns", "is_offered"),
    [
        ({"lease_holder": "别人", "lease_until": LATER}, False),
        ({"lease_holder": "别人", "lease_until": EARLIER}, True),
        ({"lease_holder": REVIEWER.name, "lease_until": LATER}, True),
        ({"postponed_until": LATER}, False),
        ({"postponed_until": EARLIER}, True),
        ({"assigned_to": "别人"}, False),
        ({"state": "second_review"}, False),
        ({"state": "incomplete"}, False),
        ({"state": "entered"}, False),
    ],
)
def test_what_others_work_on_or_put_by_is_offered_to_nobody(
    database: Database, columns: dict[str, object], *, is_offered: bool
) -> None:
    with database.write() as connection:
        put_claim(connection, **columns)
    assert (comes(database) is not None) == is_offered


def test_a_second_review_goes_to_who_did_not_pass_the_first(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection, state="second_review")
        put_event(connection, "C-1", "ask_for_review", "first_review")
        passed = {"revision": 1, "stage": "first_review", "event": "pass_first", "role": "second_reviewer"}
        connection.execute(
            insert(decisions).values(claim_id="C-1", who=SECOND.name, at=LATER, reason="", **passed)
        )
    assert comes(database, SECOND) is None
    assert comes(database, Actor("另审", "second_reviewer")) == ("C-1", "risk")
    assert comes(database, REVIEWER) is None
    with database.write() as connection:  # it came back and somebody else has to pass it anew
        put_event(connection, "C-1", "send_back", "first_review", at=LATER + timedelta(hours=1))
    assert comes(database, SECOND) == ("C-1", "risk")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_next_but_the_one_at_hand_is_known_before_it_is_finished(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1", risk=Decimal(9))
        put_claim(connection, "C-2")
    assert comes(database, but_not="C-1") == ("C-2", "risk")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(), ["C-urgent", "C-plain", "C-second", "C-mine"]),
        (Asked(state="second_review"), ["C-second"]),
        (Asked(urgent=True), ["C-urgent"]),
        (Asked(mine=True), ["C-mine"]),
        (Asked(postponed=True), ["C-put-by"]),
        (Asked(hospital="样例二院"), ["C-plain"]),
        (Asked(rule="V-3.items_sum_to_total"), ["C-second"]),
    ],
)
def test_the_list_is_filtered(database: Database, asked: Asked, expected: list[str]) -> None:
    with database.write() as connection:
        put_claim(connection, "C-urgent", urgent=True)
        put_claim(connection, "C-plain", risk=Decimal(7), hospital_name="样例二院")
        put_claim(connection, "C-second", risk=Decimal(6), state="second_review")
        put_check(connection, "C-second", "V-3.items_sum_to_total")
        put_claim(connection, "C-mine", risk=Decimal(5), assigned_to=REVIEWER.name)
        put_claim(connection, "C-put-by", postponed_until=LATER)
        put_claim(connection, "C-entered", state="entered")
    with database.read() as connection:
        found = queue_page(connection, asked, REVIEWER, NOW)
        counts = queue_counts(connection, REVIEWER, NOW, Deadlines())
    assert [one.id for one in found.claims] == expected
    assert [str(one) for one in (counts.waiting, counts.urgent, counts.mine, counts.postponed)] == [
        *("4", "1", "1", "1"),
    ]
