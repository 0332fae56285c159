"""Who sent which upload, and under which key of their own: the same request again is the same upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from pipeline.errors import StepRefused
from pipeline.store.submissions import ReceivedFile, Submission, keep_submission, load_submission
from pipeline.store.tables import upload_keys


@dataclass(frozen=True, slots=True)
class SentAs:
    """A request that was taken.

    Attributes:
        caller: Who sent it: `token:…` or `account:…`.
        key: What they called it (`Idempotency-Key`), or a name that nobody else has.
        body: The SHA-256 of all that it said, in hexadecimal.
    """

    caller: str
    key: str
    body: str


def keep_upload(
    connection: Connection,
    sent: SentAs,
    files: Sequence[ReceivedFile],
    now: datetime,
    *,
    reference: str | None = None,
    for_claim: str | None = None,
    held_as: str | None = None,
) -> tuple[Submission, bool]:
    """Write what was uploaded, or find it where the caller sent it before; and whether it is new.

    Two requests under one key at the same moment become one submission.

    Args:
        connection: Of a transaction that writes.
        sent: The request.
        files: Whose bytes are kept already.
        now: When they were.
        reference: The sender's own number.
        for_claim: The claim they are sent for.
        held_as: Hold it under this id until it is submitted.

    Raises:
        StepRefused: If the caller used the key for another request.
    """
    before = upload_of(connection, sent)
    if before is not None:
        return load_submission(connection, before), False
    try:
        with connection.begin_nested():
            kept, is_new = keep_submission(
                connection,
                files,
                now,
                source="online",
                reference=reference,
                for_claim=for_claim,
                held_as=held_as,
            )
            connection.execute(
                insert(upload_keys).values(
                    caller=sent.caller, key=sent.key, body=sent.body, submission_id=kept.id, at=now
                )
            )
    except IntegrityError:  # the same request at the same moment was faster
        before = upload_of(connection, sent)
        if before is None:
            raise
        return load_submission(connection, before), False
    return kept, is_new


def upload_of(connection: Connection, sent: SentAs) -> str | None:
    """The submission that the request became when it was sent before; None: it was not.

    Raises:
        StepRefused: If the caller used the key for another request.
    """
    row = connection.execute(
        select(upload_keys.c.submission_id, upload_keys.c.body).where(
            upload_keys.c.caller == sent.caller, upload_keys.c.key == sent.key
        )
    ).first()
    if row is None:
        return None
    if row.body != sent.body:
        raise StepRefused(
            "Idempotency-Key: 此键已用于另一次上传，请换一个"
            " / this key was used for another upload: send what is new under a new one"
        )
    found: str = row.submission_id
    return found


def is_senders(connection: Connection, caller: str, submission_id: str) -> bool:
    """Whether the caller sent that submission."""
    row = connection.execute(
        select(upload_keys.c.key).where(
            upload_keys.c.caller == caller, upload_keys.c.submission_id == submission_id
        )
    )
    return row.first() is not None
