"""Two papers beside each other: one paper, two papers, or a contradiction that must not be paid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model import Document, FieldStatus
from tests.builders import bill, paper
from validators.duplicates import (
    bill_says_one_thing,
    contradictions,
    exchanged_bill_counts_once,
    finding_keys,
    is_same_bill,
    page_looks_like_no_other,
    renditions_agree,
    renditions_read_alike,
    why_one_paper,
)

BILL = {
    "invoice_code": "11060124",
    "invoice_number": "0127712345",
    "total_amount": "203.65",
    "payer_name": "钱样例",
    "business_serial_no": "20250217004312",
}
PAPER_BILL = {**BILL, "invoice_code": "110601", "invoice_number": "0006412345"}


def with_status(document: Document, status: FieldStatus) -> Document:
    fields = {name: replace(field, status=status) for name, field in document.fields.items()}
    return replace(document, fields=fields)


def read(status: FieldStatus = "accepted", /, file: str = "a.pdf", **more: Any) -> Document:
    return with_status(bill({**BILL, **more}, file=file), status)


class TestOnePaper:
    def test_code_and_number_make_a_bill(self) -> None:
        assert why_one_paper(read(), read(file="b.jpg")) == "same_code_and_number"
        assert why_one_paper(read(), read(file="b.jpg", invoice_code="15060125")) is None

    def test_the_same_bytes_are_one_paper_whatever_was_read(self) -> None:
        junk = paper("other", file="a.pdf")
        assert why_one_paper(junk, replace(junk, file=replace(junk.file, name="b.pdf"))) == "same_bytes"

    def test_two_papers_of_one_file_are_two(self) -> None:
        first = paper("other")
        second = replace(first, pages=(replace(first.pages[0], number=2),))
        assert why_one_paper(first, second) is None

    def test_a_code_that_is_not_read_is_made_up_for_by_payer_and_total(self) -> None:
        assert is_same_bill(read(), read(invoice_code=None))
        assert not is_same_bill(read(), read(invoice_code=None, payer_name=None))
        assert not is_same_bill(read(), read(invoice_code=None, total_amount="88.20"))

    def test_a_digital_vat_invoice_has_no_code_and_needs_none(self) -> None:
        a, b = (paper("vat_invoice", "vat_digital", invoice_number="2" * 20, file=name) for name in "ab")
        assert is_same_bill(a, b)

    @pytest.mark.parametrize("number", ["01277*****", "123", ""])
    def test_a_number_that_is_not_whole_says_nothing(self, number: str) -> None:
        assert not is_same_bill(read(invoice_number=number), read(invoice_number=number))

    def test_a_list_is_never_its_bill(self) -> None:
        listed = paper("itemized_bill", None, BILL, file="b.jpg")
        assert why_one_paper(read(), listed) is None
        assert finding_keys(listed).isdisjoint(finding_keys(read()))


class TestContradictions:
    def test_other_money_or_another_person_makes_two_papers(self) -> None:
        assert contradictions(read(), read(total_amount="803.65")) == ("total_amount",)
        assert contradictions(read(), read(payer_name="孙范本")) == ("payer_name",)
        assert why_one_paper(read(), read(file="b.jpg", total_amount="803.65")) is None

    def test_a_doubtful_reading_that_is_nearly_the_same_is_a_misreading(self) -> None:
        doubtful = read("review", file="b.jpg", total_amount="208.65", payer_name="钱祥例")
        assert contradictions(read(), doubtful) == ()
        assert why_one_paper(read(), doubtful) == "same_code_and_number"

    def test_a_doubtful_reading_that_is_far_from_it_is_not(self) -> None:
        far = read("review", total_amount="1880.20", payer_name="孙范本")
        assert contradictions(read(), far) == ("total_amount", "payer_name")

    def test_what_is_not_read_or_struck_out_contradicts_nothing(self) -> None:
        assert contradictions(read(), read(total_amount=None, payer_name="钱*例")) == ()

    def test_the_finding_names_both_sheets_and_what_differs(self) -> None:
        finding = bill_says_one_thing(read(), read(file="b.jpg", total_amount="803.65"))
        assert (finding.outcome, finding.severity) == ("fail", "block")
        assert finding.rule.startswith("R-DUP-1")
        for said in ("a.pdf", "b.jpg", "203.65", "803.65", "0127712345"):
            assert said in finding.message
        assert finding.fields == ("fields.invoice_number", "fields.total_amount")

    def test_a_bill_that_says_the_same_passes(self) -> None:
        assert bill_says_one_thing(read(), read(file="b.jpg")).outcome == "pass"


class TestExchanged:
    def on_paper(self, extras: dict[str, str] | None = None, **more: Any) -> Document:
        document = bill({**PAPER_BILL, **more}, subtype="paper", extras=extras, file="纸质.jpg")
        return with_status(document, "accepted")

    def test_one_serial_number_links_the_two(self) -> None:
        assert why_one_paper(read(), self.on_paper()) == "exchanged"

    def test_the_number_of_the_ebill_on_the_paper_bill_links_the_two(self) -> None:
        named = self.on_paper({"备注": "换开自电子票据 11060124-0127712345"}, business_serial_no=None)
        assert why_one_paper(read(), named) == "exchanged"
        assert finding_keys(read()) & finding_keys(named)

    @pytest.mark.parametrize(
        "other",
        [
            {"total_amount": "88.20"},
            {"payer_name": "孙范本"},
            {"total_amount": None},
            {"business_serial_no": "20250217009999"},
            {"business_serial_no": None},
        ],
    )
    def test_without_link_payer_and_total_they_are_two_papers(self, other: dict[str, Any]) -> None:
        assert why_one_paper(read(), self.on_paper(**other)) is None

    def test_two_ebills_of_one_visit_are_not_exchanged_for_each_other(self) -> None:
        assert why_one_paper(read(), read(file="b.pdf", invoice_number="0127712346")) is None

    def test_the_finding_blocks_until_a_person_has_seen_both(self) -> None:
        finding = exchanged_bill_counts_once(read(), self.on_paper())
        assert (finding.outcome, finding.severity) == ("fail", "block")
        for said in ("0127712345", "a.pdf", "0006412345", "纸质.jpg"):
            assert said in finding.message


class TestRenditions:
    def test_agreement_names_the_other_sheet(self) -> None:
        finding = renditions_agree(read(), read(file="b.jpg"))
        assert finding.outcome == "pass"
        assert "b.jpg" in finding.message

    def test_a_sure_reading_that_differs_blocks(self) -> None:
        finding = renditions_agree(read(), read(file="b.jpg", check_code="0bf601", payee_name="甲医院"))
        assert finding.outcome == "pass"  # what only one of them has does not differ
        finding = renditions_agree(read(check_code="fc0971"), read(file="b.jpg", check_code="fc0911"))
        assert (finding.outcome, finding.severity) == ("fail", "block")
        assert finding.fields == ("fields.check_code",)
        for said in ("b.jpg", "校验码", "fc0911", "fc0971"):
            assert said in finding.message

    def test_a_doubtful_reading_that_differs_warns(self) -> None:
        ours, theirs = read(check_code="fc0971"), read("review", file="b.jpg", check_code="fc0911")
        assert renditions_agree(ours, theirs).outcome == "pass"
        finding = renditions_read_alike(ours, theirs)
        assert (finding.outcome, finding.severity) == ("fail", "warn")
        assert "fc0911" in finding.message

    def test_spacing_masks_and_short_forms_of_a_hospital_do_not_differ(self) -> None:
        ours = read(payee_name="首都医科大学附属北京天坛医院", payer_id="11010519491231002X")
        theirs = read(payee_name="北京天坛医院", payer_id="110105********002X", payer_name="钱 样例")
        assert renditions_agree(ours, theirs).outcome == "pass"

    def test_what_an_exchanged_bill_has_of_its_own_does_not_differ(self) -> None:
        theirs = replace(
            with_status(bill(PAPER_BILL, subtype="paper", file="b.jpg"), "accepted"),
            rendition_reason="exchanged",
        )
        assert renditions_agree(read(), theirs).outcome == "pass"

    def test_many_differences_are_counted_and_few_are_said(self) -> None:
        names = ("check_code", "department", "sex", "insurance_type")
        ours, theirs = read(**dict.fromkeys(names, "甲")), read(file="b.jpg", **dict.fromkeys(names, "乙"))
        finding = renditions_agree(ours, theirs)
        assert len(finding.fields) == 4
        assert "等 4 项" in finding.message


def test_a_page_that_looks_like_another_warns_and_names_it() -> None:
    other = replace(read(file="叠.pdf"), pages=(replace(read().pages[0], number=3),))
    finding = page_looks_like_no_other(read(), other)
    assert (finding.outcome, finding.severity) == ("fail", "warn")
    assert "叠.pdf 第 3 页" in finding.message
