"""Accounts of people and their sessions: who may sign in, in which role, and who changed that.

A session ends when nobody used it for `IDLE`, after `LONGEST` in any case, when its account is disabled or
gets another password, and when its person leaves. What the cookie holds is random (256 bits): a plain
SHA-256 of it is kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pipeline.errors import QueryRefused, StepRefused
from pipeline.store.passwords import check_password, hashed, is_outdated, is_right
from pipeline.store.tables import account_changes, accounts, sessions

PersonRole: TypeAlias = Literal["clerk", "reviewer", "second_reviewer", "supervisor", "auditor", "admin"]
"""What an account may be; of `pipeline.life.Role` those that are people of the office."""
PERSON_ROLES: tuple[PersonRole, ...] = get_args(PersonRole)
ROLE_NAMES: dict[PersonRole, str] = {
    "clerk": "收件员",
    "reviewer": "初审员",
    "second_reviewer": "复审员",
    "supervisor": "主管",
    "auditor": "审计员",
    "admin": "管理员",
}
"""What an office calls each role."""

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=12)
"""A working day: whoever comes the next morning signs in."""
SEEN_EACH = timedelta(minutes=1)
"""That a session is in use is written no more often than this."""

NAME = re.compile(r"[\w.@-]{1,64}")
LONGEST_SHOWN = 64
"""Characters of what others read."""

AccountEvent: TypeAlias = Literal["created", "role", "password", "disabled", "enabled", "sessions_ended"]
"""What may be done to an account; each is written down with who did it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    `must_change` says that the password was handed on by somebody else: it opens nothing but its change.
    """

    name: str
    shown_as: str
    role: PersonRole
    language: Language
    created_at: datetime
    disabled_at: datetime | None
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as its list shows it: `sessions` are open now, `seen_at` is when one was last used."""

    account: Account
    sessions: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What somebody did to an account."""

    account: str
    what: AccountEvent
    told: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in; `csrf` is what their forms must send along."""

    account: Account
    csrf: str


def create_account(
    connection: Connection,
    name: str,
    role: str,
    password: str,
    now: datetime,
    shown_as: str = "",
    *,
    who: str = "",
    must_change: bool = False,
) -> Account:
    """Write a new account.

    Args:
        connection: Of a transaction that writes.
        name: What one signs in with.
        role: One of `PERSON_ROLES`.
        password: At least `passwords.SHORTEST_PASSWORD` characters, and not easily guessed.
        now: When.
        shown_as: What others read; by default the name.
        who: Who makes it; empty: whoever sits at this machine.
        must_change: The password is handed on and must be changed at the first sign-in.

    Raises:
        QueryRefused: If name, role or password is none, or the name is taken.
    """
    if not NAME.fullmatch(name):
        raise QueryRefused(
            "name: 应为 1–64 个字母、数字或 . _ @ - / should be 1 to 64 letters, digits or . _ @ -"
        )
    _check_role(role)
    check_password(password, name)
    if account_of(connection, name) is not None:
        raise QueryRefused(f"{name}: 账号已存在 / there is such an account already")
    connection.execute(
        insert(accounts).values(
            name=name,
            shown_as=shown_as.strip()[:LONGEST_SHOWN] or name,
            role=role,
            password=hashed(password),
            must_change=must_change,
            created_at=now,
        )
    )
    _note(connection, name, "created", who, now, role)
    made = account_of(connection, name)
    assert made is not None
    return made


def account_of(connection: Connection, name: str) -> Account | None:
    """The account of a name."""
    row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    return None if row is None else _account(row)


