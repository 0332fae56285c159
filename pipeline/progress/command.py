"""`baoxiao status` and `baoxiao claims`: how far claims are, as a person or a program asks in a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.deadlines import Deadlines
from pipeline.errors import BaoxiaoError, QueryRefused
from pipeline.progress.asking import PersonalQuestion, question
from pipeline.progress.export import WRITERS, FileKind
from pipeline.progress.listing import Reader, full_page, list_record
from pipeline.progress.showing import claims_table, deadline_counts, status_view, submission_view
from pipeline.progress.status import (
    ProgressRecord,
    SubmissionProgressRecord,
    progress_record,
    submission_record,
)
from pipeline.progress.timeline import Audience
from pipeline.settings import settings
from pipeline.store.asked import ORDERS
from pipeline.store.database import Database
from pipeline.store.opened import opened_store
from pipeline.store.queries import claim_story, find, submission_story, walk_claims

app = typer.Typer()
claims_app = typer.Typer(invoke_without_command=True)
out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
UnmaskedOption = Annotated[
    bool, typer.Option("--unmasked", help="显示完整姓名和证件号码 / names and numbers in full")
]
CsvOption = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", dir_okay=False, help="全部写到 CSV / all to a CSV file"),
]
XlsxOption = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", dir_okay=False, help="全部写到 Excel / all to a workbook"),
]
OfficeOption = Annotated[str | None, typer.Option("--office", help="申报单位 / who entered it")]
AssignedOption = Annotated[str | None, typer.Option("--assigned-to", metavar="WHO", help="经办人 / reviewer")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=200, help="最多几件 / how many at most")]
AfterOption = Annotated[
    str | None, typer.Option("--after", metavar="CURSOR", help="接上一页 / goes on behind the page before")
]


@app.command()
def status(
    key: Annotated[
        str,
        typer.Argument(
            metavar="CLAIM|SUBMISSION|REFERENCE", help="申请号、提交号或外部编号 / id or reference"
        ),
    ],
    as_json: JsonOption = False,
    as_claimant: Annotated[
        bool,
        typer.Option("--as-claimant", help="按申请人可见内容显示 / only what the claimant may see"),
    ] = False,
    unmasked: UnmaskedOption = False,
) -> None:
    """查询办理进度 / tells how far a claim or an upload is.

    \b
    退出码 / exit status:
      0    找到 / found
      1    没有找到，或数据库无法使用 / not found, or the store cannot be used
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    now, clock = datetime.now(UTC), Deadlines()
    today = clock.day_of(now)
    audience: Audience = "claimant" if as_claimant else "office"
    upload: SubmissionProgressRecord | None = None
    with _database() as database, database.read() as connection:
        submission_id, claim_ids = find(connection, key)
        if submission_id is not None:
            upload = submission_record(submission_story(connection, submission_id))
        claims: list[ProgressRecord] = [
            progress_record(claim_story(connection, claim_id), today, audience, unmasked=unmasked)
            for claim_id in claim_ids
        ]
    if upload is None and not claims:
        _fail(f"{key}: 没有这件申请、提交或外部编号 / no claim, submission or reference of this name")
        raise typer.Exit(1)
    if as_json:
        _print_json({"submission": upload, "claims": claims})
        return
    if upload is not None:
        out.print(submission_view(upload))
    for index, progress in enumerate(claims):
        if index or upload is not None:
            out.rule(style="dim")
        out.print(status_view(progress, today))


