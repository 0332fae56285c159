"""How the office works, in figures by day: what comes in, who passes it or nobody, how long it takes.

A *claim* counts as untouched where the machine passed it, a *value* where no person answered it. The time of
a claim runs from the moment when a person first had it on their desk until it was passed, nights included;
of a day or a group the median is told, for a few claims that wait for papers would move every mean.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final, Literal, TypeAlias

from pipeline.deadlines import Deadlines
from pipeline.life import State
from pipeline.store.database import Connection, Database
from pipeline.store.day_sums import (
    DaySum,
    PassedClaim,
    keep_sums,
    kept_sums,
    oldest_waiting,
    passed_between,
    received_between,
    waiting_between,
)

Figure: TypeAlias = Literal["received", "passed", "untouched", "values", "touched", "timed"]
"""`timed` are claims that a person opened; their `middle` is the median of their minutes."""
Of: TypeAlias = Literal["all", "hospital", "source", "reviewer", "field"]

SUMMING_SECONDS: Final = 2.0
"""How long one request may sum up days that nobody asked for yet; the next one goes on."""

WAITING_STATES: Final[tuple[State, ...]] = ("first_review", "second_review")
AGES: Final[tuple[int, ...]] = (1, 3, 6, 11)
"""Where classes of age begin, in days: today, 1–2, 3–5, 6–10, 11 and more."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day in figures; `minutes` is the median, None where no claim was timed."""

    day: date
    received: int
    passed: int
    untouched: int
    values: int
    touched: int
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """All claims of the window that share something; `minutes` is the median of the days' medians."""

    name: str
    passed: int
    untouched: int
    values: int
    touched: int
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Age:
    """Claims of a state that wait, by how many days: from `since` to `until`, None: more."""

    since: int
    until: int | None
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The window in figures, the latest day last.

    `missing` days of it are not summed up yet and stand nowhere in it; asking again goes on.
    """

    days: tuple[Day, ...]
    missing: int
    groups: dict[Of, tuple[Group, ...]]
    ages: tuple[Age, ...]
    oldest_days: int | None

    @property
    def received(self) -> int:
        """Claims that came in."""
        return sum(one.received for one in self.days)

    @property
    def passed(self) -> int:
        """Claims that were passed."""
        return sum(one.passed for one in self.days)

    @property
    def untouched(self) -> float | None:
        """The share of passed claims that no person passed."""
        return share(sum(one.untouched for one in self.days), self.passed)

    @property
    def values_untouched(self) -> float | None:
        """The share of values that no person answered."""
        values = sum(one.values for one in self.days)
        return share(values - sum(one.touched for one in self.days), values)

    @property
    def minutes(self) -> float | None:
        """The median of the days' medians."""
        return _median(one.minutes for one in self.days)

    @property
    def waiting(self) -> int:
        """Claims that wait for a person now."""
        return sum(sum(one.numbers) for one in self.ages)


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def figures(
    database: Database, deadlines: Deadlines, now: datetime, days: int, seconds: float = SUMMING_SECONDS
) -> Figures:
    """The last days in figures, today included; sums of days that are over are kept on the way.

    Args:
        database: Of the store.
        deadlines: The clock of the office.
        now: The present.
        days: How many days, today included.
        seconds: How long it may take to sum up days that nobody asked for yet; 0: what is kept is told.
    """
    today = deadlines.day_of(now)
    first = today - timedelta(days=days - 1)
    with database.read() as connection:
        kept = kept_sums(connection, first, today - timedelta(days=1))
    known = {one.day for one in kept}
    wanted = [day for ago in range(1, days) if (day := today - timedelta(days=ago)) not in known]
    missing = _sum_up(database, deadlines, wanted, kept, seconds)
    with database.read() as connection:
        kept += sums_of(connection, deadlines, today)
        ages = tuple(_age(connection, deadlines, today, index) for index in range(len(AGES) + 1))
        oldest = [at for state in WAITING_STATES if (at := oldest_waiting(connection, state)) is not None]
    return Figures(
        tuple(_day(day, kept) for day in sorted({one.day for one in kept})),
        missing,
        {of: _groups(of, kept) for of in ("hospital", "source", "reviewer", "field")},
        ages,
        (today - deadlines.day_of(min(oldest))).days if oldest else None,
    )


