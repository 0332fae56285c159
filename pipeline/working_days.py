"""Working days in China: weekends, public holidays and the weekends worked to make up for them.

The days are those that the General Office of the State Council announces each autumn for the next year
(国务院办公厅关于部分节假日安排的通知); the library `chinesecalendar` holds them since 2004. An office that
knows better, or earlier, adds a list of kind `holiday` with the columns `day,kind,name`, where kind is
`holiday` or `workday`; its days go before those of the library. For a year that neither knows only weekends
count, and `is_known` says so: a message then tells that the announcement is still to come.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import chinese_calendar

DAY = timedelta(days=1)
SATURDAY = 5
"""`date.weekday()` of Saturday; what is not below it is a weekend."""

LONGEST_REST = 31
"""No public holiday is so many days long; a table that marks more days in a row as holidays is wrong."""

IS_WORKED = MappingProxyType({"holiday": False, "workday": True})
"""Kinds of a marked day, and whether it is worked."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked; `marked` are days that an office has noted, and whether they are worked."""

    marked: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open on `day`.

        >>> WorkingDays().is_working_day(date(2025, 1, 26)), WorkingDays().is_working_day(date(2025, 1, 29))
        (True, False)
        """
        if day in self.marked:
            return self.marked[day]
        try:
            worked: bool = chinese_calendar.is_workday(day)
        except NotImplementedError:  # a year that is not announced yet
            return day.weekday() < SATURDAY
        return worked

    def is_known(self, day: date) -> bool:
        """Whether the holidays of that year have been announced, as far as we know."""
        try:
            chinese_calendar.is_workday(day)
        except NotImplementedError:
            return any(marked.year == day.year for marked in self.marked)
        return True

    def next_working_day(self, day: date) -> date:
        """`day` itself where it is worked, else the first day after it that is.

        >>> WorkingDays().next_working_day(date(2024, 1, 20))
        datetime.date(2024, 1, 22)

        Raises:
            ValueError: If the office's table marks a month and more as holidays.
        """
        for days in range(LONGEST_REST):
            tried = day + days * DAY
            if self.is_working_day(tried):
                return tried
        raise ValueError(
            f"{day} 起 {LONGEST_REST} 天都标为节假日，请检查节假日表"
            f" / {LONGEST_REST} days from {day} on are marked as holidays; check the list of holidays"
        )

    def add_working_days(self, start: date, count: int) -> date:
        """The working day that is `count` working days after `start`, which itself does not count.

        >>> WorkingDays().add_working_days(date(2025, 9, 30), 1)
        datetime.date(2025, 10, 9)

        Raises:
            ValueError: If `count` is negative.
        """
        if count < 0:
            raise ValueError(f"{count}: working days are counted forward")
        day = start
        for _ in range(count):
            day = self.next_working_day(day + DAY)
        return day


def read_marked_days(paths: Iterable[Path]) -> Mapping[date, bool]:
    """The days of lists of kind `holiday`, of two lists the later one's; lines with `#` are the list's head.

    Raises:
        ValueError: If a row is none: which file, which line, and why.
    """
    marked: dict[date, bool] = {}
    for path in paths:
        numbered = enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1)
        lines = [(number, line) for number, line in numbered if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        rows = csv.DictReader(line for _, line in lines)
        for (number, _), row in zip(lines[1:], rows, strict=True):
            try:
                marked[date.fromisoformat(row["day"])] = IS_WORKED[row["kind"]]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{path.name} 第 {number} 行应为 day,kind(holiday 或 workday),name"
                    f" / line {number} is not day,kind(holiday or workday),name: {error}"
                ) from error
    return MappingProxyType(marked)
