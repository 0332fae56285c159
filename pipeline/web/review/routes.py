"""`/review` and `/api/review`: what reviewers see and do, over HTTP; the work itself is `pipeline.review`."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AwareDatetime

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import ServiceUnavailable, StepRefused
from pipeline.rejudged import Judges
from pipeline.review import desk, leases
from pipeline.review.audit import AuditRecord, audit_record
from pipeline.review.blind import looks_blind
from pipeline.review.changes import make_changes, undo
from pipeline.review.desk import ColleagueRecord
from pipeline.review.masking import masked_at, may_see_clear
from pipeline.review.queue import Asked, next_claim
from pipeline.review.records import Changes, LeaseRecord, ReviewRecord
from pipeline.review.typed import Draft, keep_typed
from pipeline.review.view import Looker, lease_record, review_record
from pipeline.store.review_queue import Lane
from pipeline.web.pages import REVIEWERS, page
from pipeline.web.people import Person, opened_to
from pipeline.web.review.queue_page import queue_context
from pipeline.web.service import Service

# Made for our own screen alone and changed with it: no part of the API that is described to others.
router = APIRouter(include_in_schema=False)

Reviewer = Annotated[Person, Depends(opened_to(*REVIEWERS))]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


class NextRecord(TypedDict):
    """The claim that comes next, and why; null where nothing waits."""

    claim_id: str | None
    lane: Lane | None


# ---------------------------------------------------------------- pages


@router.get("/review")
def queue(
    request: Request,
    service: Served,
    person: Reviewer,
    state: Annotated[Literal["", "first_review", "second_review", "incomplete"], Query()] = "",
    hospital: Annotated[str, Query(max_length=200)] = "",
    office: Annotated[str, Query(max_length=200)] = "",
    rule: Annotated[str, Query(max_length=100)] = "",
    *,
    urgent: bool = False,
    mine: bool = False,
    postponed: bool = False,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """复核队列 / what waits for people."""
    asked = Asked(state or None, hospital.strip(), office.strip(), rule.strip(), urgent, mine, postponed)
    with service.database.read() as connection:
        context = queue_context(connection, service, _looker(service, person), asked, after)
    return page(request, "review/queue.html.j2", person, **context)


@router.get("/review/next")
def open_next(service: Served, person: Reviewer) -> Response:
    """打开下一件 / opens the claim that comes next; the queue where nothing waits."""
    found = _next(service, person, None)
    where = f"/review/{found['claim_id']}" if found["claim_id"] is not None else "/review"
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


@router.get("/review/{claim_id}")
def screen(request: Request, service: Served, person: Reviewer, claim_id: str) -> Response:
    """复核一件申请 / a claim, on one's desk from now on; one that another has is only looked at."""
    looker = _looker(service, person)
    with service.database.write() as connection:
        with suppress(StepRefused):  # another has it, or nothing can be done with it any more
            leases.hold(connection, claim_id, looker.actor, looker.now)
        record = review_record(connection, claim_id, looker)
    return page(request, "review/claim.html.j2", person, record=record)


# ---------------------------------------------------------------- what the screen asks


@router.get("/api/review/next")
def coming_next(
    service: Served, person: Reviewer, but_not: Annotated[str | None, Query(max_length=80)] = None
) -> NextRecord:
    """下一件 / the claim that comes next; it is nobody's before its lease is taken."""
    return _next(service, person, but_not)


@router.get("/api/review/claims/{claim_id}")
def claim(service: Served, person: Reviewer, claim_id: str) -> Response:
    """一件申请的复核内容 / a claim as the review screen shows it; on another's desk, without the person."""
    with service.database.read() as connection:
        record = review_record(connection, claim_id, _looker(service, person))
    return _told(record)


@router.post("/api/review/claims/{claim_id}/lease")
def take_lease(
    service: Served, person: Reviewer, claim_id: str, *, take_over: Annotated[bool, Body(embed=True)] = False
) -> LeaseRecord:
    """取得或延长办理 / have a claim on one's desk, or keep it there."""
    looker = _looker(service, person)
    with service.database.write() as connection:
        taking = leases.take_over if take_over else leases.hold
        return lease_record(taking(connection, claim_id, looker.actor, looker.now), looker)


@router.delete("/api/review/claims/{claim_id}/lease", status_code=HTTPStatus.NO_CONTENT)
def end_lease(service: Served, person: Reviewer, claim_id: str) -> None:
    """放回队列 / put a claim back."""
    with service.database.write() as connection:
        leases.let_go(connection, claim_id, person.actor)


@router.post("/api/review/claims/{claim_id}/changes")
def change(service: Served, person: Reviewer, claim_id: str, asked: Changes) -> Response:
    """修改 / changes on papers, all in one go; the claim as rules see it now."""
    looker, judges = _looker(service, person), _judges(service)
    with service.database.write() as connection:
        altered = make_changes(connection, judges, claim_id, asked, looker)
        record = review_record(connection, claim_id, looker, altered)
    return _told(record)


