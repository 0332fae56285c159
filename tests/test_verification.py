"""Answers of the verification platform as an office brings them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.verification import Verification, read_verifications

LINE = (
    b'{"invoice_code": "11060124", "invoice_number": "0127712345", "state": "verified",'
    b' "check_code": "fc0971", "issue_date": "2025-02-17", "total_amount": "34.05"}'
)


def test_an_answer_is_taken_with_its_five_elements() -> None:
    (found,) = read_verifications([LINE, b"\n"], "verifications.jsonl")
    assert found == Verification(
        "0127712345", "verified", "11060124", "fc0971", date(2025, 2, 17), Decimal("34.05")
    )


def test_the_mark_that_windows_editors_put_first_harms_nothing() -> None:
    assert len(read_verifications([b"\xef\xbb\xbf" + LINE], "verifications.jsonl")) == 1


def test_a_file_in_utf_16_is_told_so() -> None:
    lines = LINE.decode().encode("utf-16").splitlines()
    with pytest.raises(ValueError, match=r"answers\.jsonl: 是 UTF-16 编码"):
        read_verifications(lines, "answers.jsonl")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"invoice_number": "1", "state": "good"}', "state"),
        (b'{"state": "verified"}', "invoice_number"),
        (b'{"invoice_number": "1", "state": "verified", "amount": "1"}', "amount"),
        (b'{"invoice_number": "1", "state": "verified", "issue_date": "2025-02-30"}', "issue_date"),
        (b'{"invoice_number": "1", "state": "verified", "total_amount": "NaN"}', "total_amount"),
        (b"{", "json"),
    ],
)
def test_a_line_that_is_no_answer_is_named_with_its_key(line: bytes, key: str) -> None:
    with pytest.raises(ValueError, match=f"answers.jsonl 第 2 行.*{key}"):
        read_verifications([LINE, line], "answers.jsonl")
