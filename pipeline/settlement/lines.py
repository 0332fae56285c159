"""What of a charged row enters the reimbursable amount: steps 1 and 2 of domain.md §11.

甲 enters in full, of 乙 a share is paid in advance (先行自付), 丙 and what is not payable stay outside; price
limits cut what enters. Amounts are cut to the fen in favour of none but the rule: what enters is rounded
down, so that a row in two parts never enters with more than the whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from pipeline.model import ReimbursementClass
from pipeline.places.place import Scope
from pipeline.records import money_text, quantity_text
from pipeline.settlement.bill import Charge, least_and_most
from pipeline.settlement.policy import WHOLE, PolicyHead, PolicySet
from pipeline.settlement.record import SettledLineRecord
from pipeline.text import squeeze

FEN: Final = Decimal("0.01")
NOTHING: Final = Decimal(0)
_STANDARD: Final = re.compile(
    r"(?P<yuan>\d+(?:\.\d{1,2})?)元\([^；]*/(?P<unit>[\u4e00-\u9fff]{1,2})(?:\([^()]*\))?\)"
)
"""One payment standard of the list of medicines: `63.00元(10mg/支)`, `5.68元(10mg/片(按…计))`."""


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """A charged row in its parts, yuan; the four parts sum up to the amount."""

    charge: Charge
    amount: Decimal
    reimbursement_class: ReimbursementClass | None
    entered: Decimal
    advance: Decimal
    over_limit: Decimal
    outside: Decimal
    why: str

    @property
    def in_scope(self) -> Decimal:
        """What the fund and the person share: what entered and what is paid in advance."""
        return self.entered + self.advance

    def record(self) -> SettledLineRecord:
        """The published form."""
        return {
            "document_id": self.charge.document_id,
            "line": self.charge.line,
            "name": self.charge.name,
            "amount": money_text(self.amount),
            "reimbursement_class": self.reimbursement_class if self.charge.document_id else None,
            "entered": money_text(self.entered),
            "advance_self_pay": money_text(self.advance),
            "over_limit": money_text(self.over_limit),
            "outside": money_text(self.outside),
            "why": self.why,
        }


def line_outcomes(
    charges: Sequence[Charge], policy: PolicySet, scope: Scope
) -> tuple[list[LineOutcome], list[LineOutcome]]:
    """Each row where the least and where the most of it enters; the same twice where nothing is open.

    Args:
        charges: The rows of a bill.
        policy: Whose price limits and advance share of 乙 hold.
        scope: What the place does not pay, and how much of a bed day it pays.
    """
    nets = nets_of(charges)
    ends = [ends_of(charge, policy, scope, is_charged=nets[thing_of(charge)] >= 0) for charge in charges]
    return [least for least, _ in ends], [most for _, most in ends]


def ends_of(
    charge: Charge, policy: PolicySet, scope: Scope, *, is_charged: bool = True
) -> tuple[LineOutcome, LineOutcome]:
    """A row where the least and where the most is paid.

    Args:
        charge: The row.
        policy: As `line_outcomes`.
        scope: As `line_outcomes`.
        is_charged: Whether what the row is about is charged on the whole; of what is refunded on the whole
            the more enters, the less is paid.
    """
    options = sorted(
        _options(charge, policy, scope), key=lambda option: (abs(option.entered), abs(option.in_scope))
    )
    low, high = options[0], options[-1]
    return (low, high) if is_charged else (high, low)


def thing_of(charge: Charge) -> tuple[str, str]:
    """What a row is about: a discount or refund is of the same class as what it is of."""
    return charge.code, squeeze(charge.name)


def nets_of(charges: Sequence[Charge]) -> Mapping[tuple[str, str], Decimal]:
    """What each thing comes to, charges less refunds."""
    nets: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for charge in charges:
        nets[thing_of(charge)] += max(charge.amounts)
    return nets


def open_reasons(
    least: Sequence[LineOutcome], most: Sequence[LineOutcome], policy: PolicySet, scope: Scope
) -> list[str]:
    """Why rows are open, each reason once with the first row that has it and how many."""
    rows: dict[str, list[str]] = {}
    for low, high in zip(least, most, strict=True):
        if low.entered != high.entered:
            rows.setdefault(_why_open(low.charge, policy, scope), []).append(low.charge.name)
    return [
        f"「{names[0]}」{f'等 {len(names)} 行' if len(names) > 1 else ''}：{why}"
        f" / {len(names)} open row{'s' if len(names) > 1 else ''}"
        for why, names in rows.items()
    ]


def _why_open(charge: Charge, policy: PolicySet, scope: Scope) -> str:
    if len(charge.classes) > 1:
        return charge.why
    shares = _shares(charge, charge.classes[0], policy)
    limits = _limits(charge, policy.head, scope)
    return shares[0][1] if len(shares) > 1 else limits[0][1]


def _options(charge: Charge, policy: PolicySet, scope: Scope) -> Iterator[LineOutcome]:
    """The ends of everything that a row may come to."""
    word = next((word for word in scope.not_payable if word in squeeze(charge.name)), None)
    limits = _limits(charge, policy.head, scope)
    for amount in least_and_most(charge.amounts):
        if word is not None:
            yield _outside(charge, amount, None, f"“{word}”不予支付")
            continue
        for reimbursement_class in charge.classes:
            assumed = f"，此处按{reimbursement_class}类" if len(charge.classes) > 1 else ""
            class_why = charge.why + assumed
            if reimbursement_class == "丙":
                yield _outside(charge, amount, "丙", f"{class_why}，不予支付")
                continue
            shares = _shares(charge, reimbursement_class, policy)
            for share, share_why in shares:
                taken = f"，此处按 {_percent(share)}" if len(shares) > 1 else ""
                for limit, limit_why in limits:
                    whole = "全额纳入" if reimbursement_class == "甲" and limit is None else ""
                    whys = (class_why, share_why + taken, whole, limit_why)
                    why = "；".join(part for part in whys if part)
                    yield _entering(charge, amount, reimbursement_class, share, limit, why)


def _outside(
    charge: Charge, amount: Decimal, reimbursement_class: ReimbursementClass | None, why: str
) -> LineOutcome:
    return LineOutcome(charge, amount, reimbursement_class, NOTHING, NOTHING, NOTHING, amount, why)


def _entering(
    charge: Charge,
    amount: Decimal,
    reimbursement_class: ReimbursementClass,
    share: Decimal,
    limit: Decimal | None,
    why: str,
) -> LineOutcome:
    """A row within the scope: cut by the limit, then by the advance share.

    A refund (a negative row) is cut the same way, so that it takes back what the charge let enter.
    """
    within = amount if limit is None else min(abs(amount), limit).copy_sign(amount)
    entered = (within * (1 - share)).quantize(FEN, ROUND_DOWN)
    return LineOutcome(
        charge, amount, reimbursement_class, entered, within - entered, amount - within, NOTHING, why
    )


def _shares(
    charge: Charge, reimbursement_class: ReimbursementClass, policy: PolicySet
) -> list[tuple[Decimal, str]]:
    """The ends of what is paid in advance, 0 to 1, each with what says so."""
    if reimbursement_class == "甲":
        return [(NOTHING, "")]
    if charge.shares:
        said = "、".join(_percent(share) for share in charge.shares)
        several = "，清单未说明对应哪类人员" if len(charge.shares) > 1 else ""
        why = f"清单先行自付 {said}{several}"
        return [(share, why) for share in least_and_most(charge.shares)]
    figure = policy.terms.class_b_self_pay
    if figure is None:
        why = "清单和政策都没有先行自付比例"
        return [(NOTHING, why), (Decimal(1), why)]
    bounds = figure.between(WHOLE)
    why = f"清单没有先行自付比例，政策 {policy.key} 为 {figure.said(' %')}"
    ends = (bounds.least, WHOLE if bounds.most is None else bounds.most)
    return [(end / WHOLE, why) for end in dict.fromkeys(ends)]


def _percent(share: Decimal) -> str:
    return f"{quantity_text(share * WHOLE)} %"


def _limits(charge: Charge, head: PolicyHead, scope: Scope) -> list[tuple[Decimal | None, str]]:
    """The ends of how much of the row enters at most, in yuan, each with what says so; None is no limit."""
    for limit in head.price_limits:
        named = limit.code == charge.code if limit.code else limit.name == charge.listed_name
        if named:
            return _per_unit(charge, limit.yuan, limit.unit, "限价")
    if charge.payment_standard and head.payment_standards == "limits":
        standard = _STANDARD.fullmatch(charge.payment_standard)
        if standard is None:
            return _open_limit(f"支付标准“{charge.payment_standard}”因规格而异，无法比较")
        return _per_unit(charge, Decimal(standard["yuan"]), standard["unit"], "支付标准")
    name = squeeze(charge.name)
    words = [word for word in sorted(scope.bed_limits, key=len, reverse=True) if word in name]
    if words and any(word in name for word in scope.bed_words):
        yuan = Decimal(scope.bed_limits[words[0]])
        return _limited(charge.quantity, yuan, f"床位支付标准每日 {money_text(yuan)} 元")
    return [(None, "")]


def _per_unit(charge: Charge, yuan: Decimal, unit: str, kind: str) -> list[tuple[Decimal | None, str]]:
    """The limit of a row by the unit; what is charged by the box says nothing of the price of a tablet."""
    each = f"{kind}每{unit} {money_text(yuan)} 元"
    if unit != charge.unit:
        return _open_limit(f"{each}，票据单位“{charge.unit}”不同，无法比较")
    return _limited(charge.quantity, yuan, each)


def _limited(quantity: Decimal | None, yuan: Decimal, each: str) -> list[tuple[Decimal | None, str]]:
    if quantity is None:
        return _open_limit(f"{each}，数量未读到，无法比较")
    limit = (abs(quantity) * yuan).quantize(FEN, ROUND_DOWN)
    return [(limit, f"{each}，{quantity_text(abs(quantity))} 个单位共 {money_text(limit)} 元")]


def _open_limit(why: str) -> list[tuple[Decimal | None, str]]:
    return [(NOTHING, why), (None, why)]
