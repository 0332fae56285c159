"""What is asked of stored claims: pages of a list, a claim with all that belongs to it, its progress.

Every question costs the same whether there are a thousand claims or a million:

- A list is walked along an index, from the place of the cursor on, never by counting rows to skip.
- A list over several states is the merge of one list a state, each walked along `state` and its order.
- Names and numbers that few claims share (`_FEW`) are looked up first, and those few are sorted.
- Conditions that no index carries are tried on at most `LOOKED_AT` claims. A page may then hold fewer claims
  than were asked for, or none, although more follow: as long as it gives a cursor, it is not the last one.
- Nobody counts a million: `count` stops at `COUNTED` and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Connection, Table, exists, func, or_, select, tuple_, union_all
from sqlalchemy.sql.selectable import FromClause

from pipeline.errors import QueryRefused
from pipeline.life import STATES
from pipeline.records import ClaimRecord
from pipeline.store import tables
from pipeline.store.asked import MOST_ROWS, ClaimFilter, Mark, Order, cursor_of, mark_of
from pipeline.store.database import Database
from pipeline.store.outbox import ENGINE
from pipeline.store.rows import (
    AmendmentRow,
    ChangeRow,
    CheckRow,
    ClaimRow,
    DecisionRow,
    EventRow,
    MessageRow,
    PaperRow,
    ReviewRow,
    RevisionRow,
    SubmissionRow,
    UnreadRow,
)
from pipeline.store.tables import claims

LOOKED_AT = 1_000
"""Claims that conditions without an index are tried on for one page: about 10 ms of a core at a million."""

COUNTED = 1_000
"""Up to here a list is counted."""

EXPORT_ROWS = 1_000
"""Claims that are fetched at once where all are wanted."""

_ORDERED_BY: dict[Order, tuple[Column[Any], ...]] = {
    "received_at": (claims.c.received_at,),
    "risk": (claims.c.urgent, claims.c.risk),
    "settle_by": (claims.c.settle_by,),
}
_FEW: dict[str, Column[Any]] = {
    "claim_id": claims.c.id,
    "reference": claims.c.reference,
    "submission_id": claims.c.submission_id,
    "id_number": claims.c.id_number,
}
"""Filters that leave so few claims that they may be sorted as they are."""
_ALONG_RECEIVED = ("insured_name", "assigned_to", "office", "hospital_name")
"""Filters whose index is in the order of `received_at`; the first of them that is asked for leads."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Claims of a list, in order; `after` goes on behind them, None where the list ends."""

    claims: tuple[ClaimRow, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many claims a list has: `number`, or at least so many where it is not `exact`."""

    number: int
    exact: bool

    def __str__(self) -> str:
        """As people read it: 37, or 1000+."""
        return f"{self.number}{'' if self.exact else '+'}"


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """A claim with all that belongs to it, oldest first; of revisions all but their text."""

    claim: ClaimRow
    record: ClaimRecord
    papers: tuple[PaperRow, ...]
    checks: tuple[CheckRow, ...]
    reviews: tuple[ReviewRow, ...]
    changes: tuple[ChangeRow, ...]
    decisions: tuple[DecisionRow, ...]
    revisions: tuple[RevisionRow, ...]
    amendments: tuple[AmendmentRow, ...]
    events: tuple[EventRow, ...]
    messages: tuple[MessageRow, ...]


@dataclass(frozen=True, slots=True)
class ClaimStory:
    """What a claim's progress is told from."""

    claim: ClaimRow
    missing_materials: tuple[str, ...]
    events: tuple[EventRow, ...]
    amendments: tuple[AmendmentRow, ...]


@dataclass(frozen=True, slots=True)
class SubmissionStory:
    """An upload, its files by name, what of it could not be read, and the claims that it made."""

    submission: SubmissionRow
    files: tuple[str, ...]
    unread: tuple[UnreadRow, ...]
    claims: tuple[str, ...]


# ---------------------------------------------------------------- lists


def list_claims(
    connection: Connection,
    wanted: ClaimFilter,
    order: Order = "received_at",
    limit: int = MOST_ROWS,
    after: str | None = None,
) -> Page:
    """One page of the claims that `wanted` asks for.

    Args:
        connection: Of any transaction.
        wanted: Which claims.
        order: By what they are ordered.
        limit: How many at most, 1 to `EXPORT_ROWS`.
        after: The cursor of the page before.

    Raises:
        QueryRefused: If the limit or the cursor is none.
    """
    if not 1 <= limit <= EXPORT_ROWS:
        raise QueryRefused(f"limit: 应为 1 到 {EXPORT_ROWS} / should be 1 to {EXPORT_ROWS}: {limit}")
    mark = mark_of(after, order) if after is not None else None
    looked_at = _looked_at(wanted, order, limit + 1)
    keys = _keys(wanted, order, mark, looked_at)
    rows = _rows(keys)
    query = select(rows).where(*_rest(rows, wanted, order)).order_by(*_ordered(rows, order))
    found = connection.execute(query.limit(limit + 1)).all()
    shown = tuple(ClaimRow(*row) for row in found[:limit])
    if len(found) > limit:
        return Page(shown, _cursor(shown[-1], order))
    return Page(shown, _end_of(connection, keys, order, looked_at))


def walk_claims(database: Database, wanted: ClaimFilter, order: Order = "received_at") -> Iterator[ClaimRow]:
    """All claims that `wanted` asks for, fetched page by page: memory stays flat and nobody is held up.

    A claim that changes its place meanwhile may be missed or come twice, as in any list that goes on living.
    """
    after: str | None = None
    while True:
        with database.read() as connection:
            page = list_claims(connection, wanted, order, EXPORT_ROWS, after)
        yield from page.claims
        after = page.after
        if after is None:
            return


def count(connection: Connection, wanted: ClaimFilter) -> Count:
    """How many claims `wanted` asks for, counted as far as `COUNTED` and `LOOKED_AT` reach."""
    by_deadline = wanted.settle_from is not None or wanted.settle_before is not None
    order: Order = "settle_by" if by_deadline else "received_at"
    looked_at = _looked_at(wanted, order, COUNTED + 1)
    keys = _keys(wanted, order, None, looked_at)
    seen = connection.execute(select(func.count()).select_from(keys)).scalar_one()
    if not _rest(claims, wanted, order):
        found = seen
    else:
        rows = _rows(keys)
        tried = select(func.count()).select_from(rows).where(*_rest(rows, wanted, order))
        found = connection.execute(tried).scalar_one()
    return Count(min(found, COUNTED), exact=found <= COUNTED and seen < looked_at)


def _looked_at(wanted: ClaimFilter, order: Order, enough: int) -> int:
    """How many claims are looked at: no more than are shown, where no condition is tried on them."""
    if not _rest(claims, wanted, order):
        return enough
    return LOOKED_AT // len(_branches(wanted, order))


def _few(wanted: ClaimFilter) -> list[ColumnElement[bool]]:
    return [column == value for name, column in _FEW.items() if (value := getattr(wanted, name)) is not None]


def _leading(wanted: ClaimFilter, order: Order) -> str | None:
    """The filter whose index is walked; None where it is that of the states."""
    if order != "received_at" or _few(wanted):
        return None
    return next((name for name in _ALONG_RECEIVED if getattr(wanted, name) is not None), None)


def _branches(wanted: ClaimFilter, order: Order) -> Sequence[tuple[ColumnElement[bool], ...]]:
    """What each walk along an index has in common; several are merged."""
    if _few(wanted):
        return [()]
    leading = _leading(wanted, order)
    if leading is not None:
        return [(claims.c[leading] == getattr(wanted, leading),)]
    if order == "received_at" and not wanted.states:
        return [()]
    states = dict.fromkeys(wanted.states or STATES)
    return [(claims.c.state == state,) for state in states]


def _keys(wanted: ClaimFilter, order: Order, mark: Mark | None, most: int) -> FromClause:
    """Order and id of the first `most` claims behind `mark`: all that is taken from the index."""
    shown = (*_ORDERED_BY[order], claims.c.id)
    bounds = [*_behind_mark(order, mark), *_range(wanted, order)]
    few = _few(wanted)
    if few:
        found = select(*shown).where(*few, *bounds).cte("few")
        keys: FromClause = found.prefix_with(
            "MATERIALIZED"
        )  # else a planner walks a whole order to find them
    else:
        walks = [
            select(*shown).where(*common, *bounds).order_by(*_ordered(claims, order)).limit(most).subquery()
            for common in _branches(wanted, order)
        ]
        keys = walks[0] if len(walks) == 1 else union_all(*map(select, walks)).subquery("merged")
    return select(keys).order_by(*_ordered(keys, order)).limit(most).subquery("keys")


def _rows(keys: FromClause) -> FromClause:
    """The claims of `keys`, fetched before any condition is tried: a planner takes no other way to them."""
    found = select(*_columns(ClaimRow, claims)).join(keys, keys.c.id == claims.c.id)
    return found.cte("looked_at").prefix_with("MATERIALIZED")


def _range(wanted: ClaimFilter, order: Order) -> list[ColumnElement[bool]]:
    """Bounds of what is ordered by, which the index carries."""
    if order == "received_at":
        return _between(claims.c.received_at, wanted.received_from, wanted.received_before)
    if order == "settle_by":
        return [
            claims.c.settle_by.is_not(None),
            *_between(claims.c.settle_by, wanted.settle_from, wanted.settle_before),
        ]
    return []


def _between(column: ColumnElement[Any], low: object, before: object) -> list[ColumnElement[bool]]:
    return [
        *([column >= low] if low is not None else []),
        *([column < before] if before is not None else []),
    ]


def _rest(rows: FromClause, wanted: ClaimFilter, order: Order) -> list[ColumnElement[bool]]:
    """What the walk along an index leaves to be tried on each claim of `rows`."""
    few = bool(_few(wanted))
    leading = _leading(wanted, order)
    equal = [
        rows.c[name] == value
        for name in (*_ALONG_RECEIVED, "case_type")
        if name != leading and (value := getattr(wanted, name)) is not None
    ]
    by_state = [rows.c.state.in_(wanted.states)] if wanted.states and (few or leading is not None) else []
    received = _between(rows.c.received_at, wanted.received_from, wanted.received_before)
    settle = _between(rows.c.settle_by, wanted.settle_from, wanted.settle_before)
    amount = [
        *([rows.c.declared >= wanted.amount_from] if wanted.amount_from is not None else []),
        *([rows.c.declared <= wanted.amount_to] if wanted.amount_to is not None else []),
    ]
    fails = []
    if wanted.rule is not None:
        check = tables.checks.c
        fails = [
            exists().where(check.claim_id == rows.c.id, check.rule == wanted.rule, check.outcome == "fail")
        ]
    return [
        *equal,
        *by_state,
        *(received if order != "received_at" else []),
        *(settle if order != "settle_by" else []),
        *([rows.c.settled_at.is_(None)] if wanted.unsettled else []),
        *([rows.c.urgent] if wanted.urgent else []),
        *([rows.c.postponed_until > wanted.postponed_after] if wanted.postponed_after is not None else []),
        *([_is_at_hand(rows, wanted.at_hand_at)] if wanted.at_hand_at is not None else []),
        *amount,
        *fails,
    ]


def _is_at_hand(rows: FromClause, now: datetime) -> ColumnElement[bool]:
    """That a claim is not put by at a moment."""
    return or_(rows.c.postponed_until.is_(None), rows.c.postponed_until <= now)


def _ordered(rows: FromClause, order: Order) -> list[ColumnElement[Any]]:
    names = [column.name for column in (*_ORDERED_BY[order], claims.c.id)]
    return [rows.c[name] if order == "settle_by" else rows.c[name].desc() for name in names]


def _behind_mark(order: Order, mark: Mark | None) -> list[ColumnElement[bool]]:
    """What is behind a mark."""
    if mark is None:
        return []
    here = tuple_(*_ORDERED_BY[order], claims.c.id)
    there = (*mark.key, mark.claim_id)
    return [here > there if order == "settle_by" else here < there]


def _cursor(row: ClaimRow, order: Order) -> str:
    key = tuple(getattr(row, column.name) for column in _ORDERED_BY[order])
    return cursor_of(Mark(order, key, row.id))


def _end_of(connection: Connection, keys: FromClause, order: Order, looked_at: int) -> str | None:
    """The cursor behind the last claim that was looked at; None where all were."""
    by = _ordered(keys, order)
    last = connection.execute(select(keys).order_by(*by).offset(looked_at - 1).limit(1)).first()
    return None if last is None else cursor_of(Mark(order, tuple(last[:-1]), last[-1]))


# ---------------------------------------------------------------- one claim, one upload


def claim_row(connection: Connection, claim_id: str) -> ClaimRow:
    """A claim's columns.

    Raises:
        LookupError: If there is no such claim.
    """
    row = connection.execute(select(*_columns(ClaimRow, claims)).where(claims.c.id == claim_id)).first()
    if row is None:
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
    return ClaimRow(*row)


def claim_page(connection: Connection, claim_id: str) -> ClaimPage:
    """A claim with all that belongs to it.

    Raises:
        LookupError: If there is no such claim.
    """
    claim = claim_row(connection, claim_id)
    papers = (
        select(*_columns(PaperRow, tables.papers))
        .join(tables.claim_papers, tables.claim_papers.c.document_id == tables.papers.c.document_id)
        .where(tables.claim_papers.c.claim_id == claim_id)
        .order_by(tables.claim_papers.c.ordinal)
    )
    return ClaimPage(
        claim,
        _record(connection, claim_id),
        tuple(PaperRow(*row) for row in connection.execute(papers)),
        _of_claim(connection, CheckRow, tables.checks, claim_id, "ordinal"),
        _of_claim(connection, ReviewRow, tables.review_items, claim_id, "id"),
        _of_claim(connection, ChangeRow, tables.field_changes, claim_id, "id"),
        _of_claim(connection, DecisionRow, tables.decisions, claim_id, "id"),
        _of_claim(connection, RevisionRow, tables.claim_revisions, claim_id, "revision"),
        _of_claim(connection, AmendmentRow, tables.amendments, claim_id, "number"),
        _of_claim(connection, EventRow, tables.events, claim_id, "id"),
        _of_claim(connection, MessageRow, tables.outbox, claim_id, "id", tables.outbox.c.target == ENGINE),
    )


def checks_kept(connection: Connection, claim_id: str) -> tuple[CheckRow, ...]:
    """What did not pass of a claim and its papers; the place in it is the check's number (`ordinal`)."""
    return _of_claim(connection, CheckRow, tables.checks, claim_id, "ordinal")


def reviews_kept(connection: Connection, claim_id: str) -> tuple[ReviewRow, ...]:
    """The values of a claim that wait, or waited, for a person."""
    return _of_claim(connection, ReviewRow, tables.review_items, claim_id, "id")


def changes_kept(connection: Connection, claim_id: str) -> tuple[ChangeRow, ...]:
    """What persons changed of a claim, the first change first."""
    return _of_claim(connection, ChangeRow, tables.field_changes, claim_id, "id")


def decisions_kept(connection: Connection, claim_id: str) -> tuple[DecisionRow, ...]:
    """What persons decided of a claim, the first decision first."""
    return _of_claim(connection, DecisionRow, tables.decisions, claim_id, "id")


def events_kept(connection: Connection, claim_id: str) -> tuple[EventRow, ...]:
    """What happened to a claim, the first event first."""
    return _of_claim(connection, EventRow, tables.events, claim_id, "id")


def claim_story(connection: Connection, claim_id: str) -> ClaimStory:
    """What a claim's progress is told from.

    Raises:
        LookupError: If there is no such claim.
    """
    claim = claim_row(connection, claim_id)
    lacking = _record(connection, claim_id)["missing_materials"] if claim.missing else []
    return ClaimStory(
        claim,
        tuple(lacking),
        _of_claim(connection, EventRow, tables.events, claim_id, "id"),
        _of_claim(connection, AmendmentRow, tables.amendments, claim_id, "number"),
    )


def submission_story(connection: Connection, submission_id: str) -> SubmissionStory:
    """An upload and what became of it.

    Raises:
        LookupError: If there is no such upload.
    """
    uploads, own = tables.submissions, tables.submissions.c.id == submission_id
    row = connection.execute(select(*_columns(SubmissionRow, uploads)).where(own)).first()
    if row is None:
        raise LookupError(f"{submission_id}: 没有这次提交 / no such submission")
    names = select(tables.submission_files.c.name).where(
        tables.submission_files.c.submission_id == submission_id
    )
    unread = select(*_columns(UnreadRow, tables.unread)).where(tables.unread.c.submission_id == submission_id)
    made = select(claims.c.id).where(claims.c.submission_id == submission_id).order_by(claims.c.id)
    return SubmissionStory(
        SubmissionRow(*row),
        tuple(connection.execute(names.order_by(tables.submission_files.c.ordinal)).scalars()),
        tuple(UnreadRow(*one) for one in connection.execute(unread.order_by(tables.unread.c.ordinal))),
        tuple(connection.execute(made).scalars()),
    )


def find(connection: Connection, key: str) -> tuple[str | None, tuple[str, ...]]:
    """What people hold in their hands: the upload and the claims that an id or a sender's reference names.

    Args:
        connection: Of any transaction.
        key: The id of a claim or a submission, or the reference of either.

    Returns:
        A submission where the key is one's id, or the reference of one that made no claim yet; and claims.
    """
    if connection.execute(select(claims.c.id).where(claims.c.id == key)).first() is not None:
        return None, (key,)
    uploads = tables.submissions.c
    if connection.execute(select(uploads.id).where(uploads.id == key)).first() is not None:
        return key, tuple(
            connection.execute(
                select(claims.c.id).where(claims.c.submission_id == key).order_by(claims.c.id)
            ).scalars()
        )
    found = select(claims.c.id).where(claims.c.reference == key).order_by(claims.c.id).limit(MOST_ROWS)
    named = tuple(connection.execute(found).scalars())
    if named:
        return None, named
    latest = select(uploads.id).where(uploads.reference == key).order_by(uploads.received_at.desc()).limit(1)
    return connection.execute(latest).scalar(), ()


def is_answering(connection: Connection) -> bool:
    """Ask the least that needs the claims' table; a database that does not answer raises."""
    connection.execute(select(claims.c.id).limit(1)).first()
    return True


def _record(connection: Connection, claim_id: str) -> ClaimRecord:
    text = connection.execute(select(claims.c.record).where(claims.c.id == claim_id)).scalar_one()
    return cast("ClaimRecord", json.loads(text))


def _columns(kind: type[Any], table: FromClause) -> list[ColumnElement[Any]]:
    return [table.c[field.name] for field in fields(kind)]


def _of_claim(
    connection: Connection,
    kind: type[T],
    table: Table,
    claim_id: str,
    by: str,
    *more: ColumnElement[bool],
) -> tuple[T, ...]:
    """The rows of a table that belong to a claim, ordered by a column."""
    query = select(*_columns(kind, table)).where(table.c.claim_id == claim_id, *more).order_by(table.c[by])
    return tuple(kind(*row) for row in connection.execute(query))
