"""Submissions in lists: newest first, page by page, each with what came of it; batches that wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from pipeline.errors import StepRefused
from pipeline.records import BatchOutcome, BatchRecord, SheetRecord
from pipeline.store.batches import batch_of, batches_of, keep_batches, note_release
from pipeline.store.database import Connection, Database
from pipeline.store.intake_lists import list_submissions, submission_line
from pipeline.store.submissions import SUBMISSION_STATES, try_again
from pipeline.store.tables import submission_files
from tests.store.stored import NOW, put_claim, put_submission


def held(number: str = "B1", outcome: BatchOutcome = "held") -> BatchRecord:
    sheet: SheetRecord = {"document_id": "D-1", "file": "a.pdf", "page": 1, "position": 1}
    return {
        "schema_version": "1",
        "batch_number": number,
        "header": sheet,
        "outcome": outcome,
        "expected_papers": 3,
        "found_papers": 2,
        "expected_amount": "10.00",
        "found_amount": "9.00",
        "unread_amounts": 0,
        "message": "",
        "suspects": [],
        "documents": [],
        "claims": [],
    }


def put_many(connection: Connection, number: int) -> list[str]:
    """Submissions of all states, a minute after each other; their ids, the newest first."""
    ids = []
    for index in range(number):
        state = SUBMISSION_STATES[index % len(SUBMISSION_STATES)]
        ids.append(
            put_submission(
                connection, f"U-{index:03}", state=state, received_at=NOW + timedelta(minutes=index // 2)
            )
        )
    return sorted(ids, reverse=True)


def test_a_list_goes_on_where_it_ended_whatever_the_states(database: Database) -> None:
    with database.write() as connection:
        ids = put_many(connection, 23)
    seen: list[str] = []
    after = None
    with database.read() as connection:
        for _ in range(5):
            part = list_submissions(connection, after=after, most=5)
            seen += [line.id for line in part.lines]
            after = part.after
            assert len(part.lines) <= 5
    assert seen == ids
    assert after is None


def test_a_list_of_one_state_holds_it_alone(database: Database) -> None:
    with database.write() as connection:
        put_many(connection, 10)
    with database.read() as connection:
        part = list_submissions(connection, ("failed",))
    assert {line.state for line in part.lines} == {"failed"}
    assert len(part.lines) == 2


def test_a_line_says_what_came_of_it(database: Database) -> None:
    with database.write() as connection:
        put_submission(connection, "U-1", pages=7)
        for ordinal, name in ((1, "甲.pdf"), (2, "乙.pdf")):
            connection.execute(
                insert(submission_files).values(
                    submission_id="U-1", ordinal=ordinal, name=name, sha256="ab" * 32, size=1
                )
            )
        put_claim(connection, "C-1")
    with database.read() as connection:
        line = submission_line(connection, "U-1")
    assert (line.first_file, line.files, line.pages, line.claims) == ("甲.pdf", 2, 7, {"C-1": "first_review"})


def test_held_batches_are_found_until_somebody_releases_them(database: Database) -> None:
    with database.write() as connection:
        for key, records in (("U-1", [held("一"), held("二", "closed")]), ("U-2", [held("三", "closed")])):
            put_submission(connection, key)
            keep_batches(connection, key, records, NOW)
    with database.write() as connection:
        assert [line.id for line in list_submissions(connection, held=True).lines] == ["U-1"]
        first, second = batches_of(connection, ["U-1"])["U-1"]
        assert (first.is_held, second.is_held) == (True, False)
        note_release(connection, first.id, "主任", NOW, "清点无误")
        assert list_submissions(connection, held=True).lines == ()
        released = batch_of(connection, first.id)
    assert (released.released_by, released.release_reason, released.is_held) == ("主任", "清点无误", False)


def test_what_failed_is_tried_again_and_nothing_else(database: Database) -> None:
    with database.write() as connection:
        put_submission(connection, "U-1", state="failed", attempts=5)
        put_submission(connection, "U-2")
        try_again(connection, "U-1")
        with pytest.raises(StepRefused, match="has not failed"):
            try_again(connection, "U-2")
        assert submission_line(connection, "U-1").state == "received"
