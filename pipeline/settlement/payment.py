"""One payment by figures that are all exact: steps 3 to 6 of domain.md §11.

Deductible, ratio, what is left of the year's cap, then the second reimbursement of serious illness. Every
payment is cut down to the unit that the policy states, never rounded up: the parts of a bill are then paid at
most what the whole is. For the same reason the serious-illness part is computed of the whole year, less what
was paid of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from pipeline.settlement.policy import WHOLE, Care, Level, PolicySet
from pipeline.settlement.to_date import YearToDate

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class SeriousFigures:
    """Figures of a serious-illness set; a `threshold` of None is never reached, a `cap` of None never met."""

    threshold: Decimal | None
    percent: Decimal
    cap: Decimal | None
    unit: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures that one payment is computed by.

    A `deductible` of None uses up every amount, a `cap` of None is never met.
    """

    care: Care
    level: Level
    percent: Decimal
    deductible: Decimal | None
    is_yearly: bool
    cap: Decimal | None
    unit: Decimal
    serious: SeriousFigures | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment in its steps, yuan; `in_scope` is what the fund and the person share."""

    figures: Figures
    in_scope: Decimal
    eligible: Decimal
    deductible: Decimal
    by_ratio: Decimal
    cap_left: Decimal | None
    fund: Decimal
    compliant_to_date: Decimal
    serious_due: Decimal
    serious: Decimal

    @property
    def after_deductible(self) -> Decimal:
        """What the ratio is taken of."""
        return self.eligible - self.deductible

    @property
    def self_pay(self) -> Decimal:
        """What the person pays within the scope (自付)."""
        return self.in_scope - self.fund - self.serious

    @property
    def paid(self) -> Decimal:
        """Fund and serious-illness part together."""
        return self.fund + self.serious


def figures_at_ends(policy: PolicySet, serious: PolicySet | None, level: Level) -> tuple[Figures, Figures]:
    """The figures that pay least and those that pay most; the same twice where all are exact.

    Both parts together never fall when a figure turns to the person's favour: of what the fund pays more, the
    serious-illness part loses only its share. So the ends of every figure give the ends of the payment.
    """
    terms = policy.terms
    percent = terms.ratio(level).between(WHOLE)
    yearly = terms.deductible is not None and terms.deductible.per == "year"
    deductible = terms.deductible.of(level).between() if terms.deductible is not None else None
    cap = terms.cap.between() if terms.cap is not None else None
    of_serious = _serious_at_ends(serious, level) if serious is not None else (None, None)
    least = Figures(
        terms.care,
        level,
        percent.least,
        deductible.most if deductible is not None else NOTHING,
        yearly,
        cap.least if cap is not None else None,
        policy.head.rounding_unit,
        of_serious[0],
    )
    most = Figures(
        terms.care,
        level,
        WHOLE if percent.most is None else percent.most,
        deductible.least if deductible is not None else NOTHING,
        yearly,
        cap.most if cap is not None else None,
        policy.head.rounding_unit,
        of_serious[1],
    )
    return least, most


def _serious_at_ends(serious: PolicySet, level: Level) -> tuple[SeriousFigures, SeriousFigures]:
    terms = serious.terms
    if terms.threshold is None:  # refused when the file is read
        raise ValueError(f"{serious.key}: no serious-illness set")
    threshold, percent = terms.threshold.between(), terms.ratio(level).between(WHOLE)
    cap = terms.cap.between() if terms.cap is not None else None
    unit = serious.head.rounding_unit
    return (
        SeriousFigures(threshold.most, percent.least, cap.least if cap is not None else None, unit),
        SeriousFigures(
            threshold.least,
            WHOLE if percent.most is None else percent.most,
            cap.most if cap is not None else None,
            unit,
        ),
    )


def pay(eligible: Decimal, in_scope: Decimal, figures: Figures, to_date: YearToDate) -> Payment:
    """What is paid of an amount.

    Args:
        eligible: What entered, 0 yuan or more.
        in_scope: `eligible` and what was paid in advance of 乙 rows.
        figures: By which it is computed.
        to_date: What the person used up in the year so far.
    """
    used = to_date.deductible_used.get(figures.care, NOTHING) if figures.is_yearly else NOTHING
    left = None if figures.deductible is None else max(NOTHING, figures.deductible - used)
    deductible = eligible if left is None else min(eligible, left)
    by_ratio = _cut((eligible - deductible) * figures.percent / WHOLE, figures.unit)
    cap_left = (
        None
        if figures.cap is None
        else max(NOTHING, figures.cap - to_date.fund_paid.get(figures.care, NOTHING))
    )
    fund = _cut(by_ratio if cap_left is None else min(by_ratio, cap_left), figures.unit)
    personal = in_scope - fund
    compliant = to_date.personal_compliant + personal
    due = _serious_due(compliant, figures.serious)
    unit = figures.serious.unit if figures.serious is not None else figures.unit
    # At most what the person pays of this bill: what an earlier bill left unpaid is not made up by this one.
    serious = _cut(min(max(NOTHING, due - to_date.serious_paid), personal), unit)
    return Payment(figures, in_scope, eligible, deductible, by_ratio, cap_left, fund, compliant, due, serious)


def _serious_due(compliant: Decimal, figures: SeriousFigures | None) -> Decimal:
    """What the year's personal expense within the scope comes to, paid or not."""
    if figures is None or figures.threshold is None or compliant <= figures.threshold:
        return NOTHING
    due = (compliant - figures.threshold) * figures.percent / WHOLE
    return _cut(due if figures.cap is None else min(due, figures.cap), figures.unit)


def _cut(amount: Decimal, unit: Decimal) -> Decimal:
    """Down to a multiple of the unit."""
    return (amount / unit).to_integral_value(ROUND_FLOOR) * unit
