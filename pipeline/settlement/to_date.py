"""What a person used up in a year: deductibles, stays, what the fund paid, and what was paid by themselves.

The year is the calendar year of the day of discharge or of the visit. It is carried from claim to claim, so
that a yearly deductible is taken once and a yearly cap is met once. `claims` are the idempotency keys of the
claims in it: what was counted once is not settled again.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, TypeAlias

import pydantic

from pipeline.records import money_text
from pipeline.settlement.policy import Care
from pipeline.settlement.record import SettlementRecord, YearToDateRecord

Yuan: TypeAlias = Annotated[Decimal, pydantic.Field(ge=0, decimal_places=2, allow_inf_nan=False)]


class YearToDate(pydantic.BaseModel):
    """The person's year so far, money in yuan; what is not given is nothing.

    `personal_compliant` is what the person paid within the scope (自付, not 自费), before any serious-illness
    part.

    Raises:
        pydantic.ValidationError: If a key is unknown, or an amount is negative or finer than a fen.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    year: int = pydantic.Field(ge=1900, le=2999)
    deductible_used: Mapping[Care, Yuan] = {}
    stays: int = pydantic.Field(default=0, ge=0)
    fund_paid: Mapping[Care, Yuan] = {}
    personal_compliant: Yuan = Decimal(0)
    serious_paid: Yuan = Decimal(0)
    claims: tuple[str, ...] = ()

    def after(self, settlement: SettlementRecord) -> YearToDate:
        """The year with a settled claim in it.

        Raises:
            ValueError: If the claim is not settled, is of another year, or is in it already.
        """
        totals, policy, day = settlement["totals"], settlement["policy"], settlement["day"]
        if settlement["outcome"] != "settled" or totals is None or policy is None or day is None:
            raise ValueError(f"{settlement['claim_id']}: is not settled")
        if int(day[:4]) != self.year:
            raise ValueError(f"{settlement['claim_id']}: {day} is not of {self.year}")
        if settlement["idempotency_key"] in self.claims:
            raise ValueError(f"{settlement['claim_id']}: is in the year already")
        care, serious = policy["care"], Decimal(totals["serious_payment"])
        return YearToDate(
            year=self.year,
            deductible_used=_with(self.deductible_used, care, Decimal(totals["deductible"])),
            stays=self.stays + (care == "inpatient"),
            fund_paid=_with(self.fund_paid, care, Decimal(totals["fund_payment"])),
            personal_compliant=self.personal_compliant + Decimal(totals["self_pay"]) + serious,
            serious_paid=self.serious_paid + serious,
            claims=(*self.claims, settlement["idempotency_key"]),
        )

    def record(self) -> YearToDateRecord:
        """The published form."""
        return {
            "year": self.year,
            "deductible_used": _texts(self.deductible_used),
            "stays": self.stays,
            "fund_paid": _texts(self.fund_paid),
            "personal_compliant": money_text(self.personal_compliant),
            "serious_paid": money_text(self.serious_paid),
            "claims": list(self.claims),
        }


def _with(amounts: Mapping[Care, Decimal], care: Care, more: Decimal) -> dict[Care, Decimal]:
    return {**amounts, care: amounts.get(care, Decimal(0)) + more}


def _texts(amounts: Mapping[Care, Decimal]) -> dict[Care, str]:
    return {care: money_text(amount) for care, amount in amounts.items()}
