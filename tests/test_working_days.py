"""Which days are worked, and how deadlines fall on them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.working_days import WorkingDays, read_marked_days

ANNOUNCED = WorkingDays()
KNOWN_DAYS = st.dates(date(2004, 1, 1), date(2026, 10, 1))
HEAD = "# name: 节假日\n# kind: holiday\nday,kind,name\n"


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2025, 1, 28), False),  # 除夕
        (date(2025, 1, 26), True),  # a Sunday worked to make up for it
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2025, 10, 12), False),
        (date(2025, 10, 13), True),
    ],
)
def test_holidays_rest_and_their_make_up_days_are_worked(day: date, worked: bool) -> None:
    assert ANNOUNCED.is_working_day(day) is worked


def test_a_year_that_is_not_announced_counts_weekends_and_says_so() -> None:
    assert ANNOUNCED.is_working_day(date(2099, 1, 1))
    assert not ANNOUNCED.is_working_day(date(2099, 1, 3))
    assert not ANNOUNCED.is_known(date(2099, 1, 1))
    assert ANNOUNCED.is_known(date(2025, 1, 1))


def test_the_offices_own_table_goes_before_the_announced_one(tmp_path: Path) -> None:
    table = tmp_path / "holiday.csv"
    table.write_text(HEAD + "2099-01-01,holiday,元旦\n2099-01-03,workday,\n2025-01-26,holiday,\n", "utf-8")
    own = WorkingDays(read_marked_days([table]))
    assert [own.is_working_day(date(2099, 1, day)) for day in (1, 2, 3, 4)] == [False, True, True, False]
    assert own.is_known(date(2099, 6, 1))
    assert not own.is_working_day(date(2025, 1, 26))


@pytest.mark.parametrize("row", ["2099-13-01,holiday,", "2099-01-01,holyday,", "2099-01-01"])
def test_a_row_that_is_none_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    table = tmp_path / "own.csv"
    table.write_text(f"{HEAD}2099-01-02,holiday,\n{row}\n", "utf-8")
    with pytest.raises(ValueError, match=r"own\.csv 第 5 行"):
        read_marked_days([table])


def test_thirty_and_twenty_working_days_of_settlement() -> None:
    received = date(2025, 1, 17)  # a Friday before 春节, with two Sundays and a Saturday worked
    assert ANNOUNCED.add_working_days(received, 20) == date(2025, 2, 20)
    assert ANNOUNCED.add_working_days(received, 30) == date(2025, 3, 6)


def test_days_are_counted_forward_only() -> None:
    with pytest.raises(ValueError, match="forward"):
        ANNOUNCED.add_working_days(date(2025, 1, 1), -1)


def test_a_table_of_holidays_alone_does_not_run_for_ever() -> None:
    start = date(2099, 1, 1)
    rest = WorkingDays({start + timedelta(days): False for days in range(40)})
    with pytest.raises(ValueError, match="请检查节假日表"):
        rest.next_working_day(start)


@given(KNOWN_DAYS)
def test_the_next_working_day_is_worked_and_none_is_passed_over(day: date) -> None:
    found = ANNOUNCED.next_working_day(day)
    assert ANNOUNCED.is_working_day(found)
    assert not any(ANNOUNCED.is_working_day(day + timedelta(n)) for n in range((found - day).days))


@given(KNOWN_DAYS, st.integers(0, 40))
def test_so_many_working_days_lie_between(day: date, count: int) -> None:
    end = ANNOUNCED.add_working_days(day, count)
    worked = sum(ANNOUNCED.is_working_day(day + timedelta(n)) for n in range(1, (end - day).days + 1))
    assert worked == count
