"""The page of the upload desk: photos are taken, looked at, submitted and followed, on a phone too.

Whoever is signed in sends for the office. A claimant opens the same page by a link that ends in `#token=…`:
what stands behind `#` is never sent to a server, so it is in no log; the page itself tells nothing before the
token has asked for it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from pipeline.web.pages import page
from pipeline.web.people import Person, whoever
from pipeline.web.uploads.senders import ROLES

router = APIRouter(include_in_schema=False)
Asking = Annotated[Person | None, Depends(whoever)]


@router.get("/upload")
@router.get("/upload/{upload}")
def upload_page(request: Request, person: Asking, upload: str | None = None) -> Response:
    """Where papers are photographed and sent."""
    if person is not None and person.role not in ROLES:
        raise HTTPException(HTTPStatus.FORBIDDEN, "您的岗位无此权限 / not open to your role")
    return page(request, "uploads/upload.html.j2", person, upload=upload)
