"""The web as one app, API and pages: routes, who may call them, what is told when something goes wrong.

Everything comes from this process: no page, script or font is fetched from elsewhere. `/openapi.json`
describes the routes; the usual pages that draw it load their scripts from other servers and are left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.store.queries import is_answering
from pipeline.web import answers, claims, pages, paper_pages, unmasking
from pipeline.web.accounts import own as account
from pipeline.web.accounts import routes as accounts
from pipeline.web.batches import routes as batches
from pipeline.web.dashboard import routes as dashboard
from pipeline.web.from_here import FromHere
from pipeline.web.headers import SECURITY_HEADERS
from pipeline.web.limits import Limits
from pipeline.web.people import NotSignedIn, PasswordIsAnothers
from pipeline.web.problems import tell_problems
from pipeline.web.quality import routes as quality
from pipeline.web.review import catalog, example
from pipeline.web.review import routes as review
from pipeline.web.service import Service
from pipeline.web.shell import routes as shell
from pipeline.web.uploads import pages as upload_pages
from pipeline.web.uploads import routes as uploads

LEAST_PACKED = 1024
"""Bytes; packing less is not worth its header."""
PACKING = 4
"""Of gzip: a claim of 300 rows becomes a tenth; higher levels cost more time than they save here."""
NOT_PACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
"""What is packed already, and files as they were sent, whose length is told."""

health_router = APIRouter()
OF_PEOPLE = (accounts.router, account.router, unmasking.router, dashboard.router)
"""Accounts, who sees what, and how the office works."""


class HealthRecord(TypedDict):
    """That the API answers and its database does."""

    status: str
    version: str


@health_router.get("/health")
def health(request: Request) -> HealthRecord:
    """是否可用 / whether the API and its database answer."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        is_answering(connection)
    return {"status": "ok", "version": version("baoxiao")}


def app(service: Service) -> FastAPI:
    """The web API of a store.

    Args:
        service: What requests are answered from; whoever hands it in closes its database.
    """
    made = FastAPI(title="报销 Baoxiao", version=version("baoxiao"), docs_url=None, redoc_url=None)
    made.state.service = service
    made.state.limits = Limits()
    for part in (
        health_router,
        claims.router,
        answers.router,
        pages.router,
        shell.router,
        review.router,
        uploads.router,
        paper_pages.router,
        batches.router,
        catalog.router,
        example.router,
        quality.api,
        quality.router,
        *OF_PEOPLE,
    ):
        made.include_router(part)
    made.include_router(upload_pages.router)
    made.add_exception_handler(claims.Unchanged, claims.unchanged)
    made.add_exception_handler(NotSignedIn, shell.not_signed_in)
    made.add_exception_handler(PasswordIsAnothers, account.to_change_password)
    tell_problems(made)
    made.add_middleware(FromHere)
    made.middleware("http")(_with_security_headers)
    made.add_middleware(
        GZipMiddleware,
        minimum_size=LEAST_PACKED,
        compresslevel=PACKING,
        exclude_content_types=NOT_PACKED,
    )
    return made


async def _with_security_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
