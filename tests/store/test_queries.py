"""Lists that are walked, claims with all that belongs to them: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from pipeline.errors import QueryRefused
from pipeline.store import queries
from pipeline.store.asked import ORDERS, ClaimFilter, Order
from pipeline.store.database import Database
from pipeline.store.queries import (
    claim_page,
    claim_row,
    claim_story,
    count,
    find,
    list_claims,
    submission_story,
    walk_claims,
)
from pipeline.store.rows import ClaimRow
from pipeline.store.tables import amendments, submission_files, unread
from tests.store.stored import NOW, put_check, put_claim, put_claims, put_event, put_paper, put_submission

DAY = date(2026, 3, 2)


def put_mixture(database: Database) -> list[ClaimRow]:
    """Sixty claims that differ in all that is asked for, several alike in each."""
    states = ("first_review", "second_review", "entered", "incomplete", "paid")
    with database.write() as connection:
        for index in range(60):
            put_claim(
                connection,
                f"C-{index:02}",
                state=states[index % 5],
                office=f"office-{index % 3}",
                hospital_name=f"hospital-{index % 4}",
                insured_name=f"person-{index % 7}",
                id_number=f"number-{index % 11}",
                assigned_to=f"reviewer-{index % 2}" if index % 3 else None,
                reference=f"reference-{index // 2}",
                case_type="newborn" if index % 6 == 0 else "inpatient",
                urgent=index % 8 == 0,
                risk=Decimal(index % 9),
                declared=Decimal(index * 10) if index % 10 else None,
                settle_by=DAY + timedelta(days=index % 12) if index % 4 else None,
                received_at=NOW + timedelta(minutes=index % 20),
                settled_at=NOW if index % 13 == 0 else None,
            )
            if index % 5 == 2:
                put_check(connection, f"C-{index:02}", "R-DUP-1")
                put_check(connection, f"C-{index:02}", "R-MAT-1", "pass", 1)
    with database.read() as connection:
        return [claim_row(connection, f"C-{index:02}") for index in range(60)]


KEYS: dict[Order, Callable[[ClaimRow], Any]] = {
    "received_at": lambda row: (row.received_at, row.id),
    "risk": lambda row: (row.urgent, row.risk, row.id),
    "settle_by": lambda row: (row.settle_by, row.id),
}
ASKED: list[tuple[ClaimFilter, Callable[[ClaimRow], object]]] = [
    (ClaimFilter(), lambda row: True),
    (ClaimFilter(states=("entered",)), lambda row: row.state == "entered"),
    (
        ClaimFilter(states=("first_review", "second_review", "first_review")),
        lambda row: row.state in ("first_review", "second_review"),
    ),
    (ClaimFilter(claim_id="C-07"), lambda row: row.id == "C-07"),
    (ClaimFilter(reference="reference-3"), lambda row: row.reference == "reference-3"),
    (ClaimFilter(submission_id="U-1"), lambda row: True),
    (ClaimFilter(submission_id="U-2"), lambda row: False),
    (ClaimFilter(id_number="number-4"), lambda row: row.id_number == "number-4"),
    (
        ClaimFilter(id_number="number-4", states=("paid", "entered"), office="office-1"),
        lambda row: (
            (row.id_number, row.office) == ("number-4", "office-1") and row.state in ("paid", "entered")
        ),
    ),
    (ClaimFilter(insured_name="person-2"), lambda row: row.insured_name == "person-2"),
    (
        ClaimFilter(office="office-2", states=("incomplete",)),
        lambda row: (row.office, row.state) == ("office-2", "incomplete"),
    ),
    (
        ClaimFilter(hospital_name="hospital-1", assigned_to="reviewer-1"),
        lambda row: (row.hospital_name, row.assigned_to) == ("hospital-1", "reviewer-1"),
    ),
    (ClaimFilter(case_type="newborn"), lambda row: row.case_type == "newborn"),
    (ClaimFilter(rule="R-DUP-1"), lambda row: int(row.id[2:]) % 5 == 2),
    (ClaimFilter(rule="R-MAT-1"), lambda row: False),
    (
        ClaimFilter(received_from=NOW + timedelta(minutes=3), received_before=NOW + timedelta(minutes=9)),
        lambda row: NOW + timedelta(minutes=3) <= row.received_at < NOW + timedelta(minutes=9),
    ),
    (
        ClaimFilter(settle_from=DAY, settle_before=DAY + timedelta(days=5), states=("entered", "paid")),
        lambda row: (
            row.settle_by is not None
            and DAY <= row.settle_by < DAY + timedelta(days=5)
            and row.state in ("entered", "paid")
        ),
    ),
    (ClaimFilter(unsettled=True), lambda row: row.settled_at is None),
    (
        ClaimFilter(amount_from=Decimal(100), amount_to=Decimal("300.00")),
        lambda row: row.declared is not None and 100 <= row.declared <= 300,
    ),
]


@pytest.fixture(params=[1_000, 72])
def looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many claims one page looks at: all, or a few of each state."""
    monkeypatch.setattr(queries, "LOOKED_AT", request.param)
    return int(request.param)


