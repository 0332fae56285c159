"""The rest of a table by one of its rows, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.review.by_example import ProposedRow, rows_like
from pipeline.review.leases import hold
from pipeline.web.pages import REVIEWERS
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

# Made for our own screen alone and changed with it.
router = APIRouter(include_in_schema=False)
Reviewer = Annotated[Person, Depends(opened_to(*REVIEWERS))]

MOST_CELLS = 8
"""A row has no more columns."""


class Example(BaseModel):
    """A row that was shown: its page, and the place of each cell in fractions of the page."""

    document_id: Annotated[str, Field(max_length=100)]
    page: Annotated[int, Field(ge=1)]
    cells: Annotated[dict[str, list[float]], Field(max_length=MOST_CELLS)]


class ProposedRows(TypedDict):
    """What follows from the example."""

    rows: list[ProposedRow]


@router.post("/api/review/claims/{claim_id}/example")
def example(request: Request, person: Reviewer, claim_id: str, shown: Example) -> ProposedRows:
    """按样例补全 / the rest of a table by one of its rows, for whoever has the claim; nothing is changed."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        hold(connection, claim_id, person.actor, service.clock())
        return {"rows": rows_like(connection, claim_id, shown.document_id, shown.page, shown.cells)}
