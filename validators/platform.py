"""What the verification platform answered, beside what was read (domain.md §1; §10 R-EB-2, R-EB-3).

The answers are brought (`pipeline.verification`); nothing here asks the platform, and where no answer is at
hand the rules are silent. A mismatch is first a suspected misreading.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.case import Case
from pipeline.model import Document
from pipeline.verification import Verification
from validators._rule import CHECK_READING, Verdict, case_rule, failed, passed, unknown, worst_of
from validators.across import path_in
from validators.ebill import FIVE_ELEMENTS

_BASIS = "全国财政电子票据查验平台（五要素查验）"
_DEFERRED: dict[str, str] = {
    "daily_limit": "今日查验次数已满，请次日再查",
    "transient_error": "查验平台未能答复，请稍后再查",
}


@case_rule("R-EB-2", title="五要素与查验平台的答复一致", basis=_BASIS, about="reading")
def elements_agree_with_platform(case: Case) -> Verdict | None:
    """What the platform holds of a bill is what was read; an answer without elements is taken at its word."""
    return worst_of([_agreement(bill, answer) for bill, answer in _answered(case)])


def _agreement(bill: Document, answer: Verification) -> Verdict:
    differing = list(_differing(bill, answer))
    paths = [path_in(bill, f"fields.{name}") for name in FIVE_ELEMENTS]
    number = answer.invoice_number
    if answer.state in _DEFERRED:
        return unknown(f"票据 {number}：{_DEFERRED[answer.state]}", *paths)
    if answer.state in ("mismatch", "not_found"):
        said = "查验不一致" if answer.state == "mismatch" else "查无此票"
        if answer.confirmed:
            return failed(f"票据 {number}：五要素已经人工确认，{said}，不予受理", *paths)
        return failed(f"票据 {number}：{said}；先疑为误读，{CHECK_READING}后再查", *paths)
    if differing:
        labels = "、".join(FIVE_ELEMENTS[name] for name in differing)
        wrong = [path_in(bill, f"fields.{name}") for name in differing]
        return failed(f"票据 {number}：{labels}与查验平台的答复不同；{CHECK_READING}", *wrong)
    return passed(*paths)


def _differing(bill: Document, answer: Verification) -> Iterator[str]:
    """The elements that both have and that differ."""
    pairs: tuple[tuple[str, object, object], ...] = (
        ("invoice_code", bill.text("invoice_code"), answer.invoice_code),
        ("check_code", bill.text("check_code"), answer.check_code),
        ("issue_date", bill.date("issue_date"), answer.issue_date),
        ("total_amount", bill.money("total_amount"), answer.total_amount),
    )
    return (name for name, read, held in pairs if read is not None and held is not None and read != held)


_SPENT: dict[str, str] = {
    "reversed": "已冲红，不能报销",
    "exchanged_to_paper": "已换开纸质票据，应以纸质票据原件报销",
    "already_accounted": "已入账，可能已在他处报销",
}


@case_rule("R-EB-3", title="查验平台未标明冲红、换开或入账", basis=f"DA/T 95—2022 表B.10；{_BASIS}")
def bill_is_still_good(case: Case) -> Verdict | None:
    """The platform does not say that the bill was reversed, exchanged or accounted for."""
    verdicts = []
    for bill, answer in _answered(case):
        path = path_in(bill, "fields.invoice_number")
        if answer.state in _SPENT:
            verdicts.append(failed(f"票据 {answer.invoice_number}：{_SPENT[answer.state]}", path))
        elif answer.state == "verified":
            verdicts.append(passed(path))
    return worst_of(verdicts)


def _answered(case: Case) -> Iterator[tuple[Document, Verification]]:
    """Each bill with the answers that are about it."""
    for bill in case.bills:
        for answer in case.answers:
            if bill.text("invoice_number") != answer.invoice_number:
                continue
            if answer.invoice_code in (None, bill.text("invoice_code")) or answer.state == "mismatch":
                yield bill, answer
