"""Who asks, and what they may see: bearer tokens with scopes.

A route names the scopes that open it. A claimant's token opens its own claim; of any other it is told that
there is none, so that nobody learns which numbers are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from pipeline.progress.timeline import Audience
from pipeline.store.tokens import OF_CLAIMANT, Scope, Token, token_of
from pipeline.web.limits import CHANGES, limits_of
from pipeline.web.people import CHANGING
from pipeline.web.service import Service

BEARER = HTTPBearer(auto_error=False, description="baoxiao token create")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by a token that holds."""

    token: Token

    @property
    def audience(self) -> Audience:
        """For whom what is told is made."""
        return "claimant" if self.token.claim_id is not None else "office"

    @property
    def unmasked(self) -> bool:
        """Whether persons are shown."""
        return "personal:read" in self.token.scopes

    def may_see(self, claim_id: str) -> bool:
        """Whether the claim is one that the token opens."""
        return self.token.claim_id in (None, claim_id)


def opened_by(*scopes: Scope) -> Callable[..., Caller]:
    """A dependency that lets callers in whose token has one of the scopes."""

    def caller(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> Caller:
        service: Service = request.app.state.service
        token = None
        if credentials is not None:
            with service.database.read() as connection:
                token = token_of(connection, credentials.credentials, service.clock())
        if token is None:
            raise HTTPException(HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        if not set(scopes) & set(token.scopes):
            wanted = "、".join(scopes)
            raise HTTPException(
                HTTPStatus.FORBIDDEN, f"令牌须有 {wanted} 之一 / the token lacks one of these"
            )
        if request.method in CHANGING:
            limits_of(request).count(CHANGES, f"token {token.id}")
        return Caller(token)

    caller.scopes = scopes  # type: ignore[attr-defined]  # so that a test can hold each route against its table
    return caller


OfClaim = Annotated[Caller, Depends(opened_by(OF_CLAIMANT, "claims:read"))]
OfOffice = Annotated[Caller, Depends(opened_by("claims:read"))]
OfFiles = Annotated[Caller, Depends(opened_by("claims:export"))]


def see(caller: Caller, claim_id: str) -> None:
    """Let nobody see a claim that is not theirs.

    Raises:
        LookupError: As if there were none.
    """
    if not caller.may_see(claim_id):
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
