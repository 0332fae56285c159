"""Batches of stacks as reading found them, and who let one go on that did not close."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, insert, select, update

from pipeline.records import BatchOutcome, BatchRecord
from pipeline.store.tables import batches


@dataclass(frozen=True, slots=True)
class KeptBatch:
    """A batch with a header sheet.

    Attributes:
        id: `<submission>-<number in it>`.
        submission_id: With which it came.
        outcome: Whether it closed.
        record: Its row of `batches.jsonl`; claims are named as the store names them.
        received_at: When its submission was.
        released_by: Who let it go on though it did not close; None: nobody did, or nobody had to.
        released_at: When.
        release_reason: Why, in words.
    """

    id: str
    submission_id: str
    outcome: BatchOutcome
    record: BatchRecord
    received_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    release_reason: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether it waits for somebody."""
        return self.outcome == "held" and self.released_by is None


def keep_batches(
    connection: Connection, submission_id: str, records: Sequence[BatchRecord], received_at: datetime
) -> None:
    """Keep the batches of a submission that is read, in the transaction that keeps its claims."""
    for number, record in enumerate(records, 1):
        connection.execute(
            insert(batches).values(
                id=f"{submission_id}-{number}",
                submission_id=submission_id,
                number=record["batch_number"],
                outcome=record["outcome"],
                received_at=received_at,
                record=json.dumps(record, ensure_ascii=False),
            )
        )


def batch_of(connection: Connection, batch_id: str) -> KeptBatch:
    """The batch of an id.

    Raises:
        LookupError: If there is none.
    """
    row = connection.execute(select(batches).where(batches.c.id == batch_id)).first()
    if row is None:
        raise LookupError(f"{batch_id}: 没有这个批次 / no such batch")
    return _batch(row)


def batches_of(connection: Connection, submission_ids: Iterable[str]) -> dict[str, list[KeptBatch]]:
    """The batches of submissions, in the order of their stacks."""
    query = (
        select(batches)
        .where(batches.c.submission_id.in_(list(submission_ids)))
        .order_by(batches.c.submission_id, batches.c.id)
    )
    found: dict[str, list[KeptBatch]] = {}
    for row in connection.execute(query):
        found.setdefault(row.submission_id, []).append(_batch(row))
    return found


def note_release(connection: Connection, batch_id: str, who: str, now: datetime, reason: str) -> None:
    """Note who lets a batch go on, and why."""
    connection.execute(
        update(batches)
        .where(batches.c.id == batch_id)
        .values(released_by=who, released_at=now, release_reason=reason)
    )


def _batch(row: Row[tuple[object, ...]]) -> KeptBatch:
    return KeptBatch(
        row.id,
        row.submission_id,
        row.outcome,
        cast("BatchRecord", json.loads(row.record)),
        row.received_at,
        row.released_by,
        row.released_at,
        row.release_reason,
    )
