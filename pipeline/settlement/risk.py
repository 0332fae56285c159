"""Money at risk of a claim that nobody has seen through: what its open values may cost if they are wrong.

    risk = sum over open values of (chance of being wrong) x (change in payout if it is the other one)

What a value may be instead: an amount or a total is its best other reading; a row whose amount has no other
reading may be no row at all; a row whose name is in doubt may be outside the lists, or in them where it is
outside now. Where a total cannot be read, or what the fund has paid already is in doubt, the whole payout is.
The payout is that of the dry run (`payout_range`) with every other value as it stands, and where that is a
range the end that moves more counts. Changes are summed up as if each value were alone wrong: that ranks a
queue; it is no forecast of a loss. Rows are computed once and each open value costs only its own row again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import starmap
from typing import Any, Final, TypeAlias, cast

from pipeline.field_values import parse_value
from pipeline.open_values import OpenValue
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord, CodedLineRecord
from pipeline.settlement.bill import ANY_CLASS, Bill, Charge, bill_of, undetailed
from pipeline.settlement.computation import paid_of
from pipeline.settlement.lines import FEN, LineOutcome, ends_of, nets_of, thing_of
from pipeline.settlement.payment import figures_at_ends
from pipeline.settlement.payout_range import PayoutRange, total_or_best
from pipeline.settlement.policy import PolicySet
from pipeline.settlement.to_date import YearToDate

NOTHING: Final = Decimal(0)
TOTAL: Final = "fields.total_amount"
PAID_BEFORE: Final = "fields.fund_payment"
MOST_COMPUTED: Final = 200
"""Open values whose change is computed; what a bill has beyond them counts with the whole amount of its row,
which no change in payout exceeds. On a bill of 300 rows sixty take 20 ms of a core and two hundred 70 ms; a
usual claim takes 1 to 6 ms."""

_CELL = re.compile(r"line_items\[(?P<row>\d+)\]\.(?P<part>\w+)")

Row: TypeAlias = tuple[str, int]
"""A document's id and the place of a row on it, from 0."""
Pair: TypeAlias = tuple[Charge | None, Charge | None]
"""A row as it stands and as it may be; None: there is no such row."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of the rows at one end, yuan: what they charge, what of it entered, what is paid in advance."""

    charged: Decimal
    entered: Decimal
    advance: Decimal

    def changed(self, before: LineOutcome | None, after: LineOutcome | None) -> _Sums:
        """The sums with one row in place of another."""
        parts = [
            (getattr(after, name) if after is not None else NOTHING)
            - (getattr(before, name) if before is not None else NOTHING)
            for name in ("amount", "entered", "advance")
        ]
        return _Sums(self.charged + parts[0], self.entered + parts[1], self.advance + parts[2])


class _DryRun:
    """A claim computed by one policy, once; then again with one row or the total changed."""

    def __init__(self, claim: ClaimRecord, policy: PolicySet, scope: Scope) -> None:
        self._policy, self._scope = policy, scope
        self._claim = claim
        self._bill = bill_of(claim, printed_class_counts=self._counts)
        self.total = total_or_best(claim, self._bill)
        day = self._bill.day
        assert day is not None  # without it no policy was chosen
        self._year = YearToDate(year=day.year)
        self._figures = [figures_at_ends(policy, None, level) for level in self._bill.levels]
        self._nets = nets_of(self._bill.charges)
        ends = [self._ends(charge) for charge in self._bill.charges]
        self._sums = [_summed([pair[end] for pair in ends]) for end in (0, 1)]

    @property
    def _counts(self) -> bool:
        return self._policy.head.printed_class == "counts"

    @cached_property
    def payout(self) -> PayoutRange:
        """What is paid with every value as it stands."""
        return self._payout(self._sums, self.total)

    @property
    def bill(self) -> Bill:
        """What the claim charges."""
        return self._bill

    def charge_of(self, line: CodedLineRecord) -> Charge | None:
        """The row alone as a charge; None where it has no amount."""
        alone = cast("ClaimRecord", {**self._claim, "line_items": [line]})
        return next(iter(bill_of(alone, printed_class_counts=self._counts).charges), None)

    def with_row(self, pair: Pair) -> PayoutRange:
        """What is paid if one row were another."""
        before, after = (None if one is None else self._ends(one) for one in pair)
        sums = [
            self._sums[end].changed(before[end] if before else None, after[end] if after else None)
            for end in (0, 1)
        ]
        return self._payout(sums, self.total)

    def with_total(self, total: Decimal) -> PayoutRange:
        """What is paid if the bills came to something else."""
        return self._payout(self._sums, total)

    def _ends(self, charge: Charge) -> tuple[LineOutcome, LineOutcome]:
        is_charged = self._nets.get(thing_of(charge), NOTHING) >= 0
        return ends_of(charge, self._policy, self._scope, is_charged=is_charged)

    def _payout(self, sums: Sequence[_Sums], total: Decimal) -> PayoutRange:
        low, high = (self._paid(sums[end], total, end) for end in (0, 1))
        return PayoutRange(min(low), max(high))

    def _paid(self, sums: _Sums, total: Decimal, end: int) -> list[Decimal]:
        """What is paid at one end, at each level that the hospital can have."""
        if total > sums.charged:
            beyond = ends_of(undetailed(total - sums.charged), self._policy, self._scope)[end]
            sums = sums.changed(None, beyond)
        return [
            paid_of(sums.entered, sums.advance, total, figures[end], self._year).paid
            for figures in self._figures
        ]


