"""`baoxiao engine`: sends what is due, shows what is stuck, and serves a stand-in engine to try against."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TypeAlias

import typer
from rich.console import Console

from pipeline.engine import batch_command
from pipeline.engine.failures import FailureKind, Failures
from pipeline.errors import BaoxiaoError
from pipeline.settings import settings

if TYPE_CHECKING:  # heavy: databases, HTTP and a web framework are loaded by the command that needs them
    from pipeline.store.database import Database

StandInAnswer: TypeAlias = Literal["settled", "accepted", "pending", "refused"]

app = typer.Typer(no_args_is_help=True)
batch_command.commands(app)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

SHOWN = 1000
"""Parked messages that are listed: more have one cause, which the first thousand show."""
LOOPBACK = "127.0.0.1"
PORT = 8811


@contextmanager
def opened_database() -> Iterator[Database]:
    """The store's database as set; a refusal is one line and exit status 1."""
    from pipeline.store.opened import opened_store

    try:
        with opened_store(settings()) as store:
            yield store.database
    except BaoxiaoError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with status 1."""
    err.print(f"✗ {message}", markup=False)
    raise typer.Exit(1)


@app.command()
def send() -> None:
    """移交到期的申请并发送通知 / hands over what is due, and tells webhooks.

    \b
    退出码 / exit status:
      0  到期的都已答复，或没有到期的 / all that was due is answered, or nothing was
      1  有的没有答复或须人工处理 / some was not answered, or a person must look
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.engine.chosen import chosen_engine
    from pipeline.engine.passes import Sent
    from pipeline.engine.sender import send_due
    from pipeline.engine.webhooks import WebhookClient, deliver_due

    give_up_after = timedelta(hours=settings().engine_give_up_hours)
    with (
        opened_database() as database,
        chosen_engine(settings(), database) as engine,
        WebhookClient() as client,
    ):
        claims = messages = Sent()
        while (done := send_due(database, engine, datetime.now(UTC), give_up_after=give_up_after)).total:
            claims += done
        while (done := deliver_due(database, client, datetime.now(UTC), give_up_after=give_up_after)).total:
            messages += done
    for name, sent in (("移交 / hand-over", claims), ("通知 / webhooks", messages)):
        out.print(
            f"{name}: 已答复 / answered {sent.answered}，稍后再试 / later {sent.put_off}，"
            f"须人工处理 / parked {sent.parked}，退回复核 / held back {sent.held_back}",
            markup=False,
        )
    total = claims + messages
    raise typer.Exit(1 if total.put_off or total.parked or total.held_back else 0)


@app.command()
def parked() -> None:
    """列出须人工处理的移交 / lists hand-overs that a person must look at."""
    from pipeline.store import sending

    with opened_database() as database, database.read() as connection:
        stuck = sending.parked(connection, "engine", SHOWN)
    for one in stuck:
        out.print(f"{one.message_id}  {one.created_at:%Y-%m-%d %H:%M}Z  {one.error}", markup=False)
    if stuck:
        out.print("排除原因后 / once the cause is gone: baoxiao engine retry MESSAGE|all", markup=False)
    else:
        out.print("没有 / none")


@app.command()
def retry(
    message: Annotated[
        str,
        typer.Argument(metavar="MESSAGE|all", help="消息编号，或 all / a message, or all that are parked"),
    ],
) -> None:
    """重新移交 / sends parked hand-overs again, under the same id."""
    from pipeline.store import sending

    with opened_database() as database, database.write() as connection:
        wanted = None if message == "all" else message
        number = sending.revive(connection, datetime.now(UTC), "engine", wanted)
    if wanted is not None and not number:
        fail(f"{message}: 没有这条待移交的消息 / no such message waits or is parked")
    out.print(f"{number} 条将重新移交 / will be sent again")


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0：任意空闲端口 / any free one")] = PORT,
    db: Annotated[
        Path, typer.Option(metavar="FILE", help="收到的消息保存于此，含个人信息 / keeps messages here")
    ] = Path("stand-in-engine.sqlite"),
    answer: Annotated[
        StandInAnswer, typer.Option(help="如何答复；pending 在再次查询时结算 / what it says to a claim")
    ] = "settled",
    fail_as: Annotated[FailureKind, typer.Option("--fail", help="演练故障 / fails in this way")] = "none",
    rate: Annotated[float, typer.Option(min=0, max=1, help="故障比例 / share of requests that fail")] = 0.3,
    seed: Annotated[int | None, typer.Option(help="故障次序 / the same seed fails in the same order")] = None,
) -> None:
    """启动替身结算系统，供对接调试 / serves a stand-in engine on loopback, until Ctrl-C.

    密钥取自 BAOXIAO_ENGINE_SECRET，未设置则新生成并显示
    / the secret is BAOXIAO_ENGINE_SECRET, or made and shown.
    """
    import uvicorn

    from pipeline.engine.signing import new_secret, secret_fault
    from pipeline.engine.stand_in import StandInBook, stand_in

    secret = settings().engine_secret or new_secret()
    if fault := secret_fault(secret):
        fail(f"BAOXIAO_ENGINE_SECRET: {fault}")
    failures = Failures(fail_as, rate, random.Random(seed))  # noqa: S311 - chooses failures, keeps no secret
    try:
        served = stand_in(StandInBook(db), secret, answer, failures)
        listening = socket.create_server((LOOPBACK, port))
    except BaoxiaoError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{LOOPBACK}:{port}: 端口无法使用 / the port cannot be used: {error.strerror}")
    out.print(f"BAOXIAO_ENGINE_URL=http://{LOOPBACK}:{listening.getsockname()[1]}", markup=False)
    if not settings().engine_secret:
        out.print(f"BAOXIAO_ENGINE_SECRET={secret}", markup=False)
    sys.stdout.flush()  # whoever started us through a pipe waits for the address
    # Failures that are asked for would fill the terminal with tracebacks.
    config = uvicorn.Config(served, log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])
