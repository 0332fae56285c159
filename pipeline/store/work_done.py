"""What people did, counted a person: values answered, claims passed, items of known answer, decisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from pipeline.store.lives import PASSED
from pipeline.store.probes import Probe
from pipeline.store.tables import decisions, field_changes, opinions, papers, probes


@dataclass(frozen=True, slots=True)
class Answering:
    """Values that somebody answered: how many, how many of them they changed, and how long each took."""

    who: str
    answered: int
    changed: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place that a third person decided: who said what before, and what was decided."""

    first: str | None
    first_was_right: bool
    second: str
    second_was_right: bool


def answering_since(connection: Connection, since: datetime) -> list[Answering]:
    """What each person answered since a moment, by name."""
    own = field_changes.c
    counted = (
        select(own.who, func.count(), func.sum(case((own.old.is_not_distinct_from(own.new), 0), else_=1)))
        .where(own.at >= since)
        .group_by(own.who)
        .order_by(own.who)
    )
    timed: dict[str, list[float]] = {}
    for who, seconds in connection.execute(
        select(own.who, own.seconds).where(own.at >= since, own.seconds.is_not(None))
    ):
        timed.setdefault(who, []).append(seconds)
    return [
        Answering(who, answered, int(changed), tuple(sorted(timed.get(who, ()))))
        for who, answered, changed in connection.execute(counted)
    ]


def passed_since(connection: Connection, since: datetime) -> Counter[str]:
    """How many claims each person passed since a moment."""
    query = (
        select(decisions.c.who, func.count())
        .where(decisions.c.at >= since, decisions.c.event.in_(PASSED))
        .group_by(decisions.c.who)
    )
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def planted_since(connection: Connection, since: datetime) -> dict[str, tuple[int, int]]:
    """How many items of known answer each person answered since a moment, and how many of them wrong."""
    query = (
        select(opinions.c.who, func.count(), func.sum(case((opinions.c.agrees.is_(True), 0), else_=1)))
        .where(opinions.c.purpose == "planted", opinions.c.at >= since)
        .group_by(opinions.c.who)
    )
    return {who: (asked, int(wrong)) for who, asked, wrong in connection.execute(query)}


def disagreements_since(connection: Connection, since: datetime) -> list[Disagreement]:
    """What third persons decided since a moment."""
    third = opinions.alias("third")
    second = opinions.alias("second")
    query = (
        select(
            third.c.claim_id,
            third.c.document_id,
            third.c.path,
            third.c.agrees,
            third.c.kind,
            third.c.text,
            second.c.who,
            second.c.kind,
            second.c.text,
            second.c.at,
        )
        .join(
            second,
            (second.c.claim_id == third.c.claim_id)
            & (second.c.document_id == third.c.document_id)
            & (second.c.path == third.c.path)
            & (second.c.purpose == "second")
            & (second.c.id < third.c.id),
        )
        .where(third.c.purpose == "third", third.c.at >= since)
        .order_by(third.c.id, second.c.id)
    )
    latest = {}
    for row in connection.execute(query):
        latest[row[0], row[1], row[2]] = row
    return [
        Disagreement(
            _answered_by(connection, claim_id, document_id, path, row[9]),
            row[3],
            row[6],
            row[4:6] == row[7:9],
        )
        for (claim_id, document_id, path), row in latest.items()
    ]


def _answered_by(
    connection: Connection, claim_id: str, document_id: str, path: str, before: datetime
) -> str | None:
    """Who answered a place last before a moment; None: only the machine had."""
    query = (
        select(field_changes.c.who)
        .where(
            field_changes.c.claim_id == claim_id,
            field_changes.c.document_id == document_id,
            field_changes.c.path == path,
            field_changes.c.at <= before,
        )
        .order_by(field_changes.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def wrong_since(connection: Connection, since: datetime, limit: int = 100) -> list[tuple[Probe, str]]:
    """Accepted values that turned out wrong since a moment, the latest first, each with the paper's type."""
    columns = [probes.c[name] for name in Probe.__slots__]
    query = (
        select(*columns, papers.c.document_type)
        .join(papers, papers.c.document_id == probes.c.document_id)
        .where(probes.c.purpose == "accepted", probes.c.answered_at >= since, probes.c.was_right.is_(False))
        .order_by(probes.c.answered_at.desc(), probes.c.id.desc())
        .limit(limit)
    )
    return [(Probe(*row[:-1]), row[-1]) for row in connection.execute(query)]
