"""`baoxiao catalog`: import lists, list those in use, show one entry or what a text stands for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipeline.catalogs.catalog import Catalogs, catalog_folder
from pipeline.catalogs.entries import parse_day
from pipeline.catalogs.importing import (
    SHOWN_REJECTIONS,
    ImportRefused,
    ImportReport,
    import_folder,
    import_list,
)
from pipeline.model import CatalogMatch

app = typer.Typer(name="catalog", help="药品、诊疗项目、设施、耗材、诊断和医院目录", no_args_is_help=True)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--catalogs", help="目录文件夹，默认取 BAOXIAO_CATALOG_DIR 或用户数据目录", show_default=False
    ),
]
_Kind = Literal["drug", "service", "facility", "consumable", "diagnosis", "hospital", "division"]
_KIND_NAMES = {
    "drug": "药品",
    "service": "诊疗项目",
    "facility": "服务设施",
    "consumable": "医用耗材",
    "diagnosis": "诊断",
    "hospital": "医院",
    "division": "行政区划",
}


@app.command("import", help="导入一个目录文件；有一行不能接受就全部不导入。")
def import_one(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件，首行为列名")],
    kind: Annotated[_Kind, typer.Option(help="目录种类")],
    effective_from: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="生效日期")],
    effective_to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="失效日期，不填为长期有效")
    ] = None,
    name: Annotated[str | None, typer.Option(help="目录名称，默认为文件名")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="列的对应，如 name=药品名称；可重复", show_default=False),
    ] = None,
    scope: Annotated[Literal["national", "local"], typer.Option(help="国家目录优先于地方目录")] = "local",
    source: Annotated[str, typer.Option(help="来源")] = "",
    licence: Annotated[str, typer.Option(help="许可")] = "",
    catalogs: _Folder = None,
) -> None:
    """Import one file."""
    columns: dict[str, str] = {}
    for pair in column or ():
        ours, equals, heading = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair}：应写作 name=药品名称", param_hint="--column")
        columns[ours.strip()] = heading.strip()
    try:
        report = import_list(
            file,
            kind,
            effective_from.date(),
            name=name,
            effective_to=effective_to.date() if effective_to else None,
            columns=columns,
            scope=scope,
            source=source,
            licence=licence,
            folder=catalogs,
        )
    except ImportRefused as error:
        _say_refused(error)
        raise typer.Exit(1) from error
    _say_reports((report,))


@app.command("import-folder", help="一次导入文件夹中全部公开目录。")
def import_all(
    folder: Annotated[Path, typer.Argument(help="公开目录所在文件夹，如 ../shared/catalogs")],
    catalogs: _Folder = None,
) -> None:
    """Import every public list of a folder."""
    try:
        reports = import_folder(folder, catalogs)
    except ImportRefused as error:
        _say_refused(error)
        raise typer.Exit(1) from error
    _say_reports(reports)


@app.command("list", help="列出在用的目录：名称、种类、条数、有效期、来源。")
def list_lists(catalogs: _Folder = None) -> None:
    """List what is in use."""
    table = Table("名称", "种类", "条数", "生效", "失效", "来源")
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
    console.print(f"导入的目录存放在 {catalogs or catalog_folder()}")


@app.command("show", help="查一个项目：对应的目录条目和理由。")
def show(
    text: Annotated[str, typer.Argument(help="票据上印的项目名称、诊断或医院名称，或目录编码")],
    on: Annotated[str | None, typer.Option("--on", help="就诊日期")] = None,
    category: Annotated[str | None, typer.Option(help="费用类别，如 西药费")] = None,
    specification: Annotated[str | None, typer.Option(help="规格")] = None,
    unit: Annotated[str | None, typer.Option(help="单位")] = None,
    catalogs: _Folder = None,
) -> None:
    """Show what a text stands for."""
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
            f"{entry.restriction}  {entry.source}",
            highlight=False,
        )
    if coded:
        return
    match = known.match(text, on=day, category=category, specification=specification, unit=unit)
    table = Table("结果", "种类", "编码", "名称", "类别", "分数", "理由")
    _add(table, match, {"matched": "对应", "ambiguous": "不能区分", "unmatched": "没有对应"}[match.status])
    for candidate in match.candidates:
        _add(table, candidate, "候选")
    console.print(table)
    diagnosis = known.match_diagnosis(text)
    if diagnosis is not None:
        console.print(
            f"诊断：{diagnosis.name}  {diagnosis.icd10_code}  {diagnosis.score:.2f}", highlight=False
        )
    hospital = known.hospital(text)
    if hospital is not None:
        console.print(f"医院：{hospital.name}  {hospital.grade}  {hospital.code or ''}", highlight=False)


def _add(table: Table, match: CatalogMatch, called: str) -> None:
    table.add_row(
        called,
        _KIND_NAMES.get(match.kind or "", ""),
        match.code or "",
        match.name or "",
        match.reimbursement_class or "",
        f"{match.score:.2f}",
        match.why,
    )


def _say_reports(reports: tuple[ImportReport, ...]) -> None:
    console = Console()
    for report in reports:
        left_out = f"，另有 {report.left_out} 行没有名称，未收" if report.left_out else ""
        console.print(
            f"已导入 {report.name}（{_KIND_NAMES[report.kind]}）：{report.read:,} 条{left_out}",
            highlight=False,
        )


def _say_refused(error: ImportRefused) -> None:
    console = Console(stderr=True)
    console.print(error.message, highlight=False, markup=False)
    for report in error.reports:
        for row in report.rejected[:SHOWN_REJECTIONS]:
            console.print(
                f"  {report.name} 第 {row.row} 行：{row.reason}（{row.text}）", highlight=False, markup=False
            )
        if len(report.rejected) > SHOWN_REJECTIONS:
            console.print(f"  …另有 {len(report.rejected) - SHOWN_REJECTIONS} 行", highlight=False)
