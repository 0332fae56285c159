"""A batch of claims as one file for another system (报盘): a workbook, or one CSV of charged rows.

The same batch gives the same bytes, so that a file can be made again after a crash and told by its hash: the
times that a workbook and its ZIP container carry are those of the batch, not of the writing. Texts stay
texts: nothing in a cell can run as a formula, and no number of a bill loses its leading zeros.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.xml.constants import ARC_CORE
from openpyxl.xml.functions import tostring

from pipeline.records import money_text
from pipeline.spreadsheet_text import spreadsheet_text
from pipeline.store.hand_off_batches import BatchedMessage, ClosedBatch

BatchFormat: TypeAlias = Literal["xlsx", "csv"]
Totals: TypeAlias = Mapping[str, str | int]

CLAIM_COLUMNS = (
    "message_id",
    "claim_id",
    "kind",
    "amendment",
    "insured_name",
    "id_number",
    "insurance_no",
    "insurance_type",
    "case_type",
    "visit_kind",
    "visit_from",
    "visit_to",
    "hospital_name",
    "hospital_code",
    "hospital_grade",
    "diagnoses",
    "invoices",
    "amount",
)
LINE_COLUMNS = (
    "message_id",
    "line",
    "document_id",
    "name",
    "specification",
    "unit",
    "quantity",
    "unit_price",
    "line_amount",
    "catalog_kind",
    "catalog_code",
    "catalog_name",
    "reimbursement_class",
)
HEADINGS: Mapping[str, str] = {
    "message_id": "报文编号",
    "claim_id": "申报编号",
    "kind": "报文类型",
    "amendment": "更正序号",
    "insured_name": "参保人姓名",
    "id_number": "证件号码",
    "insurance_no": "医保编号",
    "insurance_type": "医保类型",
    "case_type": "报销情形",
    "visit_kind": "就医类型",
    "visit_from": "开始日期",
    "visit_to": "结束日期",
    "hospital_name": "医疗机构",
    "hospital_code": "机构编码",
    "hospital_grade": "机构等级",
    "diagnoses": "诊断",
    "invoices": "票据张数",
    "amount": "票据金额",
    "line": "行号",
    "document_id": "单据编号",
    "name": "项目名称",
    "specification": "规格",
    "unit": "单位",
    "quantity": "数量",
    "unit_price": "单价",
    "line_amount": "金额",
    "catalog_kind": "目录类别",
    "catalog_code": "目录编码",
    "catalog_name": "目录名称",
    "reimbursement_class": "甲乙丙",
}
"""What a column is called for people; files carry both names, `申报编号 claim_id`."""

NUMBERS = frozenset({"quantity", "unit_price", "line_amount", "amount", "invoices", "line", "amendment"})
SHEETS = ("申报", "费用明细", "汇总")
FIRST_YEAR_OF_ZIP = 1980
"""A ZIP can keep no earlier one."""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """A batch as tables: a row a claim, a row a charged item, each by column name."""

    claims: tuple[Mapping[str, str], ...]
    lines: tuple[Mapping[str, str], ...]

    @staticmethod
    def of(batch: ClosedBatch) -> BatchRows:
        """The rows of a batch, in the order of its messages."""
        return BatchRows(
            tuple(_claim_row(message) for message in batch.messages),
            tuple(row for message in batch.messages for row in _line_rows(message)),
        )

    def totals(self) -> dict[str, str | int]:
        """Control totals: who receives the file counts and adds up the same."""
        amount = sum((Decimal(row["amount"]) for row in self.claims), Decimal(0))
        charged = sum((Decimal(row["line_amount"] or 0) for row in self.lines), Decimal(0))
        return {
            "claims": len(self.claims),
            "invoices": sum(int(row["invoices"]) for row in self.claims),
            "lines": len(self.lines),
            "amount": money_text(amount),
            "line_amount": money_text(charged),
        }


def heading(column: str) -> str:
    """The heading of a column as written: what people read, then the key.

    >>> heading("claim_id")
    '申报编号 claim_id'
    """
    return f"{HEADINGS[column]} {column}"


def workbook_bytes(rows: BatchRows, summary: Sequence[tuple[str, str]], at: datetime) -> bytes:
    """The batch as an XLSX: claims, charged rows, and the summary as labels and values."""
    book = Workbook(write_only=True)
    moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.creator, book.properties.created, book.properties.modified = "baoxiao", moment, moment
    tables: tuple[tuple[str, Sequence[str], Sequence[Mapping[str, str]]], ...] = (
        (SHEETS[0], CLAIM_COLUMNS, rows.claims),
        (SHEETS[1], LINE_COLUMNS, rows.lines),
    )
    for title, columns, table in tables:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        sheet.append([_text(sheet, heading(column)) for column in columns])
        for row in table:
            sheet.append([_cell(sheet, column, row[column]) for column in columns])
    last = book.create_sheet(SHEETS[2])
    for label, value in summary:
        last.append([_text(last, label), _text(last, value)])
    written = io.BytesIO()
    book.save(written)
    book.properties.modified = moment  # saving put the clock's in its place
    return _without_times(written.getvalue(), moment, tostring(book.properties.to_tree()))


def csv_bytes(rows: BatchRows) -> bytes:
    """The batch as one CSV (UTF-8 with BOM): a charged item and its claim a row; at least one row a claim."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    columns = (*CLAIM_COLUMNS, *LINE_COLUMNS[1:])
    writer.writerow([heading(column) for column in columns])
    for claim in rows.claims:
        own = [row for row in rows.lines if row["message_id"] == claim["message_id"]]
        for line in own or [dict.fromkeys(LINE_COLUMNS, "")]:
            together = {**line, **claim}
            writer.writerow([_csv_cell(column, together[column]) for column in columns])
    return b"\xef\xbb\xbf" + table.getvalue().encode()


