"""Stand-in until the engine branch is merged."""

from __future__ import annotations
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from typing_extensions import TypedDict

from pipeline.settlement.record import SettlementRecord

SCHEMA_VERSION = "1"
Outcome: TypeAlias = Literal["accepted", "refused", "settled", "pending"]


class Reason(TypedDict):
    code: str
    message: str


class Paid(TypedDict):
    amount: str
    bank_name: str | None
    account: str | None
    at: str


class EngineAnswer(TypedDict):
    schema_version: str
    message_id: str
    outcome: Outcome
    reasons: list[Reason]
    settlement: "SettlementRecord | None"
    paid: Paid | None


@dataclass(frozen=True, slots=True)
class HandOverMessage:
    message_id: str
    claim_id: str
    kind: str
    payload: Mapping[str, Any]
    text: str


class EngineUnavailable(Exception): ...
