"""What a person changes is kept, judged again by the same rules, and undone by nothing."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import func, insert, select, update

from pipeline.corrections import Answer
from pipeline.errors import StepRefused
from pipeline.life import ROLES, STATES, SYSTEM, Actor, State
from pipeline.model import Document
from pipeline.rejudged import (
    EDITORS,
    By,
    Judges,
    add_row,
    change_field,
    delete_row,
    left_by_persons,
    rejudge,
)
from pipeline.second_review import SecondReview
from pipeline.settings import Settings
from pipeline.stacks.plan import BATCH_RULE
from pipeline.store.amendments import amend
from pipeline.store.cases import (
    StoredClaim,
    documents_of,
    load_claim,
    load_document,
    save_claim,
    stored_claim,
)
from pipeline.store.database import Database
from pipeline.store.field_changes import changes_of
from pipeline.store.open_checks import override_check
from pipeline.store.outbox import ENGINE as TO_ENGINE
from pipeline.store.tables import (
    METADATA,
    claim_revisions,
    claims,
    outbox,
    papers,
    review_items,
    submission_files,
)
from tests.builders import paper
from tests.cases import (
    CLERK,
    ENGINE,
    NOW,
    REVIEWER,
    SECOND,
    SUPERVISOR,
    accepted,
    certificate,
    fee_list,
    invoice,
    judges,
    put,
    put_submission,
    read,
    step,
    whole,
)

BY = By(REVIEWER, NOW, "对照原件", 4.2)
SUMS = "V-12.lists_sum_to_bills"


def in_review(database: Database, *documents: Document) -> str:
    """A claim of these papers in its first review; its id."""
    claim = put(database, *documents)
    step(database, claim, "ask_for_review")
    return claim


def ids(database: Database, claim: str) -> dict[str, str]:
    """The papers of a claim by type."""
    with database.read() as connection:
        return {document.type: document.id for document in documents_of(connection, claim)}


def change(
    database: Database,
    claim: str,
    path: str,
    answer: Answer | str,
    *,
    of: str = "outpatient_invoice",
    by: By = BY,
    with_judges: Judges | None = None,
) -> StoredClaim:
    """Change a value of the claim's paper of a type."""
    said = Answer.value(answer) if isinstance(answer, str) else answer
    document = ids(database, claim)[of]
    with database.write() as connection:
        return change_field(connection, with_judges or judges(), claim, document, path, said, by)


def failing(claim: StoredClaim) -> set[str]:
    return {check["rule"] for check in claim.record["checks"] if check["outcome"] == "fail"}


def everything(database: Database) -> list[object]:
    with database.read() as connection:
        return [connection.execute(select(table)).all() for table in METADATA.sorted_tables]


MISREAD = (replace(invoice(total="84.05"), items=()), fee_list("30.05", "4.00"), certificate())
"""Papers whose bill says 84.05 where 34.05 is printed."""


@pytest.fixture
def misread(database: Database) -> str:
    """A claim in its first review with a total that does not fit its list."""
    return in_review(database, *map(accepted, MISREAD))


def test_a_correction_runs_the_rules_again_and_the_check_that_failed_holds(
    database: Database, misread: str
) -> None:
    with database.read() as connection:
        before = connection.execute(select(claims)).one()
    assert before.open_blocks > 0
    after = change(database, misread, "fields.total_amount", "34.05")
    assert SUMS not in failing(after)
    assert after.record["totals"]["total_amount"] == "34.05"
    with database.read() as connection:
        claim = connection.execute(select(claims)).one()
        kept = connection.execute(select(claim_revisions).order_by(claim_revisions.c.revision)).all()
        document = load_document(connection, ids(database, misread)["outpatient_invoice"])
    assert (claim.open_blocks, claim.open_reviews, claim.status) == (0, 0, "accepted")
    assert (claim.revision, claim.version) == (before.revision + 1, before.version + 1)
    assert [(row.who, row.why) for row in kept[1:]] == [(REVIEWER.name, "对照原件")]
    assert document.fields["total_amount"].origin == "reviewer"
    assert json.loads(kept[-1].record) == after.record


def test_the_other_paper_is_disputed_no_more(database: Database, misread: str) -> None:
    def listed() -> str:
        with database.read() as connection:
            document = load_document(connection, ids(database, misread)["itemized_bill"])
        return document.fields["total_amount"].status

    assert listed() == "review"
    change(database, misread, "fields.total_amount", "34.05")
    assert listed() == "accepted"


