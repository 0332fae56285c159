"""What became of an upload in the store: its papers as they stand now, and the claims they are in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Connection, or_, select

from pipeline.life import State
from pipeline.records import ClaimRecord, DocumentRecord, ErrorRecord
from pipeline.store.tables import claim_papers, claims, papers, submission_files, unread


@dataclass(frozen=True, slots=True)
class ClaimOfUpload:
    """A claim that papers of an upload are in, and the state it is in."""

    state: State
    record: ClaimRecord


def papers_of_upload(connection: Connection, submission_id: str) -> list[DocumentRecord]:
    """The papers that came with an upload, also those that had come before."""
    rows = connection.execute(
        select(papers.c.record).where(_came_with(submission_id)).order_by(papers.c.document_id)
    )
    return [cast("DocumentRecord", json.loads(record)) for record in rows.scalars()]


def claims_of_upload(connection: Connection, submission_id: str) -> list[ClaimOfUpload]:
    """The claims that papers of an upload are in."""
    its_papers = (
        select(claim_papers.c.claim_id)
        .join(papers, papers.c.document_id == claim_papers.c.document_id)
        .where(_came_with(submission_id))
    )
    rows = connection.execute(
        select(claims.c.state, claims.c.record).where(claims.c.id.in_(its_papers)).order_by(claims.c.id)
    )
    return [ClaimOfUpload(row.state, json.loads(row.record)) for row in rows]


def unread_of_upload(connection: Connection, submission_id: str) -> Sequence[ErrorRecord]:
    """What of an upload could not be read, as rows of `errors.jsonl`."""
    rows = connection.execute(
        select(unread.c.file, unread.c.page, unread.c.code, unread.c.message)
        .where(unread.c.submission_id == submission_id)
        .order_by(unread.c.ordinal)
    )
    return [{"file": row.file, "page": row.page, "code": row.code, "message": row.message} for row in rows]


def _came_with(submission_id: str) -> ColumnElement[bool]:
    """That a paper came with the upload: first with it, or again, by the same bytes."""
    sent = select(submission_files.c.sha256).where(submission_files.c.submission_id == submission_id)
    return or_(papers.c.submission_id == submission_id, papers.c.sha256.in_(sent))
