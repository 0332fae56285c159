"""`/dashboard`: how the office works, for those who answer for it; plots with their tables, tables as CSV."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from pipeline.review.error_bound import QualityRecord, quality
from pipeline.review.figures import SUMMING_SECONDS, Figures, figures
from pipeline.review.reviewers import ReviewerRecord, reviewer_records
from pipeline.settings import settings
from pipeline.web.dashboard.plots import PLOTS, plot
from pipeline.web.dashboard.tables import (
    NONE,
    ROWS_SHOWN,
    TABLES,
    minutes,
    per_thousand,
    percent,
    tables,
)
from pipeline.web.pages import page
from pipeline.web.people import Person, opened_to
from pipeline.web.service import Service

WINDOWS: Final = (7, 30, 90)
"""Days that can be chosen."""
USUAL_WINDOW: Final = 30
PLOT_HEADERS: Final = {
    # The styles of a plot stand in it; it loads nothing, whoever opens it by itself.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}

router = APIRouter(include_in_schema=False)
Overseer = Annotated[Person, Depends(opened_to("supervisor", "auditor", "admin"))]
Days: TypeAlias = Annotated[int, Query(ge=1, le=366)]


@router.get("/dashboard")
def dashboard(request: Request, person: Overseer, days: Days = USUAL_WINDOW) -> Response:
    """看板 / the figures of the last days."""
    told, known, people = _told(request, days)
    made = tables(told, known, people, person.language)
    return page(
        request,
        "dashboard/dashboard.html.j2",
        person,
        told=told,
        quality=known,
        tables=made,
        plots=PLOTS,
        groups=[name for name in TABLES if name not in PLOTS],
        rows_shown=ROWS_SHOWN,
        windows=WINDOWS,
        days=days,
        percent=percent,
        minutes=minutes,
        bound=per_thousand(known["overall"]["upper"], known["overall"]["asked"]),
        none=NONE,
    )


@router.get("/dashboard/plots/{name}.svg")
def plot_of(request: Request, person: Overseer, name: str, days: Days = USUAL_WINDOW) -> Response:
    """图 / a plot."""
    if name not in PLOTS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    # The page has summed up what it could; its plots show the same days.
    told = _figures(request, days, seconds=0)
    svg = plot(name, told, person.language)
    return Response(svg, media_type="image/svg+xml", headers=PLOT_HEADERS)


@router.get("/dashboard/{name}.csv")
def table_of(request: Request, person: Overseer, name: str, days: Days = USUAL_WINDOW) -> Response:
    """导出 CSV / a table as CSV."""
    if name not in TABLES:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    told, known, people = _told(request, days)
    table = tables(told, known, people, person.language)[name]
    return Response(
        table.as_csv(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{told.days[-1].day}.csv"'},
    )


def _figures(request: Request, days: int, seconds: float) -> Figures:
    service: Service = request.app.state.service
    return figures(service.database, service.deadlines, service.clock(), days, seconds)


def _told(request: Request, days: int) -> tuple[Figures, QualityRecord, list[ReviewerRecord]]:
    service: Service = request.app.state.service
    now = service.clock()
    told = _figures(request, days, SUMMING_SECONDS)
    since = service.deadlines.begin_of(service.deadlines.day_of(now) - timedelta(days=days - 1))
    with service.database.read() as connection:
        known = quality(connection, settings().target_error, now)
        return told, known, reviewer_records(connection, since)
