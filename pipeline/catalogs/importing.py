"""Bringing lists in: one file, or the whole folder of public lists, all or nothing.

A list is checked as a whole first. Where one row is refused nothing is imported, and the report says which
rows and why. A list of the same name and the same start is replaced. The register `in_use.txt` names the
files in use and is replaced in one step, so a scan that runs meanwhile sees the old lists or the new
ones, never a mixture.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.catalogs.catalog import IN_USE, catalog_folder
from pipeline.catalogs.categories import category_of
from pipeline.catalogs.entries import (
    ALIAS_SEPARATOR,
    CLASSES,
    COLUMNS,
    ITEM_KINDS,
    ListHead,
    ListKind,
    Scope,
    parse_day,
    read_head,
    write_list,
)
from pipeline.catalogs.public_lists import RECIPES, Recipe
from pipeline.errors import BaoxiaoError

SHOWN_REJECTIONS = 20

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "code": (
        "code",
        "编码",
        "代码",
        "项目编码",
        "药品编码",
        "国家编码",
        "医保编码",
        "item_code",
        "drug_code",
        "诊断编码",
    ),
    "name": (
        "name",
        "名称",
        "项目名称",
        "药品名称",
        "通用名",
        "通用名称",
        "item_name",
        "drug_name",
        "诊断名称",
        "医院名称",
    ),
    "form": ("form", "剂型", "dosage_form"),
    "class": ("class", "甲乙类", "类别等级", "医保类别", "支付类别", "报销类别", "payment_class", "甲乙丙"),
    "category": ("category", "费用类别", "收费类别", "类别", "fee_type"),
    "unit": ("unit", "单位", "计价单位"),
    "specification": ("specification", "规格", "规格型号"),
    "restriction": ("restriction", "备注", "限定支付范围", "支付限制", "restriction_note"),
    "aliases": ("aliases", "别名", "又名", "alias"),
    "effective_from": ("effective_from", "生效日期", "开始日期", "valid_from"),
    "effective_to": ("effective_to", "失效日期", "终止日期", "valid_to"),
    "grade": ("grade", "等级", "医院等级"),
    "province": ("province", "省", "省份"),
    "city": ("city", "市", "城市"),
}
"""Headings that are taken for a column where no mapping is given."""

_CLASS_SPELLINGS = {"甲类": "甲", "乙类": "乙", "丙类": "丙", "1": "甲", "2": "乙", "3": "丙", "自费": "丙"}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was refused: its number as a spreadsheet counts (the header is 1), and why."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of one list."""

    name: str
    kind: ListKind
    read: int
    rejected: tuple[RejectedRow, ...]
    left_out: int
    """Rows of the source that name nothing; they are no entries and stop nothing."""
    path: Path | None
    """Where it is kept; None where it was not imported."""

    @property
    def imported(self) -> bool:
        """Whether the list is in use now."""
        return self.path is not None


