"""`baoxiao separators`: prints separator sheets, batch headers and claim labels as a PDF."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console

from pipeline.stacks.printing import (
    claim_numbers,
    header_of,
    header_sheet,
    label_sheets,
    separator_sheets,
    write_sheets,
)
from pipeline.stacks.separators import MAX_SERIAL

MOST_SHEETS = 500
"""Separators of one print: half a ream, and a PDF of 15 MB."""

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)


@app.command("separators")
def print_separators(
    file: Annotated[
        Path, typer.Option("--out", metavar="FILE.pdf", help="写到此 PDF / the PDF to write", dir_okay=False)
    ],
    count: Annotated[
        int, typer.Option("--count", min=0, max=MOST_SHEETS, help="分隔页张数 / how many separator sheets")
    ] = 0,
    first: Annotated[
        int,
        typer.Option(
            "--first", min=1, max=MAX_SERIAL, help="第一张的编号，默认 1 / number of the first separator"
        ),
    ] = 1,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="NO", help="另印此批次号的首页 / also a header for this batch"),
    ] = None,
    papers: Annotated[
        int | None, typer.Option("--papers", metavar="N", help="批次应有份数 / papers of the batch")
    ] = None,
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="1234.50", help="批次票据合计（元） / what its bills come to, yuan"),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="FROM..TO", help="另印案卷号标签 / also labels with claim numbers"),
    ] = None,
) -> None:
    """打印分隔页、批次首页和案卷号标签 / prints separators, batch headers and claim labels.

    \b
    例 / for example:
      baoxiao separators --count 20 --out sheets.pdf
      baoxiao separators --batch 2026-0412 --papers 36 --amount 18230.55 --out header.pdf
      baoxiao separators --labels A-1001..A-1048 --out labels.pdf    （70 × 37 mm，每页 24 张 / 24 a page）
    退出码 / exit status: 0 已写出 / written, 1 无法写入 / cannot be written, 2 用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    pages: list[Image.Image] = []
    try:
        pages += _header(batch, papers, amount)
        pages += separator_sheets(count, first)
        pages += _labels(labels)
        written = write_sheets(file, pages)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except OSError as error:
        typer.echo(f"✗ {file}: 无法写入 / cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    out.print(
        f"{file}: {written} 页，请按实际大小打印 / {written} pages, to be printed at actual size",
        markup=False,
    )


def _header(batch: str | None, papers: int | None, amount: str | None) -> list[Image.Image]:
    """The header sheet, where one is asked for; its three values go together."""
    given = (batch, papers, amount)
    if given == (None, None, None):
        return []
    if batch is None or papers is None or amount is None:
        raise ValueError("--batch、--papers、--amount 须同时给出 / go together")
    try:
        yuan = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"{amount}: 不是金额 / not an amount") from error
    return [header_sheet(header_of(batch, papers, yuan))]


def _labels(labels: str | None) -> list[Image.Image]:
    if labels is None:
        return []
    first, dots, last = labels.partition("..")
    if not dots:
        raise ValueError(f"{labels}: 应为 / expected FROM..TO")
    return list(label_sheets(claim_numbers(first, last)))
