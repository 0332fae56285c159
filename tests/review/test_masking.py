"""What of a claim somebody sees: masked wherever it stands, and in the clear for whom the policy says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import EXTRACTORS
from pipeline.errors import QueryRefused
from pipeline.life import Actor, Role
from pipeline.progress.masking import MASKS
from pipeline.review.leases import hold
from pipeline.review.masking import (
    SHOWN_FOR,
    SIGHTS,
    masked,
    may_see_clear,
    may_see_paper,
    note_opened,
    unmask,
)
from pipeline.review.records import ReviewRecord, ValueRecord
from pipeline.store.accounts import PERSON_ROLES
from pipeline.store.at_desk import put_lease
from pipeline.store.database import Database
from pipeline.store.disclosures import disclosures_of
from tests.store.stored import NOW, put_claim, put_paper

NAMES_NOBODY = frozenset(
    {
        *("account_payment", "admission_date", "age", "amount_without_tax", "bank_name", "cash_payment"),
        *(
            "business_serial_no",
            "cashier",
            "check_code",
            "checker",
            "deductible",
            "department",
            "doctor_name",
        ),
        *("discharge_date", "filing_kind", "filing_place", "fund_payment", "hospital_name", "inpatient_days"),
        *("institution_type", "insurance_txn_no", "insurance_type", "invoice_code", "invoice_number"),
        *("issue_date", "issuing_authority", "machine_no", "other_payment", "payee_name", "period_end"),
        *("period_start", "prepaid", "prescription_no", "refund", "relation", "seal", "self_funded"),
        *("self_pay", "self_pay_1", "self_pay_2", "settlement_no", "sex", "tax", "title", "topup"),
        *("total_amount", "total_in_words", "valid_from", "valid_to", "visit_date"),
    }
)
"""Fields that say nothing of the insured person alone: money, days, numbers of bills, who issued them."""

PERSONAL = {
    "payer_name": "欧阳样例",
    "id_number": "11010519491231002X",
    "insurance_no": "109254000012",
    "bank_account": "6200000000001234",
    "phone": "13800138000",
    "diagnoses": "急性扁桃体炎;2型糖尿病",
}


def value(name: str, text: str | None, **known: Any) -> ValueRecord:
    usual: dict[str, Any] = {
        "path": f"fields.{name}",
        "name": name,
        "label": name,
        "kind": "text",
        "choices": [],
        "value": text,
        "raw": text,
        "confidence": 0.9,
        "characters": [0.9] * len(text or ""),
        "status": "review",
        "source": "ocr",
        "page": 1,
        "box": None,
        "candidates": [],
        "witnesses": [],
        "doubts": [],
        "required": False,
        "answered": None,
        "masked": False,
        "draft": None,
    }
    return {**usual, **known}  # type: ignore[typeddict-item]  # as the record has them


def claim(values: list[ValueRecord], **known: Any) -> ReviewRecord:
    paper = {
        "document_id": "D-1",
        "title": f"{PERSONAL['payer_name']}的票据",
        "file": f"{PERSONAL['payer_name']}_{PERSONAL['phone']}.jpg",
        "pages": [
            {"number": 1, "width": 1, "height": 1, "picture": "p", "peeled": "q", "words": "w", "turned": 0}
        ],
        "fields": values,
        "line_items": [],
    }
    message = f"姓名应为{PERSONAL['payer_name']}，证件 {PERSONAL['id_number']}，电话{PERSONAL['phone']}"
    record = {  # of what masking looks at
        "claim_id": "C-1",
        "version": 3,
        "person": {"insured_name": PERSONAL["payer_name"], "id_number": PERSONAL["id_number"]},
        "papers": [paper],
        "checks": [
            {"key": 1, "message": message, "places": [{"document_id": "D-1", "path": "fields.phone"}]}
        ],
        "todo": [],
        **known,
    }
    return cast("ReviewRecord", record)


def test_a_masked_claim_holds_no_value_of_a_person_anywhere() -> None:
    fields = [value(name, text) for name, text in PERSONAL.items()]
    told = json.dumps(masked(claim(fields)), ensure_ascii=False)
    for text in ("欧阳样例", "19491231", "109254", "6200000", "00138", "扁桃体炎", "糖尿病"):
        assert text not in told
    for shown in ("欧***", "1101**********002X", "****0012", "138****8000"):
        assert shown in told


def test_a_masked_claim_offers_neither_pages_nor_what_else_was_read() -> None:
    other = {"value": "11010519491231003X", "confidence": 0.3}
    says = {"kind": "qr", "agrees": False, "says": "二维码为 11010519491231003X"}
    field = value("payer_id", None, candidates=[other], witnesses=[says], draft="110105")
    told = masked(claim([field]))
    assert "19491231" not in json.dumps(told)
    (page,) = told["papers"][0]["pages"]
    assert (page["picture"], page["peeled"], page["words"]) == (None, None, None)
    assert told["papers"][0]["fields"][0]["draft"] == "******"


def test_money_days_and_rows_stay_as_they_are() -> None:
    fields = [value("total_amount", "203.65"), value("visit_date", "2025-02-17")]
    record = claim(fields)
    assert [one["value"] for one in masked(record)["papers"][0]["fields"]] == ["203.65", "2025-02-17"]
    assert record["papers"][0]["pages"][0]["picture"] == "p"  # what was handed in is as it was


@given(st.text(alphabet="张王李欧阳小样甲乙", min_size=2, max_size=6), st.text(max_size=20))
def test_a_name_stands_in_no_sentence_of_a_masked_claim(name: str, around: str) -> None:
    check = {"key": 1, "message": f"{around}{name}{around}", "places": []}
    told = masked(claim([value("patient_name", name)], checks=[check], person={}))
    if name not in around:
        assert name not in told["checks"][0]["message"]


def test_every_field_of_every_paper_is_either_masked_or_known_to_name_nobody() -> None:
    names = {name for extractor in EXTRACTORS.values() for name in extractor.field_names}
    assert names <= MASKS.keys() | NAMES_NOBODY
    assert not MASKS.keys() & NAMES_NOBODY


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestWhoSees:
    def test_every_role_of_people_has_a_policy(self, database: Database) -> None:
        assert SIGHTS.keys() == set(PERSON_ROLES)

    @pytest.mark.parametrize("role", ["reviewer", "second_reviewer"])
    def test_a_reviewer_sees_what_lies_on_their_desk(self, database: Database, role: Role) -> None:
        until = NOW + timedelta(minutes=15)
        with database.write() as connection:
            put_claim(connection, "C-1", lease_holder="li", lease_until=until)
            note_opened(connection, Actor("li", role), "C-1", NOW)
            assert may_see_clear(connection, Actor("li", role), "C-1", NOW)
            assert not may_see_clear(connection, Actor("wang", role), "C-1", NOW)
            assert not may_see_clear(connection, Actor("li", role), "C-1", until)
            assert [one.who for one in disclosures_of(connection, "C-1")] == ["li"]

    def test_what_lies_on_nobodys_desk_is_taken_before_it_is_seen(self, database: Database) -> None:
        li = Actor("li", "reviewer")
        with database.write() as connection:
            put_claim(connection, "C-1")
            assert not may_see_clear(connection, li, "C-1", NOW)
            hold(connection, "C-1", li, NOW)
            hold(connection, "C-1", li, NOW)
            assert may_see_clear(connection, li, "C-1", NOW)
            assert [one.who for one in disclosures_of(connection, "C-1")] == ["li"], "once a lease"

    @pytest.mark.parametrize(("role", "may"), [("clerk", True), ("reviewer", False), ("supervisor", False)])
    def test_a_paper_of_a_claim_is_looked_at_with_it_and_by_whoever_scanned_it(
        self, database: Database, role: Role, *, may: bool
    ) -> None:
        who = Actor("li", role)
        with database.write() as connection:
            put_claim(connection, "C-1")
            put_paper(connection, "C-1", "D-1")
            assert may_see_paper(connection, who, "D-1", NOW) is may
            put_lease(connection, "C-1", "li", NOW + timedelta(minutes=15))
            assert may_see_paper(connection, who, "D-1", NOW)
            assert may_see_paper(connection, who, "of no claim", NOW)

    def test_a_supervisor_sees_it_for_a_while_after_saying_why(self, database: Database) -> None:
        zhao = Actor("zhao", "supervisor")
        with database.write() as connection:
            put_claim(connection, "C-1", lease_holder="li", lease_until=NOW + timedelta(minutes=15))
            assert not may_see_clear(connection, zhao, "C-1", NOW)
            unmask(connection, zhao, "C-1", " 家属来电核对 ", NOW)
            assert may_see_clear(connection, zhao, "C-1", NOW)
            assert not may_see_clear(connection, Actor("qian", "supervisor"), "C-1", NOW)
            assert not may_see_clear(connection, zhao, "C-1", NOW + SHOWN_FOR)
            (noted,) = disclosures_of(connection, "C-1")
        assert (noted.who, noted.role, noted.why) == ("zhao", "supervisor", "家属来电核对")

    @pytest.mark.parametrize("role", ["clerk", "auditor"])
    def test_clerks_and_auditors_see_it_masked_whatever_they_hold(
        self, database: Database, role: Role
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1", lease_holder="sun", lease_until=NOW + timedelta(minutes=15))
            assert not may_see_clear(connection, Actor("sun", role), "C-1", NOW)
            with pytest.raises(QueryRefused):
                unmask(connection, Actor("sun", role), "C-1", "我想看看这一件", NOW)

    def test_an_administrator_is_told_that_there_is_no_claim(self, database: Database) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            with pytest.raises(LookupError):
                may_see_clear(connection, Actor("root", "admin"), "C-1", NOW)

    @pytest.mark.parametrize("reason", ["", "   ", "看", "长" * 501])
    def test_a_reason_says_something(self, database: Database, reason: str) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            with pytest.raises(QueryRefused):
                unmask(connection, Actor("zhao", "supervisor"), "C-1", reason, NOW)
            assert disclosures_of(connection, "C-1") == ()
