"""The papers of one claim beside each other (domain.md §6 V-12 to V-14, §10)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from rapidfuzz import fuzz

from pipeline.case import Case
from pipeline.fee_categories import find_category
from pipeline.model import INVOICES, MEDICAL_INVOICES, Document, LineItem
from pipeline.text import fold, squeeze
from validators._rule import CHECK_READING, Verdict, case_rule, claim_rule, failed, passed, printed, unknown
from validators.identifiers import TXN_FORM, transaction_no

_SAME_HOSPITAL = 85.0
"""Partial similarity, 0 to 100, from which two printed names are one hospital: one or two misread characters
of ten to twenty. Names that differ in a numeral (第一医院, 第三医院) are told apart before."""
_FEW = 3  # papers named in a message


def path_in(document: Document, path: str) -> str:
    """How findings about a claim name a spot on one of its papers."""
    return f"documents[{document.id}].{path}"


def _of(documents: Sequence[Document], *types: str) -> list[Document]:
    return [document for document in documents if document.type in types]


# ---------------------------------------------------------------- lists against receipts


@claim_rule("V-12", title="费用清单合计等于票据金额", basis="北京医保手工报销材料要求（票据与明细一致）")
def lists_sum_to_bills(documents: Sequence[Document]) -> Verdict | None:
    """A list that names its bill has the bill's total; the others together have that of the other bills."""
    bills, lists = _of(documents, *INVOICES), _of(documents, "itemized_bill")
    if not bills or not lists:
        return None
    by_number = {bill.text("invoice_number"): bill for bill in bills if bill.text("invoice_number")}
    bound: dict[str, list[Document]] = defaultdict(list)
    free = []
    for paper in lists:
        number = paper.text("invoice_number")
        if number in by_number:
            bound[number or ""].append(paper)
        else:
            free.append(paper)
    pairs = [(papers, [by_number[number]]) for number, papers in bound.items()]
    others = [bill for bill in bills if bill.text("invoice_number") not in bound]
    if free:
        pairs.append((free, others or bills))
    paths, wrong, open_ = [], [], False
    for papers, own in pairs:
        totals = [each.money("total_amount") for each in (*papers, *own)]
        paths += [path_in(each, "fields.total_amount") for each in (*papers, *own)]
        if None in totals:
            open_ = True
            continue
        listed, billed = _total(papers), _total(own)
        if listed != billed and not _is_each_listed(papers, own):
            wrong.append(
                f"费用清单合计 {listed:.2f} 元，票据合计 {billed:.2f} 元，相差 {abs(listed - billed):.2f} 元"
            )
    if wrong:
        return failed(f"{'；'.join(wrong)}；{CHECK_READING}，或请补交缺少的清单", *paths)
    if open_:
        return unknown("票据或费用清单的合计未读出，无法核对两者是否一致", *paths)
    return passed(*paths)


@claim_rule(
    "V-12",
    title="费用清单各类别金额与票据一致",
    basis="北京医保手工报销材料要求（票据与明细一致）",
    severity="warn",
)
def lists_have_the_categories_of_bills(documents: Sequence[Document]) -> Verdict | None:
    """By fee category, lists and receipts hold the same money."""
    bills, lists = _of(documents, *MEDICAL_INVOICES), _of(documents, "itemized_bill")
    billed, listed = (_by_category(papers) for papers in (bills, lists))
    if not billed or not listed:
        return None
    wrong = [name for name in {**billed, **listed} if billed.get(name, 0) != listed.get(name, 0)]
    paths = [path_in(paper, "category_totals") for paper in (*bills, *lists)]
    if wrong:
        said = "；".join(
            f"{name}：清单 {listed.get(name, Decimal(0)):.2f} 元，票据 {billed.get(name, Decimal(0)):.2f} 元"
            for name in wrong[:_FEW]
        )
        return failed(f"{said}；{CHECK_READING}", *paths)
    return passed(*paths)


def _is_each_listed(papers: Sequence[Document], bills: Sequence[Document]) -> bool:
    """Whether each list has the total of one of the bills (not every bill needs a list)."""
    totals = [bill.money("total_amount") for bill in bills]
    for paper in papers:
        if paper.money("total_amount") not in totals:
            return False
        totals.remove(paper.money("total_amount"))
    return True


def _total(papers: Sequence[Document]) -> Decimal:
    return sum((paper.money("total_amount") or Decimal(0) for paper in papers), Decimal(0))


