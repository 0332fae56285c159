"""An office that has worked for some weeks, all of it invented: for figures, for pictures, for measuring.

Everything follows from the seed. Persons, hospitals and reviewers are nobody's.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from pipeline.store.accounts import PersonRole
from pipeline.store.tables import (
    accounts,
    claim_papers,
    claims,
    decisions,
    disclosures,
    events,
    field_changes,
    papers,
    probes,
    submissions,
)

HOSPITALS = ("样例市第一医院", "样例市中医院", "虚拟区人民医院", "示范口腔门诊部", "模拟县妇幼保健院")
SOURCES = ("folder", "online", "api")
STAFF: tuple[tuple[str, str, PersonRole], ...] = (
    ("wang", "王示例", "reviewer"),
    ("li", "李示例", "reviewer"),
    ("zhao", "赵示例", "second_reviewer"),
    ("sun", "孙示例", "clerk"),
    ("qian", "钱示例", "supervisor"),
)
FIELDS = (
    *("total_amount", "payer_name", "issue_date", "hospital_name", "invoice_number", "diagnoses"),
    *("fund_payment", "cash_payment", "line_items[0].name", "line_items[0].amount", "line_items[1].amount"),
)
RECORD = json.dumps(
    {
        "rendition_of": None,
        "fields": {name: {"value": "1"} for name in FIELDS if "[" not in name},
        "line_items": [{"name": {"value": "1"}, "amount": {"value": "1"}}] * 2,
    }
)
UNTOUCHED = 0.62
"""Share of claims that the machine passes."""


def office_at_work(connection: Connection, now: datetime, days: int, a_day: int, seed: int = 7) -> None:
    """Fill an empty store with claims of the last days, most of them passed and some waiting.

    Args:
        connection: Of a transaction that writes.
        now: The present.
        days: How many days the office has worked, at weekends too, only less.
        a_day: About how many claims come in on a day.
        seed: Of everything that is invented.
    """
    chance = random.Random(seed)
    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (
            submissions,
            claims,
            papers,
            claim_papers,
            disclosures,
            field_changes,
            decisions,
            events,
        )
    }
    known = set(connection.execute(select(accounts.c.name)).scalars())
    staff = [one for one in STAFF if one[0] not in known]
    for name, shown_as, role in staff:
        connection.execute(
            insert(accounts).values(
                name=name,
                shown_as=shown_as,
                role=role,
                password="none",
                created_at=now - timedelta(days=days),
            )
        )
    for ago in range(days):
        morning = now - timedelta(days=ago)
        busy = 0.25 if morning.weekday() > 4 else 0.8 + 0.4 * chance.random()
        for index in range(round(a_day * busy)):
            received = morning - timedelta(hours=2 * chance.random())
            _claim(rows, chance, f"C-{ago:03}-{index:04}", received, now)
    for table, made in rows.items():
        if made:
            connection.execute(insert(table), made)
    _asked(connection, chance, [row["id"] for row in rows[claims]], now)


def _claim(
    rows: dict[Any, list[dict[str, Any]]],
    chance: random.Random,
    claim_id: str,
    received: datetime,
    now: datetime,
) -> None:
    submission, paper = claim_id.replace("C", "U", 1), claim_id.replace("C", "D", 1)
    by_machine = chance.random() < UNTOUCHED
    opened = received + timedelta(hours=chance.expovariate(1 / 20))
    passed = received if by_machine else opened + timedelta(minutes=2 + chance.expovariate(1 / 4))
    is_passed = passed < now
    state = "entered" if is_passed else "second_review" if chance.random() < 0.3 else "first_review"
    hospital = chance.choices(HOSPITALS, (5, 3, 3, 1, 2))[0]
    rows[submissions].append(
        {
            "id": submission,
            "source": chance.choices(SOURCES, (5, 3, 2))[0],
            "state": "read",
            "received_at": received,
            "pages": 2,
            "attempts": 1,
        }
    )
    rows[claims].append(
        {
            "id": claim_id,
            "submission_id": submission,
            "state": state,
            "record": json.dumps({"claim_id": claim_id, "missing_materials": []}),
            "status": "accepted" if by_machine else "review",
            "idempotency_key": claim_id,
            "insured_name": "张小样",
            "hospital_name": hospital,
            "case_type": "emergency_no_card",
            "visit_kind": "outpatient",
            "received_at": received,
            "changed_at": received,
        }
    )
    rows[papers].append(
        {
            "document_id": paper,
            "submission_id": submission,
            "sha256": "0" * 64,
            "document_type": "outpatient_invoice",
            "status": "accepted",
            "frozen": "{}",
            "record": RECORD,
        }
    )
    rows[claim_papers].append({"claim_id": claim_id, "document_id": paper, "ordinal": 0})
    if not is_passed:
        return
    who, role = "baoxiao", "system"
    if not by_machine:
        who, role = chance.choice((("wang", "reviewer"), ("li", "reviewer"), ("zhao", "second_reviewer")))
        by = {"claim_id": claim_id, "who": who, "role": role}
        rows[disclosures].append({**by, "at": opened, "why": "办理"})
        for path in chance.sample(FIELDS, chance.randint(1, 3)):
            new = chance.choice("12")
            rows[field_changes].append(
                {
                    **by,
                    "document_id": paper,
                    "path": path if "[" in path else f"fields.{path}",
                    "old": "1",
                    "new": new,
                    "old_status": "review",
                    "new_status": "accepted",
                    "at": passed,
                    "why": "",
                    "seconds": 2 + chance.expovariate(1 / 5),
                }
            )
        rows[decisions].append(
            {**by, "revision": 1, "stage": "first_review", "event": "enter", "at": passed, "reason": ""}
        )
    rows[events].append(
        {
            "claim_id": claim_id,
            "at": passed,
            "who": who,
            "role": role,
            "event": "accept" if by_machine else "enter",
            "from_state": "reading" if by_machine else "first_review",
            "to_state": "entered",
            "reason": "",
        }
    )


def _asked(connection: Connection, chance: random.Random, names: list[str], now: datetime) -> None:
    """A share of the values that went through unseen was asked about; hardly one was wrong."""
    asked = [
        {
            "claim_id": claim_id,
            "document_id": claim_id.replace("C", "D", 1),
            "path": f"fields.{name}",
            "purpose": "accepted",
            "kind": kind,
            "confidence": 1.0,
            "answer": "=1",
            "drawn_at": now,
            "answered_at": now - timedelta(hours=1),
            "was_right": chance.random() > 0.0005,
        }
        for claim_id in names
        for name, kind in (("total_amount", "total"), ("payer_name", "name"), ("issue_date", "date"))
        if chance.random() < 0.8
    ]
    connection.execute(insert(probes), asked)
