"""Batch files and answer files read back: rows by column name, wherever a person opened and saved them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from pipeline.engine.batch_workbook import CLAIM_COLUMNS, LINE_COLUMNS, SHEETS, BatchRows, heading
from pipeline.errors import BaoxiaoError

MOST_BYTES = 200_000_000
"""A batch of 100,000 claims takes a quarter of it."""


class TableRefused(BaoxiaoError):
    """A file is no table that can be read; the message says what was found and expected."""


def read_tables(path: Path) -> list[list[list[str]]]:
    """The tables of an XLSX, or the one of a CSV, as rows of text.

    Raises:
        TableRefused: If it is neither.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TableRefused(f"{path.name}: 文件过大 / the file is too large")
    if path.suffix.lower() == ".csv":
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            text = path.read_text(encoding="gb18030", errors="replace")
        return [list(csv.reader(io.StringIO(text, newline="")))]
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        tables = [
            [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            for sheet in book.worksheets
        ]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableRefused(
            f"{path.name}: 不是可读取的 XLSX 或 CSV / neither an XLSX nor a CSV that can be read"
        ) from error
    return tables


def by_column(table: list[list[str]], names: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a table by the names of its columns.

    Args:
        table: The first row is the header.
        names: The column name for each heading that is known; other columns are passed over.
    """
    if not table:
        return []
    columns = [names.get(heading.strip(), "") for heading in table[0]]
    rows = []
    for cells in table[1:]:
        row = {name: plain(cell) for name, cell in zip(columns, cells, strict=False) if name}
        if any(row.values()):
            rows.append(row)
    return rows


def plain(cell: str) -> str:
    """A cell without what makes it text for a spreadsheet (`pipeline.outputs`)."""
    return cell.rstrip("\t").removeprefix("'").strip()


def read_rows(path: Path) -> BatchRows:
    """The rows of a batch file as they stand in it now.

    Raises:
        TableRefused: If it is no table, or its columns are not those of a batch file.
    """
    tables = read_tables(path)
    if path.suffix.lower() == ".csv":
        rows = by_column(tables[0], _headings((*CLAIM_COLUMNS, *LINE_COLUMNS)))
        claims = {row.get("message_id", ""): row for row in reversed(rows)}
        lines = [row for row in rows if row.get("line")]
        in_order = dict.fromkeys(row.get("message_id", "") for row in rows)
        tables_found = ([claims[key] for key in in_order], lines)
    elif len(tables) < len(SHEETS):
        raise TableRefused(f"{path.name}: 应有 {'、'.join(SHEETS)} 三个工作表 / three sheets are expected")
    else:
        tables_found = (
            by_column(tables[0], _headings(CLAIM_COLUMNS)),
            by_column(tables[1], _headings(LINE_COLUMNS)),
        )
    found_claims, found_lines = tables_found
    return BatchRows(
        tuple(_whole(row, CLAIM_COLUMNS, path) for row in found_claims),
        tuple(_whole(row, LINE_COLUMNS, path) for row in found_lines),
    )


def _headings(columns: Iterable[str]) -> dict[str, str]:
    return {heading(column): column for column in columns}


def _whole(row: dict[str, str], columns: Iterable[str], path: Path) -> dict[str, str]:
    missing = [column for column in columns if column not in row]
    if missing:
        raise TableRefused(f"{path.name}: 缺少列 {'、'.join(missing)} / columns are missing: {missing}")
    return row
