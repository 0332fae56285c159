"""What is done with a claim as a whole: steps, overriding a check, putting it by, sending it to somebody.

Whoever does it has the claim on their desk (`pipeline.review.leases`) and names the version that they saw.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import StepRefused
from pipeline.life import EDITABLE, STATE_NAMES, Actor, State
from pipeline.review.leases import hold
from pipeline.store.accounts import PersonRole, account_of, list_accounts
from pipeline.store.at_desk import put_assignment, put_by, put_lease
from pipeline.store.database import Connection
from pipeline.store.drafts import drop_all_drafts
from pipeline.store.lives import note_event, standing_of, take_step
from pipeline.store.open_checks import override_check
from pipeline.store.queries import checks_kept

LONGEST_REASON = 500
"""Characters; a reason is a sentence or two."""
LONGEST_POSTPONEMENT = timedelta(days=30)
"""The office has 20 to 30 working days for a whole claim: what is put by longer is forgotten."""

MAY_RECEIVE: frozenset[PersonRole] = frozenset({"reviewer", "second_reviewer", "supervisor"})
"""To whom a claim can be sent."""

POSTPONE, ASSIGN = "postpone", "assign"
"""What is noted in the timeline."""


def step(
    connection: Connection,
    claim_id: str,
    event: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    seen_version: int | None = None,
) -> State:
    """Take a step with a claim; the new state. A claim that leaves the desk leaves its drafts and its person.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If somebody else has it, it moved on, or the step is impossible.
    """
    before = hold(connection, claim_id, actor, now)
    state = take_step(connection, claim_id, event, actor, now, checked_reason(reason), seen_version)
    put_lease(connection, claim_id, None, None)
    drop_all_drafts(connection, claim_id)
    if before.postponed_until is not None:
        put_by(connection, claim_id, None)
    if before.assigned_to is not None:
        put_assignment(connection, claim_id, None)
    return state


def override(
    connection: Connection,
    claim_id: str,
    key: int,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    seen_version: int,
) -> None:
    """Let a claim pass though a blocking check fails.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        key: The number of the check, as the claim was shown at `seen_version`.
        actor: Who answers for it.
        now: When.
        reason: Why, in words.
        seen_version: The version of the claim in which the check has this number.

    Raises:
        LookupError: If there is no such claim, or it has no such check.
        StepRefused: If somebody else has it, it moved on, the role may not, or the reason is wanting.
    """
    hold(connection, claim_id, actor, now)
    checks = checks_kept(connection, claim_id)
    if not 0 <= key < len(checks):
        raise LookupError(f"{claim_id}: 没有第 {key} 项校验 / no such check")
    chosen = checks[key]
    override_check(
        connection,
        claim_id,
        chosen.rule,
        actor,
        now,
        checked_reason(reason),
        json.loads(chosen.fields),
        seen_version,
    )


def postpone(
    connection: Connection, claim_id: str, actor: Actor, now: datetime, *, until: datetime, reason: str
) -> None:
    """Put a claim by until a moment; it goes back from the desk and is offered to nobody before.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If somebody else has it, it is with nobody here, the moment is none, or the reason is
            wanting.
    """
    state = _on_desk(connection, claim_id, actor, now)
    if not now < until <= now + LONGEST_POSTPONEMENT:
        days = LONGEST_POSTPONEMENT.days
        raise StepRefused(
            f"until: 应在现在之后、{days} 天之内 / should be later than now, within {days} days"
        )
    put_by(connection, claim_id, until)
    put_lease(connection, claim_id, None, None)
    _note(connection, claim_id, POSTPONE, actor, now, state, f"{until.isoformat()} {_wanted(reason)}")


def assign(
    connection: Connection, claim_id: str, actor: Actor, now: datetime, *, to: str | None, reason: str
) -> None:
    """Send a claim to a person, or with None back to all; it goes back from the desk.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If somebody else has it, it is with nobody here, the person is none who reviews, or the
            reason is wanting.
    """
    state = _on_desk(connection, claim_id, actor, now)
    if to is not None:
        account = account_of(connection, to)
        if account is None or account.disabled_at is not None or account.role not in MAY_RECEIVE:
            raise StepRefused("to: 没有这位复核人员 / nobody of that name reviews")
    put_assignment(connection, claim_id, to)
    put_by(connection, claim_id, None)
    put_lease(connection, claim_id, None, None)
    _note(connection, claim_id, ASSIGN, actor, now, state, f"→ {to or '—'} {_wanted(reason)}")


class ColleagueRecord(TypedDict):
    """Somebody to whom a claim can be sent."""

    name: str
    shown_as: str
    role: PersonRole


def colleagues(connection: Connection, actor: Actor) -> list[ColleagueRecord]:
    """To whom somebody can send a claim, by name."""
    return [
        {"name": one.name, "shown_as": one.shown_as, "role": one.role}
        for one in list_accounts(connection)
        if one.role in MAY_RECEIVE and one.disabled_at is None and one.name != actor.name
    ]


def checked_reason(reason: str) -> str:
    """A reason as it is kept.

    Raises:
        StepRefused: If it is too long or holds what cannot be printed.
    """
    text = reason.strip()
    if len(text) > LONGEST_REASON or not all(char.isprintable() or char == "\n" for char in text):
        raise StepRefused(
            f"reason: 应为至多 {LONGEST_REASON} 个可打印字符 / at most {LONGEST_REASON} printable characters"
        )
    return text


def _wanted(reason: str) -> str:
    text = checked_reason(reason)
    if not text:
        raise StepRefused("reason: 须说明原因 / a reason is wanted")
    return text


def _on_desk(connection: Connection, claim_id: str, actor: Actor, now: datetime) -> State:
    hold(connection, claim_id, actor, now)
    state = standing_of(connection, claim_id).state
    if state not in EDITABLE:
        raise StepRefused(f"{claim_id}: {STATE_NAMES[state]} ({state}) 不在复核中 / it is in nobody's review")
    return state


def _note(
    connection: Connection,
    claim_id: str,
    event: str,
    actor: Actor,
    now: datetime,
    state: State,
    reason: str,
) -> None:
    note_event(connection, claim_id, event, actor, now, state, state, reason)
