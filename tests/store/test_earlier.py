"""Bills of stored claims, as the rules against paying twice ask for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from pipeline.earlier_bills import BillsOfAll, EarlierBill, KnownBills
from pipeline.life import State
from pipeline.office import usual_office
from pipeline.store.database import Database
from pipeline.store.earlier import StoredBills
from pipeline.store.tables import amendments, claims
from tests.builders import case
from tests.cases import NOW, accepted, invoice, put
from validators import check_claim

CODE, NUMBER, SERIAL = "11060126", "0127712345", "20260217001"


@pytest.fixture
def claim(database: Database) -> str:
    """A claim with one bill."""
    return put(database, accepted(invoice(business_serial_no=SERIAL)))


def test_a_bill_is_found_by_code_and_number_and_by_its_serials(database: Database, claim: str) -> None:
    found = (EarlierBill(claim, CODE, NUMBER, frozenset({SERIAL})),)
    stored = StoredBills(database)
    assert stored.with_number(CODE, NUMBER) == found
    assert stored.with_serials([SERIAL, "other"]) == found
    assert stored.with_number("", NUMBER) == stored.with_number(CODE, "1") == ()
    assert stored.with_serials([]) == stored.with_serials(["other"]) == ()


@pytest.mark.parametrize("state", ["withdrawn", "rejected"])
def test_a_bill_of_a_claim_that_is_not_paid_does_not_count(
    database: Database, claim: str, state: State
) -> None:
    with database.write() as connection:
        connection.execute(update(claims).values(state=state))
    assert StoredBills(database).with_number(CODE, NUMBER) == ()
    assert StoredBills(database).with_serials([SERIAL]) == ()


@pytest.mark.parametrize(
    ("state", "kind", "counts"),
    [
        ("settled", "cancellation", False),
        ("settled", "correction", True),
        ("first_review", "cancellation", True),  # the engine does not know of it yet
    ],
)
def test_a_bill_is_free_again_once_the_engine_took_all_back(
    database: Database, claim: str, state: State, kind: str, counts: bool
) -> None:
    opened = {"opened_at": NOW, "opened_by": "孙主", "reason": "重复"}
    with database.write() as connection:
        row = {"claim_id": claim, "number": 1, "kind": kind, "of_revision": 1}
        connection.execute(insert(amendments).values(**row, **opened))
        connection.execute(update(claims).values(state=state, amendment=1))
    assert len(StoredBills(database).with_number(CODE, NUMBER)) == counts


def test_a_claim_is_never_its_own_duplicate(database: Database, claim: str) -> None:
    assert StoredBills(database, but_not=claim).with_number(CODE, NUMBER) == ()
    assert StoredBills(database, but_not=claim).with_serials([SERIAL]) == ()


def test_what_is_not_committed_yet_is_seen_within_its_transaction(database: Database) -> None:
    claim = put(database, accepted(invoice()))
    with database.write() as connection:
        connection.execute(update(claims).where(claims.c.id == claim).values(state="withdrawn"))
        assert StoredBills(connection).with_number(CODE, NUMBER) == ()


def test_the_rule_against_paying_twice_names_the_stored_claim(database: Database, claim: str) -> None:
    office = replace(usual_office(), earlier=StoredBills(database))
    findings = {one.rule: one for one in check_claim(case(accepted(invoice("另.jpg")), office=office))}
    told = findings["R-DUP-1.bill_was_not_claimed_before"]
    assert (told.outcome, told.severity) == ("fail", "block")
    assert claim in told.message


def test_bills_of_an_older_system_count_beside_those_of_the_store(database: Database, claim: str) -> None:
    older = EarlierBill("C-old", CODE, NUMBER, frozenset({SERIAL}))
    both = BillsOfAll(KnownBills([older]), StoredBills(database))
    assert {bill.claim_id for bill in both.with_number(CODE, NUMBER)} == {"C-old", claim}
    assert {bill.claim_id for bill in both.with_serials(iter([SERIAL]))} == {"C-old", claim}
