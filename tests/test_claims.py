"""Which papers make one claim, and what stands in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from extractors import field_names
from pipeline.acceptance import judged
from pipeline.claims import FOLDER_OF_A_CASE, Facts, assemble, group_documents
from pipeline.earlier_bills import EarlierBill, KnownBills
from pipeline.model import Document, Field, PageSize
from pipeline.office import Office
from pipeline.records import ClaimRecord, json_schemas
from tests.builders import TODAY, bill, paper, row, sample_catalogs

HERE = "济南样例人民医院"
ELSEWHERE = "郑州示例大学第一附属医院"


ELEMENTS = {"invoice_code": "37060126", "check_code": "fc0971", "issue_date": "2026-03-12"}
"""What beside number and amount a receipt needs to be verified."""


def receipt(**more: str) -> Document:
    """钱样例's receipt of 12 March."""
    usual = {
        "payer_name": "钱样例",
        "payee_name": HERE,
        "visit_date": "2026-03-12",
        "invoice_number": "0127700352",
        "file": "钱/receipt.jpg",
    }
    given = {**usual, **more}
    return bill({name: text for name, text in given.items() if name != "file"}, file=given["file"])


def of_patient(type_: str, day: str = "2026-03-12", **more: str) -> Document:
    """A paper of the hospital for 钱样例."""
    usual = {"patient_name": "钱样例", "hospital_name": HERE, "file": f"钱/{type_}.jpg"}
    dated = {"period_start": day, "period_end": day} if type_ == "itemized_bill" else {"issue_date": day}
    given = {**usual, **dated, **more}
    return paper(type_, None, given, file=given.pop("file"))


def stay(**more: str) -> Document:
    usual = {
        "payer_name": "孙范本",
        "payee_name": ELSEWHERE,
        "admission_date": "2026-04-15",
        "discharge_date": "2026-04-24",
        "inpatient_no": "26041507",
        "invoice_number": "0005863312",
    }
    return paper("inpatient_invoice", "e_bill", {**usual, **more}, file="孙/invoice.pdf")


def groups(*documents: Document) -> list[list[Document]]:
    by_id = {document.id: document for document in documents}
    assert len(by_id) == len(documents), "each paper of a test needs a file of its own"
    return [[by_id[one] for one in ids] for ids in group_documents(map(Facts.of, documents))]


def claims(*documents: Document) -> list[ClaimRecord]:
    by_id = {document.id: document for document in documents}
    made, _ = assemble(map(Facts.of, documents), by_id.__getitem__, field_names, sample_catalogs(), TODAY)
    for claim in made:
        contract().validate(claim)
    return made


@cache
def contract() -> Draft202012Validator:
    return Draft202012Validator(json_schemas()["claims"])


def claim_of(*documents: Document) -> ClaimRecord:
    (claim,) = claims(*documents)
    return claim


def accepted(document: Document) -> Document:
    """As a paper that needs no person."""
    return replace(judged(document, (), ()), status="accepted")


