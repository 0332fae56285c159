"""What single papers showed and a person must settle for the claim (domain.md §10).

A missing seal or a year that differs says nothing against what was read, so the paper goes through with a
warning; whether the claim may be paid with it is for a person, so the claim does not. Which seal serves and
whether a number alone is enough is the place's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.case import Case
from pipeline.model import Document, Finding
from pipeline.seal_names import purpose_of
from validators import across, amounts, dates, seals
from validators._rule import DocumentRule, Verdict, case_rule, failed, passed, unknown
from validators.across import path_in
from validators.duplicates import sheet
from validators.ebill import FIVE_ELEMENTS, is_well_formed

_FEW = 3
"""Papers named in a message."""


@case_rule(
    "R-SEAL-1",
    title="各单据盖有应有的印章",
    basis="手工报销材料要求：清单盖公章，诊断证明盖诊断专用章，票据盖医院章或收费章，外购药处方盖外购药专用章",
)
def papers_bear_their_seals(case: Case) -> Verdict | None:
    """Each paper bears a seal that the place accepts on it; one in grey or as a file tells nothing."""
    absent, open_, there = [], [], []
    wanted_by_type = case.place.seals
    for document in case.documents:
        wanted = wanted_by_type.get(document.type)
        asked = document.required_seal
        bought_outside = document.type == "prescription" and "external_drug" in case.case_types
        if wanted is None or (asked is None and not bought_outside):
            continue
        if any(purpose_of(seal.name) in wanted.purposes for seal in document.seals):
            there.append(document)
        elif asked is None or asked.presence != "absent":
            open_.append((document, wanted.wanted))
        else:
            absent.append((document, wanted.wanted))
    if absent:
        return failed(f"{_said(absent, '未见')}，请人工查看原件", *_seal_paths(each for each, _ in absent))
    if open_:
        return unknown(f"{_said(open_, '无法判断是否盖有')}", *_seal_paths(each for each, _ in open_))
    return passed(*_seal_paths(there)) if there else None


def _said(papers: Sequence[tuple[Document, str]], verb: str) -> str:
    parts = "；".join(f"{sheet(document)} {verb}{wanted}" for document, wanted in papers[:_FEW])
    return parts + (f"等 {len(papers)} 份" if len(papers) > _FEW else "")


def _seal_paths(documents: Iterable[Document]) -> tuple[str, ...]:
    return tuple(path_in(document, "required_seal") for document in documents)


@case_rule(
    "R-MAT-2",
    title="票据、清单、处方、证明均为原件",
    basis="手工报销材料要求：票据、清单、处方、诊断证明须为原件",
)
def papers_are_originals(case: Case) -> Verdict | None:
    """No paper looks like a copy."""
    return _collected(case, seals.paper_is_no_copy)


@case_rule("R-DL-2", title="各票据的费用年度与开票年度一致", basis="北京市手工报销年度申报要求")
def fee_years_are_settled(case: Case) -> Verdict | None:
    """The year of treatment counts; where a bill was issued in another one, a person confirms it."""
    return _collected(case, dates.fee_year_is_year_of_issue)


@case_rule("R-SUM-1", title="大小写、分类、支付和清单合计均相符", basis="票据金额核对 V-1、V-2、V-4、V-12")
def sums_hold(case: Case) -> Verdict | None:
    """Capitals, categories, payments and lists say the same money on every bill."""
    on_bills = _collected(
        case,
        amounts.total_in_words_equals_total,
        amounts.categories_sum_to_total,
        amounts.payments_sum_to_total,
    )
    lists = across.lists_sum_to_bills(case)
    parts = [part for part in (on_bills, _as_verdict(lists)) if part is not None]
    for outcome in ("fail", "unknown"):
        same = [part for part in parts if part.outcome == outcome]
        if same:
            message = "；".join(part.message for part in same)
            paths = tuple(path for part in same for path in part.fields)
            return failed(message, *paths) if outcome == "fail" else unknown(message, *paths)
    return passed(*(path for part in parts for path in part.fields)) if parts else None


def _as_verdict(finding: Finding | None) -> Verdict | None:
    return Verdict(finding.outcome, finding.message, finding.fields) if finding is not None else None


@case_rule(
    "R-EB-1",
    title="电子票据可凭五要素查验",
    basis="北京医保手工报销电子票据要求（「五要素」与「五要素或票据号」两说，按地区配置）",
)
def bills_can_be_verified(case: Case) -> Verdict | None:
    """All five elements; where the place takes the number alone, a person decides."""
    bills = [each for each in case.bills if each.subtype == "e_bill"]
    lacking = {
        each.id: [label for name, label in FIVE_ELEMENTS.items() if not is_well_formed(each, name)]
        for each in bills
    }
    wrong = [each for each in bills if lacking[each.id]]
    paths = [path_in(each, f"fields.{name}") for each in wrong or bills for name in FIVE_ELEMENTS]
    if not wrong:
        return passed(*paths) if bills else None
    said = "；".join(f"{sheet(each)} 缺少或有误：{'、'.join(lacking[each.id])}" for each in wrong[:_FEW])
    by_number = all(is_well_formed(each, "invoice_number") for each in wrong)
    if by_number and case.place.switches.five_elements_or_number:
        return failed(f"{said}；票据号码完整，{case.place.name}可凭票据号码受理，请人工决定", *paths)
    return failed(f"{said}；五要素齐全才能查验，请核对识别结果或补交清晰的票据", *paths)


def _collected(case: Case, *rules: DocumentRule) -> Verdict | None:
    """What rules about single papers found, as one verdict about the claim."""
    found = [
        (document, finding)
        for document in case.documents
        for rule in rules
        if (finding := rule(document, case.today)) is not None
    ]
    for outcome in ("fail", "unknown"):
        same = [(document, finding) for document, finding in found if finding.outcome == outcome]
        if same:
            said = [f"{sheet(document)}：{finding.message}" for document, finding in same[:_FEW]]
            paths = [path_in(document, path) for document, finding in same for path in finding.fields]
            message = "；".join(said) + (f"等 {len(same)} 处" if len(same) > _FEW else "")
            return failed(message, *paths) if outcome == "fail" else unknown(message, *paths)
    paths = [path_in(document, path) for document, finding in found for path in finding.fields]
    return passed(*paths) if found else None
