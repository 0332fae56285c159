"""Submissions: what was sent, who is reading it, and how far that is.

    held → received → reading → read
                         └────→ failed        received again: received

What is held is read ahead, so that whoever sent it sees what it says; its papers may still be added to and
taken anew. It makes no claim before they submit it.

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

from sqlalchemy import Connection, Row, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.errors import StepRefused, StoreUnusable
from pipeline.model import Unread
from pipeline.store.outbox import enqueue_upload_webhooks
from pipeline.store.tables import submission_files, submissions, unread

SubmissionState: TypeAlias = Literal["held", "received", "reading", "read", "failed"]
SUBMISSION_STATES: tuple[SubmissionState, ...] = get_args(SubmissionState)
SUBMISSION_STATE_NAMES: Mapping[SubmissionState, str] = MappingProxyType(
    {"held": "待提交", "received": "待识别", "reading": "识别中", "read": "已识别", "failed": "未能识别"}
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
    held_as: str | None = None,
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
        held_as: Hold it under this id, of its own, until it is submitted: what is held changes, so it is not
            known by what was sent.
    """
    key = held_as or submission_id(files, for_claim)
    try:
        with connection.begin_nested():
            connection.execute(
                insert(submissions).values(
                    id=key,
                    source=source,
                    reference=reference,
                    for_claim=for_claim,
                    state="received" if held_as is None else "held",
                    received_at=now,
                )
            )
            _insert_files(connection, key, files, 1)
    except IntegrityError:  # it is there already
        connection.execute(
            update(submissions)
            .where(submissions.c.id == key, submissions.c.state == "failed")
            .values(state="received", attempts=0, lease_holder=None, lease_until=None)
        )
        return load_submission(connection, key), False
    return load_submission(connection, key), True


def _insert_files(connection: Connection, key: str, files: Sequence[ReceivedFile], first: int) -> None:
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
            for ordinal, file in enumerate(files, first)
        ],
    )


def try_again(connection: Connection, key: str) -> None:
    """Let a submission that failed be read once more, as if it had been received again.

    Raises:
        StepRefused: If it did not fail.
    """
    again = connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.state == "failed")
        .values(state="received", attempts=0, lease_holder=None, lease_until=None)
    )
    if again.rowcount != 1:
        raise StepRefused(f"{key}: 未失败，无需重试 / it has not failed, there is nothing to try again")


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


# ---------------------------------------------------------------- what is held


def add_files(connection: Connection, key: str, files: Sequence[ReceivedFile]) -> None:
    """Add files to a submission that is held, behind those that it has; it is read ahead anew.

    Raises:
        StepRefused: If it is not held (any more).
    """
    _change_held(connection, key)
    last = connection.execute(
        select(func.max(submission_files.c.ordinal)).where(submission_files.c.submission_id == key)
    ).scalar()
    _insert_files(connection, key, files, (last or 0) + 1)


def remove_files(connection: Connection, key: str, names: Collection[str]) -> None:
    """Take files out of a submission that is held; their bytes stay among the originals.

    Raises:
        StepRefused: If it is not held (any more).
    """
    _change_held(connection, key)
    connection.execute(
        delete(submission_files).where(
            submission_files.c.submission_id == key, submission_files.c.name.in_(names)
        )
    )


def submit(connection: Connection, key: str) -> None:
    """Let a submission that is held be read into claims; one that was submitted before stays as it is.

    Whoever reads it ahead just now keeps the lease until that is done.

    Raises:
        LookupError: If there is none.
    """
    connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.state == "held")
        .values(state="received", read_at=None, attempts=0)
    )
    load_submission(connection, key)


def _change_held(connection: Connection, key: str) -> None:
    changed = connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.state == "held")
        .values(read_at=None, attempts=0)
    )
    if changed.rowcount != 1:
        raise StepRefused(
            f"{key}: 已提交，不能再改；请作为补充材料另行上传"
            f" / it was submitted and changes no more: send further papers as papers for its claim"
        )


