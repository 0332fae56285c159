"""The steps of a computation in the order of domain.md §11, each with its figure, its result and why."""

from __future__ import annotations

from decimal import Decimal

from pipeline.records import money_text, quantity_text
from pipeline.settlement.computation import Computation
from pipeline.settlement.figures import Figure
from pipeline.settlement.payment import Payment, SeriousFigures
from pipeline.settlement.policy import LEVEL_NAMES, PolicySet
from pipeline.settlement.record import ComputedRecord, StepName, StepRecord, TotalsRecord
from pipeline.settlement.to_date import YearToDate

LABELS: dict[StepName, tuple[str, str]] = {
    "total": ("费用总额", "bill"),
    "outside": ("自费（目录外、丙类、不予支付）", "outside the scope"),
    "over_limit": ("超限价自费", "over price limits"),
    "advance_self_pay": ("乙类先行自付", "advance self-payment of class 乙"),
    "eligible": ("可报销金额", "eligible"),
    "deductible": ("起付标准", "deductible"),
    "ratio": ("按比例", "ratio"),
    "cap": ("年度封顶，基金支付", "annual cap, fund payment"),
    "serious": ("大病二次报销", "serious-illness reimbursement"),
    "self_pay": ("个人自付", "self-pay within the scope"),
    "self_funded": ("个人自费", "self-funded, outside the scope"),
}
"""What each step is called, Chinese and English."""


def computed_record(
    computation: Computation,
    policy: PolicySet,
    serious: PolicySet | None,
    to_date: YearToDate,
    *,
    level_is_known: bool,
) -> ComputedRecord:
    """The published form of a computation, with its steps in words."""
    return {
        "level": computation.payment.figures.level if level_is_known else None,
        "lines": [line.record() for line in computation.lines],
        "steps": _steps(computation, policy, serious, to_date, level_is_known=level_is_known),
        "totals": _totals(computation),
    }


def _totals(computation: Computation) -> TotalsRecord:
    payment = computation.payment
    return {
        "total": money_text(computation.total),
        "eligible": money_text(payment.eligible),
        "advance_self_pay": money_text(computation.advance),
        "over_limit": money_text(computation.over_limit),
        "outside": money_text(computation.outside),
        "deductible": money_text(payment.deductible),
        "fund_payment": money_text(payment.fund),
        "serious_payment": money_text(payment.serious),
        "self_pay": money_text(payment.self_pay),
        "self_funded": money_text(computation.self_funded),
    }


def _steps(
    computation: Computation,
    policy: PolicySet,
    serious: PolicySet | None,
    to_date: YearToDate,
    *,
    level_is_known: bool,
) -> list[StepRecord]:
    payment, total = computation.payment, computation.total
    steps = [
        _step("total", total, "", total, f"{len(computation.lines)} 行"),
        _step("outside", total, "", computation.outside, "逐行见明细"),
        _step("over_limit", total, "", computation.over_limit, "逐行见明细"),
        _step("advance_self_pay", total, "", computation.advance, "逐行见明细；纳入部分舍去分以下"),
        _step(
            "eligible",
            total,
            "总额 − 自费 − 超限价 − 先行自付",
            payment.eligible,
            "甲类全额、乙类扣先行自付后纳入",
        ),
        _deductible(payment, policy, to_date),
        _ratio(payment, policy, level_is_known=level_is_known),
        _cap(payment, policy, to_date),
    ]
    if serious is not None and payment.figures.serious is not None:
        steps.append(_serious(payment, payment.figures.serious, serious, to_date))
    in_scope = payment.in_scope
    return [
        *steps,
        _step("self_pay", in_scope, "可报销金额 + 先行自付 − 支付", payment.self_pay, "范围内由个人承担"),
        _step("self_funded", total, "自费 + 超限价", computation.self_funded, "范围外由个人承担"),
    ]


def _step(step: StepName, base: Decimal, figure: str, result: Decimal, why: str) -> StepRecord:
    label, label_en = LABELS[step]
    return {
        "step": step,
        "label": label,
        "label_en": label_en,
        "base": money_text(base),
        "figure": figure,
        "result": money_text(result),
        "why": why,
    }


def _used(figure: Figure, used: Decimal | None, unit: str) -> str:
    """A figure as the source words it, and what was computed with where that is not a number."""
    if figure.is_exact:
        return figure.said(unit)
    taken = "不设上限" if used is None else f"{quantity_text(used)}{unit}"
    return f"{figure.said(unit)}，此处按 {taken}"


def _deductible(payment: Payment, policy: PolicySet, to_date: YearToDate) -> StepRecord:
    terms, figures = policy.terms.deductible, payment.figures
    if terms is None:
        said, why = "无", f"政策 {policy.key} 没有起付标准，不扣"
    else:
        said = _used(terms.of(figures.level), figures.deductible, " 元")
        used = to_date.deductible_used.get(figures.care, Decimal(0))
        why = f"按年，本年已扣 {money_text(used)} 元" if terms.per == "year" else "按次，每次住院扣一次"
    return _step("deductible", payment.eligible, said, payment.deductible, why)


def _ratio(payment: Payment, policy: PolicySet, *, level_is_known: bool) -> StepRecord:
    figures = payment.figures
    said = _used(policy.terms.ratio(figures.level), figures.percent, " %")
    level = f"{LEVEL_NAMES[figures.level]}医院" if level_is_known else "医院等级未知，各级结果相同"
    why = f"{level}；舍去 {quantity_text(figures.unit)} 元以下"
    return _step("ratio", payment.after_deductible, said, payment.by_ratio, why)


def _cap(payment: Payment, policy: PolicySet, to_date: YearToDate) -> StepRecord:
    figure, care = policy.terms.cap, payment.figures.care
    if figure is None:
        said, why = "无", f"政策 {policy.key} 没有封顶线，不限"
    else:
        said = _used(figure, payment.figures.cap, " 元")
        paid = money_text(to_date.fund_paid.get(care, Decimal(0)))
        left = "不限" if payment.cap_left is None else f"还可付 {money_text(payment.cap_left)} 元"
        why = f"本年已付 {paid} 元，{left}"
    return _step("cap", payment.by_ratio, said, payment.fund, why)


def _serious(
    payment: Payment, figures: SeriousFigures, serious: PolicySet, to_date: YearToDate
) -> StepRecord:
    threshold, cap = serious.terms.threshold, serious.terms.cap
    if threshold is None:  # refused when the file is read
        raise ValueError(f"{serious.key}: no serious-illness set")
    over = _used(threshold, figures.threshold, " 元")
    ratio = _used(serious.terms.ratio(payment.figures.level), figures.percent, " %")
    limit = f"，封顶 {_used(cap, figures.cap, ' 元')}" if cap is not None else ""
    why = (
        f"政策 {serious.key}：本年范围内自付累计 {money_text(payment.compliant_to_date)} 元，"
        f"应付 {money_text(payment.serious_due)} 元，已付 {money_text(to_date.serious_paid)} 元；"
        "不超过本次自付"
    )
    return _step(
        "serious", payment.compliant_to_date, f"{over}以上的部分 {ratio}{limit}", payment.serious, why
    )
