"""Submissions: what was sent, who is reading it, and how far that is.

    received → reading → read
                  └────→ failed        received again: received

A submission is known by what was sent: the same files under the same names are the same submission. It is
read under a lease, which whoever reads prolongs; where a reader dies, the lease runs out and another takes
its place. Whoever lost the lease meanwhile writes nothing more (`hold`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.errors import StoreUnusable
from pipeline.model import Unread
from pipeline.store.tables import submission_files, submissions, unread

SubmissionState: TypeAlias = Literal["received", "reading", "read", "failed"]
SUBMISSION_STATES: tuple[SubmissionState, ...] = get_args(SubmissionState)
SUBMISSION_STATE_NAMES: Mapping[SubmissionState, str] = MappingProxyType(
    {"received": "待识别", "reading": "识别中", "read": "已识别", "failed": "未能识别"}
)
"""What an office calls each state."""

ID_DIGITS = 16
"""Of the hash in a submission's id: a million of them meet by chance once in thirty million stores."""


class LeaseLost(StoreUnusable):
    """Another reader has the submission by now; what this one read is not kept."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file of a submission: its name relative to what was sent, the hash and size of its bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent in one go.

    Attributes:
        id: `U-` and a part of the hash of what was sent.
        source: The way it came: folder, online, api.
        reference: The sender's own number.
        for_claim: The claim whose missing papers it brings, where the sender says so.
        state: How far reading is.
        received_at: When all of it was kept.
        attempts: How often reading was begun.
        failure: Why it failed, or why it was not read the last time.
        files: What was sent, in its order.
    """

    id: str
    source: str
    reference: str | None
    for_claim: str | None
    state: SubmissionState
    received_at: datetime
    attempts: int
    failure: str | None
    files: tuple[ReceivedFile, ...]


def submission_id(files: Sequence[ReceivedFile], for_claim: str | None) -> str:
    """The id of these files, sent for that claim; their order does not matter.

    >>> submission_id([ReceivedFile("a.jpg", "00" * 32, 1)], None)
    'U-2359c0b5ff58f0af'
    """
    sent = [sorted([file.name, file.sha256] for file in files), for_claim]
    digest = hashlib.sha256(json.dumps(sent, ensure_ascii=False).encode()).hexdigest()
    return f"U-{digest[:ID_DIGITS]}"


def keep_submission(
    connection: Connection,
    files: Sequence[ReceivedFile],
    now: datetime,
    *,
    source: str,
    reference: str | None = None,
    for_claim: str | None = None,
) -> tuple[Submission, bool]:
    """Write what was sent, or find it where the same was sent before; and whether it is new.

    One that failed waits again: whoever sends it once more asks for another try.

    Args:
        connection: Of a transaction that writes.
        files: Whose bytes are kept already.
        now: When they were.
        source: The way they came.
        reference: The sender's own number.
        for_claim: The claim they are sent for.
    """
    key = submission_id(files, for_claim)
    try:
        with connection.begin_nested():
            connection.execute(
                insert(submissions).values(
                    id=key,
                    source=source,
                    reference=reference,
                    for_claim=for_claim,
                    state="received",
                    received_at=now,
                )
            )
            connection.execute(
                insert(submission_files),
                [
                    {
                        "submission_id": key,
                        "ordinal": ordinal,
                        "name": file.name,
                        "sha256": file.sha256,
                        "size": file.size,
                    }
                    for ordinal, file in enumerate(files, 1)
                ],
            )
    except IntegrityError:  # it is there already
        connection.execute(
            update(submissions)
            .where(submissions.c.id == key, submissions.c.state == "failed")
            .values(state="received", attempts=0, lease_holder=None, lease_until=None)
        )
        return load_submission(connection, key), False
    return load_submission(connection, key), True


def load_submission(connection: Connection, key: str) -> Submission:
    """The submission of an id.

    Raises:
        LookupError: If there is none.
    """
    row = connection.execute(select(submissions).where(submissions.c.id == key)).first()
    if row is None:
        raise LookupError(f"no submission {key!r}")
    return _submission(connection, row)


def file_of(connection: Connection, key: str, ordinal: int) -> ReceivedFile:
    """A file of a submission by its place there, counted from 1.

    Raises:
        LookupError: If there is none.
    """
    row = connection.execute(
        select(submission_files.c.name, submission_files.c.sha256, submission_files.c.size).where(
            submission_files.c.submission_id == key, submission_files.c.ordinal == ordinal
        )
    ).first()
    if row is None:
        raise LookupError(f"{key}: 没有第 {ordinal} 个文件 / it has no file {ordinal}")
    return ReceivedFile(*row)


