"""What a person typed into a claim and has not confirmed: kept per person and place, gone when confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from pipeline.store.review_items import Place
from pipeline.store.tables import drafts


def keep_drafts(
    connection: Connection, claim_id: str, account: str, typed: Mapping[Place, str | None], now: datetime
) -> None:
    """Keep what was typed at each place, in the place of what was kept before; None: it was taken back."""
    drop_drafts(connection, claim_id, account, typed)
    rows = [
        {
            "claim_id": claim_id,
            "account": account,
            "document_id": document_id,
            "path": path,
            "text": text,
            "at": now,
        }
        for (document_id, path), text in typed.items()
        if text is not None
    ]
    if rows:
        connection.execute(insert(drafts), rows)


def drop_drafts(connection: Connection, claim_id: str, account: str, places: Iterable[Place]) -> None:
    """Let go of what somebody typed at these places."""
    for document_id, path in places:
        connection.execute(
            delete(drafts).where(
                drafts.c.claim_id == claim_id,
                drafts.c.account == account,
                drafts.c.document_id == document_id,
                drafts.c.path == path,
            )
        )


def drop_all_drafts(connection: Connection, claim_id: str) -> None:
    """Let go of everybody's drafts of a claim: it has left the desk."""
    connection.execute(delete(drafts).where(drafts.c.claim_id == claim_id))


def drafts_of(connection: Connection, claim_id: str, account: str) -> dict[Place, str]:
    """What somebody typed into a claim and has not confirmed, by place."""
    query = select(drafts.c.document_id, drafts.c.path, drafts.c.text).where(
        drafts.c.claim_id == claim_id, drafts.c.account == account
    )
    return {(row.document_id, row.path): row.text for row in connection.execute(query)}
