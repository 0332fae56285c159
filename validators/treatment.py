"""Where care was given, and what for (domain.md §10 R-OFF-1, R-TRA-1)."""

from __future__ import annotations

import re

from pipeline.application import OffsiteFiling
from pipeline.case import Case
from pipeline.materials import is_marked_emergency
from pipeline.model import MEDICAL_INVOICES, OTHER, Document
from pipeline.text import squeeze
from validators._rule import Verdict, case_rule, failed, passed, unknown
from validators.across import path_in, treatment_of

_MEDICAL_CODE = re.compile(r"(?P<province>[1-8][0-9])06[0-9]{4}")
"""票据代码 AACCKKYY of a medical bill: AA are the first two digits of the issuing province, CC is 06."""


def province_of(bill: Document) -> str | None:
    """The first two digits of the province whose finance department issued a medical bill, by its code."""
    match = _MEDICAL_CODE.fullmatch(bill.text("invoice_code") or "")
    return match["province"] if match else None


@case_rule(
    "R-OFF-1", title="异地就医已事先备案", basis="北京医保手工报销异地就医要求（急诊及天津、河北除外）"
)
def care_elsewhere_was_filed(case: Case) -> Verdict | None:
    """Care in another province was filed before it began, unless it was an emergency or the place waives it.

    Whether a filing may be made up for after treatment is a switch of the place; either way a person sees it.
    """
    region = case.place.region
    treated = [
        (bill, province)
        for bill in case.bills
        if bill.type in MEDICAL_INVOICES and (province := province_of(bill))
    ]
    if not treated:
        return None
    home = region.provinces | region.no_filing_needed
    away = [(bill, province) for bill, province in treated if province not in home]
    paths = [path_in(bill, "fields.invoice_code") for bill, _ in away or treated]
    if not away or _is_emergency(case):
        return passed(*paths)
    names = "、".join(dict.fromkeys(_name_of(case, province) for _, province in away))
    unfiled = [
        (bill, province)
        for bill, province in away
        if not any(_covers(case, one, bill, province) for one in _filings(case))
    ]
    if not unfiled:
        return passed(*paths, "application.offsite_filings")
    said = f"票据由{names}开具，属异地就医"
    if case.application is None:
        return unknown(f"{said}；没有申请信息，请确认是否已备案", *paths)
    if any(each.type == OTHER and each.subtype == "offsite_filing_form" for each in case.documents):
        return unknown(f"{said}；材料中有备案表，请对照其就医地和期间", *paths)
    if case.place.switches.allow_late_filing:
        return failed(f"{said}，就医前没有备案；可以补办备案的，请人工决定", *paths)
    return failed(f"{said}，就医前没有备案，不予报销", *paths)


def _filings(case: Case) -> tuple[OffsiteFiling, ...]:
    return case.application.offsite_filings if case.application is not None else ()


def _is_emergency(case: Case) -> bool:
    declared = case.application.case_types if case.application is not None else ()
    return "emergency_no_card" in declared or is_marked_emergency(case.bills)


def _name_of(case: Case, province: str) -> str:
    return case.catalogs.division(f"{province}0000") or f"区划 {province}"


def _covers(case: Case, filing: OffsiteFiling, bill: Document, province: str) -> bool:
    """Whether a filing is for that province, holds on all days of treatment and was made before them."""
    stay = treatment_of(bill)
    if stay is None or not all(map(filing.period.holds, stay)):
        return False
    in_time = filing.filed_on is None or filing.filed_on <= stay[0]
    return in_time and _is_in(case, filing.place, province)


def _is_in(case: Case, place: str, province: str) -> bool:
    """Whether a place, as a name or a division code, lies in the province."""
    text = squeeze(place)
    if text.isdigit():
        return text.startswith(province)
    name = case.catalogs.division(f"{province}0000")
    return name is not None and text.startswith(name[:2])


@case_rule(
    "R-TRA-1",
    title="诊断提示外伤的按外伤申报",
    basis="北京医保手工报销外伤材料要求（认定书、判决书或承诺书）",
)
def injury_is_claimed_as_one(case: Case) -> Verdict | None:
    """Where a diagnosis or a department suggests an injury, the claim is declared as one."""
    words, exceptions = case.place.trauma.words, case.place.trauma.exceptions
    told = [
        (document, name, squeeze(text))
        for document in case.documents
        for name in ("diagnoses", "department")
        if (text := document.text(name))
    ]
    if not told or not words:
        return None
    found = [
        (document, name, word) for document, name, text in told if (word := _injury(text, words, exceptions))
    ]
    paths = [path_in(document, f"fields.{name}") for document, name, *_ in found or told]
    if not found or "trauma" in case.case_types:
        return passed(*paths)
    said = "、".join(dict.fromkeys(f"「{word}」" for *_, word in found))
    return failed(f"诊断或科别含{said}，可能是外伤，但没有按外伤申报，请确认有无第三方责任", *paths)


def _injury(text: str, words: tuple[str, ...], exceptions: tuple[str, ...]) -> str | None:
    """The first word of an injury in the text, where no exception takes it back."""
    for exception in sorted(exceptions, key=len, reverse=True):
        text = text.replace(exception, "、")
    return next((word for word in words if word in text), None)
