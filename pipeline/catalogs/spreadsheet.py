"""A table as people send it (CSV, XLSX): headings and rows of text, each with the number a spreadsheet shows.

Nothing is guessed at. The encoding is the first that decodes every byte; a file in two encodings or a heading
without a name is refused as a whole, a row with more or fewer cells than headings or a formula in it is
reported with its number. CSV goes through Python's own reader and not through pandas, which pads short rows
in silence and knows no row numbers.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import BaoxiaoError

LARGEST_BYTES = 256 * 1024 * 1024
"""Of a file, and of an XLSX unpacked; the national product base of 269,000 rows is a fifth of it."""
MOST_ROWS = 1_000_000
"""About what a sheet of a spreadsheet can hold."""
LONGEST_CELL = 20_000
"""Characters; the longest of the public lists is a restriction of under 2,000."""
SHOWN = 5
"""So many bad places are named in one message."""
SHOWN_CHARACTERS = 80
"""Of a row or cell that is refused."""

_DAMAGED = (
    *(ValueError, KeyError, IndexError, AttributeError, TypeError, SyntaxError),  # of openpyxl on odd XML
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),  # of the ZIP around it
)
"""What comes of a workbook that is damaged; each was seen with bytes changed at random."""
_DELIMITERS = ",\t;"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HAN_IN_UTF_8 = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){3}")
"""Three Chinese characters in UTF-8: nine bytes that GBK text holds only by a rare chance."""


class TableRefused(BaoxiaoError):
    """The file is no table that could be taken as it is; the message says where and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was refused: its number as a spreadsheet counts (the header is 1), and why.

    `column` is the heading of the cell that is at fault, `""` where it is the row as a whole; `text` is what
    stands in the cell or the row.
    """

    row: int
    reason: str
    text: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts, and heading -> text."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one row of headings; rows without any text are left out."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    broken: tuple[RejectedRow, ...]
    """Rows that have another number of cells, or a formula, and so are not in `rows`."""
    encoding: str
    """Of a CSV (`utf-8-sig`, `utf-16`, `gbk`, `gb18030`), else `xlsx`."""


def read_table(file: Path, sheet: str | None = None) -> Table:
    """The table of a CSV or XLSX file.

    Args:
        file: Told apart by its ending; the first row with text holds the headings.
        sheet: Which sheet of an XLSX; without it the only one that is not empty.

    Raises:
        TableRefused: If it cannot be read whole and beyond doubt.
    """
    suffix = file.suffix.lower()
    try:
        size = file.stat().st_size
    except FileNotFoundError as error:
        raise TableRefused(f"{file}: 没有这个文件 / no such file") from error
    if size > LARGEST_BYTES:
        raise TableRefused(
            f"{file.name}: 文件过大（{size:,} 字节，上限 {LARGEST_BYTES:,}），请拆分后导入"
            f" / too large ({size:,} bytes, at most {LARGEST_BYTES:,}); split it"
        )
    try:
        if suffix == ".csv":
            encoding, numbered = _csv_rows(file)
        elif suffix == ".xlsx":
            encoding, numbered = "xlsx", _xlsx_rows(file, sheet)
        else:
            raise TableRefused(
                f"{file.name}: 不是 CSV 或 XLSX，请另存为其中一种 / not CSV or XLSX; save it as one of them"
            )
    except OSError as error:
        raise TableRefused(f"{file.name}: 打不开 / cannot be opened: {error.strerror or error}") from error
    return _table(file, encoding, numbered)


# ---------------------------------------------------------------- CSV


def _csv_rows(file: Path) -> tuple[str, list[tuple[int, list[str]]]]:
    content = file.read_bytes()
    encoding = _encoding(file, content)
    text = content.decode(encoding)
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise TableRefused(f"{file.name} 第 {row} 行 / row {row}: 含空字符，不是文本 / holds NUL, not text")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            rows.append((len(rows) + 1, cells))  # what was read before an error is counted
    except csv.Error as error:
        raise TableRefused(
            f"{file.name} 第 {len(rows) + 1} 行 / row {len(rows) + 1}: 引号或分隔符有误"
            f" / quotes or separators are broken: {error}"
        ) from error
    return encoding, rows


def _encoding(file: Path, content: bytes) -> str:
    """The first encoding that decodes every byte.

    Raises:
        TableRefused: If none does, or lines of two encodings stand in one file.
    """
    if _decodes(content, "utf-8-sig"):
        return "utf-8-sig"
    if content.startswith(_UTF_16):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("gbk", "gb18030")
        _refuse_two_encodings(file, content)
    for encoding in candidates:
        if _decodes(content, encoding):
            return encoding
    raise TableRefused(
        f"{file.name}: 编码不是 UTF-8、UTF-16、GBK 或 GB18030 / not in UTF-8, UTF-16, GBK or GB18030"
    )


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_two_encodings(file: Path, content: bytes) -> None:
    """Refuse a file that is not UTF-8 as a whole though lines of it hold Chinese in UTF-8."""
    lines = list(enumerate(content.split(b"\n"), 1))
    other = [number for number, line in lines if not _decodes(line, "utf-8")]
    in_utf_8 = [number for number, line in lines if _HAN_IN_UTF_8.search(line) and _decodes(line, "utf-8")]
    if not in_utf_8:
        return
    fewer, is_not = (in_utf_8, "") if len(in_utf_8) < len(other) else (other, "不")
    named = "、".join(map(str, fewer[:SHOWN]))
    raise TableRefused(
        f"{file.name}: 一个文件里有两种编码，第 {named} 行（共 {len(fewer)} 行）{is_not}是 UTF-8，"
        f"与其余不同，请统一编码 / two encodings in one file: row {named} ({len(fewer)} in all) "
        "differs from the others"
    )


# ---------------------------------------------------------------- XLSX


def _xlsx_rows(file: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    import pandas as pd  # heavy, and needed by an import alone

    _check_unpacked_size(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not concern us
        try:
            sheets = pd.read_excel(
                file,
                sheet_name=sheet,
                header=None,
                dtype=object,
                keep_default_na=False,
                na_filter=False,
                engine="openpyxl",
                # a formula comes as it is written, so that it can be refused; its last value may be old
                engine_kwargs={"data_only": False},
            )
        except _DAMAGED as error:
            raise TableRefused(f"{file.name}: 打不开 / cannot be opened: {error}") from error
    frames = sheets if isinstance(sheets, dict) else {sheet: sheets}
    filled = {name: frame for name, frame in frames.items() if not frame.empty}
    if len(filled) > 1:
        names = "、".join(map(str, filled))
        raise TableRefused(
            f"{file.name}: 有多个工作表，请用 --sheet 指定一个"
            f" / several sheets, choose one with --sheet: {names}"
        )
    if not filled:
        return []
    (frame,) = filled.values()
    return [
        (number, [_cell(value) for value in cells])
        for number, cells in enumerate(frame.itertuples(index=False, name=None), 1)
    ]


def _check_unpacked_size(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as error:  # the latter: of a version that nobody wrote
        raise TableRefused(f"{file.name}: 打不开，不是 XLSX / cannot be opened, not an XLSX") from error
    if size > LARGEST_BYTES:
        raise TableRefused(
            f"{file.name}: 解压后过大（{size:,} 字节，上限 {LARGEST_BYTES:,}）"
            f" / too large unpacked ({size:,} bytes, at most {LARGEST_BYTES:,})"
        )


def _cell(value: object) -> str:
    """A cell as text: a whole number without `.0`, a day without its midnight."""
    if value is None or value != value:  # NaN is what pandas calls an empty cell
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    return str(value).strip()


def _letter(at: int) -> str:
    """The name of a column as spreadsheets call it, counted from 0.

    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


