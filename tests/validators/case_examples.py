"""For each rule about a whole claim: one that passes, one that fails, one where the rule cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.case import Case
from pipeline.catalogs.catalog import Catalogs
from pipeline.earlier_bills import EarlierBill, KnownBills
from pipeline.model import Box, CatalogMatch, Document, Field, LineItem, RequiredSeal, Seal
from pipeline.office import usual_office
from pipeline.verification import Verification
from tests.builders import bill, case, declared, office_with, paper, row

ID = "11010519491231002X"
OTHER_ID = "110105194912310021"
NUMBER = "0127712345"
FIVE = {
    "invoice_code": "11060124",
    "invoice_number": NUMBER,
    "check_code": "qfmejx",
    "issue_date": "2025-02-17",
    "total_amount": "34.05",
}
VISIT = {"visit_date": "2025-02-17"}
SEAL = Seal("诊断专用章", "样例医院 诊断专用章", "red", "round", Box(0, 0, 90, 90), 0.98, 1)


def other(subtype: str, **values: str) -> Document:
    return paper("other", subtype, {**values}, file=f"{subtype}.jpg")


def receipt(**more: str) -> Document:
    return bill({**FIVE, **VISIT, **more}, file=f"{more.get('invoice_number', 'bill')}.jpg")


def certificate(presence: str, *seals: Seal) -> Document:
    wanted = RequiredSeal("诊断专用章", presence, 0.9)  # type: ignore[arg-type]
    return replace(paper("diagnosis_certificate", None, {}), required_seal=wanted, seals=seals)


def stay(start: str, end: str, number: str = NUMBER) -> Document:
    values = {"admission_date": start, "discharge_date": end, "invoice_number": number}
    return paper("inpatient_invoice", "e_bill", values, file=f"{number}.jpg")


def drug(name: str, quantity: str, unit: str = "盒") -> LineItem:
    return replace(row(name, "10.00", quantity=quantity), unit=Field(unit, unit, 0.99, 1, None, "ocr"))


def matched(name: str, status: str) -> LineItem:
    return replace(row(name, "10.00"), catalog=CatalogMatch(status))  # type: ignore[arg-type]


def answer(state: str, **more: object) -> Case:
    return case(receipt(), verifications=[Verification(NUMBER, state, **more)])  # type: ignore[arg-type]


def known(*bills: EarlierBill) -> KnownBills:
    return KnownBills(bills)


EARLIER = replace(
    usual_office(),
    earlier=known(EarlierBill("C-2024", "11060124", "0127700001", frozenset({"SJTMZ400003235"}))),
)
INSURED = {"name": "张三", "id_number": ID}
PROXY = {"name": "李四", "relation": "配偶"}
CARD = declared(case_types=["card_replacement"], card_period={"from": "2025-02-01", "to": "2025-03-01"})
PHARMACY = {"payee_name": "样例大药房"}
BIRTH = other("birth_certificate", name="王小样", mother_name="王样例")
CHILD = receipt(payer_name="王样例之女")
COMPLETE = (
    receipt(),
    paper("itemized_bill", None, {"patient_name": "张三"}, items=[row("血常规", "34.05")]),
    paper("diagnosis_certificate", None, {"patient_name": "张三"}),
)


def external(*bought: LineItem, prescribed: tuple[LineItem, ...] = (), **more: str) -> Case:
    return case(
        paper("vat_invoice", "vat_digital", {**PHARMACY, **more}, items=bought),
        paper("prescription", None, {"patient_name": "张三"}, items=prescribed),
    )


class FullLists(Catalogs):
    """Lists of an office's own, as the rule about absent rows asks for them."""

    def __init__(self) -> None:
        super().__init__([])

    lists = tuple((head, path.parent.parent / path.name) for head, path in Catalogs.sample().lists)


