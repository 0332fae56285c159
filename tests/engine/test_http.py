"""An engine behind a real HTTP server: everything that it may say, and every way in which it may fail."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.failures import FailureKind, Failures
from pipeline.engine.http import HttpEngine
from pipeline.engine.passes import Sent
from pipeline.engine.protocol import AnswerOutcome, HandOverMessage
from pipeline.engine.sender import send_due
from pipeline.engine.signing import is_signed, new_secret
from pipeline.engine.stand_in import StandInBook, stand_in
from pipeline.errors import EngineAnswerRefused, EngineUnavailable
from pipeline.store.database import Database
from tests.engine.entered import NOW, amended, answer, claim, later, message, put_entered, told
from tests.engine.served import served

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # each process collects the same tests
READ_SECONDS = 0.3
"""Of the sender under test; a real one waits a hundred times as long."""


@pytest.fixture
def book(tmp_path: Path) -> StandInBook:
    """What the engine keeps."""
    return StandInBook(tmp_path / "engine.sqlite")


@contextmanager
def engine(
    book: StandInBook,
    outcome: AnswerOutcome = "settled",
    failures: Failures | None = None,
    secret: str = SECRET,
) -> Iterator[HttpEngine]:
    """A client of a stand-in that is served."""
    with (
        served(stand_in(book, SECRET, outcome, failures)) as url,
        HttpEngine(url, secret, read_seconds=READ_SECONDS) as client,
    ):
        yield client


def failing(kind: FailureKind, times: int) -> Failures:
    """Fails the first so many times, and then no more."""

    class First(random.Random):
        left = times

        def random(self) -> float:
            self.left -= 1
            return 0.0 if self.left >= 0 else 1.0

    return Failures(kind, 0.5, First(), hang_seconds=READ_SECONDS * 3, slow_seconds=READ_SECONDS / 3)


@contextmanager
def saying(
    status: int, body: str | bytes = b"", headers: dict[str, str] | None = None
) -> Iterator[tuple[HttpEngine, list[dict[str, Any]]]]:
    """A client of a server that says just this, and the requests that it heard."""
    heard: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sent = await receive()
        names = {name.decode(): value.decode() for name, value in scope["headers"]}
        heard.append({"path": scope["raw_path"].decode(), "headers": names, "body": sent["body"]})
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body if isinstance(body, bytes) else body.encode()})

    with served(app) as url, HttpEngine(url, SECRET, read_seconds=READ_SECONDS) as client:
        yield client, heard


def hand_over_message(text: str = '{"a": "张小样"}', is_pending: bool = False) -> HandOverMessage:
    return HandOverMessage("C-1/1", "C-1", "hand_over", {}, text, is_pending)


@pytest.mark.parametrize(
    ("outcome", "state"), [("accepted", "handed_over"), ("settled", "settled"), ("refused", "first_review")]
)
def test_what_the_engine_says_becomes_of_the_claim(
    database: Database, book: StandInBook, outcome: AnswerOutcome, state: str
) -> None:
    put_entered(database)
    with engine(book, outcome) as client:
        assert send_due(database, client, NOW) == Sent(answered=1)
    assert claim(database).state == state


def test_the_whole_bill_is_settled_to_the_fen(database: Database, book: StandInBook) -> None:
    put_entered(database)
    with engine(book) as client:
        send_due(database, client, NOW)
    assert claim(database).settled == Decimal("203.65")


def test_pending_is_asked_about_and_then_settled(database: Database, book: StandInBook) -> None:
    put_entered(database)
    with engine(book, "pending") as client:
        send_due(database, client, NOW)
        assert claim(database).state == "entered"
        assert send_due(database, client, later(seconds=6)) == Sent(answered=1)
    assert claim(database).state == "settled"
    (kept,) = book.messages()
    assert (kept.received, kept.asked) == (1, 1)


def test_a_pending_message_that_the_engine_lost_is_told_again(database: Database, tmp_path: Path) -> None:
    put_entered(database)
    with engine(StandInBook(tmp_path / "first.sqlite"), "pending") as client:
        send_due(database, client, NOW)
    empty = StandInBook(tmp_path / "second.sqlite")
    with engine(empty, "settled") as client:
        send_due(database, client, later(seconds=6))
    assert claim(database).state == "settled"
    assert [one.message_id for one in empty.messages()] == ["C-1/1"]


@pytest.mark.parametrize("kind", ["500", "reset", "timeout-after-commit", "slow"])
def test_however_it_fails_the_claim_is_taken_once(
    database: Database, book: StandInBook, kind: FailureKind
) -> None:
    put_entered(database)
    now = NOW
    with engine(book, "settled", failing(kind, 2)) as client:
        for _ in range(3):
            send_due(database, client, now)
            now = later(days=1) if message(database).state == "answered" else message(database).due_at
    (kept,) = book.messages()
    assert kept.received == {"500": 1, "reset": 3, "timeout-after-commit": 3, "slow": 1}[kind]
    assert json.loads(message(database).answer) == kept.answer, "the first answer, to whichever try"
    assert claim(database).state == "settled"
    assert told(database) == ["accept", "hand_over", "settle"]


def test_an_amendment_is_told_as_one(database: Database, book: StandInBook) -> None:
    put_entered(database)
    with engine(book) as client:
        send_due(database, client, NOW)
        amended(database, "C-1", "cancellation", NOW)
        send_due(database, client, later(minutes=1))
    first, second = (json.loads(one.body) for one in book.messages())
    assert (first["kind"], first["amendment"]) == ("hand_over", None)
    assert (second["kind"], second["amendment"]["kind"]) == ("amendment", "cancellation")
    assert (claim(database).state, claim(database).settled) == ("settled", Decimal("0.00"))


def test_a_wrong_signature_parks_with_the_reason(database: Database, book: StandInBook) -> None:
    put_entered(database)
    with engine(book, secret=new_secret()) as client:
        assert send_due(database, client, NOW) == Sent(parked=1)
    assert book.messages() == []
    assert "HTTP 401" in message(database).error
    assert claim(database).state == "entered"


@pytest.mark.parametrize("body", ["", "<html>", "{}", json.dumps(answer(schema_version="2"))])
def test_a_body_of_another_schema_parks_and_nothing_is_half_written(database: Database, body: str) -> None:
    put_entered(database)
    with saying(200, body) as (client, _):
        assert send_due(database, client, NOW) == Sent(parked=1)
    assert "not of schema 1" in message(database).error
    assert (claim(database).state, message(database).answer) == ("entered", None)
    assert told(database) == ["accept", "parked"]


def test_the_request_carries_the_bytes_the_key_and_a_signature() -> None:
    text = '{"a": "张小样", "b":1}'
    with saying(200, json.dumps(answer())) as (client, heard):
        client.hand_over(hand_over_message(text))
    (request,) = heard
    assert request["path"] == "/claims"
    assert request["body"] == text.encode()
    assert request["headers"]["idempotency-key"] == request["headers"]["webhook-id"] == "C-1/1"
    assert is_signed(SECRET, request["headers"], request["body"])
    assert not is_signed(new_secret(), request["headers"], request["body"])
    assert not is_signed(SECRET, request["headers"], request["body"] + b" ")


def test_the_id_of_a_message_is_one_part_of_the_path_when_it_is_asked_about() -> None:
    with saying(200, json.dumps(answer())) as (client, heard):
        client.hand_over(hand_over_message(is_pending=True))
    assert heard[0]["path"] == "/claims/C-1%2F1"
    assert is_signed(SECRET, heard[0]["headers"], b"")


@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_by_status_is_one_with_the_words_that_came(status: int) -> None:
    with saying(status, '{"title": "参保信息不存在"}') as (client, _):
        said = client.hand_over(hand_over_message())
    assert said["outcome"] == "refused"
    assert said["reasons"] == [{"code": f"http_{status}", "message": '{"title": "参保信息不存在"}'}]


def test_a_refusal_in_our_shape_is_taken_as_it_is() -> None:
    with saying(422, json.dumps(answer("refused"))) as (client, _):
        assert client.hand_over(hand_over_message()) == answer("refused")


def test_a_refusal_by_status_that_accepts_in_its_body_is_no_answer() -> None:
    with saying(422, json.dumps(answer("accepted"))) as (client, _), pytest.raises(EngineAnswerRefused):
        client.hand_over(hand_over_message())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301, 307])
def test_other_refusals_are_for_a_person(status: int) -> None:
    with (
        saying(status, "x", {"location": "http://127.0.0.1:9/"}) as (client, heard),
        pytest.raises(EngineAnswerRefused, match=f"HTTP {status}"),
    ):
        client.hand_over(hand_over_message())
    assert len(heard) == 1, "no redirect is followed"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_later_is_later_and_as_late_as_asked(status: int) -> None:
    with (
        saying(status, "", {"retry-after": "90"}) as (client, _),
        pytest.raises(EngineUnavailable, match=f"HTTP {status}") as raised,
    ):
        client.hand_over(hand_over_message())
    assert raised.value.retry_after_seconds == 90


def test_nobody_there_is_unavailable() -> None:
    with (
        HttpEngine("http://127.0.0.1:9", SECRET) as client,
        pytest.raises(EngineUnavailable, match="no answer"),
    ):
        client.hand_over(hand_over_message())


def test_an_endless_answer_is_cut() -> None:
    with (
        saying(200, b" " * (5 * 1024 * 1024)) as (client, _),
        pytest.raises(EngineUnavailable, match="exceeds"),
    ):
        client.hand_over(hand_over_message())


@pytest.mark.parametrize(
    ("url", "secret", "named"),
    [
        ("", SECRET, "BAOXIAO_ENGINE_URL"),
        ("ftp://127.0.0.1", SECRET, "BAOXIAO_ENGINE_URL"),
        ("http://127.0.0.1/?a=b", SECRET, "BAOXIAO_ENGINE_URL"),
        ("http://engine.example", SECRET, "https to another machine"),
        ("http://10.0.0.8:8000", SECRET, "https to another machine"),
        ("https://engine.example", "", "BAOXIAO_ENGINE_SECRET"),
        ("https://engine.example", "whsec_c2hvcnQ=", "BAOXIAO_ENGINE_SECRET"),
        ("https://engine.example", "secret", "BAOXIAO_ENGINE_SECRET"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_sent(url: str, secret: str, named: str) -> None:
    with pytest.raises(EngineUnavailable, match=named):
        HttpEngine(url, secret)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "https://engine.example/a/"])
def test_loopback_and_tls_may_be_used(url: str) -> None:
    HttpEngine(url, SECRET).close()


def test_a_closed_network_may_do_without_tls() -> None:
    HttpEngine("http://10.0.0.8:8000", SECRET, plain_http=True).close()


def test_the_same_key_with_another_body_is_refused(book: StandInBook, database: Database) -> None:
    put_entered(database)
    text = message(database).payload
    with engine(book) as client:
        client.hand_over(hand_over_message(text))
        changed = client.hand_over(hand_over_message(text.replace("203.65", "999.99")))
    assert changed["outcome"] == "refused"
    assert [one.received for one in book.messages()] == [2]


@pytest.mark.parametrize(
    "change", [lambda text: "{}", lambda text: text.replace('"C-1/1"', '"C-9/1"')], ids=["empty", "other key"]
)
def test_what_is_no_message_is_refused_with_what_is_wrong(
    book: StandInBook, database: Database, change: Callable[[str], str]
) -> None:
    put_entered(database)
    with engine(book) as client, pytest.raises(EngineAnswerRefused, match="HTTP 400"):
        client.hand_over(hand_over_message(change(message(database).payload)))
    assert book.messages() == []
