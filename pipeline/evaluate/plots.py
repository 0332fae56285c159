"""The drawings of the page, as SVG that stands in it. Only here is matplotlib used (the `accuracy` extra)."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.evaluate.labels import KINDS, named
from pipeline.intervals import wilson

INK, MUTED, LINE = "#24272c", "#666b73", "#e5e2d9"
COLOURS: Final = ("#24506b", "#2b7a58", "#d98a15", "#ad3327", "#7a5c99", "#5b8ba8", "#8a8f3c")
FONTS = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif'
ZOOM = 0.9
STYLE: Final[Any] = {
    "svg.fonttype": "none",  # the reader's own fonts draw the Chinese
    "svg.hashsalt": "baoxiao",  # the same figures give the same bytes
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#efece4",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
}
Reliability = Mapping[str, Any]


def reliability_plot(reliability: Mapping[str, Reliability]) -> str:
    """Confidence against accuracy of all values: the whole range, and the top of it."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _draw_bins(left, reliability["all"], 0.0)
        left.set_title("全部 0–100 % / all", loc="left")
        _draw_bins(right, reliability["all"], ZOOM)
        right.set_title("高把握 90–100 % / the top", loc="left")

    return _svg(draw, 9.6, 4.1)


def kinds_plot(reliability: Mapping[str, Reliability]) -> str:
    """The same by kind of field."""
    kinds = [kind for kind in reliability if kind != "all"]

    def draw(figure: Figure) -> None:
        columns = 3
        rows = -(-len(kinds) // columns)
        axes = figure.subplots(rows, columns, squeeze=False).flat
        for kind, one in zip(kinds, axes, strict=False):
            _draw_bins(one, reliability[kind], 0.0, COLOURS[0])
            ece = reliability[kind]["ece"]
            one.set_title(
                f"{' / '.join(KINDS[kind])}\n{reliability[kind]['n']:,} · ECE {ece:.3f}", loc="left"
            )
        for one in list(axes)[len(kinds) :]:
            one.set_axis_off()

    return _svg(draw, 9.6, 3.0 * -(-len(kinds) // 3))


def _draw_bins(axes: Axes, one: Reliability, low: float, colour: str = COLOURS[0]) -> None:
    bins = [b for b in one["bins"] if b["confidence"] >= low]
    axes.plot([low, 1], [low, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    x = [b["confidence"] for b in bins]
    y = [b["accuracy"] for b in bins]
    edges = [wilson(b["right"], b["n"]) for b in bins]
    errors = [
        [max(0.0, share - edge[0]) for share, edge in zip(y, edges, strict=True)],
        [max(0.0, edge[1] - share) for share, edge in zip(y, edges, strict=True)],
    ]
    if bins:
        axes.errorbar(x, y, yerr=errors, fmt="none", ecolor=colour, alpha=0.35, linewidth=1.5)
        most = max(b["n"] for b in one["bins"])
        sizes = [18 + 130 * (b["n"] / most) ** 0.5 for b in bins]
        axes.scatter(x, y, s=sizes, color=colour, alpha=0.85, linewidths=0, clip_on=False)
    floor = min([low, *(max(0.0, edge[0]) for edge in edges)]) if low else 0.0
    pad = (1 - low) * 0.03
    axes.set_xlim(low - pad, 1 + pad)
    axes.set_ylim(floor - pad, 1 + pad)
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)
    axes.set_xlabel("把握 / confidence")
    axes.set_ylabel("实际正确 / right")


def bars_plot(slices: Mapping[str, Mapping[str, Any]]) -> str:
    """Accuracy by level (or another split): four figures side by side."""
    measures: tuple[tuple[str, Callable[[Mapping[str, Any]], float | None]], ...] = (
        ("五项全对 / all five", lambda f: f["all_key_fields"]["share"]),
        ("全部字段 / all fields", lambda f: f["all_fields"]["share"]),
        ("明细 F1 / rows F1", lambda f: f["rows"]["exact"]["f1"]),
        ("直通 / straight through", lambda f: f["straight_through"]["share"]),
    )

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        width = 0.8 / len(measures)
        for place, (label, get) in enumerate(measures):
            values = [get(figures) for figures in slices.values()]
            x = [index + (place - (len(measures) - 1) / 2) * width for index in range(len(values))]
            axes.bar(x, [value or 0 for value in values], width * 0.88, color=COLOURS[place], label=label)
            for at, value in zip(x, values, strict=True):
                text = "—" if value is None else f"{100 * value:.1f}".removesuffix(".0")
                axes.text(at, (value or 0) + 0.012, text, ha="center", fontsize=8.5, color=MUTED)
        names = [f"{named(value)[0]}\n{named(value)[1]} · {f['papers']}" for value, f in slices.items()]
        axes.set_xticks(range(len(names)), names)
        axes.set_ylim(0, 1.08)
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_formatter(_percent)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4, fontsize=9.5)

    return _svg(draw, 9.6, 3.7)


def trade_off_plot(
    curves: Mapping[str, Sequence[Sequence[float]]], now: Mapping[str, tuple[float, float]]
) -> str:
    """Share accepted against errors among them as the threshold moves; `now` is where the run stands."""
    labels = {"fields": "字段 / fields", "rows": "明细 / rows"}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, (name, curve) in enumerate(curves.items()):
            if not curve:
                continue
            axes.step(
                [100 * point[1] for point in curve],
                [1000 * point[2] for point in curve],
                where="post",
                color=COLOURS[place],
                label=labels[name],
                linewidth=1.8,
            )
            if name in now:
                axes.scatter(100 * now[name][0], 1000 * now[name][1], color=COLOURS[place], s=70, zorder=3)
                axes.annotate(
                    "现在 / now",
                    (100 * now[name][0], 1000 * now[name][1]),
                    textcoords="offset points",
                    xytext=(-8, 9 + 15 * place),
                    ha="right",
                    color=COLOURS[place],
                    fontsize=9.5,
                )
        axes.set_xlabel("免看的值 % / accepted values %")
        axes.set_ylabel("其中错的 ‰ / wrong among them ‰")
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(bottom=-0.05)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend(loc="upper left", fontsize=9.5)

    return _svg(draw, 9.6, 3.7)


def _percent(value: float, _position: float) -> str:
    return f"{100 * value:.3g}%"


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # it only measures with its own font
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    return _bare(buffer.getvalue())


def _bare(svg: str) -> str:
    """The drawing as it stands in a page: without prologue, metadata and addresses of name spaces."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", svg, count=1)
    return re.sub(r"'DejaVu Sans'[^;\"]*", FONTS.replace('"', "'"), svg)
