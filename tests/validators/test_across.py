"""The papers of one claim beside each other (domain.md §6 V-12 to V-14, §10)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.model import Document, Finding
from tests.builders import bill, case, paper, row
from validators import check_claim
from validators.across import is_same_hospital
from validators.duplicates import find_duplicates


def say(documents: Sequence[Document], rule: str) -> Finding | None:
    return next((each for each in check_claim(case(*documents)) if each.rule.startswith(rule)), None)


def outcome(documents: Sequence[Document], rule: str) -> str | None:
    finding = say(documents, rule)
    return finding.outcome if finding else None


class TestDuplicates:
    def test_one_bill_in_two_files_names_both(self) -> None:
        pair = [
            bill(file=name, invoice_code="11060124", invoice_number="0127712345")
            for name in ("a.pdf", "截图.png")
        ]
        finding = say(pair, "R-DUP-1")
        assert finding is not None
        assert (finding.outcome, finding.severity) == ("fail", "block")
        assert "a.pdf" in finding.message
        assert "截图.png" in finding.message
        assert finding.fields == tuple(f"documents[{each.id}].fields.invoice_number" for each in pair)

    def test_numbers_of_different_codes_are_different_bills(self) -> None:
        pair = [bill(invoice_code=code, invoice_number="0127712345") for code in ("11060124", "15060125")]
        assert find_duplicates(pair) == ()

    def test_paper_bills_without_a_code_are_told_apart_by_their_payee(self) -> None:
        a, b, c = (
            bill(subtype="paper", invoice_number="0006412345", payee_name=name)
            for name in ("甲医院", "乙医院", "甲 医院")
        )
        assert find_duplicates([a, b, c]) == ((a, c),)

    def test_a_list_that_names_its_bill_is_no_duplicate_of_it(self) -> None:
        papers = [
            bill(invoice_code="11060124", invoice_number="0127712345"),
            paper("itemized_bill", invoice_code="11060124", invoice_number="0127712345"),
        ]
        assert find_duplicates(papers) == ()


class TestLists:
    def test_a_list_goes_with_the_bill_it_names(self) -> None:
        bills = [
            bill(invoice_number="0000000001", total_amount="10"),
            bill(invoice_number="0000000002", total_amount="20"),
        ]
        right = paper("itemized_bill", invoice_number="0000000002", total_amount="20")
        wrong = paper("itemized_bill", invoice_number="0000000002", total_amount="10")
        assert outcome([*bills, right], "V-12.lists_sum") == "pass"
        assert outcome([*bills, wrong], "V-12.lists_sum") == "fail"

    def test_not_every_bill_needs_a_list(self) -> None:
        papers = [bill(total_amount="10"), bill(total_amount="20"), paper("itemized_bill", total_amount="20")]
        assert outcome(papers, "V-12.lists_sum") == "pass"

    def test_the_difference_is_said(self) -> None:
        finding = say([bill(total_amount="34.05"), paper("itemized_bill", total_amount="30.45")], "V-12")
        assert finding is not None
        assert "相差 3.60 元" in finding.message
        assert "请核对识别结果" in finding.message

    def test_categories_are_compared_under_all_their_names(self) -> None:
        papers = [
            bill(items=[row("中药饮片费", "10"), row("诊察费", "5")]),
            paper(
                "itemized_bill",
                items=[row("黄芪", "4", category="中草药费"), row("当归", "6", category="中草药费")],
                category_totals=[row("中草药费", "10"), row("诊查费", "5")],
            ),
        ]
        assert outcome(papers, "V-12.lists_have") == "pass"


class TestNames:
    @pytest.mark.parametrize(
        ("payer", "patient", "result", "said"),
        [
            ("张三", "张 三", "pass", ""),
            ("张國華", "张国华", "pass", ""),
            ("张*", "张三", "pass", ""),
            ("张三", "张山", "fail", "一字之差"),
            ("张三", "李四五", "fail", "不是同一人"),
            ("王芳", "王芳之子", "fail", "出生医学证明"),
        ],
    )
    def test_the_payer_is_the_patient(self, payer: str, patient: str, result: str, said: str) -> None:
        finding = say([bill(payer_name=payer), paper("itemized_bill", patient_name=patient)], "R-NAME-1")
        assert finding is not None
        assert finding.outcome == result
        assert said in finding.message

    def test_the_identity_card_leads(self) -> None:
        papers = [
            bill(payer_name="李四"),
            paper("itemized_bill", patient_name="张三"),
            paper("id_card", name="张三"),
        ]
        finding = say(papers, "R-NAME-1")
        assert finding is not None
        assert finding.fields[1:] == (f"documents[{papers[0].id}].fields.payer_name",)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("首都医科大学附属北京天坛医院", "北京天坛医院", True),
        ("北京大学第三医院", "北京大学第三医院（门诊收费章）", True),
        ("北京大学第三医院", "北京大学笫三医院", True),
        ("北京大学第一医院", "北京大学第三医院", False),
        ("北京天坛医院", "上海瑞金医院", False),
    ],
)
def test_hospitals_are_known_under_short_and_misread_names(a: str, b: str, same: bool) -> None:
    assert is_same_hospital(a, b) is same


@pytest.mark.parametrize(
    ("marks", "result"),
    [
        ("第1页，共1页", "pass"),
        ("第1页 共2页;第2页 共2页", "pass"),
        ("1/2;2/2", "pass"),
        ("第1页,共3页;第3页,共3页", "fail"),
        ("第1页,共2页;第2页,共2页;第2页,共3页;第3页,共3页", "fail"),
        ("", None),
    ],
)
def test_missing_and_foreign_pages_are_found(marks: str, result: str | None) -> None:
    assert outcome([paper("itemized_bill", extras={"page_marks": marks})], "R-PAGE-1") == result


def test_pages_of_one_bill_in_two_documents_count_together() -> None:
    pages = [
        paper(
            "itemized_bill",
            invoice_number="0127712345",
            file=f"{page}.jpg",
            extras={"page_marks": f"{page}/2"},
        )
        for page in (1, 2)
    ]
    assert outcome(pages, "R-PAGE-1") == "pass"
    assert outcome(pages[:1], "R-PAGE-1") == "fail"