def test_who_changed_what_when_and_why_is_kept(database: Database, misread: str) -> None:
    change(database, misread, "fields.total_amount", "34.05")
    change(database, misread, "fields.total_amount", "84.05", by=By(CLERK, NOW))
    with database.read() as connection:
        first, second = changes_of(connection, misread)
    assert (first.path, first.old, first.new) == ("fields.total_amount", "84.05", "34.05")
    assert (first.who, first.role, first.at, first.why) == (REVIEWER.name, "reviewer", NOW, "对照原件")
    assert (first.old_status, first.new_status, first.seconds) == ("review", "accepted", 4.2)
    assert (second.old, second.new, second.who) == ("34.05", "84.05", CLERK.name)


def test_an_answer_closes_what_waited_and_says_how(database: Database, misread: str) -> None:
    change(database, misread, "fields.total_amount", "84.05")
    with database.read() as connection:
        item = connection.execute(
            select(review_items).where(
                review_items.c.path == "fields.total_amount",
                review_items.c.document_id == ids(database, misread)["outpatient_invoice"],
            )
        ).one()
        claim = connection.execute(select(claims)).one()
    assert (item.state, item.answer, item.closed_by, item.closed_at) == (
        *("closed", "confirmed", REVIEWER.name),
        NOW,
    )
    assert claim.open_blocks > 0  # the sum still fails: that is for an override, not for another look


@pytest.mark.parametrize(
    ("kind", "status"), [("illegible", "review"), ("not_present", "missing"), ("not_applicable", "missing")]
)
def test_a_value_may_be_unreadable_or_not_there(database: Database, kind: str, status: str) -> None:
    claim = in_review(database, *whole())
    change(database, claim, "fields.check_code", Answer(kind))  # type: ignore[arg-type]
    with database.read() as connection:
        row = connection.execute(
            select(papers.c.record).where(papers.c.document_type == "outpatient_invoice")
        ).scalar_one()
        open_items = select(review_items.c.path).where(review_items.c.state == "open")
        waiting = connection.execute(open_items).scalars().all()
    field = json.loads(row)["fields"]["check_code"]
    assert (field["value"], field["status"], field["source"]) == (None, status, "reviewer")
    assert "fields.check_code" not in waiting


def test_what_is_not_there_is_absent_for_the_rules(database: Database) -> None:
    claim = in_review(database, *whole())
    after = change(database, claim, "fields.check_code", Answer("not_present"))
    checks = {one["rule"]: one for one in after.record["checks"]}
    assert checks["R-EB-1.bills_can_be_verified"]["outcome"] == "fail"


def test_a_cell_is_put_right_and_a_row_added_and_taken_out(database: Database, misread: str) -> None:
    bill = ids(database, misread)["itemized_bill"]
    change(database, misread, "fields.total_amount", "34.05")
    change(database, misread, "line_items[0].amount", "31.05", of="itemized_bill")
    with database.read() as connection:
        assert connection.execute(select(claims.c.open_reviews)).scalar_one() > 0  # the sum of the rows fails
    change(database, misread, "line_items[0].amount", "30.05", of="itemized_bill")
    cells = {"name": "尿常规", "quantity": "1", "unit_price": "2.00", "amount": "2.00"}
    with database.write() as connection:
        added = add_row(connection, judges(), misread, bill, 2, cells, BY)
        assert [row["amount"]["value"] for row in added.record["line_items"]] == ["30.05", "4.00", "2.00"]
        gone = delete_row(connection, judges(), misread, bill, 2, BY)
    assert [row["amount"]["value"] for row in gone.record["line_items"]] == ["30.05", "4.00"]
    with database.read() as connection:
        assert [one.path for one in changes_of(connection, misread)][-2:] == ["line_items[2]"] * 2


def test_a_row_that_is_named_anew_is_coded_anew(database: Database) -> None:
    claim = in_review(database, *whole())
    first = change(database, claim, "line_items[0].name", "莫名其妙的项目", of="itemized_bill")
    again = change(database, claim, "line_items[0].name", "血常规", of="itemized_bill")
    assert first.record["line_items"][0]["catalog"]["status"] == "unmatched"
    assert again.record["line_items"][0]["catalog"]["status"] == "matched"


def test_judging_a_claim_again_without_a_change_changes_nothing(database: Database, misread: str) -> None:
    with database.read() as connection:
        before = stored_claim(connection, misread)
        held = documents_of(connection, misread)
    with database.write() as connection:
        after = rejudge(connection, judges(), misread, NOW, SYSTEM, "再校验")
    assert after.record == before.record
    assert after.revision == before.revision
    with database.read() as connection:
        assert documents_of(connection, misread) == held


