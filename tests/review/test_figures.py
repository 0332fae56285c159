"""How the office works in figures: what is counted, by which day, and that days which are over are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select

from pipeline.deadlines import Deadlines
from pipeline.review.figures import Figures, figures
from pipeline.store.database import Database
from pipeline.store.tables import day_sums, events, field_changes, papers
from tests.store.stored import NOW, put_claim, put_event, put_paper
from tests.web.office_at_work import RECORD, office_at_work

DAY = timedelta(days=1)


def told(database: Database, days: int = 7) -> Figures:
    return figures(database, Deadlines(), NOW, days, seconds=60)


def entered(database: Database, claim_id: str, who: str, role: str, at: timedelta = timedelta()) -> None:
    with database.write() as connection:
        put_claim(connection, claim_id, state="entered", received_at=NOW + at)
        put_event(connection, claim_id, "enter", "entered", who=who, role=role, at=NOW + at)


def test_what_the_machine_passed_counts_as_untouched(database: Database) -> None:
    entered(database, "C-1", "baoxiao", "system")
    entered(database, "C-2", "li", "reviewer")
    today = told(database).days[-1]
    assert (today.received, today.passed, today.untouched) == (2, 2, 1)
    assert [one.name for one in told(database).groups["reviewer"]] == ["li"]


def test_a_value_that_a_person_answered_twice_is_touched_once(database: Database) -> None:
    entered(database, "C-1", "li", "reviewer")
    with database.write() as connection:
        put_paper(connection, "C-1")
        connection.execute(papers.update().values(record=RECORD))
        for path in ("fields.total_amount", "fields.total_amount", "line_items[1].amount"):
            change = {"claim_id": "C-1", "document_id": "D-1", "path": path, "who": "li", "role": "reviewer"}
            connection.execute(insert(field_changes).values(**change, at=NOW, why=""))
    shown = told(database)
    assert (shown.days[-1].values, shown.days[-1].touched) == (12, 2)
    touched = {one.name: one.touched for one in shown.groups["field"] if one.touched}
    assert touched == {"total_amount": 1, "line_items.amount": 1}


def test_a_claim_that_came_back_and_was_passed_again_counts_once_a_day(database: Database) -> None:
    entered(database, "C-1", "li", "reviewer")
    with database.write() as connection:
        put_event(connection, "C-1", "enter", "entered", who="wang", role="reviewer")
    assert told(database).passed == 1
    assert [one.name for one in told(database).groups["reviewer"]] == ["wang"]


def test_a_day_is_a_day_of_the_office(database: Database) -> None:
    """At 16:30 UTC it is the next day in Beijing already."""
    entered(
        database, "C-1", "li", "reviewer", at=timedelta(hours=-10.5)
    )  # 23:59:59 there would be 10:30 earlier
    entered(database, "C-2", "li", "reviewer", at=timedelta(hours=-10.6))
    assert [one.passed for one in told(database).days[-2:]] == [1, 1]


def test_days_that_are_over_are_summed_once(database: Database) -> None:
    entered(database, "C-1", "li", "reviewer", at=-DAY)
    first = told(database)
    with database.write() as connection:
        connection.execute(delete(events))
    assert told(database) == first
    with database.read() as connection:
        days = set(connection.execute(select(day_sums.c.day)).scalars())
    today = Deadlines().day_of(NOW)
    assert days == {today - DAY * ago for ago in range(1, 7)}  # never today, which is not over


def test_claims_that_wait_stand_in_their_class_of_age(database: Database) -> None:
    with database.write() as connection:
        for index, age in enumerate((0, 1, 2, 3, 5, 6, 10, 11, 40)):
            put_claim(connection, f"C-{index}", received_at=NOW - DAY * age)
    shown = told(database)
    assert [(one.since, one.until, one.numbers[0]) for one in shown.ages] == [
        (0, 0, 1),
        (1, 2, 2),
        (3, 5, 2),
        (6, 10, 2),
        (11, None, 2),
    ]
    assert (shown.waiting, shown.oldest_days) == (9, 40)


def test_an_empty_store_has_figures_of_nothing(database: Database) -> None:
    shown = told(database)
    assert (shown.received, shown.passed, shown.untouched, shown.minutes) == (0, 0, None, None)
    assert (shown.waiting, shown.oldest_days) == (0, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sums_of_groups_are_those_of_all(database: Database) -> None:
    with database.write() as connection:
        office_at_work(connection, NOW, days=6, a_day=20)
    shown = told(database)
    assert shown.passed > 60
    for of in ("hospital", "source"):
        assert sum(one.passed for one in shown.groups[of]) == shown.passed
        assert sum(one.touched for one in shown.groups[of]) == sum(one.touched for one in shown.days)
    assert sum(one.values for one in shown.groups["field"]) == sum(one.values for one in shown.days)
    people = sum(one.passed for one in shown.groups["reviewer"])
    assert people == shown.passed - sum(one.untouched for one in shown.days)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_day_that_is_not_summed_up_yet_is_missing_and_not_empty(database: Database) -> None:
    entered(database, "C-1", "li", "reviewer", at=-DAY)
    shown = figures(database, Deadlines(), NOW, 7, seconds=0)
    assert (len(shown.days), shown.missing) == (1, 6)
    assert (len(told(database).days), told(database).missing) == (7, 0)
