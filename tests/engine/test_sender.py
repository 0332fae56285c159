"""What is due is sent, once in effect, whoever dies."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pipeline.engine.passes import LEASE, MESSAGES_A_PASS, UNANSWERED_IN_A_ROW, Sent
from pipeline.engine.protocol import EngineAnswer, HandOverMessage
from pipeline.engine.sender import send_due
from pipeline.errors import EngineAnswerRefused, EngineUnavailable
from pipeline.life import SYSTEM
from pipeline.store import sending
from pipeline.store.database import Database
from pipeline.store.lives import take_step
from pipeline.store.tables import claims
from pipeline.store.webhooks import add_webhook
from tests.engine.entered import (
    NOW,
    SUPERVISOR,
    FakeEngine,
    MostPatient,
    answer,
    claim,
    later,
    message,
    put_entered,
    told,
)

DOWN = EngineUnavailable("没有答复 / no answer")


def send(database: Database, engine: FakeEngine, now: datetime, limit: int = MESSAGES_A_PASS) -> Sent:
    return send_due(database, engine, now, limit=limit, chance=MostPatient())


class Killed(BaseException):
    """The process ends here, as after kill -9: nothing more is written."""


def test_a_claim_is_sent_to_the_byte_and_answered(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([answer("accepted")])
    assert send(database, engine, NOW) == Sent(answered=1)
    (heard,) = engine.heard
    assert heard.text == message(database).payload
    assert heard.payload == json.loads(heard.text)
    assert (heard.message_id, heard.kind, heard.is_pending) == ("C-1/1", "hand_over", False)
    assert claim(database).state == "handed_over"


def test_what_was_answered_is_not_sent_again(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([answer("accepted")])
    send(database, engine, NOW)
    assert send(database, engine, later(days=1)) == Sent()
    assert len(engine.heard) == 1


def test_it_is_marked_as_begun_before_it_is_sent(database: Database) -> None:
    """Else a claim could be taken back while the engine has it."""
    put_entered(database)

    class Looking(FakeEngine):
        def hand_over(self, message: HandOverMessage) -> EngineAnswer:
            seen.append(sent_state())
            return super().hand_over(message)

    def sent_state() -> str:
        return str(message(database).state)

    seen: list[str] = []
    send(database, Looking([answer("accepted")]), NOW)
    assert seen == ["begun"]


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_sender_that_dies_leaves_the_message_to_the_next_one(database: Database, is_taken: bool) -> None:
    put_entered(database)

    class Dying(FakeEngine):
        def hand_over(self, message: HandOverMessage) -> EngineAnswer:
            if is_taken:
                super().hand_over(message)
            raise Killed

    dying, engine = Dying([answer("accepted")]), FakeEngine([answer("accepted")])
    with pytest.raises(Killed):
        send(database, dying, NOW)
    assert send(database, engine, later(seconds=1)).total == 0, "it is the other's for the lease"
    assert send(database, engine, NOW + 2 * LEASE) == Sent(answered=1)
    assert {heard.message_id for heard in (*dying.heard, *engine.heard)} == {"C-1/1"}
    assert told(database) == ["accept", "hand_over"]


def test_what_nobody_answers_is_tried_ever_more_rarely(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([DOWN])
    now, waits = NOW, []
    for _ in range(12):
        assert send(database, engine, now) == Sent(put_off=1)
        due_at = message(database).due_at
        waits.append(round((due_at - now).total_seconds()))
        assert send(database, engine, due_at - timedelta(seconds=0.5)).total == 0
        now = due_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert claim(database).state == "entered"


def test_it_waits_as_long_as_the_engine_asks(database: Database) -> None:
    put_entered(database)
    send(database, FakeEngine([EngineUnavailable("later", 120.0)]), NOW)
    assert message(database).due_at >= later(seconds=120)


def test_after_hours_without_an_answer_a_person_is_told(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([DOWN])
    assert send(database, engine, NOW) == Sent(put_off=1)
    assert send(database, engine, later(hours=5.9)) == Sent(put_off=1)
    assert send(database, engine, later(hours=7)) == Sent(parked=1)
    assert send(database, engine, later(days=9)).total == 0
    assert claim(database).state == "entered"
    assert told(database) == ["accept", "parked"]
    with database.read() as connection:
        (one,) = sending.parked(connection, "engine", 10)
    assert (one.message_id, one.attempts, one.error) == ("C-1/1", 3, str(DOWN))


def test_hours_count_from_the_first_try_not_from_the_entering(database: Database) -> None:
    put_entered(database)
    assert send(database, FakeEngine([DOWN]), later(days=3)) == Sent(put_off=1)


@pytest.mark.parametrize("wanted", [None, "C-1/1"])
def test_a_parked_message_is_sent_again_when_a_person_says_so(database: Database, wanted: str | None) -> None:
    put_entered(database)
    send(database, FakeEngine([EngineAnswerRefused("HTTP 401")]), NOW)
    with database.write() as connection:
        assert sending.revive(connection, later(hours=9), "engine", wanted) == 1
    assert send(database, FakeEngine([DOWN]), later(hours=9)) == Sent(put_off=1), "hours begin anew"
    assert send(database, FakeEngine([answer("accepted")]), later(hours=10)) == Sent(answered=1)
    assert claim(database).state == "handed_over"


def test_an_answer_that_is_none_parks_at_once_and_nothing_is_half_written(database: Database) -> None:
    put_entered(database)
    assert send(database, FakeEngine([answer("accepted", schema_version="2")]), NOW) == Sent(parked=1)
    assert (claim(database).state, message(database).state) == ("entered", "parked")
    assert "schema_version" in message(database).error
    assert message(database).answer is None


def test_the_log_says_which_message_is_parked_and_not_what_the_engine_said(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine's words may hold personal data."""
    put_entered(database)
    send(database, FakeEngine([EngineAnswerRefused("HTTP 400: 张小样")]), NOW)
    assert "C-1/1" in caplog.text
    assert "张小样" not in caplog.text