def _claim_row(message: BatchedMessage) -> dict[str, str]:
    claim = message.payload["claim"]
    amendment = message.payload.get("amendment")
    insured, visit, hospital = claim["insured"], claim["visit"], claim["hospital"]
    return {
        "message_id": message.message_id,
        "claim_id": message.claim_id,
        "kind": amendment["kind"] if amendment else "claim",
        "amendment": str(amendment["number"]) if amendment else "0",
        "insured_name": insured["name"] or "",
        "id_number": insured["id_number"] or "",
        "insurance_no": insured["insurance_no"] or "",
        "insurance_type": insured["insurance_type"] or "",
        "case_type": claim["case_type"],
        "visit_kind": visit["kind"],
        "visit_from": visit["from"] or "",
        "visit_to": visit["to"] or "",
        "hospital_name": hospital["name"] or "",
        "hospital_code": hospital["code"] or "",
        "hospital_grade": hospital["grade"] or "",
        "diagnoses": ";".join(diagnosis["name"] for diagnosis in claim["diagnoses"]),
        "invoices": str(len(claim["invoices"])),
        "amount": claim["totals"].get("total_amount", "0.00"),
    }


def _line_rows(message: BatchedMessage) -> Iterator[dict[str, str]]:
    for number, line in enumerate(message.payload["claim"]["line_items"], 1):
        catalog = line["catalog"]
        yield {
            "message_id": message.message_id,
            "line": str(number),
            "document_id": line["document_id"],
            "name": _value(line, "name"),
            "specification": _value(line, "specification"),
            "unit": _value(line, "unit"),
            "quantity": _value(line, "quantity"),
            "unit_price": _value(line, "unit_price"),
            "line_amount": _value(line, "amount"),
            "catalog_kind": catalog["kind"] or "",
            "catalog_code": catalog["code"] or "",
            "catalog_name": catalog["name"] or "",
            "reimbursement_class": catalog["reimbursement_class"] or "",
        }


def _value(line: Mapping[str, Any], name: str) -> str:
    return line[name]["value"] or ""


def _cell(sheet: WriteOnlyWorksheet, column: str, value: str) -> Any:
    if column in NUMBERS and value:
        # openpyxl writes a Decimal as its digits; its type stubs do not say so.
        return WriteOnlyCell(sheet, value=Decimal(value))  # type: ignore[arg-type]
    return _text(sheet, value)


def _text(sheet: WriteOnlyWorksheet, value: str) -> Any:
    """A cell that holds text whatever it begins with."""
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    return cell


def _csv_cell(column: str, value: str) -> str:
    return value if column in NUMBERS else spreadsheet_text(value)


def _without_times(workbook: bytes, moment: datetime, properties: bytes) -> bytes:
    """The same workbook with these properties, in a ZIP whose entries all carry `moment`."""
    stamp = max(moment, datetime(FIRST_YEAR_OF_ZIP, 1, 1)).timetuple()[:6]  # noqa: DTZ001 - as ZIP keeps it
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, properties if name == ARC_CORE else old.read(name))
    return written.getvalue()
