"""Until when fees may be declared (domain.md §10 R-DL-1), by the place's rule and the office's calendar."""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.case import Case
from validators._rule import Verdict, case_rule, failed, passed, unknown
from validators.across import path_in, treatment_of

_BASIS = "北京医保手工报销申报期限（次年 1 月 20 日，节假日顺延）"


def deadline_of(case: Case, year: int) -> date:
    """The last day on which fees of `year` may be declared in the case's place."""
    rule = case.place.deadline
    day = date(year + 1, rule.month, rule.day)
    return case.office.working_days.next_working_day(day) if rule.postponed_on_holidays else day


@case_rule("R-DL-1", title="在申报期限内申报", basis=_BASIS)
def declared_in_time(case: Case) -> Verdict | None:
    """Fees of a year are declared by the deadline of the next year.

    Only an application says when papers were received. Without one a day before the deadline proves that they
    came in time, and a later one proves nothing.
    """
    found = _earliest(case)
    if found is None:
        return None
    year, paths = found
    last = deadline_of(case, year)
    received = case.application.received_on if case.application is not None else None
    if (received or case.today) <= last:
        return passed(*paths)
    until = f"{year} 年度的费用应在 {last} 前申报{_caution(case, last)}"
    if received is not None:
        return failed(f"{until}，受理日期为 {received}，已逾期", *paths, "application.received_on")
    return unknown(f"{until}，期限已过；没有填写受理日期，请确认是否在期限内受理", *paths)


@case_rule("R-DL-1", title="离申报期限尚远", basis=_BASIS, severity="warn")
def deadline_is_not_near(case: Case) -> Verdict | None:
    """In the last days before the deadline people are told, as long as nothing was received."""
    found = _earliest(case)
    if found is None or (case.application is not None and case.application.received_on is not None):
        return None
    year, paths = found
    last = deadline_of(case, year)
    if case.today > last:
        return None  # then it is over, and the rule above says so
    if case.today + timedelta(days=case.place.deadline.warn_days) < last:
        return passed(*paths)
    left = (last - case.today).days
    return failed(f"离 {year} 年度费用的申报期限 {last} 只剩 {left} 天{_caution(case, last)}", *paths)


def _earliest(case: Case) -> tuple[int, list[str]] | None:
    """The earliest year of treatment among the bills, and the dates that say so."""
    ended = [(each, stay[1]) for each in case.bills if (stay := treatment_of(each))]
    if not ended:
        return None
    paths = [
        path_in(each, f"fields.{name}")
        for each, _ in ended
        for name in ("discharge_date", "visit_date")
        if each.date(name)
    ]
    year = min(day.year for _, day in ended)
    return (year, paths) if year < date.max.year else None  # a misread year has no year after it


def _caution(case: Case, last: date) -> str:
    """Said where the calendar of the deadline's year is not announced yet."""
    known = case.office.working_days.is_known(last)
    return "" if known else f"（{last.year} 年放假安排尚未载入，可能顺延）"