@claims_app.callback()
def claims(
    context: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="状态，可多次 / state, may be given again")
    ] = None,
    office: OfficeOption = None,
    hospital: Annotated[
        str | None, typer.Option("--hospital", help="医院全称 / the hospital's full name")
    ] = None,
    insured_name: Annotated[
        str | None, typer.Option("--insured-name", metavar="NAME", help="参保人全名 / the full name")
    ] = None,
    id_number: Annotated[
        str | None, typer.Option("--id-number", metavar="ID", help="证件号码 / identity number")
    ] = None,
    reference: Annotated[str | None, typer.Option("--reference", help="外部编号 / the sender's own")] = None,
    submission_id: Annotated[
        str | None, typer.Option("--submission", metavar="ID", help="提交号 / of this upload")
    ] = None,
    assigned_to: AssignedOption = None,
    case_type: Annotated[str | None, typer.Option("--case-type", help="类别 / case type")] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="未通过的规则 / a rule that fails")
    ] = None,
    received_from: Annotated[str | None, typer.Option(metavar="DAY", help="申报日起 / received from")] = None,
    received_to: Annotated[str | None, typer.Option(metavar="DAY", help="申报日止 / received to")] = None,
    settle_to: Annotated[str | None, typer.Option(metavar="DAY", help="期限不晚于 / deadline up to")] = None,
    amount_from: Annotated[str | None, typer.Option(metavar="YUAN", help="申报金额不少于 / at least")] = None,
    amount_to: Annotated[str | None, typer.Option(metavar="YUAN", help="申报金额不多于 / at most")] = None,
    order: Annotated[
        str | None,
        typer.Option("--order", metavar="|".join(ORDERS), help="排序，默认最新在前 / the newest first"),
    ] = None,
    limit: LimitOption = 20,
    after: AfterOption = None,
    csv_file: CsvOption = None,
    xlsx_file: XlsxOption = None,
    as_json: JsonOption = False,
    unmasked: UnmaskedOption = False,
) -> None:
    """列出报销申请，可筛选、翻页、导出 / lists claims: filters, pages, files.

    `baoxiao claims due` 列出即将到期和已超期的 / lists what is due soon or overdue.
    """
    if context.invoked_subcommand is not None:
        return
    asked = {
        "state": state or None,
        "office": office,
        "hospital": hospital,
        "insured_name": insured_name,
        "id_number": id_number,
        "reference": reference,
        "submission_id": submission_id,
        "assigned_to": assigned_to,
        "case_type": case_type,
        "rule": rule,
        "received_from": received_from,
        "received_to": received_to,
        "settle_to": settle_to,
        "amount_from": amount_from,
        "amount_to": amount_to,
        "order": order,
        "limit": limit,
        "after": after,
    }
    _show(_question(asked), csv_file, xlsx_file, as_json=as_json, unmasked=unmasked)


@claims_app.command()
def due(
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="soon|overdue", help="只列其中一类 / one kind alone"),
    ] = None,
    office: OfficeOption = None,
    assigned_to: AssignedOption = None,
    limit: LimitOption = 20,
    after: AfterOption = None,
    csv_file: CsvOption = None,
    xlsx_file: XlsxOption = None,
    as_json: JsonOption = False,
    unmasked: UnmaskedOption = False,
) -> None:
    """列出已超期和 5 个工作日内到期的申请 / lists claims that are overdue or due within 5 working days."""
    asked = {
        "due": only or "any",
        "office": office,
        "assigned_to": assigned_to,
        "limit": limit,
        "after": after,
    }
    _show(_question(asked), csv_file, xlsx_file, as_json=as_json, unmasked=unmasked)


def _show(
    asked: PersonalQuestion, csv_file: Path | None, xlsx_file: Path | None, *, as_json: bool, unmasked: bool
) -> None:
    now = datetime.now(UTC)
    clock = _deadlines() if asked.due else Deadlines()
    reader = Reader(clock.day_of(now), unmasked)
    order = asked.ordered_by()
    named: dict[FileKind, Path | None] = {"csv": csv_file, "xlsx": xlsx_file}
    files = [(kind, file) for kind, file in named.items() if file is not None]
    with _database() as database:
        wanted = asked.claims(now, clock)
        for kind, file in files:
            rows = (list_record(claim, reader) for claim in walk_claims(database, wanted, order))
            written = _written(kind, rows, file)
            err.print(f"{file}: {written} 件申请 / claims", markup=False)
        if files:
            return
        found, behind, counted = full_page(database, wanted, order, asked.limit, asked.after)
    shown = [list_record(claim, reader) for claim in found]
    if as_json:
        _print_json({"schema_version": "1", "claims": shown, "after": behind, "count": str(counted)})
        return
    if shown:
        out.print(claims_table(shown, reader.today))
    summary = [f"共 {counted} 件 / {counted} claims", *(deadline_counts(shown) if asked.due else ())]
    out.print(" · ".join(summary), style="dim")
    if behind is not None:
        out.print(f"下一页 / next page: --after {behind}", style="dim", soft_wrap=True)


def _written(kind: FileKind, rows: Iterator[Any], file: Path) -> int:
    try:
        return WRITERS[kind](rows, file)
    except OSError as error:
        _fail(f"{file}: 无法写入 / cannot be written: {error.strerror}")
        raise typer.Exit(1) from error


def _question(asked: Mapping[str, Any]) -> PersonalQuestion:
    try:
        return question(asked)
    except QueryRefused as error:
        raise typer.BadParameter(str(error)) from error


def _deadlines() -> Deadlines:
    """The calendar of this office, with the holidays that it has noted itself."""
    from pipeline.wiring import office  # it knows the reader of pictures, which loads slowly

    return Deadlines(office(settings()))


@contextmanager
def _database() -> Iterator[Database]:
    """The store's database; what it refuses is told and ends the command."""
    try:
        with opened_store(settings()) as store:
            yield store.database
    except QueryRefused as error:
        raise typer.BadParameter(str(error)) from error
    except BaoxiaoError as error:
        _fail(str(error))
        raise typer.Exit(1) from error


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _fail(message: str) -> None:
    err.print(f"✗ {message}", markup=False)