def walked(database: Database, wanted: ClaimFilter, order: Order, limit: int) -> list[ClaimRow]:
    """All pages of a list, one behind the other."""
    rows: list[ClaimRow] = []
    after, pages = None, 0
    while True:
        with database.read() as connection:
            page = list_claims(connection, wanted, order, limit, after)
        assert len(page.claims) <= limit
        rows += page.claims
        after, pages = page.after, pages + 1
        assert pages <= 100
        if after is None:
            return rows


def test_pages_behind_each_other_are_the_whole_list_in_its_order(database: Database, looked_at: int) -> None:
    rows = put_mixture(database)
    for wanted, belongs in ASKED:
        for order in ORDERS:
            expected = [
                row for row in rows if belongs(row) and (order != "settle_by" or row.settle_by is not None)
            ]
            expected.sort(key=KEYS[order], reverse=order != "settle_by")
            found = walked(database, wanted, order, 100 if looked_at < len(rows) * 2 else 7)
            assert [row.id for row in found] == [row.id for row in expected], (wanted, order)


def test_all_claims_come_when_all_are_walked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "EXPORT_ROWS", 7)
    rows = put_mixture(database)
    found = list(walk_claims(database, ClaimFilter(states=("entered", "paid")), "risk"))
    assert sorted(row.id for row in found) == [row.id for row in rows if row.state in ("entered", "paid")]


def test_a_list_is_counted_as_far_as_was_looked(database: Database, looked_at: int) -> None:
    rows = put_mixture(database)
    for wanted, belongs in ASKED:
        true = sum(bool(belongs(row)) for row in rows)
        with database.read() as connection:
            counted = count(connection, wanted)
        assert counted.number == true if counted.exact else counted.number <= true, wanted
        assert counted.exact or looked_at < 1_000


def test_nobody_counts_beyond_a_thousand(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNTED", 4)
    with database.write() as connection:
        put_claims(connection, 4)
        assert str(count(connection, ClaimFilter())) == "4"
        put_claim(connection, "C-more")
        assert str(count(connection, ClaimFilter())) == "4+"


@pytest.mark.parametrize("limit", [0, -1, queries.EXPORT_ROWS + 1])
def test_a_page_of_no_size_is_refused(database: Database, limit: int) -> None:
    with database.read() as connection, pytest.raises(QueryRefused, match="limit"):
        list_claims(connection, ClaimFilter(), limit=limit)


INDEXED = [
    (ClaimFilter(), "received_at", "ix_claims_received_at_id"),
    (ClaimFilter(states=("paid",)), "received_at", "ix_claims_state_received_at"),
    (ClaimFilter(states=("paid", "entered")), "risk", "ix_claims_queue"),
    (ClaimFilter(), "risk", "ix_claims_queue"),
    (ClaimFilter(office="o", rule="R"), "risk", "ix_claims_queue"),
    (ClaimFilter(states=("paid", "entered"), settle_before=DAY), "settle_by", "ix_claims_state_settle_by"),
    (ClaimFilter(office="o", states=("paid",)), "received_at", "ix_claims_office_received_at"),
    (
        ClaimFilter(hospital_name="h", amount_to=Decimal(1)),
        "received_at",
        "ix_claims_hospital_name_received_at",
    ),
    (ClaimFilter(assigned_to="r", office="o"), "received_at", "ix_claims_assigned_to_received_at"),
    (ClaimFilter(insured_name="n", rule="R"), "received_at", "ix_claims_insured_name_received_at"),
    (ClaimFilter(id_number="i"), "risk", "ix_claims_id_number"),
    (ClaimFilter(reference="r", states=("paid",)), "received_at", "ix_claims_reference"),
]


@pytest.mark.parametrize(("wanted", "order", "index"), INDEXED)
def test_a_list_is_walked_along_its_index_and_never_sorted_as_a_whole(
    database: Database, wanted: ClaimFilter, order: Order, index: str
) -> None:
    """SQLite plans by the shape alone; on PostgreSQL the plan for an empty table says nothing."""
    if not database.is_sqlite:
        pytest.skip("the planner of PostgreSQL goes by the size of tables")
    told: list[tuple[str, Any]] = []
    with database.read() as connection:
        event.listen(
            connection, "before_cursor_execute", lambda _c, _u, sql, bound, *_: told.append((sql, bound))
        )
        list_claims(connection, wanted, order, 50)
        plans = [
            row[3]
            for sql, bound in list(told)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound)
        ]
    assert any(f"{index} " in f"{plan} " for plan in plans), plans
    assert not any(plan.startswith("SCAN claims") and "USING" not in plan for plan in plans), plans


