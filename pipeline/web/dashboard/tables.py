"""What the dashboard shows as tables: one shape for the page, beneath each plot, and for CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from pipeline.life import STATE_NAMES
from pipeline.progress.timeline import STATE_ENGLISH
from pipeline.review.error_bound import BoundRecord, QualityRecord
from pipeline.review.figures import WAITING_STATES, Age, Figures, Group, share
from pipeline.review.names import field_label
from pipeline.review.reviewers import ReviewerRecord
from pipeline.spreadsheet_text import spreadsheet_text
from pipeline.store.accounts import Language
from pipeline.web.language import translations

TableName: TypeAlias = Literal[
    "throughput", "automation", "minutes", "queue", "fields", "hospitals", "sources", "reviewers", "error"
]
TABLES: tuple[TableName, ...] = get_args(TableName)

ROWS_SHOWN: Final = 12
"""Of a group on the page; its CSV file has all."""
SOURCE_NAMES: Mapping[str, str] = {"folder": "文件夹", "online": "网上上传", "api": "接口"}
KIND_NAMES: Mapping[str, str] = {
    "total": "金额合计",
    "money": "其他金额",
    "words": "大写金额",
    "date": "日期类",
    "name": "姓名、名称",
    "code": "号码",
    "choice": "选项",
    "text": "文字",
    "row_name": "明细名称",
    "row_amount": "明细金额",
    "row_number": "明细数量、单价",
    "row_text": "明细文字",
}
"""Kinds of fields (`pipeline.field_kinds.kind_of`)."""
NONE: Final = "—"
"""Where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table: what its columns are called, which of them are numbers, and its rows as people read them."""

    name: TableName
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def as_csv(self) -> str:
        """The table as a CSV file, which spreadsheets open with the right characters."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([[_cell(cell) for cell in row] for row in self.rows])
        return "\ufeff" + text.getvalue()


def tables(
    told: Figures, quality: QualityRecord, reviewers: Sequence[ReviewerRecord], language: Language
) -> dict[TableName, FigureTable]:
    """All tables of the dashboard, in a language."""
    say = translations(language, "dashboard").gettext
    made = (
        FigureTable(
            "throughput",
            say("每日收件与办结"),
            (say("日期"), say("收件"), say("办结")),
            tuple((str(one.day), str(one.received), str(one.passed)) for one in told.days),
        ),
        FigureTable(
            "automation",
            say("无人工处理的比例"),
            (
                say("日期"),
                say("办结"),
                say("自动办结"),
                say("占比"),
                say("字段数"),
                say("人工答复"),
                say("字段无人工"),
            ),
            tuple(
                (
                    str(one.day),
                    str(one.passed),
                    str(one.untouched),
                    percent(share(one.untouched, one.passed)),
                    str(one.values),
                    str(one.touched),
                    percent(share(one.values - one.touched, one.values)),
                )
                for one in told.days
            ),
        ),
        FigureTable(
            "minutes",
            say("从打开到办结的时间"),
            (say("日期"), say("办结"), say("时间（分钟，中位数）")),
            tuple((str(one.day), str(one.passed), minutes(one.minutes)) for one in told.days),
        ),
        FigureTable(
            "queue",
            say("待办等了多久"),
            (say("等待天数"), *(state_name(state, language) for state in WAITING_STATES)),
            tuple((age_name(one), *map(str, one.numbers)) for one in told.ages),
        ),
        _values(told.groups["field"], say, language),
        _claims("hospitals", say("按医院"), say("医院"), told.groups["hospital"], say, str),
        _claims(
            "sources",
            say("按来源"),
            say("来源"),
            told.groups["source"],
            say,
            lambda name: say(SOURCE_NAMES.get(name, name)),
        ),
        _people(reviewers, say),
        _error(quality, say),
    )
    return {one.name: one for one in made}


def percent(part: float | None) -> str:
    """A share as people read it.

    >>> percent(0.9634), percent(1.0), percent(None)
    ('96.3 %', '100 %', '—')
    """
    if part is None:
        return NONE
    return f"{part:.0%}".replace("%", " %") if part in (0, 1) else f"{part:.1%}".replace("%", " %")


def minutes(middle: float | None) -> str:
    """Minutes as people read them.

    >>> minutes(3.46), minutes(75), minutes(None)
    ('3.5', '75', '—')
    """
    if middle is None:
        return NONE
    return f"{middle:.1f}" if middle < 10 else f"{middle:.0f}"


