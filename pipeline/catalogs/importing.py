"""Bringing lists in: one file, or the whole folder of public lists, all or nothing.

A list is checked as a whole first. Where one row is refused nothing is imported, and the report says which
rows and why. A list of the same name and the same start is replaced. The register `in_use.txt` names the
files in use and is replaced in one step, so a scan that runs meanwhile sees the old lists or the new
ones, never a mixture; what was replaced is deleted by the import after that one. Imports take turns.
"""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.catalogs.catalog import IN_USE, catalog_folder
from pipeline.catalogs.checking import MUST_HAVE, checked_rows
from pipeline.catalogs.entries import COLUMNS, ListHead, ListKind, Scope, read_head, write_list
from pipeline.catalogs.public_lists import NOT_LISTS, RECIPES, Recipe
from pipeline.catalogs.spreadsheet import (
    SHOWN_CHARACTERS,
    RejectedRow,
    Row,
    Table,
    TableRefused,
    read_table,
)
from pipeline.errors import BaoxiaoError
from pipeline.store.exclusive import exclusively

SHOWN_REJECTIONS = 20
LOCK = "catalogs.lock"
"""In the catalog folder: held while the lists in use or what was learned about them are changed."""

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
    "price": ("price", "价格", "单价", "支付标准", "最高限价", "price_yuan"),
    "price_basis": ("price_basis", "价格说明", "支付标准说明"),
    "first_self_pay_ratios": ("first_self_pay_ratios", "先行自付比例", "首自付比例", "先自付比例"),
    "effective_from": ("effective_from", "生效日期", "开始日期", "valid_from"),
    "effective_to": ("effective_to", "失效日期", "终止日期", "valid_to"),
    "grade": ("grade", "等级", "医院等级"),
    "province": ("province", "省", "省份"),
    "city": ("city", "市", "城市"),
    "former_names": ("former_names", "曾用名"),
    "first_year": ("first_year", "启用年"),
    "last_year": ("last_year", "停用年"),
    "clinical_code": ("clinical_code", "临床版编码", "clinical_version_code"),
    "included_code": ("included_code", "被包含项目编码", "included_item_code"),
    "included_name": ("included_name", "被包含项目名称", "included_item_name"),
    "frequency": ("frequency", "频次", "时间范围"),
    "limit": ("limit", "限制类型", "limit_type"),
    "value": ("value", "限制值", "limit_value"),
    "note": ("note", "说明", "备注", "explanation"),
    "batch": ("batch", "批次"),
    "day": ("day", "日期", "date"),
    "kind": ("kind", "类型"),
}
"""Headings that are taken for a column where no mapping is given."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of one list."""

    name: str
    kind: ListKind
    read: int
    rejected: tuple[RejectedRow, ...]
    left_out: tuple[RejectedRow, ...]
    """Rows of a public list that are no entries (headings of chapters); they stop nothing."""
    path: Path | None
    """Where it is kept; None where it was not imported."""
    source: str = ""
    """The file that it was read from."""

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
    sheet: str | None = None,
    scope: Scope = "local",
    source: str = "",
    licence: str = "",
    folder: Path | None = None,
) -> ImportReport:
    """Import one CSV or XLSX file.

    Args:
        file: A CSV (UTF-8, UTF-16, GBK, GB 18030) or an XLSX; the first row holds the headings.
        kind: What the list is of.
        effective_from: The first day of treatment that it holds for.
        name: What to call it; the file's name without one.
        effective_to: The last day that it holds for, or None while it is open.
        columns: Our column (`entries.COLUMNS`) to the heading in the file, where headings are not known.
        sheet: Which sheet of an XLSX, where several are filled.
        scope: Of one item in several lists the `national` entry goes first.
        source: Where it comes from.
        licence: What its owner allows.
        folder: The catalog folder; `catalog.catalog_folder()` without one.

    Raises:
        ImportRefused: If the file cannot be read or a row is refused; nothing was imported then.
    """
    table = _without_repeats(_opened(file, sheet))
    rows = _mapped(table, kind, columns or {}, file)
    head = ListHead(
        name or file.stem, kind, effective_from, effective_to, scope, source or file.name, licence
    )
    draft = _Draft(head, rows, table.broken, file.name)
    return _import([draft], folder or catalog_folder())[0]


def import_folder(source: Path, folder: Path | None = None) -> tuple[ImportReport, ...]:
    """Import every public list of a folder such as `../shared/catalogs` (`public_lists.RECIPES`).

    Raises:
        ImportRefused: If none of the files is there or a row is refused; nothing was imported then.
    """
    tables: dict[str, Table] = {}
    drafts: list[_Draft] = []
    for recipe in RECIPES:
        path = source / recipe.file
        if not path.is_file():
            continue
        if recipe.file not in tables:
            tables[recipe.file] = _opened(path)
        table = tables[recipe.file]
        drafts.append(_Draft(recipe.head, _cooked(recipe, table), table.broken, recipe.file, is_public=True))
    if not drafts:
        files = "、".join(dict.fromkeys(recipe.file for recipe in RECIPES))
        raise ImportRefused(
            f"{source}: 没有可导入的目录文件，应为其中之一 / holds no list to import, one of: {files}"
        )
    return _import(drafts, folder or catalog_folder())


def not_imported(source: Path) -> dict[str, str]:
    """The CSV files of a folder of public lists that no list is made of, each with the reason."""
    used = {recipe.file for recipe in RECIPES}
    return {
        path.name: NOT_LISTS.get(
            path.name, "不是本程序认识的公开目录，请用 catalog import / not a known public list"
        )
        for path in sorted(source.glob("*.csv"))
        if path.name not in used
    }


