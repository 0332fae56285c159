"""`/claims` and `/submissions`: progress, lists and files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from pipeline.progress.asking import ClaimQuestion, PersonalQuestion
from pipeline.progress.export import WRITERS, FileKind
from pipeline.progress.listing import ClaimListPage, list_page, list_record
from pipeline.progress.status import (
    ProgressRecord,
    SubmissionProgressRecord,
    progress_record,
    submission_record,
)
from pipeline.progress.timeline import TimelineRecord
from pipeline.store.queries import claim_row, claim_story, submission_story, walk_claims
from pipeline.web.access import Caller, OfClaim, OfFiles, OfOffice, see
from pipeline.web.service import Service

MEDIA_TYPES: dict[FileKind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

router = APIRouter()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


@router.get("/claims")
def claims(
    request: Request,
    response: Response,
    service: Served,
    caller: OfOffice,
    asked: Annotated[ClaimQuestion, Query()],
) -> ClaimListPage:
    """列出报销申请 / lists claims; `Link` and `after` go on, and a page may be short before the end."""
    page = _page(service, caller, asked)
    if page["after"] is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
        url = request.url.replace(query=urlencode([*kept, ("after", page["after"])]))
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return page


@router.post("/claims/search")
def search(service: Served, caller: OfOffice, asked: PersonalQuestion) -> ClaimListPage:
    """按参保人查找 / as `GET /claims`, and by person; in a body, because URLs are logged."""
    return _page(service, caller, asked)


@router.get("/claims/export.csv", response_class=FileResponse)
def export_csv(service: Served, caller: OfFiles, asked: Annotated[ClaimQuestion, Query()]) -> FileResponse:
    """导出 CSV / all claims of a filter as CSV."""
    return _file(service, caller, asked, "csv")


@router.get("/claims/export.xlsx", response_class=FileResponse)
def export_xlsx(service: Served, caller: OfFiles, asked: Annotated[ClaimQuestion, Query()]) -> FileResponse:
    """导出 Excel / all claims of a filter as a workbook."""
    return _file(service, caller, asked, "xlsx")


@router.get("/claims/{claim_id}", responses={304: {"description": "unchanged"}})
def claim(
    request: Request, response: Response, service: Served, caller: OfClaim, claim_id: str
) -> ProgressRecord:
    """查询办理进度 / how far a claim is."""
    return _progress(request, response, service, caller, claim_id)


@router.get("/claims/{claim_id}/timeline", responses={304: {"description": "unchanged"}})
def timeline(
    request: Request, response: Response, service: Served, caller: OfClaim, claim_id: str
) -> list[TimelineRecord]:
    """办理经过 / what happened to a claim."""
    return _progress(request, response, service, caller, claim_id)["timeline"]


@router.get("/submissions/{submission_id}")
def submission(service: Served, caller: OfOffice, submission_id: str) -> SubmissionProgressRecord:  # noqa: ARG001 - who may ask is all that it says
    """查询提交 / how far an upload is."""
    with service.database.read() as connection:
        return submission_record(submission_story(connection, submission_id))


class Unchanged(Exception):
    """What the caller has is what there is."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__()
        self.headers = headers


def unchanged(_request: Request, error: Exception) -> Response:
    """The answer to a caller who has it already (304)."""
    assert isinstance(error, Unchanged)
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=error.headers)


def _progress(
    request: Request, response: Response, service: Service, caller: Caller, claim_id: str
) -> ProgressRecord:
    """The progress of a claim.

    Raises:
        LookupError: If there is none that the caller may see.
        Unchanged: If the caller has it as it stands.
    """
    see(caller, claim_id)
    today = service.reader(unmasked=caller.unmasked).today
    with service.database.read() as connection:
        # What is told depends on the claim, on who asks, and on the day (a deadline passes by itself).
        version = claim_row(connection, claim_id).version
        shown = "full" if caller.unmasked else "masked"
        tag = f'"{version}-{today.isoformat()}-{caller.audience}-{shown}"'
        if tag in {one.strip() for one in request.headers.get("If-None-Match", "").split(",")}:
            raise Unchanged({"ETag": tag})
        story = claim_story(connection, claim_id)
    response.headers["ETag"] = tag
    return progress_record(story, today, caller.audience, unmasked=caller.unmasked)


def _page(service: Service, caller: Caller, asked: ClaimQuestion) -> ClaimListPage:
    return list_page(
        service.database,
        asked.claims(service.clock(), service.deadlines),
        asked.ordered_by(),
        asked.limit,
        asked.after,
        service.reader(unmasked=caller.unmasked),
    )


def _file(service: Service, caller: Caller, asked: ClaimQuestion, kind: FileKind) -> FileResponse:
    """The whole list as a file, written before its first byte is sent: it comes whole or not at all."""
    reader = service.reader(unmasked=caller.unmasked)
    wanted = asked.claims(service.clock(), service.deadlines)
    rows: Iterator[Any] = (
        list_record(row, reader) for row in walk_claims(service.database, wanted, asked.ordered_by())
    )
    folder = tempfile.TemporaryDirectory(prefix="baoxiao-export-")
    try:
        file = Path(folder.name) / f"claims.{kind}"
        WRITERS[kind](rows, file)
    except BaseException:  # Ctrl-C too: persons stand in it, and nothing stays behind
        folder.cleanup()
        raise
    name = f"claims-{reader.today.isoformat()}.{kind}"
    return FileResponse(
        file, media_type=MEDIA_TYPES[kind], filename=name, background=BackgroundTask(folder.cleanup)
    )
