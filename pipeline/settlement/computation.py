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
    figures = [figures_at_ends(policy, serious, level) for level in bill.levels]
    low, high = line_outcomes(bill.charges, policy, scope)
    least = _rows(low, bill, policy, scope, end=0)
    most = _rows(high, bill, policy, scope, end=1)
    return (
        min((least.paid_by(at[0], to_date) for at in figures), key=lambda one: one.payment.paid),
        max((most.paid_by(at[1], to_date) for at in figures), key=lambda one: one.payment.paid),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows with their sums, which are the same at every level of hospital."""

    lines: tuple[LineOutcome, ...]
    total: Decimal
    entered: Decimal
    over_limit: Decimal
    outside: Decimal
    advance: Decimal

    def paid_by(self, figures: Figures, to_date: YearToDate) -> Computation:
        return Computation(
            self.lines,
            paid_of(self.entered, self.advance, self.total, figures, to_date),
            self.total,
            self.entered,
            self.over_limit,
            self.outside,
            self.advance,
        )


def _rows(lines: Sequence[LineOutcome], bill: Bill, policy: PolicySet, scope: Scope, *, end: int) -> _Rows:
    """The rows of one end, with one for what the bill comes to beyond them."""
    rows = list(lines)
    charged = sum((line.amount for line in rows), NOTHING)
    if bill.total is not None and bill.total > charged:
        rows.append(line_outcomes([undetailed(bill.total - charged)], policy, scope)[end][0])
    return _Rows(
        lines=tuple(rows),
        total=charged if bill.total is None else bill.total,
        entered=sum((line.entered for line in rows), NOTHING),
        over_limit=sum((line.over_limit for line in rows), NOTHING),
        outside=sum((line.outside for line in rows), NOTHING),
        advance=sum((line.advance for line in rows), NOTHING),
    )


def paid_of(
    entered: Decimal, advance: Decimal, total: Decimal, figures: Figures, to_date: YearToDate
) -> Payment:
    """The payment of what entered and what is paid in advance; neither is more than the bill."""
    eligible = _within(entered, total)
    in_scope = max(eligible, _within(entered + advance, total))
    return pay(eligible, in_scope, figures, to_date)


def _within(amount: Decimal, most: Decimal) -> Decimal:
    return max(NOTHING, min(amount, most))
