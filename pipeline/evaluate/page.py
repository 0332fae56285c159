"""`evaluation.html`: the figures, drawings of them, and every wrong value beside its place on the page.

One file that needs nothing else; everything shown comes from papers and is escaped. It holds personal data.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.evaluate import against, labels, tables
from pipeline.evaluate.crops import Crop, crops_of
from pipeline.evaluate.evaluation import Record
from pipeline.report.views import box_style

HERE = Path(__file__).parent
REPORT_STYLE = HERE.parent / "report" / "report.css"
SPLITS: Final = ("level", "type", "source", "container", "layout", "type_level")
MOST_CROPS = 300
MOST_ROWS = 3000
"""Wrong values shown with their place, and shown at all; the JSON holds every one."""
MOST_CHANGES = 500
NO_PLOTS = (
    "没有图表：缺少 matplotlib，请运行 pip install 'baoxiao[accuracy]' 后再评测"
    " / no drawings: matplotlib is missing, run pip install 'baoxiao[accuracy]' and evaluate again"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters, and whether it differs from the other side."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class WrongView:
    """A wrong value as it is shown."""

    one: Mapping[str, Any]
    name: tuple[str, str]
    fault: tuple[str, str]
    truth: tuple[Piece, ...]
    reading: tuple[Piece, ...]
    picture: str
    mark: str
    note: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing under its name."""

    title: tuple[str, str]
    note: tuple[str, str]
    svg: Markup


def write_page(page: Path, record: Record, files: Path, run: Path) -> str | None:
    """Write the page at `page`; a sentence for the person at the terminal where something is missing.

    Args:
        page: Where the page goes.
        record: The evaluation.
        files: Where the papers lie.
        run: The folder of the run, which keeps small pictures of the pages.
    """
    note = None
    try:
        plots = tuple(plots_of(record))
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        plots, note = (), NO_PLOTS
    worst = sorted(record["wrong"], key=badness)
    crops = crops_of(worst[:MOST_CROPS], files, run)
    template = _environment().get_template("evaluation.html.j2")
    unfinished = page.with_name(page.name + ".part")
    with unfinished.open("w", encoding="utf-8") as stream:
        for part in template.generate(
            record=record,
            overall=record["overall"],
            whole=tables.slice_row("全部", "all", record["overall"]),
            splits=[(labels.SPLITS[split], tables.slice_rows(record, split)) for split in SPLITS],
            sentences=list(tables.summary_lines(record)),
            plots=plots,
            plots_note=note,
            wrong=views_of(worst[:MOST_ROWS], crops),
            shown=min(len(worst), MOST_ROWS),
            with_crops=min(len(worst), MOST_CROPS),
            accepted_wrong=sum(one["status"] == "accepted" for one in worst),
            changes=record.get("against"),
            most_changes=MOST_CHANGES,
        ):
            stream.write(part)
    unfinished.replace(page)
    return note


def badness(one: Mapping[str, Any]) -> tuple[bool, float, str, str]:
    """The order of wrong values: accepted ones first, then the surest."""
    return one["status"] != "accepted", -one["confidence"], one["paper"], one["path"]


def plots_of(record: Record) -> Iterator[Plot]:
    """The drawings.

    Raises:
        ModuleNotFoundError: If matplotlib is not installed.
    """
    from pipeline.evaluate import plots

    overall = record["overall"]
    if overall["reliability"]["all"]["n"]:
        yield Plot(
            ("可信度", "Reliability"),
            (
                "点在虚线上，把握就是概率；点越大，值越多；竖线是 95 % 区间。",
                "On the dashed line a confidence is a probability. Larger points: more values; bars: 95 %.",
            ),
            Markup(plots.reliability_plot(overall["reliability"])),  # noqa: S704 - drawn by us from numbers
        )
        yield Plot(
            ("按字段种类", "By kind of field"),
            ("同上，分种类。", "The same, kind by kind."),
            Markup(plots.kinds_plot(overall["reliability"])),  # noqa: S704 - drawn by us from numbers
        )
    for split in ("level", "source"):
        slices = record["slices"].get(split, {})
        if len(slices) > 1:
            chinese, english = labels.SPLITS[split]
            yield Plot(
                (f"按{chinese}", f"By {english}"),
                ("柱上是百分数；名称下是份数。", "Percentages on the bars, papers below."),
                Markup(plots.bars_plot(slices)),  # noqa: S704 - layout names pass through XML escaping
            )
    now = {
        part: (wrong["accepted"] / overall["values_read"][part], wrong["per_1000"] / 1000)
        for part in ("fields", "rows")
        if (wrong := overall["accepted_wrong"][part])["accepted"]
    }
    if any(overall["trade_off"].values()):
        yield Plot(
            ("自动化与差错", "Automation against errors"),
            (
                "门槛从高到低移动：免看的值越多，其中错的越多。圆点是这次运行。",
                "As the threshold falls, more values pass unseen and more of those are wrong. Dot: this run.",
            ),
            Markup(plots.trade_off_plot(overall["trade_off"], now)),  # noqa: S704 - by us, from numbers
        )


def views_of(wrong: Sequence[Mapping[str, Any]], crops: Mapping[int, Crop]) -> Iterator[WrongView]:
    """Wrong values as they are shown, one at a time."""
    for index, one in enumerate(wrong):
        crop = crops.get(index, Crop())
        truth, reading = differing(one["truth"], one["reading"])
        yield WrongView(
            one=one,
            name=labels.field_name(one["field"]),
            fault=labels.named(one["fault"]),
            truth=truth,
            reading=reading,
            picture=base64.b64encode(crop.jpeg).decode("ascii"),
            mark=box_style(crop.mark) if crop.mark else "",
            note=crop.note,
        )


def differing(truth: str | None, reading: str | None) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, those that differ marked.

    >>> [piece.text for piece in differing("王小明", "王小朋")[1] if piece.differs]
    ['朋']
    """
    if truth is None or reading is None:
        return _whole(truth), _whole(reading)
    left, right = [], []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, truth, reading, autojunk=False).get_opcodes():
        left.append(Piece(truth[a0:a1], tag != "equal"))
        right.append(Piece(reading[b0:b1], tag != "equal"))
    return tuple(piece for piece in left if piece.text), tuple(piece for piece in right if piece.text)


def _is_whole(figures: Mapping[str, Any]) -> bool:
    """Whether a field was right wherever it stood, and read nowhere else."""
    return figures["k"] == figures["n"] and not figures["made_up"]


def _whole(text: str | None) -> tuple[Piece, ...]:
    return () if text is None else (Piece(text, differs=False),)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = REPORT_STYLE.read_text(encoding="utf-8") + (HERE / "templates" / "evaluation.css").read_text(
        "utf-8"
    )
    environment.tests["whole"] = _is_whole
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - our own files
        columns=labels.COLUMNS,
        percent=tables.percent,
        per_thousand=tables.per_thousand,
        named=labels.named,
        field_name=labels.field_name,
        splits_names=labels.SPLITS,
        figure_name=against.figure_name,
        figure_text=against.figure_text,
    )
    return environment
