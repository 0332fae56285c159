"""The published shape of a settlement: a row of `settlements.jsonl`, and its JSON Schema.

Money is a decimal string with two digits, as in the contract. Sum of the parts: in each line `amount` is
`entered` + `advance_self_pay` + `over_limit` + `outside`; in the totals `total` is `fund_payment` +
`serious_payment` + `self_pay` + `self_funded`.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.model import ReimbursementClass
from pipeline.records import Day, Money, Version
from pipeline.settlement.policy import Care, Level

Outcome: TypeAlias = Literal["settled", "range", "refused"]
StepName: TypeAlias = Literal[
    "total",
    "outside",
    "over_limit",
    "advance_self_pay",
    "eligible",
    "deductible",
    "ratio",
    "cap",
    "serious",
    "self_pay",
    "self_funded",
]


class PolicyRecord(TypedDict):
    """The set of figures that was used, and where it is from."""

    key: str
    care: Care
    region: str
    name: str
    source: str
    as_of: Day
    effective_from: Day | None
    effective_to: Day | None


class SettledLineRecord(TypedDict):
    """What became of one charged row; `line` is its number in its document, from 1.

    `reimbursement_class` is the one that was computed with. The difference between a bill and its rows is a
    line without document, number and class.
    """

    document_id: str | None
    line: int | None
    name: str
    amount: Money
    reimbursement_class: ReimbursementClass | None
    entered: Money
    advance_self_pay: Money
    over_limit: Money
    outside: Money
    why: str


class StepRecord(TypedDict):
    """One step in the order of calculation: `result` of applying `figure` to `base`, and why."""

    step: StepName
    label: str
    label_en: str
    base: Money
    figure: str
    result: Money
    why: str


class TotalsRecord(TypedDict):
    """What the bill came to, part by part.

    `self_pay` is what the person pays within the scope (自付: advance self-payment, deductible, the share
    that the ratio leaves, what is over the cap), `self_funded` what lies outside (自费: 丙, not payable, over
    a price limit).
    """

    total: Money
    eligible: Money
    advance_self_pay: Money
    over_limit: Money
    outside: Money
    deductible: Money
    fund_payment: Money
    serious_payment: Money
    self_pay: Money
    self_funded: Money


class ComputedRecord(TypedDict):
    """Lines, steps and totals of one computation at one level of hospital."""

    level: Level | None
    lines: list[SettledLineRecord]
    steps: list[StepRecord]
    totals: TotalsRecord


class PayoutRecord(TypedDict):
    """What is paid, fund and serious-illness together: at least and at most; equal where it is settled."""

    low: Money
    high: Money


class YearToDateRecord(TypedDict):
    """What a person used up in a year before or after a settlement."""

    year: int
    deductible_used: dict[Care, Money]
    stays: int
    fund_paid: dict[Care, Money]
    personal_compliant: Money
    serious_paid: Money
    claims: list[str]


class CarriedRecord(TypedDict):
    """The year of the person before and after.

    `before` is null where it is not known whose claim it is or of which year, `after` where nothing was
    settled: the year then stands as before.
    """

    before: YearToDateRecord | None
    after: YearToDateRecord | None


class SettlementRecord(TypedDict):
    """What a claim is paid, how it was computed and by which policy.

    `policy` is null where none could be chosen. `settled`: to the fen, and may be paid. `range`: a figure, a
    class or the level is open, so `reasons` say which; lines, steps and totals are then the least that may be
    paid and `at_most` the most. `refused`: not computed, and `reasons` say why. `rounding` says how amounts
    were cut.
    """

    schema_version: Version
    claim_id: str
    idempotency_key: str
    outcome: Outcome
    reasons: list[str]
    day: Day | None
    policy: PolicyRecord | None
    serious_policy: PolicyRecord | None
    rounding: str
    payout: PayoutRecord | None
    level: Level | None
    lines: list[SettledLineRecord]
    steps: list[StepRecord]
    totals: TotalsRecord | None
    at_most: ComputedRecord | None
    to_date: CarriedRecord


def settlement_schema() -> dict[str, Any]:
    """The JSON Schema of a row of `settlements.jsonl`, generated from the types above."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **pydantic.TypeAdapter(SettlementRecord).json_schema(),
        "title": "A row of settlements.jsonl",
    }
