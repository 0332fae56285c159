"""What one declaration may hold, and the periods it rests on (domain.md §10 R-ENT-1, -2, -4, R-CARD-1)."""

from __future__ import annotations

import re
from itertools import pairwise

from pipeline.application import Period
from pipeline.case import Case
from pipeline.model import OTHER, Document
from validators._rule import CHECK_READING, Verdict, case_rule, failed, passed, unknown
from validators.across import path_in, treatment_of
from validators.duplicates import sheet

_ENTRY = "北京医保手工报销录入要求"
_SEVERAL = re.compile(r"\d{8,}\s*[;；、,，]\s*\d{8,}")
"""Two numbers in one field: two receipts entered as one."""


@case_rule("R-ENT-1", title="门诊票据逐张录入", basis=f"{_ENTRY}（门诊按收据逐张录入，不得合并）")
def receipts_are_entered_one_by_one(case: Case) -> Verdict | None:
    """Each outpatient receipt is a record of its own with its own number."""
    receipts = [each for each in case.documents if each.type == "outpatient_invoice"]
    if not receipts:
        return None
    merged = [
        each for each in receipts if each.titles > 1 or _SEVERAL.search(each.text("invoice_number") or "")
    ]
    paths = [path_in(each, "fields.invoice_number") for each in merged or receipts]
    if merged:
        said = "、".join(sheet(each) for each in merged)
        return failed(f"{said} 上是几张票据合在一起的一条记录，门诊票据应逐张录入", *paths)
    unread = [each for each in receipts if not each.text("invoice_number")]
    if unread and len(receipts) > 1:
        return unknown("有门诊票据的号码未读出，无法确认逐张录入", *paths)
    return passed(*paths)


@case_rule("R-ENT-2", title="住院费用一次住院一份申报", basis=f"{_ENTRY}（住院按次申报）")
def one_stay_a_declaration(case: Case) -> Verdict | None:
    """The inpatient bills of a claim are of one stay: interim bills follow each other without a gap."""
    stays = sorted(
        (stay, bill.id, bill)
        for bill in case.documents
        if bill.type == "inpatient_invoice" and (stay := treatment_of(bill))
    )
    if not stays:
        return None
    paths = [
        path_in(bill, f"fields.{name}")
        for _, _, bill in stays
        for name in ("admission_date", "discharge_date")
    ]
    for ((_, ended), _, _), ((began, _), _, _) in pairwise(stays):
        if (began - ended).days > 1:
            return failed(
                f"住院票据分属两次住院（上次 {ended} 出院，下次 {began} 入院），应分别申报；{CHECK_READING}",
                *paths,
            )
    return passed(*paths)


@case_rule("R-ENT-4", title="报盘文件名未改动，由现行版本软件生成", basis=f"{_ENTRY}（报盘文件名不得改动）")
def batch_file_is_untouched(case: Case) -> Verdict | None:
    """The batch file is called as its software made it, in the form of the place, by a current version."""
    file = case.application.batch_file if case.application is not None else None
    if file is None:
        return None
    rules, said = case.place.batch_files, []
    if file.name != file.made_as:
        said.append(f"报盘文件名「{file.name}」与生成时的「{file.made_as}」不同，不得改名")
    if rules.name_pattern and not re.fullmatch(rules.name_pattern, file.name):
        said.append(f"报盘文件名「{file.name}」不符合规定的格式")
    current = rules.software_versions
    if current and file.software_version is not None and file.software_version not in current:
        said.append(f"报盘软件版本 {file.software_version} 不是现行版本 {'、'.join(current)}")
    if said:
        return failed(f"{'；'.join(said)}，请重新生成", "application.batch_file")
    if current and file.software_version is None:
        return unknown("没有填写报盘软件版本，无法确认是否现行版本", "application.batch_file")
    return passed("application.batch_file")


_CARD_CASES = frozenset({"card_replacement", "card_not_issued"})


@case_rule(
    "R-CARD-1", title="费用发生在无卡期间内", basis="北京医保手工报销材料要求（新发与补换卡证明所列期间）"
)
def fees_fall_into_the_card_period(case: Case) -> Verdict | None:
    """While a card is replaced or not yet issued: every day of treatment lies in the certified period."""
    if not _CARD_CASES & set(case.case_types):
        return None
    stays = [(bill, stay) for bill in case.bills if (stay := treatment_of(bill))]
    period, source = _card_period(case)
    if period is None:
        return unknown("没有无卡期间（申请信息或新发与补换卡证明），无法核对费用日期", source)
    if not stays:
        return unknown("票据的就诊或住院日期未读出，无法核对是否在无卡期间", source)
    outside = [(bill, stay) for bill, stay in stays if not all(map(period.holds, stay))]
    paths = [path_in(bill, "fields.issue_date") for bill, _ in outside or stays]
    if not outside:
        return passed(*paths, source)
    first, last = outside[0][1]
    until = period.end or "今"
    return failed(
        f"费用日期 {first} 至 {last} 不在无卡期间 {period.start} 至 {until} 之内，请核实", *paths, source
    )


def _card_period(case: Case) -> tuple[Period | None, str]:
    """The period without a card, and where it stands: as declared, else as the certificate says."""
    if case.application is not None and case.application.card_period is not None:
        return case.application.card_period, "application.card_period"
    for document in case.documents:
        start = document.date("period_start")
        if _is_card_certificate(document) and start is not None:
            end = document.date("period_end")
            if end is None or end >= start:
                return Period(start, end), path_in(document, "fields.period_start")
    return None, "application.card_period"


def _is_card_certificate(document: Document) -> bool:
    return document.type == OTHER and document.subtype == "card_replacement_certificate"
