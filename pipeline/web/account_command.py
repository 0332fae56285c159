"""`baoxiao account`: who may sign in. The first administrator is made here, others on the page.

A password is asked for twice without showing it, or read from standard input, and is never an argument:
arguments stand in the list of processes and in the history of the shell.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.web.command import opened

if TYPE_CHECKING:  # loads SQLAlchemy: by the command that needs it
    from pipeline.store.accounts import ListedAccount

app = typer.Typer(no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="登录名 / what one signs in with")]
RoleOption = Annotated[
    str,
    typer.Option(
        "--role",
        help="岗位 / role: clerk 收件员、reviewer 初审员、second_reviewer 复审员、"
        "supervisor 主管、auditor 审计员、admin 管理员",
    ),
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="从标准输入读取密码 / read it from standard input")
]


@app.command()
def create(
    name: NameArgument,
    role: RoleOption,
    shown_as: Annotated[str, typer.Option("--shown-as", help="姓名 / the name that others read")] = "",
    password_stdin: StdinOption = False,
) -> None:
    """新建账号 / makes an account."""
    from pipeline.store.accounts import create_account

    password = _password(from_stdin=password_stdin)
    with opened() as store, store.database.write() as connection:
        made = create_account(connection, name, role, password, datetime.now(UTC), shown_as)
    out.print(f"{made.name}: 已新建，{_role(made.role)} / made", markup=False)


@app.command(name="list")
def list_all() -> None:
    """列出账号 / lists accounts."""
    from pipeline.progress.showing import clock
    from pipeline.store.accounts import listed_accounts

    with opened() as store, store.database.read() as connection:
        listed = listed_accounts(connection, datetime.now(UTC))
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="dim")
    for column in ("登录名\nname", "姓名\nshown as", "岗位\nrole", "新建\ncreated", "状态\nstate"):
        table.add_column(column)
    for one in listed:
        account = one.account
        table.add_row(
            Text(account.name),
            Text(account.shown_as),
            _role(account.role),
            clock(account.created_at.isoformat()),
            _state(one),
        )
    out.print(table)


@app.command()
def disable(name: NameArgument) -> None:
    """停用账号，登录立即结束 / lets nobody sign in with it any more; its sessions end."""
    from pipeline.store.accounts import disable_account

    with opened() as store, store.database.write() as connection:
        disable_account(connection, name, datetime.now(UTC))
    out.print(f"{name}: 已停用 / disabled", markup=False)


@app.command()
def enable(name: NameArgument) -> None:
    """启用账号，密码照旧 / lets somebody sign in again, with the password they had."""
    from pipeline.store.accounts import enable_account

    with opened() as store, store.database.write() as connection:
        enable_account(connection, name, datetime.now(UTC))
    out.print(f"{name}: 已启用 / enabled", markup=False)


@app.command()
def password(name: NameArgument, password_stdin: StdinOption = False) -> None:
    """更换密码，登录立即结束 / gives an account another password; its sessions end."""
    from pipeline.store.accounts import set_password

    new = _password(from_stdin=password_stdin)
    with opened() as store, store.database.write() as connection:
        set_password(connection, name, new, datetime.now(UTC))
    out.print(f"{name}: 密码已更换 / the password is changed", markup=False)


@app.command()
def role(name: NameArgument, role: RoleOption) -> None:
    """变更岗位，登录立即结束 / gives somebody another role; their sessions end."""
    from pipeline.store.accounts import set_role

    with opened() as store, store.database.write() as connection:
        set_role(connection, name, role, datetime.now(UTC))
    out.print(f"{name}: {_role(role)}", markup=False)


def _password(*, from_stdin: bool) -> str:
    """What was typed, or the one line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt(
        "密码 / password", hide_input=True, confirmation_prompt="再输一次 / again", err=True
    )
    return typed


def _role(role: str) -> str:
    from pipeline.store.accounts import PERSON_ROLES, ROLE_NAMES

    known = next(one for one in PERSON_ROLES if one == role)
    return f"{ROLE_NAMES[known]} / {role}"


def _state(one: ListedAccount) -> str:
    if one.account.disabled_at is not None:
        return "已停用 / disabled"
    if one.account.must_change:
        return "待改初始密码 / first password"
    return f"登录中（{one.sessions}） / signed in" if one.sessions else "可登录 / may sign in"
