"""What a claim may cost before anybody has seen it through: the least and the most, to the fen.

For ranking a reviewer's queue by money at risk, so it computes what it can and refuses nothing. Rows outside
the lists or with a doubtful name lie between 丙 and 甲, amounts between their candidates, and what the bill
comes to beyond its rows may be anything. Whether a reviewer turns the whole claim down is not in the range.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from pipeline.places.place import Scope
from pipeline.records import ClaimRecord
from pipeline.settlement.bill import Bill, bill_of
from pipeline.settlement.computation import computed_at_ends
from pipeline.settlement.policy import PolicySet
from pipeline.settlement.settle import NO_SCOPE
from pipeline.settlement.to_date import YearToDate

NOT_STATED = "total_amount"
"""The total of a claim; where an invoice does not say its own, other sums of the papers stand in."""
OTHER_SUMS = ("itemized", "cash_payment")
"""What else tells how much was charged: the lists of the claim, and what was paid in cash."""


class PayoutRange(NamedTuple):
    """What a claim may be paid, yuan: fund and serious-illness part together."""

    low: Decimal
    high: Decimal

    @property
    def at_risk(self) -> Decimal:
        """How much depends on what is open."""
        return self.high - self.low


def payout_range(
    claim: ClaimRecord,
    policy: PolicySet,
    to_date: YearToDate,
    serious: PolicySet | None = None,
    *,
    scope: Scope = NO_SCOPE,
) -> PayoutRange:
    """What the claim may be paid by the policy.

    A claim whose papers state no amount at all has (0, 0): `amount_is_known` tells it from one that costs
    nothing.
    """
    bill = bill_of(claim, printed_class_counts=policy.head.printed_class == "counts", reviewed=False)
    bill = replace(bill, total=total_or_best(claim, bill))
    least, most = computed_at_ends(bill, policy, to_date, serious, scope)
    return PayoutRange(least.payment.paid, most.payment.paid)


def total_or_best(claim: ClaimRecord, bill: Bill) -> Decimal:
    """What the bill comes to; where no invoice says it, the most that other sums of the papers say."""
    if bill.total is not None:
        return bill.total
    stated = [Decimal(claim["totals"][name]) for name in OTHER_SUMS if name in claim["totals"]]
    return max([*stated, sum((max(charge.amounts) for charge in bill.charges), Decimal(0))])


def amount_is_known(claim: ClaimRecord) -> bool:
    """Whether the papers of a claim state any amount."""
    rows = any(line["amount"]["value"] for line in claim["line_items"])
    return rows or any(name in claim["totals"] for name in (NOT_STATED, *OTHER_SUMS))
