"""A stored claim as the review screen shows it: its papers, what is in doubt, what can be done.

Everything is told from what the store holds now; nothing is judged here. Names and sentences are in the
language of whoever looks; what rules say is Chinese, as they say it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from pipeline.life import EDITABLE, STEPS, Actor, Standing, State
from pipeline.records import ClaimRecord, money_text
from pipeline.rejudged import Altered
from pipeline.report.messages import MESSAGES
from pipeline.review.asked_twice import as_seen_by
from pipeline.review.names import in_language, rule_title, said, state_name, step_name
from pipeline.review.papers import Shown, paper_record
from pipeline.review.records import CheckView, LeaseRecord, Place, ReviewRecord, StepView
from pipeline.review.todo import Doubts, Failed, places_of
from pipeline.store.accounts import Language
from pipeline.store.at_desk import Desk, desk_of
from pipeline.store.cases import documents_of, stored_claim
from pipeline.store.database import Connection
from pipeline.store.drafts import drafts_of
from pipeline.store.lives import standing_of
from pipeline.store.open_checks import OVERRIDERS
from pipeline.store.pages import pages_of
from pipeline.store.queries import checks_kept, claim_row, reviews_kept
from pipeline.store.rows import CheckRow, ClaimRow

AT_THE_DESK = (
    *("enter", "pass_first", "pass_second", "send_back", "ask_for_materials", "return", "reject", "withdraw"),
    *("take_back", "reopen"),
)
"""Steps that somebody takes who has the claim before them, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at a claim, in which language, and when."""

    actor: Actor
    language: Language
    now: datetime


def review_record(
    connection: Connection, claim_id: str, looker: Looker, altered: Altered | None = None
) -> ReviewRecord:
    """A claim for somebody who reviews it, as they may see it (`pipeline.review.asked_twice`).

    Args:
        connection: Of any transaction.
        claim_id: The claim.
        looker: Who looks.
        altered: What was just made of it in the same transaction: reading it once more would cost the most.

    Raises:
        LookupError: If there is no such claim.
    """
    claim = claim_row(connection, claim_id)
    stored = stored_claim(connection, claim_id) if altered is None else altered.claim
    documents = documents_of(connection, claim_id) if altered is None else altered.documents
    checks = checks_kept(connection, claim_id)
    doubts = Doubts(documents, stored.record["checks"], [_failed(one) for one in checks if _is_open(one)])
    shown = Shown(
        looker.language,
        doubts,
        drafts_of(connection, claim_id, looker.actor.name),
        {(one.document_id, one.path): one.answer for one in reviews_kept(connection, claim_id) if one.answer},
        pages_of(connection, {document.file.sha256 for document in documents}),
    )
    record: ReviewRecord = {
        "claim_id": claim_id,
        "version": stored.version,
        "state": stored.state,
        "state_name": state_name(stored.state, looker.language),
        "case_type": stored.record["case_type"],
        "person": {
            "name": stored.record["insured"]["name"],
            "id_number": stored.record["insured"]["id_number"],
            "insurance_no": stored.record["insured"]["insurance_no"],
            "insurance_type": stored.record["insured"]["insurance_type"],
        },
        "hospital": stored.record["hospital"]["name"],
        "visit": visit_words(stored.record, looker.language),
        "declared": None if claim.declared is None else money_text(claim.declared),
        "payout": _payout(claim),
        "risk": money_text(claim.risk),
        "urgent": claim.urgent,
        "settle_by": claim.settle_by.isoformat() if claim.settle_by else None,
        "assigned_to": claim.assigned_to,
        "blind": False,
        "lease": lease_record(desk_of(connection, claim_id), looker),
        "papers": [paper_record(document, shown) for document in documents],
        "checks": [_check(number, check, stored.state, looker) for number, check in enumerate(checks)],
        "todo": [_place(document_id, path) for document_id, path in doubts.todo],
        "missing_materials": list(stored.record["missing_materials"]),
        "steps": steps_for(standing_of(connection, claim_id), looker),
    }
    return as_seen_by(connection, record, documents, looker.actor)


def steps_for(standing: Standing, looker: Looker) -> list[StepView]:
    """The steps from here that the role of somebody may take, and what stands against each now."""
    steps = {step.event: step for step in STEPS}
    return [
        {
            "event": event,
            "label": step_name(event, looker.language),
            "wants_reason": steps[event].reason,
            "refused": "; ".join(
                in_language(why, looker.language)
                for guard in steps[event].guards
                if (why := guard(standing, looker.actor))
            ),
        }
        for event in AT_THE_DESK
        if standing.state in steps[event].of and looker.actor.role in steps[event].by
    ]


def lease_record(desk: Desk, looker: Looker) -> LeaseRecord:
    """Who has a claim on their desk now, as somebody sees it."""
    holder = desk.holder_at(looker.now)
    until = desk.lease_until if holder is not None else None
    return {
        "holder": holder,
        "mine": holder == looker.actor.name,
        "until": until.isoformat() if until is not None else None,
    }


def visit_words(claim: ClaimRecord, language: Language) -> str:
    """The visit in a few words: `门诊 2026-02-17`, `住院 2026-02-10 – 2026-02-17`."""
    visit = claim["visit"]
    kind = said(*MESSAGES[f"case.{visit['kind']}"], language)
    days = " – ".join(dict.fromkeys(day for day in (visit["from"], visit["to"]) if day))
    return f"{kind} {days}".strip()


def _payout(claim: ClaimRow) -> dict[str, str] | None:
    if claim.payout_low is None or claim.payout_high is None:
        return None
    return {"low": money_text(claim.payout_low), "high": money_text(claim.payout_high)}


def _is_open(check: CheckRow) -> bool:
    return check.outcome == "fail" and check.overridden_by is None


def _failed(check: CheckRow) -> Failed:
    return Failed(check.rule, places_of(json.loads(check.fields)), check.severity == "block")


def _check(number: int, check: CheckRow, state: State, looker: Looker) -> CheckView:
    may_override = state in EDITABLE and looker.actor.role in OVERRIDERS
    return {
        "key": number,
        "rule": check.rule,
        "name": rule_title(check.rule),
        "outcome": "fail" if check.outcome == "fail" else "unknown",
        "severity": "block" if check.severity == "block" else "warn",
        "message": check.message,
        "places": [_place(*place) for place in places_of(json.loads(check.fields))],
        "overridden_by": check.overridden_by,
        "override_reason": check.override_reason,
        "may_override": may_override and _is_open(check) and check.severity == "block",
    }


def _place(document_id: str, path: str) -> Place:
    return {"document_id": document_id, "path": path}
