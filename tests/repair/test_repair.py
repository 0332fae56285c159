"""What is put right by itself, what is offered, and what is left as it is."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.confidence.evidence import PROVING_RULES
from pipeline.model import Box, Candidate, Document, Field, LineItem, Origin, Page, SourceFile, Word
from pipeline.repair.cells import cell_at, with_cell
from pipeline.repair.repair import MOST_OFFERED, repaired, repairs_of
from tests.builders import bill, paper, row
from tests.repair.papers import READ_AS, ROWS, closing_bill, read_as, text_at
from validators import check_document

TOTAL = "fields.total_amount"
TODAY = date(2026, 3, 1)


def value_at(document: Document, path: str) -> object:
    cell = cell_at(document, path)
    assert cell is not None
    return cell.value


def failed(document: Document) -> set[str]:
    """The ids of the rules that compute and do not hold."""
    rules = {
        each.rule.partition(".")[0] for each in check_document(document, TODAY) if each.outcome == "fail"
    }
    return rules & set(PROVING_RULES)


class TestWhatLeavesNoChoice:
    def test_a_look_alike_that_the_engine_saw_too_is_put_right(self) -> None:
        document = read_as(closing_bill([(2, "18.60"), (1, "34.05")]), TOTAL, "77.25", seen=(1, "1"))
        assert failed(document) == {"V-1", "V-3", "V-4"}
        mended = repaired(document)
        total = mended.fields["total_amount"]
        assert total.value == Decimal("71.25")
        assert failed(mended) == set()
        assert (total.origin, total.text) == ("rule", "77.25")
        assert [other.value for other in total.candidates] == ["77.25"]
        (repair,) = mended.repairs
        assert repair.applied
        assert repair.closes == ("V-1", "V-3", "V-4")
        (edit,) = repair.edits
        assert (edit.path, edit.old, edit.new) == (TOTAL, "77.25", "71.25")
        assert (edit.kind, edit.evidence) == ("look_alike", ("alternative", "look_alike"))

    def test_a_decimal_point_that_the_form_prints_everywhere_else_is_restored(self) -> None:
        document = closing_bill([(7, "27.90"), (1, "5.00"), (2, "3.10")])
        mended = repaired(read_as(document, "line_items[0].amount", "19530"))
        assert value_at(mended, "line_items[0].amount") == Decimal("195.30")
        assert mended.repairs[0].edits[0].evidence == ("form",)

    def test_what_a_second_look_read_and_two_sums_ask_for_is_put_right_from_nothing(self) -> None:
        path = "line_items[1].amount"
        document = read_as(closing_bill([(2, "18.60"), (1, "34.05")]), path, "34,05")
        cell = cell_at(document, path)
        assert cell is not None
        assert cell.value is None
        looked = replace(cell, candidates=(Candidate("34.05", 0.33),))
        mended = repaired(with_cell(document, path, looked))
        assert value_at(mended, "line_items[1].amount") == Decimal("34.05")
        assert mended.repairs[0].edits[0].old is None

    @given(ROWS, st.data())
    def test_an_amount_that_one_look_alike_broke_is_found_again(
        self, rows: list[tuple[int, str]], data: st.DataObject
    ) -> None:
        document = closing_bill(rows)
        path = f"line_items[{data.draw(st.integers(0, len(rows) - 1))}].amount"
        text = text_at(document, path)
        place = data.draw(st.sampled_from([spot for spot, char in enumerate(text) if char.isdigit()]))
        char = data.draw(st.sampled_from(READ_AS[text[place]]))
        wrong = text[:place] + char + text[place + 1 :]
        assume(abs(Decimal(wrong) - Decimal(text)) > Decimal("0.01"))  # a fen is borne on a row
        broken = read_as(document, path, wrong, seen=(place, text[place]))
        mended = repaired(broken)
        assert value_at(mended, path) == Decimal(text)
        assert [repair.applied for repair in mended.repairs] == [True]
        assert failed(mended) == set()


class TestWhatIsOffered:
    def test_one_sum_alone_does_not_change_anything(self) -> None:
        document = bill({"total_amount": "100.40"}, items=[row("西药费", "70.00"), row("治疗费", "3040")])
        document = read_as(document, "line_items[1].amount", "30,40", seen=(2, "."))
        mended = repaired(document)
        assert value_at(mended, "line_items[1].amount") is None
        (repair,) = mended.repairs
        assert not repair.applied
        assert repair.edits[0].new == "30.40"
        assert "一处算式" in repair.why

    def test_without_anything_in_the_print_the_sums_are_not_believed(self) -> None:
        mended = repaired(read_as(closing_bill([(2, "18.60"), (1, "34.05")]), TOTAL, "77.25"))
        assert value_at(mended, TOTAL) == Decimal("77.25")
        assert [(repair.applied, repair.edits[0].new) for repair in mended.repairs] == [(False, "71.25")]

    @given(st.integers(1000, 99999), st.data())
    def test_two_possible_repairs_are_never_applied(self, fens: int, data: st.DataObject) -> None:
        price = f"{Decimal(fens).scaleb(-2):.2f}"
        place = data.draw(st.sampled_from([spot for spot, char in enumerate(price) if char.isdigit()]))
        char = data.draw(st.sampled_from(READ_AS[price[place]]))
        amount = price[:place] + char + price[place + 1 :]
        assume(abs(Decimal(price) - Decimal(amount)) > Decimal("0.01"))
        document = bill({}, items=[row("血常规", amount, quantity="1", unit_price=price)])
        document = read_as(document, "line_items[0].amount", amount, seen=(place, price[place]))
        document = read_as(document, "line_items[0].unit_price", price, seen=(place, char))
        mended = repaired(document)
        assert mended.items == document.items
        assert len(mended.repairs) == 2 or amount.startswith("0")
        assert not any(repair.applied for repair in mended.repairs)

    def test_capitals_are_not_bent_to_the_digits(self) -> None:
        document = closing_bill([(2, "18.60"), (1, "34.05")])
        words = document.fields["total_in_words"]
        right = str(words.value)
        looked = (Candidate(right, 0.33),)
        misread = replace(
            words, value="柒" + right.replace("柒", "", 1).replace("拾", "任", 1), candidates=looked
        )
        mended = repaired(replace(document, fields={**document.fields, "total_in_words": misread}))
        assert mended.fields["total_in_words"] == misread
        assert [(repair.applied, repair.edits[0].new) for repair in mended.repairs] == [(False, right)]

    def test_a_choice_among_many_is_no_help(self) -> None:
        rows = [row("西药费", f"{whole}1.00") for whole in range(1, MOST_OFFERED + 3)]
        total = sum((each.amount.value for each in rows if each.amount and each.amount.value), Decimal(3))
        assert repairs_of(bill({"total_amount": f"{total:.2f}"}, items=rows)) == ()

    def test_a_row_that_nobody_took_is_offered_where_its_amount_stands_on_the_page(self) -> None:
        rows = [_placed(row("血常规", "20.00"), 100), _placed(row("尿常规", "7.00"), 130)]
        document = bill({"total_amount": "47.80"}, items=rows)
        file = SourceFile("a.jpg", "")
        word = Word("20.80", Box(400, 160, 450, 180), 0.9, "ocr")
        page = Page(file, 1, 1000, 1400, 150, (word,))
        (repair,) = repairs_of(document, [page])
        assert [(edit.path, edit.new, edit.kind) for edit in repair.edits] == [
            ("line_items[2].amount", "20.80", "missed_row")
        ]
        elsewhere = replace(page, words=(replace(word, box=Box(40, 160, 90, 180)),))
        assert repairs_of(document, [elsewhere]) == ()
        label = Word("承前页合计", Box(40, 160, 90, 180), 0.9, "ocr")
        assert repairs_of(document, [replace(page, words=(label, word))]) == ()

    def test_two_payments_in_one_cell_are_offered_apart(self) -> None:
        document = bill({"total_amount": "30.50", "cash_payment": "10.50", "account_payment": "0.00"})
        glued: Field[Decimal] = Field(None, "15.00 :5.00", 0.4, 1, None, "ocr")
        document = replace(document, fields={**document.fields, "fund_payment": glued})
        (repair,) = repairs_of(document)
        assert [(edit.path, edit.new) for edit in repair.edits] == [
            ("fields.fund_payment", "15.00"),
            ("fields.other_payment", "5.00"),
        ]
        assert not repair.applied


def _placed(item: LineItem, y: float) -> LineItem:
    """The row with its amount at a place of the page."""
    assert item.amount is not None
    return replace(item, amount=replace(item.amount, box=Box(400, y, 450, y + 20)))


class TestWhatIsLeftAlone:
    @given(ROWS, st.booleans())
    def test_a_paper_that_closes_is_never_touched(self, rows: list[tuple[int, str]], words: bool) -> None:
        document = closing_bill(rows, with_words=words)
        assert repaired(document) is document

    @given(ROWS, st.integers(1, 9999))
    def test_a_paper_that_was_printed_not_to_close_is_never_changed(
        self, rows: list[tuple[int, str]], fens: int
    ) -> None:
        """Capitals and total say another sum than the rows, and the engine saw nothing else."""
        closing = closing_bill(rows)
        total = closing.fields["total_amount"].value
        assert isinstance(total, Decimal)
        other = bill({"total_amount": f"{total + Decimal(fens).scaleb(-2):.2f}"}, items=closing.items)
        mended = repaired(other)
        assert mended.fields == other.fields
        assert mended.items == other.items

    @given(ROWS, st.text("0123456789.,:-¥元OlS 费", max_size=12), st.sampled_from(("amount", "quantity")))
    def test_junk_in_a_cell_harms_nothing(self, rows: list[tuple[int, str]], text: str, part: str) -> None:
        document = read_as(closing_bill(rows), f"line_items[0].{part}", text)
        mended = repaired(document)
        assert mended.items[1:] == document.items[1:]
        assert mended.fields == document.fields

    @pytest.mark.parametrize("origin", ["text_layer", "qr", "xml", "ofd", "reviewer"])
    def test_what_was_not_read_by_ocr_was_not_misread(self, origin: Origin) -> None:
        document = read_as(closing_bill([(2, "18.60"), (1, "34.05")]), TOTAL, "77.25", seen=(1, "1"))
        total = replace(document.fields["total_amount"], origin=origin)
        assert repairs_of(replace(document, fields={**document.fields, "total_amount": total})) == ()

    def test_a_total_that_its_code_states_is_no_misread(self) -> None:
        document = read_as(closing_bill([(2, "18.60"), (1, "34.05")]), TOTAL, "77.25", seen=(1, "1"))
        total = replace(document.fields["total_amount"], witnesses=("qr",))
        assert repairs_of(replace(document, fields={**document.fields, "total_amount": total})) == ()

    def test_an_edit_that_would_break_the_capitals_is_none(self) -> None:
        document = closing_bill([(2, "18.60"), (1, "34.05")])
        misprinted = read_as(read_as(document, TOTAL, "77.25", seen=(1, "1")), "fields.cash_payment", "77.25")
        words = replace(document.fields["total_in_words"], value="柒拾柒元贰角伍分")
        misprinted = replace(misprinted, fields={**misprinted.fields, "total_in_words": words})
        assert repairs_of(misprinted) == ()

    def test_a_vat_invoice_whose_tax_was_not_read_proves_nothing(self) -> None:
        document = paper(
            "vat_invoice", "vat_digital", {"total_amount": "113.00"}, items=[row("检查", "100.00")]
        )
        assert repairs_of(document) == ()


def test_a_bill_of_300_rows_takes_no_time() -> None:
    document = closing_bill([(1 + number % 9, f"{number}.37") for number in range(1, 301)])
    broken = read_as(document, TOTAL, text_at(document, TOTAL).replace(".", "0."))
    began = time.perf_counter()
    repaired(broken)
    assert time.perf_counter() - began < 1.0  # 0.02 s on a quiet machine; a search that tries takes minutes
