"""An engine's answer brought into the claim: the steps it means, in one transaction, once.

An answer comes back from the sender, in a file, or is reported later by the engine itself; all come through
`take_answer`. Answers of one message only go forward: pending, accepted, settled, settled and paid; or
refused at the end. What was said before and comes again changes nothing, and what contradicts it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pipeline.engine.backoff import wait_while_pending
from pipeline.engine.protocol import EngineAnswer, answer_text, checked_answer, read_answer, settled_amount
from pipeline.errors import EngineAnswerRefused
from pipeline.life import Actor, State
from pipeline.store.database import Connection, Database
from pipeline.store.engine_answers import SentMessage, sent_message, write_payment, write_settled
from pipeline.store.lives import note_event, take_step
from pipeline.store.sending import note_answered, note_pending

ENGINE_ACTOR = Actor("engine", "engine")
"""Who takes the steps that an answer means."""

_SPOKEN_OF: frozenset[State] = frozenset({"entered", "handed_over", "settled", "paid"})
"""States in which a claim is as the engine has it; in others it is being worked on again."""


def take_answer(
    connection: Connection, message_id: str, answer: EngineAnswer | Mapping[str, Any], now: datetime
) -> bool:
    """Bring an answer into its claim; whether it said anything new.

    An answer about a version of the claim that has been taken back for work, or entered again since, takes
    no step: it is kept with its message and told in the timeline.

    Args:
        connection: Of a transaction that writes; the caller ends it.
        message_id: The message that was answered.
        answer: What the engine said; held to the schema here, wherever it comes from.
        now: When it came.

    Raises:
        EngineAnswerRefused: If it is of another schema, speaks of no message that was sent, or contradicts
            an earlier answer. Nothing was written.
        StepRefused: If the claim cannot take the step that it means; the caller must roll back.
    """
    said = checked_answer(answer, message_id)
    message = sent_message(connection, message_id)
    if message is None or message.state in ("waiting", "cancelled"):
        raise EngineAnswerRefused(f"{message_id}: 没有发出过这条消息 / no message of this id was ever sent")
    _check_claim(said, message)
    known = cast("EngineAnswer", json.loads(message.answer)) if message.answer is not None else None
    if not _is_further(known, said, message_id):
        return False
    if said["outcome"] == "pending":
        due_at = now + wait_while_pending(now - message.created_at)
        note_pending(connection, message_id, answer_text(said), due_at)
        return known != said
    note_answered(connection, message_id, answer_text(said), now)
    if message.is_latest and message.claim_state in _SPOKEN_OF:
        _take_steps(connection, message.claim_id, message.claim_state, said, now)
    else:
        state = message.claim_state
        note_event(
            connection, message.claim_id, "answered_late", ENGINE_ACTOR, now, state, state, _in_words(said)
        )
    return True


def take_report(database: Database, body: bytes, now: datetime) -> EngineAnswer:
    """Bring in an answer that the engine reports by itself, such as a settlement or a payment; what it says.

    Whoever takes the request verifies its signature first (`pipeline.engine.signing.is_signed`). The same
    report again changes nothing.

    Args:
        database: The store's.
        body: Of the request: an `EngineAnswer`, which names its message.
        now: When it came.

    Raises:
        EngineAnswerRefused: As `take_answer`.
        StepRefused: If the claim cannot take the step that it means. Nothing was written.
    """
    answer = read_answer(body)
    with database.write() as connection:
        take_answer(connection, answer["message_id"], answer, now)
    return answer


def _take_steps(
    connection: Connection, claim_id: str, state: State, said: EngineAnswer, now: datetime
) -> None:
    if said["outcome"] == "refused":
        take_step(connection, claim_id, "refuse", ENGINE_ACTOR, now, _in_words(said))
        return
    if state == "entered":
        state = take_step(connection, claim_id, "hand_over", ENGINE_ACTOR, now)
    if said["outcome"] != "settled":
        return
    write_settled(connection, claim_id, settled_amount(said))
    if state == "handed_over":
        state = take_step(connection, claim_id, "settle", ENGINE_ACTOR, now, _in_words(said))
    if (paid := said["paid"]) is not None:
        if state == "settled":
            take_step(connection, claim_id, "pay", ENGINE_ACTOR, now)
        at = datetime.fromisoformat(paid["at"])
        write_payment(connection, claim_id, at, paid["bank_name"], paid["account"])


def _is_further(known: EngineAnswer | None, said: EngineAnswer, message_id: str) -> bool:
    """Whether the answer goes on from the one that is known.

    Raises:
        EngineAnswerRefused: If both cannot be true.
    """
    if known is None or known["outcome"] == "pending":
        return True
    if known == said or said["outcome"] == "pending":
        return False
    match known["outcome"], said["outcome"]:
        case "accepted", "settled" | "refused":
            return True
        case "accepted" | "settled", "accepted":
            return False
        case "settled", "settled" if known["settlement"] == said["settlement"]:
            if known["paid"] is None:
                return said["paid"] is not None
            if said["paid"] in (None, known["paid"]):
                return False
    raise EngineAnswerRefused(
        f"{message_id}: 与先前的答复矛盾（先前 {known['outcome']}，现在 {said['outcome']}），更正须用新的消息"
        f" / contradicts the earlier answer ({known['outcome']}, now {said['outcome']});"
        " what was answered is changed by an amendment"
    )


def _check_claim(said: EngineAnswer, message: SentMessage) -> None:
    """What can be told only beside the message.

    Raises:
        EngineAnswerRefused: If the settlement is of another claim, or is wanting.
    """
    settlement = said["settlement"]
    if settlement is not None and settlement["claim_id"] != message.claim_id:
        raise EngineAnswerRefused(
            f"{message.message_id}: settlement.claim_id: 应为 / wanted {message.claim_id}"
        )
    amendment = json.loads(message.payload)["amendment"]
    is_cancellation = amendment is not None and amendment["kind"] == "cancellation"
    if said["outcome"] == "settled" and settlement is None and not is_cancellation:
        raise EngineAnswerRefused(
            f"{message.message_id}: settlement: 已结算须附结算结果 / what is settled comes with a settlement"
        )


def _in_words(said: EngineAnswer) -> str:
    """The reasons, for the timeline."""
    reasons = "；".join(f"{one['code']} {one['message']}".strip() for one in said["reasons"])
    if said["outcome"] != "settled":
        return reasons or said["outcome"]
    return "；".join(filter(None, (f"{settled_amount(said):.2f} 元", reasons)))
