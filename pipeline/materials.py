"""What a case type asks for, and what of it is missing (北京 manual reimbursement, 有家健康网 2025-03-29).

Configuration by place and year: the table below is the one that the sources give; a paper counts for a
material when its type is among those named. Codes are those of the office's own list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Material:
    """A paper that is asked for: its code, its name in print, and the document types that are it."""

    code: str
    name: str
    types: frozenset[str]

    @property
    def label(self) -> str:
        """As it is listed where it is missing."""
        return f"{self.code} {self.name}"


RECEIPT = Material("M02", "医疗收费票据", frozenset({"outpatient_invoice", "inpatient_invoice"}))
FEE_LIST = Material("M03", "费用明细单", frozenset({"itemized_bill"}))
PRESCRIPTION = Material("M04", "处方底方", frozenset({"prescription"}))
STAY_SETTLEMENT = Material("M05", "住院费用结算明细单", frozenset({"settlement_sheet", "discharge_summary"}))
CERTIFICATE = Material("M06", "诊断证明", frozenset({"diagnosis_certificate"}))
PHARMACY_RECEIPT = Material("M12", "定点药店收据", frozenset({"vat_invoice"}))
STAMPED_PRESCRIPTION = Material("M13", "加盖外购药专用章的处方", frozenset({"prescription"}))

INPATIENT = "inpatient"
OUTPATIENT = "emergency_no_card"
EXTERNAL_DRUG = "external_drug"

REQUIRED = {
    OUTPATIENT: (RECEIPT, FEE_LIST, PRESCRIPTION, CERTIFICATE),
    INPATIENT: (RECEIPT, FEE_LIST, STAY_SETTLEMENT, CERTIFICATE),
    EXTERNAL_DRUG: (PHARMACY_RECEIPT, STAMPED_PRESCRIPTION, CERTIFICATE),
}


def missing(
    case_type: str, types: Collection[str], *, has_details: bool, has_medicines: bool
) -> list[Material]:
    """The materials that `case_type` asks for and no paper of `types` is.

    Args:
        case_type: One of `REQUIRED`.
        types: The document types at hand.
        has_details: Whether an invoice itself shows the charged rows, which makes up for the fee list.
        has_medicines: Whether medicines were charged; without them no prescription is asked for.
    """
    waived = {FEE_LIST} if has_details else set()
    if not has_medicines and case_type == OUTPATIENT:
        waived.add(PRESCRIPTION)
    return [
        material
        for material in REQUIRED[case_type]
        if material not in waived and not material.types & set(types)
    ]
