"""Claims put into a store as the parts that save them would, for tests of what is asked of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select

from pipeline.store.tables import accounts, checks, claim_papers, claims, events, papers, submissions

NOW = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
"""2026-03-02 10:30 in Beijing, a Monday."""

PERSON = {"insured_name": "张小样", "id_number": "11010519491231002X", "insurance_no": "109254000012"}
BANK = {"bank_name": "样例银行", "bank_account": "6200000000001234"}


def put_submission(connection: Connection, submission_id: str = "U-1", **columns: Any) -> str:
    """An upload that has been read, where nothing else is said."""
    known = connection.execute(select(submissions.c.id).where(submissions.c.id == submission_id)).first()
    if known is None:
        usual = {"source": "folder", "state": "read", "received_at": NOW, "pages": 2, "attempts": 1}
        connection.execute(insert(submissions).values(id=submission_id, **{**usual, **columns}))
    return submission_id


def put_claim(connection: Connection, claim_id: str = "C-1", **columns: Any) -> str:
    """A claim in its first review, received at `NOW`, where nothing else is said."""
    lacking = columns.pop("missing_materials", [])
    record = {"claim_id": claim_id, "missing_materials": lacking}
    usual: dict[str, Any] = {
        "submission_id": "U-1",
        "state": "first_review",
        "record": json.dumps(record, ensure_ascii=False),
        "status": "review",
        "idempotency_key": f"key-{claim_id}",
        **PERSON,
        "hospital_name": "北京样例医院",
        "case_type": "emergency_no_card",
        "visit_kind": "outpatient",
        "visit_from": date(2026, 2, 17),
        "visit_to": date(2026, 2, 17),
        "office": "样例街道",
        "declared": Decimal("1234.50"),
        "missing": len(lacking),
        "received_at": NOW,
        "changed_at": NOW,
    }
    put_submission(connection, columns.get("submission_id", "U-1"))
    connection.execute(insert(claims).values(id=claim_id, **{**usual, **columns}))
    return claim_id


def put_claims(connection: Connection, number: int, **columns: Any) -> list[str]:
    """Claims C-000, C-001 … each received a minute after the one before."""
    return [
        put_claim(connection, f"C-{index:03}", **{"received_at": NOW + timedelta(minutes=index), **columns})
        for index in range(number)
    ]


def put_event(connection: Connection, claim_id: str, event: str, to_state: str, **columns: Any) -> None:
    """An event by the system, where nothing else is said."""
    usual = {"at": NOW, "who": "baoxiao", "role": "system", "from_state": None, "reason": ""}
    connection.execute(
        insert(events).values(claim_id=claim_id, event=event, to_state=to_state, **{**usual, **columns})
    )


def put_paper(connection: Connection, claim_id: str, document_id: str = "D-1", ordinal: int = 0) -> None:
    """A bill of the claim."""
    put_submission(connection)
    connection.execute(
        insert(papers).values(
            document_id=document_id,
            submission_id="U-1",
            sha256="0" * 64,
            document_type="outpatient_invoice",
            status="review",
            frozen="{}",
            record=json.dumps({"document_id": document_id}),
        )
    )
    connection.execute(
        insert(claim_papers).values(claim_id=claim_id, document_id=document_id, ordinal=ordinal)
    )


def put_check(
    connection: Connection, claim_id: str, rule: str, outcome: str = "fail", ordinal: int = 0
) -> None:
    """What a rule said of the claim."""
    connection.execute(
        insert(checks).values(
            claim_id=claim_id,
            ordinal=ordinal,
            rule=rule,
            outcome=outcome,
            severity="block",
            message="校验说明",
            fields="[]",
        )
    )


def put_account(connection: Connection, name: str, role: str) -> None:
    """Somebody of a role, whose sessions are opened without a password: none would be right."""
    connection.execute(
        insert(accounts).values(name=name, shown_as=name, role=role, password="none", created_at=NOW)
    )
