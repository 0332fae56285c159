"""How many pages of a submission are read, noted by whoever reads it, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from pipeline.store.tables import page_progress


@dataclass(frozen=True, slots=True)
class PageProgress:
    """How far reading is: pages done, of so many that are known so far."""

    done: int
    total: int


def note_page_progress(
    connection: Connection, submission_id: str, progress: PageProgress, now: datetime
) -> None:
    """Note how far the reading of a submission is; what was noted before is replaced."""
    values = {"done": progress.done, "total": progress.total, "at": now}
    own = page_progress.c.submission_id == submission_id
    if connection.execute(update(page_progress).where(own).values(**values)).rowcount == 0:
        connection.execute(insert(page_progress).values(submission_id=submission_id, **values))


def page_progress_of(connection: Connection, submission_id: str) -> PageProgress | None:
    """How far the reading of a submission is; None where nobody has begun."""
    row = connection.execute(
        select(page_progress.c.done, page_progress.c.total).where(
            page_progress.c.submission_id == submission_id
        )
    ).first()
    return None if row is None else PageProgress(row.done, row.total)
