"""`baoxiao corrections`: what people said of papers, to learn from and to measure by."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import BaoxiaoError
from pipeline.settings import settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="人工更正：导出为训练数据与基准 / corrections, as training data and benchmark truth",
)
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


@app.callback()
def group() -> None:
    """What people said of papers."""


@app.command()
def export(
    out_dir: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="输出文件夹；重复运行会接着上次 / re-running resumes"),
    ],
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d"],
            help="只要此日（UTC）以来改过的 / of papers changed since that day",
        ),
    ] = None,
    without_persons: Annotated[
        bool,
        typer.Option(
            "--without-persons",
            help="不含个人信息：略去相关字段、整页和原件 / leave out fields of persons, pages and papers",
        ),
    ] = False,
) -> None:
    """导出人工确认和更正过的值 / exports what people confirmed and corrected.

    \b
    rec/    PaddleOCR 识别训练：字段截图和所印文字 / crops and what is printed on them
    det/    PaddleOCR 检测训练：整页和文字框 / pages and the boxes of lines
    truth/  真值，可用于 baoxiao evaluate / truth for baoxiao evaluate
    默认含有个人信息，请与原件同样保管 / it holds personal data: keep it as you keep the papers
    退出码 / exit status:
      0    已导出 / exported
      2    无法读取或写出 / cannot be read or written
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.review.corrections_export import export_corrections
    from pipeline.store.opened import opened_store

    moment = since.replace(tzinfo=UTC) if since is not None else None
    try:
        with opened_store(settings()) as store:
            done = export_corrections(store, out_dir, moment, persons=not without_persons)
    except BaoxiaoError as error:
        err.print(f"✗ {error}")
        raise typer.Exit(2) from error
    except OSError as error:
        err.print(f"✗ {error.filename or out_dir}: {error.strerror} / cannot be written")
        raise typer.Exit(2) from error
    out.print(
        f"{out_dir}: {done.crops} 个字段截图、{done.pages} 页、{done.papers} 份真值"
        f" / {done.crops} crops, {done.pages} pages, {done.papers} papers of truth"
    )
    if done.untold:
        out.print(
            f"{done.untold} 个值的票面写法无法确定，未导出截图"
            f" / of {done.untold} values nobody can tell how they are printed: no crops of them"
        )
    if not without_persons:
        err.print(
            "含有姓名、证件号等个人信息，请与原件同样保管"
            " / it holds names and numbers of persons: keep it as you keep the papers"
        )
