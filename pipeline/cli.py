"""`baoxiao`, the one console command.

Exit status of `scan`: 0 all files were read (documents that need review included), 1 some inputs could
not be read (each is named with its cause, the others are finished), 2 usage error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import ServiceUnavailable
from pipeline.terminal import progress_on, summary_table

app = typer.Typer(
    name="baoxiao",
    help="医保手工报销票据识别：读入票据文件夹，输出结构化报销申请。\n\n"
    "Reads the papers of medical-insurance claims and writes structured claims.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def scan(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="文件、文件夹或 ZIP / files, folders or ZIPs",
            exists=True,
            readable=True,
        ),
    ],
    out_dir: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="输出文件夹；重复运行会接着上次 / output; re-running resumes"),
    ],
    direct: Annotated[
        bool, typer.Option("--direct", help="不经 Prefect 直接运行 / run without Prefect even if it answers")
    ] = False,
) -> None:
    """识别票据，写出 documents.jsonl、claims.jsonl、lines.csv、errors.jsonl、report.html。

    Reads papers and writes the five output files.
    """
    if out_dir.exists() and not out_dir.is_dir():
        raise typer.BadParameter(f"{out_dir} 不是文件夹 / is not a folder", param_hint="--out")
    api = None if direct else prefect_api()
    with progress_on(out) as progress:
        try:
            if api is None:
                progress.say("未发现 Prefect 服务，直接运行 / no Prefect API answers: running directly")
                from pipeline.scan import Run, find_uploads
                from pipeline.settings import settings

                uploads = find_uploads(paths)
                with Run(uploads, out_dir, settings(), date.today()) as run:  # noqa: DTZ011
                    pending = run.pending()
                    progress.begin(len(uploads), len(uploads) - len(pending))
                    run.read(pending, progress)
                    summary = run.write()
            else:
                os.environ["PREFECT_API_URL"] = api
                progress.say(f"作为 Prefect 流程运行 / running as a flow: {api}")
                from flows.bulk_scan import run_as_flow

                summary = run_as_flow(paths, out_dir, progress)
        except ServiceUnavailable as error:
            err.print(f"[red]✗[/red] {error}", markup=True)
            raise typer.Exit(1) from error
    out.print(summary_table(summary))
    out.print(f"报告 / report: {out_dir / 'report.html'}")
    raise typer.Exit(1 if summary.unreadable else 0)


def prefect_api() -> str | None:
    """The address of a Prefect API that answers: the one that is set, or the server of `baoxiao up`."""
    from flows import server

    set_by_user = os.environ.get("PREFECT_API_URL")
    if set_by_user:
        if server.answers(set_by_user):
            return set_by_user
        err.print(f"PREFECT_API_URL 没有应答 / does not answer: {set_by_user}")
        return None
    return server.running(server.folder())


@app.command()
def up() -> None:
    """启动本机 Prefect 服务（一直运行，直到 baoxiao down）。

    Starts the local Prefect server; it runs until `baoxiao down`.
    """
    from flows import server

    with err.status("正在启动 Prefect 服务 / starting the Prefect server …") as status:
        try:
            url = server.start(
                server.folder(),
                lambda seconds: status.update(f"正在启动 Prefect 服务 / starting the Prefect server … {seconds:.0f} s"),
            )
        except ServiceUnavailable as error:
            err.print(f"[red]✗[/red] {error}", markup=True)
            raise typer.Exit(1) from error
    out.print(f"Prefect: {url}")


@app.command()
def down() -> None:
    """停止本机 Prefect 服务。

    Stops the local Prefect server.
    """
    from flows import server

    stopped = server.stop(server.folder())
    out.print("已停止 / stopped" if stopped else "没有正在运行的服务 / no server is running")


@app.command()
def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[documents|claims|errors]", help="只要其中一个 / only this one")
    ] = None,
) -> None:
    """打印输出文件的 JSON Schema。

    Prints the JSON Schemas of the output files, generated from the code's own types.
    """
    from pipeline.records import json_schemas

    schemas = json_schemas()
    if name is not None and name not in schemas:
        raise typer.BadParameter(f"{name}: 应为 / expected: {', '.join(schemas)}")
    sys.stdout.write(json.dumps(schemas[name] if name else schemas, ensure_ascii=False, indent=2) + "\n")


def _mount_catalog() -> None:
    from pipeline.catalogs.commands import app as catalog

    app.add_typer(catalog, name="catalog", help="药品、诊疗、诊断等目录 / catalogs of drugs, services, diagnoses")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console command."""
    _mount_catalog()
    app(list(arguments) if arguments is not None else None)


if __name__ == "__main__":
    main()