def take_held(connection: Connection, holder: str, now: datetime, until: datetime) -> Submission | None:
    """Take the held one that waits longest for being read ahead under a lease; None where none does.

    Args:
        connection: Of a transaction that writes.
        holder: Who takes it; a name that nobody else has.
        now: When.
        until: When the lease runs out.
    """
    waiting = (
        select(submissions.c.id)
        .where(
            submissions.c.state == "held",
            submissions.c.read_at.is_(None),
            or_(submissions.c.lease_until.is_(None), submissions.c.lease_until <= now),
        )
        .order_by(submissions.c.received_at, submissions.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(
        update(submissions)
        .where(submissions.c.id.in_(waiting))
        .values(lease_holder=holder, lease_until=until, attempts=submissions.c.attempts + 1)
        .returning(submissions)
    ).first()
    return None if row is None else _submission(connection, row)


def note_read_ahead(connection: Connection, submission: Submission, holder: str, now: datetime) -> bool:
    """Let go of a held submission that was read ahead; whether it is still as it was read.

    Where files came meanwhile it is read ahead again.
    """
    as_read = load_submission(connection, submission.id).files == submission.files
    values: dict[str, Any] = {"lease_holder": None, "lease_until": None}
    # Once it is submitted, `read_at` is for whoever reads it into claims to say.
    read = {**values, "read_at": now, "failure": None} if as_read else values
    own = (submissions.c.id == submission.id, submissions.c.lease_holder == holder)
    noted = connection.execute(update(submissions).where(*own, submissions.c.state == "held").values(**read))
    if noted.rowcount != 1:
        connection.execute(update(submissions).where(*own).values(attempts=0, **values))
    return as_read and noted.rowcount == 1


def is_read_ahead(connection: Connection, key: str) -> bool:
    """Whether the submission is held and was read ahead with all the files that it has now."""
    own = select(submissions.c.id).where(
        submissions.c.id == key, submissions.c.state == "held", submissions.c.read_at.is_not(None)
    )
    return connection.execute(own).first() is not None


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
            # One that is held stays so.
            state=case((submissions.c.state == "held", "held"), else_="received"),
            lease_holder=None,
            lease_until=not_before,
            failure=failure,
            attempts=attempts,
        )
    )


def give_up(connection: Connection, key: str, holder: str, failure: str, now: datetime) -> None:
    """Read it no more, say why, and tell webhooks; where it is another's by now, nothing happens."""
    given_up = connection.execute(
        update(submissions)
        .where(submissions.c.id == key, submissions.c.lease_holder == holder)
        .values(state="failed", lease_holder=None, lease_until=None, failure=failure)
    )
    if given_up.rowcount == 1:
        enqueue_upload_webhooks(connection, key, "failed", now)


def finish(
    connection: Connection,
    key: str,
    now: datetime,
    *,
    read_by: str,
    pages: int,
    missed: Sequence[Unread],
    claim_ids: Sequence[str] = (),
) -> None:
    """Note that the submission is read, by which version, what of it could not be; and tell webhooks.

    Args:
        connection: Of a transaction that writes.
        key: The submission.
        now: When.
        read_by: Version of the reader.
        pages: How many it has.
        missed: What of it could not be read.
        claim_ids: The claims that it made, came again for or added papers to.
    """
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
    enqueue_upload_webhooks(connection, key, "read", now, claim_ids, len(missed))


def is_waiting(connection: Connection) -> bool:
    """Whether any submission is not read to its end, whoever has it and whenever it is its turn."""
    waits = select(exists().where(submissions.c.state.in_(("received", "reading"))))
    return bool(connection.execute(waits).scalar())


def is_unfinished(connection: Connection, key: str) -> bool:
    """Whether the submission is there and not read to its end."""
    state = connection.execute(select(submissions.c.state).where(submissions.c.id == key)).scalar()
    return state in ("held", "received", "reading")
