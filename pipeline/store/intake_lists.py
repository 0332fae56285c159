"""Submissions as the batch desk lists them: how far each is, what it holds, what came of it.

A list goes along the index of states and times, one state beside the other, and goes on from a cursor.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, and_, func, or_, select, union_all
from sqlalchemy.sql.selectable import FromClause

from pipeline.life import State
from pipeline.records import DocumentRecord
from pipeline.store.submissions import SUBMISSION_STATES, SubmissionState
from pipeline.store.tables import (
    batches,
    claim_papers,
    claims,
    page_edits,
    page_progress,
    papers,
    submission_files,
    submissions,
    unread,
)

ROWS = 50
"""Of a list at a time: two screens."""


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """A submission in a list.

    Attributes:
        id: Of it.
        source: The way it came.
        reference: The sender's own number.
        state: How far reading is.
        failure: Why it failed, or was not read the last time, in Chinese and English.
        received_at: When.
        pages: How many it has, once it is read.
        files: How many it has.
        first_file: The name of the first of them.
        papers: How many papers came with it.
        claims: Its claims by id, with their states.
        unread: How many rows say what of it could not be read.
        done: Pages that are read so far.
        total: Pages that are known so far.
        made: The submissions that its pages were rearranged into, by hand.
    """

    id: str
    source: str
    reference: str | None
    state: SubmissionState
    failure: str | None
    received_at: datetime
    pages: int
    files: int
    first_file: str
    papers: int
    claims: dict[str, State]
    unread: int
    done: int
    total: int
    made: tuple[str, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether it changes by itself."""
        return self.state in ("received", "reading")


