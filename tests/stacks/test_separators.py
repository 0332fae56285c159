"""What our sheets and stickers say, and that nothing else says it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box, Code
from pipeline.stacks.separators import (
    FEW_CHARACTERS,
    MAX_AMOUNT,
    MAX_PAPERS,
    MAX_SERIAL,
    BatchHeader,
    ClaimLabel,
    Separator,
    StackCode,
    find_code,
    payload,
    payloads_of,
    sheet_kind,
)

CODE_39 = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%")

numbers = st.from_regex(r"[0-9A-Z][0-9A-Z.-]{0,23}", fullmatch=True)
codes: st.SearchStrategy[StackCode] = st.one_of(
    st.builds(Separator, st.integers(1, MAX_SERIAL)),
    st.builds(ClaimLabel, numbers),
    st.builds(
        BatchHeader,
        numbers,
        st.integers(0, MAX_PAPERS),
        st.integers(0, int(MAX_AMOUNT * 100)).map(lambda fen: Decimal(fen).scaleb(-2)),
    ),
)


def on_page(*texts: str) -> list[Code]:
    return [Code("QRCode", text, Box(0, 0, 10, 10)) for text in texts]


@given(codes)
def test_what_is_printed_is_what_is_read(code: StackCode) -> None:
    text = payload(code)
    assert set(text) <= CODE_39
    assert find_code(text) == code


@given(codes, st.integers(0), st.integers(1, 9))
def test_a_payload_with_one_digit_misread_says_nothing(code: StackCode, spot: int, off: int) -> None:
    text = payload(code)
    digits = [place for place, char in enumerate(text) if char.isdigit()]
    place = digits[spot % len(digits)]
    misread = text[:place] + str((int(text[place]) + off) % 10) + text[place + 1 :]
    assert find_code(misread) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BX1/SEP/0007",
        "BX1/SEP/0007/28",
        "BX2/SEP/0007/27",
        "bx1/sep/0007/27",
        "BX1/SEP/0007/27/",
        "BX1/ODD/0007/27",
        "BX1/SEP/０００７/27",
        "SEP-12",
        "https://fapiao.example/SEP-0001",
        "01,31,,24112000000013511234,100.5,20240105,,AB12",
        "😀",
        "\0",
    ],
)
def test_any_other_text_says_nothing(text: str) -> None:
    assert find_code(text) is None


@pytest.mark.parametrize(
    "code",
    [
        Separator(0),
        Separator(MAX_SERIAL + 1),
        ClaimLabel(""),
        ClaimLabel("A/1"),
        ClaimLabel("案1"),
        ClaimLabel("A" * 25),
        BatchHeader("B1", -1, Decimal(1)),
        BatchHeader("B1", 1, Decimal("0.005")),
        BatchHeader("B1", 1, Decimal(-1)),
        BatchHeader("B1", 1, Decimal("NaN")),
        BatchHeader("B1", 1, Decimal("Infinity")),
        BatchHeader("b1", 1, Decimal(1)),
    ],
)
def test_what_a_sheet_cannot_carry_is_refused_with_what_was_given(code: StackCode) -> None:
    with pytest.raises(ValueError, match=" / "):
        payload(code)


def test_a_page_is_the_sheet_that_its_code_says() -> None:
    separator, header = payload(Separator(3)), payload(BatchHeader("B1", 2, Decimal("3.40")))
    assert sheet_kind(on_page("其他", separator), "") == "separator"
    assert sheet_kind(on_page(header, header), "") == "batch_header"
    assert sheet_kind(on_page(payload(ClaimLabel("A-1"))), "") is None


def test_a_sheet_whose_codes_are_spoilt_is_known_by_both_its_titles() -> None:
    assert sheet_kind([], "分 隔页\nSEPARATOR SHEET\n请放在两份案卷之间") == "separator"
    assert sheet_kind([], "批次首页\nBatch  Header\n12") == "batch_header"
    assert sheet_kind([], "分隔页") is None


def test_a_paper_that_speaks_of_separators_is_none() -> None:
    assert sheet_kind([], "分隔页 SEPARATOR SHEET" + "字" * FEW_CHARACTERS) is None


def test_each_payload_of_ours_is_kept_once() -> None:
    label = payload(ClaimLabel("A-1"))
    assert payloads_of(on_page("别的", label, label)) == (label,)
