"""Signing in and out, the language, and the first page, which depends on who asks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.store.accounts import PERSON_ROLES, Language, PersonRole, set_language, signed_in, signed_out
from pipeline.web.limits import SIGN_INS_FROM_ADDRESS, SIGN_INS_OF_ACCOUNT, address_of, limits_of
from pipeline.web.pages import LANGUAGE_COOKIE, page
from pipeline.web.people import COOKIE, NotSignedIn, Person, keep_signed_in, opened_to, whoever
from pipeline.web.service import Service

FIRST_PAGE: dict[PersonRole, str] = {
    "clerk": "/batches",
    "reviewer": "/review",
    "second_reviewer": "/review",
    "supervisor": "/dashboard",
    "auditor": "/dashboard",
    "admin": "/accounts",
}
"""What somebody of a role works with."""

router = APIRouter(include_in_schema=False)
Asking = Annotated[Person | None, Depends(whoever)]
Leaving = Annotated[Person, Depends(opened_to(*PERSON_ROLES, before_change=True))]


@router.get("/")
def first_page(person: Asking) -> Response:
    """The page that somebody works with."""
    if person is None:
        raise NotSignedIn
    return _to(FIRST_PAGE[person.role])


@router.get("/login")
def login_page(request: Request, person: Asking, next: str = "/") -> Response:  # noqa: A002 - as the address has it
    """Where one signs in."""
    if person is not None:
        return _to(_own(next))
    return page(request, "shell/login.html.j2", None, next=_own(next), wrong=False)


@router.post("/login")
def login(
    request: Request,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=256)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 - as the form has it
) -> Response:
    """Sign in; a name that is not there and a wrong password are one answer."""
    service: Service = request.app.state.service
    limits_of(request).count(SIGN_INS_FROM_ADDRESS, address_of(request))
    limits_of(request).count(SIGN_INS_OF_ACCOUNT, name.strip())
    with service.database.write() as connection:
        held = signed_in(connection, name.strip(), password, service.clock())
    if held is None:
        return page(
            request, "shell/login.html.j2", None, HTTPStatus.UNAUTHORIZED, next=_own(next), wrong=True
        )
    response = _to(_own(next))
    keep_signed_in(request, response, held)
    return response


@router.post("/logout")
def logout(request: Request, _person: Leaving) -> Response:
    """Sign out: the session ends here, whatever the browser keeps."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        signed_out(connection, request.cookies[COOKIE])
    response = _to("/login")
    response.delete_cookie(COOKIE)
    return response


@router.post("/language")
def language(
    request: Request,
    person: Asking,
    to: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Have pages speak another language: the account's where somebody is signed in."""
    chosen: Language = "en" if to == "en" else "zh"
    response = _to(_own(next))
    response.set_cookie(LANGUAGE_COOKIE, chosen, httponly=True, samesite="lax", max_age=31536000)
    if person is not None:
        service: Service = request.app.state.service
        with service.database.write() as connection:
            set_language(connection, person.name, chosen)
    return response


def not_signed_in(request: Request, _error: Exception) -> Response:
    """Pages lead to where one signs in and back; a script is told so by its status."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    query = f"?{request.url.query}" if request.url.query else ""
    return _to("/login?" + urlencode({"next": request.url.path + query}))


def _to(where: str) -> RedirectResponse:
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def _own(where: str) -> str:
    """An address of ours, whatever was asked for: nobody is led elsewhere."""
    is_ours = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isprintable()
    return where if is_ours else "/"