# ---------------------------------------------------------------- what is refused, and leaves no trace


@pytest.mark.parametrize(
    ("path", "value"),
    [("fields.total_amount", "很多"), ("fields.colour", "红"), ("line_items[9].amount", "1.00"), ("x", "1")],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    database: Database, misread: str, path: str, value: str
) -> None:
    before = everything(database)
    with pytest.raises(StepRefused):
        change(database, misread, path, value)
    assert everything(database) == before


@pytest.mark.parametrize("state", sorted(set(STATES) - {"first_review", "second_review", "incomplete"}))
def test_nothing_is_changed_outside_a_review(database: Database, misread: str, state: State) -> None:
    with database.write() as connection:
        connection.execute(update(claims).values(state=state))
    with pytest.raises(StepRefused, match=state):
        change(database, misread, "fields.total_amount", "34.05")


@pytest.mark.parametrize("role", sorted(set(ROLES) - EDITORS))
def test_who_may_not_change_a_value_is_told_who_may(database: Database, misread: str, role: str) -> None:
    by = By(Actor("某人", role), NOW)  # type: ignore[arg-type]
    with pytest.raises(StepRefused, match="reviewer"):
        change(database, misread, "fields.total_amount", "34.05", by=by)


def test_who_saw_another_version_changes_nothing(database: Database, misread: str) -> None:
    with database.read() as connection:
        seen = stored_claim(connection, misread).version
    change(database, misread, "fields.total_amount", "34.05", by=replace(BY, seen_version=seen))
    with pytest.raises(StepRefused, match="load it again"):
        change(database, misread, "fields.total_amount", "35.05", by=replace(BY, seen_version=seen))


def test_what_is_not_there_cannot_be_changed(database: Database, misread: str) -> None:
    with database.write() as connection:
        with pytest.raises(LookupError, match="C-none"):
            change_field(connection, judges(), "C-none", "d", "fields.x", Answer.value("1"), BY)
        with pytest.raises(LookupError, match="no document"):
            change_field(connection, judges(), misread, "d-none", "fields.x", Answer.value("1"), BY)


def test_a_change_that_is_not_committed_never_was(database: Database, misread: str) -> None:
    before = everything(database)

    class Killed(Exception):
        pass

    def change_and_die() -> None:
        document = ids(database, misread)["outpatient_invoice"]
        path, said = "fields.total_amount", Answer.value("34.05")
        with database.write() as connection:
            change_field(connection, judges(), misread, document, path, said, BY)
            raise Killed

    with pytest.raises(Killed):
        change_and_die()
    assert everything(database) == before


# ---------------------------------------------------------------- what outlives a change


def test_an_override_outlives_changes_that_leave_the_check_as_it_fails(
    database: Database, misread: str
) -> None:
    with database.write() as connection:
        for rule in (SUMS, "R-SUM-1.sums_hold"):
            override_check(connection, misread, rule, SECOND, NOW, "另有清单")

    def open_blocks() -> int:
        with database.read() as connection:
            count: int = connection.execute(select(claims.c.open_blocks)).scalar_one()
        return count

    assert open_blocks() == 0
    change(database, misread, "fields.department", "内科")
    assert open_blocks() == 0
    change(database, misread, "fields.total_amount", "85.05")
    assert open_blocks() == 2


def test_what_a_batch_said_of_a_claim_stays(database: Database) -> None:
    ((record, documents),) = read(*whole())
    held = {"rule": BATCH_RULE, "outcome": "fail", "severity": "block", "message": "少一份", "fields": []}
    record = {
        **record,
        "checks": [*record["checks"], held],  # type: ignore[list-item]
        "batch_number": "2026-01",
        "claim_number": "A-1",
        "status": "review",
    }
    with database.write() as connection:
        save_claim(connection, put_submission(connection), record, documents, NOW)
    step(database, record["claim_id"], "ask_for_review")
    after = change(database, record["claim_id"], "fields.department", "内科")
    assert BATCH_RULE in failing(after)
    assert (after.record["batch_number"], after.record["claim_number"]) == ("2026-01", "A-1")
    assert after.record["status"] == "review"


