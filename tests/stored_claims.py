"""A claim in the store in one line, for tests that need no more of it than its state."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from pipeline.life import State
from pipeline.store.submissions import ReceivedFile, keep_submission
from pipeline.store.tables import claims

RECEIVED = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def stored_claim(connection: Connection, claim_id: str, state: State) -> None:
    """Write a claim without papers, from a submission of its own."""
    submission, _ = keep_submission(
        connection, [ReceivedFile(claim_id, "0" * 64, 1)], RECEIVED, source="folder"
    )
    connection.execute(
        insert(claims).values(
            id=claim_id,
            submission_id=submission.id,
            state=state,
            record="{}",
            status="accepted",
            idempotency_key=claim_id,
            case_type="emergency_no_card",
            visit_kind="outpatient",
            received_at=RECEIVED,
            changed_at=RECEIVED,
        )
    )
