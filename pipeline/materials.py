"""What a claim must bring along, and what of it is missing, by the matrix of its place (domain section 9).

Case types combine, and the required set is the union of their rows. Materials marked `o` in one row make up
for each other. What is asked for stands in the place's file alone; here is what its words mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from pipeline.application import CaseType, ClaimKind
from pipeline.case import Case
from pipeline.case_types import NAME_FIELDS, REIMBURSEMENT, is_named_after_mother, is_stay
from pipeline.fee_categories import find_category
from pipeline.model import Document
from pipeline.places.place import Condition, Declared, Material, Substitute
from pipeline.text import squeeze

MEDICINES = frozenset({"09", "10", "11"})
"""Fee categories of western medicine, herbal pieces and Chinese patent medicine."""

EMERGENCY = "急诊"
ONLY_EMERGENCY = re.compile("(?<!门)急诊")
"""急诊, but not 门急诊: outpatients with or without an emergency."""
NO_MARKS = frozenset({"否", "无", "0", ""})
"""What stands behind a label that is printed whether it applies or not."""

Row: TypeAlias = CaseType | ClaimKind


@dataclass(frozen=True, slots=True)
class Lack:
    """What nobody sent: one material, or several of which one is enough, by code and name."""

    materials: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """As it is listed where it is missing.

        >>> Lack((("M10", "事故认定书"), ("M11", "个人承诺书"))).label
        'M10 事故认定书 或 M11 个人承诺书'
        """
        return " 或 ".join(f"{code} {name}" for code, name in self.materials)


def missing(case: Case) -> list[Lack]:
    """What the rows of the claim ask for and nobody sent, in the order of the place's list of materials."""
    place = case.place
    rows = [(row, place.needs(row)) for row in _rows(case)]
    required = {code for _, needs in rows for code, need in needs.items() if need in ("R", "c")}
    known = place.materials
    lacks = [
        Lack(((code, material.name),))
        for code, material in known.items()
        if code in required and is_asked(case, material) and not is_there(case, material)
    ]
    for _, needs in rows:
        choices = [code for code, need in needs.items() if need == "o" and is_asked(case, known[code])]
        if choices and not any(is_there(case, known[code]) for code in choices):
            lack = Lack(tuple((code, known[code].name) for code in choices))
            lacks += [lack] if lack not in lacks else []
    return lacks


def _rows(case: Case) -> tuple[Row, ...]:
    """The rows of the matrix that hold for the claim: an application for no money has one of its own."""
    if case.application is not None and case.application.kind != REIMBURSEMENT:
        return (case.application.kind,)
    return case.case_types


def is_asked(case: Case, material: Material) -> bool:
    """Whether the material can be asked for at all in this claim."""
    return material.only_when is None or _CONDITIONS[material.only_when](case)


def is_there(case: Case, material: Material) -> bool:
    """Whether a paper, a declaration or what a receipt shows is the material."""
    if any(name in material.papers for document in case.documents for name in _names(document)):
        return True
    if material.declared is not None and _DECLARATIONS[material.declared](case):
        return True
    return material.made_up_for_by is not None and _SUBSTITUTES[material.made_up_for_by](case)


def _names(document: Document) -> tuple[str, ...]:
    """How a place's file may call the paper."""
    return (document.type, f"{document.type}/{document.subtype}") if document.subtype else (document.type,)


# ---------------------------------------------------------------- what the words of a place's file mean


def has_medicines(documents: Iterable[Document]) -> bool:
    """Whether a row or a category of any paper is a medicine."""
    names = [
        part.value
        for document in documents
        for item in (*document.items, *document.category_totals)
        for part in (item.name, item.category)
        if part is not None and part.value
    ]
    found = (find_category(name) for name in names)
    return any(category is not None and category.code in MEDICINES for category in found)


def has_details(bills: Iterable[Document]) -> bool:
    """Whether a receipt shows charged rows under its categories."""
    return any(bill.category_totals for bill in bills)


def is_marked_emergency(bills: Iterable[Document]) -> bool:
    """Whether a receipt says 急诊: as a mark, in its title or as its department."""
    return any(
        squeeze(bill.extras.get(EMERGENCY, "")) not in NO_MARKS
        or ONLY_EMERGENCY.search(squeeze(f"{bill.title} {bill.text('department') or ''}"))
        for bill in bills
    )


def _names_a_newborn(case: Case) -> bool:
    names = (document.text(field) for document in case.documents for field in NAME_FIELDS)
    return any(name and is_named_after_mother(name) for name in names)


def _declares_emergency(case: Case) -> bool:
    return case.application is not None and "emergency_no_card" in case.application.case_types


_CONDITIONS: Mapping[Condition, Callable[[Case], bool]] = MappingProxyType(
    {
        "medicines_charged": lambda case: has_medicines(case.documents),
        "stay": lambda case: is_stay(case.documents) or "inpatient" in case.case_types,
        "newborn_name": _names_a_newborn,
        "emergency_declared": _declares_emergency,
    }
)
_SUBSTITUTES: Mapping[Substitute, Callable[[Case], bool]] = MappingProxyType(
    {
        "details_on_receipt": lambda case: has_details(case.bills),
        "emergency_on_receipt": lambda case: is_marked_emergency(case.bills),
    }
)
_DECLARATIONS: Mapping[Declared, Callable[[Case], bool]] = MappingProxyType(
    {
        "offsite_filings": lambda case: bool(case.application and case.application.offsite_filings),
        "bank_account": lambda case: bool(case.application and case.application.bank_account),
        "insured_number": lambda case: bool(
            case.application and case.application.insured and case.application.insured.insurance_no
        ),
    }
)
