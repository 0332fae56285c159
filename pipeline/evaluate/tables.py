"""The figures as rows of text: the table of the terminal and of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.evaluate.evaluation import Record
from pipeline.evaluate.figures import Figures
from pipeline.evaluate.labels import COLUMNS, KINDS, SPLITS, field_name, named

NOTHING = "—"
MAIN_SPLITS = ("level", "type", "source", "container")
"""Shown on the terminal; layouts and types by level stand on the page and in the JSON."""
BY_SIZE = ("type", "layout")


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice of the papers: its name and the columns of the target table."""

    chinese: str
    english: str
    cells: tuple[str, ...]
    figures: Figures


def percent(value: float | None, places: int = 1) -> str:
    """A share as a percentage; what rounds to 100 is told from what is 100.

    >>> percent(1.0), percent(0.99999), percent(0.5), percent(None)
    ('100%', '>99.9%', '50.0%', '—')
    """
    if value is None:
        return NOTHING
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    text = f"{value:.{places}%}"
    return f">{100 - 10**-places:.{places}f}%" if text.startswith("100.") else text


def per_thousand(figures: Figures) -> str:
    """Wrong ones among a thousand accepted, and the bound."""
    if not figures["accepted"]:
        return NOTHING
    return f"{figures['per_1000']:.2f} (≤{figures['upper_per_1000']:.2f})"


def slice_row(chinese: str, english: str, figures: Figures) -> SliceRow:
    """The columns of the target table."""
    lowest = figures["lowest_key_field"]
    cells = (
        str(figures["papers"]),
        percent(figures["type"]["share"]),
        f"{percent(lowest['share'])} {field_name(lowest['name'])[0]}" if lowest else NOTHING,
        percent(figures["all_key_fields"]["share"]),
        percent(figures["rows"]["exact"]["f1"]),
        percent(figures["straight_through"]["share"]),
        percent(figures["accepted_papers"]["share"]),
        per_thousand(figures["accepted_wrong"]["fields"]),
        per_thousand(figures["accepted_wrong"]["rows"]),
        NOTHING if figures["ece"]["together"] is None else f"{figures['ece']['together']:.4f}",
    )
    return SliceRow(chinese, english, cells, figures)


def slice_rows(record: Record, split: str) -> list[SliceRow]:
    """The slices of one split: types and layouts by how many papers they have, others in their order."""
    rows = [slice_row(*named(value), figures) for value, figures in record["slices"].get(split, {}).items()]
    return sorted(rows, key=lambda row: -row.figures["papers"]) if split in BY_SIZE else rows


def overview(record: Record) -> Table:
    """The target table on the terminal."""
    table = Table(title="识别准确率 / accuracy", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True, style="dim")
    for chinese, english in COLUMNS:
        table.add_column(f"{chinese}\n{english}", justify="right", no_wrap=True)
    whole = slice_row("全部", "all", record["overall"])
    table.add_row(whole.chinese, whole.english, *whole.cells, style="bold")
    for split in MAIN_SPLITS:
        rows = slice_rows(record, split)
        if len(rows) > 1 or (rows and split in ("level", "type")):
            table.add_section()
            table.add_row(Text("/ ".join(SPLITS[split]), style="italic dim"))
            for row in rows:
                table.add_row(row.chinese, row.english, *row.cells)
    return table


def summary_lines(record: Record) -> Iterator[str]:
    """What the table has no column for, a sentence each."""
    overall: dict[str, Any] = record["overall"]
    read, papers = overall["read"], overall["papers"]
    if read < papers:
        yield f"没有读出的单据 / papers without a document: {papers - read} / {papers}"
    if extra := record["extra_documents"]:
        listed = ", ".join(f"{named(kind)[0]} {count}" for kind, count in extra.items())
        yield f"多出的单据 / documents beside the truth: {sum(extra.values())}（{listed}）"
    yield f"页的划分 / pages of each paper right: {_of(overall['pages'])}"
    keys = " · ".join(f"{field_name(n)[0]} {_of(f)}" for n, f in overall["key_fields"].items() if f["n"])
    yield f"关键字段 / key fields exact: {keys or NOTHING}"
    yield f"全部字段 / all fields exact: {_of(overall['all_fields'])}"
    characters = " · ".join(
        f"{field_name(name)[0]} {percent(figures['rate'], 2)}"
        for name, figures in overall["character_error_rate"].items()
    )
    yield f"名称的字符错误率 / character error rate of names: {characters or NOTHING}"
    rows = overall["rows"]
    yield (
        f"明细 / rows: 准 / precision {percent(rows['exact']['precision'])}"
        f" · 全 / recall {percent(rows['exact']['recall'])} · F1 {percent(rows['exact']['f1'])}"
        f" · 仅金额 / amounts F1 {percent(rows['amount']['f1'])}"
        f" · 仅名称 / names F1 {percent(rows['name']['f1'])}"
    )
    acceptance = overall["acceptance"]
    yield (
        f"免看比例 / accepted values: 字段 / fields {_of(acceptance['fields'])}"
        f" · 明细 / rows {_of(acceptance['rows'])}"
    )
    yield f"通过而错 / accepted but wrong, together: {per_thousand(overall['accepted_wrong']['together'])} ‰"
    yield (
        f"不一致的单据被指出 / inconsistent papers named: {_of(overall['inconsistent_named'])}"
        f"，交人看 / sent to a person: {_of(overall['inconsistent_flagged'])}"
        f" · 误报 / false alarms: {_of(overall['false_alarm'])}"
    )
    if rules := overall["false_alarm_rules"]:
        yield "误报的规则 / rules behind false alarms: " + " · ".join(
            f"{rule} {n}" for rule, n in rules.items()
        )
    kinds = overall["reliability"]
    listed = " · ".join(f"{KINDS[k][0]} {f['ece']:.4f}" for k, f in kinds.items() if f["ece"] is not None)
    yield f"校准误差 / ECE: {listed or NOTHING}"
    refused = record["refused"]["refused"]
    if refused["n"]:
        cause = record["refused"]["right_cause"]
        yield f"应拒的文件 / inputs refused: {_of(refused)}，原因相符 / right cause: {_of(cause)}"


def _of(figures: Figures) -> str:
    return f"{percent(figures['share'])} ({figures['k']}/{figures['n']})" if figures["n"] else NOTHING
