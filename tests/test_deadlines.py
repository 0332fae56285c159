"""By when a claim must be settled: the office's day, its calendar, the place's working days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from pipeline.deadlines import Deadlines
from pipeline.records import ClaimRecord
from tests.builders import office_with


def claim(
    *case_types: str, treated: str | None = "2026-02-17", received_on: str | None = None
) -> ClaimRecord:
    """What of a record decides about its deadline."""
    application = {"kind": "reimbursement", **({"received_on": received_on} if received_on else {})}
    record = {
        "visit": {"kind": "outpatient", "from": treated, "to": treated},
        "case_type": case_types[0] if case_types else "",
        "case_types": list(case_types),
        "application": application,
    }
    return cast("ClaimRecord", record)


MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("types", "day"),
    [
        ((), date(2026, 4, 14)),  # 30 working days; 清明 is on 6 April
        (("inpatient",), date(2026, 4, 14)),
        (("family_planning",), date(2026, 3, 30)),  # 20 working days
        (("inpatient", "family_planning"), date(2026, 3, 30)),
    ],
)
def test_births_are_settled_in_twenty_working_days_and_all_else_in_thirty(
    types: tuple[str, ...], day: date
) -> None:
    assert Deadlines().settle_by(claim(*types), MONDAY) == day


def test_the_days_are_those_of_the_place() -> None:
    quick = office_with({"deadline": {"month": 1, "day": 20, "settled_in_working_days": 3}})
    assert Deadlines(quick).settle_by(claim(), MONDAY) == date(2026, 3, 5)
    assert Deadlines(quick).settle_by(claim(treated=None), MONDAY) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("hour", "zone", "day"),
    [
        (15, "Asia/Shanghai", date(2026, 3, 1)),
        (16, "Asia/Shanghai", date(2026, 3, 2)),  # midnight there
        (16, "UTC", date(2026, 3, 1)),
    ],
)
def test_a_day_begins_when_it_begins_where_the_office_is(hour: int, zone: str, day: date) -> None:
    moment = datetime(2026, 3, 1, hour, tzinfo=UTC)
    assert Deadlines(zone=ZoneInfo(zone)).day_of(moment) == day


def test_a_day_of_receipt_that_is_declared_counts_unless_it_lies_ahead() -> None:
    came = datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert Deadlines().accepted_on(claim(received_on="2026-02-27"), came) == date(2026, 2, 27)
    assert Deadlines().accepted_on(claim(received_on="2026-03-09"), came) == MONDAY
    assert Deadlines().accepted_on(claim(), came) == MONDAY


def test_what_is_due_soon_is_counted_in_working_days() -> None:
    assert Deadlines().soon(date(2026, 4, 3), 1) == date(2026, 4, 7)  # over a weekend and 清明
