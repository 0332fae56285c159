"""Claims in the store: kept whole, changed only by what is new, with columns and counts that follow."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from sqlalchemy import func, insert, select

from pipeline.model import Document
from pipeline.second_review import SecondReview
from pipeline.store.cases import (
    documents_of,
    files_sent,
    load_claim,
    load_document,
    save_claim,
    save_papers,
    stored_claim,
)
from pipeline.store.database import Database
from pipeline.store.tables import (
    METADATA,
    bill_serials,
    bills,
    checks,
    claim_revisions,
    claims,
    events,
    papers,
    review_items,
    submission_files,
)
from tests.builders import declared, paper
from tests.cases import (
    NOW,
    accepted,
    certificate,
    fee_list,
    invoice,
    put,
    put_submission,
    read,
    step,
    whole,
)


def test_a_claim_and_its_papers_come_back_as_they_were_saved(database: Database) -> None:
    ((record, documents),) = read(*whole())
    with database.write() as connection:
        assert save_claim(connection, put_submission(connection), record, documents, NOW) == "new"
    with database.read() as connection:
        assert load_claim(connection, record["claim_id"]) == record
        assert documents_of(connection, record["claim_id"]) == documents
        assert load_document(connection, documents[0].id) == documents[0]


def test_a_new_claim_is_reading_and_its_story_begins_with_its_receipt(database: Database) -> None:
    came = NOW - timedelta(hours=5)
    with database.write() as connection:
        put_submission(connection, at=came)
    key = put(database, *whole())
    with database.read() as connection:
        told = connection.execute(select(events).order_by(events.c.id)).all()
        claim = connection.execute(select(claims)).one()
    assert [(one.at, one.from_state, one.to_state) for one in told] == [
        (came, None, "received"),
        (NOW, "received", "reading"),
    ]
    assert (claim.id, claim.state, claim.received_at) == (key, "reading", came)


def test_columns_say_what_the_record_says(database: Database) -> None:
    application = declared(
        submitted_by={"name": "钱经办", "relation": "单位经办人"},
        bank_account={"holder": "张三", "number": "6200000000001234", "bank": "样例银行"},
        references={"申报编号": "S-77"},
    )
    put(database, *whole("1234.50"), application=application)
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
    assert claim.declared == Decimal("1234.50")
    assert (claim.insured_name, claim.hospital_name) == ("张三", "北京样例医院")
    assert (claim.visit_kind, claim.visit_from, claim.visit_to) == ("outpatient", *[date(2026, 2, 17)] * 2)
    assert (claim.bank_name, claim.bank_account) == ("样例银行", "6200000000001234")
    assert (claim.office, claim.reference) == ("钱经办", "S-77")


def test_who_hands_in_for_a_relative_is_no_office_but_a_named_one_is(database: Database) -> None:
    relative = {"name": "李四", "relation": "配偶"}
    put(database, *whole(), application=declared(submitted_by=relative, references={"街道": "样例街道"}))
    with database.read() as connection:
        assert connection.execute(select(claims.c.office)).scalar_one() == "样例街道"


def test_saving_the_same_once_more_changes_nothing(database: Database) -> None:
    ((record, documents),) = read(*whole())
    put(database, *whole())
    before = everything(database)
    with database.write() as connection:
        assert save_claim(connection, "U-1", record, documents, NOW + timedelta(days=1)) == "same"
    assert everything(database) == before


def test_a_claim_that_is_read_anew_gets_a_revision_and_keeps_the_one_before(database: Database) -> None:
    first, *rest = whole()
    key = put(database, first)
    put(database, first, *rest, at=NOW + timedelta(days=1), submission="U-2")
    with database.read() as connection:
        kept = connection.execute(select(claim_revisions).order_by(claim_revisions.c.revision)).all()
        claim = stored_claim(connection, key)
        old = json.loads(kept[0].record)
    assert [row.revision for row in kept] == [1, 2]
    assert (claim.revision, claim.version, claim.record) == (2, 2, json.loads(kept[1].record))
    assert old["missing_materials"]
    assert not claim.record["missing_materials"]


def test_a_claim_in_somebodys_hands_is_not_changed_by_reading(database: Database) -> None:
    key = put(database, *whole())
    step(database, key, "ask_for_review")
    before = everything(database)
    ((record, documents),) = read(whole()[0])
    with database.write() as connection:
        assert save_claim(connection, "U-1", record, documents, NOW) == "kept"
    assert everything(database) == before


def test_without_its_submission_nothing_is_saved(database: Database) -> None:
    ((record, documents),) = read(*whole())
    with database.write() as connection, pytest.raises(LookupError, match="U-none"):
        save_claim(connection, "U-none", record, documents, NOW)
    assert not any(everything(database).values())


def test_what_is_not_there_is_said_to_be_so(database: Database) -> None:
    with database.read() as connection:
        with pytest.raises(LookupError, match="C-none"):
            load_claim(connection, "C-none")
        with pytest.raises(LookupError, match="no document"):
            load_document(connection, "d-none")


def test_papers_in_no_claim_are_kept_too(database: Database) -> None:
    blank = paper("blank", None, file="空白.jpg")
    with database.write() as connection:
        save_papers(connection, put_submission(connection), [blank])
    with database.read() as connection:
        assert load_document(connection, blank.id) == blank


def test_the_files_that_came_with_a_claim_are_known(database: Database) -> None:
    key = put(database, *whole())
    files = [("U-1", 1, "票.jpg", "a" * 64), ("U-2", 1, "别人.jpg", "b" * 64)]
    with database.write() as connection:
        put_submission(connection, "U-2")
        for submission, ordinal, name, sha256 in files:
            row = {"submission_id": submission, "ordinal": ordinal, "name": name, "sha256": sha256, "size": 1}
            connection.execute(insert(submission_files).values(**row))
    with database.read() as connection:
        assert files_sent(connection, key) == [("票.jpg", "a" * 64)]


def test_bills_are_kept_with_the_numbers_that_outlive_an_exchange(database: Database) -> None:
    key = put(database, *map(accepted, (invoice(business_serial_no="20260217001"), certificate())))
    with database.read() as connection:
        (kept,) = connection.execute(select(bills)).all()
        serials = connection.execute(select(bill_serials.c.serial)).scalars().all()
    assert (kept.claim_id, kept.invoice_code, kept.invoice_number) == (key, "11060126", "0127712345")
    assert serials == ["20260217001"]


def test_which_claims_a_second_person_sees_is_kept_with_them(database: Database) -> None:
    put(database, *whole("9999.99"), second=SecondReview(amount=Decimal(10000)))
    with database.read() as connection:
        assert connection.execute(select(claims.c.wants_second)).scalar_one() is False
    put(database, *whole("10000.00"), second=SecondReview(amount=Decimal(10000)))
    with database.read() as connection:
        assert connection.execute(select(claims.c.wants_second)).scalar_one() is True


# ---------------------------------------------------------------- acceptance and its time limit


def test_a_claim_is_accepted_on_the_offices_day_on_which_it_came(database: Database) -> None:
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight in Beijing
    put(database, *whole(), at=late)
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
    assert claim.accepted_on == date(2026, 3, 2)
    assert claim.settle_by == date(2026, 4, 14)  # 30 working days later, 清明 between


def test_a_claim_that_was_handed_in_at_a_counter_is_accepted_on_that_day(database: Database) -> None:
    put(database, *whole(), application=declared(received_on="2026-02-26"))
    with database.read() as connection:
        assert connection.execute(select(claims.c.accepted_on)).scalar_one() == date(2026, 2, 26)


def test_time_runs_from_the_day_on_which_the_last_material_came(database: Database) -> None:
    first, *rest = whole()
    application = declared(received_on="2026-02-26")
    put(database, first, application=application)
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
    assert (claim.missing, claim.accepted_on, claim.settle_by) == (2, None, None)
    put(database, first, *rest, application=application, submission="U-2", at=NOW + timedelta(days=7))
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
    assert (claim.missing, claim.accepted_on) == (0, date(2026, 3, 9))
    assert claim.settle_by == date(2026, 4, 21)


# ---------------------------------------------------------------- counts

BILLS = st.fixed_dictionaries(
    {
        "total": st.sampled_from(["34.05", "34.06", "100.00"]),
        "invoice_code": st.sampled_from(["11060126", "11060124", ""]),
        "payer_name": st.sampled_from(["张三", "张王"]),
        "check_code": st.sampled_from(["3f9a2b", "3f9a2"]),
    }
)


@settings(max_examples=12)
@given(values=BILLS, amounts=st.lists(st.sampled_from(["34.05", "1.00"]), max_size=3), sure=st.booleans())
def test_counts_are_those_of_the_rows_and_of_the_record(
    values: dict[str, str], amounts: list[str], sure: bool
) -> None:
    documents: list[Document] = [invoice(**{name: text for name, text in values.items() if text})]
    documents += [fee_list(*amounts)] if amounts else []
    database = Database("sqlite://")
    METADATA.create_all(database.engine)
    key = put(database, *(accepted(one) if sure else one for one in documents))
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
        record, held = load_claim(connection, key), documents_of(connection, key)
        rows = connection.execute(select(checks)).all()
        items = connection.execute(select(review_items)).all()
    database.close()
    found = [(one["outcome"], one["severity"]) for one in record["checks"]]
    found += [
        (one.outcome, one.severity) for each in held for one in each.findings if "R-DUP" not in one.rule
    ]
    assert claim.open_blocks == found.count(("fail", "block"))
    assert len(rows) == sum(outcome != "pass" for outcome, _ in found)
    assert claim.open_reviews == sum(item.state == "open" for item in items)
    assert claim.missing == len(record["missing_materials"])
    assert all(item.document_id in {each.id for each in held if each.status == "review"} for item in items)
    unsure = {each.id for each in held if each.status == "review"}
    assert (claim.status == "accepted") <= (not unsure and not claim.open_reviews and not claim.open_blocks)


def everything(database: Database) -> dict[str, list[object]]:
    """All rows of the store but its submissions, by table."""
    with database.read() as connection:
        return {
            table.name: list(connection.execute(select(table)))
            for table in METADATA.sorted_tables
            if table.name != "submissions"
        }


def test_a_paper_in_two_claims_is_kept_once(database: Database) -> None:
    card = accepted(paper("id_card", None, name="张三", id_number="11010519491231002X", file="证.jpg"))
    both = (
        accepted(invoice()),
        accepted(invoice("b.jpg", "0127712399", visit_date="2026-01-05", issue_date="2026-01-05")),
        card,
    )
    made = read(*both)
    assert len(made) == 2
    with database.write() as connection:
        key = put_submission(connection)
        for record, documents in made:
            assert save_claim(connection, key, record, documents, NOW) == "new"
    with database.read() as connection:
        count = select(func.count()).select_from(papers)
        assert connection.execute(count).scalar_one() == 3
        held = [documents_of(connection, record["claim_id"]) for record, _ in made]
    assert all(card.id in {one.id for one in own} for own in held)
    assert all(left != right for left, right in pairwise(held))
