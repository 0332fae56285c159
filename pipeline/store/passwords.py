"""Passwords of people: which are taken, and how they are kept (Argon2id, with its parameters).

What is asked of one follows NIST SP 800-63B: length, and that it is not among those that are tried first;
no mixture of signs is asked for, and none runs out by itself.
"""

from __future__ import annotations

import secrets
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from pipeline.errors import QueryRefused

SHORTEST_PASSWORD = 12
"""Characters; length is what counts, and nothing else is asked of it but that it is not easily guessed."""
LONGEST_PASSWORD = 256
FEWEST_SIGNS = 5
"""Different characters; with fewer it is a pattern (`aaaaaaaaaaaa`, `121212121212`)."""
ONE_TIME_BYTES = 12
"""Of a password that is handed on once: 96 bits, 16 characters."""

COMMON = Path(__file__).with_name("common_passwords.txt")

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash(secrets.token_urlsafe())
"""Checked where there is no such account, so that the time taken does not tell which names there are."""


def check_password(password: str, name: str) -> None:
    """Take no password that is easily guessed.

    Args:
        password: As it was typed.
        name: Of the account.

    Raises:
        QueryRefused: If it is too short or too long, common, a pattern, or mostly the account's name.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise QueryRefused(
            f"password: 应为 {SHORTEST_PASSWORD}–{LONGEST_PASSWORD} 个字符"
            f" / should be {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        )
    plain = password.strip().casefold()
    without_name = plain.replace(name.casefold(), "")
    is_guessed = (
        plain in common_passwords()
        or len(set(plain)) < FEWEST_SIGNS
        or len(without_name) < SHORTEST_PASSWORD // 2
        or _is_run(plain)
    )
    if is_guessed:
        raise QueryRefused(
            "password: 太容易被猜到（常用密码、重复或连续的字符、账号名），请换一个"
            " / easily guessed (a common one, a pattern, the account's name): take another"
        )


def hashed(password: str) -> str:
    """The password as it is kept."""
    return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether the password is the one that is kept; it takes as long where none is (`kept` None)."""
    try:
        _hasher.verify(kept or _NOBODYS, password[:LONGEST_PASSWORD])
    except VerifyMismatchError:
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it is kept with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(kept)


def one_time_password() -> str:
    """A random password that is told once and changed at the first sign-in."""
    return secrets.token_urlsafe(ONE_TIME_BYTES)


@cache
def common_passwords() -> frozenset[str]:
    """Those that are tried first, in lower case."""
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("# "))


def _is_run(plain: str) -> bool:
    """Whether each character follows the one before, up or down.

    >>> _is_run("123456789012"), _is_run("lkjihgfedcba"), _is_run("correct horse")
    (True, True, False)
    """
    turn = 10 if plain.isdigit() else 0x110000  # behind 9 comes 0; letters do not begin anew
    steps = {(ord(after) - ord(before)) % turn for before, after in pairwise(plain)}
    return len(steps) == 1 and steps <= {1, turn - 1}
