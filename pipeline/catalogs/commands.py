"""`baoxiao catalog`: import lists, list those in use, compare two, show what a text stands for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipeline.catalogs.catalog import Catalogs, catalog_folder
from pipeline.catalogs.diff import ListDiff, diff, in_force, rows_of, same_columns, write_csv, write_json
from pipeline.catalogs.entries import COLUMNS, Entry, ListKind, parse_day, read_head, read_records
from pipeline.catalogs.importing import (
    SHOWN_REJECTIONS,
    ImportRefused,
    ImportReport,
    import_folder,
    import_list,
    not_imported,
    write_rejections,
)
from pipeline.errors import FolderUnusable
from pipeline.model import CatalogMatch

app = typer.Typer(
    name="catalog",
    help="药品、诊疗、诊断等目录 / catalogs of drugs, services, diagnoses",
    no_args_is_help=True,
)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--catalogs",
        help="目录文件夹，默认取 BAOXIAO_CATALOG_DIR 或用户数据目录"
        " / folder of the lists (default: BAOXIAO_CATALOG_DIR, else the user's data folder)",
        show_default=False,
    ),
]
_Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="CSV",
        help="把未收的行写入此文件 / writes the rows refused or left out",
        show_default=False,
    ),
]
_KIND_NAMES: dict[ListKind, str] = {
    "drug": "药品",
    "service": "诊疗项目",
    "facility": "服务设施",
    "consumable": "医用耗材",
    "diagnosis": "诊断",
    "procedure": "手术操作",
    "diagnosis_map": "诊断编码对照",
    "procedure_map": "手术编码对照",
    "hospital": "医院",
    "division": "行政区划",
    "drug_limit": "药品监管规则",
    "service_limit": "诊疗监管规则",
    "duplicate_charge": "重复收费规则",
    "holiday": "节假日",
}
SHOWN_CHANGES = 40
"""Rows of a difference on the terminal; all of them are in the CSV or JSON."""
_RESULTS = {
    "matched": "对应 matched",
    "ambiguous": "不能区分 ambiguous",
    "unmatched": "没有对应 unmatched",
}


@app.command("import")
def import_one(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件，首行为列名 / CSV or XLSX, headings first")],
    kind: Annotated[ListKind, typer.Option(help="目录种类 / what it lists")],
    effective_from: Annotated[
        datetime,
        typer.Option("--effective", "--from", formats=["%Y-%m-%d"], help="生效日期 / in force from"),
    ],
    effective_to: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=["%Y-%m-%d"], help="失效日期，不填为长期有效 / in force to (default: no end)"
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="目录名称，默认为文件名 / its name (default: that of the file)")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            help="列的对应，如 药品名称=name；可重复 / heading of a column; can be repeated",
            show_default=False,
        ),
    ] = None,
    columns_file: Annotated[
        Path | None,
        typer.Option(
            "--columns-file",
            help="列对应文件，一行一个，如 药品名称=name / a file with one such pair a line",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="XLSX 的工作表 / sheet of an XLSX", show_default=False)
    ] = None,
    scope: Annotated[
        Literal["national", "local"],
        typer.Option(help="国家目录优先于地方目录 / national lists go before local ones"),
    ] = "local",
    source: Annotated[str, typer.Option(help="来源 / where it comes from")] = "",
    licence: Annotated[str, typer.Option(help="许可 / its licence")] = "",
    report_file: _Report = None,
    catalogs: _Folder = None,
) -> None:
    """导入一个目录文件，有一行不能接受就全部不导入 / imports one list, all of it or nothing."""
    pairs = [*(_lines_of(columns_file) if columns_file else ()), *(column or ())]
    columns = dict(_column_pair(pair, kind) for pair in pairs)
    try:
        report = import_list(
            file,
            kind,
            effective_from.date(),
            name=name,
            effective_to=effective_to.date() if effective_to else None,
            columns=columns,
            sheet=sheet,
            scope=scope,
            source=source,
            licence=licence,
            folder=catalogs,
        )
    except (ImportRefused, FolderUnusable) as error:
        _say_refused(error, report_file)
        raise typer.Exit(1) from error
    _say_reports((report,))


def _lines_of(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(
            f"{file}: 读不了 / cannot be read: {error}", param_hint="--columns-file"
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _column_pair(pair: str, kind: ListKind) -> tuple[str, str]:
    """Our column and its heading, whichever of the two is written first."""
    left, _, right = (part.strip() for part in pair.partition("="))
    known = COLUMNS[kind]
    if right in known:
        return right, left
    if left in known and right:
        return left, right
    raise typer.BadParameter(
        f"{pair}: 应写作 药品名称=name，列为其中之一 / must be HEADING=COLUMN, one of: {'、'.join(known)}",
        param_hint="--column",
    )


@app.command("import-folder")
def import_all(
    folder: Annotated[Path, typer.Argument(help="公开目录所在文件夹 / folder of the public lists")],
    report_file: _Report = None,
    catalogs: _Folder = None,
) -> None:
    """一次导入文件夹中全部公开目录 / imports every public list of a folder."""
    try:
        reports = import_folder(folder, catalogs)
    except (ImportRefused, FolderUnusable) as error:
        _say_refused(error, report_file)
        raise typer.Exit(1) from error
    _say_reports(reports)
    if report_file:
        write_rejections(report_file, reports)
    console = Console(soft_wrap=True)
    for file, why in not_imported(folder).items():
        console.print(f"未导入 {file}：{why}", highlight=False, markup=False)


@app.command("diff")
def show_diff(
    before: Annotated[
        str | None,
        typer.Argument(help="在用目录的名称或目录文件 / the name of a list in use, or a list file"),
    ] = None,
    after: Annotated[str | None, typer.Argument(help="与之比较的目录 / the list to compare it with")] = None,
    kind: Annotated[
        ListKind | None, typer.Option(help="按日期比较时的目录种类 / with two days: of what kind")
    ] = None,
    days: Annotated[
        list[datetime] | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="就诊日期，给两次 / day of treatment, given twice"),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="写出 CSV / writes a CSV", show_default=False),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="写出 JSON / writes JSON", show_default=False),
    ] = None,
    catalogs: _Folder = None,
) -> None:
    """比较两个目录，或同一种目录在两个日期的内容 / compares two lists, or a kind of list on two days."""
    known = Catalogs.in_use(catalogs)
    if kind is not None and days is not None and len(days) == 2 and before is None:
        first, second = (in_force(known, kind, day.date()) for day in days)
    elif before is not None and after is not None and not days:
        paths = [_list_path(known, name) for name in (before, after)]
        kinds = [read_head(path).kind for path in paths]
        if not same_columns(*kinds):
            raise typer.BadParameter(f"两个目录种类不同 / lists of two kinds: {kinds[0]}, {kinds[1]}")
        try:
            first, second = (read_records(path) for path in paths)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    else:
        raise typer.BadParameter(
            "请给两个目录，或 --kind 和两个 --on / give two lists, or --kind and --on twice"
        )
    found = diff(first, second)
    if csv_file:
        write_csv(csv_file, found)
    if json_file:
        write_json(json_file, found)
    _say_diff(found)


def _list_path(known: Catalogs, name: str) -> Path:
    """The file of a list: by its name among those in use, or a file that holds one."""
    named = [path for head, path in known.lists if head.name == name]
    path = named[-1] if named else Path(name)
    if not path.is_file():
        names = "、".join(head.name for head, _ in known.lists)
        raise typer.BadParameter(f"{name}: 没有这个目录 / no such list; 在用 / in use: {names}")
    try:
        read_head(path)
    except ValueError as error:  # a table of an office or of Excel, in whatever encoding
        raise typer.BadParameter(
            f"{path.name}: 是普通表格，不是目录（缺少开头的 # name:、# kind: 等行）；请先导入，再按名称比较："
            f"baoxiao catalog import {path} --kind 种类 --effective YYYY-MM-DD --name 名称"
            " / a plain table and no list yet (it lacks the lines # name:, # kind: … at its top);"
            " import it first, then compare the two by name"
        ) from error
    return path


def _say_diff(found: ListDiff) -> None:
    console = Console()
    table = Table("", "编码\ncode", "名称\nname", "剂型\nform", "列\ncolumn", "原\nbefore", "现\nafter")
    words = {"added": "新增 added", "removed": "删除 removed", "changed": "变更 changed"}
    rows = rows_of(found)
    for row in rows[:SHOWN_CHANGES]:
        table.add_row(
            words[row["what"]],
            *(row[key] for key in ("code", "name", "form", "column", "before", "after")),
        )
    if rows:
        console.print(table)
    if len(rows) > SHOWN_CHANGES:
        left = len(rows) - SHOWN_CHANGES
        console.print(
            f"…另有 {left:,} 行，用 --csv 写出全部 / {left:,} more rows, see --csv", highlight=False
        )
    console.print(
        f"新增 {len(found.added):,}，删除 {len(found.removed):,}，"
        f"变更 {len(found.changed):,}，相同 {found.same:,}"
        f" / {len(found.added):,} added, {len(found.removed):,} removed, "
        f"{len(found.changed):,} changed, {found.same:,} the same",
        highlight=False,
    )


@app.command("list")
def list_lists(catalogs: _Folder = None) -> None:
    """列出在用的目录 / lists what is in use: kind, entries, days in force, source."""
    table = Table("名称\nname", "种类\nkind", "条数\nentries", "生效\nfrom", "失效\nto", "来源\nsource")
    for head, _ in Catalogs.in_use(catalogs).lists:
        table.add_row(
            head.name,
            _KIND_NAMES[head.kind],
            f"{head.rows:,}",
            str(head.effective_from or "未载明"),
            str(head.effective_to or ""),
            head.source,
        )
    console = Console()
    console.print(table)
    console.print(f"导入的目录存放在 / imported lists lie in: {catalogs or catalog_folder()}", markup=False)


@app.command("show")
def show(
    text: Annotated[
        str,
        typer.Argument(
            help="票据上印的项目名称、诊断或医院名称，或目录编码"
            " / a name as printed: of an item, a diagnosis, a hospital; or a code"
        ),
    ],
    on: Annotated[str | None, typer.Option("--on", help="就诊日期 / day of treatment")] = None,
    category: Annotated[str | None, typer.Option(help="费用类别，如 西药费 / fee category")] = None,
    specification: Annotated[str | None, typer.Option(help="规格 / specification")] = None,
    unit: Annotated[str | None, typer.Option(help="单位 / unit")] = None,
    catalogs: _Folder = None,
) -> None:
    """查一个项目对应的目录条目和理由 / shows the entry that a text stands for, and why."""
    try:
        day: date | None = parse_day(on) if on else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--on") from error
    console = Console()
    known = Catalogs.in_use(catalogs)
    coded = known.with_code(text)
    for entry in coded:
        console.print(
            f"{entry.code}  {entry.name}  {entry.form}  {entry.reimbursement_class or '类别未载'}  "
            f"{_price(entry)}  {entry.restriction}  {entry.source}",
            highlight=False,
        )
    if coded:
        return
    match = known.match(text, on=day, category=category, specification=specification, unit=unit)
    table = Table(
        "结果\nresult", "种类\nkind", "编码\ncode", "名称\nname", "类别\nclass", "分数\nscore", "理由\nwhy"
    )
    _add(table, match, _RESULTS[match.status])
    for candidate in match.candidates:
        _add(table, candidate, "候选 candidate")
    console.print(table)
    diagnosis = known.match_diagnosis(text)
    if diagnosis is not None:
        console.print(
            f"诊断 / diagnosis: {diagnosis.name}  {diagnosis.icd10_code}  {diagnosis.score:.2f}",
            highlight=False,
        )
    procedure = known.procedure(text)
    if procedure is not None:
        console.print(f"手术操作 / procedure: {procedure.name}  {procedure.code}", highlight=False)
    hospital = known.hospital(text)
    if hospital is not None:
        console.print(
            f"医院 / hospital: {hospital.name}  {hospital.grade}  {hospital.code or ''}", highlight=False
        )


def _price(entry: Entry) -> str:
    price = "" if entry.price is None else f"{entry.price:f} 元 "
    return f"{price}{entry.price_basis}"


def _add(table: Table, match: CatalogMatch, called: str) -> None:
    table.add_row(
        called,
        _KIND_NAMES[match.kind] if match.kind else "",
        match.code or "",
        match.name or "",
        match.reimbursement_class or "",
        f"{match.score:.2f}",
        match.why,
    )


def _say_reports(reports: tuple[ImportReport, ...]) -> None:
    console = Console()
    for report in reports:
        count = len(report.left_out)
        left_out, left_out_english = (
            (f"，另有 {count} 行没有名称，未收", f", {count} rows without a name left out")
            if count
            else ("", "")
        )
        console.print(
            f"已导入 {report.name}（{_KIND_NAMES[report.kind]}）：{report.read:,} 条{left_out}"
            f" / imported: {report.read:,} entries{left_out_english}",
            highlight=False,
            markup=False,
        )


def _say_refused(error: ImportRefused | FolderUnusable, report_file: Path | None) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"✗ {error}", highlight=False, markup=False)
    reports = error.reports if isinstance(error, ImportRefused) else ()
    for report in reports:
        for row in report.rejected[:SHOWN_REJECTIONS]:
            column = f" {row.column}" if row.column else ""
            console.print(
                f"  {report.name} 第 {row.row} 行 / row {row.row}{column}: {row.reason}（{row.text}）",
                highlight=False,
                markup=False,
            )
        left = len(report.rejected) - SHOWN_REJECTIONS
        if left > 0:
            console.print(f"  …另有 {left} 行 / {left} more rows", highlight=False)
    if report_file and reports:
        write_rejections(report_file, reports)
        console.print(f"  全部见 / all of them: {report_file}", highlight=False, markup=False)
