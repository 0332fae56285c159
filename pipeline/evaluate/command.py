"""`baoxiao evaluate`: how right a run was, on the terminal, as JSON and as a page.

Nothing of what the papers say is printed or logged; it stands in the two files alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.evaluate.evaluation import Record, evaluate
from pipeline.evaluate.run_folder import RunFolder
from pipeline.evaluate.tables import overview, summary_lines
from pipeline.evaluate.truth import Truth, Unusable, read_truth

JSON_FILE, HTML_FILE = "evaluation.json", "evaluation.html"
SHOWN_NAMES = 3
WIDTH = 190
"""Columns of the table where there is no terminal to ask."""

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command("evaluate")
def evaluate_run(
    truth_path: Annotated[
        Path,
        typer.Argument(metavar="TRUTH", help="truth.jsonl 或含有它的文件夹 / a truth.jsonl or its folder"),
    ],
    run: Annotated[
        Path, typer.Argument(metavar="OUT", help="baoxiao scan 的输出文件夹 / the folder that scan wrote")
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER",
            help="以前的评测 JSON 或另一个输出文件夹 / an earlier evaluation.json, or another OUT",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="默认 / default: OUT/evaluation.json")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="默认 / default: OUT/evaluation.html")
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="单据文件所在文件夹，默认同真值 / where the papers lie (default: with TRUTH)"
        ),
    ] = None,
) -> None:
    """对照真值评测识别结果 / holds a run against the truth.

    \b
    写出 / writes:
      evaluation.json, evaluation.html（含个人信息 / holds personal data）
    退出码 / exit status:
      0  已评测 / evaluated
      2  用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    try:
        truth = read_truth(truth_path)
        record = evaluation_of(truth, run)
        earlier = None if against is None else earlier_record(against, truth)
        comparison = None
        if earlier is not None:
            from pipeline.evaluate.against import changes_between

            comparison = changes_between(earlier, record)
            record["against"] = comparison
        target = json_file or run / JSON_FILE
        target.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        page = html_file or run / HTML_FILE
        note = _write_page(page, record, files or truth.folder, run)
    except Unusable as error:
        err.print(f"✗ {error}", markup=False)
        raise typer.Exit(2) from error
    except OSError as error:
        err.print(f"✗ {error.filename}: 无法写入 / cannot be written: {error.strerror}", markup=False)
        raise typer.Exit(2) from error
    _show(record)
    out.print(f"JSON: {target}\nHTML: {page}", markup=False)
    if note:
        err.print(note, markup=False)


def evaluation_of(truth: Truth, run: Path) -> Record:
    """The run in folder `run` against the truth.

    Raises:
        Unusable: If the folder holds no run, or a run of other papers.
    """
    documents = RunFolder(run)
    evaluation = evaluate(truth.papers, documents, truth.refusals, documents.refused)
    if truth.papers and not evaluation.overall["read"]:
        known = ", ".join(dict.fromkeys(paper.file for paper in truth.papers[:SHOWN_NAMES]))
        found = ", ".join(list(documents)[:SHOWN_NAMES]) or "—"
        raise Unusable(
            f"{run}: 没有一份真值中的单据；真值写的是 {known}，读出的是 {found}；"
            "请扫描真值所相对的那个文件夹"
            f" / none of the truth's papers is here: the truth names {known}, the run {found};"
            " scan the very folder that the truth's names are relative to"
        )
    return evaluation.record()


def earlier_record(path: Path, truth: Truth) -> Record:
    """An earlier evaluation, or that of another run over the same papers.

    Raises:
        Unusable: If it is neither.
    """
    if path.is_dir():
        return evaluation_of(truth, path)
    try:
        record: Record = json.loads(path.read_text(encoding="utf-8"))
        _ = record["overall"]["papers"], record["wrong"], record["papers"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unusable(
            f"{path}: 不是评测结果；请给出以前的 {JSON_FILE} 或另一个输出文件夹"
            f" / not an evaluation; give an earlier {JSON_FILE} or another folder that scan wrote"
        ) from error
    return record


def _show(record: Record) -> None:
    console = out if out.is_terminal else Console(width=WIDTH, highlight=False)
    console.print(overview(record))
    for line in summary_lines(record):
        out.print(line, markup=False)
    if "against" in record:
        from pipeline.evaluate.against import change_lines

        for line in change_lines(record["against"]):
            out.print(line, markup=False)


def _write_page(page: Path, record: Record, files: Path, run: Path) -> str | None:
    """Write the page; what a person should know of it."""
    from pipeline.evaluate.page import write_page

    with err.status("正在写网页 / writing the page …"):
        return write_page(page, record, files, run)