@dataclass(frozen=True, slots=True)
class SubmissionPage:
    """A part of a list; `after` asks for the next one, None: there is none."""

    lines: tuple[SubmissionLine, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper as the desk shows it: its row as published, and the claims that hold it."""

    document_id: str
    record: DocumentRecord
    claims: tuple[str, ...]


def list_submissions(
    connection: Connection,
    states: Sequence[SubmissionState] = SUBMISSION_STATES,
    *,
    held: bool = False,
    after: str | None = None,
    most: int = ROWS,
) -> SubmissionPage:
    """Submissions, those received last first.

    Args:
        connection: Of a transaction.
        states: Those wanted.
        held: Only those with a batch that waits for somebody; not where its pages were rearranged since.
        after: Where an earlier list ended.
        most: Rows.
    """
    mark = _mark(after)
    branches = [_newest(state, held=held, mark=mark, most=most + 1) for state in states]
    keys = union_all(*(select(branch) for branch in branches)).subquery()
    rows = connection.execute(
        select(submissions)
        .where(submissions.c.id.in_(select(keys.c.id)))
        .order_by(submissions.c.received_at.desc(), submissions.c.id.desc())
        .limit(most + 1)
    ).all()
    shown = rows[:most]
    more = f"{shown[-1].received_at.isoformat()}~{shown[-1].id}" if len(rows) > most else None
    return SubmissionPage(tuple(_lines(connection, shown)), more)


def submission_line(connection: Connection, submission_id: str) -> SubmissionLine:
    """One submission.

    Raises:
        LookupError: If there is none.
    """
    row = connection.execute(select(submissions).where(submissions.c.id == submission_id)).first()
    if row is None:
        raise LookupError(f"{submission_id}: 没有这次提交 / no such submission")
    return _lines(connection, [row])[0]


def papers_in(connection: Connection, submission_id: str, files: Collection[str]) -> list[PaperLine]:
    """The papers that came with a submission, and those that its files hold and that came before.

    Args:
        connection: Of a transaction.
        submission_id: The submission.
        files: The hashes of its files.
    """
    of_claims: dict[str, list[str]] = {}
    wanted = or_(papers.c.submission_id == submission_id, papers.c.sha256.in_(list(files)))
    holding = (
        select(claim_papers.c.document_id, claim_papers.c.claim_id)
        .join(papers, papers.c.document_id == claim_papers.c.document_id)
        .where(wanted)
        .order_by(claim_papers.c.claim_id)
    )
    for document_id, claim_id in connection.execute(holding):
        of_claims.setdefault(document_id, []).append(claim_id)
    query = select(papers.c.document_id, papers.c.record).where(wanted).order_by(papers.c.document_id)
    return [
        PaperLine(
            row.document_id,
            cast("DocumentRecord", json.loads(row.record)),
            tuple(of_claims.get(row.document_id, ())),
        )
        for row in connection.execute(query)
    ]


def states_of(connection: Connection, claim_ids: Iterable[str]) -> dict[str, State]:
    """The states of those of the claims that are there."""
    query = select(claims.c.id, claims.c.state).where(claims.c.id.in_(list(claim_ids))).order_by(claims.c.id)
    return {row.id: row.state for row in connection.execute(query)}


def _newest(
    state: SubmissionState, *, held: bool, mark: tuple[datetime, str] | None, most: int
) -> FromClause:
    query = select(submissions.c.id).where(submissions.c.state == state)
    if held:
        waits = select(batches.c.submission_id).where(
            batches.c.outcome == "held", batches.c.released_by.is_(None)
        )
        replaced = select(page_edits.c.submission_id)
        query = query.where(submissions.c.id.in_(waits), submissions.c.id.not_in(replaced))
    if mark is not None:
        at, key = mark
        same = and_(submissions.c.received_at == at, submissions.c.id < key)
        query = query.where(or_(submissions.c.received_at < at, same))
    newest_first = submissions.c.received_at.desc(), submissions.c.id.desc()
    return query.order_by(*newest_first).limit(most).subquery()


def _mark(after: str | None) -> tuple[datetime, str] | None:
    if after is None:
        return None
    at, _, key = after.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None  # a cursor that somebody typed: from the beginning
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), key


def _lines(connection: Connection, rows: Sequence[Row[Any]]) -> list[SubmissionLine]:
    ids = [row.id for row in rows]

    def counted(table: Any) -> dict[str, int]:
        own = table.c.submission_id
        query = select(own, func.count()).where(own.in_(ids)).group_by(own)
        return dict(map(tuple, connection.execute(query)))

    files, unread_rows, own_papers = counted(submission_files), counted(unread), counted(papers)
    first = (
        select(submission_files.c.submission_id, submission_files.c.name)
        .where(submission_files.c.submission_id.in_(ids))
        .order_by(submission_files.c.submission_id, submission_files.c.ordinal.desc())
    )
    names = dict(map(tuple, connection.execute(first)))  # the last one written stays: the first
    progress = {
        row.submission_id: (row.done, row.total)
        for row in connection.execute(select(page_progress).where(page_progress.c.submission_id.in_(ids)))
    }
    made: dict[str, dict[str, State]] = {key: {} for key in ids}
    query = select(claims.c.submission_id, claims.c.id, claims.c.state).where(claims.c.submission_id.in_(ids))
    for key, claim_id, state in connection.execute(query.order_by(claims.c.id)):
        made[key][claim_id] = state
    rearranged: dict[str, list[str]] = {}
    edits = select(page_edits.c.submission_id, page_edits.c.made).where(page_edits.c.submission_id.in_(ids))
    for key, new in connection.execute(edits.order_by(page_edits.c.id)):
        rearranged.setdefault(key, []).append(new)
    return [
        SubmissionLine(
            row.id,
            row.source,
            row.reference,
            row.state,
            row.failure,
            row.received_at,
            row.pages,
            files.get(row.id, 0),
            names.get(row.id, ""),
            own_papers.get(row.id, 0),
            made[row.id],
            unread_rows.get(row.id, 0),
            *progress.get(row.id, (0, 0)),
            tuple(rearranged.get(row.id, ())),
        )
        for row in rows
    ]