def _submission(connection: Connection, row: Row[Any]) -> Submission:
    files = connection.execute(
        select(submission_files.c.name, submission_files.c.sha256, submission_files.c.size)
        .where(submission_files.c.submission_id == row.id)
        .order_by(submission_files.c.ordinal)
    )
    return Submission(
        row.id,
        row.source,
        row.reference,
        row.for_claim,
        row.state,
        row.received_at,
        row.attempts,
        row.failure,
        tuple(ReceivedFile(*file) for file in files),
    )


# ---------------------------------------------------------------- who reads


def take_waiting(
    connection: Connection, holder: str, now: datetime, until: datetime, only: Collection[str] = ()
) -> Submission | None:
    """Take the one that waits longest under a lease; None where none waits.

    Args:
        connection: Of a transaction that writes.
        holder: Who takes it; a name that nobody else has.
        now: When.
        until: When the lease runs out.
        only: The ids to choose from; empty for all.
    """
    waiting = (
        select(submissions.c.id)
        .where(
            submissions.c.state.in_(("received", "reading")),
            or_(submissions.c.lease_until.is_(None), submissions.c.lease_until <= now),
        )
        .order_by(submissions.c.received_at, submissions.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if only:
        waiting = waiting.where(submissions.c.id.in_(only))
    row = connection.execute(
        update(submissions)
        .where(submissions.c.id.in_(waiting))
        .values(state="reading", lease_holder=holder, lease_until=until, attempts=submissions.c.attempts + 1)
        .returning(submissions)
    ).first()
    return None if row is None else _submission(connection, row)


def prolong(connection: Connection, key: str, holder: str, until: datetime) -> bool:
    """Let the lease run until then; whether the holder still has it."""
    held = connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.lease_holder == holder)
        .values(lease_until=until)
    )
    return held.rowcount == 1


def hold(connection: Connection, key: str, holder: str) -> None:
    """Keep others from the submission until the transaction ends.

    Raises:
        LeaseLost: If it is another's by now.
    """
    found = connection.execute(
        select(submissions.c.id)
        .where(
            submissions.c.id == key, submissions.c.lease_holder == holder, submissions.c.state == "reading"
        )
        .with_for_update()
    ).first()
    if found is None:
        raise LeaseLost(f"{key}: 已由另一个进程接手 / another process has taken it over")


def let_go(
    connection: Connection,
    key: str,
    holder: str,
    *,
    not_before: datetime | None = None,
    failure: str | None = None,
) -> None:
    """Give the submission back so that it is read another time.

    Args:
        connection: Of a transaction that writes.
        key: The submission.
        holder: Who gives it back; where it is another's by now, nothing happens.
        not_before: When it may be taken again; None: at once, and this attempt does not count.
        failure: Why it was not read, in Chinese and English.
    """
    attempts = submissions.c.attempts if not_before else submissions.c.attempts - 1
    connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.lease_holder == holder)
        .values(
            state="received", lease_holder=None, lease_until=not_before, failure=failure, attempts=attempts
        )
    )


def give_up(connection: Connection, key: str, holder: str, failure: str) -> None:
    """Read it no more, and say why; where it is another's by now, nothing happens."""
    connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.lease_holder == holder)
        .values(state="failed", lease_holder=None, lease_until=None, failure=failure)
    )


def finish(
    connection: Connection, key: str, now: datetime, *, read_by: str, pages: int, missed: Sequence[Unread]
) -> None:
    """Note that the submission is read, by which version, and what of it could not be."""
    if missed:
        connection.execute(
            insert(unread),
            [
                {
                    "submission_id": key,
                    "ordinal": ordinal,
                    "file": row.file,
                    "page": row.page,
                    "code": row.code,
                    "message": row.message,
                }
                for ordinal, row in enumerate(missed, 1)
            ],
        )
    connection.execute(
        update(submissions)
        .where(submissions.c.id == key)
        .values(
            state="read",
            read_at=now,
            read_by=read_by,
            pages=pages,
            lease_holder=None,
            lease_until=None,
            failure=None,
        )
    )


def is_waiting(connection: Connection) -> bool:
    """Whether any submission is not read to its end, whoever has it and whenever it is its turn."""
    waits = select(exists().where(submissions.c.state.in_(("received", "reading"))))
    return bool(connection.execute(waits).scalar())


def is_unfinished(connection: Connection, key: str) -> bool:
    """Whether the submission is there and not read to its end."""
    state = connection.execute(select(submissions.c.state).where(submissions.c.id == key)).scalar()
    return state in ("received", "reading")