def age_name(age: Age) -> str:
    """A class of age as people read it: `0`, `1–2`, `11+`."""
    if age.until is None:
        return f"{age.since}+"
    return str(age.since) if age.since == age.until else f"{age.since}–{age.until}"


def state_name(state: str, language: Language) -> str:
    """What a state is called."""
    known = next(one for one in WAITING_STATES if one == state)
    return STATE_ENGLISH[known] if language == "en" else STATE_NAMES[known]


def _claims(
    name: TableName,
    title: str,
    what: str,
    groups: Iterable[Group],
    say: Callable[[str], str],
    shown: Callable[[str], str],
) -> FigureTable:
    return FigureTable(
        name,
        title,
        (what, say("办结"), say("自动办结"), say("字段无人工"), say("时间（分钟，中位数）")),
        tuple(
            (
                shown(one.name) or NONE,
                str(one.passed),
                percent(share(one.untouched, one.passed)),
                percent(share(one.values - one.touched, one.values)),
                minutes(one.minutes),
            )
            for one in groups
        ),
    )


def _values(groups: Iterable[Group], say: Callable[[str], str], language: Language) -> FigureTable:
    """Fields, those that take the most answers first."""
    ordered = sorted(groups, key=lambda one: (-one.touched, one.name))
    return FigureTable(
        "fields",
        say("按字段"),
        (say("字段"), say("字段数"), say("人工答复"), say("字段无人工")),
        tuple(
            (
                _field_name(one.name, say, language),
                str(one.values),
                str(one.touched),
                percent(share(one.values - one.touched, one.values)),
            )
            for one in ordered
        ),
    )


def _field_name(name: str, say: Callable[[str], str], language: Language) -> str:
    column = name.removeprefix("line_items.")
    label = field_label(column, language)
    return label if column == name else f"{say('明细')} · {label}"


def _people(reviewers: Sequence[ReviewerRecord], say: Callable[[str], str]) -> FigureTable:
    return FigureTable(
        "reviewers",
        say("按人员"),
        (
            say("人员"),
            say("办结"),
            say("答复"),
            say("改动"),
            say("每处秒数"),
            say("抽测答错"),
            say("第三人否定"),
        ),
        tuple(
            (
                one["shown_as"],
                str(one["passed"]),
                str(one["answered"]),
                str(one["changed"]),
                minutes(one["seconds"]),
                f"{one['planted_wrong']} / {one['planted']}" if one["planted"] else NONE,
                f"{one['overruled']} / {one['decided']}" if one["decided"] else NONE,
            )
            for one in reviewers
        ),
    )


def _error(quality: QualityRecord, say: Callable[[str], str]) -> FigureTable:
    """Of values that went through unseen, how many are wrong at most."""

    def row(kind: str, name: str, bound: BoundRecord) -> tuple[str, ...]:
        return (
            kind,
            name,
            str(bound["asked"]),
            str(bound["wrong"]),
            per_thousand(bound["upper"], bound["asked"]),
        )

    rows = [row(say("全部"), "", quality["overall"])]
    rows += [
        row(say("字段"), say(KIND_NAMES.get(one["name"], one["name"])), one) for one in quality["by_kind"]
    ]
    rows += [row(say("医院"), one["name"] or NONE, one) for one in quality["by_hospital"]]
    rows += [
        row(say("来源"), say(SOURCE_NAMES.get(one["name"], one["name"])), one) for one in quality["by_source"]
    ]
    return FigureTable(
        "error",
        say("免复核字段的差错上限"),
        (say("分组"), say("名称"), say("已抽查"), say("有误"), say("每千个最多（95 %）")),
        tuple(rows),
    )


def per_thousand(rate: float, asked: int) -> str:
    """A bound as people read it, per 1,000; of nothing nothing is known.

    >>> per_thousand(0.00038, 7900), per_thousand(1.0, 0)
    ('0.38', '—')
    """
    return f"{rate * 1000:.2f}" if asked else NONE


def _cell(cell: str) -> str:
    """A cell of a CSV file: numbers stay numbers, and nothing runs as a formula."""
    bare = cell.removesuffix(" %").replace(".", "", 1)
    return cell if bare.isdigit() else spreadsheet_text(cell)
