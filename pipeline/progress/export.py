"""Any list of claims as a file for spreadsheets: CSV or XLSX, row by row, however many there are.

A file is written beside its place and moved there when it is complete. Text stays text: in CSV as
`pipeline.spreadsheet_text` says, in XLSX by the type of its cell, so that nothing that people wrote runs as a
formula. Days and times are those in China.
"""

from __future__ import annotations

import csv
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from pipeline.deadlines import CHINA
from pipeline.progress.listing import ClaimListRecord
from pipeline.spreadsheet_text import spreadsheet_text

FileKind: TypeAlias = Literal["csv", "xlsx"]

HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "claim_id": "申请号",
        "submission_id": "提交号",
        "reference": "外部编号",
        "state": "状态代码",
        "state_name": "状态",
        "status": "识别结论",
        "urgent": "加急",
        "insured_name": "参保人",
        "id_number": "证件号码",
        "insurance_no": "医保编号",
        "hospital_name": "医院",
        "case_type": "类别代码",
        "case_name": "类别",
        "visit_kind": "门诊或住院",
        "visit_from": "就诊起",
        "visit_to": "就诊止",
        "office": "申报单位",
        "declared": "申报金额",
        "reimbursed": "报销金额",
        "payout_low": "预计最低",
        "payout_high": "预计最高",
        "risk": "风险金额",
        "blocks": "强制校验未过",
        "reviews": "待复核字段",
        "missing": "缺少材料",
        "amendment": "更正次数",
        "received_at": "申报时间",
        "accepted_on": "受理日期",
        "settle_by": "办理期限",
        "overdue": "已超期",
        "entered_at": "录入时间",
        "handed_over_at": "移交时间",
        "settled_at": "结算时间",
        "paid_at": "支付时间",
        "bank_name": "银行",
        "bank_account": "账号",
        "assigned_to": "经办人",
    }
)
"""What each key of a row is called in the first line: 申请号 claim_id."""

_MONEY = frozenset({"declared", "reimbursed", "payout_low", "payout_high", "risk"})
_DAYS = frozenset({"visit_from", "visit_to", "accepted_on", "settle_by"})
_MOMENTS = frozenset({"received_at", "entered_at", "handed_over_at", "settled_at", "paid_at"})

_LONG = frozenset({"claim_id", "submission_id", "hospital_name"})
WIDE, NARROW = 30, 16
"""Widths of columns, in characters."""

ROWS_OF_A_SHEET = 1_000_000
"""A sheet holds 1,048,576 rows; what is beyond goes to another one."""

MONEY_FORMAT, DAY_FORMAT, MOMENT_FORMAT = "#,##0.00", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


def heading(key: str) -> str:
    """The heading of a column.

    >>> heading("claim_id")
    '申请号 claim_id'
    """
    return f"{HEADINGS[key]} {key}"


def write_csv(rows: Iterable[ClaimListRecord], path: Path) -> int:
    """Write rows as CSV (UTF-8 with BOM); how many.

    Raises:
        OSError: If the file cannot be written; what was there before stays.
    """
    with _draft(path) as draft, draft.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        table = csv.writer(file)
        table.writerow([heading(key) for key in HEADINGS])
        written = 0
        for row in rows:
            table.writerow([_csv_cell(value) for _, value in _cells(row)])
            written += 1
    return written


def write_xlsx(rows: Iterable[ClaimListRecord], path: Path) -> int:
    """Write rows as a workbook; how many.

    Raises:
        OSError: If the file cannot be written; what was there before stays.
    """
    book = Workbook(write_only=True)
    number = 0
    with _draft(path) as draft:
        sheet: Any = _new_sheet(book, 1)
        try:
            for number, row in enumerate(rows, 1):
                if number > 1 and number % ROWS_OF_A_SHEET == 1:
                    sheet = _new_sheet(book, number // ROWS_OF_A_SHEET + 1)
                sheet.append([_xlsx_cell(sheet, key, value) for key, value in _cells(row)])
        finally:  # where it breaks off too: only saving removes the rows that the library keeps elsewhere
            book.save(draft)
    return number


WRITERS: Mapping[FileKind, Callable[[Iterable[ClaimListRecord], Path], int]] = MappingProxyType(
    {"csv": write_csv, "xlsx": write_xlsx}
)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A place beside `path` for a file that is moved there once it is complete."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    try:
        # Persons stand in it: it is its owner's alone, from its first byte on.
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _cells(row: ClaimListRecord) -> Iterator[tuple[str, object]]:
    values = cast("Mapping[str, object]", row)
    return ((key, _local(key, values[key])) for key in HEADINGS)


def _local(key: str, value: object) -> object:
    """Money as a number, days and moments as such, by the clock in China."""
    if not isinstance(value, str):
        return value
    if key in _MONEY:
        return Decimal(value)
    if key in _DAYS:
        return date.fromisoformat(value)
    if key in _MOMENTS:
        return datetime.fromisoformat(value).astimezone(CHINA).replace(tzinfo=None, microsecond=0)
    return value


def _csv_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else ""
        case datetime():
            return value.isoformat(" ", "minutes")
        case str():
            return spreadsheet_text(value)
        case _:
            return str(value)


def _new_sheet(book: Workbook, place: int) -> Any:
    sheet: Any = book.create_sheet(f"报销申请{place}")
    sheet.freeze_panes = "B2"
    for number, key in enumerate(HEADINGS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDE if key in _LONG else NARROW
    head = [WriteOnlyCell(sheet, heading(key)) for key in HEADINGS]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    return sheet


def _xlsx_cell(sheet: Any, key: str, value: object) -> Any:
    if value is None or isinstance(value, bool):
        return "是" if value else None
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        cell.data_type = "s"  # else what opens with = would be a formula
        return cell
    cell = WriteOnlyCell(sheet, cast("Any", value))  # whole numbers, amounts, days and moments
    if key in _MONEY:
        cell.number_format = MONEY_FORMAT
    elif key in _DAYS:
        cell.number_format = DAY_FORMAT
    elif key in _MOMENTS:
        cell.number_format = MOMENT_FORMAT
    return cell