def _by_category(papers: Sequence[Document]) -> dict[str, Decimal]:
    """Money by category; empty where a row has no category or no amount, since then nothing is comparable."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for paper in papers:
        for row in paper.category_totals or paper.items:
            name = _category_name(row)
            if name is None or row.amount is None or row.amount.value is None:
                return {}
            sums[name] += row.amount.value
    return sums


def _category_name(row: LineItem) -> str | None:
    for field in (row.name, row.category):
        category = find_category(field.value) if field and field.value else None
        if category:
            return category.name
    return None


# ---------------------------------------------------------------- who, where, when


@claim_rule(
    "R-ENT-3",
    title="同一申报只含一家医疗机构的票据",
    basis="北京医保手工报销申报要求（不同医院分别申报）",
    about="claim",
)
def bills_are_of_one_hospital(documents: Sequence[Document]) -> Verdict | None:
    """One declaration holds the bills of one payee."""
    named = [(each, text) for each in _of(documents, *INVOICES) if (text := each.text("payee_name"))]
    return _one_hospital(
        named,
        ["payee_name"] * len(named),
        lambda a, b: f"票据的收款单位「{a}」与「{b}」不同，不同医院应分别申报",
    )


@claim_rule(
    "V-13", title="票据、清单和证明出自同一家医疗机构", basis="北京医保手工报销材料要求", severity="warn"
)
def papers_are_of_one_hospital(documents: Sequence[Document]) -> Verdict | None:
    """Lists, certificates and summaries name the hospital of the bill; bills alone are R-ENT-3's."""
    bill = next((each for each in _of(documents, *INVOICES) if each.text("payee_name")), None)
    if bill is None:
        return None
    named = [(bill, bill.text("payee_name") or "")]
    named += [
        (each, text)
        for each in documents
        if each.type not in INVOICES and (text := each.text("hospital_name"))
    ]
    return _one_hospital(
        named,
        ["payee_name"] + ["hospital_name"] * (len(named) - 1),
        lambda a, b: f"票据的收款单位「{a}」与其他材料的医院「{b}」不同；{CHECK_READING}",
    )


def _one_hospital(
    named: Sequence[tuple[Document, str]], fields: Sequence[str], say: Callable[[str, str], str]
) -> Verdict | None:
    if len(named) < 2:  # two names are needed to compare
        return None
    paths = [path_in(each, f"fields.{name}") for (each, _), name in zip(named, fields, strict=True)]
    lead = named[0][1]
    other = next((text for _, text in named if not is_same_hospital(lead, text)), None)
    return failed(say(lead, other), *paths) if other else passed(*paths)


def is_same_hospital(a: str, b: str) -> bool:
    """Whether two printed names can be one hospital: branches, short forms and a misread character pass.

    >>> is_same_hospital("首都医科大学附属北京天坛医院", "北京天坛医院（收费专用章）")
    True
    >>> is_same_hospital("北京大学第一医院", "北京大学第三医院")
    False
    """
    left, right = (re.sub(r"\(.*?\)|\[.*?\]", "", squeeze(text)) for text in (a, b))
    if not left or not right or left in right or right in left:
        return True
    numerals = "[一二三四五六七八九十0-9]"
    if re.findall(numerals, left) != re.findall(numerals, right):
        return False
    return fuzz.partial_ratio(left, right) >= _SAME_HOSPITAL


@claim_rule(
    "V-13", title="清单费用期间与票据就诊或住院时间相符", basis="北京医保手工报销材料要求", severity="warn"
)
def lists_fall_on_the_treatment(documents: Sequence[Document]) -> Verdict | None:
    """The period of each list lies on the days of a bill's visit or stay."""
    stays = list(filter(None, map(treatment_of, _of(documents, *INVOICES))))
    lists = [
        (each, start, each.date("period_end") or start)
        for each in _of(documents, "itemized_bill")
        if (start := each.date("period_start"))
    ]
    if not stays or not lists:
        return None
    paths = [path_in(each, "fields.period_start") for each, _, _ in lists]
    for _, start, end in lists:
        if not any(first <= start and end <= last for first, last in stays):
            first, last = stays[0]
            return failed(
                f"费用清单期间 {start} 至 {end} 不在就诊或住院时间 {first} 至 {last} 之内；{CHECK_READING}",
                *paths,
            )
    return passed(*paths)


