"""Dates on one paper: real, not ahead of the present, and in order (domain.md §6 V-10, V-11, §8.4)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from pipeline.model import INVOICES, MEDICAL_INVOICES, Document
from validators._rule import (
    CHECK_READING,
    Verdict,
    dated_rule,
    document_rule,
    failed,
    passed,
    printed,
    unknown,
)

DATE_FIELDS = {
    "issue_date": "开票（出具）日期",
    "visit_date": "就诊日期",
    "admission_date": "入院日期",
    "discharge_date": "出院日期",
    "period_start": "费用开始日期",
    "period_end": "费用截止日期",
}
EARLIEST = date(2000, 1, 1)
"""No paper that is claimed for today is older."""


@dated_rule("DATE-1", title="各日期真实且不晚于今天", basis="票据日期不得晚于受理日")
def dates_are_past(document: Document, today: date) -> Verdict | None:
    """Every date is a real one, from 2000 to the present day."""
    seen = [name for name in DATE_FIELDS if name in document.fields]
    wrong, unread = [], []
    for name in seen:
        found = document.date(name)
        if found is None:
            unread.append(name)
        elif not EARLIEST <= found <= today:
            wrong.append(name)
    if wrong:
        said = "、".join(f"{DATE_FIELDS[name]} {document.date(name)}" for name in wrong)
        return failed(f"{said} 不在 {EARLIEST} 至 {today} 之间；{CHECK_READING}", *_paths(wrong))
    if unread:
        said = "、".join(f"{DATE_FIELDS[name]}「{printed(document, name)}」" for name in unread)
        return unknown(f"{said}不是完整的日期，请对照原件填写", *_paths(unread))
    return passed(*_paths(seen)) if seen else None


@document_rule("V-10", title="出院日期不早于入院日期", basis="财综〔2019〕29号 附件2 住院时间")
def discharge_follows_admission(document: Document) -> Verdict | None:
    """A stay ends on the day it began or later."""
    return _in_order(document, "admission_date", "discharge_date")


@document_rule(
    "V-10", title="住院天数与入出院日期相符", basis="财综〔2019〕29号 附件2 住院时间", severity="warn"
)
def days_fit_the_stay(document: Document) -> Verdict | None:
    """Days are discharge less admission, one more, or a half day beside them."""
    admission, discharge = document.date("admission_date"), document.date("discharge_date")
    days = _days(document)
    if days is None or admission is None or discharge is None or discharge < admission:
        return None
    nights = (discharge - admission).days
    paths = _paths(["inpatient_days", "admission_date", "discharge_date"])
    if Decimal(nights) - Decimal("0.5") <= days <= nights + 1:
        return passed(*paths)
    return failed(
        f"住院天数 {days:f} 天，按入院 {admission}、出院 {discharge} 应为 {nights} 或 {nights + 1} 天；"
        f"{CHECK_READING}",
        *paths,
    )


@document_rule("DATE-2", title="费用截止日期不早于开始日期", basis="费用清单的费用期间")
def period_runs_forward(document: Document) -> Verdict | None:
    """The period of a fee list ends on the day it began or later."""
    return _in_order(document, "period_start", "period_end")


@document_rule(
    "V-11",
    *INVOICES,
    title="开票日期不早于就诊或出院日期",
    basis="财综〔2019〕29号 开票日期",
    severity="warn",
)
def issued_after_treatment(document: Document) -> Verdict | None:
    """A bill is issued on the day of the visit or discharge, or later; paying ahead is an exception."""
    last = "discharge_date" if "discharge_date" in document.fields else "visit_date"
    return _in_order(document, last, "issue_date")


@document_rule(
    "R-DL-2",
    *MEDICAL_INVOICES,
    title="费用年度与开票年度一致",
    basis="北京市手工报销年度申报要求",
    severity="warn",
    about="claim",
)
def fee_year_is_year_of_issue(document: Document) -> Verdict | None:
    """The year that counts for the claim is that of treatment; another year of issue is pointed out."""
    last = "discharge_date" if document.date("discharge_date") else "visit_date"
    treated, issued = document.date(last), document.date("issue_date")
    if treated is None or issued is None:
        return None
    paths = _paths([last, "issue_date"])
    if treated.year == issued.year:
        return passed(*paths)
    return failed(
        f"{DATE_FIELDS[last]} {treated} 与开票日期 {issued} 不在同一年，按 {treated.year} 年度申报，请确认",
        *paths,
    )


def _in_order(document: Document, first: str, second: str) -> Verdict | None:
    start, end = document.date(first), document.date(second)
    paths = _paths([first, second])
    if start is None or end is None:
        if (start is None) == (end is None):
            return None
        missing = first if start is None else second
        if missing not in document.fields:
            return None
        return unknown(f"{DATE_FIELDS[missing]}未读出，无法核对先后", *paths)
    if start <= end:
        return passed(*paths)
    return failed(
        f"{DATE_FIELDS[second]} {end} 早于{DATE_FIELDS[first]} {start}；{CHECK_READING}",
        *paths,
    )


def _days(document: Document) -> Decimal | None:
    """The days of the stay as printed: 22.5, 22天."""
    found = document.money("inpatient_days")
    if found is not None:
        return found
    text = printed(document, "inpatient_days")
    try:
        days = Decimal(text.strip().removesuffix("天").strip()) if text else None
    except InvalidOperation:
        return None
    return days if days is not None and days.is_finite() and days < timedelta.max.days else None


def _paths(names: list[str]) -> tuple[str, ...]:
    return tuple(f"fields.{name}" for name in names)