class TestOneClaim:
    def test_the_claim_page_holds_all_that_belongs_to_the_claim(self, database: Database) -> None:
        with database.write() as connection:
            put_claim(connection, missing_materials=["M06 诊断证明"])
            put_claim(connection, "C-2")
            put_paper(connection, "C-1", "D-2", 1)
            put_paper(connection, "C-1", "D-1", 0)
            put_check(connection, "C-1", "R-MAT-1")
            put_check(connection, "C-2", "R-DUP-1")
            put_event(connection, "C-1", "ask_for_review", "first_review", from_state="reading")
            page = claim_page(connection, "C-1")
        assert [paper.document_id for paper in page.papers] == ["D-1", "D-2"]
        assert [check.rule for check in page.checks] == ["R-MAT-1"]
        assert [one.event for one in page.events] == ["ask_for_review"]
        assert page.record["missing_materials"] == ["M06 诊断证明"]
        assert (page.claim.declared, page.claim.received_at) == (Decimal("1234.50"), NOW)
        assert (page.reviews, page.changes, page.decisions, page.messages) == ((), (), (), ())

    def test_its_story_holds_what_is_missing_and_its_amendments(self, database: Database) -> None:
        with database.write() as connection:
            put_claim(connection, missing_materials=["M06 诊断证明"])
            connection.execute(
                insert(amendments).values(
                    claim_id="C-1",
                    number=1,
                    kind="correction",
                    of_revision=1,
                    opened_at=NOW,
                    opened_by="wang",
                    reason="金额有误",
                )
            )
            story = claim_story(connection, "C-1")
        assert story.missing_materials == ("M06 诊断证明",)
        assert [(one.number, one.kind) for one in story.amendments] == [(1, "correction")]

    @pytest.mark.parametrize("ask", [claim_row, claim_page, claim_story, submission_story])
    def test_what_is_not_there_is_told_by_its_name(self, database: Database, ask: Any) -> None:
        with database.read() as connection, pytest.raises(LookupError, match="X-1"):
            ask(connection, "X-1")


class TestFinding:
    def test_an_id_or_a_reference_finds_the_claims(self, database: Database) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1", reference="2026-1")
            put_claim(connection, "C-2", reference="2026-1", submission_id="U-2")
            assert find(connection, "C-2") == (None, ("C-2",))
            assert find(connection, "2026-1") == (None, ("C-1", "C-2"))
            assert find(connection, "U-2") == ("U-2", ("C-2",))
            assert find(connection, "?") == (None, ())

    def test_an_upload_that_is_not_read_yet_is_found_by_its_reference(self, database: Database) -> None:
        with database.write() as connection:
            put_submission(connection, "U-9", state="received", reference="2026-9")
            connection.execute(
                insert(submission_files).values(
                    submission_id="U-9", ordinal=0, name="bill.jpg", sha256="0" * 64, size=1
                )
            )
            connection.execute(
                insert(unread).values(
                    submission_id="U-9", ordinal=0, file="x.exe", code="unsupported", message="不是图片"
                )
            )
            assert find(connection, "2026-9") == ("U-9", ())
            story = submission_story(connection, "U-9")
        assert (story.submission.state, story.files, story.claims) == ("received", ("bill.jpg",), ())
        assert [one.code for one in story.unread] == ["unsupported"]


def test_moments_come_back_with_their_zone(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection, received_at=datetime.fromisoformat("2026-03-02T10:30:00+08:00"))
        assert claim_row(connection, "C-1").received_at == NOW
        assert connection.execute(text("SELECT count(*) FROM claims")).scalar_one() == 1
