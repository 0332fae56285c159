"""`/account`: one's own password and language; all that a password of another's choice opens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.errors import QueryRefused
from pipeline.store.accounts import PERSON_ROLES, ROLE_NAMES, is_password_of, open_session, set_password
from pipeline.store.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from pipeline.web.limits import SIGN_INS_OF_ACCOUNT, limits_of
from pipeline.web.pages import page
from pipeline.web.people import Person, keep_signed_in, opened_to
from pipeline.web.problems import told
from pipeline.web.service import Service

router = APIRouter(include_in_schema=False)
Own = Annotated[Person, Depends(opened_to(*PERSON_ROLES, before_change=True))]
Password = Annotated[str, Form(max_length=LONGEST_PASSWORD)]


@router.get("/account")
def account_page(request: Request, person: Own, changed: bool = False) -> Response:
    """我的账号 / one's own account."""
    return _shown(request, person, changed=changed)


@router.post("/account/password")
def change_password(
    request: Request, person: Own, present: Password, new: Password, again: Password
) -> Response:
    """修改密码 / changes one's own password; all other sessions end."""
    service: Service = request.app.state.service
    # Whoever finds a screen unlocked may not try passwords on it either.
    limits_of(request).count(SIGN_INS_OF_ACCOUNT, person.name)
    with service.database.read() as connection:
        is_right = is_password_of(connection, person.name, present)
    if not is_right:
        return _shown(request, person, refused="现在的密码不对 / the present password is wrong")
    if new != again:
        return _shown(request, person, refused="两次输入的新密码不一样 / the new passwords differ")
    if new == present:
        return _shown(request, person, refused="新密码与现在的相同 / the new password is the present one")
    now = service.clock()
    try:
        with service.database.write() as connection:
            set_password(connection, person.name, new, now, who=person.name)
            held = open_session(connection, person.name, now)
    except QueryRefused as error:
        return _shown(request, person, refused=str(error).removeprefix("password: "))
    response = RedirectResponse("/account?changed=true", HTTPStatus.SEE_OTHER)
    keep_signed_in(request, response, held)
    return response


def to_change_password(request: Request, _error: Exception) -> Response:
    """Pages lead to where the password is changed; a script is told so."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/account", HTTPStatus.SEE_OTHER)
    return told(
        request, HTTPStatus.FORBIDDEN, "请先修改初始密码 / change the first password before anything else"
    )


def _shown(request: Request, person: Person, refused: str = "", *, changed: bool = False) -> Response:
    return page(
        request,
        "accounts/account.html.j2",
        person,
        HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        refused=refused,
        changed=changed,
        role_name=ROLE_NAMES[person.role],
        shortest=SHORTEST_PASSWORD,
        longest=LONGEST_PASSWORD,
    )
