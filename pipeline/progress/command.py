"""`baoxiao status` and `baoxiao claims`: how far claims are; the work is loaded by whoever needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
claims_app = typer.Typer(invoke_without_command=True)
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
    from pipeline.progress.in_terminal import show_status

    show_status(key, as_json=as_json, audience="claimant" if as_claimant else "office", unmasked=unmasked)


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
        typer.Option("--order", metavar="received_at|risk|settle_by", help="排序 / order"),
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
    from pipeline.progress.in_terminal import show_claims

    show_claims(asked, csv_file, xlsx_file, as_json=as_json, unmasked=unmasked)


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
    from pipeline.progress.in_terminal import show_claims

    show_claims(asked, csv_file, xlsx_file, as_json=as_json, unmasked=unmasked)
