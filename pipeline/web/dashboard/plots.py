"""The plots of the dashboard as SVG (pygal): text stays text, and nothing is asked of other servers.

They are shown as pictures, whose styles are their own. Two lines differ by dashes and two bars by their
filling, so that nobody needs the colour; dark screens get colours of their own. What a plot says stands in
the table beneath it, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args
from xml.etree import ElementTree as ET

import pygal
from pygal.style import Style

from pipeline.review.figures import WAITING_STATES, Figures, share
from pipeline.store.accounts import Language
from pipeline.web.dashboard.tables import age_name, state_name
from pipeline.web.language import translations

# pygal leaves a finder of its plug-ins behind that Python no longer asks that way, so that every import after
# it warns; we have none of its plug-ins.
sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, pygal.PluginImportFixer)]

PlotName: TypeAlias = Literal["throughput", "automation", "minutes", "queue"]
PLOTS: tuple[PlotName, ...] = get_args(PlotName)

WIDTH: Final = 620
HEIGHT: Final = 260
LABELLED: Final = 6
"""Days that are written along the axis; more would lie over each other."""
FONT: Final = (
    '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", '
    "sans-serif"
)
DASHES: Final = "7,5"
WHOLE_LINE, DASHED_LINE = " ──", " ╌╌"
"""Behind a name in the legend, whose squares differ by colour alone."""

# As in the frame of all pages (shell.css): accent and doubt-line, which differ in brightness too.
LIGHT: Final = Style(
    background="#fffefc",
    plot_background="#fffefc",
    foreground="#5f646c",
    foreground_strong="#24272c",
    foreground_subtle="#e0dcd2",
    opacity="1",
    opacity_hover="1",
    transition="0ms",
    colors=("#24506b", "#d98a15"),
    font_family=FONT,
    title_font_size=13,
    label_font_size=12,
    major_label_font_size=12,
    value_font_size=12,
    legend_font_size=13,
    no_data_font_size=16,
    stroke_width=2.5,
    guide_stroke_color="#e0dcd2",
    major_guide_stroke_color="#e0dcd2",
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
)
# Not bound to the number of a plot, as pygal's own rules are: each is a document of its own.
_DARK_CSS: Final = """inline:
@media (prefers-color-scheme: dark) {
  .graph > .background, .plot > .background { fill: #1f2124 !important; }
  svg { background-color: #1f2124 !important; }
  text { fill: #e7e5e0 !important; }
  .axis .line, .axis .guide.line, .axis .major.line { stroke: #35383d !important; }
  .color-0 { stroke: #8fc1e0 !important; fill: #8fc1e0 !important; }
  .color-1 { stroke: #e29a30 !important; fill: #e29a30 !important; }
}
"""
_BARS_CSS: Final = """inline:
.color-1 .reactive, .color-1.reactive { fill-opacity: .18 !important; stroke-width: 2 !important; }
"""
"""The second bar is an outline."""


def plot(name: PlotName, told: Figures, language: Language) -> str:
    """A plot of the window as SVG.

    Args:
        name: Which.
        told: The window in figures.
        language: Of the words in it.
    """
    say = translations(language, "dashboard").gettext
    drawn = _DRAWN[name](told, say, language).render_tree()
    for above in drawn.iter():
        # The settings of pygal's own script, which is not there.
        for script in above.findall("script"):
            above.remove(script)
    return ET.tostring(drawn, encoding="unicode")


def _throughput(told: Figures, say: Callable[[str], str], _language: Language) -> Any:
    chart = _lines(told, say, say("件"))
    chart.add(say("收件") + WHOLE_LINE, [one.received for one in told.days])
    chart.add(
        say("办结") + DASHED_LINE, [one.passed for one in told.days], stroke_style={"dasharray": DASHES}
    )
    return chart


def _automation(told: Figures, say: Callable[[str], str], _language: Language) -> Any:
    chart = _lines(told, say, "%", range=(0, 100))
    chart.add(
        say("字段无人工") + WHOLE_LINE,
        [_hundredths(share(one.values - one.touched, one.values)) for one in told.days],
    )
    claims = [_hundredths(share(one.untouched, one.passed)) for one in told.days]
    chart.add(say("自动办结") + DASHED_LINE, claims, stroke_style={"dasharray": DASHES})
    return chart


def _minutes(told: Figures, say: Callable[[str], str], _language: Language) -> Any:
    chart = _lines(told, say, say("分钟"), show_legend=False)
    chart.add(say("分钟"), [one.minutes for one in told.days])
    return chart


def _queue(told: Figures, say: Callable[[str], str], language: Language) -> Any:
    chart = pygal.Bar(
        **_usual(say, say("件")),
        css=(*_CSS, _BARS_CSS),
        print_values=True,
        print_values_position="top",
        print_zeroes=False,
        x_title=say("等待天数"),
    )
    chart.x_labels = [age_name(one) for one in told.ages]
    for index, state in enumerate(WAITING_STATES):
        chart.add(state_name(state, language), [one.numbers[index] for one in told.ages])
    return chart


def _lines(told: Figures, say: Callable[[str], str], unit: str, **known: Any) -> Any:
    chart = pygal.Line(
        **{**_usual(say, unit), **known},
        css=_CSS,
        dots_size=2.5 if len(told.days) <= 31 else 1.5,
        show_minor_x_labels=False,
        allow_interruptions=True,
    )
    chart.x_labels = [f"{one.day.month}-{one.day.day}" for one in told.days]
    chart.x_labels_major = _some(chart.x_labels)
    return chart


def _some(labels: Sequence[str]) -> list[str]:
    """As many labels as can be read, the last one among them."""
    step = max(1, -(-len(labels) // LABELLED))
    return list(labels[::-1][::step])


def _hundredths(part: float | None) -> float | None:
    return None if part is None else round(part * 100, 1)


def _usual(say: Callable[[str], str], unit: str) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "style": LIGHT,
        "js": (),  # pygal's own script would be fetched from elsewhere
        "disable_xml_declaration": True,
        "legend_at_bottom": True,
        "legend_box_size": 12,
        "margin": 8,
        "spacing": 8,
        "truncate_legend": -1,
        "truncate_label": -1,
        "min_scale": 3,
        "max_scale": 5,
        "y_title": unit,
        "no_data_text": say("还没有数据"),
        "include_x_axis": True,
        "show_minor_y_labels": True,
        "value_formatter": lambda value: "" if value is None else f"{value:g}",
    }


_CSS = ("file://style.css", "file://graph.css", _DARK_CSS)
_DRAWN: dict[PlotName, Callable[[Figures, Callable[[str], str], Language], Any]] = {
    "throughput": _throughput,
    "automation": _automation,
    "minutes": _minutes,
    "queue": _queue,
}
