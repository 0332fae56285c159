"""What the store gives of a claim to those who show it: one frozen type a table, fields named as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipeline.life import AmendmentKind, State


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim as lists show it: its columns, without its record. Amounts are yuan, moments UTC."""

    id: str
    submission_id: str
    reference: str | None
    state: State
    version: int
    revision: int
    status: str
    insured_name: str | None
    id_number: str | None
    insurance_no: str | None
    hospital_name: str | None
    case_type: str
    visit_kind: str
    visit_from: date | None
    visit_to: date | None
    office: str | None
    declared: Decimal | None
    settled: Decimal | None
    bank_name: str | None
    bank_account: str | None
    payout_low: Decimal | None
    payout_high: Decimal | None
    risk: Decimal
    urgent: bool
    open_blocks: int
    open_reviews: int
    missing: int
    amendment: int
    received_at: datetime
    accepted_on: date | None
    settle_by: date | None
    entered_at: datetime | None
    handed_over_at: datetime | None
    settled_at: datetime | None
    paid_at: datetime | None
    changed_at: datetime
    assigned_to: str | None
    postponed_until: datetime | None = None
    lease_holder: str | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper of a claim; `record` is its row of documents.jsonl, as text."""

    document_id: str
    document_type: str
    subtype: str | None
    status: str
    revision: int
    record: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What a rule said; `fields` is a JSON list of paths."""

    rule: str
    outcome: str
    severity: str
    message: str
    fields: str
    overridden_by: str | None
    overridden_at: datetime | None
    override_reason: str | None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A field that waits, or waited, for a person."""

    id: int
    document_id: str
    path: str
    state: str
    confidence: float | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in the life of a claim."""

    id: int
    at: datetime
    who: str
    role: str
    event: str
    from_state: str | None
    to_state: State
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a field."""

    id: int
    document_id: str
    path: str
    old: str | None
    new: str | None
    old_status: str | None
    new_status: str | None
    who: str
    role: str
    at: datetime
    why: str
    seconds: float | None
    version: int | None
    undoes: int | None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a person decided."""

    id: int
    revision: int
    stage: str
    event: str
    who: str
    role: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """That the record was written anew; its text is `claim_revisions.record`."""

    revision: int
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class AmendmentRow:
    """An error found after hand-over, numbered from 1."""

    number: int
    kind: AmendmentKind
    of_revision: int
    opened_at: datetime
    opened_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message about a claim to the engine, and how far it came."""

    message_id: str
    kind: str
    state: str
    attempts: int
    created_at: datetime
    answered_at: datetime | None
    answer: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """An upload: how far its reading is."""

    id: str
    source: str
    reference: str | None
    state: str
    received_at: datetime
    read_at: datetime | None
    pages: int


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """What of an upload could not be read."""

    file: str
    page: int | None
    code: str
    message: str
