"""What `baoxiao status` and `baoxiao claims` do: ask the store, show the answer, write the files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from pipeline.deadlines import Deadlines
from pipeline.errors import BaoxiaoError, QueryRefused
from pipeline.progress.asking import PersonalQuestion, question
from pipeline.progress.export import WRITERS, FileKind
from pipeline.progress.listing import Reader, full_page, list_record
from pipeline.progress.showing import claims_table, deadline_counts, status_view, submission_view
from pipeline.progress.status import (
    ProgressRecord,
    SubmissionProgressRecord,
    progress_record,
    submission_record,
)
from pipeline.progress.timeline import Audience
from pipeline.settings import settings
from pipeline.store.database import Database
from pipeline.store.opened import opened_store
from pipeline.store.queries import claim_story, find, submission_story, walk_claims

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def show_status(key: str, *, as_json: bool, audience: Audience, unmasked: bool) -> None:
    """Tell how far everything is that a key names.

    Raises:
        typer.Exit: With 1, where nothing is named so or the store cannot be used; it was told.
    """
    now, clock = datetime.now(UTC), Deadlines()
    today = clock.day_of(now)
    upload: SubmissionProgressRecord | None = None
    with _database() as database, database.read() as connection:
        submission_id, claim_ids = find(connection, key)
        if submission_id is not None:
            upload = submission_record(submission_story(connection, submission_id))
        claims: list[ProgressRecord] = [
            progress_record(claim_story(connection, claim_id), today, audience, unmasked=unmasked)
            for claim_id in claim_ids
        ]
    if upload is None and not claims:
        _fail(f"{key}: 没有这件申请、提交或外部编号 / no claim, submission or reference of this name")
        raise typer.Exit(1)
    if as_json:
        _print_json({"submission": upload, "claims": claims})
        return
    if upload is not None:
        out.print(submission_view(upload))
    for index, progress in enumerate(claims):
        if index or upload is not None:
            out.rule(style="dim")
        out.print(status_view(progress, today))


def show_claims(
    asked: Mapping[str, Any], csv_file: Path | None, xlsx_file: Path | None, *, as_json: bool, unmasked: bool
) -> None:
    """List the claims that are asked for, or write all of them to files.

    Raises:
        typer.BadParameter: If what is asked is no question.
        typer.Exit: With 1, where the store cannot be used or a file cannot be written; it was told.
    """
    _show(_question(asked), csv_file, xlsx_file, as_json=as_json, unmasked=unmasked)


def _show(
    asked: PersonalQuestion, csv_file: Path | None, xlsx_file: Path | None, *, as_json: bool, unmasked: bool
) -> None:
    now = datetime.now(UTC)
    clock = _deadlines() if asked.due else Deadlines()
    reader = Reader(clock.day_of(now), unmasked)
    order = asked.ordered_by()
    named: dict[FileKind, Path | None] = {"csv": csv_file, "xlsx": xlsx_file}
    files = [(kind, file) for kind, file in named.items() if file is not None]
    with _database() as database:
        wanted = asked.claims(now, clock)
        for kind, file in files:
            rows = (list_record(claim, reader) for claim in walk_claims(database, wanted, order))
            written = _written(kind, rows, file)
            err.print(f"{file}: {written} 件申请 / claims", markup=False)
        if files:
            return
        found, behind, counted = full_page(database, wanted, order, asked.limit, asked.after)
    shown = [list_record(claim, reader) for claim in found]
    if as_json:
        _print_json({"schema_version": "1", "claims": shown, "after": behind, "count": str(counted)})
        return
    if shown:
        out.print(claims_table(shown, reader.today))
    summary = [f"共 {counted} 件 / {counted} claims", *(deadline_counts(shown) if asked.due else ())]
    out.print(" · ".join(summary), style="dim")
    if behind is not None:
        out.print(f"下一页 / next page: --after {behind}", style="dim", soft_wrap=True)


def _written(kind: FileKind, rows: Iterator[Any], file: Path) -> int:
    try:
        return WRITERS[kind](rows, file)
    except OSError as error:
        _fail(f"{file}: 无法写入 / cannot be written: {error.strerror}")
        raise typer.Exit(1) from error


def _question(asked: Mapping[str, Any]) -> PersonalQuestion:
    try:
        return question(asked)
    except QueryRefused as error:
        raise typer.BadParameter(str(error)) from error


def _deadlines() -> Deadlines:
    """The calendar of this office, with the holidays that it has noted itself."""
    from pipeline.wiring import office  # it knows the reader of pictures, which loads slowly

    return Deadlines(office(settings()))


@contextmanager
def _database() -> Iterator[Database]:
    """The store's database; what it refuses is told and ends the command."""
    try:
        with opened_store(settings()) as store:
            yield store.database
    except QueryRefused as error:
        raise typer.BadParameter(str(error)) from error
    except BaoxiaoError as error:
        _fail(str(error))
        raise typer.Exit(1) from error


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _fail(message: str) -> None:
    err.print(f"✗ {message}", markup=False)
