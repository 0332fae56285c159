"""Checks that a person lets pass: bound to what was seen, by whom and why."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pipeline.errors import StepRefused
from pipeline.life import ROLES, Actor
from pipeline.records import CheckRecord
from pipeline.store.cases import stored_claim
from pipeline.store.database import Connection, Database
from pipeline.store.lives import standing_of
from pipeline.store.open_checks import OVERRIDERS, keep_checks, override_check
from pipeline.store.tables import checks
from tests.cases import NOW, SECOND, put, step, whole

RULE = "R-SUM-1.sums_hold"


def failed(message: str = "相差 1.00 元", *fields: str, rule: str = RULE) -> CheckRecord:
    return {"rule": rule, "outcome": "fail", "severity": "block", "message": message, "fields": list(fields)}


@pytest.fixture
def claim(database: Database) -> str:
    """A claim in its first review with one open check."""
    key = put(database, *whole())
    step(database, key, "ask_for_review")
    with database.write() as connection:
        keep_checks(connection, key, [failed()])
    return key


def override(connection: Connection, claim: str, actor: Actor = SECOND, reason: str = "已核对原件") -> int:
    return override_check(connection, claim, RULE, actor, NOW, reason)


def test_an_override_says_who_when_and_why_and_the_claim_is_free(database: Database, claim: str) -> None:
    with database.write() as connection:
        version = stored_claim(connection, claim).version
        assert override(connection, claim) == 0
        row = connection.execute(select(checks)).one()
        assert (row.overridden_by, row.overridden_at, row.override_reason) == (SECOND.name, NOW, "已核对原件")
        assert standing_of(connection, claim).open_blocks == 0
        assert stored_claim(connection, claim).version == version + 1


def test_an_override_holds_as_long_as_the_check_fails_in_the_same_way(database: Database, claim: str) -> None:
    with database.write() as connection:
        override(connection, claim)
        assert keep_checks(connection, claim, [failed(rule="V-1.other"), failed()]) == 1  # moved, not changed
        assert keep_checks(connection, claim, [failed()]) == 0
        assert keep_checks(connection, claim, [failed("相差 2.00 元")]) == 1
        assert keep_checks(connection, claim, [failed()]) == 1  # it was open in between


def test_the_same_rule_about_other_values_is_another_failure(database: Database, claim: str) -> None:
    with database.write() as connection:
        override(connection, claim)
        assert (
            keep_checks(connection, claim, [failed("相差 1.00 元", "documents[x].fields.total_amount")]) == 1
        )


def test_where_a_rule_fails_twice_the_one_that_is_meant_must_be_named(database: Database, claim: str) -> None:
    a, b = "documents[a].fields.x", "documents[b].fields.x"
    with database.write() as connection:
        keep_checks(connection, claim, [failed("不符", a), failed("不符", b)])
        with pytest.raises(StepRefused, match="2 of it are open"):
            override(connection, claim)
        assert override_check(connection, claim, RULE, SECOND, NOW, "已核对", fields=[b]) == 1


@pytest.mark.parametrize("role", sorted(set(ROLES) - OVERRIDERS))
def test_who_may_not_override_is_told_who_may(database: Database, claim: str, role: str) -> None:
    with database.write() as connection, pytest.raises(StepRefused, match="supervisor"):
        override(connection, claim, Actor("某人", role))  # type: ignore[arg-type]


def test_an_override_needs_a_reason_a_failure_and_the_version_that_was_seen(
    database: Database, claim: str
) -> None:
    with database.write() as connection:
        with pytest.raises(StepRefused, match="原因"):
            override(connection, claim, reason=" ")
        with pytest.raises(StepRefused, match="no blocking check"):
            override_check(connection, claim, "V-1.none", SECOND, NOW, "已核对")
        with pytest.raises(StepRefused, match="load it again"):
            override_check(connection, claim, RULE, SECOND, NOW, "已核对", seen_version=99)
        override(connection, claim)
        with pytest.raises(StepRefused, match="no blocking check"):
            override(connection, claim)


def test_nothing_is_overridden_before_a_person_has_the_claim(database: Database) -> None:
    key = put(database, *whole())
    with database.write() as connection, pytest.raises(StepRefused, match="识别中"):
        override(connection, key)


def test_what_passed_is_not_kept_apart_from_the_record(database: Database, claim: str) -> None:
    passed: CheckRecord = {**failed(), "outcome": "pass"}
    with database.write() as connection:
        assert keep_checks(connection, claim, [passed]) == 0
        assert connection.execute(select(checks)).all() == []
