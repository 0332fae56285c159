"""What reviewers look up in the lists as they type, and what they propose to teach."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import ITEM_KINDS
from pipeline.catalogs.lookup import MOST, By, Lookups, Suggestion
from pipeline.errors import ServiceUnavailable, StepRefused
from pipeline.model import CatalogKind
from pipeline.rejudged import Judges
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

router = APIRouter()
LookingUp = Annotated[Person, Depends(opened_to("clerk", "reviewer", "second_reviewer", "supervisor"))]
Teaching = Annotated[Person, Depends(opened_to("reviewer", "second_reviewer", "supervisor"))]

LONGEST_QUESTION = 100
"""Characters of a question that are taken; the first 40 count."""
LONGEST_NAME = 200

_lookups = Lookups()


class SuggestionRecord(TypedDict):
    """An entry that may be meant; yuan as text. `more` others differ from it in their specification alone."""

    kind: CatalogKind
    code: str
    name: str
    form: str
    reimbursement_class: str | None
    specification: str
    unit: str
    price: str | None
    price_basis: str
    payment_standard: str
    restriction: str
    source: str
    by: By
    called: str
    more: int


class SuggestionsRecord(TypedDict):
    """The entries that may be meant, the best first."""

    entries: list[SuggestionRecord]


class Lesson(BaseModel):
    """That a printed name stands for an entry; `line` counts from 1."""

    printed: Annotated[str, Field(max_length=LONGEST_NAME)]
    kind: CatalogKind
    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    form: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    document_id: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    line: Annotated[int, Field(ge=0)] = 0
    day: date | None = None


class LessonRecord(TypedDict):
    """A proposal that waits for a second person."""

    id: str
    printed: str
    name: str


@router.get("/api/catalog")
def look_up(
    request: Request,
    _person: LookingUp,
    q: Annotated[str, Query(max_length=LONGEST_QUESTION)] = "",
    kind: CatalogKind | None = None,
    day: date | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 12,
) -> SuggestionsRecord:
    """查目录 / entries that may be meant: by name, other names, code or initials of the pinyin.

    An empty question prepares what the first one needs and is answered with nothing.
    """
    judges = _judges(request)
    lookup = _lookups.of(judges.catalogs)
    kinds = (kind,) if kind else ITEM_KINDS
    if not q.strip():
        lookup.prepare(*kinds)
    found = lookup.find(q, kinds=kinds, on=day, taught=judges.taught, limit=limit)
    return {"entries": [_record(one) for one in found]}


@router.post("/api/catalog/aliases", status_code=HTTPStatus.CREATED)
def teach(request: Request, person: Teaching, lesson: Lesson) -> LessonRecord:
    """提出别名 / propose that a printed name stands for an entry; a second person puts it into force."""
    service: Service = request.app.state.service
    if service.aliases is None:
        raise ServiceUnavailable("no book of aliases was opened")
    _check_entry(_judges(request).catalogs, lesson)
    made = service.aliases.propose(
        lesson.printed,
        lesson.kind,
        lesson.name,
        by=person.name,
        why="复核时选定 / chosen while reviewing",
        form=lesson.form,
        document_id=lesson.document_id,
        line=lesson.line,
    )
    return {"id": made.id, "printed": made.printed, "name": made.name}


def _check_entry(catalogs: Catalogs, lesson: Lesson) -> None:
    if catalogs.entry(lesson.kind, lesson.name, lesson.form, lesson.day) is None:
        raise StepRefused(
            "目录中没有唯一的这一名称和剂型，不能作别名 / no single entry of the lists has this name and form"
        )


def _judges(request: Request) -> Judges:
    service: Service = request.app.state.service
    if service.judges is None:
        raise ServiceUnavailable("no lists were opened")
    return service.judges()


def _record(found: Suggestion) -> SuggestionRecord:
    entry = found.entry
    return {
        "kind": entry.kind,
        "code": entry.code,
        "name": entry.name,
        "form": entry.form,
        "reimbursement_class": entry.reimbursement_class,
        "specification": entry.specification,
        "unit": entry.unit,
        "price": None if entry.price is None else f"{entry.price:f}",
        "price_basis": entry.price_basis,
        "payment_standard": entry.payment_standard,
        "restriction": entry.restriction,
        "source": entry.source,
        "by": found.by,
        "called": found.called,
        "more": found.more,
    }