def list_accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts, by name."""
    return tuple(_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name)))


def listed_accounts(connection: Connection, now: datetime) -> tuple[ListedAccount, ...]:
    """All accounts with their open sessions: those in use first, then by name."""
    open_now = (
        select(sessions.c.account, func.count().label("sessions"), func.max(sessions.c.seen_at).label("seen"))
        .where(sessions.c.expires_at > now, sessions.c.seen_at > now - IDLE)
        .group_by(sessions.c.account)
    )
    held = {row.account: row for row in connection.execute(open_now)}
    listed = (
        ListedAccount(one, held[one.name].sessions, held[one.name].seen)
        if one.name in held
        else ListedAccount(one, 0, None)
        for one in list_accounts(connection)
    )
    return tuple(sorted(listed, key=lambda one: (one.account.disabled_at is not None, one.account.name)))


def account_changes_of(connection: Connection, limit: int) -> tuple[AccountChange, ...]:
    """What was done to accounts, the latest first, `limit` at most."""
    query = select(account_changes).order_by(account_changes.c.id.desc()).limit(limit)
    return tuple(
        AccountChange(row.account, row.what, row.told, row.who, row.at) for row in connection.execute(query)
    )


def set_password(
    connection: Connection,
    name: str,
    password: str,
    now: datetime,
    *,
    who: str = "",
    must_change: bool = False,
) -> None:
    """Give an account another password; its sessions end.

    Args:
        connection: Of a transaction that writes.
        name: Of the account.
        password: The new one.
        now: When.
        who: Who does it; empty: whoever sits at this machine.
        must_change: It is handed on and must be changed at the next sign-in.

    Raises:
        LookupError: If there is no such account.
        QueryRefused: If the password is none.
    """
    check_password(password, name)
    _change(connection, name, password=hashed(password), must_change=must_change)
    _note(connection, name, "password", who, now)
    connection.execute(delete(sessions).where(sessions.c.account == name))


def is_password_of(connection: Connection, name: str, password: str) -> bool:
    """Whether it is the password of the account."""
    kept = connection.execute(select(accounts.c.password).where(accounts.c.name == name)).scalar()
    return is_right(password, kept)


def set_language(connection: Connection, name: str, language: Language) -> None:
    """Have pages speak another language to somebody.

    Raises:
        LookupError: If there is no such account.
    """
    _change(connection, name, language=language)


def set_role(connection: Connection, name: str, role: str, now: datetime, *, who: str = "") -> None:
    """Give somebody another role; their sessions end, and with them what the old role opened.

    Raises:
        LookupError: If there is no such account.
        QueryRefused: If the role is none.
        StepRefused: If nobody would be left who manages accounts.
    """
    _check_role(role)
    if role != "admin":
        _check_admin_left(connection, name)
    _change(connection, name, role=role)
    _note(connection, name, "role", who, now, role)
    connection.execute(delete(sessions).where(sessions.c.account == name))


def disable_account(connection: Connection, name: str, now: datetime, *, who: str = "") -> None:
    """Let nobody sign in with it any more; its sessions end. What it did keeps its name.

    Raises:
        LookupError: If there is no such account.
        StepRefused: If nobody would be left who manages accounts.
    """
    _check_admin_left(connection, name)
    _change(connection, name, disabled_at=now)
    _note(connection, name, "disabled", who, now)
    connection.execute(delete(sessions).where(sessions.c.account == name))


def enable_account(connection: Connection, name: str, now: datetime, *, who: str = "") -> None:
    """Let somebody sign in again, with the password they had.

    Raises:
        LookupError: If there is no such account.
    """
    _change(connection, name, disabled_at=None)
    _note(connection, name, "enabled", who, now)


def end_sessions(connection: Connection, name: str, now: datetime, *, who: str = "") -> int:
    """Sign somebody out everywhere; how many sessions ended.

    Raises:
        LookupError: If there is no such account.
    """
    if account_of(connection, name) is None:
        raise _no_such(name)
    ended = connection.execute(delete(sessions).where(sessions.c.account == name)).rowcount
    _note(connection, name, "sessions_ended", who, now)
    return ended


def signed_in(connection: Connection, name: str, password: str, now: datetime) -> str | None:
    """What the cookie of a new session holds, where name and password are right; it takes as long where not.

    Args:
        connection: Of a transaction that writes.
        name: As it was typed.
        password: As it was typed.
        now: When.
    """
    row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    is_theirs = is_right(password, None if row is None else row.password)
    if row is None or not is_theirs or row.disabled_at is not None:
        return None
    if is_outdated(row.password):
        _change(connection, name, password=hashed(password))
    return open_session(connection, row.name, now)


def open_session(connection: Connection, name: str, now: datetime) -> str:
    """What the cookie of a new session holds, of somebody who has proven who they are.

    Args:
        connection: Of a transaction that writes.
        name: Of the account.
        now: When.
    """
    held = secrets.token_urlsafe(32)
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    connection.execute(
        insert(sessions).values(
            digest=_digest(held),
            account=name,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST,
        )
    )
    return held


def session_of(connection: Connection, held: str, now: datetime) -> tuple[Session, bool] | None:
    """The session that a cookie holds and whether its use should be noted; None where it is over or none."""
    row = connection.execute(
        select(sessions, accounts.c.disabled_at)
        .join(accounts, accounts.c.name == sessions.c.account)
        .where(sessions.c.digest == _digest(held))
    ).first()
    if row is None or row.disabled_at is not None or now >= row.expires_at or now - row.seen_at >= IDLE:
        return None
    account = account_of(connection, row.account)
    assert account is not None
    return Session(account, row.csrf), now - row.seen_at >= SEEN_EACH


def note_use(connection: Connection, held: str, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(update(sessions).where(sessions.c.digest == _digest(held)).values(seen_at=now))


def signed_out(connection: Connection, held: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(held)))


def _check_role(role: str) -> None:
    if role not in PERSON_ROLES:
        raise QueryRefused(f"role: 应为 {'、'.join(PERSON_ROLES)} / should be one of these")


def _check_admin_left(connection: Connection, name: str) -> None:
    """Refuse to take away the last account that manages accounts."""
    admins = select(accounts.c.name).where(accounts.c.role == "admin", accounts.c.disabled_at.is_(None))
    if set(connection.execute(admins).scalars()) == {name}:
        raise StepRefused(
            f"{name}: 是唯一的管理员，请先另设一位 / the only one who manages accounts: make another first"
        )


def _note(
    connection: Connection, name: str, what: AccountEvent, who: str, now: datetime, told: str = ""
) -> None:
    connection.execute(insert(account_changes).values(account=name, what=what, told=told, who=who, at=now))


def _no_such(name: str) -> LookupError:
    return LookupError(f"{name}: 没有这个账号 / no such account")


def _change(connection: Connection, name: str, **values: Any) -> None:
    if connection.execute(update(accounts).where(accounts.c.name == name).values(**values)).rowcount != 1:
        raise _no_such(name)


def _digest(held: str) -> bytes:
    return hashlib.sha256(held.encode("utf-8", "surrogateescape")).digest()


def _account(row: Row[Any]) -> Account:
    return Account(
        row.name,
        row.shown_as,
        row.role,
        row.language,
        row.created_at,
        row.disabled_at,
        row.must_change,
    )
