"""What each case type asks for (北京), and what of it is missing."""

from __future__ import annotations

import pytest

from pipeline.materials import EXTERNAL_DRUG, INPATIENT, OUTPATIENT, REQUIRED, missing

COMPLETE = {
    OUTPATIENT: {"outpatient_invoice", "itemized_bill", "prescription", "diagnosis_certificate"},
    INPATIENT: {"inpatient_invoice", "itemized_bill", "settlement_sheet", "diagnosis_certificate"},
    EXTERNAL_DRUG: {"vat_invoice", "prescription", "diagnosis_certificate"},
}


def codes(case_type: str, *types: str, has_details: bool = False, has_medicines: bool = True) -> list[str]:
    found = missing(case_type, types, has_details=has_details, has_medicines=has_medicines)
    return [material.code for material in found]


@pytest.mark.parametrize("case_type", REQUIRED)
def test_nothing_is_missing_where_all_is_there(case_type: str) -> None:
    assert codes(case_type, *COMPLETE[case_type], "id_card", "other") == []


@pytest.mark.parametrize(
    ("case_type", "lacks", "expected"),
    [
        (OUTPATIENT, "outpatient_invoice", ["M02"]),
        (OUTPATIENT, "itemized_bill", ["M03"]),
        (OUTPATIENT, "prescription", ["M04"]),
        (OUTPATIENT, "diagnosis_certificate", ["M06"]),
        (INPATIENT, "inpatient_invoice", ["M02"]),
        (INPATIENT, "settlement_sheet", ["M05"]),
        (EXTERNAL_DRUG, "vat_invoice", ["M12"]),
        (EXTERNAL_DRUG, "prescription", ["M13"]),
    ],
)
def test_each_missing_paper_is_named(case_type: str, lacks: str, expected: list[str]) -> None:
    assert codes(case_type, *COMPLETE[case_type] - {lacks}) == expected


@pytest.mark.parametrize("case_type", REQUIRED)
def test_without_any_paper_all_is_missing(case_type: str) -> None:
    assert codes(case_type) == [material.code for material in REQUIRED[case_type]]


def test_a_discharge_summary_makes_up_for_the_settlement_sheet() -> None:
    assert codes(INPATIENT, *COMPLETE[INPATIENT] - {"settlement_sheet"}, "discharge_summary") == []


def test_rows_on_the_receipt_make_up_for_the_fee_list() -> None:
    assert codes(OUTPATIENT, *COMPLETE[OUTPATIENT] - {"itemized_bill"}, has_details=True) == []


def test_without_medicines_no_prescription_is_asked_for() -> None:
    assert codes(OUTPATIENT, *COMPLETE[OUTPATIENT] - {"prescription"}, has_medicines=False) == []
    assert codes(EXTERNAL_DRUG, "vat_invoice", "diagnosis_certificate", has_medicines=False) == ["M13"]


def test_a_pharmacys_invoice_is_no_medical_receipt() -> None:
    assert codes(OUTPATIENT, *COMPLETE[OUTPATIENT] - {"outpatient_invoice"}, "vat_invoice") == ["M02"]


def test_a_missing_paper_is_listed_by_code_and_name() -> None:
    (material,) = missing(
        INPATIENT, COMPLETE[INPATIENT] - {"itemized_bill"}, has_details=False, has_medicines=True
    )
    assert material.label == "M03 费用明细单"
