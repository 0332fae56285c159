"""What people did to the pages of submissions by hand; rows are only ever added."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pipeline.store.tables import page_edits


@dataclass(frozen=True, slots=True)
class PageEdit:
    """One rearrangement: of which submission, into which, by whom; `plan` is JSON (`pipeline.page_plan`)."""

    submission_id: str
    made: str
    plan: list[dict[str, Any]]
    who: str
    at: datetime


def note_edit(connection: Connection, edit: PageEdit) -> None:
    """Keep what was done."""
    connection.execute(
        insert(page_edits).values(
            submission_id=edit.submission_id,
            made=edit.made,
            plan=json.dumps(edit.plan, ensure_ascii=False),
            who=edit.who,
            at=edit.at,
        )
    )


def edits_of(connection: Connection, submission_id: str) -> list[PageEdit]:
    """What was made of a submission, and what it was made of, the first one first."""
    own = (page_edits.c.submission_id == submission_id) | (page_edits.c.made == submission_id)
    return [
        PageEdit(row.submission_id, row.made, json.loads(row.plan), row.who, row.at)
        for row in connection.execute(select(page_edits).where(own).order_by(page_edits.c.id))
    ]
