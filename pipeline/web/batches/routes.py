"""`/batches`: the batch desk over HTTP. What changes while reading goes on is fetched anew by itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.page_plan import Part, PlannedFile
from pipeline.receiving import receive_again
from pipeline.review.batch_desk import desk_list, desk_row, desk_submission
from pipeline.review.batch_release import release
from pipeline.review.names import in_language, state_name, type_name
from pipeline.review.rearranging import rearrange
from pipeline.store.accounts import Language
from pipeline.store.submissions import SUBMISSION_STATES, SubmissionState, try_again
from pipeline.web.batches.shown import shown_amount, shown_size, shown_time, submission_state_name
from pipeline.web.pages import REVIEWERS, page
from pipeline.web.paper_pages import store_of
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

router = APIRouter(include_in_schema=False)
AtDesk = Annotated[Person, Depends(opened_to("clerk", *REVIEWERS))]
MayAct = Annotated[Person, Depends(opened_to("clerk", "supervisor"))]
Supervisor = Annotated[Person, Depends(opened_to("supervisor"))]

FILTERS: dict[str, tuple[SubmissionState, ...]] = {
    "all": SUBMISSION_STATES,
    "under_way": ("received", "reading"),
    "read": ("read",),
    "failed": ("failed",),
    "held": ("read",),
}
"""What the list can be narrowed to; `held` are those with a batch that waits for somebody."""


@router.get("/batches")
def listed(request: Request, person: AtDesk, show: str = "all", after: str | None = None) -> Response:
    """The submissions and their batches."""
    chosen = show if show in FILTERS else "all"
    service: Service = request.app.state.service
    with service.database.read() as connection:
        found = desk_list(connection, FILTERS[chosen], held=chosen == "held", after=after)
    return page(
        request,
        "batches/list.html.j2",
        person,
        found=found,
        show=chosen,
        filters=tuple(FILTERS),
        after=after,
        **_words(service, person.language),
    )


@router.get("/batches/{submission_id}")
def one(request: Request, person: AtDesk, submission_id: str) -> Response:
    """A submission: its files and pages, what they became, its batches."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        desk = desk_submission(connection, submission_id)
    return page(
        request,
        "batches/submission.html.j2",
        person,
        desk=desk,
        may_act=person.role in ("clerk", "supervisor"),
        may_release=person.role == "supervisor",
        **_words(service, person.language),
    )


@router.get("/batches/{submission_id}/row")
def row(request: Request, person: AtDesk, submission_id: str) -> Response:
    """One row of the list, fetched anew while its submission is being read."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        found = desk_row(connection, submission_id)
    return page(request, "batches/row.html.j2", person, row=found, **_words(service, person.language))


@router.get("/batches/{submission_id}/progress")
def progress(request: Request, person: AtDesk, submission_id: str) -> Response:
    """How far the reading of a submission is; the whole page is due when it is read."""
    service: Service = request.app.state.service
    with service.database.read() as connection:
        found = desk_row(connection, submission_id)
    if not found.line.is_under_way:
        return Response(headers={"HX-Refresh": "true"})
    return page(
        request, "batches/progress.html.j2", person, line=found.line, **_words(service, person.language)
    )


@router.post("/batches/{submission_id}/retry")
def retry(request: Request, person: MayAct, submission_id: str) -> Response:
    """Have a submission that failed read once more."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        try_again(connection, submission_id)
        found = desk_row(connection, submission_id)
    if "hx-request" in request.headers:
        return page(request, "batches/row.html.j2", person, row=found, **_words(service, person.language))
    return _to(submission_id)


@router.post("/batches/{submission_id}/files/{ordinal}/retry")
def retry_file(request: Request, _person: MayAct, submission_id: str, ordinal: int) -> Response:
    """Receive one file once more, as a submission of its own."""
    service: Service = request.app.state.service
    receipt = receive_again(store_of(request), submission_id, ordinal, service.clock())
    return _to(receipt.submission.id)


class PlannedPart(TypedDict):
    """A page of a file: the hash of the file, its number (0: all of it), clockwise degrees."""

    file: str
    page: int
    degrees: int


class PlannedFileRecord(TypedDict):
    """A file that shall be."""

    name: str
    pages: list[PlannedPart]


class PlanRecord(TypedDict):
    """How pages shall lie, why, and whether the old claims that nobody has decided about are withdrawn."""

    files: list[PlannedFileRecord]
    reason: str
    withdraw: bool


class RearrangedRecord(TypedDict):
    """The submission that was made, and the claims that were withdrawn."""

    submission_id: str
    withdrawn: list[str]


@router.post("/batches/{submission_id}/arrange")
def arrange(request: Request, person: MayAct, submission_id: str, wanted: PlanRecord) -> RearrangedRecord:
    """Make another submission out of the pages of one."""
    plan = [
        PlannedFile(
            file["name"].replace("!", "/"),
            tuple(Part(part["file"], part["page"], part["degrees"]) for part in file["pages"]),
        )
        for file in wanted["files"]
    ]
    service: Service = request.app.state.service
    done = rearrange(
        store_of(request),
        submission_id,
        plan,
        person.actor,
        service.clock(),
        reason=wanted["reason"],
        withdraw=wanted["withdraw"],
    )
    return {"submission_id": done.submission_id, "withdrawn": list(done.withdrawn)}


@router.post("/batches/{submission_id}/release/{batch_id}")
def let_go(
    request: Request,
    person: Supervisor,
    submission_id: str,
    batch_id: str,
    reason: Annotated[str, Form(max_length=500)],
) -> Response:
    """Let a held batch go on."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        release(connection, batch_id, person.actor, service.clock(), reason)
    return _to(submission_id)


def _to(submission_id: str) -> Response:
    return RedirectResponse(f"/batches/{submission_id}", HTTPStatus.SEE_OTHER)


def _words(service: Service, language: Language) -> dict[str, Any]:
    """What the templates say things with."""
    return {
        "amount": shown_amount,
        "size": shown_size,
        "time": lambda moment: shown_time(moment, service.deadlines.zone),
        "state_word": lambda state: state_name(state, language),
        "reading_word": lambda state: submission_state_name(state, language),
        "type_word": lambda name, subtype: type_name(name, subtype, language),
        "said": lambda text: in_language(text, language),
    }
