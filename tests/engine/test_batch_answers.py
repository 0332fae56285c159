"""Answers in a file: what a row must hold, and that one wrong row keeps the others out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.engine.batch_answers import AnswersRefused, read_answers
from pipeline.store.hand_off_batches import Awaited

AWAITED = {f"C-{number}/1": Awaited(f"C-{number}", Decimal("100.00")) for number in range(1, 5)}
HEAD = "报文编号,处理结果,原因,报销金额,支付金额,支付银行,支付账号,支付时间\n"


def csv_of(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8-sig") -> Path:
    path = folder / "回盘.csv"
    path.write_text(head + "\n".join(rows), encoding=encoding)
    return path


ROWS = (
    "C-1/1,受理",
    "C-2/1,退回,票据重复",
    "C-3/1,已结算,,70.00",
    "C-4/1,已支付,,70,70.00,示例银行,6222000011112222\t,2026-03-05",
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_every_result_is_read_in_the_order_of_the_file(tmp_path: Path, encoding: str) -> None:
    answers = read_answers(csv_of(tmp_path, *ROWS, encoding=encoding), AWAITED)
    assert [answer["outcome"] for answer in answers] == ["accepted", "refused", "settled", "settled"]
    assert answers[1]["reasons"] == [{"code": "batch_file", "message": "票据重复"}]
    assert answers[2]["settlement"] is not None
    assert answers[2]["settlement"]["payout"] == {"low": "70.00", "high": "70.00"}
    assert answers[3]["paid"] == {
        "amount": "70.00",
        "bank_name": "示例银行",
        "account": "6222000011112222",
        "at": "2026-03-05T00:00:00+08:00",
    }


def test_a_workbook_with_numbers_and_english_headings_is_as_good(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["message_id", "outcome", "settled", "note of ours"])
    sheet.append(["C-3/1", "settled", 70.5, "x"])
    sheet.append([None, None, None, None])
    book.save(tmp_path / "answers.xlsx")
    (answer,) = read_answers(tmp_path / "answers.xlsx", AWAITED)
    assert answer["settlement"] is not None
    assert answer["settlement"]["payout"] == {"low": "70.50", "high": "70.50"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("C-9/1,受理", "没有等待答复的报文"),
        ("C-1/1,好", "处理结果"),
        ("C-1/1,", "处理结果"),
        ("C-1/1,退回", "退回须写明原因"),
        ("C-1/1,已结算,,", "报销金额"),
        ("C-1/1,已结算,,7.005", "报销金额"),
        ("C-1/1,已结算,,-1", "报销金额"),
        ("C-1/1,已结算,,1e5", "报销金额"),
        ("C-1/1,已结算,,100.01", "超过票据金额"),
        ("C-1/1,已支付,,70.00,,,,2026-03-05", "支付金额"),
        ("C-1/1,已支付,,70.00,70.00,,,明天", "支付时间"),
        ("C-2/1,受理", "出现 2 次"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_taken(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(AnswersRefused, match="未采用") as refused:
        read_answers(csv_of(tmp_path, "C-2/1,受理", row), AWAITED)
    assert refused.value.rows[-1].row == 3
    assert said in refused.value.rows[-1].message


@pytest.mark.parametrize(("head", "said"), [("编号,结果\n", "缺少列"), ("报文编号,处理结果\n", "没有答复")])
def test_a_file_without_its_columns_or_rows_says_so(tmp_path: Path, head: str, said: str) -> None:
    with pytest.raises(AnswersRefused, match=said):
        read_answers(csv_of(tmp_path, head=head), AWAITED)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x00\x01\x02"])
def test_a_file_that_is_no_workbook_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "回盘.xlsx").write_bytes(content)
    with pytest.raises(AnswersRefused, match="XLSX"):
        read_answers(tmp_path / "回盘.xlsx", AWAITED)
