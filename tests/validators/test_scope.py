"""Rows that are not paid for, rows that no list has, medicine that was not prescribed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.case import Case
from pipeline.model import CatalogMatch, Field, Finding, LineItem
from tests.builders import bill, case, office_with, paper, row
from validators.external_drugs import bought_drugs_were_prescribed, is_same_drug
from validators.scope import rows_are_in_the_lists, rows_are_payable

LIMITED = office_with(
    {"scope": {"bed_words": ["床位费"], "bed_limits": {"床位费": "40", "监护病房床位费": "120.00"}}}
)


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


def drug(name: str, quantity: str | None, unit: str | None = "盒") -> LineItem:
    made = row(name, "10.00", quantity=quantity)
    return replace(made, unit=Field(unit, unit, 0.99, 1, None, "ocr") if unit else None)


def bought(*rows: LineItem, prescribed: tuple[LineItem, ...]) -> Case:
    return case(paper("vat_invoice", "vat_digital", {}, items=rows), paper("prescription", items=prescribed))


class TestPayable:
    @pytest.mark.parametrize("name", ["护工费", "膳食费（普食）", "*医疗服务*陪护床费", "病 历 工 本 费"])
    def test_what_is_outside_the_scope_is_named_and_goes_on(self, name: str) -> None:
        found = rows_are_payable(case(bill(items=[row("血常规", "20.00"), row(name, "9.00")])))
        assert found is not None
        assert (found.outcome, found.severity) == ("fail", "warn")
        assert found.fields[0].endswith("line_items[1]")

    def test_the_rows_of_the_fee_list_are_looked_at_too(self) -> None:
        listed = paper("itemized_bill", items=[row("护工费", "20.00")])
        assert outcome(rows_are_payable(case(bill(), listed))) == "fail"

    def test_a_bed_is_paid_up_to_the_limit_of_the_longest_word_that_fits(self) -> None:
        rows = [
            row("监护病房床位费", "120.00", quantity="1"),
            row("床位费(三人间)", "80.00", quantity="2"),
            row("床位费(双人间)", "90.00", quantity="2"),
        ]
        found = rows_are_payable(case(bill(items=rows), office=LIMITED))
        assert found is not None
        assert "每日 45.00 元，支付标准 40.00 元" in found.message
        assert [path[-13:] for path in found.fields] == ["line_items[2]"]

    def test_without_a_limit_beds_are_not_compared(self) -> None:
        assert outcome(rows_are_payable(case(bill(items=[row("床位费", "900.00", quantity="1")])))) == "pass"

    @given(st.decimals("0.01", "500", places=2), st.integers(1, 30))
    def test_a_bed_day_over_the_limit_fails_and_no_other(self, price: Decimal, days: int) -> None:
        stay = row("床位费", str(price * days), quantity=str(days))
        found = rows_are_payable(case(bill(items=[stay]), office=LIMITED))
        assert outcome(found) == ("fail" if price > 40 else "pass")


class TestLists:
    def test_a_fee_category_is_no_item_of_a_list(self) -> None:
        category = replace(row("*医疗服务*诊察费", "20.00"), catalog=CatalogMatch("unmatched"))
        assert rows_are_in_the_lists(case(bill(items=[category]))) is None

    def test_samples_prove_nothing_absent(self) -> None:
        absent = replace(row("样例试剂检测", "20.00"), catalog=CatalogMatch("unmatched"))
        found = rows_are_in_the_lists(case(bill(items=[absent])))
        assert found is not None
        assert found.outcome == "unknown"
        assert "目录样本" in found.message


class TestMedicineBoughtOutside:
    def test_more_than_prescribed_is_told_with_both_quantities(self) -> None:
        rows = (drug("阿莫西林胶囊", "2"), drug("阿莫西林胶囊(0.25g)", "1"))
        found = bought_drugs_were_prescribed(bought(*rows, prescribed=(drug("阿莫西林胶囊", "2"),)))
        assert found is not None
        assert "数量 3，处方为 2" in found.message

    @pytest.mark.parametrize(
        ("sold", "ordered"),
        [
            (drug("阿莫西林胶囊", "9", "盒"), drug("阿莫西林胶囊", "2", "瓶")),
            (drug("阿莫西林胶囊", None), drug("阿莫西林胶囊", "2")),
        ],
    )
    def test_quantities_in_other_units_or_unread_are_not_compared(
        self, sold: LineItem, ordered: LineItem
    ) -> None:
        assert outcome(bought_drugs_were_prescribed(bought(sold, prescribed=(ordered,)))) == "pass"

    def test_the_catalog_knows_one_drug_under_two_names(self) -> None:
        entry = CatalogMatch("matched", name="二甲双胍")
        a, b = (replace(drug(name, "1"), catalog=entry) for name in ("格华止", "盐酸二甲双胍片"))
        assert is_same_drug(a, b)
        assert not is_same_drug(a, replace(b, catalog=CatalogMatch("matched", name="格列美脲")))

    @pytest.mark.parametrize(
        ("a", "b", "same"),
        [
            ("*化学药品制剂*阿莫西林胶囊", "阿莫西林胶囊", True),
            ("阿莫西林胶嚢", "阿莫西林胶囊", True),
            ("阿莫西林", "阿奇霉素", False),
        ],
    )
    def test_without_the_catalog_print_decides(self, a: str, b: str, same: bool) -> None:
        assert is_same_drug(drug(a, "1"), drug(b, "1")) is same

    def test_a_pharmacy_outside_the_places_list_is_told(self) -> None:
        office = office_with({"external_drugs": {"designated_pharmacies": ["样例大药房"]}})
        sold = drug("阿莫西林胶囊", "1")
        rx = paper("prescription", items=[sold])
        for seller, expected in (("样例大药房", "pass"), ("他家药店", "fail")):
            receipt = paper("vat_invoice", "vat_digital", {"payee_name": seller}, items=[sold])
            assert outcome(bought_drugs_were_prescribed(case(receipt, rx, office=office))) == expected

    @given(st.integers(1, 50), st.integers(1, 50))
    def test_as_much_as_prescribed_and_no_more(self, sold: int, ordered: int) -> None:
        papers = bought(drug("阿莫西林胶囊", str(sold)), prescribed=(drug("阿莫西林胶囊", str(ordered)),))
        assert outcome(bought_drugs_were_prescribed(papers)) == ("fail" if sold > ordered else "pass")