def sums_of(connection: Connection, deadlines: Deadlines, day: date) -> list[DaySum]:
    """All sums of a day, from what happened on it."""
    start, end = deadlines.begin_of(day), deadlines.begin_of(day + timedelta(days=1))
    passed = passed_between(connection, start, end)
    sums = [DaySum(day, "all", "", "received", received_between(connection, start, end))]
    sums += _of_claims(day, "all", "", passed)
    groups: defaultdict[tuple[Of, str], list[PassedClaim]] = defaultdict(list)
    values: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    for claim in passed:
        groups["hospital", claim.hospital].append(claim)
        groups["source", claim.source].append(claim)
        if claim.who is not None:
            groups["reviewer", claim.who].append(claim)
        values.update(claim.values)
        touched.update(claim.touched)
    for (of, name), some in groups.items():
        sums += _of_claims(day, of, name, some)
    for name in values | touched:
        sums.append(DaySum(day, "field", name, "values", max(values[name], touched[name])))
        sums.append(DaySum(day, "field", name, "touched", touched[name]))
    return sums


def _sum_up(
    database: Database, deadlines: Deadlines, wanted: Sequence[date], kept: list[DaySum], seconds: float
) -> int:
    """Sum up days that are over and keep them, the latest first; how many are left for the next time."""
    until = time.monotonic() + seconds
    for done, day in enumerate(wanted):
        if time.monotonic() >= until:
            return len(wanted) - done
        with database.read() as connection:
            sums = sums_of(connection, deadlines, day)
        with database.write() as connection:
            keep_sums(connection, day, sums)
        kept += sums
    return 0


def _of_claims(day: date, of: Of, name: str, some: Sequence[PassedClaim]) -> list[DaySum]:
    minutes = [
        (one.passed_at - one.opened_at).total_seconds() / 60 for one in some if one.opened_at is not None
    ]
    return [
        DaySum(day, of, name, "passed", len(some)),
        DaySum(day, of, name, "untouched", sum(1 for one in some if one.who is None)),
        # Rows that a person added bear values that were not there when the paper was read.
        DaySum(day, of, name, "values", sum(sum((one.values | one.touched).values()) for one in some)),
        DaySum(day, of, name, "touched", sum(sum(one.touched.values()) for one in some)),
        DaySum(day, of, name, "timed", len(minutes), _median(minutes)),
    ]


def _day(day: date, kept: Iterable[DaySum]) -> Day:
    of_day = {one.figure: one for one in kept if one.day == day and one.of == "all"}
    number = Counter({figure: one.number for figure, one in of_day.items()})
    return Day(
        day,
        received=number["received"],
        passed=number["passed"],
        untouched=number["untouched"],
        values=number["values"],
        touched=number["touched"],
        minutes=of_day["timed"].middle if "timed" in of_day else None,
    )


def _groups(of: Of, kept: Iterable[DaySum]) -> tuple[Group, ...]:
    """The groups of a kind, those with the most claims or values first."""
    numbers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    minutes: defaultdict[str, list[float]] = defaultdict(list)
    for one in kept:
        if one.of == of:
            numbers[one.name][one.figure] += one.number
            if one.middle is not None:
                minutes[one.name].append(one.middle)
    made = (
        Group(
            name,
            passed=number["passed"],
            untouched=number["untouched"],
            values=number["values"],
            touched=number["touched"],
            minutes=_median(minutes[name]),
        )
        for name, number in numbers.items()
    )
    return tuple(sorted(made, key=lambda one: (-one.passed, -one.values, one.name)))


def _age(connection: Connection, deadlines: Deadlines, today: date, index: int) -> Age:
    bounds = (0, *AGES, None)
    since, following = bounds[index] or 0, bounds[index + 1]
    end = None if since == 0 else deadlines.begin_of(today - timedelta(days=since - 1))
    start = None if following is None else deadlines.begin_of(today - timedelta(days=following - 1))
    numbers = tuple(waiting_between(connection, state, start, end) for state in WAITING_STATES)
    return Age(since, None if following is None else following - 1, numbers)


def _median(minutes: Iterable[float | None]) -> float | None:
    known = [one for one in minutes if one is not None]
    return median(known) if known else None