def write_rejections(file: Path, reports: Iterable[ImportReport]) -> None:
    """Write every row that was refused or left out as a CSV that spreadsheets open."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("list", "source", "row", "column", "reason", "text", "outcome"))
        for report in reports:
            for outcome, rows in (("refused", report.rejected), ("left_out", report.left_out)):
                writer.writerows(
                    (report.name, report.source, row.row, row.column, row.reason, f"'{row.text}", outcome)
                    for row in rows
                )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A list about to be imported; a public one may hold headings, which name nothing."""

    head: ListHead
    rows: Sequence[Row]
    broken: tuple[RejectedRow, ...]
    source: str
    is_public: bool = False


def _opened(file: Path, sheet: str | None = None) -> Table:
    try:
        return read_table(file, sheet)
    except TableRefused as error:
        raise ImportRefused(f"未导入任何内容 / nothing was imported: {error.message}") from error


def _without_repeats(table: Table) -> Table:
    """The table with each row that says word for word what an earlier one says among the broken ones."""
    first: dict[tuple[str, ...], int] = {}
    rows: list[Row] = []
    repeated: list[RejectedRow] = []
    for row in table.rows:
        texts = tuple(row.cells.values())
        if texts in first:
            reason = f"与第 {first[texts]} 行完全相同 / the same as row {first[texts]}"
            repeated.append(RejectedRow(row.number, reason, " ".join(texts)[:SHOWN_CHARACTERS]))
        else:
            first[texts] = row.number
            rows.append(row)
    return replace(table, rows=tuple(rows), broken=(*table.broken, *repeated))


def _cooked(recipe: Recipe, table: Table) -> list[Row]:
    try:
        made = list(recipe.rows([row.cells for row in table.rows]))
    except KeyError as error:
        raise ImportRefused(f"{recipe.file}: 缺少列 / lacks the column: {error.args[0]}") from error
    return [Row(row.number, cells) for row, cells in zip(table.rows, made, strict=True) if cells is not None]


def _mapped(table: Table, kind: ListKind, columns: Mapping[str, str], file: Path) -> list[Row]:
    unknown = [ours for ours in columns if ours not in COLUMNS[kind]]
    absent = [heading for heading in columns.values() if heading not in table.headings]
    if unknown or absent:
        raise ImportRefused(
            f"{file.name}: 列对应有误 / no such column: {'、'.join([*unknown, *absent])}；"
            f"文件的列 / the file has: {'、'.join(table.headings)}；"
            f"目录的列 / a list has: {'、'.join(COLUMNS[kind])}"
        )
    taken = dict(columns)
    for ours in COLUMNS[kind]:
        if ours not in taken:
            known = _HEADINGS.get(ours, (ours,))
            heading = next((one for one in known if one in table.headings), None)
            if heading is not None:
                taken[ours] = heading
    lacking = [ours for ours in MUST_HAVE[kind] if ours not in taken]
    if lacking:
        raise ImportRefused(
            f"{file.name}: 没有列 {'、'.join(lacking)}，可用 --column 指定；文件的列："
            f"{'、'.join(table.headings)} / lacks the column {', '.join(lacking)}; name it with --column"
        )
    return [
        Row(row.number, {ours: row.cells[heading] for ours, heading in taken.items()}) for row in table.rows
    ]


def _import(drafts: Sequence[_Draft], folder: Path) -> tuple[ImportReport, ...]:
    checked: list[tuple[ListHead, list[dict[str, str]]]] = []
    reports: list[ImportReport] = []
    for draft in drafts:
        head = draft.head
        nameless = [row for row in draft.rows if _is_heading(row, draft)]
        rows = [row for row in draft.rows if not _is_heading(row, draft)]
        kept, rejected = checked_rows(head.kind, rows, may_repeat=draft.is_public)
        checked.append((replace(head, rows=len(kept)), kept))
        refused = (*draft.broken, *rejected)
        left_out = tuple(
            RejectedRow(row.number, "标题或空行，没有名称 / a heading, names nothing", "") for row in nameless
        )
        read = len(rows) + len(draft.broken)
        reports.append(ImportReport(head.name, head.kind, read, refused, left_out, None, draft.source))
    faulty = [report for report in reports if report.rejected]
    empty = [report for report in reports if not report.read]
    if faulty or empty:
        count = sum(len(report.rejected) for report in faulty)
        names = "、".join(report.name for report in faulty or empty)
        reason = f"有 {count} 行不能接受 / {count} rows refused" if faulty else "没有内容 / nothing in it"
        raise ImportRefused(f"未导入任何内容 / nothing was imported: {names}: {reason}", reports)
    with exclusively(folder / LOCK):
        _sweep(folder)
        paths = [_kept(head, rows, folder) for head, rows in checked]
        _register(folder, paths)
    return tuple(replace(report, path=path) for report, path in zip(reports, paths, strict=True))


def _is_heading(row: Row, draft: _Draft) -> bool:
    return draft.is_public and not row.cells.get("name")


def _sweep(folder: Path) -> None:
    """Delete lists that are not in use: what the import before this one replaced, or half wrote."""
    register = folder / IN_USE
    used = set(register.read_text(encoding="utf-8").splitlines()) if register.is_file() else set()
    for path in (*folder.glob("*-*-????????????.csv"), *folder.glob("*.new")):
        if path.name not in used:
            path.unlink(missing_ok=True)


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


def _is_one_of(path: Path, heads: set[tuple[ListKind, str, date | None]]) -> bool:
    if not path.is_file():
        return True
    head = read_head(path)
    return (head.kind, head.name, head.effective_from) in heads