def test_a_parked_claim_cannot_be_taken_back(database: Database) -> None:
    """The engine may have it."""
    put_entered(database)
    send(database, FakeEngine([EngineAnswerRefused("?")]), NOW)
    with pytest.raises(Exception, match="on its way"), database.write() as connection:
        take_step(connection, "C-1", "take_back", SUPERVISOR, NOW, "录错了")


def test_pending_is_asked_about_until_it_is_settled(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([answer("pending"), answer("pending"), answer("settled")])
    assert send(database, engine, NOW) == Sent(answered=1)
    assert send(database, engine, later(seconds=4)).total == 0
    assert send(database, engine, later(seconds=6)) == Sent(answered=1)
    assert send(database, engine, later(seconds=20)) == Sent(answered=1)
    assert [heard.is_pending for heard in engine.heard] == [False, True, True]
    assert claim(database).state == "settled"


def test_pending_for_days_is_no_failure(database: Database) -> None:
    put_entered(database)
    engine = FakeEngine([answer("pending"), DOWN, answer("accepted")])
    send(database, engine, NOW)
    assert send(database, engine, later(days=3)) == Sent(put_off=1)
    assert send(database, engine, later(days=3, minutes=1)) == Sent(answered=1)


def test_a_claim_with_an_open_block_is_held_back_at_the_last_moment(database: Database) -> None:
    put_entered(database)
    set_blocks(database, 1)
    engine = FakeEngine([answer("accepted")])
    assert send(database, engine, NOW) == Sent(held_back=1)
    assert engine.heard == []
    assert (claim(database).state, message(database).state) == ("first_review", "cancelled")
    assert told(database) == ["accept", "hold_back"]


def test_a_block_that_opens_after_sending_began_stops_the_sending_and_tells_a_person(
    database: Database,
) -> None:
    put_entered(database)
    send(database, FakeEngine([DOWN]), NOW)
    set_blocks(database, 1)
    engine = FakeEngine([answer("accepted")])
    assert send(database, engine, later(minutes=1)) == Sent(parked=1)
    assert engine.heard == []
    assert claim(database).state == "entered"


def set_blocks(database: Database, number: int) -> None:
    with database.write() as connection:
        connection.execute(update(claims).values(open_blocks=number))


def test_a_claim_is_held_back_for_a_block_only(database: Database) -> None:
    put_entered(database)
    with pytest.raises(Exception, match="no blocking check is open"), database.write() as connection:
        take_step(connection, "C-1", "hold_back", SYSTEM, NOW, "?")


def test_a_pass_ends_when_nobody_seems_to_be_there(database: Database) -> None:
    for number in range(UNANSWERED_IN_A_ROW + 2):
        put_entered(database, f"C-{number}")
    engine = FakeEngine([DOWN])
    assert send(database, engine, NOW) == Sent(put_off=UNANSWERED_IN_A_ROW)
    assert len({heard.claim_id for heard in engine.heard}) == UNANSWERED_IN_A_ROW


def test_a_pass_ends_at_its_limit(database: Database) -> None:
    for number in range(3):
        put_entered(database, f"C-{number}")
    assert send(database, FakeEngine([answer("accepted")]), NOW, limit=2).answered == 2


def test_messages_for_webhooks_are_not_for_the_engine(database: Database) -> None:
    with database.write() as connection:
        add_webhook(connection, "http://127.0.0.1:9/", "whsec_" + "a" * 44, [], NOW)
    put_entered(database)
    engine = FakeEngine([answer("accepted")])
    send(database, engine, NOW)
    assert [heard.message_id for heard in engine.heard] == ["C-1/1"]


def test_several_senders_at_once_send_each_claim_once(database: Database) -> None:
    wanted = {put_entered(database, f"C-{number:02}") for number in range(24)}
    heard: list[str] = []

    class Counting(FakeEngine):
        def hand_over(self, message: HandOverMessage) -> EngineAnswer:
            heard.append(message.message_id)
            return super().hand_over(message)

    def work() -> None:
        while send(database, Counting([answer("settled")]), NOW).total:
            pass

    senders = [threading.Thread(target=work) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(heard) == sorted(wanted)
    assert all(claim(database, one.partition("/")[0]).state == "settled" for one in wanted)


def test_an_answer_that_was_reported_meanwhile_stays(database: Database) -> None:
    """The engine reports by itself while our request hangs and then fails."""
    put_entered(database)

    class Reporting(FakeEngine):
        def hand_over(self, message: HandOverMessage) -> EngineAnswer:
            report(database, NOW)
            raise DOWN

    def report(database: Database, now: datetime) -> None:
        from pipeline.engine.answers import take_answer

        with database.write() as connection:
            take_answer(connection, "C-1/1", any_answer, now)

    any_answer: Any = answer("settled")
    send(database, Reporting([]), NOW)
    assert (claim(database).state, message(database).state) == ("settled", "answered")
    assert send(database, FakeEngine([DOWN]), later(days=1)).total == 0
