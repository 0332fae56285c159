"""`/review` and `/api/review`: what reviewers see and do, shown; the work itself is `pipeline.review`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from pipeline.review.records import ReviewRecord
from pipeline.review.view import Looker, review_record
from pipeline.web.pages import REVIEWERS
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

# Made for our own screen alone and changed with it: no part of the API that is described to others.
router = APIRouter(include_in_schema=False)

Reviewer = Annotated[Person, Depends(opened_to(*REVIEWERS))]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


@router.get("/api/review/claims/{claim_id}")
def claim(service: Served, person: Reviewer, claim_id: str) -> ReviewRecord:
    """一件申请的复核内容 / a claim as the review screen shows it."""
    with service.database.read() as connection:
        return review_record(connection, claim_id, _looker(service, person))


def _looker(service: Service, person: Person) -> Looker:
    return Looker(person.actor, person.language, service.clock())
