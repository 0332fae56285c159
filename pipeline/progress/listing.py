"""A claim as lists and files show it: one flat row, persons masked unless the reader may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.life import STATE_NAMES, State
from pipeline.progress.masking import masked_account, masked_id, masked_name
from pipeline.progress.status import case_name, is_overdue
from pipeline.records import Day, Money, Version, money_text
from pipeline.store.asked import ClaimFilter, Order
from pipeline.store.database import Database
from pipeline.store.queries import Count, count, list_claims
from pipeline.store.rows import ClaimRow


class ClaimListRecord(TypedDict):
    """One claim of a list. Moments are ISO 8601 in UTC, money yuan; `risk` is the money at risk.

    `payout_low` and `payout_high` are of the dry run, `blocks` counts open blocking checks, `reviews` fields
    that wait for a person, `missing` materials, `amendment` is the number of the latest one (0: none).
    """

    claim_id: str
    submission_id: str
    reference: str | None
    state: State
    state_name: str
    status: str
    urgent: bool
    insured_name: str | None
    id_number: str | None
    insurance_no: str | None
    hospital_name: str | None
    case_type: str
    case_name: str
    visit_kind: str
    visit_from: Day | None
    visit_to: Day | None
    office: str | None
    declared: Money | None
    reimbursed: Money | None
    payout_low: Money | None
    payout_high: Money | None
    risk: Money
    blocks: int
    reviews: int
    missing: int
    amendment: int
    received_at: str
    accepted_on: Day | None
    settle_by: Day | None
    overdue: bool
    entered_at: str | None
    handed_over_at: str | None
    settled_at: str | None
    paid_at: str | None
    bank_name: str | None
    bank_account: str | None
    assigned_to: str | None


class ClaimListPage(TypedDict):
    """Claims of a list. `after` goes on behind them and is null at the end; a page may be short before it.

    `count` says how many there are, `1000+` where nobody counted to the end; it is null behind the first
    page.
    """

    schema_version: Version
    claims: list[ClaimListRecord]
    after: str | None
    count: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a list: on which day, and whether persons are shown."""

    today: date
    unmasked: bool = False


def list_record(claim: ClaimRow, reader: Reader) -> ClaimListRecord:
    """The row of a claim for a reader; accounts are shown in full only where persons are."""
    shown = reader.unmasked
    return {
        "claim_id": claim.id,
        "submission_id": claim.submission_id,
        "reference": claim.reference,
        "state": claim.state,
        "state_name": STATE_NAMES[claim.state],
        "status": claim.status,
        "urgent": claim.urgent,
        "insured_name": claim.insured_name if shown else masked_name(claim.insured_name),
        "id_number": claim.id_number if shown else masked_id(claim.id_number),
        "insurance_no": claim.insurance_no if shown else masked_account(claim.insurance_no),
        "hospital_name": claim.hospital_name,
        "case_type": claim.case_type,
        "case_name": case_name(claim.case_type),
        "visit_kind": claim.visit_kind,
        "visit_from": _day(claim.visit_from),
        "visit_to": _day(claim.visit_to),
        "office": claim.office,
        "declared": _money(claim.declared),
        "reimbursed": _money(claim.settled) if claim.settled_at is not None else None,
        "payout_low": _money(claim.payout_low),
        "payout_high": _money(claim.payout_high),
        "risk": money_text(claim.risk),
        "blocks": claim.open_blocks,
        "reviews": claim.open_reviews,
        "missing": claim.missing,
        "amendment": claim.amendment,
        "received_at": claim.received_at.isoformat(),
        "accepted_on": _day(claim.accepted_on),
        "settle_by": _day(claim.settle_by),
        "overdue": is_overdue(claim, reader.today),
        "entered_at": _moment(claim.entered_at),
        "handed_over_at": _moment(claim.handed_over_at),
        "settled_at": _moment(claim.settled_at),
        "paid_at": _moment(claim.paid_at),
        "bank_name": claim.bank_name,
        "bank_account": claim.bank_account if shown else masked_account(claim.bank_account),
        "assigned_to": claim.assigned_to,
    }


def list_page(
    database: Database,
    wanted: ClaimFilter,
    order: Order,
    limit: int,
    after: str | None,
    reader: Reader,
) -> ClaimListPage:
    """One page of a list, with its count where it is the first.

    Raises:
        QueryRefused: If the cursor is none.
        StoreUnusable: If the database does not answer.
    """
    with database.read() as connection:
        page = list_claims(connection, wanted, order, limit, after)
        counted = count(connection, wanted) if after is None else None
    return {
        "schema_version": "1",
        "claims": [list_record(claim, reader) for claim in page.claims],
        "after": page.after,
        "count": None if counted is None else str(counted),
    }


def full_page(
    database: Database, wanted: ClaimFilter, order: Order, limit: int, after: str | None
) -> tuple[list[ClaimRow], str | None, Count]:
    """As many claims as were asked for, however many short pages that takes; the cursor, and the count."""
    rows: list[ClaimRow] = []
    with database.read() as connection:
        counted = count(connection, wanted)
        while True:
            page = list_claims(connection, wanted, order, limit - len(rows), after)
            rows += page.claims
            after = page.after
            if after is None or len(rows) == limit:
                return rows, after, counted


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
