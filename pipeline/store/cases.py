"""Claims and their papers as they are kept: written whole, each content a revision of its own, and read back.

What queues, filters and guards ask for follows from the record and the papers alone and is written with them
in one transaction: columns, checks, values that wait for a person, bills. A claim that a person or the engine
has in hand is not changed by reading its papers once more.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias, cast

from sqlalchemy import Connection, Row, delete, insert, select, update

from extractors import field_names
from pipeline.deadlines import Deadlines
from pipeline.life import SYSTEM, State
from pipeline.model import Document
from pipeline.open_values import OpenValue
from pipeline.records import ClaimRecord, document_record
from pipeline.second_review import SecondReview
from pipeline.store.claim_columns import (
    Payouts,
    checks_of,
    claim_columns,
    json_text,
    nobody_tells,
    reference_of,
)
from pipeline.store.earlier import keep_bills
from pipeline.store.freeze import dump_document
from pipeline.store.freeze import load_document as thaw_document
from pipeline.store.lives import note_event
from pipeline.store.open_checks import keep_checks
from pipeline.store.review_items import keep_items
from pipeline.store.tables import claim_papers, claim_revisions, claims, papers, submission_files, submissions
from pipeline.waiting import open_values, persons_values, waiting_values

Saved: TypeAlias = Literal["new", "changed", "same", "kept"]
"""What became of a claim that was saved: it was not there; it has a new revision; nothing of it is new; it is
in the hands of a person or of the engine and stays as it is."""

STILL_READ: frozenset[State] = frozenset({"received", "reading"})
"""The states in which reading may change what is kept of a claim."""

READ: Final = "识别 / read"
"""Why there is a revision that reading made."""


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A claim as it is kept now; `version` is what a person who changes it must have seen."""

    id: str
    state: State
    version: int
    revision: int
    record: ClaimRecord


def save_claim(
    connection: Connection,
    submission_id: str,
    record: ClaimRecord,
    documents: Sequence[Document],
    now: datetime,
    *,
    deadlines: Deadlines | None = None,
    second: SecondReview | None = None,
    payouts: Payouts = nobody_tells,
) -> Saved:
    """Keep a claim that was read; a new one is `reading`, what follows is for whoever had it read.

    Args:
        connection: Of a transaction that writes.
        submission_id: The submission that brought it, or that brought papers for it.
        record: The claim, under the id that it has in the store.
        documents: Its papers as they stand beside each other, further pictures of them too.
        now: When.
        deadlines: The office's clock and time limits; by default what ships.
        second: Which claims are seen by a second person; by default none.
        payouts: Tells what a claim may be paid; by default nobody does.

    Raises:
        LookupError: If there is no such submission.
        ValueError: If a paper lacks what a person has said of it: it was read again and not taken from here.
    """
    sent = connection.execute(select(submissions).where(submissions.c.id == submission_id)).first()
    if sent is None:
        raise LookupError(f"no submission {submission_id!r}")
    claim_id = record["claim_id"]
    before = _row_of(connection, claim_id)
    is_same = before is not None and before.record == json_text(record)
    if before is not None and before.state not in STILL_READ:
        return "same" if is_same else "kept"
    has_new_papers = _keep_papers(connection, submission_id, documents)
    if is_same and not has_new_papers:
        return "same"
    keeping = _Keeping(connection, deadlines or Deadlines(), second or SecondReview(), payouts)
    if before is None:
        keeping.insert(record, documents, sent, now)
        return "new"
    keeping.revise(before, record, documents, SYSTEM.name, READ, sent.received_at, now)
    return "changed"


def revise_claim(
    connection: Connection,
    record: ClaimRecord,
    documents: Sequence[Document],
    changed: Iterable[Document],
    person: tuple[str, str, datetime],
    deadlines: Deadlines,
    second: SecondReview,
    payouts: Payouts = nobody_tells,
) -> StoredClaim:
    """Keep what a person's change made of a claim, as a new revision; the claim as it is now.

    Args:
        connection: Of a transaction that writes.
        record: The claim as it was judged again.
        documents: All its papers.
        changed: Those of them that are not as they were kept.
        person: Who made the change, why, and when.
        deadlines: The office's clock and time limits.
        second: Which claims are seen by a second person.
        payouts: Tells what a claim may be paid; by default nobody does.

    Raises:
        LookupError: If there is no such claim.
    """
    who, why, now = person
    before = _row_of(connection, record["claim_id"])
    if before is None:
        raise LookupError(f"no claim {record['claim_id']!r}")
    for document in changed:
        _put_paper(connection, document, _stored(connection, document.id), "")
    keeping = _Keeping(connection, deadlines, second, payouts)
    revision = keeping.revise(before, record, documents, who, why, now, now)
    return StoredClaim(before.id, before.state, before.version + 1, revision, record)


