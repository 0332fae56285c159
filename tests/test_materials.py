"""What each case type asks for (北京), and what of it is missing."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.application import CASE_TYPES
from pipeline.materials import missing
from pipeline.model import Document
from pipeline.office import usual_office
from tests.builders import TODAY, bill, case, declared, office_with, paper, row

MEDICINE = (row("阿莫西林胶囊", "9.00", category="西药费"),)
NAMES = (
    *("outpatient_invoice", "inpatient_invoice", "vat_invoice", "itemized_bill", "prescription"),
    *("settlement_sheet", "discharge_summary", "diagnosis_certificate", "id_card"),
)
SUBTYPES = (
    *("card_replacement_certificate", "referral_form", "offsite_filing_form", "residence_certificate"),
    *(
        "accident_report",
        "court_judgment",
        "commitment_letter",
        "birth_certificate",
        "social_aid_certificate",
    ),
    *("outpatient_record", "informed_consent", "marriage_certificate", "household_register"),
)


def papers(names: Collection[str]) -> list[Document]:
    """One paper of each name: `prescription`, `other/birth_certificate`."""
    made = []
    for name in sorted(names):
        kind, _, subtype = name.partition("/")
        made.append(paper(kind, subtype or None, {}, file=f"{name}.jpg"))
    return made


def codes(names: Collection[str], *types: str, extra: Collection[Document] = (), **more: object) -> list[str]:
    application = declared(case_types=list(types), **more) if types or more else None
    found = missing(case(*papers(names), *extra, application=application))
    return ["/".join(code for code, _ in lack.materials) for lack in found]


OUTPATIENT = {"outpatient_invoice", "itemized_bill", "prescription", "diagnosis_certificate"}
INPATIENT = {"inpatient_invoice", "itemized_bill", "settlement_sheet", "diagnosis_certificate"}
PHARMACY = {"vat_invoice", "prescription", "diagnosis_certificate"}
WITH_MEDICINE = paper("itemized_bill", None, {}, items=MEDICINE, file="list.jpg")


@pytest.mark.parametrize("names", [OUTPATIENT, INPATIENT, PHARMACY])
def test_nothing_is_missing_where_all_is_there(names: set[str]) -> None:
    assert codes({*names, "id_card", "other"}) == []


@pytest.mark.parametrize(
    ("names", "lacks", "expected"),
    [
        (OUTPATIENT, "outpatient_invoice", ["M02"]),
        (OUTPATIENT, "itemized_bill", ["M03"]),
        (OUTPATIENT, "diagnosis_certificate", ["M06"]),
        (INPATIENT, "inpatient_invoice", ["M02"]),
        (INPATIENT, "settlement_sheet", ["M05"]),
        (PHARMACY, "prescription", ["M13"]),
    ],
)
def test_each_missing_paper_is_named(names: set[str], lacks: str, expected: list[str]) -> None:
    assert codes(names - {lacks}) == expected


def test_a_prescription_is_asked_for_where_medicines_were_charged() -> None:
    assert codes(OUTPATIENT - {"prescription"}, extra=[WITH_MEDICINE]) == ["M04"]
    assert codes(OUTPATIENT - {"prescription"}) == []


def test_a_discharge_summary_makes_up_for_the_settlement_sheet() -> None:
    assert codes({*INPATIENT, "discharge_summary"} - {"settlement_sheet"}) == []


def test_rows_on_the_receipt_make_up_for_the_fee_list() -> None:
    receipt = bill(items=MEDICINE, category_totals=[row("西药费", "9.00")])
    assert codes(OUTPATIENT - {"itemized_bill", "outpatient_invoice"}, extra=[receipt]) == []


def test_a_pharmacys_invoice_is_no_medical_receipt() -> None:
    assert "M02" in codes({*OUTPATIENT, "vat_invoice"} - {"outpatient_invoice"}, "emergency_no_card")


@pytest.mark.parametrize(
    ("types", "more", "asked"),
    [
        (["card_replacement"], [], ["M01"]),
        (["card_not_issued"], [], ["M01"]),
        (["employer_arrears"], [], []),
        (["family_planning"], [], []),
        (["trauma"], [], ["M10/M11"]),
        (["trauma"], ["other/commitment_letter"], []),
        (["trauma"], ["other/court_judgment"], []),
        (["offsite"], [], ["M08", "M07/M09"]),
        (["offsite"], ["other/offsite_filing_form", "other/residence_certificate"], []),
        (["social_aid"], [], ["M15"]),
        (["newborn"], [], []),
        (["emergency_no_card"], [], ["E01"]),
        (["emergency_no_card"], ["other/outpatient_record"], []),
        (["trauma", "offsite", "social_aid"], ["other/referral_form"], ["M08", "M15", "M10/M11"]),
    ],
)
def test_case_types_ask_for_their_own_papers_and_combine(
    types: list[str], more: list[str], asked: list[str]
) -> None:
    assert codes({*OUTPATIENT, *more}, *types) == asked


def test_a_filing_that_is_declared_needs_no_paper() -> None:
    filing = {"kind": "异地转诊", "place": "上海市", "from": "2025-01-01"}
    assert codes({*OUTPATIENT, "other/referral_form"}, "offsite", offsite_filings=[filing]) == []


def test_a_child_named_after_its_mother_needs_a_birth_certificate() -> None:
    child = bill(payer_name="王样例之子")
    assert codes(OUTPATIENT - {"outpatient_invoice"}, extra=[child]) == ["M14"]
    assert codes({*OUTPATIENT, "other/birth_certificate"} - {"outpatient_invoice"}, extra=[child]) == []


def test_an_emergency_mark_on_the_receipt_makes_up_for_the_record() -> None:
    names = OUTPATIENT - {"outpatient_invoice"}
    for marked in (bill(extras={"急诊": "是"}), bill(department="急诊内科")):
        assert codes(names, "emergency_no_card", extra=[marked]) == []
    for unmarked in (
        bill(extras={"急诊": "否"}),
        bill(title="上海市医疗门急诊收费票据"),
        bill(department="门急诊"),
    ):
        assert codes(names, "emergency_no_card", extra=[unmarked]) == ["E01"]


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ("chronic_disease_application", set(), ["M06", "A01"]),
        ("chronic_disease_application", {"diagnosis_certificate", "other/informed_consent"}, []),
        ("offsite_filing", set(), ["M07/M09"]),
        ("family_account_binding", set(), ["A03"]),
        ("family_account_binding", {"other/household_register"}, []),
    ],
)
def test_an_application_without_bills_has_a_row_of_its_own(
    kind: str, names: set[str], expected: list[str]
) -> None:
    assert codes(names, kind=kind) == expected


def test_a_missing_paper_is_listed_by_code_and_name() -> None:
    (lack,) = missing(case(*papers(INPATIENT - {"itemized_bill"})))
    assert lack.label == "M03 费用明细单"


def test_another_place_asks_for_what_its_file_says() -> None:
    matrix = {**usual_office().place_on(TODAY).matrix, "inpatient": {"M02": "R", "M17b": "R"}}
    (lack,) = missing(case(*papers({"inpatient_invoice"}), office=office_with({"matrix": matrix})))
    assert lack.label == "M17b 参保人银行账户"


ALL = [*NAMES, *(f"other/{subtype}" for subtype in SUBTYPES)]


@given(st.sets(st.sampled_from(ALL)), st.sampled_from(ALL), st.sets(st.sampled_from(CASE_TYPES), min_size=1))
def test_a_paper_more_never_makes_more_missing(names: set[str], added: str, types: set[str]) -> None:
    """But for papers that show a stay: those bring a row of their own."""
    stay = {"inpatient_invoice", "settlement_sheet", "discharge_summary"}
    types_with_stay = sorted(types | {"inpatient"} if stay & {*names, added} else types)
    assert set(codes({*names, added}, *types_with_stay)) <= set(codes(names, *types_with_stay))


@given(st.sets(st.sampled_from(ALL)), st.sets(st.sampled_from(CASE_TYPES), min_size=1))
def test_the_required_set_of_several_case_types_is_the_union(names: set[str], types: set[str]) -> None:
    together = set(codes(names, *sorted(types)))
    assert together == set().union(*(codes(names, one) for one in types))
