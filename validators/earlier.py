"""Bills that were claimed before, or that stand for the same money under two numbers (R-DUP-1, R-DUP-2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pipeline.case import Case
from pipeline.earlier_bills import NO_EARLIER_BILLS, EarlierBill, serials_of
from pipeline.model import Document
from validators._rule import Verdict, case_rule, failed, passed
from validators.across import path_in

_UNIQUE = "财政电子票据重复报销防控要求（票据代码＋票据号码唯一）"
_EXCHANGED = "DA/T 95—2022 表 B.10（电子票据换开纸质票据的相关票据号码）"


@case_rule("R-DUP-1", title="票据未在以前的申报中出现", basis=_UNIQUE)
def bill_was_not_claimed_before(case: Case) -> Verdict | None:
    """No earlier claim holds a bill of the same code and number; silent where no earlier claims are known."""
    bills = [bill for bill in case.bills if bill.text("invoice_number")]
    if case.office.earlier is NO_EARLIER_BILLS or not bills:
        return None
    found = {bill.id: _others(case, _same_number(case, bill)) for bill in bills}
    twice = [bill for bill in bills if found[bill.id]]
    paths = [path_in(bill, "fields.invoice_number") for bill in twice or bills]
    if not twice:
        return passed(*paths)
    said = "；".join(
        f"票据 {bill.text('invoice_number')} 已在申报 {'、'.join(found[bill.id])} 中出现" for bill in twice
    )
    return failed(f"{said}，同一票据只能报销一次", *paths)


@case_rule("R-DUP-2", title="没有换开前后的两张票据", basis=_EXCHANGED)
def exchanged_bills_are_not_both_claimed(case: Case) -> Verdict | None:
    """No bill shares its serial numbers with one of another number: the e-bill and what it was exchanged for.

    Within one claim two receipts of one visit may share a number, so there the kind must differ and the total
    be the same. The number that the platform names for an exchanged bill speaks for itself.
    """
    bills = [bill for bill in case.bills if bill.text("invoice_number")]
    said = [*_within(bills), *_named_by_platform(case, bills), *_claimed_before(case, bills)]
    paths = [path_in(bill, "fields.invoice_number") for bill in bills]
    if said:
        return failed(f"{'；'.join(said)}，换开前后的票据只能报销一次，请核对", *paths)
    comparable = len(bills) > 1 or (bills and case.office.earlier is not NO_EARLIER_BILLS)
    return passed(*paths) if comparable and any(map(serials_of, bills)) else None


def _within(bills: list[Document]) -> Iterator[str]:
    for a, b in combinations(bills, 2):
        one_is_paper = (a.subtype == "e_bill") != (b.subtype == "e_bill")
        same_money = a.money("total_amount") is not None and a.money("total_amount") == b.money(
            "total_amount"
        )
        if one_is_paper and same_money and serials_of(a) & serials_of(b):
            yield f"票据 {a.text('invoice_number')} 与 {b.text('invoice_number')} 的流水号和金额相同"


def _named_by_platform(case: Case, bills: list[Document]) -> Iterator[str]:
    numbers = {bill.text("invoice_number") for bill in bills}
    for answer in case.answers:
        if answer.invoice_number in numbers and answer.related_number in numbers:
            yield f"查验平台称票据 {answer.invoice_number} 与 {answer.related_number} 为换开关系"


def _claimed_before(case: Case, bills: list[Document]) -> Iterator[str]:
    for bill in bills:
        number = bill.text("invoice_number")
        others = [
            one for one in case.office.earlier.with_serials(serials_of(bill)) if one.invoice_number != number
        ]
        if claims := _others(case, others):
            yield f"与票据 {number} 流水号相同的票据已在申报 {'、'.join(claims)} 中出现"


def _same_number(case: Case, bill: Document) -> list[EarlierBill]:
    code, number = bill.text("invoice_code") or "", bill.text("invoice_number") or ""
    return list(case.office.earlier.with_number(code, number))


def _others(case: Case, bills: list[EarlierBill]) -> list[str]:
    """The claims that hold these bills, without the case itself judged once more."""
    return sorted({bill.claim_id for bill in bills} - {case.claim_id})
