"""Progress as a person reads it in a terminal: where a claim is, what comes next, what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.deadlines import CHINA
from pipeline.life import STATE_NAMES
from pipeline.progress.listing import ClaimListRecord
from pipeline.progress.status import ProgressRecord, SubmissionProgressRecord, state_words
from pipeline.progress.timeline import MAIN_WAY, TimelineRecord

DONE, HERE, AHEAD = "●", "◉", "○"
NOTHING = "—"


def status_view(progress: ProgressRecord, today: date) -> RenderableType:
    """All that is said about a claim."""
    parts: list[RenderableType] = [_title(progress), Text()]
    if progress["step"] is not None:
        parts += [_way(progress["step"]["number"]), Text()]
    parts += [_facts(progress, today), Text(), Text("经过 / timeline", style="bold")]
    return Group(*parts, _happened(progress["timeline"]))


def submission_view(upload: SubmissionProgressRecord) -> RenderableType:
    """All that is said about an upload."""
    title = Text.assemble((upload["submission_id"], "bold"), "  ", (upload["state_name"], "bold cyan"))
    facts = _grid()
    facts.add_row("收到时间", f"{clock(upload['received_at'])}  received")
    if upload["reference"]:
        facts.add_row("外部编号", upload["reference"])
    facts.add_row("文件", f"{len(upload['files'])} 个，{upload['pages']} 页 / files, pages")
    for index, one in enumerate(upload["unreadable"]):
        facts.add_row("" if index else "无法读取", Text(f"{one['file']}: {one['message']}", style="red"))
    facts.add_row("报销申请", f"{len(upload['claims'])} 件 / claims")
    return Group(title, Text(), facts)


def claims_table(rows: Sequence[ClaimListRecord], today: date) -> Table:
    """A list of claims, one a line."""
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="dim")
    for name in ("申请号\nclaim", "状态\nstate", "参保人\ninsured", "医院\nhospital", "类别\ncase"):
        table.add_column(name, overflow="fold", no_wrap=name.startswith("申请号"))
    for name in ("申报金额\ndeclared", "风险\nrisk"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("申报日\nreceived", no_wrap=True)
    table.add_column("期限\nsettle by", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row["claim_id"]),
            STATE_NAMES[row["state"]] + (" 加急" if row["urgent"] else ""),
            Text(row["insured_name"] or NOTHING),
            Text(row["hospital_name"] or NOTHING),
            row["case_name"],
            yuan(row["declared"]),
            yuan(row["risk"]),
            clock(row["received_at"])[:10],
            _short_deadline(row, today),
        )
    return table


def yuan(amount: str | None) -> str:
    """An amount as people write it.

    >>> yuan("1234.50"), yuan(None)
    ('1,234.50', '—')
    """
    if amount is None:
        return NOTHING
    whole, _, fen = amount.partition(".")
    return f"{int(whole):,}.{fen}"


def clock(moment: str) -> str:
    """A moment by the clock in China, to the minute.

    >>> clock("2026-03-02T02:30:00+00:00")
    '2026-03-02 10:30'
    """
    return datetime.fromisoformat(moment).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _title(progress: ProgressRecord) -> Text:
    visited = progress["visit_from"]
    if visited is not None and progress["visit_to"] not in (None, visited):
        visited = f"{visited} – {progress['visit_to']}"
    about = (progress["insured_name"], progress["hospital_name"], progress["case_name"], visited)
    return Text.assemble(
        (progress["claim_id"], "bold"),
        "  ",
        (state_words(progress["state"]), "bold cyan"),
        "\n",
        " · ".join(part for part in about if part),
    )


def _way(number: int) -> Text:
    text = Text()
    for place, state in enumerate(MAIN_WAY, 1):
        mark, style = (DONE, "green") if place < number else (HERE, "bold cyan")
        if place > number:
            mark, style = AHEAD, "dim"
        text.append(f"{mark} {STATE_NAMES[state]}", style).append("  " if place < len(MAIN_WAY) else "")
    return text


def _facts(progress: ProgressRecord, today: date) -> Table:
    grid = _grid()
    grid.add_row("下一步", f"{progress['next']} / {progress['next_en']}")
    for index, material in enumerate(progress["missing_materials"]):
        grid.add_row("" if index else "缺少材料", Text(material, style="yellow"))
    grid.add_row("申报时间", clock(progress["declared_at"]))
    if progress["reference"]:
        grid.add_row("外部编号", Text(progress["reference"]))
    declared = progress["declared_amount"]
    grid.add_row("申报金额", f"{yuan(declared)} 元" if declared else NOTHING)
    paid = progress["reimbursed_amount"]
    grid.add_row("报销金额", f"{yuan(paid)} 元" if paid else "尚未结算 / not settled yet")
    payout = " ".join(filter(None, (progress["payout"]["bank_name"], progress["payout"]["account"])))
    grid.add_row("收款账户", Text(payout or NOTHING))
    if progress["settle_by"] is not None:
        grid.add_row("办理期限", _deadline(progress, today))
    for one in progress["amendments"]:
        reason = f"：{one['reason']}" if one["reason"] else ""
        said = f"第 {one['number']} 次，{one['kind_name']} / {one['kind']}，{clock(one['opened_at'])}{reason}"
        grid.add_row("差错更正", Text(said))
    return grid


def _deadline(progress: ProgressRecord, today: date) -> Text:
    settle_by = progress["settle_by"] or ""
    days = (date.fromisoformat(settle_by) - today).days
    if progress["overdue"]:
        return Text(f"{settle_by}，已超期 {-days} 天 / {-days} days overdue", style="bold red")
    if progress["settled_at"] is None and days >= 0:
        return Text(f"{settle_by}，还有 {days} 天 / {days} days left")
    return Text(settle_by)


def _short_deadline(row: ClaimListRecord, today: date) -> Text:
    if row["settle_by"] is None:
        return Text(NOTHING)
    if not row["overdue"]:
        return Text(row["settle_by"])
    days = (today - date.fromisoformat(row["settle_by"])).days
    return Text(f"{row['settle_by']} 超期 {days} 天", style="bold red")


def _happened(entries: Sequence[TimelineRecord]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for entry in entries:
        grid.add_row(clock(entry["at"]), Text(f"{entry['label']} / {entry['label_en']}"), _who(entry))
        if entry["reason"]:
            grid.add_row("", Text(entry["reason"], style="italic"), "")
    return grid


def _who(entry: TimelineRecord) -> Text:
    return Text(entry["who"] or "")


def deadline_counts(rows: Sequence[ClaimListRecord]) -> Iterator[str]:
    """How many of these are overdue and how many are not, in words."""
    overdue = sum(row["overdue"] for row in rows)
    if overdue:
        yield f"已超期 {overdue} 件 / {overdue} overdue"
    if len(rows) > overdue:
        yield f"即将到期 {len(rows) - overdue} 件 / {len(rows) - overdue} due soon"
