"""Who sends papers and sees what became of them: a program, a claimant, somebody of the office.

A token says so in the header, a person by having signed in. A claimant sends papers for their own claim and
nothing else; whoever may not see all claims sees what they sent themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials

from pipeline.store.accounts import PersonRole
from pipeline.store.tokens import OF_CLAIMANT, Scope
from pipeline.store.upload_keys import is_senders
from pipeline.web.access import BEARER, opened_by
from pipeline.web.people import opened_to
from pipeline.web.service import Service

ROLES: tuple[PersonRole, ...] = ("clerk", "supervisor")
SCOPES: tuple[Scope, ...] = ("uploads:write", OF_CLAIMANT)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, or asks for what they sent.

    Attributes:
        name: `token:…` or `account:…`.
        sees_all: Whether they see the uploads of others too.
        claim_id: The one claim that they may send papers for; None: any, or none.
        unmasked: Whether persons are shown in the clear.
    """

    name: str
    sees_all: bool
    claim_id: str | None = None
    unmasked: bool = False

    def may_see(self, service: Service, upload: str) -> bool:
        """Whether the upload is theirs to see."""
        if self.sees_all:
            return True
        with service.database.read() as connection:
            return is_senders(connection, self.name, upload)


def _sending() -> Callable[..., Awaitable[Sender]]:
    by_token, signed_in = opened_by(*SCOPES), opened_to(*ROLES)

    async def sender(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> Sender:
        if credentials is None:
            person = await signed_in(request)
            return Sender(f"account:{person.name}", sees_all=True)
        caller = await run_in_threadpool(by_token, request, credentials)
        token = caller.token
        return Sender(f"token:{token.id}", "claims:read" in token.scopes, token.claim_id, caller.unmasked)

    sender.scopes = SCOPES  # type: ignore[attr-defined]  # so that a test can hold each route against its table
    sender.roles = ROLES  # type: ignore[attr-defined]
    return sender


Sending = Annotated[Sender, Depends(_sending())]


def own_upload(request: Request, sender: Sending, upload: str) -> str:
    """The id of an upload that the sender may see.

    Raises:
        LookupError: As if there were none.
    """
    service: Service = request.app.state.service
    if not sender.may_see(service, upload):
        raise LookupError(f"{upload}: 没有这次上传 / no such upload")
    return upload


OwnUpload = Annotated[str, Depends(own_upload)]
