"""What of a claim's record stands in columns and rows of its own, for queues, filters and guards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.model import Document
from pipeline.records import CheckRecord, ClaimRecord, DocumentRecord, check_record

OFFICE_KEYS = ("单位名称", "申报单位", "经办机构", "街道", "office", "employer")
"""How the reference is called in an application that names who enters a claim."""
REFERENCE_KEYS = ("申报编号", "受理编号", "业务编号", "reference")
"""How the reference is called that names the claim itself."""
OF_AN_OFFICE = ("单位", "经办", "街道", "社保所")
"""In the relation of who hands a claim in: it is somebody of an office or an employer."""

TWICE = "R-DUP-"
"""What is found about a paper and its like is told by its claim too (`pipeline.claims`)."""


def claim_columns(record: ClaimRecord) -> dict[str, Any]:
    """What of a claim's record stands in columns of its own, for queues, filters and progress."""
    insured, visit, application = record["insured"], record["visit"], record.get("application")
    account = application.get("bank_account") if application else None
    total = record["totals"].get("total_amount")
    return {
        "record": json_text(record),
        "status": record["status"],
        "idempotency_key": record["idempotency_key"],
        "insured_name": insured["name"],
        "id_number": insured["id_number"],
        "insurance_no": insured["insurance_no"],
        "hospital_name": record["hospital"]["name"],
        "case_type": record["case_type"],
        "visit_kind": visit["kind"],
        "visit_from": date.fromisoformat(visit["from"]) if visit["from"] else None,
        "visit_to": date.fromisoformat(visit["to"]) if visit["to"] else None,
        "office": _office(record),
        "declared": Decimal(total) if total is not None else None,
        "bank_name": account.get("bank") if account else None,
        "bank_account": account["number"] if account else None,
        "missing": len(record["missing_materials"]),
    }


def reference_of(record: ClaimRecord) -> str | None:
    """The number under which whoever sends the claim knows it, where the application says it."""
    return _declared(record, REFERENCE_KEYS)


def _office(record: ClaimRecord) -> str | None:
    """Who enters the claim: by a reference of the application, else who of an office hands it in."""
    named = _declared(record, OFFICE_KEYS)
    application = record.get("application")
    by = application.get("submitted_by") if application else None
    if named is not None or by is None:
        return named
    return by["name"] if any(word in by["relation"] for word in OF_AN_OFFICE) else None


def _declared(record: ClaimRecord, keys: Sequence[str]) -> str | None:
    """The first of the references that the application has."""
    application = record.get("application")
    references: Mapping[str, str] = application.get("references", {}) if application else {}
    return next((references[key] for key in keys if references.get(key)), None)


def checks_of(record: ClaimRecord, documents: Iterable[Document]) -> list[CheckRecord]:
    """All checks of a claim and of the papers that count in it; paths begin with the paper.

    A paper's check that the claim tells too is given once.
    """
    found = list(record["checks"])
    for document in documents:
        if document.rendition_of:
            continue
        for finding in document.findings:
            if not finding.rule.startswith(TWICE):
                check = check_record(finding)
                paths = [f"documents[{document.id}].{path}" for path in check["fields"]]
                found.append({**check, "fields": paths})
    return found


def json_text(row: ClaimRecord | DocumentRecord) -> str:
    """A row as the published files hold it, without its end."""
    return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
