"""`baoxiao`, the one console command.

Exit status of `scan`: 0 all files were read (documents that need review and batches that are held
included; the last lines name these), 1 some inputs could not be read (each is named with its cause, the
others are finished), 2 usage error.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline.errors import FolderUnusable, PlaceRefused, ServiceUnavailable

if TYPE_CHECKING:  # heavy: loaded by the command that needs them
    from pipeline.gate import PageQuality
    from pipeline.report import Summary
    from pipeline.terminal import RunProgress


def _print_version(asked: bool) -> None:
    if asked:
        out.print(f"baoxiao {version('baoxiao')}")
        raise typer.Exit


app = typer.Typer(
    name="baoxiao",
    help="医保手工报销票据识别：读入票据文件夹，输出结构化报销申请。\n\n"
    "Reads the papers of medical-insurance claims and writes structured claims.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain lines: frames break paths and logs
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="版本 / the version"),
    ] = False,
) -> None:
    """Options of the command as a whole."""


@app.command()
def scan(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="文件、文件夹或 ZIP / files, folders or ZIPs"),
    ],
    out_dir: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="输出文件夹；重复运行会接着上次 / output; re-running resumes"
        ),
    ],
    direct: Annotated[
        bool, typer.Option("--direct", help="不经 Prefect 直接运行 / run without Prefect even if it answers")
    ] = False,
    target_error: Annotated[
        float | None,
        typer.Option(
            "--target-error",
            min=0.000001,
            max=0.5,
            help="免复核字段的允许差错率，默认 0.0004 / accepted but wrong, per accepted field",
        ),
    ] = None,
) -> None:
    """识别票据，写出结构化报销申请 / reads papers, writes structured claims.

    \b
    写出 / writes:
      documents.jsonl, claims.jsonl, lines.csv, errors.jsonl, report.html
      batches.jsonl（有批次首页时 / where a batch header was read）
    退出码 / exit status:
      0    全部读完（含待复核和未移交的批次） / all files were read (what is to review or held included)
      1    有文件无法读取，其余已完成 / some could not be read, the others are finished
      2    用法错误 / usage error
      130  用户停止 / stopped by Ctrl-C
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"{path}: 不存在 / does not exist", param_hint="PATH")
    if out_dir.exists() and not out_dir.is_dir():
        raise typer.BadParameter(f"{out_dir}: 不是文件夹 / is not a folder", param_hint="--out")
    try:
        summary = _scanned(paths, out_dir, direct=direct, target_error=target_error)
    except KeyboardInterrupt as error:
        _fail(
            "已停止；读完的已保留，再运行一次会接着读"
            " / stopped; what was read is kept, running it again goes on from there"
        )
        raise typer.Exit(130) from error
    except (FolderUnusable, PlaceRefused) as error:
        _fail(str(error))
        raise typer.Exit(2) from error
    except ServiceUnavailable as error:
        _fail(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever read our output has gone: Typer ends us
            raise
        _fail(f"{error.filename or out_dir}: {error.strerror}；读完的已保留 / what was read is kept")
        raise typer.Exit(1) from error
    raise typer.Exit(1 if summary.unreadable else 0)


def _scanned(paths: Sequence[Path], out_dir: Path, *, direct: bool, target_error: float | None) -> Summary:
    from flows import server
    from pipeline.settings import settings
    from pipeline.terminal import acceptance_lines, held_lines, progress_on, summary_table

    api, why_not = (None, "直接运行 / running directly") if direct else server.find_api()
    with progress_on(out) as progress:
        if api is None:
            progress.say(why_not)
            summary = _scanned_directly(paths, out_dir, progress, target_error)
        else:
            os.environ["PREFECT_API_URL"] = api
            progress.say(f"作为 Prefect 流程运行 / running as a flow: {api}")
            from flows.orders import run_as_flow

            summary = run_as_flow(paths, out_dir, progress, progress.say, target_error=target_error)
    out.print(summary_table(summary))
    for line in acceptance_lines(summary, target_error or settings().target_error):
        out.print(line, markup=False)
    if not summary.files:
        out.print("没有找到文件 / no files were found")
    out.print(f"报告 / report: {out_dir / 'report.html'}", markup=False)
    for line in held_lines(summary):
        _fail(line)
    return summary


def _scanned_directly(
    paths: Sequence[Path], out_dir: Path, progress: RunProgress, target_error: float | None
) -> Summary:
    from pipeline.scan import Run, find_uploads
    from pipeline.settings import settings

    uploads = find_uploads(paths, out_dir)
    chosen = settings()
    if target_error is not None:
        chosen = chosen.model_copy(update={"target_error": target_error})
    with Run(uploads, out_dir, chosen, date.today()) as run:  # noqa: DTZ011
        pending = run.pending()
        progress.begin(len(run.uploads), len(run.uploads) - len(pending))
        run.read(pending, progress)
        return run.write()


def _fail(message: str) -> None:
    err.print(f"✗ {message}", markup=False)


@app.command()
def quality(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="照片、扫描件 / photos and scans")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """判断照片能否识别，不能则说明原因 / tells whether pictures can be read, and if not why.

    \b
    退出码 / exit status:
      0    都可识别 / all can be read
      1    有需要重拍的 / some should be taken again
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file}: 不是文件 / is not a file", param_hint="FILE")
    from pipeline.terminal import quality_lines

    rows = _judged(files)
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        for line in quality_lines(rows):
            out.print(line, markup=False)
    raise typer.Exit(1 if any(row["verdict"] == "retake" for row in rows) else 0)


def _judged(files: Sequence[Path]) -> list[PageQuality]:
    import tempfile

    from pipeline.gate import page_qualities
    from pipeline.readers import Readers
    from pipeline.reading.open_file import source_file
    from pipeline.reading.sandbox import Sandbox
    from pipeline.settings import settings

    rows = []
    with Sandbox(1) as sandbox, Readers(settings(), workers=1) as readers:
        for file in files:
            with tempfile.TemporaryDirectory(prefix="baoxiao-") as folder:
                rows += page_qualities(sandbox, readers, source_file(str(file), file), file, Path(folder))
    return rows


@app.command()
def up() -> None:
    """启动本机 Prefect 服务 / starts the local Prefect server; `baoxiao down` ends it."""
    from flows import server

    with err.status("正在启动 Prefect 服务 / starting the Prefect server …") as status:
        try:
            url = server.start(
                server.folder(),
                lambda seconds: status.update(
                    f"正在启动 Prefect 服务 / starting the Prefect server … {seconds:.0f} s"
                ),
            )
        except ServiceUnavailable as error:
            _fail(str(error))
            raise typer.Exit(1) from error
    out.print(f"Prefect: {url}")


@app.command()
def down() -> None:
    """停止本机 Prefect 服务 / stops the local Prefect server."""
    from flows import server

    try:
        stopped = server.stop(server.folder())
    except ServiceUnavailable as error:
        _fail(str(error))
        raise typer.Exit(1) from error
    out.print("已停止 / stopped" if stopped else "没有正在运行的服务 / no server is running")


@app.command()
def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="只要其中一个 / only this one",
        ),
    ] = None,
) -> None:
    """打印 JSON Schema / prints the schemas of the output files."""
    from pipeline.engine.protocol import engine_schema
    from pipeline.progress.status import progress_schemas
    from pipeline.records import json_schemas
    from pipeline.settlement.record import settlement_schema

    schemas = {
        **json_schemas(),
        "settlement": settlement_schema(),
        "engine": engine_schema(),
        **progress_schemas(),
    }
    if name is not None and name not in schemas:
        raise typer.BadParameter(f"{name}: 应为 / expected: {', '.join(schemas)}")
    sys.stdout.write(json.dumps(schemas[name] if name else schemas, ensure_ascii=False, indent=2) + "\n")


GROUPS: tuple[tuple[str, str, str, str], ...] = (
    (
        "pipeline.catalogs.commands",
        "app",
        "catalog",
        "药品、诊疗、诊断等目录 / catalogs of drugs, services, diagnoses",
    ),
    ("pipeline.evaluate.command", "app", "", ""),
    ("pipeline.stacks.command", "app", "", ""),
    ("pipeline.explain.command", "app", "", ""),
    ("pipeline.rulebook.rules", "app", "", ""),
    ("pipeline.rulebook.check", "app", "", ""),
    ("pipeline.settlement.command", "app", "", ""),
    ("pipeline.work_command", "app", "", ""),
    ("pipeline.watch_command", "app", "", ""),
    ("pipeline.progress.command", "app", "", ""),
    ("pipeline.progress.command", "claims_app", "claims", "申请列表与期限 / lists of claims, and deadlines"),
    ("pipeline.engine.command", "app", "engine", "移交结算系统 / handing claims over to an engine"),
    (
        "pipeline.engine.webhook_command",
        "app",
        "webhook",
        "状态变更通知 / who is told what becomes of claims",
    ),
    ("pipeline.store.command", "app", "db", "案件库：升级、检查、备份 / the store: upgrade, check, backup"),
    (
        "pipeline.review.command",
        "app",
        "corrections",
        "人工更正：训练数据与基准 / corrections, as training data and truth",
    ),
    ("pipeline.web.command", "app", "", ""),
    ("pipeline.web.account_command", "app", "account", "账号与岗位 / accounts of people, and their roles"),
    ("pipeline.web.command", "token_app", "token", "访问令牌 / tokens for the web API"),
)
"""Commands that live beside what they show: module, the name in it, the group they stand in, its help."""


@cache
def _mount() -> None:
    """Put every command in its place."""
    for module, name, group, help_text in GROUPS:
        commands: typer.Typer = getattr(import_module(module), name)
        if group == "catalog":
            commands.add_typer(import_module("pipeline.alias_command").app)
        app.add_typer(commands, name=group or None, help=help_text or None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console command."""
    try:
        _mount()
        app(list(arguments) if arguments is not None else None)
    except KeyboardInterrupt:
        sys.exit(130)
    except ValueError as error:
        from pydantic import ValidationError

        if not isinstance(error, ValidationError) or error.title != "Settings":
            raise
        for wrong in error.errors():
            name = f"BAOXIAO_{'_'.join(map(str, wrong['loc'])).upper()}"
            _fail(f"{name}: 设置无效 / not a valid setting: {wrong['msg']}")
        sys.exit(2)


if __name__ == "__main__":
    main()
