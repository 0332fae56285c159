"""`/accounts`: who may sign in, in which role. Administrators make and close accounts, and see no claim.

A password that is made here is told this once and must be changed at the first sign-in, so that nobody
but its person ever knows the one that opens something.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.errors import QueryRefused, StepRefused
from pipeline.store.accounts import (
    PERSON_ROLES,
    ROLE_NAMES,
    account_changes_of,
    create_account,
    disable_account,
    enable_account,
    end_sessions,
    listed_accounts,
    set_password,
    set_role,
)
from pipeline.store.passwords import one_time_password
from pipeline.web.accounts.changes import CHANGE_NAMES
from pipeline.web.pages import page
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

CHANGES_SHOWN = 20

router = APIRouter(include_in_schema=False)
Admin = Annotated[Person, Depends(opened_to("admin"))]
Refusal = (QueryRefused, StepRefused)
"""The name is taken, the role none, or nobody would be left who manages accounts."""


@router.get("/accounts")
def accounts_page(request: Request, admin: Admin) -> Response:
    """账号管理 / all accounts."""
    return _shown(request, admin)


@router.post("/accounts")
def create(
    request: Request,
    admin: Admin,
    name: Annotated[str, Form(max_length=64)],
    role: Annotated[str, Form(max_length=32)],
    shown_as: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """新建账号 / makes an account; its password is told this once."""
    service: Service = request.app.state.service
    password = one_time_password()
    try:
        with service.database.write() as connection:
            create_account(
                connection,
                *(name.strip(), role, password, service.clock(), shown_as),
                who=admin.name,
                must_change=True,
            )
    except QueryRefused as error:
        return _shown(request, admin, refused=error)
    return _shown(request, admin, made=(name.strip(), password))


@router.post("/accounts/{name}/password")
def reset_password(request: Request, admin: Admin, name: str) -> Response:
    """重置密码 / gives an account a one-time password; its sessions end."""
    service: Service = request.app.state.service
    password = one_time_password()
    with service.database.write() as connection:
        set_password(connection, name, password, service.clock(), who=admin.name, must_change=True)
    return _shown(request, admin, made=(name, password))


@router.post("/accounts/{name}/role")
def change_role(
    request: Request, admin: Admin, name: str, role: Annotated[str, Form(max_length=32)]
) -> Response:
    """变更岗位 / gives somebody another role; their sessions end."""
    service: Service = request.app.state.service
    try:
        with service.database.write() as connection:
            set_role(connection, name, role, service.clock(), who=admin.name)
    except Refusal as error:
        return _shown(request, admin, refused=error)
    return _to_list()


@router.post("/accounts/{name}/disable")
def disable(request: Request, admin: Admin, name: str) -> Response:
    """停用账号 / lets nobody sign in with it any more."""
    service: Service = request.app.state.service
    try:
        with service.database.write() as connection:
            disable_account(connection, name, service.clock(), who=admin.name)
    except Refusal as error:
        return _shown(request, admin, refused=error)
    return _to_list()


@router.post("/accounts/{name}/enable")
def enable(request: Request, admin: Admin, name: str) -> Response:
    """启用账号 / lets somebody sign in again."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        enable_account(connection, name, service.clock(), who=admin.name)
    return _to_list()


@router.post("/accounts/{name}/sessions")
def sign_out_everywhere(request: Request, admin: Admin, name: str) -> Response:
    """结束登录 / signs somebody out everywhere."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        end_sessions(connection, name, service.clock(), who=admin.name)
    return _to_list()


def _shown(
    request: Request,
    admin: Person,
    made: tuple[str, str] | None = None,
    refused: QueryRefused | StepRefused | None = None,
) -> Response:
    """The list; `made` is a name and its one-time password, `refused` why nothing was changed."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        listed = listed_accounts(connection, service.clock())
        changes = account_changes_of(connection, CHANGES_SHOWN)
    status = HTTPStatus.OK
    if refused is not None:
        status = HTTPStatus.CONFLICT if isinstance(refused, StepRefused) else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(
        request,
        "accounts/accounts.html.j2",
        admin,
        status,
        listed=listed,
        changes=changes,
        change_names=CHANGE_NAMES,
        roles=PERSON_ROLES,
        role_names=ROLE_NAMES,
        made=made,
        refused=str(refused) if refused else "",
        moment=service.moment,
    )


def _to_list() -> Response:
    return RedirectResponse("/accounts", HTTPStatus.SEE_OTHER)
