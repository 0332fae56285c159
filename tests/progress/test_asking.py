"""Questions as people write them become filters; what is none is refused by its name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.deadlines import Deadlines
from pipeline.errors import QueryRefused
from pipeline.life import STATES
from pipeline.progress.asking import PersonalQuestion, question
from pipeline.store.due import NOT_WITH_US
from tests.store.stored import NOW

CLOCK = Deadlines()
WITH_US = tuple(state for state in STATES if state not in NOT_WITH_US)


def test_days_are_those_in_china_and_both_ends_belong() -> None:
    asked = question({"received_from": "2026-03-01", "received_to": "2026-03-02"}).claims(NOW, CLOCK)
    assert asked.received_from == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert asked.received_before == datetime(2026, 3, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "settle_from", "settle_before"),
    [
        # 2026-03-02 is a Monday; five working days later is the next one.
        ("soon", date(2026, 3, 2), date(2026, 3, 10)),
        ("overdue", None, date(2026, 3, 2)),
        ("any", None, date(2026, 3, 10)),
    ],
)
def test_what_is_due_is_told_by_the_calendar(due: str, settle_from: Any, settle_before: Any) -> None:
    asked = question({"due": due})
    wanted = asked.claims(NOW, CLOCK)
    assert (wanted.settle_from, wanted.settle_before) == (settle_from, settle_before)
    assert (wanted.states, wanted.unsettled) == (WITH_US, True)
    assert asked.ordered_by() == "settle_by"


def test_a_range_of_deadlines_narrows_what_is_due() -> None:
    wanted = question({"due": "soon", "settle_to": "2026-03-04"}).claims(NOW, CLOCK)
    assert (wanted.settle_from, wanted.settle_before) == (date(2026, 3, 2), date(2026, 3, 5))


def test_states_in_which_no_deadline_runs_are_never_due() -> None:
    with pytest.raises(QueryRefused, match="paid"):
        question({"due": "soon", "state": ["paid"]}).claims(NOW, CLOCK)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"state": ["lost"]}, "state"),
        ({"received_from": "2.3.2026"}, "received_from"),
        ({"amount_from": "-1"}, "amount_from"),
        ({"amount_to": "1.234"}, "amount_to"),
        ({"amount_to": "NaN"}, "amount_to"),
        ({"order": "name"}, "order"),
        ({"limit": 0}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"office": ""}, "office"),
    ],
)
def test_what_is_no_question_is_refused_by_its_key(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(QueryRefused, match=named):
        question(asked)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(QueryRefused, match="received"):
        question({"received_from": "2026-03-02", "received_to": "2026-02-01"}).claims(NOW, CLOCK)
    with pytest.raises(QueryRefused, match="9999"):
        question({"received_to": "9999-12-31"}).claims(NOW, CLOCK)


def test_only_a_question_in_a_body_names_persons() -> None:
    wanted = PersonalQuestion(insured_name="张小样", id_number="11010519491231002X").claims(NOW, CLOCK)
    assert (wanted.insured_name, wanted.id_number) == ("张小样", "11010519491231002X")
