"""Claims that were entered and wait to be handed over, and answers to them; all persons are invented."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from pipeline.engine.protocol import EngineAnswer, HandOverMessage
from pipeline.life import SYSTEM, Actor
from pipeline.records import ClaimRecord
from pipeline.store.database import Database
from pipeline.store.lives import take_step
from pipeline.store.tables import amendments, claims, events, outbox, submissions

NOW = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
"""2026-03-02 10:30 in Beijing, a Monday."""
SUPERVISOR = Actor("主管样例", "supervisor")
REVIEWER = Actor("复核样例", "reviewer")


def claim_record(claim_id: str = "C-1", total: str = "203.65") -> ClaimRecord:
    """An accepted claim of one bill."""
    return {
        "schema_version": "1",
        "claim_id": claim_id,
        "idempotency_key": f"key-{claim_id}",
        "insured": {
            "name": "张小样",
            "id_number": "11010519491231002X",
            "insurance_no": "109254000012",
            "insurance_type": "城镇职工",
        },
        "case_type": "emergency_no_card",
        "hospital": {"name": "北京样例医院", "grade": "三级甲等", "code": None},
        "visit": {"kind": "outpatient", "from": "2026-02-17", "to": "2026-02-17"},
        "invoices": ["D-1"],
        "itemized_bills": [],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": [],
        "diagnoses": [],
        "totals": {"total_amount": total},
        "checks": [],
        "missing_materials": [],
        "status": "accepted",
    }


def put_entered(database: Database, claim_id: str = "C-1", **columns: Any) -> str:
    """A claim that was read without a fault and entered: its message waits; the message's id."""
    record = claim_record(claim_id)
    usual: dict[str, Any] = {
        "submission_id": "U-1",
        "state": "reading",
        "record": json.dumps(record, ensure_ascii=False),
        "status": "accepted",
        "idempotency_key": record["idempotency_key"],
        "case_type": record["case_type"],
        "visit_kind": "outpatient",
        "bank_name": "样例银行",
        "bank_account": "6200000000001234",
        "received_at": NOW,
        "changed_at": NOW,
    }
    with database.write() as connection:
        if connection.execute(select(submissions.c.id)).first() is None:
            connection.execute(
                insert(submissions).values(id="U-1", source="folder", state="read", received_at=NOW)
            )
        connection.execute(insert(claims).values(id=claim_id, **{**usual, **columns}))
        take_step(connection, claim_id, "accept", SYSTEM, NOW)
    return f"{claim_id}/1"


def amended(database: Database, claim_id: str, kind: str, now: datetime) -> str:
    """Amend a claim that was handed over, and enter it again; the id of the new message."""
    with database.write() as connection:
        take_step(connection, claim_id, "amend", SUPERVISOR, now, "金额有误")
        connection.execute(
            insert(amendments).values(
                claim_id=claim_id,
                number=1,
                kind=kind,
                of_revision=1,
                opened_at=now,
                opened_by=SUPERVISOR.name,
                reason="金额有误",
            )
        )
        connection.execute(update(claims).where(claims.c.id == claim_id).values(amendment=1))
        take_step(connection, claim_id, "enter", REVIEWER, now)
    return f"{claim_id}/2"


def claim(database: Database, claim_id: str = "C-1") -> Row[Any]:
    """The claim's row."""
    with database.read() as connection:
        return connection.execute(select(claims).where(claims.c.id == claim_id)).one()


def message(database: Database, message_id: str = "C-1/1") -> Row[Any]:
    """The message's row."""
    with database.read() as connection:
        return connection.execute(select(outbox).where(outbox.c.message_id == message_id)).one()


def told(database: Database, claim_id: str = "C-1") -> list[str]:
    """The events of the claim, in order."""
    with database.read() as connection:
        rows = connection.execute(
            select(events.c.event).where(events.c.claim_id == claim_id).order_by(events.c.id)
        )
        return list(rows.scalars())


def answer(outcome: str = "accepted", message_id: str = "C-1/1", **keys: Any) -> Any:
    """An answer without more than it must have."""
    reasons = [{"code": "E1", "message": "身份信息不符"}] if outcome == "refused" else []
    settlement = settled_for("203.65", message_id.partition("/")[0]) if outcome == "settled" else None
    usual = {"schema_version": "1", "message_id": message_id, "outcome": outcome, "reasons": reasons}
    return {**usual, "settlement": settlement, "paid": None, **keys}


def settled_for(amount: str, claim_id: str = "C-1") -> dict[str, Any]:
    """A settlement of one exact amount."""
    return {
        "schema_version": "1",
        "claim_id": claim_id,
        "outcome": "settled",
        "payout": {"low": amount, "high": amount},
    }


PAID = {
    "amount": "203.65",
    "bank_name": "另一样例银行",
    "account": "6200000000009999",
    "at": "2026-03-09T16:00:00+08:00",
}


class MostPatient(random.Random):
    """Draws the longest wait: with the shortest a message is due again at once, in the same pass."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


@dataclass
class FakeEngine:
    """Says what it was told to say, in turn; the last of it for ever. Exceptions are raised."""

    says: Sequence[Mapping[str, Any] | Exception]
    heard: list[HandOverMessage] = field(default_factory=list)
    name: str = "fake"

    def hand_over(self, message: HandOverMessage) -> EngineAnswer:
        self.heard.append(message)
        said = self.says[min(len(self.heard), len(self.says)) - 1]
        if isinstance(said, Exception):
            raise said
        spoken: Any = {**said, "message_id": message.message_id}
        if spoken["settlement"] is not None:
            spoken["settlement"] = {**spoken["settlement"], "claim_id": message.claim_id}
        taken: EngineAnswer = spoken
        return taken


def later(**duration: float) -> datetime:
    """`NOW` and so much."""
    return NOW + timedelta(**duration)
