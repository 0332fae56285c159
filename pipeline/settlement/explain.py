"""The sheet for people (结算单): each row and step, what entered, what not and why; as text and as a page.

Chinese first, English beside what decides. The page is one file that needs nothing else and prints on A4. All
of it comes from papers and is escaped; it holds personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from unicodedata import east_asian_width

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.records import ClaimRecord
from pipeline.settlement.record import Outcome, SettledLineRecord, SettlementRecord, StepRecord, TotalsRecord

HERE = Path(__file__).parent
OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "settled": ("已结算", "settled"),
    "range": ("未定：只能给出范围，不予支付", "open: a range, not to be paid"),
    "refused": ("不予结算", "refused"),
}
"""What each outcome is called on the sheet."""
PARTS: tuple[tuple[str, str, str], ...] = (
    ("entered", "纳入", "entered"),
    ("advance_self_pay", "先行自付", "advance"),
    ("over_limit", "超限价", "over limit"),
    ("outside", "自费", "outside"),
)
"""The parts of a row, in the order of the sheet."""
_NAME_COLUMNS = 24
"""Columns of a name in the text, where a Chinese character takes two."""
_MONEY_COLUMNS = 12
_CUT = ".."
"""Ends a name that is cut; an ellipsis is one column on some terminals and two on others."""


def explain_text(settlement: SettlementRecord, claim: ClaimRecord) -> str:
    """The sheet as plain text, for a terminal or a printer."""
    return "\n".join(_sheet(settlement, claim)) + "\n"


def explain_html(pairs: Iterable[tuple[SettlementRecord, ClaimRecord]]) -> str:
    """The sheets of some claims as one page, one claim a printed page."""
    template = _environment().get_template("settlement.html.j2")
    return template.render(pairs=list(pairs), outcomes=OUTCOMES, parts=PARTS)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _sheet(settlement: SettlementRecord, claim: ClaimRecord) -> Iterator[str]:
    chinese, english = OUTCOMES[settlement["outcome"]]
    policy, serious = settlement["policy"], settlement["serious_policy"]
    yield f"医疗费用结算单 / settlement {settlement['claim_id']}"
    hospital = claim["hospital"]
    yield (
        f"参保人 {claim['insured']['name'] or '未知'}  医院 {hospital['name'] or '未知'}"
        f"（{hospital['grade'] or '等级未知'}）  就诊（出院）日 {settlement['day'] or '未知'}"
    )
    for used in (policy, serious):
        if used is not None:
            yield f"政策 {used['key']}：{used['name']}，{used['source']}，截至 {used['as_of']}"
    yield f"结果：{chinese} / {english}"
    yield from (f"  · {reason}" for reason in settlement["reasons"])
    totals, most = settlement["totals"], settlement["at_most"]
    if most is not None:
        yield "—— 至少支付的算法 / at least ——"
    if totals is not None:
        yield from _computed(settlement["lines"], settlement["steps"], totals)
    if most is not None:
        yield "—— 至多支付的算法 / at most ——"
        yield from _computed(most["lines"], most["steps"], most["totals"])
    yield f"取整：{settlement['rounding']}"
    yield from _year(settlement)


def _computed(
    lines: Sequence[SettledLineRecord], steps: Sequence[StepRecord], totals: TotalsRecord
) -> Iterator[str]:
    heads = "".join(_right(chinese) for _, chinese, _ in PARTS)
    yield f"{_left('项目')}{_right('金额')} 类{heads}  原因"
    for line in lines:
        yield _row(line)
    for number, step in enumerate(steps, 1):
        figure = f" × {step['figure']}" if step["figure"] and step["step"] == "ratio" else ""
        if step["figure"] and step["step"] != "ratio":
            figure = f"（{step['figure']}）"
        base = f"{step['base']}{figure} → " if step["figure"] else ""
        yield f"{number:>2}. {step['label']} / {step['label_en']}：{base}{step['result']} 元。{step['why']}"
    yield (
        f"合计 {totals['total']} = 基金 {totals['fund_payment']} + 大病 {totals['serious_payment']}"
        f" + 自付 {totals['self_pay']} + 自费 {totals['self_funded']}"
        " / bill = fund + serious illness + self-pay + self-funded"
    )


def _row(line: SettledLineRecord) -> str:
    parts = (line["entered"], line["advance_self_pay"], line["over_limit"], line["outside"])
    money = "".join(_right(part) for part in parts)
    return (
        f"{_left(line['name'])}{_right(line['amount'])} {line['reimbursement_class'] or '－'}"
        f"{money}  {line['why']}"
    )


def _year(settlement: SettlementRecord) -> Iterator[str]:
    after = settlement["to_date"]["after"]
    if after is None:
        yield "本年累计不变 / the year to date stays as it was"
        return
    yield (
        f"{after['year']} 年累计：住院 {after['stays']} 次，范围内自付 {after['personal_compliant']} 元，"
        f"大病已付 {after['serious_paid']} 元 / the year to date"
    )


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _left(text: str) -> str:
    """Cut and filled to the width of a name."""
    if _columns(text) > _NAME_COLUMNS:
        while _columns(text) > _NAME_COLUMNS - len(_CUT):
            text = text[:-1]
        text += _CUT
    return text + " " * (_NAME_COLUMNS - _columns(text))


def _right(text: str) -> str:
    return " " * max(1, _MONEY_COLUMNS - _columns(text)) + text
