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
_RESULTS = {
    "matched": "对应 matched",
    "ambiguous": "不能区分 ambiguous",
    "unmatched": "没有对应 unmatched",
}


@app.command("import")
def import_one(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件，首行为列名 / CSV or XLSX, headings first")],
    kind: Annotated[_Kind, typer.Option(help="目录种类 / what it lists")],
    effective_from: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="生效日期 / in force from")
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
            help="列的对应，如 name=药品名称；可重复 / heading of a column; can be repeated",
            show_default=False,
        ),
    ] = None,
    scope: Annotated[
        Literal["national", "local"],
        typer.Option(help="国家目录优先于地方目录 / national lists go before local ones"),
    ] = "local",
    source: Annotated[str, typer.Option(help="来源 / where it comes from")] = "",
    licence: Annotated[str, typer.Option(help="许可 / its licence")] = "",
    catalogs: _Folder = None,
) -> None:
    """导入一个目录文件，有一行不能接受就全部不导入 / imports one list, all of it or nothing."""
    columns: dict[str, str] = {}
    for pair in column or ():
        ours, equals, heading = pair.partition("=")
        if not equals:
            raise typer.BadParameter(
                f"{pair}: 应写作 name=药品名称 / must be NAME=HEADING", param_hint="--column"
            )
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


@app.command("import-folder")
def import_all(
    folder: Annotated[Path, typer.Argument(help="公开目录所在文件夹 / folder of the public lists")],
    catalogs: _Folder = None,
) -> None:
    """一次导入文件夹中全部公开目录 / imports every public list of a folder."""
    try:
        reports = import_folder(folder, catalogs)
    except ImportRefused as error:
        _say_refused(error)
        raise typer.Exit(1) from error
    _say_reports(reports)


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
            f"{entry.restriction}  {entry.source}",
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
    hospital = known.hospital(text)
    if hospital is not None:
        console.print(
            f"医院 / hospital: {hospital.name}  {hospital.grade}  {hospital.code or ''}", highlight=False
        )


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
        left_out, left_out_english = (
            (
                f"，另有 {report.left_out} 行没有名称，未收",
                f", {report.left_out} rows without a name left out",
            )
            if report.left_out
            else ("", "")
        )
        console.print(
            f"已导入 {report.name}（{_KIND_NAMES[report.kind]}）：{report.read:,} 条{left_out}"
            f" / imported: {report.read:,} entries{left_out_english}",
            highlight=False,
            markup=False,
        )


def _say_refused(error: ImportRefused) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"✗ {error.message}", highlight=False, markup=False)
    for report in error.reports:
        for row in report.rejected[:SHOWN_REJECTIONS]:
            console.print(
                f"  {report.name} 第 {row.row} 行 / row {row.row}: {row.reason}（{row.text}）",
                highlight=False,
                markup=False,
            )
        left = len(report.rejected) - SHOWN_REJECTIONS
        if left > 0:
            console.print(f"  …另有 {left} 行 / {left} more rows", highlight=False)