def test_a_corrected_number_is_held_against_all_stored_bills(database: Database) -> None:
    earlier = put(database, accepted(invoice("早.jpg", "0127712399")))
    claim = in_review(database, *whole())
    after = change(database, claim, "fields.invoice_number", "0127712399")
    told = next(one for one in after.record["checks"] if one["rule"] == "R-DUP-1.bill_was_not_claimed_before")
    assert told["outcome"] == "fail"
    assert earlier in told["message"]
    back = change(database, claim, "fields.invoice_number", "0127712345")
    assert "R-DUP-1.bill_was_not_claimed_before" not in failing(back)


def test_a_paper_of_two_claims_changes_both_as_far_as_they_can_change(database: Database) -> None:
    card = accepted(paper("id_card", None, name="张三", id_number="11010519491231002X", file="证.jpg"))
    others = [("b.jpg", "0127712399", "2026-01-05"), ("c.jpg", "0127712300", "2025-12-03")]
    bills = [accepted(invoice(name, number, visit_date=day, issue_date=day)) for name, number, day in others]
    made = read(accepted(invoice()), *bills, card)
    with database.write() as connection:
        key = put_submission(connection)
        for record, documents in made:
            save_claim(connection, key, record, documents, NOW)
    first, second, sent = (record["claim_id"] for record, _ in made)
    for claim in (first, second):
        step(database, claim, "ask_for_review")
    with database.write() as connection:
        connection.execute(update(claims).where(claims.c.id == sent).values(state="handed_over"))
    change(database, first, "fields.id_number", "110105194912310011", of="id_card")
    with database.read() as connection:
        known = [load_claim(connection, claim)["insured"]["id_number"] for claim in (first, second, sent)]
    assert known == ["110105194912310011", "110105194912310011", "11010519491231002X"]


def test_reading_a_paper_once_more_does_not_forget_what_a_person_said(
    database: Database, misread: str
) -> None:
    change(database, misread, "fields.total_amount", "34.05")
    with database.write() as connection:
        connection.execute(update(claims).values(state="reading"))
    ((record, documents),) = read(*map(accepted, MISREAD))
    before = everything(database)
    with database.write() as connection, pytest.raises(ValueError, match=r"fields\.total_amount"):
        save_claim(connection, "U-1", record, documents, NOW)
    assert everything(database) == before
    with database.read() as connection:
        kept = documents_of(connection, misread)
    day = NOW.date()
    ((record, documents),) = read(*(left_by_persons(judges(), one, day) for one in kept))
    assert record["totals"]["total_amount"] == "34.05"
    with database.write() as connection:
        save_claim(connection, "U-1", record, documents, NOW)
        assert load_claim(connection, misread)["totals"]["total_amount"] == "34.05"


def test_another_picture_of_a_paper_agrees_once_the_misread_value_is_put_right(database: Database) -> None:
    bill, lists, proof = whole()
    photo = accepted(invoice("照片.jpg", department="外科"))
    claim = in_review(database, photo, accepted(invoice(department="内科")), lists, proof)
    assert bill.id in {one.id for one in documents_of_claim(database, claim)}
    lead = next(
        one
        for one in documents_of_claim(database, claim)
        if one.type == "outpatient_invoice" and not one.rendition_of
    )
    assert beside(lead) == "fail"
    other = {"内科": "外科", "外科": "内科"}[lead.text("department") or ""]
    with database.write() as connection:
        change_field(connection, judges(), claim, lead.id, "fields.department", Answer.value(other), BY)
    after = next(one for one in documents_of_claim(database, claim) if one.id == lead.id)
    assert beside(after) == "pass"
    assert len(documents_of_claim(database, claim)) == 4


def beside(document: Document) -> str:
    """What the rule about other pictures of a paper says of it."""
    (told,) = [one.outcome for one in document.findings if one.rule == "R-DUP-4.renditions_agree"]
    return told


def documents_of_claim(database: Database, claim: str) -> list[Document]:
    with database.read() as connection:
        return documents_of(connection, claim)


class Answers:
    """Originals of which one holds an answer of the verification platform."""

    def open(self, sha256: str) -> BinaryIO:
        assert sha256 == "f" * 64
        row = {"invoice_code": "11060126", "invoice_number": "0127712345", "state": "reversed"}
        return io.BytesIO(json.dumps(row).encode())