CASE_EXAMPLES: dict[str, tuple[Case, Case, Case]] = {
    "R-DL-1.declared_in_time": (
        case(receipt(), application=declared(received_on="2026-01-20")),
        case(receipt(), application=declared(received_on="2026-01-21")),
        case(receipt(), today=date(2026, 3, 1)),
    ),
    "R-DL-1.deadline_is_not_near": (
        case(receipt(), today=date(2025, 12, 1)),
        case(receipt(), today=date(2026, 1, 12)),
        case(receipt(), today=date(2026, 1, 12), application=declared(received_on="2026-01-12")),
    ),
    "R-DL-2.fee_years_are_settled": (
        case(receipt()),
        case(receipt(visit_date="2024-12-31")),
        case(bill(FIVE)),
    ),
    "R-DUP-1.bill_was_not_claimed_before": (
        case(receipt(), office=EARLIER),
        case(receipt(invoice_number="0127700001"), office=EARLIER),
        case(receipt(invoice_number="0127700001")),
    ),
    "R-DUP-2.exchanged_bills_are_not_both_claimed": (
        case(receipt(business_serial_no="SJTMZ400009999"), office=EARLIER),
        case(
            receipt(business_serial_no="sjtmz400009999"),
            bill(
                {**FIVE, "invoice_number": "00641", "business_serial_no": "sjtmz400009999"}, subtype="paper"
            ),
        ),
        case(receipt()),
    ),
    "R-ENT-1.receipts_are_entered_one_by_one": (
        case(receipt(), receipt(invoice_number="0127712346")),
        case(receipt(invoice_number="0127712345；0127712346")),
        case(receipt(), bill(VISIT)),
    ),
    "R-ENT-2.one_stay_a_declaration": (
        case(stay("2025-03-01", "2025-03-10"), stay("2025-03-10", "2025-03-20", "2")),
        case(stay("2025-03-01", "2025-03-10"), stay("2025-05-01", "2025-05-09", "2")),
        case(receipt()),
    ),
    "R-ENT-4.batch_file_is_untouched": (
        case(receipt(), application=declared(batch_file={"name": "a.bp", "made_as": "a.bp"})),
        case(receipt(), application=declared(batch_file={"name": "张三.bp", "made_as": "a.bp"})),
        case(
            receipt(),
            application=declared(batch_file={"name": "a.bp", "made_as": "a.bp"}),
            office=office_with({"batch_files": {"software_versions": ["3.2"]}}),
        ),
    ),
    "R-CARD-1.fees_fall_into_the_card_period": (
        case(receipt(), application=CARD),
        case(receipt(visit_date="2025-04-17"), application=CARD),
        case(receipt(), application=declared(case_types=["card_not_issued"])),
    ),
    "R-MAT-1.materials_are_complete": (case(*COMPLETE), case(*COMPLETE[:2]), case(paper("other"))),
    "R-MAT-2.papers_are_originals": (
        case(certificate("present", SEAL)),
        case(certificate("absent")),
        case(certificate("unknown")),
    ),
    "R-MAT-3.charges_are_detailed": (
        case(*COMPLETE),
        case(receipt()),
        case(receipt(), paper("itemized_bill", None, {"patient_name": "张三"})),
    ),
    "APP-1.application_says_all": (
        case(
            application=declared(
                kind="offsite_filing",
                phone="010",
                offsite_filings=[{"kind": "其他临时外出就医人员", "place": "上海市", "from": "2025-01-01"}],
            )
        ),
        case(application=declared(kind="chronic_disease_application", phone="010")),
        case(application=declared()),
    ),
    "R-SEAL-1.papers_bear_their_seals": (
        case(certificate("present", SEAL)),
        case(certificate("absent")),
        case(certificate("unknown")),
    ),
    "R-SUM-1.sums_hold": (
        case(receipt(total_in_words="叁拾肆元零伍分")),
        case(receipt(total_in_words="捌拾肆元零伍分")),
        case(receipt(total_in_words="捌拾卧元")),
    ),
    "R-EB-1.bills_can_be_verified": (
        case(receipt()),
        case(bill({**FIVE, "check_code": "fc09"})),
        case(bill(FIVE, subtype="paper")),
    ),
    "R-EB-2.elements_agree_with_platform": (
        answer("verified", check_code="qfmejx"),
        answer("verified", check_code="qfmejy"),
        answer("daily_limit"),
    ),
    "R-EB-3.bill_is_still_good": (answer("verified"), answer("reversed"), answer("transient_error")),
    "R-NAME-1.papers_name_the_insured": (
        case(receipt(payer_name="张 三"), application=declared(insured=INSURED)),
        case(receipt(payer_name="李四"), application=declared(insured=INSURED)),
        case(receipt(payer_name="李四")),
    ),
    "R-NAME-2.newborn_is_the_certified_child": (
        case(CHILD, BIRTH),
        case(CHILD),
        case(CHILD, other("birth_certificate", name="王小样")),
    ),
    "R-NAME-3.papers_bear_the_declared_number": (
        case(receipt(payer_id="110105********002X"), application=declared(insured=INSURED)),
        case(receipt(payer_id="110105********0021"), application=declared(insured=INSURED)),
        case(receipt(payer_id=OTHER_ID)),
    ),
    "R-PROXY-1.proxy_brings_the_papers": (
        case(
            paper("id_card", None, {"name": "张三"}),
            paper("id_card", None, {"name": "李四"}, file="b.jpg"),
            application=declared(insured=INSURED, submitted_by=PROXY),
        ),
        case(
            paper("id_card", None, {"name": "张三"}),
            application=declared(insured=INSURED, submitted_by=PROXY),
        ),
        case(paper("id_card", None, {"name": "张三"}), application=declared(insured=INSURED)),
    ),
    "R-OFF-1.care_elsewhere_was_filed": (
        case(
            receipt(invoice_code="31060224"),
            application=declared(
                offsite_filings=[{"kind": "异地转诊", "place": "上海市", "from": "2025-01-01"}]
            ),
        ),
        case(receipt(invoice_code="31060224"), application=declared()),
        case(receipt(invoice_code="31060224")),
    ),
    "R-TRA-1.injury_is_claimed_as_one": (
        case(paper("diagnosis_certificate", None, {"diagnoses": "急性支气管炎;病理性骨折"})),
        case(paper("diagnosis_certificate", None, {"diagnoses": "左桡骨远端骨折"})),
        case(paper("diagnosis_certificate", None, {})),
    ),
    "R-DRUG-1.bought_drugs_were_prescribed": (
        external(drug("*化学药品制剂*阿莫西林胶囊", "2"), prescribed=(drug("阿莫西林胶囊", "2"),)),
        external(drug("阿奇霉素片", "1"), prescribed=(drug("阿莫西林胶囊", "2"),)),
        external(drug("阿莫西林胶囊", "2")),
    ),
    "R-SCOPE-1.rows_are_payable": (
        case(bill(items=[row("血常规", "20.00")])),
        case(bill(items=[row("护工费", "20.00")])),
        case(bill()),
    ),
    "R-SCOPE-2.rows_are_in_the_lists": (
        case(bill(items=[matched("血常规", "matched"), matched("西药费", "unmatched")])),
        case(bill(items=[matched("样例试剂检测", "unmatched")]), catalogs=FullLists()),
        case(bill(items=[matched("样例试剂检测", "unmatched")])),
    ),
}