class ImportRefused(BaoxiaoError):
    """Nothing was imported; `reports` say why, row by row."""

    def __init__(self, message: str, reports: Sequence[ImportReport] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.reports = tuple(reports)


def import_list(
    file: Path,
    kind: ListKind,
    effective_from: date,
    *,
    name: str | None = None,
    effective_to: date | None = None,
    columns: Mapping[str, str] | None = None,
    scope: Scope = "local",
    source: str = "",
    licence: str = "",
    folder: Path | None = None,
) -> ImportReport:
    """Import one CSV or XLSX file.

    Args:
        file: A CSV (UTF-8 or GB 18030) or an XLSX; the first row holds the headings.
        kind: What the list is of.
        effective_from: The first day of treatment that it holds for.
        name: What to call it; the file's name without one.
        effective_to: The last day that it holds for, or None while it is open.
        columns: Our column (`entries.COLUMNS`) to the heading in the file, where headings are not known.
        scope: Of one item in several lists the `national` entry goes first.
        source: Where it comes from.
        licence: What its owner allows.
        folder: The catalog folder; `catalog.catalog_folder()` without one.

    Raises:
        ImportRefused: If the file cannot be read or a row is refused; nothing was imported then.
    """
    table = _read_table(file)
    rows = _mapped(table, kind, columns or {}, file)
    head = ListHead(
        name or file.stem, kind, effective_from, effective_to, scope, source or file.name, licence
    )
    return _import([(head, rows)], folder or catalog_folder())[0]


def import_folder(source: Path, folder: Path | None = None) -> tuple[ImportReport, ...]:
    """Import every public list of a folder such as `../shared/catalogs` (`public_lists.RECIPES`).

    Raises:
        ImportRefused: If none of the files is there or a row is refused; nothing was imported then.
    """
    tables: dict[str, list[dict[str, str]]] = {}
    lists: list[tuple[ListHead, list[Mapping[str, str]]]] = []
    for recipe in RECIPES:
        path = source / recipe.file
        if not path.is_file():
            continue
        if recipe.file not in tables:
            tables[recipe.file] = _read_table(path)
        lists.append((recipe.head, _cooked(recipe, tables[recipe.file])))
    if not lists:
        files = "、".join(dict.fromkeys(recipe.file for recipe in RECIPES))
        raise ImportRefused(
            f"{source}: 没有可导入的目录文件，应为其中之一 / holds no list to import, one of: {files}"
        )
    return _import(lists, folder or catalog_folder())


def _cooked(recipe: Recipe, table: list[dict[str, str]]) -> list[Mapping[str, str]]:
    try:
        return list(recipe.rows(table))
    except KeyError as error:
        raise ImportRefused(f"{recipe.file}: 缺少列 / lacks the column: {error.args[0]}") from error


def _read_table(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV or XLSX, every cell a text."""
    import pandas as pd  # heavy, and needed by an import alone

    suffix = file.suffix.lower()
    try:
        if suffix == ".csv":
            try:
                frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            except UnicodeDecodeError:
                frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="gb18030")
        elif suffix == ".xlsx":
            frame = pd.read_excel(file, dtype=str, keep_default_na=False, engine="openpyxl")
        else:
            raise ImportRefused(
                f"{file.name}: 不是 CSV 或 XLSX，请另存为其中一种 / not CSV or XLSX; save it as one of them"
            )
    except FileNotFoundError as error:
        raise ImportRefused(f"{file}: 没有这个文件 / no such file") from error
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ImportRefused(f"{file.name}: 打不开 / cannot be opened: {error}") from error
    headings = [str(heading).strip() for heading in frame.columns]
    return [
        {heading: str(cell).strip() for heading, cell in zip(headings, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def _mapped(
    table: Sequence[Mapping[str, str]], kind: ListKind, columns: Mapping[str, str], file: Path
) -> list[Mapping[str, str]]:
    headings = list(table[0]) if table else []
    unknown = [ours for ours in columns if ours not in COLUMNS[kind]]
    absent = [heading for heading in columns.values() if heading not in headings]
    if unknown or absent:
        raise ImportRefused(
            f"{file.name}: 列对应有误 / no such column: {'、'.join([*unknown, *absent])}；"
            f"文件的列 / the file has: {'、'.join(headings)}；"
            f"目录的列 / a list has: {'、'.join(COLUMNS[kind])}"
        )
    taken = dict(columns)
    for ours in COLUMNS[kind]:
        if ours not in taken:
            heading = next((one for one in _HEADINGS.get(ours, (ours,)) if one in headings), None)
            if heading is not None:
                taken[ours] = heading
    if "name" not in taken:
        raise ImportRefused(
            f"{file.name}: 没有名称列；文件的列 / no column of names; the file has: {'、'.join(headings)}"
        )
    return [{ours: row[heading] for ours, heading in taken.items()} for row in table]


def _import(
    lists: Sequence[tuple[ListHead, Sequence[Mapping[str, str]]]], folder: Path
) -> tuple[ImportReport, ...]:
    checked: list[tuple[ListHead, list[dict[str, str]]]] = []
    reports: list[ImportReport] = []
    for head, given in lists:
        rows = [row for row in given if row.get("name", "").strip() or not _may_be_left_out(head, row)]
        kept, rejected = _checked(head, rows)
        checked.append((replace(head, rows=len(kept)), kept))
        left_out = len(given) - len(rows)
        reports.append(ImportReport(head.name, head.kind, len(rows), tuple(rejected), left_out, None))
    refused = [report for report in reports if report.rejected]
    empty = [report for report in reports if not report.read]
    if refused or empty:
        count = sum(len(report.rejected) for report in refused)
        names = "、".join(report.name for report in refused or empty)
        reason = f"有 {count} 行不能接受 / {count} rows refused" if refused else "没有内容 / nothing in it"
        raise ImportRefused(f"未导入任何内容 / nothing was imported: {names}: {reason}", reports)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [_kept(head, rows, folder) for head, rows in checked]
    _register(folder, paths)
    return tuple(replace(report, path=path) for report, path in zip(reports, paths, strict=True))


def _may_be_left_out(head: ListHead, row: Mapping[str, str]) -> bool:
    """Whether a row without a name may be passed over: in the public lists, or where nothing stands in it."""
    public = any(recipe.head.name == head.name for recipe in RECIPES)
    return public or not any(value.strip() for value in row.values())


def _checked(
    head: ListHead, rows: Iterable[Mapping[str, str]]
) -> tuple[list[dict[str, str]], list[RejectedRow]]:
    kept: list[dict[str, str]] = []
    rejected: list[RejectedRow] = []
    for number, row in enumerate(rows, 2):
        clean = {column: " ".join(value.split()) for column, value in row.items()}
        try:
            kept.append(_clean_item(clean) if head.kind in ITEM_KINDS else _clean_other(clean, head.kind))
        except ValueError as error:
            rejected.append(RejectedRow(number, str(error), " ".join(clean.values())[:80]))
    return kept, rejected


def _clean_item(row: dict[str, str]) -> dict[str, str]:
    if not row.get("name"):
        raise ValueError("没有名称")
    level = _CLASS_SPELLINGS.get(row.get("class", ""), row.get("class", ""))
    if level and level not in CLASSES:
        raise ValueError(f"类别 {level!r} 不是甲、乙、丙")
    start, end = parse_day(row.get("effective_from", "")), parse_day(row.get("effective_to", ""))
    if start and end and end < start:
        raise ValueError(f"失效日期 {end} 早于生效日期 {start}")
    return {
        **row,
        "class": level,
        "category": category_of(row.get("category")) or row.get("category", ""),
        "aliases": _aliases(row),
        "effective_from": str(start or ""),
        "effective_to": str(end or ""),
    }


def _clean_other(row: dict[str, str], kind: ListKind) -> dict[str, str]:
    if not row.get("name"):
        raise ValueError("没有名称")
    if kind in ("diagnosis", "division") and not row.get("code"):
        raise ValueError("没有编码")
    return {**row, "aliases": _aliases(row)}


def _aliases(row: Mapping[str, str]) -> str:
    parts = (
        row.get("aliases", "")
        .replace("；", ALIAS_SEPARATOR)
        .replace(";", ALIAS_SEPARATOR)
        .split(ALIAS_SEPARATOR)
    )
    return ALIAS_SEPARATOR.join(part.strip() for part in parts if part.strip())


def _kept(head: ListHead, rows: Sequence[Mapping[str, str]], folder: Path) -> Path:
    """Write a list under a name made of its content, so that a list in use is never written over."""
    handle, made = tempfile.mkstemp(dir=folder, suffix=".new")
    os.close(handle)
    new = Path(made)
    try:
        write_list(new, head, rows)
        mark = hashlib.sha256(new.read_bytes()).hexdigest()[:12]
        return new.replace(folder / f"{head.kind}-{head.effective_from or 'undated'}-{mark}.csv")
    finally:
        new.unlink(missing_ok=True)


def _register(folder: Path, paths: Sequence[Path]) -> None:
    """Put lists into use; one of the same name and start makes room."""
    register = folder / IN_USE
    before = register.read_text(encoding="utf-8").splitlines() if register.is_file() else []
    new = [(path.name, read_head(path)) for path in paths]
    same = {(head.kind, head.name, head.effective_from) for _, head in new}
    stay = [line for line in before if line and not _is_one_of(folder / line, same)]
    in_use = list(dict.fromkeys([*stay, *(line for line, _ in new)]))
    handle, made = tempfile.mkstemp(dir=folder, suffix=".new")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(in_use) + "\n")
    Path(made).replace(register)
    for line in set(before) - set(in_use):
        if line:
            (folder / line).unlink(missing_ok=True)


def _is_one_of(path: Path, heads: set[tuple[ListKind, str, date | None]]) -> bool:
    if not path.is_file():
        return True
    head = read_head(path)
    return (head.kind, head.name, head.effective_from) in heads