@case_rule(
    "R-DATE-1",
    title="证明和处方日期与就诊时间相符",
    basis="北京医保手工报销材料要求（前后天数按地区配置）",
    about="reading",
)
def certificates_fall_on_the_treatment(case: Case) -> Verdict | None:
    """Certificates and prescriptions are dated within the visit or stay, give or take a few days."""
    days = case.place.dates.certificate_days
    window = timedelta(days=days)
    stays = list(filter(None, map(treatment_of, case.bills)))
    papers = [
        (each, day)
        for each in _of(case.documents, "diagnosis_certificate", "prescription")
        if (day := each.date("issue_date"))
    ]
    if not stays or not papers:
        return None
    away = [
        (each, day)
        for each, day in papers
        if not any(first - window <= day <= last + window for first, last in stays)
    ]
    paths = [path_in(each, "fields.issue_date") for each, _ in away or papers]
    if not away:
        return passed(*paths)
    first, last = stays[0]
    return failed(
        f"证明或处方日期 {away[0][1]} 与就诊或住院时间 {first} 至 {last} 相差超过 {days} 日，请核实", *paths
    )


def treatment_of(bill: Document) -> tuple[date, date] | None:
    """First and last day of the visit or stay that a bill is for."""
    first = bill.date("admission_date") or bill.date("visit_date")
    last = bill.date("discharge_date") or first
    return (first, last) if first and last else None


@claim_rule(
    "V-14", title="医保交易流水号中的机构编码与处方一致", basis="北京市医保交易流水号编码", severity="warn"
)
def transaction_is_of_the_prescribing_hospital(documents: Sequence[Document]) -> Verdict | None:
    """北京: the first 8 characters of the number are the 定点医疗机构编码 on the prescription."""
    codes = {
        squeeze(code).upper(): each
        for each in _of(documents, "prescription", "settlement_sheet")
        if (code := printed(each, "hospital_code") or each.extras.get("定点医疗机构编码"))
    }
    seen = [
        (each, found[0], match)
        for each in _of(documents, *INVOICES)
        if (found := transaction_no(each)) and (match := TXN_FORM.fullmatch(found[1].strip().upper()))
    ]
    if not codes or not seen:
        return None
    paths = [path_in(each, path) for each, path, _ in seen]
    paths += [path_in(each, "fields.hospital_code") for each in codes.values()]
    for _, _, match in seen:
        if match["hospital"] not in codes:
            return failed(
                f"医保交易流水号的机构编码为 {match['hospital']}，处方上为 {'、'.join(codes)}；"
                f"{CHECK_READING}",
                *paths,
            )
    return passed(*paths)


# ---------------------------------------------------------------- pages

PAGE_MARKS = "page_marks"
"""Where extractors keep the page marks of a paper as printed, joined with `;`: 第1页,共3页;第2页,共3页."""
_PAGE_MARK = re.compile(r"第?([0-9]{1,3})页?[,/ ]*共?([0-9]{1,3})页?")


@claim_rule("R-PAGE-1", title="页码连续且没有缺页", basis="医疗收费明细页码「第N页，共M页」")
def pages_are_complete(documents: Sequence[Document]) -> Verdict | None:
    """Of every paper that prints 第N页,共M页 all pages are there once.

    Pages that ended up in several documents count together when they name the same bill.
    """
    marks: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document in documents:
        key = document.type, document.text("invoice_number") or document.id
        printed_marks = document.extras.get(PAGE_MARKS, "")
        for mark in filter(None, map(str.strip, fold(printed_marks).split(";"))):
            if match := _PAGE_MARK.fullmatch(squeeze(mark)):
                marks[key].append((int(match[1]), int(match[2])))
                paths[key].append(path_in(document, f"extras.{PAGE_MARKS}"))
    said = []
    for pages in marks.values():
        count = max(total for _, total in pages)
        missing = sorted(set(range(1, count + 1)) - {number for number, _ in pages})
        if missing:
            said.append(f"共 {count} 页，缺第 {'、'.join(map(str, missing))} 页")
        elif len({total for _, total in pages}) > 1 or max(number for number, _ in pages) > count:
            said.append("页码前后不一，可能混有其他材料的页")
    every = tuple(dict.fromkeys(path for group in paths.values() for path in group))
    if said:
        return failed(f"{'；'.join(said)}，请补交", *every)
    return passed(*every) if marks else None