# ---------------------------------------------------------------- both


def _table(file: Path, encoding: str, numbered: Sequence[tuple[int, list[str]]]) -> Table:
    filled = [(number, cells) for number, cells in numbered if any(cell.strip() for cell in cells)]
    if not filled:
        raise TableRefused(f"{file.name}: 没有内容 / nothing in it")
    if len(filled) > MOST_ROWS:
        raise TableRefused(
            f"{file.name}: 有 {len(filled):,} 行，上限 {MOST_ROWS:,}"
            f" / {len(filled):,} rows, at most {MOST_ROWS:,}"
        )
    number, first = filled[0]
    headings = _headings(file, number, first, filled[1:])
    rows: list[Row] = []
    broken: list[RejectedRow] = []
    for row, cells in filled[1:]:
        texts = [cell.strip() for cell in cells]
        fault = _fault(texts, headings, file)
        if fault is None:
            rows.append(Row(row, dict(zip(headings, texts, strict=False))))
        else:
            column, reason, text = fault
            broken.append(RejectedRow(row, reason, text[:SHOWN_CHARACTERS], column))
    return Table(headings, tuple(rows), tuple(broken), encoding)


def _fault(texts: Sequence[str], headings: Sequence[str], file: Path) -> tuple[str, str, str] | None:
    """What is wrong with the shape of a row: column, reason, text."""
    has_all = len(texts) >= len(headings) or file.suffix.lower() == ".xlsx"
    if not has_all or any(texts[len(headings) :]):
        reason = f"有 {len(texts)} 列，应为 {len(headings)} 列 / {len(texts)} cells, not {len(headings)}"
        return "", reason, " ".join(texts)
    for heading, text in zip(headings, texts, strict=False):
        if len(text) > LONGEST_CELL:
            return heading, f"一格有 {len(text):,} 个字符，可能缺了引号 / too long: a lost quote?", text
        if text.startswith("=") and file.suffix.lower() == ".xlsx":
            return heading, "是公式，请粘贴为数值 / is a formula; paste it as a value", text
    return None


def _headings(
    file: Path, number: int, first: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> tuple[str, ...]:
    headings = [cell.strip() for cell in first]
    while headings and not headings[-1]:
        headings.pop()
    where = f"{file.name} 第 {number} 行 / row {number}"
    widest = max((len(_without_end(cells)) for _, cells in rows), default=0)
    named = headings + [""] * (min(widest, len(first)) - len(headings))
    nameless = [at for at, heading in enumerate(named) if not heading]
    if nameless:
        letters = "、".join(map(_letter, nameless[:SHOWN]))
        raise TableRefused(
            f"{where}: 列 {letters} 没有列名；表头如有合并单元格或标题行，请只留一行列名"
            f" / columns {letters} have no heading; leave one row of headings, without merged cells"
        )
    twice = [heading for heading, count in Counter(headings).items() if count > 1]
    if twice:
        raise TableRefused(f"{where}: 列名重复 / headings stand twice: {'、'.join(twice)}")
    return tuple(headings)


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    """The cells up to the last that holds something."""
    filled = [at for at, cell in enumerate(cells) if cell.strip()]
    return cells[: filled[-1] + 1] if filled else ()
