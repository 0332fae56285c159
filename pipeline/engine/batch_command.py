"""`baoxiao engine gather | verify | answers`: hand-over by files (报盘, 回盘)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import BaoxiaoError
from pipeline.settings import settings

SHOWN_ROWS = 20
"""Rows of a refused file that are told; people mend the first ones and try again."""

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def commands(app: typer.Typer) -> None:
    """Add the commands about files to the group of the engine."""
    app.command()(gather)
    app.command()(verify)
    app.command()(answers)


def gather(
    folder: Annotated[
        Path | None, typer.Option("--out", help="报盘文件夹，默认按设置 / folder; default as set")
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="xlsx 或 csv / xlsx or csv")] = "xlsx",
) -> None:
    """把待移交的申报按单位写成报盘文件 / writes what waits into one batch file an office."""
    from pipeline.engine.batch_file import BatchFileEngine
    from pipeline.engine.batch_workbook import BatchFormat
    from pipeline.engine.sender import send_due
    from pipeline.store.opened import opened_store

    if file_format not in ("xlsx", "csv"):
        raise typer.BadParameter(f"{file_format}: xlsx / csv", param_hint="--format")
    chosen: BatchFormat = "xlsx" if file_format == "xlsx" else "csv"
    try:
        with opened_store(settings()) as store:
            target = folder or settings().hand_off_dir
            engine = BatchFileEngine(store.database, target, _now, chosen)
            while send_due(store.database, engine, _now()).total:
                pass
            files = engine.write_batches()
    except BaoxiaoError as error:
        _fail(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        _fail(
            f"{error.filename or folder}: {error.strerror}；再运行一次会写出同样的文件"
            " / running again writes the same files"
        )
        raise typer.Exit(1) from error
    for file in files:
        out.print(f"✓ {file}", markup=False)
    if not files:
        out.print("没有待移交的申报 / nothing waits")


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="报盘文件 / batch files")],
) -> None:
    """检查报盘文件是否被改动 / tells whether batch files are as they were made.

    \b
    退出码 / exit status:
      0    都未改动 / all are as they were made
      1    有改动 / something differs
      2    用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.engine.batch_file import differences

    altered = False
    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file}: 不是文件 / is not a file", param_hint="FILE")
        said = list(differences(file))
        altered = altered or bool(said)
        out.print(f"{'✗' if said else '✓'} {file.name}", markup=False)
        for line in said:
            out.print(f"  {line}", markup=False)
    raise typer.Exit(1 if altered else 0)


def answers(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="回盘文件，XLSX 或 CSV / the file of answers")],
) -> None:
    """读入结算系统的答复（回盘），全部采用或全部不用 / takes the engine's answers, all or none.

    \b
    退出码 / exit status:
      0    已采用 / taken
      1    有误，全部未采用 / something is wrong, nothing is taken
      2    用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.engine.answers import take_answer
    from pipeline.engine.batch_answers import AnswersRefused, read_answers
    from pipeline.store import hand_off_batches
    from pipeline.store.opened import opened_store

    if not file.is_file():
        raise typer.BadParameter(f"{file}: 不是文件 / is not a file", param_hint="FILE")
    now = _now()
    try:
        with opened_store(settings()) as store, store.database.write() as connection:
            found = read_answers(file, hand_off_batches.awaited(connection))
            for answer in found:
                take_answer(connection, answer["message_id"], answer, now)
            hand_off_batches.note_answered(connection, now)
    except AnswersRefused as error:
        _fail(str(error))
        for row in error.rows[:SHOWN_ROWS]:
            err.print(f"  第 {row.row} 行 / row {row.row}: {row.message}", markup=False)
        if len(error.rows) > SHOWN_ROWS:
            err.print(f"  … {len(error.rows) - SHOWN_ROWS} 行 / rows")
        raise typer.Exit(1) from error
    except BaoxiaoError as error:
        _fail(str(error))
        raise typer.Exit(1) from error
    out.print(f"✓ 已采用 {len(found)} 份答复 / {len(found)} answers taken")


def _now() -> datetime:
    return datetime.now(UTC)


def _fail(message: str) -> None:
    err.print(f"✗ {message}", markup=False)
