"""Each rule has a case that passes, one that fails and one where it cannot tell; junk stops none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.application import (
    CASE_TYPES,
    Application,
    BatchFile,
    ClaimKind,
    OffsiteFiling,
    Period,
    Person,
)
from pipeline.field_kinds import MONEY_FIELDS
from pipeline.model import (
    AnyField,
    Box,
    Document,
    Finding,
    LineItem,
    Presence,
    RequiredSeal,
    Seal,
    SourceFile,
    Value,
)
from tests.builders import TODAY, Values, bill, case, field, paper, row
from tests.validators.case_examples import CASE_EXAMPLES
from validators import CLAIM_RULES, DOCUMENT_RULES, all_rules, check_claim, check_document
from validators._rule import ClaimRule, DocumentRule

ID = "11010519491231002X"
UNIT = "91440300MA5EXWHW6F"

Case = tuple[Document, Document, Document]
"""A paper that passes, one that fails, one where the rule cannot tell."""

STAY = {"admission_date": "2021-03-23", "discharge_date": "2021-04-14"}


def stay(values: Values | None = None, **more: str | Decimal) -> Document:
    return paper("inpatient_invoice", "e_bill", {**(values or {}), **more})


def vat(subtype: str, **values: str) -> Document:
    return paper("vat_invoice", subtype, values)


SEAL = Seal("诊断专用章", "样例医院 诊断专用章", "red", "round", Box(0, 0, 90, 90), 0.98, 1)


def sealed(presence: Presence) -> Document:
    wanted = RequiredSeal("诊断专用章", presence, 0.9, SEAL if presence == "present" else None)
    return replace(paper("diagnosis_certificate"), required_seal=wanted)


CATEGORIES = (row("西药费", "34.05"), row("检查费", "10.00"))
FIVE = {
    "invoice_code": "11060124",
    "invoice_number": "0127712345",
    "check_code": "qfmejx",
    "issue_date": "2025-02-17",
    "total_amount": "34.05",
}
DOCUMENT_CASES: dict[str, Case] = {
    "V-1.total_in_words_equals_total": (
        bill(total_in_words="叁拾肆元零伍分", total_amount="34.05"),
        bill(total_in_words="叁拾肆元零伍分", total_amount="84.05"),
        bill(total_in_words="捌拾卧元", total_amount="84.05"),
    ),
    "V-2.categories_sum_to_total": (
        bill(items=CATEGORIES, total_amount="44.05"),
        bill(items=CATEGORIES, total_amount="44.06"),
        bill(items=[*CATEGORIES, row("化验费")], total_amount="50.00"),
    ),
    "V-3.details_sum_to_their_category": (
        bill(
            items=[row("片", "20.58", category="西药费"), row("丸", "13.47", category="西药费")],
            category_totals=CATEGORIES,
        ),
        bill(items=[row("片", "20.58", category="西药费")], category_totals=CATEGORIES),
        bill(
            items=[row("片", "20.58", category="西药费"), row("丸", category="西药费")],
            category_totals=CATEGORIES,
        ),
    ),
    "V-3.items_sum_to_total": (
        bill(items=[row("片", "20.58"), row("丸", "13.47")], total_amount="34.05"),
        bill(items=[row("片", "20.58"), row("丸", "13.47")], total_amount="34.50"),
        bill(items=[row("片", "20.58"), row("丸")], total_amount="34.05"),
    ),
    "VAT-1.net_and_tax_sum_to_total": (
        paper("vat_invoice", extras={"tax": "0.60", "amount_without_tax": "10.00"}, total_amount="10.60"),
        paper("vat_invoice", extras={"税额": "0.60", "合计金额": "¥10.00"}, total_amount="10.00"),
        paper("vat_invoice", extras={"税额": "***", "合计金额": "10.00"}, total_amount="10.00"),
    ),
    "PAGE-1.one_paper_lies_on_a_page": (
        replace(bill(total_amount="34.05"), titles=1),
        replace(bill(total_amount="34.05"), titles=2),
        bill(total_amount="34.05"),
    ),
    "R-SEAL-1.required_seal_is_present": (
        sealed("present"),
        sealed("absent"),
        sealed("unknown"),
    ),
    "R-MAT-2.paper_is_no_copy": (
        replace(sealed("absent"), seals=(SEAL,)),
        sealed("absent"),
        sealed("unknown"),
    ),
    "V-4.payments_sum_to_total": (
        bill(
            fund_payment="101.92",
            other_payment="0",
            account_payment="86.29",
            cash_payment="0",
            total_amount="188.21",
        ),
        bill(fund_payment="1", other_payment="0", account_payment="2", cash_payment="0", total_amount="4"),
        bill(fund_payment="1", account_payment="2", cash_payment="0", total_amount="4"),
    ),
    "V-5.personal_payments_equal_personal_burden": (
        stay(account_payment="0", cash_payment="58410.77", self_pay="31695.57", self_funded="26715.20"),
        stay(account_payment="0", cash_payment="58410.77", self_pay="31695.57", self_funded="26715.00"),
        stay(account_payment="0", cash_payment="58410.77", self_pay="31695.57"),
    ),
    "V-6.self_pay_equals_its_two_parts": (
        bill(self_pay="34.05", self_pay_1="30.65", self_pay_2="3.40"),
        bill(self_pay="34.05", self_pay_1="30.65", self_pay_2="3.04"),
        bill(self_pay_1="30.65", self_pay_2="3.40"),
    ),
    "V-7.self_pay_equals_the_two_burdens": (
        bill(self_pay="31695.57", extras={"分类自负": "11,027.47", "自负": "20,668.10"}),
        bill(self_pay="31695.57", extras={"分类自负": "11,027.47", "自负": "20,668.01"}),
        bill(self_pay="31695.57", extras={"分类自负": "11,027.47", "自负": "2O,668.10"}),
    ),
    "V-8.prepayment_settles_cash": (
        stay(prepaid="140000", topup="0", refund="81589.23", cash_payment="58410.77"),
        stay(prepaid="140000", topup="0", refund="81589.23", cash_payment="58410.17"),
        stay(prepaid="140000", topup="0", cash_payment="58410.77"),
    ),
    "V-9.quantity_times_price_is_amount": (
        bill(items=[row("片", "20.58", quantity="1", unit_price="20.58")]),
        bill(items=[row("片", "20.58", quantity="7", unit_price="20.58")]),
        bill(items=[row("片", quantity="1", unit_price="20.58")]),
    ),
    "DATE-1.dates_are_past": (
        bill(issue_date="2025-02-17"),
        bill(issue_date="2026-03-02"),
        bill(issue_date=None),
    ),
    "V-10.discharge_follows_admission": (
        stay(STAY),
        stay(admission_date="2021-04-14", discharge_date="2021-03-23"),
        stay({"admission_date": None, "discharge_date": "2021-03-23"}),
    ),
    "V-10.days_fit_the_stay": (
        stay(STAY, inpatient_days=Decimal("22.5")),
        stay(STAY, inpatient_days="32天"),
        stay(STAY, inpatient_days="多"),
    ),
    "DATE-2.period_runs_forward": (
        paper("itemized_bill", period_start="2021-03-23", period_end="2021-04-14"),
        paper("itemized_bill", period_start="2021-03-23", period_end="2021-03-14"),
        paper("itemized_bill", period_start="2021-03-23"),
    ),
    "V-11.issued_after_treatment": (
        bill(visit_date="2025-02-17", issue_date="2025-02-17"),
        bill(visit_date="2025-02-17", issue_date="2025-02-11"),
        bill(visit_date="2025-02-17", issue_date=None),
    ),
    "R-DL-2.fee_year_is_year_of_issue": (
        bill(visit_date="2025-02-17", issue_date="2025-02-17"),
        bill(visit_date="2025-12-31", issue_date="2026-01-02"),
        bill(issue_date="2026-01-02"),
    ),
    "NO-1.ebill_code_has_eight_digits": (
        bill(invoice_code="11060124"),
        bill(invoice_code="1106012"),
        bill(invoice_code="1106****"),
    ),
    "NO-2.ebill_number_has_ten_digits": (
        bill(invoice_number="0127712345"),
        bill(invoice_number="01277123"),
        bill(),
    ),
    "NO-3.ebill_check_code_has_six_characters": (
        bill(check_code="qfmejx"),
        bill(check_code="fc09"),
        bill(subtype="paper", check_code="fc09"),
    ),
    "NO-4.ebill_code_is_of_a_medical_bill": (
        bill(invoice_code="11060124"),
        bill(invoice_code="11010125"),
        bill(invoice_code="1106"),
    ),
    "NO-5.ebill_code_year_fits_issue_date": (
        bill(invoice_code="15060125", issue_date="2026-02-12"),
        bill(invoice_code="15060122", issue_date="2026-02-12"),
        bill(invoice_code="15060122"),
    ),
    "VAT-2.vat_code_fits_its_kind": (
        vat("vat_electronic", invoice_code="044001512345"),
        vat("vat_digital", invoice_code="044001512345"),
        paper("vat_invoice", invoice_code="1"),
    ),
    "VAT-3.vat_number_fits_its_kind": (
        vat("vat_digital", invoice_number="24112000000013511234"),
        vat("vat_paper", invoice_number="24112000000013511234"),
        paper("vat_invoice", invoice_number="1"),
    ),
    "VAT-4.vat_check_code_has_twenty_digits": (
        vat("vat_paper", check_code="1" * 20),
        vat("vat_electronic", check_code="1" * 19),
        vat("vat_digital"),
    ),
    "VAT-5.vat_number_year_is_year_of_issue": (
        vat("vat_digital", invoice_number="24112000000013511234", issue_date="2024-01-05"),
        vat("vat_digital", invoice_number="24112000000013511234", issue_date="2025-01-05"),
        vat("vat_digital", invoice_number="2411200000001351123", issue_date="2025-01-05"),
    ),
    "ID-1.identity_number_is_valid": (
        bill(payer_id=ID),
        bill(payer_id="110105194912310021"),
        bill(payer_id="110105491231002"),
    ),
    "ID-2.identity_number_fits_age": (
        bill(payer_id=ID, age="75岁", issue_date="2025-02-17"),
        bill(payer_id=ID, age="57岁", issue_date="2025-02-17"),
        bill(payer_id="110105********002X", age="57岁", issue_date="2025-02-17"),
    ),
    "ID-3.identity_number_fits_sex": (
        bill(payer_id=ID, sex="女"),
        bill(payer_id=ID, sex="男"),
        bill(payer_id="11010519491231****", sex="男"),
    ),
    "ID-4.credit_code_is_valid": (
        vat("vat_digital", payee_id=UNIT),
        vat("vat_digital", payee_id="9144O300MA5EXWHW6F"),
        vat("vat_digital", payee_id="9144****MA5EXWHW6F"),
    ),
    "V-14.transaction_day_is_visit_day": (
        bill(insurance_txn_no="081100020A250217123456", visit_date="2025-02-17"),
        bill(insurance_txn_no="081100020A250217123456", visit_date="2025-02-11"),
        bill(extras={"医保交易流水号": "123"}, visit_date="2025-02-11"),
    ),
    "R-EB-1.five_elements_are_complete": (
        bill(FIVE),
        bill({**FIVE, "check_code": "fc09"}),
        bill(FIVE, subtype="paper"),
    ),
    "R-MAT-3.key_fields_are_present": (
        paper("itemized_bill", patient_name="张三", total_amount="1.00"),
        paper("itemized_bill"),
        paper("itemized_bill", patient_name="张三"),
    ),
    "R-EB-3.bill_is_not_reversed": (
        bill(total_amount="34.05"),
        bill(total_amount="-34.05"),
        bill(),
    ),
    "R-EB-4.bill_is_not_yet_settled": (
        bill(fund_payment="0.00"),
        bill(fund_payment="101.92"),
        bill(),
    ),
}

TXN = "081100020A250217123456"
VISIT = {"visit_date": "2025-02-17"}
CLAIM_CASES: dict[str, tuple[Sequence[Document], Sequence[Document], Sequence[Document]]] = {
    "R-DUP-1.bills_are_distinct": (
        [bill(FIVE), bill({**FIVE, "invoice_number": "0127712346"})],
        [bill(FIVE, file="a.jpg"), bill(FIVE, file="b.jpg")],
        [bill(FIVE)],
    ),
    "R-DUP-3.bills_do_not_look_alike": (
        [
            bill(FIVE, payer_name="张三", payee_name="甲医院"),
            bill(
                {**FIVE, "total_amount": "1", "invoice_number": "1"}, payer_name="张三", payee_name="甲医院"
            ),
        ],
        [
            bill(FIVE, payer_name="张三", payee_name="甲医院"),
            bill({**FIVE, "invoice_number": "0127712346"}, payer_name="张 三", payee_name="甲医院"),
        ],
        [bill(FIVE)],
    ),
    "V-12.lists_sum_to_bills": (
        [
            bill(total_amount="34.05"),
            paper("itemized_bill", total_amount="20.58"),
            paper("itemized_bill", total_amount="13.47"),
        ],
        [bill(total_amount="34.05"), paper("itemized_bill", total_amount="20.58")],
        [bill(total_amount="34.05"), paper("itemized_bill")],
    ),
    "V-12.lists_have_the_categories_of_bills": (
        [bill(items=CATEGORIES), paper("itemized_bill", category_totals=CATEGORIES)],
        [bill(items=CATEGORIES), paper("itemized_bill", category_totals=CATEGORIES[:1])],
        [bill(items=CATEGORIES), paper("itemized_bill", items=[row("片", "34.05")])],
    ),
    "R-NAME-1.papers_name_one_person": (
        [bill(payer_name="张 三"), paper("itemized_bill", patient_name="张三")],
        [bill(payer_name="张三"), paper("itemized_bill", patient_name="李四")],
        [bill(payer_name="张三")],
    ),
    "R-NAME-3.papers_have_one_identity_number": (
        [bill(payer_id="110105********002X"), paper("id_card", id_number=ID)],
        [bill(payer_id="110105********0021"), paper("id_card", id_number=ID)],
        [paper("id_card", id_number=ID)],
    ),
    "R-ENT-3.bills_are_of_one_hospital": (
        [bill(payee_name="北京大学第三医院"), bill(payee_name="北京大学第三医院（门诊）")],
        [bill(payee_name="北京大学第三医院"), bill(payee_name="北京大学第一医院")],
        [bill(payee_name="北京大学第三医院")],
    ),
    "V-13.papers_are_of_one_hospital": (
        [
            bill(payee_name="首都医科大学附属北京天坛医院"),
            paper("diagnosis_certificate", hospital_name="北京天坛医院"),
        ],
        [
            bill(payee_name="首都医科大学附属北京天坛医院"),
            paper("diagnosis_certificate", hospital_name="上海瑞金医院"),
        ],
        [paper("diagnosis_certificate", hospital_name="上海瑞金医院")],
    ),
    "V-13.lists_fall_on_the_treatment": (
        [stay(STAY), paper("itemized_bill", period_start="2021-03-23", period_end="2021-04-14")],
        [stay(STAY), paper("itemized_bill", period_start="2021-03-23", period_end="2021-05-14")],
        [stay(STAY), paper("itemized_bill")],
    ),
    "R-DATE-1.certificates_fall_on_the_treatment": (
        [bill(VISIT), paper("diagnosis_certificate", issue_date="2025-02-19")],
        [bill(VISIT), paper("diagnosis_certificate", issue_date="2025-03-19")],
        [bill(), paper("diagnosis_certificate", issue_date="2025-03-19")],
    ),
    "V-14.transaction_is_of_the_prescribing_hospital": (
        [bill(insurance_txn_no=TXN), paper("prescription", hospital_code="08110002")],
        [bill(insurance_txn_no=TXN), paper("prescription", extras={"定点医疗机构编码": "08110014"})],
        [bill(insurance_txn_no="1"), paper("prescription", hospital_code="08110002")],
    ),
    "R-PAGE-1.pages_are_complete": (
        [paper("itemized_bill", extras={"page_marks": "第1页，共2页;第2页，共2页"})],
        [paper("itemized_bill", extras={"page_marks": "第1页,共3页;3/3"})],
        [paper("itemized_bill", extras={"page_marks": "?"})],
    ),
}

OUTCOMES = ("pass", "fail", "cannot tell")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("rule", DOCUMENT_RULES, ids=lambda rule: rule.dotted_id)
def test_document_rules_pass_fail_and_hold_back(rule: DocumentRule, outcome: str) -> None:
    document = DOCUMENT_CASES[rule.dotted_id][OUTCOMES.index(outcome)]
    _expect(rule(document, TODAY), outcome)


# Limits of payment have nothing to say by the lists that ship: `test_limits.py` has their cases.
WITH_LISTS_THAT_SHIP = [rule for rule in CLAIM_RULES if not rule.id.startswith("LIM-")]


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("rule", WITH_LISTS_THAT_SHIP, ids=lambda rule: rule.dotted_id)
def test_claim_rules_pass_fail_and_hold_back(rule: ClaimRule, outcome: str) -> None:
    number = OUTCOMES.index(outcome)
    if rule.dotted_id in CASE_EXAMPLES:
        _expect(rule(CASE_EXAMPLES[rule.dotted_id][number]), outcome)
    else:
        _expect(rule(case(*CLAIM_CASES[rule.dotted_id][number])), outcome)


def _expect(finding: Finding | None, outcome: str) -> None:
    if outcome == "cannot tell":
        assert finding is None or finding.outcome == "unknown"
    else:
        assert finding is not None
        assert finding.outcome == outcome
    if finding is not None and finding.outcome != "pass":
        assert finding.fields
        assert re.search("[\u4e00-\u9fff]{3}", finding.message)


@pytest.mark.parametrize("rule", [*DOCUMENT_RULES, *CLAIM_RULES], ids=lambda rule: rule.dotted_id)
def test_each_rule_has_an_id_a_basis_and_a_title_in_chinese(rule: DocumentRule | ClaimRule) -> None:
    assert re.fullmatch(r"[A-Z]+(-[A-Z]+)?-[0-9]+\.[a-z_]+", rule.dotted_id)
    assert re.search("[\u4e00-\u9fff]{2}", rule.title)
    assert rule.basis
    assert rule.severity in ("block", "warn")


@pytest.mark.parametrize("kind", ["outpatient_invoice", "inpatient_invoice", "vat_invoice", "other", "blank"])
def test_an_empty_paper_breaks_no_rule_but_completeness(kind: str) -> None:
    findings = check_document(paper(kind, "e_bill"), TODAY)
    broken = {finding.rule for finding in findings if finding.outcome != "pass"}
    assert broken <= {"R-EB-1.five_elements_are_complete", "R-MAT-3.key_fields_are_present"}


DOMAIN_RULES = (
    *(f"V-{number}" for number in range(1, 15)),
    *("R-DL-1", "R-DL-2", "R-ENT-1", "R-ENT-2", "R-ENT-3", "R-ENT-4", "R-MAT-1", "R-MAT-2", "R-MAT-3"),
    *("R-SEAL-1", "R-EB-1", "R-EB-2", "R-EB-3", "R-EB-4", "R-DUP-1", "R-DUP-2", "R-DUP-3", "R-DUP-4"),
    *("R-NAME-1", "R-NAME-2", "R-NAME-3", "R-DATE-1", "R-CARD-1", "R-OFF-1", "R-TRA-1", "R-DRUG-1"),
    *("R-SCOPE-1", "R-SCOPE-2", "R-SUM-1", "R-PAGE-1", "R-PROXY-1"),
)
"""The ids that sections 6 and 10 of the domain reference name."""


@pytest.mark.parametrize("rule_id", DOMAIN_RULES)
def test_each_id_of_the_domain_reference_has_a_rule(rule_id: str) -> None:
    assert any(rule.id == rule_id for rule in all_rules())


@pytest.mark.shared
def test_the_domain_reference_names_no_other_id() -> None:
    reference = Path(__file__).parents[2].parent / "shared" / "domain.md"
    if not reference.is_file():
        pytest.skip("../shared/domain.md is not there")
    named = re.findall(r"^\| ((?:V|R-[A-Z]+)-[0-9]+) \|", reference.read_text("utf-8"), re.MULTILINE)
    assert set(named) == set(DOMAIN_RULES)


def test_an_empty_claim_has_no_findings() -> None:
    assert check_claim(case()) == ()
    assert check_claim(case(paper("other"), paper("blank"))) == ()


TEXTS = st.sampled_from(
    [
        "",
        " ",
        "🙂",
        "１２３",
        "*",
        "0",
        "-",
        "张三",
        "叁拾肆元",
        ID,
        UNIT,
        "I" * 18,
        "9" * 400,
        "\u200b",
        "无",
    ]
) | st.text(max_size=24)
MONEY = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)
VALUES: st.SearchStrategy[Value | None] = st.none() | TEXTS | MONEY | st.dates()
NAMES = sorted(
    {
        *MONEY_FIELDS,
        *FIVE,
        *STAY,
        "total_in_words",
        "payer_name",
        "payer_id",
        "payee_id",
        "payee_name",
        "hospital_name",
        "patient_name",
        "name",
        "id_number",
        "sex",
        "age",
        "birth_date",
        "inpatient_days",
        "insurance_txn_no",
        "hospital_code",
        "visit_date",
        "period_start",
        "period_end",
        "remark",
        "already_settled",
    }
)
FIELDS: st.SearchStrategy[dict[str, AnyField]] = st.dictionaries(
    st.sampled_from(NAMES), st.builds(field, VALUES, TEXTS), max_size=len(NAMES)
)
NUMBERS = st.none() | MONEY.map(str)
ROWS = st.builds(
    row, st.none() | TEXTS, NUMBERS, quantity=NUMBERS, unit_price=NUMBERS, category=st.none() | TEXTS
)
LABELS = ["自付一", "分类自负", "自负", "税额", "page_marks", "医保交易流水号", "医保已实时结算", "合计金额"]


def _junk(
    kind: str,
    subtype: str | None,
    fields: dict[str, AnyField],
    items: list[LineItem],
    heads: list[LineItem],
    extras: dict[str, str],
) -> Document:
    return Document(
        kind,
        subtype,
        0.5,
        SourceFile("a.pdf", "0" * 64),
        (),
        MappingProxyType(fields),
        tuple(items),
        tuple(heads),
        MappingProxyType(extras),
    )


PAPERS = st.builds(
    _junk,
    st.sampled_from(
        [
            "outpatient_invoice",
            "inpatient_invoice",
            "vat_invoice",
            "itemized_bill",
            "diagnosis_certificate",
            "prescription",
            "settlement_sheet",
            "id_card",
            "other",
        ]
    ),
    st.sampled_from([None, "e_bill", "paper", "vat_digital", "vat_electronic", "vat_paper", "?"]),
    FIELDS,
    st.lists(ROWS, max_size=3),
    st.lists(ROWS, max_size=2),
    st.dictionaries(st.sampled_from(LABELS), TEXTS),
)


PERSONS = st.none() | st.builds(Person, TEXTS, st.none() | TEXTS, relation=TEXTS)
PERIODS = st.builds(Period, st.dates())
APPLICATIONS = st.none() | st.builds(
    Application,
    st.sampled_from(get_args(ClaimKind)),
    st.lists(st.sampled_from(CASE_TYPES), max_size=3).map(tuple),
    st.none() | st.dates(max_value=date(9000, 1, 1)),
    PERSONS,
    PERSONS,
    offsite_filings=st.lists(st.builds(OffsiteFiling, TEXTS, TEXTS, PERIODS), max_size=2).map(tuple),
    card_period=st.none() | PERIODS,
    family_member=PERSONS,
    batch_file=st.none() | st.builds(BatchFile, TEXTS, TEXTS),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PAPERS)
def test_junk_stops_no_document_rule(document: Document) -> None:
    for finding in check_document(document, TODAY):
        assert finding.message


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PAPERS, max_size=4), APPLICATIONS)
def test_junk_stops_no_claim_rule(documents: list[Document], application: Application | None) -> None:
    for finding in check_claim(case(*documents, application=application)):
        assert finding.message
