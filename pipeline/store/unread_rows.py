"""What of a submission could not be read, by file and page."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from pipeline.store.tables import unread


def unread_of(connection: Connection, submission_id: str) -> Iterator[tuple[tuple[str, int | None], str]]:
    """File and page (None: all of the file), and why, in Chinese and English."""
    query = select(unread.c.file, unread.c.page, unread.c.message).where(
        unread.c.submission_id == submission_id
    )
    for row in connection.execute(query.order_by(unread.c.ordinal)):
        yield (row.file, row.page), row.message
