"""What we ask of a reimbursement engine, and the two shapes that pass between us.

A message is the row of the outbox: the claim as it was entered, or an amendment of one that was handed over.
An answer says what the engine did with it:

    pending    it has the message and cannot say yet; it is asked again
    accepted   it has taken the claim; a settlement comes later
    settled    it has computed what is paid; `paid` says whether it was
    refused    it will not take the claim, and says why; the claim goes back to a person

An answer is strictly read: of another shape it is refused by key, and nothing of it is kept half.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Protocol, TypeAlias

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import EngineAnswerRefused
from pipeline.life import AmendmentKind
from pipeline.records import ClaimRecord, Money, Version

SCHEMA_VERSION: Final = "1"
"""Of messages and answers; to rename or drop a key is a new one."""

MOST_YUAN = Decimal(10) ** 13
"""Amounts of an engine stay below: a thousand times the yearly spending of the whole fund."""

AnswerOutcome: TypeAlias = Literal["accepted", "refused", "settled", "pending"]
MessageKind: TypeAlias = Literal["hand_over", "amendment"]


def _moment(text: str) -> str:
    """A point in time as it was written, with its zone."""
    try:
        is_aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        is_aware = False
    if not is_aware:
        raise ValueError("a point in time with its zone is wanted, such as 2026-03-02T10:30:00+08:00")
    return text


MomentText: TypeAlias = Annotated[
    str,
    pydantic.AfterValidator(_moment),
    pydantic.Field(json_schema_extra={"format": "date-time"}, examples=["2026-03-02T10:30:00+08:00"]),
]


class AmendmentRecord(TypedDict):
    """The amendment of a claim that was handed over before; numbered from 1 within the claim."""

    number: int
    kind: AmendmentKind
    reason: str


class HandOverPayload(TypedDict):
    """The body of a message.

    `message_id` is the idempotency key: the same id always comes with the same bytes. `amendment` is null for
    the first hand-over. `claim` is the row of `claims.jsonl`.
    """

    schema_version: Version
    message_id: str
    kind: MessageKind
    revision: int
    amendment: AmendmentRecord | None
    claim: ClaimRecord


class ReasonRecord(TypedDict):
    """Why something was refused, or what is to be known of it; `message` is for people."""

    code: str
    message: str


class PayoutFigures(TypedDict):
    """What is paid, in yuan: at least and at most."""

    low: Money
    high: Money


@pydantic.with_config(pydantic.ConfigDict(extra="allow"))
class SettlementFigures(TypedDict):
    """What we read of a settlement. More keys are kept and shown as they come.

    A settlement that we compute ourselves (`pipeline.settlement`) is one of these. `settled` alone is
    taken, with `low` equal to `high`.
    """

    schema_version: Version
    claim_id: str
    outcome: Literal["settled", "range", "refused"]
    payout: PayoutFigures | None


class PaidRecord(TypedDict):
    """That money was paid: how much, through which bank, to which account, when."""

    amount: Money
    bank_name: str | None
    account: str | None
    at: MomentText


@pydantic.with_config(pydantic.ConfigDict(extra="forbid"))
class EngineAnswer(TypedDict):
    """What an engine says about a message.

    `refused` has at least one reason. `settled` has a settlement; a cancellation alone is settled without.
    """

    schema_version: Version
    message_id: str
    outcome: AnswerOutcome
    reasons: list[ReasonRecord]
    settlement: SettlementFigures | None
    paid: PaidRecord | None


@dataclass(frozen=True, slots=True)
class HandOverMessage:
    """A message of the outbox.

    Attributes:
        message_id: The idempotency key.
        claim_id: The claim that it speaks of.
        kind: `hand_over` or `amendment`.
        payload: As in `HandOverPayload`.
        text: The payload as it was written: these characters are sent, in UTF-8, and no others.
        is_pending: Whether the engine has it and has answered `pending`: then it is asked, not told.
    """

    message_id: str
    claim_id: str
    kind: str
    payload: Mapping[str, Any]
    text: str
    is_pending: bool = False


class ReimbursementEngine(Protocol):
    """Whoever computes and pays: our own computation, a service, or files that somebody carries over."""

    name: str

    def hand_over(self, message: HandOverMessage) -> EngineAnswer:
        """Give the engine a message, for the first time or again; what it says.

        The same message may come any number of times and is taken once.

        Raises:
            EngineUnavailable: If it did not answer, or asked to come later.
            EngineAnswerRefused: If what it said is no answer; nobody knows whether it took the message.
        """


_ANSWER = pydantic.TypeAdapter(EngineAnswer)


def read_answer(text: str | bytes, message_id: str | None = None) -> EngineAnswer:
    """An answer from its JSON text.

    Args:
        text: The body.
        message_id: The message that was asked about; none where the engine reports by itself.

    Raises:
        EngineAnswerRefused: If it is no answer of our schema, contradicts itself or is about another message;
            every key that is wrong is named, and no value is.
    """
    try:
        answer = _ANSWER.validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or '$'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise EngineAnswerRefused(
            f"{message_id or 'message_id'}: 答复不符合格式 {SCHEMA_VERSION}"
            f" / the answer is not of schema {SCHEMA_VERSION}: {faults}"
        ) from error
    if fault := _contradiction(answer, message_id or answer["message_id"]):
        raise EngineAnswerRefused(
            f"{answer['message_id']}: 答复自相矛盾 / the answer contradicts itself: {fault}"
        )
    return answer


def checked_answer(answer: EngineAnswer | Mapping[str, Any], message_id: str) -> EngineAnswer:
    """An answer that was made in this process, held to the same schema as one that came from outside.

    Raises:
        EngineAnswerRefused: As `read_answer`.
    """
    return read_answer(answer_text(answer), message_id)


def answer_text(answer: EngineAnswer | Mapping[str, Any]) -> str:
    """The answer as it is sent and kept."""
    return json.dumps(answer, ensure_ascii=False)


def settled_amount(answer: EngineAnswer) -> Decimal:
    """What a settled claim is paid, in yuan; nothing where a cancellation was settled."""
    settlement = answer["settlement"]
    payout = settlement["payout"] if settlement is not None else None
    return Decimal(payout["high"]) if payout is not None else Decimal(0)


def _contradiction(answer: EngineAnswer, message_id: str) -> str:
    """What the types cannot say; empty where nothing is wrong."""
    settlement, paid, outcome = answer["settlement"], answer["paid"], answer["outcome"]
    if answer["message_id"] != message_id:
        return f"message_id: of another message, wanted {message_id}"
    if outcome == "refused" and not any(reason["message"].strip() for reason in answer["reasons"]):
        return "reasons: a refusal says why"
    if outcome != "settled" and settlement is not None:
        return "settlement: only with outcome settled"
    if paid is not None and outcome != "settled":
        return "paid: only what is settled is paid"
    if settlement is not None:
        payout = settlement["payout"]
        if settlement["outcome"] != "settled" or payout is None or payout["low"] != payout["high"]:
            return "settlement.payout: one exact amount is wanted, low equal to high"
        if not 0 <= Decimal(payout["high"]) < MOST_YUAN:
            return f"settlement.payout.high: wanted 0.00 or more, below {MOST_YUAN}"
    if paid is not None and not 0 <= Decimal(paid["amount"]) < MOST_YUAN:
        return f"paid.amount: wanted 0.00 or more, below {MOST_YUAN}"
    return ""


def engine_schema(ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """The JSON Schema of messages and answers; each shape stands by its name under `$defs`.

    Args:
        ref_template: Where references point, for a document that keeps the shapes elsewhere.
    """
    inputs: list[tuple[str, Literal["validation"], pydantic.TypeAdapter[Any]]] = [
        ("message", "validation", pydantic.TypeAdapter(HandOverPayload)),
        ("answer", "validation", _ANSWER),
    ]
    refs, shared = pydantic.TypeAdapter.json_schemas(inputs, ref_template=ref_template)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What passes between us and a reimbursement engine",
        "anyOf": [refs["message", "validation"], refs["answer", "validation"]],
        "$defs": shared["$defs"],
    }
