"""Who changed what of a claim, when, from what to what, and how long it took; who decided, and what happened.

Whoever takes a second, blind look is not told what others answered.
"""

from __future__ import annotations

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.progress.timeline import TimelineRecord, timeline
from pipeline.review.names import step_name
from pipeline.review.view import Looker
from pipeline.store.database import Connection
from pipeline.store.queries import changes_kept, claim_row, decisions_kept, events_kept
from pipeline.store.rows import ChangeRow, DecisionRow


class ChangedRecord(TypedDict):
    """One change of a value or a row; `undoes` is the version of changes that it takes back."""

    at: str
    who: str
    role: str
    document_id: str
    path: str
    old: str | None
    new: str | None
    old_status: str | None
    new_status: str | None
    why: str
    seconds: float | None
    version: int | None
    undoes: int | None


class DecidedRecord(TypedDict):
    """One decision of a person."""

    at: str
    who: str
    role: str
    event: str
    label: str
    stage: str
    revision: int
    reason: str


class AuditRecord(TypedDict):
    """All that was done with a claim, each list oldest first; `seconds` is the time of all changes together.

    `blind` says that changes are kept back from whoever looks.
    """

    claim_id: str
    blind: bool
    changes: list[ChangedRecord]
    seconds: float
    decisions: list[DecidedRecord]
    events: list[TimelineRecord]


def audit_record(connection: Connection, claim_id: str, looker: Looker) -> AuditRecord:
    """What was done with a claim.

    Raises:
        LookupError: If there is no such claim.
    """
    blind = claim_row(connection, claim_id).state == "second_review" and looker.actor.role != "supervisor"
    changes = () if blind else changes_kept(connection, claim_id)
    return {
        "claim_id": claim_id,
        "blind": blind,
        "changes": [_changed(one) for one in changes],
        "seconds": round(sum(one.seconds or 0.0 for one in changes), 1),
        "decisions": [_decided(one, looker) for one in decisions_kept(connection, claim_id)],
        "events": timeline(events_kept(connection, claim_id), "office"),
    }


def _changed(change: ChangeRow) -> ChangedRecord:
    return {
        "at": change.at.isoformat(),
        "who": change.who,
        "role": change.role,
        "document_id": change.document_id,
        "path": change.path,
        "old": change.old,
        "new": change.new,
        "old_status": change.old_status,
        "new_status": change.new_status,
        "why": change.why,
        "seconds": change.seconds,
        "version": change.version,
        "undoes": change.undoes,
    }


def _decided(decision: DecisionRow, looker: Looker) -> DecidedRecord:
    return {
        "at": decision.at.isoformat(),
        "who": decision.who,
        "role": decision.role,
        "event": decision.event,
        "label": step_name(decision.event, looker.language),
        "stage": decision.stage,
        "revision": decision.revision,
        "reason": decision.reason,
    }
