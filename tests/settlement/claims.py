"""Claims for tests, made in one line: `claim(row("1000.00"), grade="一级")`. Persons are invented."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pipeline.model import FieldStatus, MatchStatus, ReimbursementClass
from pipeline.records import ClaimRecord, ClaimStatus, CodedLineRecord, FieldRecord, VisitKind
from pipeline.settlement.book import PolicyBook, packaged_policies
from pipeline.settlement.policy import PolicyFile, PolicySet
from pipeline.settlement.record import ComputedRecord, SettlementRecord
from pipeline.settlement.to_date import YearToDate

DAY = "2025-06-01"
YEAR = YearToDate(year=2025)
"""Nothing used up."""

LOCAL = """
region = "sample"
name = "样例市"
source = "为测试编写"
as_of = 2025-01-01

[sets.S-out]
insured = ["any"]
care = "outpatient"
ratios = [{ levels = [1, 2, 3], percent = 70 }]
deductible = { per = "year", amounts = [{ levels = [1, 2, 3], yuan = 100 }] }
cap = 2000
class_b_self_pay = 10

[sets.S-in]
insured = ["any"]
care = "inpatient"
ratios = [{ levels = [1], percent = 90 }, { levels = [2], percent = 80 }, { levels = [3], percent = 70 }]
class_b_self_pay = 10
[sets.S-in.deductible]
per = "stay"
amounts = [{ levels = [1], yuan = 200 }, { levels = [2], yuan = 400 }, { levels = [3], yuan = 800 }]

[sets.S-serious]
insured = ["any"]
care = "serious"
threshold = 10000
ratios = [{ levels = [1, 2, 3], percent = 60 }]
cap = 600000
"""
"""A local file that fixes what the second set of the source leaves open."""


def cell(value: str | None, status: FieldStatus = "accepted", candidates: Sequence[str] = ()) -> FieldRecord:
    return {
        "value": value,
        "raw": value,
        "confidence": 0.99,
        "status": "missing" if value is None and status == "accepted" else status,
        "page": 1,
        "box": None,
        "source": "ocr",
        "candidates": [{"value": other, "confidence": 0.5} for other in candidates],
        "witnesses": [],
    }


def row(
    amount: str | None,
    cls: ReimbursementClass | None = "甲",
    *,
    name: str = "阿莫西林胶囊",
    status: MatchStatus = "matched",
    shares: Sequence[str] = (),
    code: str | None = "X-1",
    printed: str | None = None,
    unit: str | None = None,
    quantity: str | None = None,
    amount_status: FieldStatus = "accepted",
    amount_candidates: Sequence[str] = (),
    name_status: FieldStatus = "accepted",
    document: str = "d-1",
    standard: str = "",
) -> CodedLineRecord:
    """A charged row; `cls` is the class that the list gives it."""
    line: CodedLineRecord = {
        "document_id": document,
        "page": 1,
        "name": cell(name, name_status),
        "specification": cell(None),
        "unit": cell(unit),
        "quantity": cell(quantity),
        "unit_price": cell(None),
        "amount": cell(amount, amount_status, amount_candidates),
        "category": cell(None),
        "insurance_class": cell(printed),
        "catalog": {
            "kind": "drug",
            "code": code if status == "matched" else None,
            "name": name if status == "matched" else None,
            "reimbursement_class": cls if status == "matched" else None,
            "score": 1.0,
            "status": status,
            "candidates": [],
            "why": "",
        },
    }
    if standard:
        line["catalog"]["payment_standard"] = standard
    if shares:
        line["catalog"]["first_self_pay_ratios"] = list(shares)
    return line


def claim(
    *rows: CodedLineRecord,
    total: str | None = "",
    grade: str | None = "三级甲等",
    kind: VisitKind = "outpatient",
    day: str | None = DAY,
    insured: str | None = None,
    status: ClaimStatus = "accepted",
    claim_id: str = "C-1",
    paid_before: str | None = None,
    id_number: str | None = None,
    name: str | None = "张三",
    lists_tell: bool = True,
) -> ClaimRecord:
    """A claim of these rows; its bill comes to their sum unless `total` says otherwise (None: not known)."""
    amounts = [Decimal(line["amount"]["value"]) for line in rows if line["amount"]["value"]]
    stated = f"{sum(amounts, Decimal(0)):.2f}" if total == "" else total
    totals = {"total_amount": stated} if stated is not None else {}
    if paid_before is not None:
        totals["fund_payment"] = paid_before
    return {
        "schema_version": "1",
        "claim_id": claim_id,
        "idempotency_key": f"key-of-{claim_id}",
        "insured": {
            "name": name,
            "id_number": id_number,
            "insurance_no": None,
            "insurance_type": insured,
        },
        "case_type": "inpatient" if kind == "inpatient" else "emergency_no_card",
        "hospital": {"name": "样例医院", "grade": grade, "code": None},
        "visit": {"kind": kind, "from": day, "to": day},
        "invoices": ["d-0"],
        "itemized_bills": ["d-1"],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": list(rows),
        "diagnoses": [],
        "totals": totals,
        "checks": [
            {
                "rule": "R-SCOPE-2.rows_are_in_the_lists",
                "outcome": "fail" if lists_tell else "unknown",
                "severity": "block",
                "message": "",
                "fields": [],
            }
        ],
        "missing_materials": [],
        "status": status,
    }


def packaged(key: str) -> PolicySet:
    """A set of the sources."""
    return packaged_policies().set_of(key, date(2025, 6, 1))


def local_book(old: str = "", new: str = "") -> PolicyBook:
    """The local file, with one text in place of another."""
    assert old in LOCAL
    text = LOCAL.replace(old, new, 1) if old else LOCAL
    return PolicyBook([("sample.toml", PolicyFile.model_validate(tomllib.loads(text, parse_float=Decimal)))])


def local(key: str, old: str = "", new: str = "") -> PolicySet:
    """A set of the local file."""
    return local_book(old, new).set_of(key, date(2025, 6, 1))


def computed(settlement: SettlementRecord) -> ComputedRecord:
    """What was computed, of a claim that was not refused."""
    assert settlement["totals"] is not None, settlement["reasons"]
    return {
        "level": settlement["level"],
        "lines": settlement["lines"],
        "steps": settlement["steps"],
        "totals": settlement["totals"],
    }
