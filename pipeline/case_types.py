"""Under which headings a claim falls: what the applicant declares, and what the papers say for certain.

Papers tell a stay, medicine bought outside and a newborn who has no name yet. Everything else (a lost card,
an injury, care elsewhere) is the applicant's to declare; where nothing is, an outpatient claim is taken as
one of an emergency without a card, the heading that asks for most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.application import Application, CaseType, ClaimKind
from pipeline.model import INVOICES, Document
from pipeline.text import squeeze

STAY_PAPERS = frozenset({"inpatient_invoice", "discharge_summary", "settlement_sheet"})
"""What only a stay has."""

NAME_FIELDS = ("payer_name", "patient_name", "name")
NEWBORN = re.compile("之[子女婴]$")
"""How an infant without a name is called: 〈母亲〉之子, 之女, 之婴."""

REIMBURSEMENT: ClaimKind = "reimbursement"
MAIN_WITHOUT_DECLARATION: CaseType = "emergency_no_card"


def is_stay(documents: Sequence[Document]) -> bool:
    """Whether the papers are those of a stay."""
    return any(document.type in STAY_PAPERS for document in documents)


def is_named_after_mother(name: str) -> bool:
    """Whether a name is that of an infant who has none yet.

    >>> is_named_after_mother("王 样例之女"), is_named_after_mother("王之女士")
    (True, False)
    """
    return NEWBORN.search(squeeze(name)) is not None


def case_types_of(
    documents: Sequence[Document], application: Application | None = None
) -> tuple[CaseType, ...]:
    """The case types of a claim, the main one first: those declared, then those that the papers show.

    An invoice of a pharmacy shows medicine bought outside only where nothing is declared: clinics that work
    for profit issue such invoices too. An application that asks for no money has the case types it declares.
    """
    declared = application.case_types if application is not None else ()
    if application is not None and application.kind != REIMBURSEMENT:
        return declared
    shown: list[CaseType] = []
    invoices = [document for document in documents if document.type in INVOICES]
    if is_stay(documents):
        shown.append("inpatient")
    elif not declared and invoices and all(document.type == "vat_invoice" for document in invoices):
        shown.append("external_drug")
    names = (document.text(field) for document in documents for field in NAME_FIELDS)
    if any(name and is_named_after_mother(name) for name in names):
        shown.append("newborn")
    if not declared and shown in ([], ["newborn"]):
        shown.insert(0, MAIN_WITHOUT_DECLARATION)
    return tuple(dict.fromkeys((*declared, *shown)))
