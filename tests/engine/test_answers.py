"""What an engine says, brought into the claim once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from pipeline.engine.answers import take_answer, take_report
from pipeline.errors import EngineAnswerRefused
from pipeline.life import Actor
from pipeline.store.database import Database
from pipeline.store.lives import take_step
from pipeline.store.tables import outbox
from tests.engine.entered import (
    NOW,
    PAID,
    REVIEWER,
    SUPERVISOR,
    amended,
    answer,
    claim,
    message,
    put_entered,
    settled_for,
    told,
)


@pytest.fixture
def sent(database: Database) -> Database:
    """A store with one claim, whose message was sent and is not answered."""
    mark_sent(database, put_entered(database))
    return database


def mark_sent(database: Database, message_id: str) -> None:
    with database.write() as connection:
        connection.execute(
            update(outbox).where(outbox.c.message_id == message_id).values(state="begun", attempts=1)
        )


def taken(database: Database, said: Any, message_id: str = "C-1/1") -> bool:
    with database.write() as connection:
        return take_answer(connection, message_id, said, NOW)


def test_an_accepted_claim_is_handed_over(sent: Database) -> None:
    assert taken(sent, answer("accepted"))
    assert claim(sent).state == "handed_over"
    assert claim(sent).handed_over_at == NOW
    assert (message(sent).state, message(sent).answered_at) == ("answered", NOW)
    assert told(sent) == ["accept", "hand_over"]


def test_a_settled_claim_is_handed_over_and_settled_with_its_amount(sent: Database) -> None:
    assert taken(sent, answer("settled"))
    assert (claim(sent).state, claim(sent).settled) == ("settled", Decimal("203.65"))
    assert told(sent) == ["accept", "hand_over", "settle"]


def test_a_paid_claim_says_when_and_through_which_bank(sent: Database) -> None:
    assert taken(sent, answer("settled", paid=PAID))
    assert (claim(sent).state, claim(sent).bank_name) == ("paid", "另一样例银行")
    assert claim(sent).bank_account == "6200000000009999"
    assert claim(sent).paid_at == datetime(2026, 3, 9, 8, tzinfo=UTC)


def test_an_account_that_the_engine_does_not_say_stays_as_declared(sent: Database) -> None:
    taken(sent, answer("settled", paid={**PAID, "bank_name": None, "account": None}))
    assert (claim(sent).bank_name, claim(sent).bank_account) == ("样例银行", "6200000000001234")


def test_a_refused_claim_goes_back_to_a_person_with_the_reasons(sent: Database) -> None:
    assert taken(sent, answer("refused"))
    assert claim(sent).state == "first_review"
    assert told(sent) == ["accept", "refuse"]
    assert message(sent).state == "answered"


def test_acceptance_settlement_and_payment_may_come_one_after_the_other(sent: Database) -> None:
    assert taken(sent, answer("accepted"))
    assert taken(sent, answer("settled"))
    assert taken(sent, answer("settled", paid=PAID))
    assert told(sent) == ["accept", "hand_over", "settle", "pay"]


@pytest.mark.parametrize(
    "said", [answer("accepted"), answer("settled"), answer("settled", paid=PAID), answer("refused")]
)
def test_the_same_answer_again_changes_nothing(sent: Database, said: Any) -> None:
    assert taken(sent, said)
    before = (claim(sent), message(sent), told(sent))
    assert not taken(sent, said)
    assert (claim(sent), message(sent), told(sent)) == before


@pytest.mark.parametrize("late", [answer("pending"), answer("accepted"), answer("settled")])
def test_an_earlier_answer_that_comes_late_changes_nothing(sent: Database, late: Any) -> None:
    taken(sent, answer("settled", paid=PAID))
    before = (claim(sent), message(sent), told(sent))
    assert not taken(sent, late)
    assert (claim(sent), message(sent), told(sent)) == before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (answer("settled"), answer("settled", settlement=settled_for("200.00"))),
        (answer("settled"), answer("refused")),
        (answer("settled", paid=PAID), answer("settled", paid={**PAID, "amount": "1.00"})),
        (answer("refused"), answer("accepted")),
        (answer("refused"), answer("settled")),
    ],
)
def test_an_answer_against_an_earlier_one_is_refused(sent: Database, first: Any, second: Any) -> None:
    taken(sent, first)
    before = (claim(sent), message(sent), told(sent))
    with pytest.raises(EngineAnswerRefused, match="contradicts the earlier answer"):
        taken(sent, second)
    assert (claim(sent), message(sent), told(sent)) == before


def test_a_pending_message_stays_on_its_way_and_is_due_again(sent: Database) -> None:
    assert taken(sent, answer("pending"))
    assert claim(sent).state == "entered"
    row = message(sent)
    assert (row.state, row.attempts, row.trying_since) == ("begun", 0, None)
    assert row.due_at > NOW
    assert json.loads(row.answer)["outcome"] == "pending"


def test_a_pending_message_in_a_batch_file_is_never_asked_about(sent: Database) -> None:
    with sent.write() as connection:
        connection.execute(update(outbox).values(batch_id="B000001"))
    taken(sent, answer("pending"))
    assert message(sent).due_at.year == 9999


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (answer(schema_version="2"), "schema_version"),
        (answer("lost"), "outcome"),
        (answer(message_id="C-2/1"), "message_id"),
        (answer("refused", reasons=[]), "reasons"),
        (answer("settled", settlement=None), "settlement"),
        (answer("settled", settlement={**settled_for("1.00"), "claim_id": "C-2"}), "settlement.claim_id"),
        (answer("settled", settlement=settled_for("1.005")), "settlement.payout.low"),
        (answer("settled", settlement=settled_for("-1.00")), "settlement.payout.high"),
        (answer("settled", settlement=settled_for("10000000000000.00")), "settlement.payout.high"),
        (answer("accepted", settlement=settled_for("1.00")), "settlement"),
        (answer("accepted", paid=PAID), "paid"),
        (answer("settled", paid={**PAID, "at": "2026-03-09T16:00:00"}), "paid.at"),
        (answer("settled", paid={**PAID, "amount": 203.65}), "paid.amount"),
        (answer(more="x"), "more"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_key_and_nothing_is_written(
    sent: Database, said: Any, named: str
) -> None:
    before = (claim(sent), message(sent), told(sent))
    with pytest.raises(EngineAnswerRefused, match=f"{named}: "):
        taken(sent, said)
    assert (claim(sent), message(sent), told(sent)) == before


def test_a_range_is_no_settlement(sent: Database) -> None:
    settlement = {**settled_for("1.00"), "payout": {"low": "1.00", "high": "2.00"}}
    with pytest.raises(EngineAnswerRefused, match="one exact amount"):
        taken(sent, answer("settled", settlement=settlement))


def test_more_keys_of_a_settlement_are_kept(sent: Database) -> None:
    taken(sent, answer("settled", settlement={**settled_for("1.00"), "steps": [{"label": "起付线"}]}))
    assert json.loads(message(sent).answer)["settlement"]["steps"] == [{"label": "起付线"}]


@pytest.mark.parametrize("message_id", ["C-1/1", "C-1/2", "C-9/1"])
def test_an_answer_to_what_was_never_sent_is_refused(database: Database, message_id: str) -> None:
    put_entered(database)
    with pytest.raises(EngineAnswerRefused, match="no message of this id was ever sent"):
        taken(database, answer(message_id=message_id), message_id)
    assert claim(database).state == "entered"


def test_a_message_that_was_taken_back_cannot_be_answered(database: Database) -> None:
    put_entered(database)
    with database.write() as connection:
        take_step(connection, "C-1", "take_back", SUPERVISOR, NOW, "录错了")
    with pytest.raises(EngineAnswerRefused, match="was ever sent"):
        taken(database, answer())


def test_an_amendment_is_settled_in_the_place_of_the_first(sent: Database) -> None:
    taken(sent, answer("settled"))
    mark_sent(sent, amended(sent, "C-1", "correction", NOW))
    second = answer("settled", "C-1/2", settlement=settled_for("150.00"))
    assert taken(sent, second, "C-1/2")
    assert (claim(sent).state, claim(sent).settled) == ("settled", Decimal("150.00"))
    assert message(sent, "C-1/2").kind == "amendment"


def test_a_cancellation_is_settled_with_nothing(sent: Database) -> None:
    taken(sent, answer("settled"))
    mark_sent(sent, amended(sent, "C-1", "cancellation", NOW))
    taken(sent, answer("settled", "C-1/2", settlement=None), "C-1/2")
    assert (claim(sent).state, claim(sent).settled) == ("settled", Decimal("0.00"))


def test_what_is_said_of_an_older_version_is_kept_and_told_without_a_step(sent: Database) -> None:
    taken(sent, answer("accepted"))
    mark_sent(sent, amended(sent, "C-1", "correction", NOW))
    assert taken(sent, answer("settled"))
    assert (claim(sent).state, claim(sent).settled) == ("entered", None)
    assert told(sent)[-1] == "answered_late"
    assert json.loads(message(sent).answer)["outcome"] == "settled"
    assert not taken(sent, answer("settled"))


def test_what_a_clerk_noted_as_paid_is_not_paid_again(sent: Database) -> None:
    taken(sent, answer("settled"))
    with sent.write() as connection:
        take_step(connection, "C-1", "pay", Actor("柜台样例", "clerk"), NOW)
    assert taken(sent, answer("settled", paid=PAID))
    assert told(sent).count("pay") == 1
    assert claim(sent).bank_account == "6200000000009999"


def test_a_refused_claim_that_is_entered_again_gets_a_message_of_its_own(sent: Database) -> None:
    taken(sent, answer("refused"))
    with sent.write() as connection:
        take_step(connection, "C-1", "enter", REVIEWER, NOW)
    assert (message(sent).state, message(sent, "C-1/2").state) == ("answered", "waiting")


def test_a_payment_is_reported_later_by_the_engine_itself(sent: Database) -> None:
    taken(sent, answer("settled"))
    body = json.dumps(answer("settled", paid=PAID)).encode()
    assert take_report(sent, body, NOW)["outcome"] == "settled"
    assert claim(sent).state == "paid"
    take_report(sent, body, NOW)
    assert told(sent).count("pay") == 1


@pytest.mark.parametrize("body", [b"", b"{}", json.dumps(answer(message_id="C-9/1")).encode()])
def test_a_report_that_is_none_or_of_no_message_is_refused(sent: Database, body: bytes) -> None:
    with pytest.raises(EngineAnswerRefused):
        take_report(sent, body, NOW)
    assert claim(sent).state == "entered"
