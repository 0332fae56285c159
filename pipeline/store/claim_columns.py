"""What of a claim's record stands in columns and rows of its own, for queues, filters and guards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from pipeline.model import Document
from pipeline.open_values import OpenValue
from pipeline.records import CheckRecord, ClaimRecord, DocumentRecord, check_record

OFFICE_KEYS = ("单位名称", "申报单位", "经办机构", "街道", "office", "employer")
"""How the reference is called in an application that names who enters a claim."""
REFERENCE_KEYS = ("申报编号", "受理编号", "业务编号", "reference")
"""How the reference is called that names the claim itself."""
OF_AN_OFFICE = ("单位", "经办", "街道", "社保所")
"""In the relation of who hands a claim in: it is somebody of an office or an employer."""

TWICE = "R-DUP-"
"""What is found about a paper and its like is told by its claim too (`pipeline.claims`)."""


class Payouts(Protocol):
    """What tells what claims may be paid: `pipeline.settlement.estimate.Estimates`."""

    def __call__(self, claim: ClaimRecord, /) -> tuple[Decimal, Decimal] | None:
        """The least and the most that a claim may be paid, yuan; None where nobody can tell."""

    def at_risk(self, claim: ClaimRecord, open_values: Sequence[OpenValue], /) -> Decimal:
        """What a claim's open values put at risk, yuan; 0 where nobody can tell."""


class NobodyTells:
    """Without a policy nobody can tell what a claim may be paid."""

    def __call__(self, _claim: ClaimRecord, /) -> None:
        """Nobody can."""

    def at_risk(self, _claim: ClaimRecord, _open_values: Sequence[OpenValue], /) -> Decimal:
        """Nothing that anybody knows of."""
        return Decimal(0)


nobody_tells: Payouts = NobodyTells()


def claim_columns(
    record: ClaimRecord, payouts: Payouts = nobody_tells, open_values: Sequence[OpenValue] = ()
) -> dict[str, Any]:
    """What of a claim's record stands in columns of its own, for queues, filters and progress.

    Args:
        record: The claim.
        payouts: Tells what it may be paid.
        open_values: What of it waits for a person; by it the money at risk is told.
    """
    low, high = payouts(record) or (None, None)
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
        "payout_low": low,
        "payout_high": high,
        "risk": payouts.at_risk(record, open_values),
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