def test_what_the_platform_answered_is_asked_again(database: Database) -> None:
    claim = in_review(database, *whole())
    with database.write() as connection:
        row = {"submission_id": "U-1", "ordinal": 1, "name": "甲/verifications.jsonl", "size": 1}
        connection.execute(insert(submission_files).values(**row, sha256="f" * 64))
    asked = change(
        database, claim, "fields.department", "内科", with_judges=replace(judges(), originals=Answers())
    )
    assert any(rule.startswith("R-EB") for rule in failing(asked))
    unasked = change(database, claim, "fields.department", "外科")
    assert not any(rule.startswith("R-EB") for rule in failing(unasked))


def test_a_larger_amount_asks_for_a_second_person(database: Database, misread: str) -> None:
    rules = judges(SecondReview(amount=Decimal(10000)))
    change(database, misread, "fields.total_amount", "12345.00", with_judges=rules)
    with database.read() as connection:
        assert connection.execute(select(claims.c.wants_second)).scalar_one() is True


def test_judges_are_those_of_the_offices_settings(tmp_path: Path) -> None:
    chosen = Settings(
        catalog_dir=tmp_path,
        place_dir=tmp_path,
        office_time_zone="UTC",
        second_review_amount=Decimal(500),
        second_review_share=0.25,
        target_error=0.01,
    )
    made = Judges.of(chosen)
    assert made.deadlines.zone.key == "UTC"
    assert made.second == SecondReview(Decimal(500), 0.25)
    assert made.standard.threshold < judges().standard.threshold


# ---------------------------------------------------------------- after hand-over


def handed_over(database: Database) -> str:
    claim = put(database, *whole())
    step(database, claim, "accept")
    with database.write() as connection:
        connection.execute(update(outbox).values(state="answered"))
    step(database, claim, "hand_over", ENGINE)
    return claim


def messages(database: Database) -> list[dict[str, object]]:
    with database.read() as connection:
        query = select(outbox.c.payload).where(outbox.c.target == TO_ENGINE).order_by(outbox.c.id)
        return [json.loads(payload) for payload in connection.execute(query).scalars()]


def test_an_error_found_after_hand_over_is_amended_reviewed_and_handed_over_anew(database: Database) -> None:
    claim = handed_over(database)
    with pytest.raises(StepRefused, match="amendment"):
        change(database, claim, "fields.department", "内科")
    with database.write() as connection:
        assert amend(connection, claim, "correction", SUPERVISOR, NOW, "科别有误") == 1
    after = change(database, claim, "fields.department", "内科")
    assert step(database, claim, "enter", REVIEWER) == "entered"
    first, second = messages(database)
    assert (first["kind"], first["amendment"]) == ("hand_over", None)
    assert (second["kind"], second["amendment"]) == (
        "amendment",
        {"number": 1, "kind": "correction", "reason": "科别有误"},
    )
    assert second["revision"] == after.revision
    with database.read() as connection:
        count = select(func.count()).select_from(claim_revisions)
        assert connection.execute(count).scalar_one() == after.revision


def test_what_was_handed_over_is_cancelled_by_an_amendment_and_never_just_rejected(
    database: Database,
) -> None:
    claim = handed_over(database)
    with database.write() as connection:
        amend(connection, claim, "cancellation", SUPERVISOR, NOW, "重复申报")
    with pytest.raises(StepRefused, match="cancellation"):
        step(database, claim, "reject", SECOND, "重复申报")
    assert step(database, claim, "enter", REVIEWER) == "entered"
    assert messages(database)[-1]["kind"] == "amendment"


@pytest.mark.parametrize(
    ("kind", "who", "reason", "told"),
    [
        ("whim", SUPERVISOR, "错", "correction"),
        ("correction", REVIEWER, "错", "supervisor"),
        ("correction", SUPERVISOR, " ", "原因"),
    ],
)
def test_an_amendment_needs_a_kind_a_supervisor_and_a_reason(
    database: Database, kind: str, who: Actor, reason: str, told: str
) -> None:
    claim = handed_over(database)
    before = everything(database)
    with database.write() as connection, pytest.raises(StepRefused, match=told):
        amend(connection, claim, kind, who, NOW, reason)  # type: ignore[arg-type]
    assert everything(database) == before


def test_a_claim_that_is_taken_up_again_keeps_its_history(database: Database, misread: str) -> None:
    step(database, misread, "reject", SECOND, "金额不符")
    with pytest.raises(StepRefused, match="rejected"):
        change(database, misread, "fields.total_amount", "34.05")
    step(database, misread, "reopen", SUPERVISOR, "补来清单")
    assert change(database, misread, "fields.total_amount", "34.05").state == "first_review"
    with database.read() as connection:
        assert len(changes_of(connection, misread)) == 1
