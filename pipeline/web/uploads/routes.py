"""`/uploads`: papers come in, are judged at once, read, and followed until they are claims.

POST   /uploads                                          taken; judged where that is quick
GET    /uploads/{upload}                                 how far it is
GET    /uploads/{upload}/events                          the same whenever it changes (SSE)
GET    /uploads/{upload}/result                          what its papers say
GET    /uploads/{upload}/files/{file}                    a file as it was sent
POST   /uploads/{upload}/files                           further files, while it is held
PUT    /uploads/{upload}/files/{file}                    a new photo in place of a bad one
DELETE /uploads/{upload}/files/{file}                    take one out
POST   /uploads/{upload}/pages/{file}/{page}/close-up    a part of a page, taken again
POST   /uploads/{upload}/submission                      what was held becomes claims
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException

from pipeline.close_ups import PartOf
from pipeline.preview import read_preview
from pipeline.store.opened import Store
from pipeline.store.originals import COPY_BYTES
from pipeline.store.page_progress import page_progress_of
from pipeline.store.submissions import Submission, is_read_ahead, load_submission
from pipeline.store.upload_results import claims_of_upload, papers_of_upload, unread_of_upload
from pipeline.uploading import (
    Sending as Said,
)
from pipeline.uploading import (
    add_close_up,
    add_to_upload,
    papers_in,
    submit_upload,
    take_out,
    take_upload,
)
from pipeline.web.service import Service
from pipeline.web.uploads.following import Followers
from pipeline.web.uploads.gate import quality_of
from pipeline.web.uploads.incoming import body_of, thrown_away
from pipeline.web.uploads.records import (
    AcceptedRecord,
    ResultRecord,
    UploadRecord,
    accepted_record,
    previewed,
    result_record,
    upload_record,
)
from pipeline.web.uploads.senders import OwnUpload, Sender, Sending

AT_ONCE_SECONDS = 0.6
"""So long an answer waits for the gate, counted from when the request came: it is wanted within a second, and
others read beside. A picture that nobody is before is judged in 0.57 s (median, `docs/accuracy.md`)."""
LONGEST_REFERENCE = 200
FIELDS = frozenset({"reference", "for_claim", "hold"})
YES = frozenset({"1", "true", "yes", "on"})

router = APIRouter()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


async def _room(request: Request, service: Served) -> None:
    """Refuse what comes while too many pictures wait; nothing of it is taken.

    Raises:
        HTTPException: With the time after which to come again (503).
    """
    if service.gate is None or not service.gate.is_full:
        return
    await thrown_away(request)
    raise HTTPException(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "上传的人较多，请稍后再试 / many are uploading, try again in a moment",
        {"Retry-After": str(service.gate.retry_after_seconds)},
    )


Room = Depends(_room)


@router.post("/uploads", status_code=HTTPStatus.ACCEPTED, responses={503: {"description": "busy"}})
async def upload(
    request: Request,
    service: Served,
    sender: Sending,
    _room: Annotated[None, Room],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> AcceptedRecord:
    """上传材料 / takes papers; they are on the disk before it answers.

    表单字段：`reference` 来件编号，`for_claim` 补充材料的申请号，`hold=1` 先预读、提交后再立案。
    """
    came = time.monotonic()
    async with body_of(request, FIELDS) as body:
        said = _said(
            sender, body.fields.get("reference"), body.fields.get("for_claim"), body.fields.get("hold")
        )
        store = _store(service)
        receipt = await run_in_threadpool(
            take_upload, store, body.files, said, sender.name, idempotency_key, service.clock()
        )
    return await _judged(service, receipt.submission, came)


@router.post("/uploads/{upload}/files", status_code=HTTPStatus.ACCEPTED)
async def more_files(
    request: Request, service: Served, upload: OwnUpload, _room: Annotated[None, Room]
) -> AcceptedRecord:
    """补充照片（提交之前） / further files of an upload that is held."""
    came = time.monotonic()
    async with body_of(request, frozenset()) as body:
        changed = await run_in_threadpool(add_to_upload, _store(service), upload, body.files)
    return await _judged(service, changed, came)


@router.put("/uploads/{upload}/files/{file}", status_code=HTTPStatus.ACCEPTED)
async def another_photo(
    request: Request, service: Served, upload: OwnUpload, file: int, _room: Annotated[None, Room]
) -> AcceptedRecord:
    """重拍一张（提交之前） / a new photo in place of a file of an upload that is held."""
    came = time.monotonic()
    async with body_of(request, frozenset()) as body:
        name = await run_in_threadpool(_name_of, service, upload, file)
        changed = await run_in_threadpool(add_to_upload, _store(service), upload, body.files, name)
    return await _judged(service, changed, came)


@router.delete("/uploads/{upload}/files/{file}")
def without_file(service: Served, upload: OwnUpload, file: int) -> UploadRecord:
    """去掉一个文件（提交之前） / takes a file out of an upload that is held."""
    take_out(_store(service), upload, _name_of(service, upload, file))
    return state_of(service, upload)


@router.post("/uploads/{upload}/pages/{file}/{page}/close-up", status_code=HTTPStatus.ACCEPTED)
async def close_up(
    request: Request, service: Served, upload: OwnUpload, file: int, page: int, _room: Annotated[None, Room]
) -> AcceptedRecord:
    """补拍看不清的部分（提交之前） / a part of a page taken again; the rest of the page stays as it is."""
    came = time.monotonic()
    async with body_of(request, frozenset()) as body:
        if len(body.files) != 1 or page < 1:
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY, "一次补拍一张 / one close-up at once, pages from 1"
            )
        of = PartOf(await run_in_threadpool(_name_of, service, upload, file), page)
        changed = await run_in_threadpool(add_close_up, _store(service), upload, of, body.files[0])
    return await _judged(service, changed, came)


@router.post("/uploads/{upload}/submission")
def submission(service: Served, upload: OwnUpload) -> UploadRecord:
    """提交 / what was held is read into claims; once and for all."""
    submit_upload(_store(service), upload)
    return state_of(service, upload)


@router.get("/uploads/{upload}")
def progress(service: Served, upload: OwnUpload) -> UploadRecord:
    """查询上传 / how far an upload is."""
    return state_of(service, upload)


@router.get("/uploads/{upload}/events", response_class=EventSourceResponse)
async def events(
    request: Request, upload: OwnUpload, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """跟踪上传 / how far an upload is, whenever that changes; ends when it is read."""
    async for event in followers_of(request).follow(upload, last_event_id):
        yield event


@router.get("/uploads/{upload}/result")
def result(service: Served, upload: OwnUpload, sender: Sending) -> ResultRecord:
    """识别结果 / what the papers of an upload say; while it is held, what they would give."""
    with service.database.read() as connection:
        found = load_submission(connection, upload)
        if found.state != "held":
            return result_record(
                found,
                papers_of_upload(connection, upload),
                claims_of_upload(connection, upload),
                list(unread_of_upload(connection, upload)),
                unmasked=sender.unmasked,
            )
    preview = None if service.work is None else read_preview(service.work / upload)
    return previewed(found, preview, unmasked=sender.unmasked)


@router.get("/uploads/{upload}/files/{file}", response_class=StreamingResponse)
def sent_file(service: Served, upload: OwnUpload, file: int) -> StreamingResponse:
    """下载所传文件 / a file as it was sent, never shown by the browser itself."""
    name = _name_of(service, upload, file)
    with service.database.read() as connection:
        sha256 = next(one.sha256 for one in load_submission(connection, upload).files if one.name == name)
    opened = _store(service).originals.open(sha256)
    called = quote(PurePosixPath(name).name, safe="")
    return StreamingResponse(
        _parts(opened),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{called}"},
    )


def state_of(service: Service, upload: str) -> UploadRecord:
    """How far an upload is; what of it is not judged yet will be.

    Raises:
        LookupError: If there is none.
    """
    with service.database.read() as connection:
        found = load_submission(connection, upload)
        pages = page_progress_of(connection, upload)
        has_result = found.state in ("read", "failed") or is_read_ahead(connection, upload)
    gate = service.gate
    if gate is not None and found.state == "held":
        gate.judge(found.files)  # after a restart nobody has
    return upload_record(
        found, lambda file: gate.verdicts(file) if gate else None, pages, has_result=has_result
    )


def followers_of(request: Request) -> Followers:
    """Who follows uploads of this app."""
    state = request.app.state
    if not hasattr(state, "followers"):
        service: Service = state.service
        state.followers = Followers(lambda upload: state_of(service, upload))
    followers: Followers = state.followers
    return followers


async def _judged(service: Service, taken: Submission, came: float) -> AcceptedRecord:
    """The answer about what was taken, with the gate's word where that is quick."""
    gate = service.gate
    if gate is not None:
        await run_in_threadpool(gate.judge, taken.files)
        left = AT_ONCE_SECONDS - (time.monotonic() - came)
        if left > 0:
            await run_in_threadpool(gate.wait, taken.files, left)
    return accepted_record(taken, await run_in_threadpool(quality_of, gate, taken.files))


def _said(sender: Sender, reference: str | None, for_claim: str | None, hold: str | None) -> Said:
    """What is said with an upload; a claimant's is for their own claim.

    Raises:
        HTTPException: If it cannot be so (422).
    """
    if len(reference or "") > LONGEST_REFERENCE:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "reference: 太长 / too long")
    if sender.claim_id is not None and for_claim not in (None, "", sender.claim_id):
        raise LookupError(f"{for_claim}: 没有这件申请 / no such claim")
    return Said(reference or None, sender.claim_id or for_claim or None, (hold or "").lower() in YES)


def _store(service: Service) -> Store:
    if service.store is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE)
    return service.store


def _name_of(service: Service, upload: str, number: int) -> str:
    """What the file at that place of an upload is called.

    Raises:
        LookupError: If there is none.
    """
    with service.database.read() as connection:
        papers = papers_in(load_submission(connection, upload))
    if not 1 <= number <= len(papers):
        raise LookupError(f"{upload}: 没有第 {number} 个文件 / no file {number}")
    return papers[number - 1].name


def _parts(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while part := opened.read(COPY_BYTES):
            yield part