@router.post("/api/review/claims/{claim_id}/undo")
def take_back(
    service: Served,
    person: Reviewer,
    claim_id: str,
    version: Annotated[int, Body(embed=True)],
) -> Response:
    """撤销自己最近的修改 / takes back one's own last change."""
    looker, judges = _looker(service, person), _judges(service)
    with service.database.write() as connection:
        altered = undo(connection, judges, claim_id, version, looker)
        record = review_record(connection, claim_id, looker, altered)
    return _told(record)


@router.put("/api/review/claims/{claim_id}/drafts", status_code=HTTPStatus.NO_CONTENT)
def keep_drafts(
    service: Served, person: Reviewer, claim_id: str, drafts: Annotated[list[Draft], Body(embed=True)]
) -> None:
    """保存草稿 / keeps what is typed and not confirmed."""
    with service.database.write() as connection:
        keep_typed(connection, claim_id, drafts, _looker(service, person))


@router.post("/api/review/claims/{claim_id}/override")
def override(
    service: Served,
    person: Reviewer,
    claim_id: str,
    key: Annotated[int, Body()],
    reason: Annotated[str, Body()],
    version: Annotated[int, Body()],
) -> Response:
    """放行一项未通过的校验 / lets a claim pass though a check fails."""
    looker = _looker(service, person)
    with service.database.write() as connection:
        desk.override(
            connection, claim_id, key, looker.actor, looker.now, reason=reason, seen_version=version
        )
        record = review_record(connection, claim_id, looker)
    return _told(record)


@router.post("/api/review/claims/{claim_id}/step")
def step(
    service: Served,
    person: Reviewer,
    claim_id: str,
    event: Annotated[str, Body(max_length=40)],
    version: Annotated[int, Body()],
    reason: Annotated[str, Body()] = "",
) -> Response:
    """办理一步 / takes a step with a claim."""
    looker = _looker(service, person)
    with service.database.write() as connection:
        desk.step(connection, claim_id, event, looker.actor, looker.now, reason=reason, seen_version=version)
        record = review_record(connection, claim_id, looker)
    return _told(record)


@router.post("/api/review/claims/{claim_id}/postpone", status_code=HTTPStatus.NO_CONTENT)
def postpone(
    service: Served,
    person: Reviewer,
    claim_id: str,
    until: Annotated[AwareDatetime, Body()],
    reason: Annotated[str, Body()],
) -> None:
    """暂缓 / puts a claim by."""
    now: datetime = service.clock()
    with service.database.write() as connection:
        desk.postpone(connection, claim_id, person.actor, now, until=until, reason=reason)


@router.post("/api/review/claims/{claim_id}/assign", status_code=HTTPStatus.NO_CONTENT)
def assign(
    service: Served,
    person: Reviewer,
    claim_id: str,
    reason: Annotated[str, Body()],
    to: Annotated[str | None, Body()] = None,
) -> None:
    """转交 / sends a claim to a named person; without one, back to all."""
    with service.database.write() as connection:
        desk.assign(connection, claim_id, person.actor, service.clock(), to=to, reason=reason)


@router.get("/api/review/claims/{claim_id}/audit")
def audit(service: Served, person: Reviewer, claim_id: str) -> AuditRecord:
    """修改与决定的记录 / who did what."""
    looker = _looker(service, person)
    with service.database.read() as connection:
        told = audit_record(connection, claim_id, looker)
        if looks_blind(connection, claim_id, looker.actor):
            told["changes"] = []  # whoever looks a second time does not see what others answered
        if may_see_clear(connection, looker.actor, claim_id, looker.now):
            return told
    for one in told["changes"]:
        one["old"], one["new"] = masked_at(one["path"], one["old"]), masked_at(one["path"], one["new"])
    return told


@router.get("/api/review/people")
def people(service: Served, person: Reviewer) -> list[ColleagueRecord]:
    """可转交的人员 / to whom a claim can be sent."""
    with service.database.read() as connection:
        return desk.colleagues(connection, person.actor)


# ---------------------------------------------------------------- parts


def _looker(service: Service, person: Person) -> Looker:
    return Looker(person.actor, person.language, service.clock())


def _told(record: ReviewRecord) -> Response:
    """A claim as JSON, as it was made: to look through 800 kB of it once more would take its time."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode(), media_type="application/json")


def _judges(service: Service) -> Judges:
    if service.judges is None:
        raise ServiceUnavailable("没有判定规则 / nothing to judge claims by")
    return service.judges()


def _next(service: Service, person: Person, but_not: str | None) -> NextRecord:
    with service.database.read() as connection:
        found = next_claim(
            connection,
            person.actor,
            service.clock(),
            service.deadlines,
            due_soon_days=service.due_soon_days,
            but_not=but_not,
        )
    if found is None:
        return {"claim_id": None, "lane": None}
    return {"claim_id": found.claim_id, "lane": found.lane}
