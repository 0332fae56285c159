"""What a claim must bring along (domain.md §9; §10 R-MAT-1, R-MAT-3), and what its form must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.application import Application, ClaimKind
from pipeline.case import Case
from pipeline.fee_categories import find_category
from pipeline.materials import has_details, missing
from pipeline.model import BLANK, OTHER, Document
from validators._rule import Verdict, case_rule, failed, passed, unknown
from validators.across import path_in


@case_rule("R-MAT-1", title="报销情形所需材料齐全", basis="北京医保手工报销材料清单（各报销情形）")
def materials_are_complete(case: Case) -> Verdict | None:
    """All materials of all case types are there; what is not is listed."""
    papers = [each for each in case.documents if each.type != BLANK]
    if case.application is None and all(each.type == OTHER for each in papers):
        return None  # nothing says that this is a claim
    lacks = missing(case)
    if lacks:
        return failed(f"缺少材料：{'；'.join(lack.label for lack in lacks)}，请补交", "missing_materials")
    return passed(*(path_in(each, "document_type") for each in papers))


@case_rule(
    "R-MAT-3", title="费用有检查、治疗、药品明细", basis="北京医保手工报销材料要求（票据或清单列明明细）"
)
def charges_are_detailed(case: Case) -> Verdict | None:
    """The charged rows stand on the receipt or on a fee list."""
    bills = [each for each in case.bills if each.type != "vat_invoice" or not each.items]
    lists = [each for each in case.documents if each.type == "itemized_bill"]
    if not bills:
        return passed(*(path_in(each, "line_items") for each in case.bills)) if case.bills else None
    paths = [path_in(each, "line_items") for each in (*bills, *lists)]
    if has_details(bills) or any(map(_names_items, bills)) or any(each.items for each in lists):
        return passed(*paths)
    if lists:
        return unknown("费用清单的明细未读出，无法确认费用明细是否齐全", *paths)
    return failed("票据上没有检查、治疗、药品明细，也没有费用清单，请补交费用明细", *paths)


def _names_items(bill: Document) -> bool:
    """Whether the rows of a bill are more than its fee categories."""
    names = (row.name.value for row in bill.items if row.name is not None and row.name.value)
    return any(find_category(name) is None for name in names)


_ASKED: Mapping[ClaimKind, tuple[tuple[str, str, Callable[[Application], object]], ...]] = MappingProxyType(
    {
        "reimbursement": (),
        "chronic_disease_application": (
            ("chronic_disease", "疾病名称", lambda form: form.chronic_disease),
            ("designated_hospital", "定点医疗机构", lambda form: form.designated_hospital),
            ("phone", "联系电话", lambda form: form.phone),
        ),
        "offsite_filing": (
            ("offsite_filings", "备案类型、就医地和开始日期", lambda form: form.offsite_filings),
            ("phone", "联系电话", lambda form: form.phone),
        ),
        "family_account_binding": (
            ("family_member", "家庭成员", lambda form: form.family_member),
            (
                "family_member.id_number",
                "家庭成员的证件号码",
                lambda form: form.family_member and form.family_member.id_number,
            ),
        ),
    }
)
"""What each kind of application must declare: key, what it is called, how it is found."""


@case_rule(
    "APP-1", title="申请信息填写完整", basis="国家医保服务平台办理说明（慢特病资格、异地备案、家庭共济）"
)
def application_says_all(case: Case) -> Verdict | None:
    """What the form of that kind asks for is filled in."""
    form = case.application
    if form is None or not _ASKED[form.kind]:
        return None
    lacking = [(key, called) for key, called, find in _ASKED[form.kind] if not find(form)]
    if lacking:
        said = "、".join(called for _, called in lacking)
        return failed(f"申请信息没有填写{said}，请补填", *(f"application.{key}" for key, _ in lacking))
    return passed(*(f"application.{key}" for key, _, _ in _ASKED[form.kind]))
