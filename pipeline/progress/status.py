"""How far a claim or an upload is, as it is published (domain reference, section 10: what may be queried).

When it was declared and how much, its state and what comes next, what is paid, through which bank and to
which account, what is missing, by when it must be settled, and what happened so far.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.application import CASE_NAMES, CaseType
from pipeline.life import STATE_NAMES, AmendmentKind, State
from pipeline.progress.masking import masked_account, masked_id, masked_name
from pipeline.progress.timeline import (
    AMENDMENT_NAMES,
    MAIN_WAY,
    NEXT,
    STATE_ENGLISH,
    Audience,
    TimelineRecord,
    timeline,
)
from pipeline.records import Day, Money, Version, money_text
from pipeline.store.due import NOT_WITH_US
from pipeline.store.queries import ClaimStory, SubmissionStory
from pipeline.store.rows import ClaimRow

SCHEMA_VERSION: Final = "1"


class StepRecord(TypedDict):
    """The place on the main way: `number` counts from 1."""

    number: int
    of: int


class PayoutRecord(TypedDict):
    """Through which bank and to which account money goes; the account by its last four digits."""

    bank_name: str | None
    account: str | None


class AmendmentRecord(TypedDict):
    """An error that is put right after hand-over; `reason` is null for claimants."""

    number: int
    kind: AmendmentKind
    kind_name: str
    opened_at: str
    reason: str | None


class ProgressRecord(TypedDict):
    """How far a claim is.

    Moments are ISO 8601 in UTC, money yuan. `insured_name` and `id_number` are masked unless the reader may
    see persons. `step` is null where the claim has left the main way, `settle_by` where nothing runs yet.
    `next` is what comes next, Chinese and English. `reimbursed_amount` is null until it is settled.
    """

    schema_version: Version
    claim_id: str
    submission_id: str
    reference: str | None
    insured_name: str | None
    id_number: str | None
    hospital_name: str | None
    case_type: str
    case_name: str
    visit_from: Day | None
    visit_to: Day | None
    declared_at: str
    declared_amount: Money | None
    state: State
    state_name: str
    step: StepRecord | None
    next: str
    next_en: str
    missing_materials: list[str]
    reimbursed_amount: Money | None
    payout: PayoutRecord
    settled_at: str | None
    paid_at: str | None
    settle_by: Day | None
    overdue: bool
    amendments: list[AmendmentRecord]
    timeline: list[TimelineRecord]


class UnreadableRecord(TypedDict):
    """A file of an upload that could not be read, and the way out."""

    file: str
    page: int | None
    code: str
    message: str


class SubmissionProgressRecord(TypedDict):
    """How far an upload is, and its claims.

    Its state is `held` (not submitted yet), `received`, `reading`, `read` or `failed`.
    """

    schema_version: Version
    submission_id: str
    reference: str | None
    source: str
    state: str
    state_name: str
    received_at: str
    read_at: str | None
    files: list[str]
    pages: int
    unreadable: list[UnreadableRecord]
    claims: list[str]


SUBMISSION_STATES = {
    "held": "待提交",
    "received": "已接收",
    "reading": "识别中",
    "read": "已识别",
    "failed": "识别失败",
}


def is_overdue(claim: ClaimRow, today: date) -> bool:
    """Whether the office should have settled the claim before `today`."""
    if claim.settle_by is None or claim.settled_at is not None or claim.state in NOT_WITH_US:
        return False
    return claim.settle_by < today


def progress_record(
    story: ClaimStory, today: date, audience: Audience, *, unmasked: bool = False
) -> ProgressRecord:
    """How far a claim is, for a reader.

    Args:
        story: The claim as the store gives it.
        today: The day that counts as the present, in China.
        audience: Who reads: names and reasons of those who work on it are for the office alone.
        unmasked: Show the person in the clear. The account stays masked.
    """
    claim = story.claim
    on_way = claim.state in MAIN_WAY
    chinese, english = NEXT[claim.state]
    return {
        "schema_version": SCHEMA_VERSION,
        "claim_id": claim.id,
        "submission_id": claim.submission_id,
        "reference": claim.reference,
        "insured_name": claim.insured_name if unmasked else masked_name(claim.insured_name),
        "id_number": claim.id_number if unmasked else masked_id(claim.id_number),
        "hospital_name": claim.hospital_name,
        "case_type": claim.case_type,
        "case_name": case_name(claim.case_type),
        "visit_from": _day(claim.visit_from),
        "visit_to": _day(claim.visit_to),
        "declared_at": claim.received_at.isoformat(),
        "declared_amount": _money(claim.declared),
        "state": claim.state,
        "state_name": STATE_NAMES[claim.state],
        "step": {"number": MAIN_WAY.index(claim.state) + 1, "of": len(MAIN_WAY)} if on_way else None,
        "next": chinese,
        "next_en": english,
        "missing_materials": list(story.missing_materials),
        "reimbursed_amount": _money(claim.settled) if claim.settled_at is not None else None,
        "payout": {"bank_name": claim.bank_name, "account": masked_account(claim.bank_account)},
        "settled_at": _moment(claim.settled_at),
        "paid_at": _moment(claim.paid_at),
        "settle_by": _day(claim.settle_by),
        "overdue": is_overdue(claim, today),
        "amendments": [
            {
                "number": one.number,
                "kind": one.kind,
                "kind_name": AMENDMENT_NAMES[one.kind][0],
                "opened_at": one.opened_at.isoformat(),
                "reason": one.reason if audience == "office" else None,
            }
            for one in story.amendments
        ],
        "timeline": timeline(story.events, audience),
    }


def submission_record(story: SubmissionStory) -> SubmissionProgressRecord:
    """How far an upload is."""
    upload = story.submission
    return {
        "schema_version": SCHEMA_VERSION,
        "submission_id": upload.id,
        "reference": upload.reference,
        "source": upload.source,
        "state": upload.state,
        "state_name": SUBMISSION_STATES.get(upload.state, upload.state),
        "received_at": upload.received_at.isoformat(),
        "read_at": _moment(upload.read_at),
        "files": list(story.files),
        "pages": upload.pages,
        "unreadable": [
            {"file": one.file, "page": one.page, "code": one.code, "message": one.message}
            for one in story.unread
        ],
        "claims": list(story.claims),
    }


def case_name(case_type: str) -> str:
    """What the office calls a case type."""
    return CASE_NAMES.get(cast("CaseType", case_type), case_type)


def progress_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of what is said about progress, by name."""
    kinds: dict[str, tuple[Any, str]] = {
        "progress": (ProgressRecord, "How far a claim is"),
        "submission": (SubmissionProgressRecord, "How far an upload is"),
    }
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **pydantic.TypeAdapter(kind).json_schema(),
            "title": title,
        }
        for name, (kind, title) in kinds.items()
    }


def state_words(state: State) -> str:
    """A state, Chinese and English.

    >>> state_words("first_review")
    '初审 first review'
    """
    return f"{STATE_NAMES[state]} {STATE_ENGLISH[state]}"


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
