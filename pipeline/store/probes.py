"""Values that are asked about once more: in the second stage, accepted unseen, or of known answer.

A probe is one question about one place of a claim, for one purpose; it is open until it is settled. What is
answered stands in `pipeline.store.opinions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, update

from pipeline.store.tables import claims, opinions, probes, submissions

ProbePurpose: TypeAlias = Literal["second", "accepted", "planted"]


LOOKED_BACK = 10_000
"""So many questions are looked at to tell how many were drawn lately, however many there ever were: where
more are drawn in a day, none need be drawn for their number."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question.

    Attributes:
        id: Its number; 0 before it is kept.
        claim_id: The claim.
        document_id: The paper.
        path: The value on it.
        purpose: Why it is asked.
        kind: Of field, as confidence groups them.
        confidence: Of the value that stands there.
        answer: What stands there, or is known to be right, as `pipeline.agreement.said` tells it.
        drawn_at: Since when it is asked.
        answered_at: When it was settled; None: it is open.
        was_right: Whether what stands there is right; of a planted one, whether the person was. None of a
            settled one that tells nothing.
    """

    id: int
    claim_id: str
    document_id: str
    path: str
    purpose: ProbePurpose
    kind: str
    confidence: float | None
    answer: str
    drawn_at: datetime
    answered_at: datetime | None = None
    was_right: bool | None = None

    @property
    def place(self) -> tuple[str, str]:
        """The paper and the value on it."""
        return self.document_id, self.path


@dataclass(frozen=True, slots=True)
class Answered:
    """A value that went through unseen and was asked about: how sure it was, and whether it was right."""

    confidence: float
    was_right: bool
    kind: str
    hospital: str | None
    source: str


_COLUMNS = tuple(probes.c[name] for name in Probe.__slots__)


def keep_probes(connection: Connection, drawn: Iterable[Probe]) -> int:
    """Keep questions that were drawn, but for those that are there; how many are new."""
    wanted = {(one.claim_id, *one.place, one.purpose): one for one in drawn}
    for claim_id, purpose in {(one.claim_id, one.purpose) for one in wanted.values()}:
        for known in probes_of(connection, claim_id, purpose):
            wanted.pop((claim_id, *known.place, purpose), None)
    if wanted:
        rows = [
            {name: getattr(one, name) for name in Probe.__slots__ if name != "id"} for one in wanted.values()
        ]
        connection.execute(insert(probes), rows)
    return len(wanted)


def probes_of(connection: Connection, claim_id: str, purpose: ProbePurpose) -> list[Probe]:
    """The questions about a claim, in the order in which they were drawn."""
    query = (
        select(*_COLUMNS)
        .where(probes.c.claim_id == claim_id, probes.c.purpose == purpose)
        .order_by(probes.c.id)
    )
    return [Probe(*row) for row in connection.execute(query)]


def probe_of(connection: Connection, probe_id: int) -> Probe:
    """The question of a number.

    Raises:
        LookupError: If there is none.
    """
    row = connection.execute(select(*_COLUMNS).where(probes.c.id == probe_id)).first()
    if row is None:
        raise LookupError(f"{probe_id}: 没有这个问题 / no such question")
    return Probe(*row)


def count_open(connection: Connection, claim_id: str, purpose: ProbePurpose) -> int:
    """How many questions about a claim are open."""
    query = select(func.count()).where(
        probes.c.claim_id == claim_id, probes.c.purpose == purpose, probes.c.answered_at.is_(None)
    )
    return connection.execute(query).scalar_one()


def settle_probe(
    connection: Connection, probe_id: int, now: datetime, was_right: bool | None, answer: str | None = None
) -> None:
    """Note how a question ended; `answer` is what stands there from now on, where that changed."""
    values = {"answered_at": now, "was_right": was_right}
    if answer is not None:
        connection.execute(update(probes).where(probes.c.id == probe_id).values(answer=answer))
    connection.execute(update(probes).where(probes.c.id == probe_id).values(**values))


def ask_again(connection: Connection, probe_id: int, answer: str, now: datetime) -> None:
    """Ask a question anew, for something else stands there by now."""
    connection.execute(
        update(probes)
        .where(probes.c.id == probe_id)
        .values(answer=answer, drawn_at=now, answered_at=None, was_right=None)
    )


def were_drawn_since(connection: Connection, purpose: ProbePurpose, since: datetime, wanted: int) -> bool:
    """Whether at least `wanted` questions were drawn since a moment; looks at the latest ones alone."""
    newest = select(func.max(probes.c.id)).scalar_subquery()
    query = select(func.count()).where(
        probes.c.id > newest - LOOKED_BACK, probes.c.purpose == purpose, probes.c.drawn_at >= since
    )
    return connection.execute(query).scalar_one() >= wanted


def next_unanswered(connection: Connection, purpose: ProbePurpose, who: str) -> Probe | None:
    """The question that is open longest of those that this person has not answered; None: there is none."""
    query = (
        select(*_COLUMNS)
        .where(probes.c.purpose == purpose, probes.c.answered_at.is_(None), ~_answered_by(who))
        .order_by(probes.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else Probe(*row)


def count_unanswered(connection: Connection, purpose: ProbePurpose, who: str) -> int:
    """How many questions are open that this person has not answered."""
    query = select(func.count()).where(
        probes.c.purpose == purpose, probes.c.answered_at.is_(None), ~_answered_by(who)
    )
    return connection.execute(query).scalar_one()


def _answered_by(who: str) -> ColumnElement[bool]:
    return exists().where(
        and_(
            opinions.c.claim_id == probes.c.claim_id,
            opinions.c.document_id == probes.c.document_id,
            opinions.c.path == probes.c.path,
            opinions.c.purpose == probes.c.purpose,
            opinions.c.who == who,
        )
    )


def answered_since(connection: Connection, since: datetime) -> list[Answered]:
    """All accepted values whose question was settled since a moment, those that tell nothing left out."""
    query = (
        select(
            probes.c.confidence,
            probes.c.was_right,
            probes.c.kind,
            claims.c.hospital_name,
            submissions.c.source,
        )
        .join(claims, claims.c.id == probes.c.claim_id)
        .join(submissions, submissions.c.id == claims.c.submission_id)
        .where(probes.c.purpose == "accepted", probes.c.answered_at >= since, probes.c.was_right.is_not(None))
        .order_by(probes.c.answered_at, probes.c.id)
    )
    return [Answered(row[0] or 0.0, *row[1:]) for row in connection.execute(query)]
