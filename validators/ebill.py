"""Whether a bill can be proven and paid: the five elements, red bills, bills already settled (§1, §10)."""

from __future__ import annotations

import re

from pipeline.model import INVOICES, MEDICAL_INVOICES, Document
from pipeline.text import squeeze
from validators._rule import CHECK_READING, Verdict, document_rule, failed, passed, printed, unknown

FIVE_ELEMENTS = {
    "invoice_code": "票据代码",
    "invoice_number": "票据号码",
    "check_code": "校验码",
    "issue_date": "开票日期",
    "total_amount": "金额合计（小写）",
}
_FORMS = {"invoice_code": "[0-9]{8}", "invoice_number": "[0-9]{10}", "check_code": "[0-9a-z]{6}"}


@document_rule(
    "R-EB-1",
    *MEDICAL_INVOICES,
    title="电子票据五要素齐全且格式正确",
    basis="北京医保手工报销电子票据要求；全国财政电子票据查验平台",
)
def five_elements_are_complete(document: Document) -> Verdict | None:
    """Code, number, check code, date and amount are there and well-formed; paper bills have no check code."""
    if document.subtype != "e_bill":
        return None
    missing = [label for name, label in FIVE_ELEMENTS.items() if name not in document.fields]
    malformed = [
        label
        for name, label in FIVE_ELEMENTS.items()
        if name in document.fields and not is_well_formed(document, name)
    ]
    paths = [f"fields.{name}" for name in FIVE_ELEMENTS]
    said = [f"缺少{'、'.join(missing)}"] if missing else []
    said += [f"{'、'.join(malformed)}格式有误"] if malformed else []
    if said:
        return failed(f"五要素{'，'.join(said)}；{CHECK_READING}，或请补交清晰的票据", *paths)
    return passed(*paths)


def is_well_formed(document: Document, name: str) -> bool:
    """Whether one of the five elements was read in its form."""
    if name == "issue_date":
        return document.date(name) is not None
    if name == "total_amount":
        return document.money(name) is not None
    return re.fullmatch(_FORMS[name], document.text(name) or "") is not None


KEY_FIELDS = {
    "paper": ("invoice_number", "issue_date", "total_amount"),
    "vat_invoice": ("invoice_number", "issue_date", "total_amount"),
    "itemized_bill": ("patient_name", "total_amount"),
    "ebill_fee_detail": ("patient_name", "invoice_number"),
    "diagnosis_certificate": ("patient_name", "hospital_name", "diagnoses", "issue_date"),
}
"""Per subtype or type: what a paper must show to count, where the five elements do not apply.

The list that belongs to an electronic bill prints the bill's number and leaves the total to the bill."""
_LABELS = {
    **FIVE_ELEMENTS,
    "issue_date": "开票（出具）日期",
    "patient_name": "姓名",
    "hospital_name": "医院名称",
    "diagnoses": "诊断",
}


@document_rule("R-MAT-3", title="关键项目齐全", basis="北京医保手工报销材料要求")
def key_fields_are_present(document: Document) -> Verdict | None:
    """What a paper must show is there and readable."""
    names = (
        KEY_FIELDS.get(document.subtype or "")
        or KEY_FIELDS.get(document.type)
        or (KEY_FIELDS["paper"] if document.type in MEDICAL_INVOICES and document.subtype != "e_bill" else ())
    )
    if not names:
        return None
    missing = [
        name for name in names if name not in document.fields or document.fields[name].value in (None, "")
    ]
    if missing:
        labels = "、".join(_LABELS[name] for name in missing)
        paths = (f"fields.{name}" for name in missing)
        said = f"未读出{labels}；{CHECK_READING}，或请补交清晰的材料"
        # What the recogniser did not find may be printed all the same: the rule cannot tell.
        recognised = any(field.origin == "ocr" for field in document.fields.values())
        return unknown(said, *paths) if recognised else failed(said, *paths)
    return passed(*(f"fields.{name}" for name in names))


@document_rule(
    "R-EB-3",
    *INVOICES,
    title="不是红字（冲红）票据",
    basis="DA/T 95—2022 表B.10 冲红状态",
    about="claim",
)
def bill_is_not_reversed(document: Document) -> Verdict | None:
    """A reversed bill, or a red one with a negative total, is not payable."""
    marks = squeeze(f"{document.title} {printed(document, 'remark') or ''}")
    total = document.money("total_amount")
    if "已冲红" in marks or "红字" in marks or "销项负数" in marks:
        return failed("票面标明为红字或已冲红票据，不能报销", "fields.total_amount")
    if total is None:
        return None
    if total < 0:
        return failed(
            f"金额合计为 {total:.2f} 元，是红字票据，不能报销，并冲销对应的蓝字票据", "fields.total_amount"
        )
    return passed("fields.total_amount")


_NO = ("否", "无", "0")


@document_rule(
    "R-EB-4",
    *INVOICES,
    title="未经医保实时结算",
    basis="北京市医疗收费票据「医保已实时结算」标记",
    about="claim",
)
def bill_is_not_yet_settled(document: Document) -> Verdict | None:
    """A bill with a payment by the fund, or marked so, was settled at the hospital already."""
    mark = "医保已实时结算"
    marked = document.extras.get(mark, printed(document, "already_settled"))
    if (marked is not None and squeeze(marked) not in _NO) or mark in squeeze(document.title):
        return failed("票面标明医保已实时结算，一般不再手工报销，请确认", "fields.fund_payment")
    fund = document.money("fund_payment")
    if fund is None:
        return None
    if fund > 0:
        return failed(
            f"医保统筹基金已支付 {fund:.2f} 元，可能已实时结算，一般不再手工报销，请确认",
            "fields.fund_payment",
        )
    return passed("fields.fund_payment")
