"""`baoxiao receive` and `baoxiao work`: papers into the store, and the worker that goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import PlaceRefused, ServiceUnavailable

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def receive(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="文件、文件夹或 ZIP / files, folders or ZIPs")
    ],
    each: Annotated[
        bool,
        typer.Option("--each", help="PATH 下每个文件、文件夹各为一次接收 / each one in PATH by itself"),
    ] = False,
    for_claim: Annotated[
        str | None,
        typer.Option("--for", metavar="CLAIM", help="为已有申请补充材料 / papers for a stored claim"),
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="R", help="来件编号 / the sender's own number")
    ] = None,
    read: Annotated[
        bool,
        typer.Option(
            "--read/--later", help="立即识别，或留给 baoxiao work / read now, or leave to the worker"
        ),
    ] = True,
) -> None:
    """接收材料，存入案件库 / receives papers into the store; a path is one submission.

    \b
    退出码 / exit status:
      0    全部接收（并识别） / all was received (and read)
      1    有未接收或无法读取的，已逐一说明 / some was not received or could not be read, each is named
      2    用法或设置有误 / usage error, or a setting is wrong
      130  用户停止 / stopped by Ctrl-C
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"{path}: 不存在 / does not exist", param_hint="PATH")
    with _ends_told():
        from pipeline.work_at_terminal import NoSuchClaim, received

        try:
            complete = received(
                paths, out, err, each=each, for_claim=for_claim, reference=reference, read=read
            )
        except NoSuchClaim as error:
            raise typer.BadParameter(str(error), param_hint="--for") from error
    raise typer.Exit(0 if complete else 1)


@app.command()
def work(
    once: Annotated[
        bool, typer.Option("--once", help="处理完现有的就结束 / end when what is there is done")
    ] = False,
) -> None:
    """识别已接收的材料，移交到期的申请，发送通知 / reads what was received, hands over, tells webhooks.

    \b
    可同时运行多个；随时可停，再运行会接着做 / several may run; stop at any time, it goes on from there
    退出码 / exit status:
      0    全部完成 / all was done
      1    有未能识别或须稍后重试的 / something could not be read, or is to be tried again later
      2    设置有误 / a setting is wrong
      130  用户停止 / stopped by Ctrl-C
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    with _ends_told():
        from pipeline.work_at_terminal import worked

        complete = worked(out, once=once)
    raise typer.Exit(0 if complete else 1)


@contextmanager
def _ends_told() -> Iterator[None]:
    """What ends a command, as a line and an exit status."""
    try:
        yield
    except KeyboardInterrupt as error:
        _fail("已停止；已接收的不会丢失，再运行会接着做 / stopped; nothing received is lost, run it again")
        raise typer.Exit(130) from error
    except PlaceRefused as error:
        _fail(str(error))
        raise typer.Exit(2) from error
    except ServiceUnavailable as error:
        _fail(str(error))
        raise typer.Exit(1) from error


def _fail(message: str) -> None:
    err.print(f"✗ {message}", markup=False)
