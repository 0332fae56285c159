"""Accounts of people and their sessions: passwords as Argon2id, sessions as a digest of their cookie.

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

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, Row, delete, insert, select, update

from pipeline.errors import QueryRefused
from pipeline.store.tables import accounts, sessions

PersonRole: TypeAlias = Literal["clerk", "reviewer", "second_reviewer", "supervisor", "auditor", "admin"]
"""What an account may be; of `pipeline.life.Role` those that are people of the office."""
PERSON_ROLES: tuple[PersonRole, ...] = get_args(PersonRole)

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

SHORTEST_PASSWORD = 12
"""Characters; length is what counts (NIST SP 800-63B), and nothing else is asked of it."""
LONGEST_PASSWORD = 256

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=12)
"""A working day: whoever comes the next morning signs in."""
SEEN_EACH = timedelta(minutes=1)
"""That a session is in use is written no more often than this."""

NAME = re.compile(r"[\w.@-]{1,64}")

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash(secrets.token_urlsafe())
"""Checked where there is no such account, so that the time taken does not tell which names there are."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    shown_as: str
    role: PersonRole
    language: Language
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in; `csrf` is what their forms must send along."""

    account: Account
    csrf: str


def create_account(
    connection: Connection, name: str, role: str, password: str, now: datetime, shown_as: str = ""
) -> Account:
    """Write a new account.

    Args:
        connection: Of a transaction that writes.
        name: What one signs in with.
        role: One of `PERSON_ROLES`.
        password: At least `SHORTEST_PASSWORD` characters.
        now: When.
        shown_as: What others read; by default the name.

    Raises:
        QueryRefused: If name, role or password is none, or the name is taken.
    """
    if not NAME.fullmatch(name):
        raise QueryRefused(
            "name: 应为 1–64 个字母、数字或 . _ @ - / should be 1 to 64 letters, digits or . _ @ -"
        )
    if role not in PERSON_ROLES:
        raise QueryRefused(f"role: 应为 {'、'.join(PERSON_ROLES)} / should be one of these")
    _check_password(password)
    if account_of(connection, name) is not None:
        raise QueryRefused(f"{name}: 账号已存在 / there is such an account already")
    connection.execute(
        insert(accounts).values(
            name=name,
            shown_as=shown_as.strip() or name,
            role=role,
            password=_hasher.hash(password),
            created_at=now,
        )
    )
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


def set_password(connection: Connection, name: str, password: str) -> None:
    """Give an account another password; its sessions end.

    Raises:
        LookupError: If there is no such account.
        QueryRefused: If the password is none.
    """
    _check_password(password)
    _change(connection, name, password=_hasher.hash(password))
    connection.execute(delete(sessions).where(sessions.c.account == name))


def set_language(connection: Connection, name: str, language: Language) -> None:
    """Have pages speak another language to somebody.

    Raises:
        LookupError: If there is no such account.
    """
    _change(connection, name, language=language)


def disable_account(connection: Connection, name: str, now: datetime) -> None:
    """Let nobody sign in with it any more; its sessions end. What it did keeps its name.

    Raises:
        LookupError: If there is no such account.
    """
    _change(connection, name, disabled_at=now)
    connection.execute(delete(sessions).where(sessions.c.account == name))


def signed_in(connection: Connection, name: str, password: str, now: datetime) -> str | None:
    """What the cookie of a new session holds, where name and password are right; it takes as long where not.

    Args:
        connection: Of a transaction that writes.
        name: As it was typed.
        password: As it was typed.
        now: When.
    """
    row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    known = row.password if row is not None else _NOBODYS
    try:
        _hasher.verify(known, password[:LONGEST_PASSWORD])
    except VerifyMismatchError:
        return None
    if row is None or row.disabled_at is not None:
        return None
    if _hasher.check_needs_rehash(row.password):
        _change(connection, name, password=_hasher.hash(password))
    held = secrets.token_urlsafe(32)
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    connection.execute(
        insert(sessions).values(
            digest=_digest(held),
            account=row.name,
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


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise QueryRefused(
            f"password: 应为 {SHORTEST_PASSWORD}–{LONGEST_PASSWORD} 个字符"
            f" / should be {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        )


def _change(connection: Connection, name: str, **values: Any) -> None:
    if connection.execute(update(accounts).where(accounts.c.name == name).values(**values)).rowcount != 1:
        raise LookupError(f"{name}: 没有这个账号 / no such account")


def _digest(held: str) -> bytes:
    return hashlib.sha256(held.encode("utf-8", "surrogateescape")).digest()


def _account(row: Row[Any]) -> Account:
    return Account(row.name, row.shown_as, row.role, row.language, row.created_at, row.disabled_at)