def save_papers(connection: Connection, submission_id: str, documents: Iterable[Document]) -> None:
    """Keep papers that are in no claim: blanks, separators, what nobody knows.

    Raises:
        ValueError: As `save_claim`.
    """
    _keep_papers(connection, submission_id, documents)


def load_claim(connection: Connection, claim_id: str) -> ClaimRecord:
    """The row of `claims.jsonl` of a claim as it stands now.

    Raises:
        LookupError: If there is no such claim.
    """
    return stored_claim(connection, claim_id).record


def stored_claim(connection: Connection, claim_id: str) -> StoredClaim:
    """A claim as it is kept now.

    Raises:
        LookupError: If there is no such claim.
    """
    row = _row_of(connection, claim_id)
    if row is None:
        raise LookupError(f"no claim {claim_id!r}")
    record = cast("ClaimRecord", json.loads(row.record))
    return StoredClaim(claim_id, row.state, row.version, row.revision, record)


def load_document(connection: Connection, document_id: str) -> Document:
    """A paper as it stands now, with all that is known of its values.

    Raises:
        LookupError: If there is no such paper.
    """
    row = _stored(connection, document_id)
    if row is None:
        raise LookupError(f"no document {document_id!r}")
    return thaw_document(row.frozen)


def documents_of(connection: Connection, claim_id: str) -> list[Document]:
    """The papers of a claim in their order, further pictures of them too."""
    query = (
        select(papers.c.frozen)
        .join(claim_papers, claim_papers.c.document_id == papers.c.document_id)
        .where(claim_papers.c.claim_id == claim_id)
        .order_by(claim_papers.c.ordinal)
    )
    return [_THAWED.document(frozen) for frozen in connection.execute(query).scalars()]


def claims_with(connection: Connection, document_id: str) -> list[str]:
    """The claims that a paper is in: an identity card may be in several."""
    query = select(claim_papers.c.claim_id).where(claim_papers.c.document_id == document_id)
    return list(connection.execute(query.order_by(claim_papers.c.claim_id)).scalars())


def files_sent(connection: Connection, claim_id: str) -> list[tuple[str, str]]:
    """Name and SHA-256 of every file that was sent together with papers of a claim."""
    sent = (
        select(papers.c.submission_id)
        .join(claim_papers, claim_papers.c.document_id == papers.c.document_id)
        .where(claim_papers.c.claim_id == claim_id)
    )
    query = (
        select(submission_files.c.name, submission_files.c.sha256)
        .where(submission_files.c.submission_id.in_(sent))
        .order_by(submission_files.c.submission_id, submission_files.c.ordinal)
    )
    return [(row.name, row.sha256) for row in connection.execute(query)]


# ---------------------------------------------------------------- what is written of a claim


class _Thawed:
    """The papers that were kept or asked for last, by the text that is kept of them.

    Whoever works on a claim asks for its papers with every change; to read a list of 300 rows out of its text
    takes as long as to judge it. The text is the whole key, so what another process wrote is never missed.
    """

    def __init__(self) -> None:
        self._papers: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def document(self, frozen: str) -> Document:
        """The paper of a text.

        Raises:
            ValueError: If the text is none of a paper.
        """
        with self._lock:
            known = self._papers.get(frozen)
        if known is None:
            known = thaw_document(frozen)
        self.remember(frozen, known)
        return known

    def remember(self, frozen: str, document: Document) -> None:
        """Note that a text is that of a paper."""
        with self._lock:
            self._papers[frozen] = document
            self._papers.move_to_end(frozen)
            if len(self._papers) > PAPERS_AT_HAND:
                self._papers.popitem(last=False)


PAPERS_AT_HAND = 64
"""The papers of some ten claims; a list of 300 rows takes about 3 MB, other papers a hundredth of that."""

_THAWED = _Thawed()


