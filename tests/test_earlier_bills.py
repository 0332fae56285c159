"""Bills of earlier claims: found by what makes a bill one, kept as lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.earlier_bills import (
    AskedBills,
    BillsOfAll,
    EarlierBill,
    KnownBills,
    bill_line,
    bills_of_claim,
    serials_of,
)
from tests.builders import bill, paper

BILLS = st.builds(
    EarlierBill,
    st.text(min_size=1, max_size=6),
    st.sampled_from(["", "11060124"]),
    st.text("0123456789", min_size=1, max_size=10),
    st.frozensets(st.text("ABC123", min_size=7, max_size=9), max_size=2),
)


def test_the_mark_that_windows_editors_put_first_harms_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bills.jsonl"
    file.write_text(bill_line(EarlierBill("C-1", "11060124", "0127712345")), "utf-8-sig")
    assert KnownBills.from_file(file).with_number("11060124", "0127712345")


@given(st.lists(BILLS, max_size=5))
def test_what_is_kept_as_lines_is_found_again(bills: list[EarlierBill]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bills.jsonl"
        file.write_text("".join(bill_line(each) + "\n" for each in bills), "utf-8")
        known = KnownBills.from_file(file)
    for each in bills:
        assert each in known.with_number(each.invoice_code, each.invoice_number)
        assert all(each in known.with_serials([serial]) for serial in each.serials)


def test_a_claim_gives_its_bills() -> None:
    papers = [
        bill(invoice_code="11060124", invoice_number="0127712345", business_serial_no="abc1234567"),
        paper("vat_invoice", "vat_digital", {"invoice_number": "24112000000013511234"}),
        paper("itemized_bill", None, {"invoice_number": "0127712345"}),
        bill(),
    ]
    assert list(bills_of_claim("C-1", papers)) == [
        EarlierBill("C-1", "11060124", "0127712345", frozenset({"ABC1234567"})),
        EarlierBill("C-1", "", "24112000000013511234"),
    ]


@pytest.mark.parametrize("number", ["123456", "1234****5678", ""])
def test_a_serial_number_that_is_cut_or_struck_out_tells_nothing(number: str) -> None:
    assert serials_of(bill(business_serial_no=number)) == frozenset()


@pytest.mark.parametrize(
    "line", ["{}", "[]", "{", '{"claim_id": 1, "invoice_code": "", "invoice_number": "2"}']
)
def test_a_line_that_is_no_bill_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "bills.jsonl"
    file.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=r"bills\.jsonl 第 2 行"):
        KnownBills.from_file(file)


def test_a_file_in_gbk_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "bills.jsonl"
    file.write_text('{"claim_id": "申报一", "invoice_code": "", "invoice_number": "1"}\n', "gbk")
    with pytest.raises(ValueError, match=r"bills\.jsonl: 不是 UTF-8 编码，多半是 GBK"):
        KnownBills.from_file(file)


FIRST = EarlierBill("C-1", "11060124", "0127712345", frozenset({"A123456"}))
SECOND = EarlierBill("C-2", "11060124", "0127712345", frozenset({"A123456"}))


def test_bills_of_several_sources_are_found_each_once() -> None:
    both = BillsOfAll(KnownBills([FIRST]), KnownBills([FIRST, SECOND]))
    assert both.with_number("11060124", "0127712345") == (FIRST, SECOND)
    assert both.with_serials(iter(["A123456"])) == (FIRST, SECOND)


@pytest.mark.parametrize("way", ["by number", "by serial", "not asked"])
def test_an_answer_that_would_be_another_one_now_is_told(way: str) -> None:
    later: list[KnownBills] = [KnownBills([FIRST])]

    class Now:
        def with_number(self, code: str, number: str) -> Sequence[EarlierBill]:
            return later[-1].with_number(code, number)

        def with_serials(self, serials: Iterable[str]) -> Sequence[EarlierBill]:
            return later[-1].with_serials(serials)

    bills = AskedBills(Now())
    if way == "by number":
        assert bills.with_number("11060124", "0127712345") == (FIRST,)
    elif way == "by serial":
        assert bills.with_serials(["A123456"]) == (FIRST,)
    assert not bills.have_changed()
    later.append(KnownBills([FIRST, SECOND]))
    assert bills.have_changed() is (way != "not asked")
