"""`baoxiao serve` and `baoxiao token`: the web API on this machine, and who may ask it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import BaoxiaoError, QueryRefused
from pipeline.settings import settings

if TYPE_CHECKING:  # loads SQLAlchemy: by the command that needs it
    from pipeline.store.opened import Store

DEFAULT_PORT = 8620
MOST_DAYS = 3650
"""Ten years: a token that should last longer than that is forgotten by whoever made it."""

app = typer.Typer()
token_app = typer.Typer(no_args_is_help=True, help="访问令牌 / tokens for the web API")
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", help="本机地址 / an address of this machine alone")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口 / port")] = DEFAULT_PORT,
    work: Annotated[
        bool,
        typer.Option(
            "--work/--no-work",
            help="同时识别、移交、通知，或留给 baoxiao work / read, hand over and tell webhooks too, or not",
        ),
    ] = True,
    watch: Annotated[
        Path | None,
        typer.Option(
            "--watch",
            metavar="FOLDER",
            help="收件文件夹，写完即收 / receive what is put into a folder",
            exists=True,
            file_okay=False,
            writable=True,
        ),
    ] = None,
) -> None:
    """启动网页与接口，仅限本机访问 / serves pages and the API to this machine alone, and reads what comes in.

    须供他机访问时，在前面加 TLS 反向代理 / for other machines, put a proxy with TLS before it.
    """
    if not _is_loopback(host):
        raise typer.BadParameter(
            f"{host}: 只能是本机回环地址；供他机访问请加 TLS 反向代理"
            f" / not a loopback address; put a proxy with TLS before it",
            param_hint="--host",
        )
    from pipeline.web.serving import serve_store

    with opened() as store:
        serve_store(settings(), store, out, host, port, work=work, watch=watch)


@token_app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="给谁使用 / whose it is")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="如 claims:read、uploads:write，可多次 / several"),
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="ID", help="只看这一件（申请人） / this claim alone")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=MOST_DAYS, help="有效天数，默认一直有效 / how long")
    ] = None,
) -> None:
    """生成访问令牌，只显示这一次 / makes a token and shows it this once."""
    from pipeline.store.tokens import create_token

    now = datetime.now(UTC)
    scopes = tuple(scope or ()) or (("claim:read",) if claim is not None else ())
    with opened() as store, store.database.write() as connection:
        expires_at = now + timedelta(days=days) if days is not None else None
        text = create_token(connection, name, scopes, now, expires_at, claim)
    err.print("请立即妥善保存，不会再次显示 / keep it now: it is not shown again")
    if claim is not None:
        # Behind `#`, so that browsers send it to no server and it stands in no log.
        err.print("申请人补充材料的网址末尾 / the claimant's link ends in: /upload#token=…", markup=False)
    out.print(text, markup=False)


@token_app.command(name="list")
def list_all() -> None:
    """列出令牌 / lists tokens; what they open, not what they are."""
    from pipeline.progress.showing import clock
    from pipeline.store.tokens import list_tokens

    with opened() as store, store.database.read() as connection:
        tokens = list_tokens(connection)
    now = datetime.now(UTC)
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="dim")
    for name in (
        "编号\nid",
        "名称\nname",
        "权限\nscopes",
        "申请\nclaim",
        "生成\ncreated",
        "到期\nexpires",
        "状态\nstate",
    ):
        table.add_column(name)
    for token in tokens:
        state = "有效 / holds" if token.holds_at(now) else "已失效 / over"
        table.add_row(
            token.id,
            Text(token.name),
            " ".join(token.scopes),
            Text(token.claim_id or ""),
            clock(token.created_at.isoformat()),
            clock(token.expires_at.isoformat()) if token.expires_at else "",
            "已撤销 / revoked" if token.revoked_at else state,
        )
    out.print(table)


@token_app.command()
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID", help="编号，见 list / as listed")]) -> None:
    """撤销令牌，立即生效 / takes a token back, at once."""
    from pipeline.store.tokens import revoke_token

    with opened() as store, store.database.write() as connection:
        revoke_token(connection, token_id, datetime.now(UTC))
    out.print(f"{token_id}: 已撤销 / revoked", markup=False)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def opened() -> Iterator[Store]:
    """The store; what it refuses is told and ends the command."""
    from pipeline.store.opened import opened_store

    try:
        with opened_store(settings()) as store:
            yield store
    except QueryRefused as error:
        raise typer.BadParameter(str(error)) from error
    except (BaoxiaoError, LookupError) as error:
        err.print(f"✗ {error}", markup=False)
        raise typer.Exit(1) from error
