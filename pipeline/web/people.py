"""People of the office: who signed in, in which role, and what of them a request must prove.

A route for people names the roles that it is open to (`opened_to`). Whoever is not signed in is led to the
page for that. A request that changes something must carry the session's token against forgery, as the header
`X-CSRF-Token` or the form's field `csrf`; cookies go along with nothing that other sites begin (SameSite).
Whoever has a password that somebody else chose changes it before anything else is open to them.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from pipeline.life import Actor
from pipeline.store.accounts import (
    LONGEST,
    PERSON_ROLES,
    Account,
    Language,
    PersonRole,
    Session,
    note_use,
    session_of,
)
from pipeline.web.limits import CHANGES, limits_of
from pipeline.web.service import Service

COOKIE = "baoxiao_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class NotSignedIn(Exception):
    """Nobody is signed in; pages lead to the page for that."""


class PasswordIsAnothers(Exception):
    """The password was handed on by somebody else; pages lead to where it is changed."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, signed in."""

    account: Account
    csrf: str

    @property
    def name(self) -> str:
        """What stands beside what they change."""
        return self.account.name

    @property
    def role(self) -> PersonRole:
        """What they may."""
        return self.account.role

    @property
    def language(self) -> Language:
        """In which language pages speak to them."""
        return self.account.language

    @property
    def actor(self) -> Actor:
        """The person as the life of a claim knows them."""
        return Actor(self.name, self.role)


def opened_to(*roles: PersonRole, before_change: bool = False) -> Callable[..., Awaitable[Person]]:
    """A dependency that lets people in who are signed in with one of the roles.

    Args:
        roles: Who may ask.
        before_change: Whoever still has a password that somebody else chose may ask too.
    """

    async def person(request: Request) -> Person:
        found = await _proven(request)
        if found is None:
            raise NotSignedIn
        if found.account.must_change and not before_change:
            raise PasswordIsAnothers
        if found.account.role not in roles:
            raise HTTPException(HTTPStatus.FORBIDDEN, "您的岗位无此权限 / not open to your role")
        return Person(found.account, found.csrf)

    person.roles = roles  # type: ignore[attr-defined]  # so that a test can hold each route against its table
    return person


async def whoever(request: Request) -> Person | None:
    """Who is signed in, for pages that are open to everybody."""
    found = await _proven(request)
    return None if found is None else Person(found.account, found.csrf)


def who_asks(request: Request) -> Person | None:
    """Who is signed in, for telling them what went wrong: nothing is asked of the request."""
    found = _session(request)
    return None if found is None else Person(found.account, found.csrf)


def keep_signed_in(request: Request, response: Response, held: str) -> None:
    """Have the browser send a new session along from now on."""
    response.set_cookie(
        COOKIE,
        held,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


async def _proven(request: Request) -> Session | None:
    """The session, and that a changing request of it is its own and not one of too many."""
    found = await run_in_threadpool(_session, request)
    if found is not None and request.method in CHANGING:
        await _check_forgery(request, found)
        limits_of(request).count(CHANGES, f"person {found.account.name}")
    return found


def _session(request: Request) -> Session | None:
    service: Service = request.app.state.service
    held = request.cookies.get(COOKIE)
    if not held:
        return None
    now = service.clock()
    with service.database.read() as connection:
        found = session_of(connection, held, now)
    if found is None:
        return None
    session, is_to_note = found
    if is_to_note:
        with service.database.write() as connection:
            note_use(connection, held, now)
    return session


async def _check_forgery(request: Request, session: Session) -> None:
    sent = request.headers.get(CSRF_HEADER)
    if sent is None and request.headers.get("content-type", "").startswith(
        "application/x-www-form-urlencoded"
    ):
        field = (await request.form()).get(CSRF_FIELD)
        sent = field if isinstance(field, str) else None
    if sent is None or not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "请求来源无法确认，请刷新页面后重试 / the request may be forged; load the page again",
        )


AnyPerson = Depends(opened_to(*PERSON_ROLES))
