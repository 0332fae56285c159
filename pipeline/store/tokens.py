"""Tokens by which programs and claimants ask the web API: kept as a digest, shown once, taken back at once.

A token is random (256 bits), so that a plain SHA-256 of it can be kept: there is nothing to guess. It names
its own row (`bx_<id>_<secret>`), and the digest is compared in constant time. A claimant's token opens one
claim and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, insert, select, update

from pipeline.errors import QueryRefused
from pipeline.store.tables import api_tokens, claims

Scope: TypeAlias = Literal["claim:read", "claims:read", "claims:export", "personal:read", "uploads:write"]
"""One's own claim (a claimant), and papers for it; all claims, persons masked; files of them; persons in the
clear as well; sending papers, and seeing what became of those."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
OF_CLAIMANT: Scope = "claim:read"

ID_BYTES = 6
SECRET_BYTES = 32
PREFIX = "bx"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed: everything but the secret, which nobody knows any more."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    claim_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds_at(self, now: datetime) -> bool:
        """Whether it is neither taken back nor over."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create_token(
    connection: Connection,
    name: str,
    scopes: tuple[str, ...],
    now: datetime,
    expires_at: datetime | None = None,
    claim_id: str | None = None,
) -> str:
    """Write a new token; its text, which is told this once.

    Args:
        connection: Of a transaction that writes.
        name: For people: whose it is.
        scopes: What it opens, of `SCOPES`.
        now: When.
        expires_at: The moment from which it opens nothing.
        claim_id: The one claim that a claimant's token opens; asked for with `claim:read`, and only then.

    Raises:
        QueryRefused: If a scope is none, the name is empty, or scope and claim do not go together.
        LookupError: If there is no such claim.
    """
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise QueryRefused(
            f"scope: {'、'.join(wrong) or '未给出'}，应为 {'、'.join(SCOPES)} / expected: {', '.join(SCOPES)}"
        )
    if not name.strip():
        raise QueryRefused("name: 须写明给谁使用 / say whose it is")
    if (claim_id is not None) != (OF_CLAIMANT in scopes) or (claim_id is not None and len(set(scopes)) > 1):
        raise QueryRefused(
            f"scope: {OF_CLAIMANT} 须单独使用并指定申请号 / {OF_CLAIMANT} stands alone and with a claim"
        )
    if claim_id is not None and not _is_claim(connection, claim_id):
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
    token_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    connection.execute(
        insert(api_tokens).values(
            id=token_id,
            name=name.strip(),
            digest=_digest(secret),
            scopes=json.dumps(list(dict.fromkeys(scopes))),
            claim_id=claim_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return f"{PREFIX}_{token_id}_{secret}"


def token_of(connection: Connection, text: str, now: datetime) -> Token | None:
    """The token that `text` is, where it is one and holds."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX:
        return None
    row = connection.execute(select(api_tokens).where(api_tokens.c.id == token_id)).first()
    known = row.digest if row is not None else b""
    if not hmac.compare_digest(_digest(secret), known) or row is None:
        return None
    token = _token(row)
    return token if token.holds_at(now) else None


def list_tokens(connection: Connection) -> tuple[Token, ...]:
    """All tokens, the oldest first."""
    return tuple(
        _token(row)
        for row in connection.execute(select(api_tokens).order_by(api_tokens.c.created_at, api_tokens.c.id))
    )


def revoke_token(connection: Connection, token_id: str, now: datetime) -> None:
    """Take a token back; one that is taken back already stays so since then.

    Raises:
        LookupError: If there is none of this id.
    """
    known = connection.execute(select(api_tokens.c.revoked_at).where(api_tokens.c.id == token_id)).first()
    if known is None:
        raise LookupError(f"{token_id}: 没有这个令牌 / no such token")
    if known.revoked_at is None:
        connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(revoked_at=now))


def _is_claim(connection: Connection, claim_id: str) -> bool:
    return connection.execute(select(claims.c.id).where(claims.c.id == claim_id)).first() is not None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _token(row: Row[Any]) -> Token:
    return Token(
        row.id,
        row.name,
        tuple(json.loads(row.scopes)),
        row.claim_id,
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
