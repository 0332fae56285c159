"""What a claim is paid: the order of calculation of domain.md §11, by one named set of figures.

The answer is `settled` only where everything is known. What is open (a class, a figure that the source gives
as a range, the level of the hospital, rows that do not cover the bill) is computed at both of its ends, and
unless both give the same, the answer is a range that is not paid. What must not be paid at all is refused
with the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from pipeline.places.place import Scope
from pipeline.records import SCHEMA_VERSION, ClaimRecord, money_text
from pipeline.settlement.bill import Bill, bill_of
from pipeline.settlement.computation import Computation, computed_at_ends
from pipeline.settlement.figures import Figure
from pipeline.settlement.lines import FEN, open_reasons
from pipeline.settlement.policy import CARE_NAMES, INSURED_NAMES, LEVEL_NAMES, Level, PolicySet
from pipeline.settlement.record import Outcome, PolicyRecord, SettlementRecord
from pipeline.settlement.steps import computed_record
from pipeline.settlement.to_date import YearToDate

NO_SCOPE: Final = Scope()
"""A place that says nothing of what is not payable."""
NOTHING = Decimal(0)
ROUNDING_WORDS: Final = {"fen": "分", "jiao": "角", "yuan": "元"}


def settle(
    claim: ClaimRecord,
    policy: PolicySet,
    to_date: YearToDate,
    serious: PolicySet | None = None,
    *,
    scope: Scope = NO_SCOPE,
) -> SettlementRecord:
    """The settlement of an accepted claim. No input or output, and the same answer for the same arguments.

    Args:
        claim: A row of `claims.jsonl`.
        policy: The set of figures for the care and the insured.
        to_date: The person's year before this claim.
        serious: The set for the second reimbursement; without it there is none.
        scope: What the place does not pay, and its limits of bed days (`Place.scope`).
    """
    bill = bill_of(claim, printed_class_counts=policy.head.printed_class == "counts")
    refusals = list(_refusals(bill, policy, to_date, serious))
    if refusals:
        return _record(bill, policy, to_date, serious, "refused", refusals, None)
    least, most = computed_at_ends(bill, policy, to_date, serious, scope)
    if any(part < 0 for one in (least, most) for part in one.parts):
        said = "退费超过所对应的费用，不能结算 / refunds outweigh what they are for"
        return _record(bill, policy, to_date, serious, "refused", [said], None)
    if least.parts == most.parts:
        record = _record(bill, policy, to_date, serious, "settled", [], (least, least))
        record["to_date"]["after"] = to_date.after(record).record()
        return record
    reasons = list(_open(bill, least, most, policy, serious, scope))
    return _record(bill, policy, to_date, serious, "range", reasons, (least, most))


def _refusals(bill: Bill, policy: PolicySet, to_date: YearToDate, serious: PolicySet | None) -> Iterator[str]:
    """Why a claim must not be settled by this policy, each in a sentence."""
    if bill.status != "accepted":
        yield f"申报状态是 {bill.status}，须先复核为 accepted / the claim is not accepted"
    if bill.idempotency_key in to_date.claims:
        yield "本年已结算过这份申报 / was settled in this year already"
    yield from _misfits(bill, policy, to_date, serious)
    if bill.paid_before > 0:
        paid = money_text(bill.paid_before)
        yield f"票据已由医保支付 {paid} 元，不重复报销（R-EB-4） / the fund paid {paid} of it already"
    if not bill.charges:
        yield "没有明细，不能分甲乙丙（R-MAT-3） / no rows, so nothing can be classed"
    if bill.total is None:
        yield "票据合计未知，无法与明细核对 / what the bills come to is not known"
        return
    if bill.total <= 0:
        yield f"票据合计 {money_text(bill.total)} 元，冲红票据不支付（R-EB-3） / nothing was charged"
    amounts = [amount for charge in bill.charges for amount in charge.amounts]
    if any(amount % FEN for amount in (bill.total, *amounts)):
        yield "金额有分以下的小数 / an amount is finer than a fen"
    charged = sum(amounts, NOTHING)
    if charged > bill.total:
        yield (
            f"明细合计 {money_text(charged)} 元，大于票据合计 {money_text(bill.total)} 元，不知以何为准"
            " / the rows charge more than the bill"
        )


def _misfits(bill: Bill, policy: PolicySet, to_date: YearToDate, serious: PolicySet | None) -> Iterator[str]:
    """Where the policy is not one for this claim."""
    care = policy.terms.care
    wanted = ("inpatient",) if bill.is_stay else ("outpatient", "chronic")
    if care not in wanted:
        kind = "住院" if bill.is_stay else "门诊"
        yield (
            f"{kind}申报不能按 {policy.key}（{CARE_NAMES[care]}）结算"
            f" / {policy.key} is for {care}, the claim is not"
        )
    if serious is not None and serious.terms.care != "serious":
        yield f"{serious.key} 不是大病政策 / is no serious-illness policy"
    for chosen in (policy, serious):
        if chosen is not None and bill.insured and not bill.insured & chosen.terms.covers:
            names = "、".join(INSURED_NAMES[one] for one in sorted(bill.insured))
            yield f"票据上是{names}，不能按 {chosen.key} 结算 / {chosen.key} is for other insured"
    if bill.day is None:
        yield "就诊（出院）日期未知，不知按哪年的政策 / the day of treatment is not known"
        return
    for chosen in (policy, serious):
        if chosen is not None and not chosen.head.holds_on(bill.day):
            yield f"{chosen.key} 在 {bill.day} 不施行 / is not in force on {bill.day}"
    if bill.day.year != to_date.year:
        yield f"就诊日期 {bill.day} 不在累计年度 {to_date.year} / the year to date is another one"


def _open(
    bill: Bill,
    least: Computation,
    most: Computation,
    policy: PolicySet,
    serious: PolicySet | None,
    scope: Scope,
) -> Iterator[str]:
    """What would have to be known to settle the claim."""
    yield from open_reasons(least.lines, most.lines, policy, scope)
    if bill.total is not None and any(line.charge.document_id is None for line in least.lines):
        rows = f"，其中 {bill.unread} 行没有金额" if bill.unread else ""
        yield f"补齐明细后才能结算{rows} / can be settled once all rows are there"
    if len(bill.levels) > 1:
        yield "医院等级未知，各级比例不同 / the level of the hospital is not known"
    if least.payment.fund != most.payment.fund or least.payment.deductible != most.payment.deductible:
        yield from _inexact(policy, bill.levels)
    if serious is not None and least.payment.serious != most.payment.serious:
        yield from _inexact(serious, bill.levels)


def _inexact(policy: PolicySet, levels: tuple[Level, ...]) -> Iterator[str]:
    """The figures of a set that cannot be paid by, as the source words them."""
    terms = policy.terms
    named: list[tuple[str, Figure | None, str]] = [
        *((f"{LEVEL_NAMES[level]}比例", terms.ratio(level), " %") for level in levels),
        *(
            (f"{LEVEL_NAMES[level]}起付标准", terms.deductible.of(level), " 元")
            for level in levels
            if terms.deductible is not None
        ),
        ("封顶线", terms.cap, " 元"),
        ("大病起付线", terms.threshold, " 元"),
        ("乙类先行自付", terms.class_b_self_pay, " %"),
    ]
    for name, figure, unit in named:
        if figure is not None and not figure.is_exact:
            yield (
                f"{policy.key} 的{name}来源只给出“{figure.said(unit)}”，须由本地政策文件确定"
                " / the source gives no exact figure, a local policy file must"
            )


def refused(
    claim: ClaimRecord, reasons: Sequence[str], to_date: YearToDate | None = None
) -> SettlementRecord:
    """The row of a claim that is refused before any policy could be chosen."""
    bill = bill_of(claim, printed_class_counts=False)
    return _record(bill, None, to_date, None, "refused", list(reasons), None)


def _record(
    bill: Bill,
    policy: PolicySet | None,
    to_date: YearToDate | None,
    serious: PolicySet | None,
    outcome: Outcome,
    reasons: list[str],
    ends: tuple[Computation, Computation] | None,
) -> SettlementRecord:
    known = len(bill.levels) == 1 or outcome == "range"
    computed = [
        computed_record(one, policy, serious, to_date, level_is_known=known)
        for one in ends or ()
        if policy is not None and to_date is not None
    ]
    unit = ROUNDING_WORDS[policy.head.rounded_down_to if policy is not None else "fen"]
    return {
        "schema_version": SCHEMA_VERSION,
        "claim_id": bill.claim_id,
        "idempotency_key": bill.idempotency_key,
        "outcome": outcome,
        "reasons": reasons,
        "day": bill.day.isoformat() if bill.day is not None else None,
        "policy": _policy_record(policy) if policy is not None else None,
        "serious_policy": _policy_record(serious) if serious is not None else None,
        "rounding": f"纳入金额舍到分，支付金额舍到{unit}，余数归个人 / cut down, the rest is the person's",
        "payout": {
            "low": money_text(ends[0].payment.paid),
            "high": money_text(ends[1].payment.paid),
        }
        if ends is not None
        else None,
        "level": computed[0]["level"] if computed else None,
        "lines": computed[0]["lines"] if computed else [],
        "steps": computed[0]["steps"] if computed else [],
        "totals": computed[0]["totals"] if computed else None,
        "at_most": computed[1] if outcome == "range" else None,
        "to_date": {"before": to_date.record() if to_date is not None else None, "after": None},
    }


def _policy_record(policy: PolicySet) -> PolicyRecord:
    head = policy.head
    return {
        "key": policy.key,
        "care": policy.terms.care,
        "region": head.region,
        "name": head.name,
        "source": head.source,
        "as_of": head.as_of.isoformat(),
        "effective_from": head.effective_from.isoformat() if head.effective_from else None,
        "effective_to": head.effective_to.isoformat() if head.effective_to else None,
    }
