"""What goes wrong, as problem documents (RFC 9457, `application/problem+json`): Chinese, with English.

Nothing that was sent is repeated, for it may name a person; what is wrong is named by its key.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NotRequired

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import (
    BaoxiaoError,
    ClaimMovedOn,
    HeldByAnother,
    QueryRefused,
    ServiceUnavailable,
    StepRefused,
)
from pipeline.web.headers import SECURITY_HEADERS

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS = 10
"""When to ask again where a part of ours is down."""

TITLES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "请求有误 / the request is wrong",
    HTTPStatus.UNAUTHORIZED: "须出示有效的令牌 / a valid token is wanted",
    HTTPStatus.FORBIDDEN: "没有权限 / not allowed",
    HTTPStatus.NOT_FOUND: "没有找到 / not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "不支持这种请求 / no such method here",
    HTTPStatus.CONFLICT: "当前状态下不能进行 / not possible as it stands",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "内容太大 / too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "内容不符合要求 / the content is wrong",
    HTTPStatus.INTERNAL_SERVER_ERROR: "程序出错，已记录 / an error of ours, it was noted",
    HTTPStatus.SERVICE_UNAVAILABLE: "暂时无法服务，请稍后再试 / unavailable, try again later",
}


class FaultRecord(TypedDict):
    """One key that is wrong, and what is wrong with it."""

    key: str
    message: str


class ProblemRecord(TypedDict):
    """A problem document; `errors` where several keys are wrong.

    Where a claim moved on meanwhile, `version` is its present one; where somebody else has it on their desk,
    `holder` says who, and `until` how long if they do nothing.
    """

    type: str
    title: str
    status: int
    detail: NotRequired[str]
    errors: NotRequired[list[FaultRecord]]
    version: NotRequired[int]
    holder: NotRequired[str]
    until: NotRequired[str]


def problem(
    status: int,
    detail: str | None = None,
    errors: list[FaultRecord] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    told: ProblemRecord = {
        "type": "about:blank",
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
    }
    if detail:
        told["detail"] = detail
    if errors:
        told["errors"] = errors
    return JSONResponse(told, status, headers, MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Have the app tell everything that goes wrong as problem documents."""
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BaoxiaoError, _ours)
    app.add_exception_handler(LookupError, _not_found)
    app.add_exception_handler(Exception, _unforeseen)


def _wrong_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults: list[FaultRecord] = [
        {"key": ".".join(map(str, one["loc"][1:])) or str(one["loc"][0]), "message": str(one["msg"])}
        for one in error.errors()
    ]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, errors=faults)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else None
    return problem(error.status_code, detail, headers=dict(error.headers or {}))


def _ours(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ServiceUnavailable):
        # Its message names the database, which is none of a caller's business.
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})
    if isinstance(error, QueryRefused):
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    if isinstance(error, StepRefused):
        return _conflict(error)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


def _conflict(error: StepRefused) -> JSONResponse:
    told: ProblemRecord = {
        "type": "about:blank",
        "title": TITLES[HTTPStatus.CONFLICT],
        "status": HTTPStatus.CONFLICT,
        "detail": str(error),
    }
    if isinstance(error, ClaimMovedOn):
        told["version"] = error.version
    if isinstance(error, HeldByAnother):
        told["holder"], told["until"] = error.holder, error.until
    return JSONResponse(told, HTTPStatus.CONFLICT, media_type=MEDIA_TYPE)


def _not_found(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, KeyError | IndexError):  # a mistake of ours, not something that was asked for
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    return problem(HTTPStatus.NOT_FOUND, str(error))


def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    """The server notes what it was; nobody outside is told. No other part adds headers to this response."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, headers=SECURITY_HEADERS)
