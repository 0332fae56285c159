"""Pages of papers for people: picture, words, turned by hand; the originals as they were sent.

An original may be anything that somebody sent. It is handed out to be saved, never shown: as an attachment,
of no type that a browser opens, in a sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import StepRefused
from pipeline.review.masking import may_see_paper
from pipeline.review.page_pictures import WordsRecord, picture_of, words_of
from pipeline.review.turning import QUARTER, WHOLE_TURN
from pipeline.store.opened import Store
from pipeline.store.originals import COPY_BYTES
from pipeline.store.pages import KeptPage, page_of_paper, turn_page, words_on
from pipeline.store.submissions import file_of
from pipeline.web.pages import REVIEWERS
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

router = APIRouter()
ForPapers = Annotated[Person, Depends(opened_to("clerk", *REVIEWERS))]
ForFiles = Annotated[Person, Depends(opened_to("clerk", "supervisor"))]
"""Whole files hold the papers of several people: those see them who scan, or sort out what went wrong."""

SAVED_ONLY = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}


class Turn(TypedDict):
    """By how much a page is turned further, clockwise in degrees."""

    degrees: int


class TurnedRecord(TypedDict):
    """How a page lies now: turned so far clockwise from how it was read."""

    turned: int


@router.get("/pages/{document_id}/{number}.webp", response_class=Response)
def picture(
    request: Request,
    document_id: str,
    number: int,
    person: ForPapers,
    peeled: bool = False,
    small: bool = False,
) -> Response:
    """页面图像；peeled 去除印章颜色，small 缩略图 / the picture of a page; without seals; small."""
    page = _page(request, document_id, number, person, small=small)
    tag = f'"{page.picture}-{page.turned}{"-peeled" if peeled else ""}{"-small" if small else ""}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    content = picture_of(store_of(request).originals, page, peeled=peeled, small=small)
    return Response(content, media_type="image/webp", headers={"ETag": tag})


@router.get("/pages/{document_id}/{number}/words")
def words(request: Request, document_id: str, number: int, person: ForPapers) -> WordsRecord:
    """页面文字及位置 / the words on a page and where they stand."""
    service: Service = request.app.state.service
    page = _page(request, document_id, number, person)
    with service.database.read() as connection:
        return words_of(page, words_on(connection, page.sha256, page.number))


@router.post("/pages/{document_id}/{number}/turn")
def turn(request: Request, document_id: str, number: int, further: Turn, person: ForPapers) -> TurnedRecord:
    """转动页面 / turns a page further."""
    if further["degrees"] % QUARTER:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "只能转 90 度的倍数 / quarter turns alone")
    service: Service = request.app.state.service
    page = _page(request, document_id, number, person)
    with service.database.write() as connection:
        turned = (page.turned + further["degrees"]) % WHOLE_TURN
        turn_page(connection, page, turned, person.name, service.clock())
    return {"turned": turned}


@router.get("/files/{submission_id}/{ordinal}", response_class=Response)
def original(request: Request, submission_id: str, ordinal: int, _person: ForFiles) -> Response:
    """原件下载 / a file as it was sent, to be saved."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        file = file_of(connection, submission_id, ordinal)
    content = store_of(request).originals.open(file.sha256)
    name = file.name.rpartition("/")[2]
    return StreamingResponse(
        _parts(content),
        media_type="application/octet-stream",
        headers={
            **SAVED_ONLY,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Length": str(file.size),
        },
    )


def store_of(request: Request) -> Store:
    """The store as a whole.

    Raises:
        HTTPException: 503 where this server has none.
    """
    service: Service = request.app.state.service
    if service.store is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE)
    return service.store


def _page(
    request: Request, document_id: str, number: int, person: Person, *, small: bool = False
) -> KeptPage:
    """A page that this person may look at; a small picture, in which nothing can be read, anybody may.

    Raises:
        LookupError: If there is no such page.
        StepRefused: If the claim that it belongs to is on another's desk or on nobody's.
    """
    service: Service = request.app.state.service
    with service.database.read() as connection:
        page = page_of_paper(connection, document_id, number)
        if not small and not may_see_paper(connection, person.actor, document_id, service.clock()):
            raise StepRefused("请先取得这件申请再查看 / have its claim on your desk to look at it")
        return page


def _parts(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while part := content.read(COPY_BYTES):
            yield part
