"""Claims of invented persons in a store, for tests of what is handed over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from pipeline.records import ClaimRecord
from pipeline.store.database import Database
from pipeline.store.outbox import enqueue_hand_over
from pipeline.store.tables import claims, submissions

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def line(name: str = "阿莫西林胶囊", amount: str = "20.00", cls: str | None = "甲") -> dict[str, Any]:
    """A charged row of a claim."""

    def cell(value: str | None) -> dict[str, Any]:
        return {
            "value": value,
            "raw": value,
            "confidence": 0.999,
            "status": "accepted" if value else "missing",
            "page": 1,
            "box": None,
            "source": "text_layer",
            "candidates": [],
            "witnesses": [],
        }

    return {
        "document_id": "D-1",
        "page": 1,
        "name": cell(name),
        "specification": cell(None),
        "unit": cell("盒"),
        "quantity": cell("1"),
        "unit_price": cell(amount),
        "amount": cell(amount),
        "category": cell(None),
        "insurance_class": cell(None),
        "catalog": {
            "kind": "drug",
            "code": "X001",
            "name": name,
            "reimbursement_class": cls,
            "score": 1.0,
            "status": "matched",
            "candidates": [],
            "why": "",
        },
    }


def claim_record(
    claim_id: str = "C-1",
    *,
    name: str | None = "王范例",
    id_number: str | None = "110101199001011237",
    lines: Sequence[dict[str, Any]] = (),
    total: str | None = None,
    kind: str = "outpatient",
    day: str = "2026-02-10",
    grade: str | None = "三级甲等",
    insurance_type: str | None = "职工医保",
) -> ClaimRecord:
    """A row of claims.jsonl whose rows make its total, unless one is given."""
    rows = list(lines) or [line()]
    amount = sum((Decimal(row["amount"]["value"]) for row in rows), Decimal(0))
    record: Any = {
        "schema_version": "1",
        "claim_id": claim_id,
        "idempotency_key": f"key-{claim_id}",
        "insured": {
            "name": name,
            "id_number": id_number,
            "insurance_no": None,
            "insurance_type": insurance_type,
        },
        "case_type": "inpatient" if kind == "inpatient" else "emergency_no_card",
        "case_types": [],
        "settle_by": None,
        "application": None,
        "application_form": None,
        "hospital": {"name": "示例市人民医院", "grade": grade, "code": "H1"},
        "visit": {"kind": kind, "from": day, "to": day},
        "invoices": [f"D-{claim_id}"],
        "itemized_bills": [],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": rows,
        "diagnoses": [{"name": "急性支气管炎", "icd10_code": "J20.900", "score": 1.0}],
        "totals": {"total_amount": total or f"{amount:.2f}"},
        "checks": [],
        "missing_materials": [],
        "claim_number": None,
        "batch_number": None,
        "status": "accepted",
    }
    return record  # type: ignore[no-any-return]


def put_entered(
    database: Database, record: ClaimRecord, office: str | None = None, at: datetime = NOW
) -> str:
    """Store a claim that is entered, with the message that hands it over; the message's id."""
    with database.write() as connection:
        connection.execute(
            insert(submissions).values(
                id=f"U-{record['claim_id']}", source="folder", state="read", received_at=at
            )
        )
        connection.execute(
            insert(claims).values(
                id=record["claim_id"],
                submission_id=f"U-{record['claim_id']}",
                state="entered",
                record=json.dumps(record, ensure_ascii=False),
                status=record["status"],
                idempotency_key=record["idempotency_key"],
                case_type=record["case_type"],
                visit_kind=record["visit"]["kind"],
                office=office,
                declared=Decimal(record["totals"]["total_amount"]),
                received_at=at,
                changed_at=at,
            )
        )
        return enqueue_hand_over(connection, record["claim_id"], at)