def _summed(outcomes: Sequence[LineOutcome]) -> _Sums:
    return _Sums(
        sum((one.amount for one in outcomes), NOTHING),
        sum((one.entered for one in outcomes), NOTHING),
        sum((one.advance for one in outcomes), NOTHING),
    )


def money_at_risk(
    claim: ClaimRecord, open_values: Sequence[OpenValue], policies: Sequence[PolicySet], scope: Scope
) -> Decimal:
    """The money at risk of a claim, yuan to the fen: 0 where nothing is open or nobody can tell a payout.

    Args:
        claim: As it was read.
        open_values: What of it waits for a person.
        policies: The sets that may hold for it; where several may, the one that risks most counts.
        scope: What the place does not pay.
    """
    if not open_values or not policies:
        return NOTHING
    runs = [_DryRun(claim, policy, scope) for policy in policies]
    risks = [_Risk(claim, run) for run in runs]
    worst = max(sum((risk.of(one) for one in open_values[:MOST_COMPUTED]), NOTHING) for risk in risks)
    rest = sum((risks[0].at_most(one) for one in open_values[MOST_COMPUTED:]), NOTHING)
    return (worst + rest).quantize(FEN, ROUND_HALF_UP)


class _Risk:
    """What each open value of a claim puts at risk, by one dry run."""

    def __init__(self, claim: ClaimRecord, run: _DryRun) -> None:
        self._run = run
        self._invoices = frozenset(claim["invoices"])
        self._lines = _lines_of(claim)

    def of(self, one: OpenValue) -> Decimal:
        """Chance times change, yuan."""
        return Decimal(repr(one.chance)) * self._change(one)

    def at_most(self, one: OpenValue) -> Decimal:
        """Chance times all that the value could change, yuan."""
        found = _CELL.fullmatch(one.path)
        line = self._lines.get((one.document_id, int(found["row"]))) if found is not None else None
        charge = self._run.charge_of(line) if line is not None else None
        most = max((abs(amount) for amount in charge.amounts), default=NOTHING) if charge else NOTHING
        return Decimal(repr(one.chance)) * most

    def _change(self, one: OpenValue) -> Decimal:
        found = _CELL.fullmatch(one.path)
        if found is not None:
            line = self._lines.get((one.document_id, int(found["row"])))
            return self._row_change(line, found["part"], one) if line is not None else NOTHING
        if one.document_id not in self._invoices:
            return NOTHING
        if one.path == PAID_BEFORE:
            return self._run.payout.high
        return self._total_change(one) if one.path == TOTAL else NOTHING

    def _total_change(self, one: OpenValue) -> Decimal:
        value, other = _number(one.value), _number(one.other)
        if value is None or self._run.bill.total is None:
            return self._run.payout.high
        if other is None:  # the rows say what there is else
            charged = sum((max(charge.amounts) for charge in self._run.bill.charges), NOTHING)
            return self._moved(self._run.with_total(charged))
        return self._moved(self._run.with_total(self._run.bill.total - value + other))

    def _row_change(self, line: CodedLineRecord, part: str, one: OpenValue) -> Decimal:
        return max(map(self._moved, starmap(self._between, self._pairs(line, part, one))), default=NOTHING)

    def _between(self, before: Charge | None, after: Charge | None) -> PayoutRange:
        return self._run.with_row((before, after))

    def _pairs(self, line: CodedLineRecord, part: str, one: OpenValue) -> list[Pair]:
        """What the row may be instead of what it is."""
        charge = self._run.charge_of(line)
        if part == "name":
            if charge is None:
                return []
            others = (
                ANY_CLASS if len(charge.classes) > 1 else ("甲",) if charge.classes == ("丙",) else ("丙",)
            )
            return [(charge, replace(charge, classes=(other,))) for other in others]
        if part == "amount" and _number(one.other) is None:
            return [(charge, None)]
        if one.other is None:
            return []
        cells = cast("Mapping[str, Any]", line)
        changed = cast("CodedLineRecord", {**line, part: {**cells[part], "value": one.other}})
        return [(charge, self._run.charge_of(changed))]

    def _moved(self, payout: PayoutRange) -> Decimal:
        now = self._run.payout
        return max(abs(payout.low - now.low), abs(payout.high - now.high))


def _lines_of(claim: ClaimRecord) -> dict[Row, CodedLineRecord]:
    """The charged rows by paper and place on it."""
    found: dict[Row, CodedLineRecord] = {}
    counts: dict[str, int] = {}
    for line in claim["line_items"]:
        at = counts.get(line["document_id"], 0)
        counts[line["document_id"]] = at + 1
        found[line["document_id"], at] = line
    return found


def _number(text: str | None) -> Decimal | None:
    """A yuan amount from a text that was read; None where it is none."""
    try:
        value = parse_value("amount", text or "")
    except ValueError:
        return None
    return value if isinstance(value, Decimal) else None
