"""Steps in the life of a stored claim: taken, told and followed up in one transaction.

`pipeline.life` says what is possible; here the step is written: the state, the event, the decision of a
person, the message to the engine when a claim is entered, and the messages to webhooks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pipeline.errors import ClaimMovedOn
from pipeline.life import Actor, Standing, State, next_state
from pipeline.store.outbox import cancel_waiting, enqueue_hand_over, enqueue_webhooks, hand_off_of
from pipeline.store.probes import count_open
from pipeline.store.second_looks import ask_second
from pipeline.store.tables import claims, decisions, events

OF_PEOPLE = frozenset({"reviewer", "second_reviewer", "supervisor", "clerk"})
PASSED = ("pass_first", "enter", "pass_second")
"""Events by which a person says that a claim is right."""

_MOMENT_OF: dict[str, str] = {
    "entered": "entered_at",
    "handed_over": "handed_over_at",
    "settled": "settled_at",
    "paid": "paid_at",
}


def standing_of(connection: Connection, claim_id: str, *, lock: bool = False) -> Standing:
    """What decides which steps the claim may take now.

    Args:
        connection: Of a transaction; one that writes where `lock` is set.
        claim_id: The claim.
        lock: Keep others from changing the claim until the transaction ends.

    Raises:
        LookupError: If there is no such claim.
    """
    query = select(
        *(claims.c.state, claims.c.open_blocks, claims.c.open_reviews, claims.c.missing),
        *(claims.c.wants_second, claims.c.amendment),
    ).where(claims.c.id == claim_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise LookupError(f"no claim {claim_id!r}")
    # Not of this revision alone: else whoever passed it could change a field and pass it a second time.
    came_up = (
        select(func.max(events.c.at))
        .where(events.c.claim_id == claim_id, events.c.to_state == "first_review")
        .scalar_subquery()
    )
    passed = select(decisions.c.who).where(
        decisions.c.claim_id == claim_id,
        decisions.c.event.in_(PASSED),
        decisions.c.stage == "first_review",
        decisions.c.at >= came_up,
    )
    return Standing(
        row.state,
        row.open_blocks,
        row.open_reviews,
        row.missing,
        row.wants_second,
        hand_off_of(connection, claim_id),
        frozenset(connection.execute(passed).scalars()),
        row.amendment > 0,
        count_open(connection, claim_id, "second"),
    )


def take_step(
    connection: Connection,
    claim_id: str,
    event: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
    seen_version: int | None = None,
) -> State:
    """Take one step and write all that belongs to it; the new state.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        event: One of `pipeline.life.EVENTS`.
        actor: Who takes it.
        now: When.
        reason: In words, for people.
        seen_version: The version that the actor saw; another one refuses the step.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If the step is impossible, or the claim was changed meanwhile.
    """
    standing = standing_of(connection, claim_id, lock=True)
    if seen_version is not None:
        check_version(connection, claim_id, seen_version)
    state = next_state(standing, event, actor, reason)
    values: dict[str, Any] = {"state": state, "changed_at": now, "version": claims.c.version + 1}
    if state in _MOMENT_OF:
        values[_MOMENT_OF[state]] = now
    connection.execute(update(claims).where(claims.c.id == claim_id).values(**values))
    if actor.role in OF_PEOPLE:
        revision = connection.execute(select(claims.c.revision).where(claims.c.id == claim_id)).scalar_one()
        connection.execute(
            insert(decisions).values(
                claim_id=claim_id,
                revision=revision,
                stage=standing.state,
                event=event,
                who=actor.name,
                role=actor.role,
                at=now,
                reason=reason,
            )
        )
    if state == "second_review":
        ask_second(connection, claim_id, now)
    if standing.state == "entered" and state != "handed_over":
        cancel_waiting(connection, claim_id)
    if state == "entered":
        enqueue_hand_over(connection, claim_id, now)
    note_event(connection, claim_id, event, actor, now, standing.state, state, reason)
    return state


def check_version(connection: Connection, claim_id: str, seen: int) -> None:
    """Refuse where the claim is no longer the one that was seen.

    Raises:
        ClaimMovedOn: If its version is another.
    """
    version = connection.execute(select(claims.c.version).where(claims.c.id == claim_id)).scalar_one()
    if version != seen:
        raise ClaimMovedOn(
            f"{claim_id}: 已被他人修改（版本 {version}，您看到的是 {seen}），请刷新后再试"
            f" / changed by somebody else meanwhile (version {version}, you saw {seen}); load it again",
            version,
        )


def note_event(
    connection: Connection,
    claim_id: str,
    event: str,
    actor: Actor,
    now: datetime,
    from_state: State | None,
    to_state: State,
    reason: str = "",
) -> int:
    """Write an event and the messages about it; its number."""
    written = connection.execute(
        insert(events).values(
            claim_id=claim_id,
            at=now,
            who=actor.name,
            role=actor.role,
            event=event,
            from_state=from_state,
            to_state=to_state,
            reason=reason,
        )
    )
    (number,) = written.inserted_primary_key or (0,)
    enqueue_webhooks(connection, int(number), now)
    return int(number)
