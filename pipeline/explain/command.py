"""`baoxiao explain`: how a paper was read, as numbered pictures and a page.

Nothing of what the paper says is printed; it stands in the files alone.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import ServiceUnavailable, UnreadableFile

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command("explain")
def explain_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="一个文件（图片、PDF、OFD）/ one file (picture, PDF, OFD)")
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="默认 / default: 文件名 / the file's name + .explain"),
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, metavar="N", help="只看这一页 / this page alone")] = None,
) -> None:
    """逐步展示一份单据的识别过程 / shows step by step how a paper was read.

    \b
    写出 / writes:
      explain.html 和编号的图片 / and numbered pictures（含个人信息 / hold personal data）
    退出码 / exit status:
      0  已写出 / written
      1  文件无法读取，或无法写入 / the file cannot be read, or nothing can be written
      2  用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    if not file.is_file():
        raise typer.BadParameter(f"{file}: 不是文件 / is not a file", param_hint="FILE")
    from pipeline.scan import EXPLAINED  # heavy, as all that reads

    folder = folder or file.with_name(f"{file.name}{EXPLAINED}")
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder}: 不是文件夹 / is not a folder", param_hint="--out")
    try:
        html, notes = _explained(file, folder, page)
    except (UnreadableFile, ServiceUnavailable) as error:
        err.print(f"✗ {error}", markup=False)
        raise typer.Exit(1) from error
    except OSError as error:
        err.print(f"✗ {error.filename}: 无法写入 / cannot be written: {error.strerror}", markup=False)
        raise typer.Exit(1) from error
    for note in notes:
        err.print(note, markup=False)
    out.print(f"识别过程 / explanation: {html}", markup=False)


def _explained(file: Path, folder: Path, page: int | None) -> tuple[Path, list[str]]:
    """Where the page lies, and what a person should know of it.

    Raises:
        typer.BadParameter: If the file has no such page.
    """
    from pipeline.acceptance import Standard
    from pipeline.explain.explanation import explain
    from pipeline.explain.page import write_page
    from pipeline.settings import settings
    from pipeline.wiring import catalogs, ocr_engine, threads_per_worker

    chosen = settings()
    with err.status("正在识别 / reading …"):
        explanation = explain(
            file,
            folder,
            ocr_engine(chosen, threads_per_worker(1)),
            catalogs(chosen),
            date.today(),  # noqa: DTZ011 - the day where the reader sits
            page=page,
            standard=Standard.for_target(chosen.target_error),
        )
        if page is not None and page > explanation.page_count:
            count = explanation.page_count
            raise typer.BadParameter(f"共 {count} 页 / the file has {count} pages", param_hint="--page")
        html = write_page(folder, explanation)
    notes = list(explanation.unread)
    left = explanation.page_count - len(explanation.pages) - len(notes)
    if page is None and left:
        notes.append(f"另有 {left} 页未展示，请用 --page 指定 / {left} more pages: choose one with --page")
    return html, notes
