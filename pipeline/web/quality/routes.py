"""`/quality`, `/spot-checks` and `/audit`: what is known of errors, who finds them, and who changed what."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from pipeline.corrections import ANSWER_KINDS, Answer, AnswerKind
from pipeline.errors import StepRefused
from pipeline.rejudged import By
from pipeline.review.accuracy import answer_question, next_question, question_of, settle_gone
from pipeline.review.crops import crop_of
from pipeline.review.error_bound import WINDOW, QualityRecord, loosen, quality
from pipeline.review.field_audit import AuditRow, audit_csv, audit_rows, place_name
from pipeline.review.masking import may_see_clear
from pipeline.review.names import in_language, type_name
from pipeline.review.reviewers import reviewer_records
from pipeline.store.accounts import ROLE_NAMES
from pipeline.store.database import Connection
from pipeline.store.pages import page_of
from pipeline.store.probes import count_unanswered
from pipeline.store.work_done import wrong_since
from pipeline.web.pages import PAGE_HEADERS, REVIEWERS, page
from pipeline.web.people import Person, opened_to
from pipeline.web.quality.shown import interval, per_thousand, row_label
from pipeline.web.service import Service

router = APIRouter(include_in_schema=False)
api = APIRouter()

Watcher = Annotated[Person, Depends(opened_to("supervisor", "auditor"))]
Supervisor = Annotated[Person, Depends(opened_to("supervisor"))]
Reviewer = Annotated[Person, Depends(opened_to(*REVIEWERS))]
Figures = Annotated[Person, Depends(opened_to("supervisor", "auditor", "admin"))]

LONGEST_SECONDS = 3600.0
"""Whoever takes longer was away; the time tells nothing."""


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


@api.get("/api/quality")
def figures(service: Served, _person: Figures) -> QualityRecord:
    """免复核字段的差错率及其上限 / the error among values that go through unseen, with its bound."""
    with service.database.read() as connection:
        return quality(connection, service.target_error, service.clock())


@router.get("/quality")
def quality_page(request: Request, service: Served, person: Watcher) -> Response:
    """差错率、抽查结果和人员统计 / errors, what spot checks found, and how people work."""
    return _quality_page(request, service, person)


@router.post("/quality/target")
def set_target(
    request: Request,
    service: Served,
    person: Supervisor,
    per_mille: Annotated[float, Form(gt=0, lt=1000)],
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """放宽目标差错率，须说明原因 / loosens the target, for a reason."""
    try:
        with service.database.write() as connection:
            loosen(connection, service.target_error, per_mille / 1000, person.actor, why, service.clock())
    except StepRefused as error:
        return _quality_page(request, service, person, in_language(str(error), person.language))
    return RedirectResponse("/quality", HTTPStatus.SEE_OTHER)


def _quality_page(request: Request, service: Service, person: Person, refused: str = "") -> Response:
    now = service.clock()
    with service.database.read() as connection:
        told = quality(connection, service.target_error, now)
        reviewers = reviewer_records(connection, now - WINDOW)
        wrong = [
            {
                "claim_id": probe.claim_id,
                "paper": type_name(paper_type, None, person.language),
                "place": place_name(probe.path, person.language),
                "confidence": probe.confidence,
                "at": _local(service, probe.answered_at.isoformat() if probe.answered_at else ""),
            }
            for probe, paper_type in wrong_since(connection, now - WINDOW)
        ]
    groups = [
        (title, kind, [{**row, "label": row_label(kind, row["name"])} for row in rows])
        for title, kind, rows in (
            ("字段种类", "kind", told["by_kind"]),
            ("医院", "hospital", told["by_hospital"]),
            ("来源", "source", told["by_source"]),
        )
    ]
    changes = [{**one, "at": _local(service, one["at"])} for one in reversed(told["changes"])]
    return page(
        request,
        "quality/quality.html.j2",
        person,
        HTTPStatus.CONFLICT if refused else HTTPStatus.OK,
        quality=told,
        groups=groups,
        changes=changes,
        reviewers=reviewers,
        wrong=wrong,
        refused=refused,
        may_loosen=person.role == "supervisor" and told["target"] < told["aim"],
        per_thousand=per_thousand,
        interval=interval,
        roles=ROLE_NAMES,
        in_language=lambda text: in_language(text, person.language),
    )


# ---------------------------------------------------------------- spot checks


@router.get("/spot-checks")
def spot_check(request: Request, service: Served, person: Reviewer, became: str = "") -> Response:
    """抽查：看图作答，不显示识别结果 / spot checks: what stands on the picture, without what was read."""
    return _spot_check(request, service, person, became=became)


@router.post("/spot-checks/{probe_id}")
def answer_spot_check(
    request: Request,
    service: Served,
    person: Reviewer,
    probe_id: int,
    kind: Annotated[str, Form(max_length=20)] = "value",
    text: Annotated[str, Form(max_length=2000)] = "",
    seconds: Annotated[float | None, Form(ge=0)] = None,
) -> Response:
    """抽查作答 / answers a spot check."""
    answered: AnswerKind = next((one for one in ANSWER_KINDS if one == kind), "value")
    took = seconds if seconds is not None and seconds <= LONGEST_SECONDS else None
    by = By(person.actor, service.clock(), seconds=took)
    answer = Answer(answered, text.strip() if answered == "value" else "")
    try:
        with service.database.write() as connection:
            answer_question(connection, probe_id, answer, by, service.target_error)
    except StepRefused as error:
        said = in_language(str(error).partition(": ")[2] or str(error), person.language)
        return _spot_check(request, service, person, refused=said, typed=text, probe_id=probe_id)
    return RedirectResponse("/spot-checks?became=kept", HTTPStatus.SEE_OTHER)


@router.get("/spot-checks/{probe_id}/crop.png", response_class=Response)
def crop(service: Served, _person: Reviewer, probe_id: int, around: bool = False) -> Response:
    """抽查位置的图像 / the picture of the place that is asked about."""
    if service.store is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE)
    with service.database.read() as connection:
        question = question_of(connection, probe_id)
        is_asked = question is not None and question.probe.purpose == "accepted"
        if not is_asked or question is None or question.field.page is None:
            raise LookupError(f"{probe_id}: 没有图像 / there is no picture")
        kept = page_of(connection, question.document.file.sha256, question.field.page)
    picture = crop_of(service.store.originals, kept, question.document, question.field, around=around)
    headers = {name: value for name, value in PAGE_HEADERS.items() if name == "Cache-Control"}
    return Response(picture, media_type="image/png", headers=headers)


def _spot_check(
    request: Request,
    service: Service,
    person: Person,
    *,
    became: str = "",
    refused: str = "",
    typed: str = "",
    probe_id: int | None = None,
) -> Response:
    with service.database.read() as connection:
        question = (
            next_question(connection, person.name) if probe_id is None else question_of(connection, probe_id)
        )
        left = count_unanswered(connection, "accepted", person.name)
        has_picture = question is not None and _has_picture(connection, service, question.probe.id)
    if question is None and left:
        with service.database.write() as connection:
            settle_gone(connection, By(person.actor, service.clock()))
            question = next_question(connection, person.name)
            left = count_unanswered(connection, "accepted", person.name)
            has_picture = question is not None and _has_picture(connection, service, question.probe.id)
    shown = None
    if question is not None:
        shown = {
            "id": question.probe.id,
            "place": place_name(question.probe.path, person.language),
            "paper": type_name(question.document.type, question.document.subtype, person.language),
            "kind": question.probe.kind,
            "has_picture": has_picture,
        }
    return page(
        request,
        "quality/spot_check.html.j2",
        person,
        HTTPStatus.CONFLICT if refused else HTTPStatus.OK,
        question=shown,
        left=left,
        became=became,
        refused=refused,
        typed=typed,
    )


def _has_picture(connection: Connection, service: Service, probe_id: int) -> bool:
    """Whether the place of a question can be shown."""
    question = question_of(connection, probe_id)
    if service.store is None or question is None or question.field.page is None:
        return False
    try:
        kept = page_of(connection, question.document.file.sha256, question.field.page)
    except LookupError:
        return False
    return kept.picture is not None


# ---------------------------------------------------------------- the audit of a claim


@router.get("/audit/{claim_id}.csv", response_class=Response)
def audit_file(service: Served, person: Watcher, claim_id: str) -> Response:
    """字段修改记录（CSV） / the audit of a claim as a file."""
    rows, _clear = _audit(service, person, claim_id)
    return Response(
        audit_csv(rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="audit-{_safe(claim_id)}.csv"',
            "Cache-Control": "private, no-store",
        },
    )


@router.get("/audit/{claim_id}")
def audit_page(request: Request, service: Served, person: Watcher, claim_id: str) -> Response:
    """字段修改记录 / who changed what of a claim, when and how long it took."""
    rows, clear = _audit(service, person, claim_id)
    shown = [{**row, "at": _local(service, row["at"])} for row in rows]
    return page(
        request,
        "quality/audit.html.j2",
        person,
        claim_id=claim_id,
        rows=shown,
        clear=clear,
        roles=ROLE_NAMES,
    )


def _audit(service: Service, person: Person, claim_id: str) -> tuple[list[AuditRow], bool]:
    with service.database.read() as connection:
        clear = may_see_clear(connection, person.actor, claim_id, service.clock())
        return audit_rows(connection, claim_id, person.language, clear=clear), clear


def _safe(name: str) -> str:
    """A claim's id as part of a file's name."""
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in name)


def _local(service: Service, moment: str) -> str:
    """A moment by the office's clock, to the minute."""
    if not moment:
        return ""
    zone: ZoneInfo = service.deadlines.zone
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")
