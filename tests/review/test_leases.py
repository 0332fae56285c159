"""On whose desk a claim is, and what becomes of it as a whole: steps, overriding, putting by, sending on."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from pipeline.errors import ClaimMovedOn, HeldByAnother, StepRefused
from pipeline.life import Actor
from pipeline.review import desk, leases
from pipeline.review.audit import audit_record
from pipeline.review.changes import make_changes
from pipeline.review.view import Looker
from pipeline.store.accounts import create_account, disable_account
from pipeline.store.at_desk import desk_of
from pipeline.store.database import Database
from pipeline.store.field_changes import changes_of
from pipeline.store.queries import claim_row, events_kept
from pipeline.store.tables import claims
from tests.cases import NOW, REVIEWER, SECOND, SUPERVISOR, judges
from tests.store.stored import put_check, put_claim
from tests.web.review.claims import doubtful_claim

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SOON, LATER = NOW + timedelta(minutes=5), NOW + leases.IDLE


@pytest.fixture
def claim(database: Database) -> str:
    with database.write() as connection:
        return put_claim(connection)


def hold(database: Database, claim: str, who: Actor, at: datetime = NOW) -> None:
    with database.write() as connection:
        leases.hold(connection, claim, who, at)


def holder(database: Database, claim: str, at: datetime = NOW) -> str | None:
    with database.read() as connection:
        return desk_of(connection, claim).holder_at(at)


@SQLITE
def test_nobody_takes_what_another_has_and_is_told_who_and_until_when(database: Database, claim: str) -> None:
    hold(database, claim, REVIEWER)
    with pytest.raises(HeldByAnother, match="王审 正在处理，无操作则 10:45 释放") as refused:
        hold(database, claim, SECOND, SOON)
    assert (refused.value.holder, refused.value.until) == (REVIEWER.name, LATER.isoformat())


@SQLITE
def test_all_that_is_done_prolongs_a_lease_and_idleness_ends_it(database: Database, claim: str) -> None:
    hold(database, claim, REVIEWER)
    hold(database, claim, REVIEWER, SOON)
    with pytest.raises(HeldByAnother):
        hold(database, claim, SECOND, LATER)
    hold(database, claim, SECOND, SOON + leases.IDLE)
    assert holder(database, claim, SOON + leases.IDLE) == SECOND.name


@SQLITE
def test_only_ones_own_claim_is_put_back(database: Database, claim: str) -> None:
    hold(database, claim, REVIEWER)
    for who, left in ((SECOND, REVIEWER.name), (REVIEWER, None)):
        with database.write() as connection:
            leases.let_go(connection, claim, who)
        assert holder(database, claim) == left


@SQLITE
def test_a_supervisor_takes_over_and_it_is_noted(database: Database, claim: str) -> None:
    hold(database, claim, REVIEWER)
    with database.write() as connection, pytest.raises(StepRefused, match="只有主管"):
        leases.take_over(connection, claim, SECOND, NOW)
    with database.write() as connection:
        leases.take_over(connection, claim, SUPERVISOR, NOW)
        (noted,) = events_kept(connection, claim)
    assert holder(database, claim) == SUPERVISOR.name
    assert (noted.event, noted.who, noted.reason) == ("take_over", SUPERVISOR.name, "王审 → 孙主")


def test_two_reviewers_on_one_claim_lose_no_edit(database: Database) -> None:
    """Each writes as often as the other lets them: every change that was answered is there, once."""
    made = doubtful_claim(database)
    bill, done, told = made.papers["outpatient_invoice"], {}, threading.Lock()

    def work(who: Actor, name: str) -> None:
        for turn in range(3):
            text, now = f"{who.name}{turn}", NOW + leases.IDLE * (2 * turn + (who is SECOND))
            for _ in range(40):
                with database.read() as connection:
                    version = claim_row(connection, made.claim_id).version
                try:
                    with database.write() as connection:
                        make_changes(
                            connection,
                            judges(),
                            made.claim_id,
                            {
                                "version": version,
                                "changes": [
                                    {"do": "answer", "document_id": bill, "path": name, "text": text}
                                ],
                            },
                            Looker(who, "zh", now),
                        )
                except (HeldByAnother, ClaimMovedOn):
                    now += leases.IDLE
                    continue
                with told:
                    done[text] = name
                break

    workers = [
        threading.Thread(target=work, args=one)
        for one in ((REVIEWER, "fields.cashier"), (SECOND, "fields.checker"))
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    with database.read() as connection:
        noted = changes_of(connection, made.claim_id)
    assert sorted(one.new or "" for one in noted) == sorted(done)
    assert len(done) == 6
    for name in ("fields.cashier", "fields.checker"):
        own = [one for one in noted if one.path == name]
        assert [one.old for one in own] == [None, *(one.new for one in own[:-1])]


@SQLITE
def test_a_step_ends_the_lease_and_lets_go_of_whoever_it_was_sent_to(database: Database, claim: str) -> None:
    with database.write() as connection:
        create_account(connection, "王审", "reviewer", "a long enough password", NOW)
        desk.assign(connection, claim, SECOND, NOW, to="王审", reason="熟悉此医院")
        desk.step(connection, claim, "enter", REVIEWER, NOW, seen_version=1)
        after = claim_row(connection, claim)
    assert (after.state, after.assigned_to, after.lease_holder) == ("entered", None, None)


@SQLITE
def test_a_claim_is_put_by_with_a_reason_and_a_moment_that_can_be(database: Database, claim: str) -> None:
    until = NOW + timedelta(days=1)
    for wrong, why in ((NOW, "等医院回电"), (NOW + timedelta(days=31), "等医院回电"), (until, " ")):
        with database.write() as connection, pytest.raises(StepRefused):
            desk.postpone(connection, claim, REVIEWER, NOW, until=wrong, reason=why)
    with database.write() as connection:
        desk.postpone(connection, claim, REVIEWER, NOW, until=until, reason="等医院回电")
        (noted,) = events_kept(connection, claim)
        lies = desk_of(connection, claim)
    assert (lies.postponed_until, lies.holder_at(NOW)) == (until, None)
    assert (noted.event, noted.to_state) == ("postpone", "first_review")
    assert "等医院回电" in noted.reason


@SQLITE
def test_a_claim_is_sent_to_people_who_review_alone(database: Database, claim: str) -> None:
    with database.write() as connection:
        for name, role in (("甲审", "reviewer"), ("乙办", "clerk"), ("丙审", "reviewer")):
            create_account(connection, name, role, "a long enough password", NOW)
        disable_account(connection, "丙审", NOW)
        for nobody in ("乙办", "丙审", "没有"):
            with pytest.raises(StepRefused, match="没有这位"):
                desk.assign(connection, claim, REVIEWER, NOW, to=nobody, reason="请看")
        desk.assign(connection, claim, REVIEWER, NOW, to="甲审", reason="请看")
        assert [one["name"] for one in desk.colleagues(connection, REVIEWER)] == ["甲审"]
    with database.read() as connection:
        assert claim_row(connection, claim).assigned_to == "甲审"


@SQLITE
def test_a_check_is_let_pass_by_role_and_reason(database: Database, claim: str) -> None:
    with database.write() as connection:
        put_check(connection, claim, "V-3.items_sum_to_total")
        with pytest.raises(StepRefused, match="无权放行"):
            desk.override(connection, claim, 0, REVIEWER, NOW, reason="已核对", seen_version=1)
    with database.write() as connection:
        with pytest.raises(LookupError):
            desk.override(connection, claim, 5, SECOND, LATER, reason="已核对", seen_version=1)
        desk.override(connection, claim, 0, SECOND, LATER, reason="已核对", seen_version=1)
        assert claim_row(connection, claim).open_blocks == 0


@SQLITE
def test_a_second_blind_look_is_not_told_what_others_answered(database: Database) -> None:
    made = doubtful_claim(database)
    with database.write() as connection:
        make_changes(
            connection,
            judges(),
            made.claim_id,
            {
                "version": 2,
                "changes": [
                    {
                        "do": "answer",
                        "document_id": made.papers["outpatient_invoice"],
                        "path": "fields.payer_name",
                        "text": "张小样",
                        "seconds": 4.2,
                    }
                ],
            },
            Looker(REVIEWER, "zh", NOW),
        )
    for state, who, count in (("first_review", REVIEWER, 1), ("second_review", SECOND, 0)):
        with database.write() as connection:
            connection.execute(update(claims).where(claims.c.id == made.claim_id).values(state=state))
            told = audit_record(connection, made.claim_id, Looker(who, "en", NOW))
        assert len(told["changes"]) == count
        assert told["seconds"] == (4.2 if count else 0)
