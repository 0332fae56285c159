"""What goes wrong: to people as a page in their language, to programs as a problem document (RFC 9457).

A browser that opens an address asks for HTML and gets a page with a way on; scripts and programs get
`application/problem+json`, Chinese with English.

Nothing that was sent is repeated, for it may name a person; what is wrong is named by its key.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final, NotRequired

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
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
from pipeline.store.accounts import Language
from pipeline.web.headers import SECURITY_HEADERS
from pipeline.web.pages import PAGE_HEADERS, language_of, page
from pipeline.web.people import Person, who_asks

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
    HTTPStatus.TOO_MANY_REQUESTS: "请求过于频繁 / too many requests",
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
    said: ProblemRecord = {
        "type": "about:blank",
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
    }
    if detail:
        said["detail"] = detail
    if errors:
        said["errors"] = errors
    return JSONResponse(said, status, headers, MEDIA_TYPE)


def told(
    request: Request,
    status: int,
    detail: str | None = None,
    errors: list[FaultRecord] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """What went wrong, as whoever asked can read it: a page for a browser, else a problem document."""
    if not _wants_page(request):
        return problem(status, detail, errors, headers)
    person = _person(request)
    language = language_of(request, person)
    title = in_language(TITLES.get(status, HTTPStatus(status).phrase), language)
    made = page(
        request,
        "shell/problem.html.j2",
        person,
        status,
        code=int(status),
        title=title[:1].upper() + title[1:],
        detail=in_language(detail or "", language),
        faults=errors or [],
        way_on="/login" if status == HTTPStatus.UNAUTHORIZED and person is None else "/",
    )
    made.headers.update({**SECURITY_HEADERS, **PAGE_HEADERS, **(headers or {})})
    return made


def in_language(message: str, language: Language) -> str:
    """The part of a message in a language: Chinese stands first, English behind ` / `.

    >>> in_language("没有找到 / not found", "en"), in_language("甲 / none", "zh"), in_language("甲", "en")
    ('not found', '甲', '甲')
    """
    chinese, between, english = message.partition(" / ")
    return english if between and language == "en" else chinese


def _wants_page(request: Request) -> bool:
    """Whether a browser opened the address; scripts of ours ask for JSON or say that htmx asks."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers


def _person(request: Request) -> Person | None:
    """Who is to be told; nobody where the store does not answer."""
    try:
        return who_asks(request)
    except ServiceUnavailable:
        return None


def tell_problems(app: FastAPI) -> None:
    """Have the app tell everything that goes wrong, as pages or problem documents."""
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BaoxiaoError, _ours)
    app.add_exception_handler(LookupError, _not_found)
    app.add_exception_handler(Exception, _unforeseen)


def _wrong_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults: list[FaultRecord] = [
        {"key": ".".join(map(str, one["loc"][1:])) or str(one["loc"][0]), "message": str(one["msg"])}
        for one in error.errors()
    ]
    return told(request, HTTPStatus.UNPROCESSABLE_ENTITY, errors=faults)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else None
    return told(request, error.status_code, detail, headers=dict(error.headers or {}))


def _ours(request: Request, error: Exception) -> Response:
    if isinstance(error, ServiceUnavailable):
        # Its message names the database, which is none of a caller's business.
        return told(request, HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})
    if isinstance(error, QueryRefused):
        return told(request, HTTPStatus.BAD_REQUEST, str(error))
    if isinstance(error, StepRefused):
        return _conflict(request, error)
    return told(request, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


def _conflict(request: Request, error: StepRefused) -> Response:
    """Beside the sentence, what a script goes on with: the version, or who has it and until when."""
    answer = told(request, HTTPStatus.CONFLICT, str(error))
    if isinstance(error, ClaimMovedOn):
        return _with(answer, version=error.version)
    if isinstance(error, HeldByAnother):
        return _with(answer, holder=error.holder, until=error.until)
    return answer


def _with(answer: Response, **more: int | str | None) -> Response:
    """A problem document with further keys (RFC 9457, 3.2); a page stays as it is."""
    if answer.media_type != MEDIA_TYPE:
        return answer
    return JSONResponse({**json.loads(bytes(answer.body)), **more}, answer.status_code, media_type=MEDIA_TYPE)


def _not_found(request: Request, error: Exception) -> Response:
    if isinstance(error, KeyError | IndexError):  # a mistake of ours, not something that was asked for
        return told(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return told(request, HTTPStatus.NOT_FOUND, str(error))


def _unforeseen(request: Request, _error: Exception) -> Response:
    """The server notes what it was; nobody outside is told. No other part adds headers to this response."""
    return told(request, HTTPStatus.INTERNAL_SERVER_ERROR, headers=dict(SECURITY_HEADERS))
