"""A bill computed at the two ends of what is open: rows, figures, and the level of the hospital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.places.place import Scope
from pipeline.settlement.bill import Bill, undetailed
from pipeline.settlement.lines import LineOutcome, line_outcomes
from pipeline.settlement.payment import Figures, Payment, figures_at_ends, pay
from pipeline.settlement.policy import PolicySet
from pipeline.settlement.to_date import YearToDate

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Computation:
    """Rows in their parts and what is paid of them, yuan."""

    lines: tuple[LineOutcome, ...]
    payment: Payment
    total: Decimal
    entered: Decimal
    over_limit: Decimal
    outside: Decimal
    advance: Decimal

    @property
    def self_funded(self) -> Decimal:
        """What lies outside the scope (自费)."""
        return self.over_limit + self.outside

    @property
    def parts(self) -> tuple[Decimal, ...]:
        """Every part of the bill; two computations with the same parts say the same."""
        return (
            *(self.total, self.entered, self.advance, self.over_limit, self.outside),
            *(self.payment.deductible, self.payment.fund, self.payment.serious),
        )


def computed_at_ends(
    bill: Bill,
    policy: PolicySet,
    to_date: YearToDate,
    serious: PolicySet | None,
    scope: Scope,
) -> tuple[Computation, Computation]:
    """The computation that pays least and the one that pays most; alike where nothing is open.

    What the bill comes to beyond its rows is a row of its own that is open: it may be anything. Where refunds
    outweigh what entered nothing is eligible, and where rows that are in doubt exceed the bill, the bill is
    the most that can be.
    """
    least, most = line_outcomes(bill.charges, policy, scope)
    figures = [figures_at_ends(policy, serious, level) for level in bill.levels]
    low = min(
        (_computed(least, bill, policy, scope, at[0], to_date, end=0) for at in figures),
        key=lambda one: one.payment.paid,
    )
    high = max(
        (_computed(most, bill, policy, scope, at[1], to_date, end=1) for at in figures),
        key=lambda one: one.payment.paid,
    )
    return low, high


def _computed(
    lines: Sequence[LineOutcome],
    bill: Bill,
    policy: PolicySet,
    scope: Scope,
    figures: Figures,
    to_date: YearToDate,
    *,
    end: int,
) -> Computation:
    rows = list(lines)
    charged = sum((line.amount for line in rows), NOTHING)
    if bill.total is not None and bill.total > charged:
        rows.append(line_outcomes([undetailed(bill.total - charged)], policy, scope)[end][0])
    most = charged if bill.total is None else bill.total
    entered = sum((line.entered for line in rows), NOTHING)
    in_scope = _within(sum((line.in_scope for line in rows), NOTHING), most)
    eligible = _within(entered, most)
    return Computation(
        lines=tuple(rows),
        payment=pay(eligible, max(eligible, in_scope), figures, to_date),
        total=most,
        entered=entered,
        over_limit=sum((line.over_limit for line in rows), NOTHING),
        outside=sum((line.outside for line in rows), NOTHING),
        advance=sum((line.advance for line in rows), NOTHING),
    )


def _within(amount: Decimal, most: Decimal) -> Decimal:
    return max(NOTHING, min(amount, most))