class _Keeping:
    """Writes a claim and all that follows from it, in the transaction of `connection`."""

    def __init__(
        self, connection: Connection, deadlines: Deadlines, second: SecondReview, payouts: Payouts
    ) -> None:
        self._connection = connection
        self._payouts = payouts
        self._deadlines = deadlines
        self._second = second

    def insert(
        self, record: ClaimRecord, documents: Sequence[Document], sent: Row[Any], now: datetime
    ) -> None:
        """A claim that was not there, read from the submission `sent`."""
        claim_id = record["claim_id"]
        columns = {
            **claim_columns(record, self._payouts, _open_values(record, documents)),
            **self._dates(record, self._deadlines.accepted_on(record, sent.received_at)),
            "reference": reference_of(record) or sent.reference or record.get("claim_number"),
        }
        columns["wants_second"] = self._second.wants(claim_id, columns["declared"])
        self._connection.execute(
            insert(claims).values(
                id=claim_id,
                submission_id=sent.id,
                state="reading",
                received_at=sent.received_at,
                changed_at=now,
                **columns,
            )
        )
        self._note_revision(claim_id, columns["record"], 1, SYSTEM.name, READ, now)
        self._follow_up(record, documents, now)
        note_event(self._connection, claim_id, "receive", SYSTEM, sent.received_at, None, "received")
        note_event(self._connection, claim_id, "begin_reading", SYSTEM, now, "received", "reading")

    def revise(
        self,
        before: Row[Any],
        record: ClaimRecord,
        documents: Sequence[Document],
        who: str,
        why: str,
        complete_at: datetime,
        now: datetime,
    ) -> int:
        """The claim of the row `before` with another content; the number of its revision."""
        accepted_on = before.accepted_on or self._deadlines.day_of(complete_at)
        columns = {
            **claim_columns(record, self._payouts, _open_values(record, documents)),
            **self._dates(record, accepted_on),
        }
        columns["wants_second"] = self._second.wants(before.id, columns["declared"])
        columns["office"] = columns["office"] or before.office
        revision: int = before.revision + (columns["record"] != before.record)
        self._connection.execute(
            update(claims)
            .where(claims.c.id == before.id)
            .values(revision=revision, version=claims.c.version + 1, changed_at=now, **columns)
        )
        if revision != before.revision:
            self._note_revision(before.id, columns["record"], revision, who, why, now)
        self._follow_up(record, documents, now)
        return revision

    def _dates(self, record: ClaimRecord, accepted_on: date) -> dict[str, date | None]:
        """When the claim was accepted, and by when it must be settled; neither while something is missing."""
        if record["missing_materials"]:
            return {"accepted_on": None, "settle_by": None}
        return {
            "accepted_on": accepted_on,
            "settle_by": self._deadlines.settle_by(record, accepted_on),
        }

    def _note_revision(
        self, claim_id: str, record: str, revision: int, who: str, why: str, now: datetime
    ) -> None:
        row = {"claim_id": claim_id, "revision": revision, "at": now, "who": who, "why": why}
        self._connection.execute(insert(claim_revisions).values(**row, record=record))

    def _follow_up(self, record: ClaimRecord, documents: Sequence[Document], now: datetime) -> None:
        claim_id, connection = record["claim_id"], self._connection
        connection.execute(delete(claim_papers).where(claim_papers.c.claim_id == claim_id))
        if documents:
            rows = [
                {"claim_id": claim_id, "document_id": document.id, "ordinal": ordinal}
                for ordinal, document in enumerate(documents, 1)
            ]
            connection.execute(insert(claim_papers), rows)
        keep_bills(connection, claim_id, documents)
        waiting = {
            (document.id, path): sure
            for document in documents
            for path, sure in waiting_values(document, record["checks"]).items()
        }
        counts = {
            "open_blocks": keep_checks(connection, claim_id, checks_of(record, documents)),
            "open_reviews": keep_items(connection, claim_id, waiting, now),
        }
        connection.execute(update(claims).where(claims.c.id == claim_id).values(**counts))


def _open_values(record: ClaimRecord, documents: Sequence[Document]) -> list[OpenValue]:
    """What of a claim waits for a person."""
    return [one for document in documents for one in open_values(document, record["checks"])]


# ---------------------------------------------------------------- papers


def _keep_papers(connection: Connection, submission_id: str, documents: Iterable[Document]) -> bool:
    """Keep papers; whether any of them is new or has another content."""
    is_new = False
    for document in documents:
        stored = _stored(connection, document.id)
        if stored is not None:
            _check_answers(thaw_document(stored.frozen), document)
        is_new |= _put_paper(connection, document, stored, submission_id)
    return is_new


def _put_paper(
    connection: Connection, document: Document, stored: Row[Any] | None, submission_id: str
) -> bool:
    frozen = dump_document(document)
    if stored is not None and stored.frozen == frozen:
        return False
    row = document_record(document, field_names(document.type))
    columns = {
        "document_type": document.type,
        "subtype": document.subtype,
        "status": document.status,
        "frozen": frozen,
        "record": json_text(row),
    }
    if stored is None:
        key = {"document_id": document.id, "submission_id": submission_id, "sha256": document.file.sha256}
        connection.execute(insert(papers).values(**key, **columns))
    else:
        _THAWED.remember(frozen, document)
        changed = update(papers).where(papers.c.document_id == document.id)
        connection.execute(changed.values(revision=papers.c.revision + 1, **columns))
    return True


def _check_answers(kept: Document, given: Document) -> None:
    """Refuse a paper that forgets what a person has said.

    Raises:
        ValueError: If a person's value is not in it.
    """
    lost = persons_values(kept).items() - persons_values(given).items()
    if lost:
        paths = ", ".join(sorted(path for path, _ in lost))
        raise ValueError(f"{kept.id}: what a person said of {paths} would be lost; take the stored paper")


def _stored(connection: Connection, document_id: str) -> Row[Any] | None:
    return connection.execute(select(papers).where(papers.c.document_id == document_id)).first()


def _row_of(connection: Connection, claim_id: str) -> Row[Any] | None:
    return connection.execute(select(claims).where(claims.c.id == claim_id)).first()
