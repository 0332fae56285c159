"""`baoxiao webhook`: who is told what becomes of claims. What is heavy loads with the command that runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from pipeline.engine.command import fail, opened_database

app = typer.Typer(no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

_Id = Annotated[str, typer.Argument(metavar="ID", help="见 / see: baoxiao webhook list")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="可在内网 / may lie inside the office's network")],
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="claim.settle", help="只要这些，可重复 / only these, repeatable"),
    ] = None,
) -> None:
    """添加通知地址并显示密钥（仅此一次） / adds a webhook and shows its secret, this once."""
    from pipeline.engine.signing import new_secret
    from pipeline.engine.webhooks import TYPES, url_fault
    from pipeline.store.webhooks import add_webhook

    if fault := url_fault(url):
        raise typer.BadParameter(fault, param_hint="URL")
    if unknown := [name for name in event or () if name not in TYPES]:
        raise typer.BadParameter(
            f"{'、'.join(unknown)}: 应为 / expected: {', '.join(TYPES)}", param_hint="--event"
        )
    with opened_database() as database, database.write() as connection:
        hook = add_webhook(connection, url, new_secret(), event or (), datetime.now(UTC))
    out.print(f"{hook.id}  {url}", markup=False)
    out.print(f"密钥，只显示这一次 / the secret, shown this once: {hook.secret}", markup=False)


@app.command("list")
def show() -> None:
    """列出通知地址 / lists webhooks, without their secrets."""
    from pipeline.store.webhooks import all_webhooks

    with opened_database() as database, database.read() as connection:
        hooks = all_webhooks(connection)
    for hook in hooks:
        events = ", ".join(hook.events) or "全部 / all"
        out.print(
            f"{hook.id}  {hook.url}  {events}  待发 / waiting {hook.waiting}，未送达 / parked {hook.parked}",
            markup=False,
        )
    if not hooks:
        out.print("没有 / none")


@app.command()
def remove(hook_id: _Id) -> None:
    """移除通知地址，未送达的作废 / removes a webhook; what it was not told is dropped."""
    from pipeline.store.webhooks import remove_webhook

    with opened_database() as database, database.write() as connection:
        removed = remove_webhook(connection, hook_id, datetime.now(UTC))
    if not removed:
        _unknown(hook_id)
    out.print(f"{hook_id}: 已移除 / removed", markup=False)


@app.command()
def test(hook_id: _Id) -> None:
    """发送一条测试消息 / sends a message that says nothing but that it arrives."""
    from pipeline.engine.webhooks import WebhookClient
    from pipeline.errors import EngineUnavailable
    from pipeline.store.webhooks import webhook

    with opened_database() as database, database.read() as connection:
        hook = webhook(connection, hook_id)
    if hook is None or hook.disabled_at is not None:
        _unknown(hook_id)
    try:
        with WebhookClient() as client:
            status = client.test(hook)
    except EngineUnavailable as error:
        fail(f"{hook.url}: {error}")
    out.print(f"{hook.url}: 已收到 / arrived (HTTP {status})", markup=False)


@app.command()
def retry(hook_id: _Id) -> None:
    """重新发送未送达的消息 / sends again what it did not take."""
    from pipeline.store.sending import revive_of_target
    from pipeline.store.webhooks import webhook

    with opened_database() as database, database.write() as connection:
        if webhook(connection, hook_id) is None:
            _unknown(hook_id)
        number = revive_of_target(connection, datetime.now(UTC), hook_id)
    out.print(f"{number} 条将重新发送 / will be sent again")


def _unknown(hook_id: str) -> NoReturn:
    fail(f"{hook_id}: 没有这个通知地址 / no such webhook")
