"""`POST /api/claims/{claim_id}/unmask`: a supervisor says why they must see values, and sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.review.masking import unmask
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

router = APIRouter()


class ReasonRecord(TypedDict):
    """Why somebody must see it."""

    reason: str


class UnmaskedRecord(TypedDict):
    """Until when the claim is shown in the clear (ISO 8601)."""

    until: str


@router.post("/api/claims/{claim_id}/unmask")
def unmask_claim(
    request: Request,
    person: Annotated[Person, Depends(opened_to("supervisor"))],
    claim_id: str,
    asked: ReasonRecord,
) -> UnmaskedRecord:
    """查看完整信息 / shows a claim's values in the clear for a while; it is written down."""
    service: Service = request.app.state.service
    with service.database.write() as connection:
        until = unmask(connection, person.actor, claim_id, asked["reason"], service.clock())
    return {"until": until.isoformat()}
