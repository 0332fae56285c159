"""`explain.html`: the steps of every page in their order, one file that needs nothing else.

Everything shown comes from a paper and is escaped. It holds personal data.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.explain.drawing import colour_of
from pipeline.explain.explanation import Explanation
from pipeline.explain.recorder import Shown
from pipeline.reading.stages import Mark, Stage

HERE = Path(__file__).parent
FILE = "explain.html"

NAMES: Final[Mapping[Stage, tuple[str, str]]] = {
    "decoded": ("打开", "as decoded"),
    "blank": ("空白", "blank"),
    "lines": ("找行", "lines found"),
    "turned": ("转正", "turned"),
    "deskewed": ("扶正", "deskewed"),
    "read": ("识别", "read"),
    "seals": ("找章", "seals found"),
    "peeled": ("去章再读", "seals peeled"),
    "upright": ("方向", "upright or not"),
    "words": ("文字", "words"),
    "codes": ("条码", "codes"),
    "second_look": ("再读", "second look"),
    "sheet": ("分票", "several papers"),
    "fields": ("字段", "fields"),
}


def write_page(folder: Path, explanation: Explanation) -> Path:
    """Write the page into `folder`, made if need be; where it lies.

    Raises:
        OSError: If it cannot be written, or a picture cannot be read.
    """
    page = folder / FILE
    html = _environment().get_template("explain.html.j2").render(explanation=explanation)
    folder.mkdir(parents=True, exist_ok=True)  # a page without a picture made none
    page.write_text(html, encoding="utf-8")
    return page


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = (HERE / "explain.css").read_text(encoding="utf-8")
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - our own file
        names=NAMES,
        picture=_picture,
        points=_points,
        colour=lambda sure: "#{:02x}{:02x}{:02x}".format(*colour_of(sure)),
    )
    return environment


def _picture(step: Shown) -> str:
    assert step.file is not None
    return "data:image/jpeg;base64," + base64.b64encode(step.file.read_bytes()).decode("ascii")


def _points(mark: Mark) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in mark.corners.tolist())
