"""Stored claims as papers that come again meet them: the same claim sent twice, or papers for one that waits.

A claim's id comes from its invoices, a paper's from its file's name and bytes. Names change on the way (a
folder sent as a whole, then a single one of its files), so papers are compared by their bytes and the place
in them alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from pipeline.life import State
from pipeline.model import Document
from pipeline.store.freeze import load_document
from pipeline.store.tables import claim_papers, claims, papers

_SAVING = 0x62616F79
"""PostgreSQL's advisory lock of whoever saves what was read; the number is `baoy`."""


@dataclass(frozen=True, slots=True)
class KnownClaim:
    """A stored claim; its `papers` by their content (`content_of`), its `version` as `claims` counts it."""

    id: str
    state: State
    version: int
    papers: frozenset[str]


def hold_bills(connection: Connection) -> None:
    """Keep others from saving what they read until the transaction ends, so that a bill meets its like.

    On SQLite whoever writes is alone already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SAVING})


def content_of(document_id: str, sha256: str) -> str:
    """What a paper is known by whatever its file is called: its bytes and the place in them.

    >>> content_of("0123456789abcdef-1", "ab" * 32)[-4:]
    'ab:1'
    """
    return f"{sha256}:{document_id.partition('-')[2]}"


def known_claim(connection: Connection, claim_id: str) -> KnownClaim | None:
    """The stored claim of an id."""
    row = connection.execute(
        select(claims.c.id, claims.c.state, claims.c.version).where(claims.c.id == claim_id)
    ).first()
    if row is None:
        return None
    held = connection.execute(
        select(papers.c.document_id, papers.c.sha256)
        .join(claim_papers, claim_papers.c.document_id == papers.c.document_id)
        .where(claim_papers.c.claim_id == claim_id)
    )
    return KnownClaim(row.id, row.state, row.version, frozenset(content_of(*paper) for paper in held))


def same_claim(connection: Connection, claim_id: str, telling: Collection[str]) -> KnownClaim | None:
    """The stored claim that an assembled one is: the one of its id, or one that holds what tells it.

    Args:
        connection: Of a transaction.
        claim_id: The id that the assembled claim has.
        telling: What tells it by content: its invoices, or all its papers where it has none.
    """
    found = known_claim(connection, claim_id)
    if found is not None or not telling:
        return found
    wanted = frozenset(telling)
    near = connection.execute(
        select(claim_papers.c.claim_id)
        .join(papers, papers.c.document_id == claim_papers.c.document_id)
        .where(papers.c.sha256.in_({content.partition(":")[0] for content in wanted}))
        .distinct()
        .order_by(claim_papers.c.claim_id)
    ).scalars()
    others = (known_claim(connection, other) for other in near.all())
    return next((other for other in others if other is not None and wanted <= other.papers), None)


IDS_PER_QUERY = 500
"""SQLite takes some ten thousand values in a query; a stack may have more papers."""


def stored_papers(connection: Connection, document_ids: Sequence[str]) -> dict[str, Document]:
    """Those of the papers that are stored, as they are stored, by their ids."""
    found = (
        load_document(text)
        for part in _parts(document_ids)
        for text in connection.execute(
            select(papers.c.frozen).where(papers.c.document_id.in_(part))
        ).scalars()
    )
    return {document.id: document for document in found}


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]