class TestInvoices:
    def test_two_visits_at_two_hospitals_are_two_claims(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", payee_name=ELSEWHERE, invoice_number="0005863300")
        assert groups(a, b) == [[a], [b]]

    def test_receipts_of_two_days_are_never_merged(self) -> None:
        a = receipt(file="1", outpatient_no="M2603")
        b = receipt(file="2", outpatient_no="M2603", visit_date="2026-03-13", invoice_number="0127700353")
        assert groups(a, b) == [[a], [b]]

    def test_two_receipts_of_one_visit_are_one_claim(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", invoice_number="0127700353")
        assert groups(a, b) == [[a, b]]

    def test_two_stays_are_two_claims(self) -> None:
        a = stay()
        b = paper("inpatient_invoice", "e_bill", {
            "payer_name": "孙范本", "payee_name": ELSEWHERE, "admission_date": "2026-05-02",
            "discharge_date": "2026-05-09", "medical_record_no": "00883120",
        })  # fmt: skip
        assert groups(a, b) == [[a], [b]]

    @pytest.mark.parametrize("unread", ["payee_name", "visit_date", "payer_name"])
    def test_receipts_are_not_merged_where_what_must_agree_is_not_read(self, unread: str) -> None:
        a, b = receipt(file="1"), receipt(file="2", invoice_number="0127700353")
        a, b = (without(each, unread) for each in (a, b))
        assert groups(a, b) == [[a], [b]]

    def test_two_people_of_one_day_are_two_claims(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", payer_name="钱祥例", invoice_number="0127700353")
        assert groups(a, b) == [[a], [b]]


def without(document: Document, name: str) -> Document:
    return replace(document, fields={key: field for key, field in document.fields.items() if key != name})


class TestPapers:
    def test_a_certificate_joins_by_name_hospital_and_day(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate", "2026-03-14", file="elsewhere/c.jpg")
        assert groups(a, b) == [[a, b]]

    def test_a_certificate_of_another_week_does_not(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate", "2026-03-20", file="elsewhere/c.jpg")
        assert groups(a, b) == [[a], [b]]

    def test_of_two_visits_the_nearer_gets_the_certificate_though_the_record_number_is_of_both(self) -> None:
        a = receipt(file="x/1", medical_record_no="00883120")
        b = receipt(
            file="x/2", medical_record_no="00883120", visit_date="2026-05-04", invoice_number="0127700999"
        )
        c = of_patient("diagnosis_certificate", "2026-05-04", file="x/3", medical_record_no="00883120")
        assert groups(a, b, c) == [[a], [b, c]]

    def test_a_bill_written_at_the_end_of_the_month_is_of_the_visit_before_it(self) -> None:
        printed = {"payer_name": "钱样例", "payee_name": HERE, "issue_date": "2026-03-31"}
        late = bill(printed, file="钱/receipt.jpg")
        proof = of_patient("diagnosis_certificate")
        assert groups(late, proof) == [[late, proof]]

    def test_a_hospital_that_the_invoice_hides_is_known_from_the_list(self) -> None:
        a = bill({"payer_name": "钱样例", "visit_date": "2026-03-12"}, file="钱/1.jpg")
        listed = of_patient("itemized_bill")
        later = of_patient("diagnosis_certificate", "2026-03-20")
        assert groups(a, listed, later) == [[a, listed, later]]

    def test_a_bill_written_some_days_later_needs_no_hospital_to_join_its_list(self) -> None:
        late = bill({"payer_name": "钱样例", "issue_date": "2026-03-17"}, file="钱/receipt.jpg")
        listed = of_patient("itemized_bill")
        assert groups(late, listed) == [[late, listed]]

    def test_a_certificate_written_weeks_later_joins_by_its_number_alone(self) -> None:
        a = receipt(outpatient_no="56078518")
        later = of_patient("diagnosis_certificate", "2026-03-28", outpatient_no="56078518", file="他/1.jpg")
        stranger = of_patient("diagnosis_certificate", "2026-03-29", file="他/2.jpg")
        assert groups(a, later, stranger) == [[a, later], [stranger]]

    def test_a_certificate_joins_by_its_record_number_where_the_hospital_is_not_read(self) -> None:
        a = stay()
        b = paper("diagnosis_certificate", None, {"patient_name": "孙范本", "inpatient_no": "26041507"})
        assert groups(a, b) == [[a, b]]

    def test_a_list_that_names_its_bill_joins_it_whatever_else_is_misread(self) -> None:
        a, other = (
            receipt(file="x/1"),
            receipt(file="x/2", visit_date="2026-03-13", invoice_number="0127700353"),
        )
        b = of_patient(
            "itemized_bill", "2026-03-12", file="y/3", invoice_number="0127700353", patient_name="钱木"
        )
        assert groups(a, other, b) == [[a], [other, b]]

    def test_a_paper_of_another_hospital_does_not_join(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate", hospital_name="北京协和医院")
        assert groups(a, b) == [[a], [b]]

    def test_a_short_form_of_the_hospital_is_the_hospital(self) -> None:
        a, b = (
            receipt(),
            of_patient("diagnosis_certificate", hospital_name="样例人民医院", file="elsewhere/c"),
        )
        assert groups(a, b) == [[a, b]]

    def test_a_pharmacys_invoice_takes_the_prescription_of_any_hospital(self) -> None:
        a = paper("vat_invoice", None, {
            "payer_name": "王预设", "payee_name": "天津预设大药房有限公司", "issue_date": "2026-07-21",
        })  # fmt: skip
        b = paper("prescription", None, {
            "patient_name": "王预设", "hospital_name": "天津样例医院", "issue_date": "2026-07-20",
        }, file="b")  # fmt: skip
        assert groups(a, b) == [[a, b]]

    def test_a_name_one_character_off_joins_within_the_folder_and_is_flagged(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate", patient_name="钱祥例")
        claim = claim_of(a, b)
        (check,) = (check for check in claim["checks"] if check["rule"].startswith("R-NAME-1"))
        assert check["outcome"] == "fail"
        assert "一字之差" in check["message"]

    def test_a_name_one_character_off_does_not_join_from_another_folder(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate", patient_name="钱祥例", file="祥/c.jpg")
        assert groups(a, b) == [[a], [b]]

    @pytest.mark.parametrize("name", ["", "钱**"])
    def test_a_paper_without_a_whole_name_joins_within_the_folder_alone(self, name: str) -> None:
        near = of_patient("diagnosis_certificate", patient_name=name)
        far = of_patient("discharge_summary", patient_name=name, file="elsewhere/c.jpg")
        a = receipt()
        assert groups(a, near, far) == [[a, near], [far]]

    def test_a_nameless_paper_is_not_given_to_one_of_two_people(self) -> None:
        a, b = receipt(), receipt(payer_name="孙范本", invoice_number="0127700353", file="钱/2")
        nameless = of_patient("diagnosis_certificate", patient_name="")
        assert groups(a, b, nameless) == [[a], [b], [nameless]]

    def test_in_a_pile_of_many_peoples_papers_lying_together_says_nothing(self) -> None:
        others = [
            receipt(file=f"钱/{n}", payer_name=f"{chr(0x4E00 + n)}某某", payee_name=ELSEWHERE)
            for n in range(FOLDER_OF_A_CASE)
        ]
        others = [without(each, "invoice_number") for each in others]
        a, nameless = receipt(), of_patient("diagnosis_certificate", patient_name="")
        assert [a, nameless] in groups(a, nameless, *others[: FOLDER_OF_A_CASE - 2])
        assert [nameless] in groups(a, nameless, *others[: FOLDER_OF_A_CASE - 1])

    def test_papers_without_an_invoice_make_a_claim_that_is_incomplete(self) -> None:
        a, b = of_patient("diagnosis_certificate"), of_patient("prescription")
        claim = claim_of(accepted(a), accepted(b))
        assert (claim["invoices"], claim["certificates"], claim["other_documents"]) == ([], [a.id], [b.id])
        assert claim["status"] == "incomplete"
        assert "M02 医疗收费票据" in claim["missing_materials"]

    def test_an_application_form_begins_a_claim_and_takes_what_supports_it(self) -> None:
        form = paper("other", "chronic_disease_form", {"patient_name": "钱样例"}, file="a/1.jpg")
        proof = of_patient("diagnosis_certificate", file="a/2.jpg")
        consent = paper("other", "informed_consent", {"patient_name": "钱样例"}, file="a/3.jpg")
        assert groups(consent, proof, form) == [[consent, proof, form]]

    def test_what_supports_an_application_is_in_no_other_claim(self) -> None:
        a = receipt(file="1")
        form = paper("other", "chronic_disease_form", {"patient_name": "钱样例"}, file="2")
        consent = paper("other", "informed_consent", {"patient_name": "钱样例"}, file="3")
        assert groups(a, form, consent) == [[a], [form, consent]]

    def test_a_supporting_paper_is_in_the_claims_of_its_person_and_begins_none(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", visit_date="2026-05-04", invoice_number="0127700999")
        birth = paper("other", "birth_certificate", {"patient_name": "钱样例"}, file="3")
        nobodys = paper("other", "marriage_certificate", {"patient_name": "孙范本"}, file="4")
        assert groups(a, b, birth, nobodys) == [[a, birth], [b, birth]]

    def test_what_speaks_of_one_visit_is_in_its_claim_alone(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", visit_date="2026-05-04", invoice_number="0127700999")
        told = {"patient_name": "钱样例", "hospital_name": HERE, "issue_date": "2026-05-04"}
        record = paper("other", "outpatient_record", told, file="3")
        assert groups(a, b, record) == [[a], [b, record]]

    def test_the_card_of_who_hands_the_claim_in_is_in_it(self) -> None:
        a = receipt(file="1")
        letter = {"patient_name": "钱样例", "agent_name": "孙范本"}
        proxy = paper("other", "proxy_authorization", letter, file="2")
        card = paper("id_card", None, {"name": "孙范本"}, file="3")
        assert groups(a, proxy, card) == [[a, proxy, card]]

    def test_who_hands_in_for_two_people_puts_the_papers_of_neither_into_the_others_claim(self) -> None:
        agent = {"agent_name": "孙范本", "agent_id_number": "410100196311053175"}
        a, b = receipt(file="1"), receipt(file="2", payer_name="李示例", invoice_number="0127700999")
        for_a = paper("other", "proxy_authorization", {"patient_name": "钱样例", **agent}, file="3")
        for_b = paper("other", "proxy_authorization", {"patient_name": "李示例", **agent}, file="4")
        card = paper("id_card", None, {"name": "孙范本", "id_number": "410100196311053175"}, file="5")
        assert groups(a, b, for_a, for_b, card) == [[a, for_a, card], [b, for_b, card]]

    def test_who_hands_in_for_another_has_the_letter_in_no_claim_of_their_own(self) -> None:
        number = {"payer_id": "410100196311053175"}
        a, own = (
            receipt(file="1"),
            receipt(file="2", payer_name="孙范本", invoice_number="0127700999", **number),
        )
        agent = {"agent_name": "孙范本", "agent_id_number": "410100196311053175"}
        letter = paper("other", "proxy_authorization", {"patient_name": "钱样例", **agent}, file="3")
        assert groups(a, own, letter) == [[a, letter], [own]]

    def test_the_card_of_who_hands_the_claim_in_is_found_by_its_number(self) -> None:
        a = receipt(file="1")
        agent = {"agent_name": "孙范木", "agent_id_number": "410100196311053175"}
        letter = paper("other", "proxy_authorization", {"patient_name": "钱样例", **agent}, file="2")
        card = paper("id_card", None, {"name": "孙范本", "id_number": "410100196311053175"}, file="3")
        assert groups(a, letter, card) == [[a, letter, card]]

    def test_others_and_blanks_stay_out(self) -> None:
        a = receipt()
        assert groups(a, paper("other", file="钱/o"), paper("blank", file="钱/b")) == [[a]]


class TestIdentityCards:
    def card(self, name: str = "钱样例", file: str = "cards/1.jpg", **more: str) -> Document:
        return paper("id_card", None, {"name": name, **more}, file=file)

    def test_a_card_is_in_every_claim_of_its_person(self) -> None:
        a, b = receipt(file="1"), receipt(file="2", visit_date="2026-05-04", invoice_number="0127700999")
        card = self.card()
        assert groups(card, a, b) == [[card, a], [card, b]]

    def test_a_card_finds_its_person_by_the_number(self) -> None:
        a, card = receipt(payer_id="37010019850312452X"), self.card("钱样列", id_number="37010019850312452X")
        assert groups(a, card) == [[a, card]]

    def test_the_back_of_a_card_goes_with_its_folder(self) -> None:
        a, front, back = receipt(), self.card(file="钱/1.jpg"), self.card("", file="钱/2.jpg")
        assert groups(a, front, back) == [[a, front, back]]

    def test_the_back_of_a_card_does_not_go_with_two_people(self) -> None:
        a, b = receipt(), receipt(payer_name="孙范本", file="钱/2")
        back = self.card("", file="钱/3.jpg")
        assert groups(a, b, back) == [[a], [b], [back]]

    def test_a_misread_card_goes_with_its_folder(self) -> None:
        a, card = receipt(), self.card("钱祥例", file="钱/1.jpg")
        assert groups(a, card) == [[a, card]]

    def test_cards_alone_are_shown_to_a_person(self) -> None:
        front, back = self.card(), self.card("", file="cards/2.jpg")
        assert groups(front, back) == [[front, back]]


class TestTheClaim:
    def test_an_accepted_claim_has_everything_and_no_doubt(self) -> None:
        items = [row("阿莫西林胶囊", "20.58", category="西药费"), row("血常规", "20.00", category="化验费")]
        claim = claim_of(
            accepted(receipt(**ELEMENTS, total_amount="40.58", fund_payment="10.00")),
            accepted(replace(of_patient("itemized_bill", total_amount="40.58"), items=tuple(items))),
            accepted(of_patient("prescription")),
            accepted(of_patient("diagnosis_certificate", diagnoses="急性支气管炎;高血压病")),
        )
        assert (claim["status"], claim["missing_materials"]) == ("accepted", [])
        assert claim["case_type"] == "emergency_no_card"
        assert claim["insured"]["name"] == "钱样例"
        assert claim["hospital"]["name"] == HERE
        assert claim["visit"] == {"kind": "outpatient", "from": "2026-03-12", "to": "2026-03-12"}
        assert (claim["totals"]["total_amount"], claim["totals"]["itemized"]) == ("40.58", "40.58")
        assert claim["totals"]["fund_payment"] == "10.00"
        assert [line["name"]["value"] for line in claim["line_items"]] == ["阿莫西林胶囊", "血常规"]
        assert [diagnosis["name"] for diagnosis in claim["diagnoses"]] == ["急性支气管炎", "高血压病"]
        assert all(diagnosis["icd10_code"] for diagnosis in claim["diagnoses"])

    def test_a_stay_is_from_admission_to_discharge(self) -> None:
        claim = claim_of(stay())
        assert claim["visit"] == {"kind": "inpatient", "from": "2026-04-15", "to": "2026-04-24"}
        assert claim["case_type"] == "inpatient"

    def test_the_seller_of_medicine_is_not_the_hospital(self) -> None:
        shop = paper("vat_invoice", None, {
            "payer_name": "王预设", "payee_name": "天津预设大药房有限公司", "issue_date": "2026-07-21",
        })  # fmt: skip
        surer = {name: replace(field, confidence=0.9995) for name, field in shop.fields.items()}
        script = paper("prescription", None, {
            "patient_name": "王预设", "hospital_name": "天津样例医院", "issue_date": "2026-07-20",
        }, file="b")  # fmt: skip
        assert claim_of(replace(shop, fields=surer), script)["hospital"]["name"] == "天津样例医院"
        assert claim_of(shop)["hospital"]["name"] == "天津预设大药房有限公司"
        assert claim_of(shop)["case_type"] == "external_drug"

    def test_an_accepted_reading_is_preferred(self) -> None:
        a = receipt()
        sure = accepted(of_patient("diagnosis_certificate", patient_name="钱样倒"))
        assert claim_of(a, sure)["insured"]["name"] == "钱样倒"

    def test_a_whole_identity_number_is_preferred_to_one_with_struck_out_digits(self) -> None:
        a = receipt(payer_id="370100********452X")
        card = paper("id_card", None, {"name": "钱样例", "id_number": "37010019850312452X"}, file="c")
        assert claim_of(a, card)["insured"]["id_number"] == "37010019850312452X"


class TestMoney:
    def lines(self, *documents: Document) -> list[str | None]:
        return [line["amount"]["value"] for line in claim_of(*documents)["line_items"]]

    def billed(self, document: Document, *amounts: str) -> Document:
        return replace(document, items=tuple(row(f"项目{amount}", amount) for amount in amounts))

    def test_rows_come_from_the_list_and_not_from_the_invoice_too(self) -> None:
        invoice = self.billed(receipt(total_amount="30.00"), "30.00")
        listed = self.billed(of_patient("itemized_bill", total_amount="30.00"), "10.00", "20.00")
        assert self.lines(invoice, listed) == ["10.00", "20.00"]
        assert self.lines(invoice) == ["30.00"]

    def test_a_list_without_rows_does_not_hide_those_of_the_invoice(self) -> None:
        invoice = self.billed(receipt(total_amount="30.00"), "30.00")
        assert self.lines(invoice, of_patient("itemized_bill")) == ["30.00"]

    @pytest.mark.parametrize("names_its_bill", [True, False])
    def test_an_invoice_that_no_list_details_gives_its_own_rows(self, names_its_bill: bool) -> None:
        a = self.billed(receipt(file="钱/1", total_amount="30.00"), "30.00")
        b = self.billed(receipt(file="钱/2", total_amount="5.00", invoice_number="0127700353"), "5.00")
        more = {"invoice_number": "0127700352"} if names_its_bill else {}
        listed = self.billed(of_patient("itemized_bill", total_amount="30.00", **more), "10.00", "20.00")
        assert self.lines(a, b, listed) == ["10.00", "20.00", "5.00"]

    def test_a_list_of_all_invoices_hides_the_rows_of_all(self) -> None:
        a = self.billed(receipt(file="钱/1", total_amount="30.00"), "30.00")
        b = self.billed(receipt(file="钱/2", total_amount="5.00", invoice_number="0127700353"), "5.00")
        listed = self.billed(of_patient("itemized_bill", total_amount="35.00"), "10.00", "25.00")
        assert self.lines(a, b, listed) == ["10.00", "25.00"]
        assert claim_of(a, b, listed)["totals"]["total_amount"] == "35.00"

    def test_a_bill_and_its_screenshot_are_the_same_money(self) -> None:
        a = self.billed(receipt(file="钱/1.pdf", total_amount="30.00", cash_payment="30.00"), "30.00")
        b = self.billed(receipt(file="钱/2.jpg", total_amount="30.00", cash_payment="30.00"), "30.00")
        claim = claim_of(a, b)
        assert claim["invoices"] == [a.id, b.id]
        assert (claim["totals"]["total_amount"], claim["totals"]["cash_payment"]) == ("30.00", "30.00")
        assert self.lines(a, b) == ["30.00"]
        assert claim["status"] != "accepted"

    def test_without_all_totals_there_is_no_total(self) -> None:
        a, b = receipt(file="钱/1", total_amount="30.00"), receipt(file="钱/2", invoice_number="0127700353")
        assert "total_amount" not in claim_of(a, b)["totals"]


class TestStatus:
    def complete(self, **more: str) -> list[Document]:
        return [
            accepted(receipt(**ELEMENTS, total_amount="30.00", **more)),
            accepted(of_patient("itemized_bill", total_amount="30.00")),
            accepted(of_patient("diagnosis_certificate")),
        ]

    def test_nothing_missing_and_nothing_unsure_is_accepted(self) -> None:
        assert claim_of(*self.complete())["status"] == "accepted"

    def test_a_paper_to_review_is_a_claim_to_review(self) -> None:
        first, *others = self.complete()
        assert claim_of(replace(first, status="review"), *others)["status"] == "review"

    def test_a_broken_rule_is_a_claim_to_review(self) -> None:
        first, listed, certificate = self.complete()
        other = accepted(of_patient("itemized_bill", total_amount="29.00"))
        assert claim_of(first, replace(other, file=listed.file), certificate)["status"] == "review"

    def test_a_missing_paper_comes_before_all_else(self) -> None:
        first, *others = self.complete()
        claim = claim_of(replace(first, status="review"), *others[:-1])
        assert (claim["status"], claim["missing_materials"]) == ("incomplete", ["M06 诊断证明"])

    def test_not_even_a_bill_that_was_paid_before_rejects_a_claim_by_itself(self) -> None:
        papers = {document.id: document for document in self.complete()}
        paid = EarlierBill("C-returned", ELEMENTS["invoice_code"], "0127700352")
        made, _ = assemble(
            map(Facts.of, papers.values()),
            papers.__getitem__,
            field_names,
            sample_catalogs(),
            TODAY,
            office=Office(earlier=KnownBills([paid])),
        )
        (claim,) = made
        failed = [check["rule"] for check in claim["checks"] if check["outcome"] == "fail"]
        assert failed == ["R-DUP-1.bill_was_not_claimed_before"]
        assert claim["status"] == "review"

    def test_fields_with_which_a_claim_does_not_hold_are_named_by_paper(self) -> None:
        first = accepted(receipt(total_amount="30.00"))
        listed = accepted(of_patient("itemized_bill", total_amount="29.00"))
        by_id = {document.id: document for document in (first, listed)}
        _, disputed = assemble(
            map(Facts.of, by_id.values()), by_id.__getitem__, field_names, sample_catalogs(), TODAY
        )
        assert disputed == {one: {"fields.total_amount"} for one in by_id}


class TestApplications:
    def test_papers_with_a_form_and_no_bill_are_an_application_with_its_own_materials(self) -> None:
        told = {"patient_name": "钱样例", "disease_name": "2型糖尿病"}
        form = paper("other", "chronic_disease_form", told, file="a/1.jpg")
        claim = claim_of(form, of_patient("diagnosis_certificate", file="a/2.jpg"))
        assert claim["case_type"] == "chronic_disease_application"
        assert claim["application_form"] == form.id
        assert claim["application"] == {
            "kind": "chronic_disease_application",
            "insured": {"name": "钱样例"},
            "chronic_disease": "2型糖尿病",
        }
        assert claim["missing_materials"] == ["A01 知情同意书"]
        consent = paper("other", "informed_consent", {"patient_name": "钱样例"}, file="a/3.jpg")
        whole = claim_of(form, of_patient("diagnosis_certificate", file="a/2.jpg"), consent)
        assert whole["missing_materials"] == []
        assert whole["status"] == "review"


class TestKeys:
    def test_the_same_papers_give_the_same_keys_in_any_order(self) -> None:
        a, b = receipt(), of_patient("diagnosis_certificate")
        one, other = claim_of(a, b), claim_of(b, a)
        assert one["claim_id"] == other["claim_id"]
        assert one["idempotency_key"] == other["idempotency_key"]

    def test_renamed_papers_are_the_same_claim_to_the_engine(self) -> None:
        a = receipt()
        renamed = replace(a, file=replace(a.file, name="新/名字.jpg"))
        assert claim_of(a)["idempotency_key"] == claim_of(renamed)["idempotency_key"]

    def test_another_paper_or_another_page_of_the_file_is_another_key(self) -> None:
        a = receipt()
        keys = {
            claim_of(*papers)["idempotency_key"]
            for papers in (
                [a],
                [a, of_patient("diagnosis_certificate")],
                [replace(a, file=replace(a.file, sha256="0" * 64))],
                [replace(a, pages=(PageSize(2, 1000, 1400),))],
            )
        }
        assert len(keys) == 4

    def test_claims_of_one_folder_have_ids_of_their_own(self) -> None:
        a, b = receipt(), receipt(file="钱/2", visit_date="2026-05-04", invoice_number="0127700999")
        assert len({claim["claim_id"] for claim in claims(a, b)}) == 2


# ---------------------------------------------------------------- any papers at all

NAMES = st.sampled_from(["", "钱样例", "钱祥例", "钱**", "孙范本", "李四"])
HOSPITALS = st.sampled_from(["", HERE, "样例人民医院", ELSEWHERE, "北京协和医院"])
NUMBERS = st.sampled_from(["", "26041507", "00883120", "M2603120457"])
DAYS = st.sampled_from(["", "2026-03-12", "2026-03-14", "2026-05-04"])
TYPES = st.sampled_from(
    [
        "outpatient_invoice", "inpatient_invoice", "vat_invoice", "itemized_bill", "diagnosis_certificate",
        "discharge_summary", "prescription", "settlement_sheet", "id_card", "other", "blank",
    ]
)  # fmt: skip


@st.composite
def any_paper(draw: st.DrawFn) -> Document:
    type_, day = draw(TYPES), draw(DAYS)
    names = {"id_card": "name"}.get(type_, "payer_name" if type_.endswith("invoice") else "patient_name")
    where = "payee_name" if type_.endswith("invoice") else "hospital_name"
    values = {
        names: draw(NAMES),
        where: draw(HOSPITALS),
        "medical_record_no": draw(NUMBERS),
        "invoice_number": draw(st.sampled_from(["", "0127700352", "0127700353"])),
        "admission_date" if type_ == "inpatient_invoice" else "visit_date": day,
        "discharge_date" if type_ == "inpatient_invoice" else "issue_date": day,
    }
    return paper(type_, None, {name: value for name, value in values.items() if value})


@st.composite
def papers(draw: st.DrawFn) -> list[Document]:
    drawn = draw(st.lists(any_paper(), max_size=12))
    folders = draw(st.lists(st.sampled_from(["a", "b", "."]), min_size=len(drawn), max_size=len(drawn)))
    return [
        replace(document, file=replace(document.file, name=f"{folder}/{number}"))
        for number, (document, folder) in enumerate(zip(drawn, folders, strict=True))
    ]


def as_sets(groups: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    return {frozenset(group) for group in groups}


@given(papers(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_every_paper_is_in_a_claim_and_the_order_does_not_matter(
    drawn: list[Document], chance: random.Random
) -> None:
    facts = [Facts.of(document) for document in drawn]
    made = group_documents(facts)
    members = [one for group in made for one in group]
    kept = {document.id: document.type for document in drawn if document.type not in ("other", "blank")}
    assert set(members) == set(kept)
    assert all(members.count(one) == 1 for one, type_ in kept.items() if type_ != "id_card")
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert as_sets(group_documents(shuffled)) == as_sets(made)


@given(papers())
@settings(max_examples=25, deadline=None)
def test_papers_whose_claim_is_known_are_that_claim_whatever_they_say(drawn: list[Document]) -> None:
    by_id = {document.id: document for document in drawn}
    facts = map(Facts.of, drawn)
    made, _ = assemble(
        facts, by_id.__getitem__, field_names, sample_catalogs(), TODAY, as_claim="C-of-before"
    )
    wanted = {document.id for document in drawn if document.type not in ("other", "blank")}
    assert [claim["claim_id"] for claim in made] == ["C-of-before"] * bool(wanted)
    for claim in made:
        contract().validate(claim)
        parts = ("invoices", "itemized_bills", "certificates", "other_documents")
        assert {one for part in parts for one in claim[part]} == wanted  # type: ignore[literal-required]


@given(papers())
@settings(max_examples=25, deadline=None)
def test_any_claim_is_of_the_contract(drawn: list[Document]) -> None:
    claims(*drawn)


def test_a_claim_date_is_an_accepted_one_where_two_differ() -> None:
    a = receipt(file="钱/1")
    b = accepted(receipt(file="钱/2", invoice_number="0127700353"))
    early = Field(date(2026, 3, 11), "2026-03-11", 0.5, 1, None, "ocr")
    a = replace(a, fields={**a.fields, "visit_date": early, "issue_date": b.fields["visit_date"]})
    assert claims(a, b)[-1]["visit"]["from"] == "2026-03-12"
