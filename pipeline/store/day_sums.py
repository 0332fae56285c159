"""What happened to claims on a day, and the sums of days that are over, which are kept.

A day is asked for along the indexes of `events.at` and `claims.received_at`, and of the claims that it finds
what belongs to them. The sums of a day that is over never change: whoever asks for a year reads a year of
sums and no claim.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from pipeline.life import State
from pipeline.store.lives import OF_PEOPLE
from pipeline.store.tables import (
    claim_papers,
    claims,
    day_sums,
    disclosures,
    events,
    field_changes,
    papers,
    submissions,
)

AT_ONCE = 500
"""Claims that are asked about in one question; databases limit how many names a question may hold."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class PassedClaim:
    """A claim that was found right on a day, by whom, and what that took.

    Attributes:
        claim_id: The claim.
        hospital: Where the person was treated.
        source: How its papers came.
        who: Who passed it; None: nobody, the machine did.
        opened_at: When a person first had it on their desk; None: nobody did.
        passed_at: When it was found right.
        values: How many values of a field (`total_amount`, `line_items.amount`) its papers bear.
        touched: How many of these a person answered.
    """

    claim_id: str
    hospital: str
    source: str
    who: str | None
    opened_at: datetime | None
    passed_at: datetime
    values: Counter[str]
    touched: Counter[str]


@dataclass(frozen=True, slots=True)
class DaySum:
    """A figure of a day: `of` what (`all`, `hospital` …), which of them (`name`), and how many.

    `middle` is the median where the figure is a duration, in minutes.
    """

    day: date
    of: str
    name: str
    figure: str
    number: int
    middle: float | None = None


def received_between(connection: Connection, start: datetime, end: datetime) -> int:
    """How many claims were received from `start` on and before `end`."""
    query = select(func.count()).select_from(claims)
    return connection.execute(
        query.where(claims.c.received_at >= start, claims.c.received_at < end)
    ).scalar_one()


def waiting_between(
    connection: Connection, state: State, start: datetime | None, end: datetime | None
) -> int:
    """How many claims of a state were received from `start` on and before `end`; None: no limit."""
    query = select(func.count()).select_from(claims).where(claims.c.state == state)
    if start is not None:
        query = query.where(claims.c.received_at >= start)
    if end is not None:
        query = query.where(claims.c.received_at < end)
    return connection.execute(query).scalar_one()


def oldest_waiting(connection: Connection, state: State) -> datetime | None:
    """When the claim of a state that waits longest was received; None: none waits."""
    query = select(func.min(claims.c.received_at)).where(claims.c.state == state)
    return connection.execute(query).scalar()


def passed_between(connection: Connection, start: datetime, end: datetime) -> list[PassedClaim]:
    """The claims that were found right from `start` on and before `end`; each once, as it was last."""
    query = (
        select(events.c.claim_id, events.c.who, events.c.role, events.c.at)
        .where(events.c.at >= start, events.c.at < end, events.c.to_state == "entered")
        .order_by(events.c.at, events.c.id)
    )
    passed = {row.claim_id: row for row in connection.execute(query)}
    found: list[PassedClaim] = []
    for some in _parts(sorted(passed)):
        columns = (claims.c.id, claims.c.hospital_name, submissions.c.source)
        of_claim = {
            row.id: row
            for row in connection.execute(
                select(*columns)
                .join(submissions, submissions.c.id == claims.c.submission_id)
                .where(claims.c.id.in_(some))
            )
        }
        opened, values, touched = (
            _opened(connection, some),
            _values(connection, some),
            _touched(connection, some),
        )
        for claim_id in some:
            row, claim = passed[claim_id], of_claim[claim_id]
            found.append(
                PassedClaim(
                    claim_id,
                    claim.hospital_name or "",
                    claim.source,
                    row.who if row.role in OF_PEOPLE else None,
                    opened.get(claim_id),
                    row.at,
                    values.get(claim_id, Counter()),
                    touched.get(claim_id, Counter()),
                )
            )
    return found


def kept_sums(connection: Connection, first: date, last: date) -> list[DaySum]:
    """The sums that are kept of the days from `first` to `last`, both included."""
    query = select(day_sums).where(day_sums.c.day >= first, day_sums.c.day <= last).order_by(day_sums.c.day)
    return [
        DaySum(row.day, row.of, row.name, row.figure, row.number, row.middle)
        for row in connection.execute(query)
    ]


def keep_sums(connection: Connection, day: date, sums: Iterable[DaySum]) -> None:
    """Keep the sums of a day that is over; where somebody else kept them meanwhile nothing is done.

    Args:
        connection: Of a transaction that writes.
        day: The day.
        sums: All of it; at least one, for a day without any counts as not summed.
    """
    if connection.execute(select(day_sums.c.day).where(day_sums.c.day == day).limit(1)).first() is None:
        rows = [{name: getattr(one, name) for name in DaySum.__slots__} for one in sums]
        connection.execute(insert(day_sums), rows)


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))


def _opened(connection: Connection, some: Sequence[str]) -> dict[str, datetime]:
    """When a person first had each claim shown."""
    query = (
        select(disclosures.c.claim_id, func.min(disclosures.c.at))
        .where(disclosures.c.claim_id.in_(some))
        .group_by(disclosures.c.claim_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _touched(connection: Connection, some: Sequence[str]) -> dict[str, Counter[str]]:
    """Of each claim, how many values of each field persons answered; none counts twice."""
    places = (field_changes.c.claim_id, field_changes.c.document_id, field_changes.c.path)
    query = select(*places).where(field_changes.c.claim_id.in_(some), field_changes.c.role.in_(OF_PEOPLE))
    found: dict[str, Counter[str]] = {}
    for claim_id, _document_id, path in connection.execute(query.distinct()):
        found.setdefault(claim_id, Counter())[field_of(path)] += 1
    return found


def _values(connection: Connection, some: Sequence[str]) -> dict[str, Counter[str]]:
    """Of each claim, how many values of each field its papers bear; renditions of a paper do not count."""
    query = (
        select(claim_papers.c.claim_id, papers.c.record)
        .join(papers, papers.c.document_id == claim_papers.c.document_id)
        .where(claim_papers.c.claim_id.in_(some))
    )
    found: dict[str, Counter[str]] = {}
    for claim_id, text in connection.execute(query):
        record = json.loads(text)
        counted = found.setdefault(claim_id, Counter())
        if record.get("rendition_of") is None:
            counted.update(_names(record))
    return found


def _names(record: Mapping[str, Any]) -> Iterator[str]:
    """The field of each value of a paper."""
    for name, field in record.get("fields", {}).items():
        if field.get("value") is not None:
            yield name
    for line in record.get("line_items", ()):
        for name, cell in line.items():
            if isinstance(cell, dict) and cell.get("value") is not None:
                yield f"line_items.{name}"


def field_of(path: str) -> str:
    """The field that a path names, whatever its row.

    >>> field_of("fields.total_amount"), field_of("line_items[3].amount")
    ('total_amount', 'line_items.amount')
    """
    return _INDEX.sub("", path).removeprefix("fields.")
