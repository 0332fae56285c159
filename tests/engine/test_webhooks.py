"""Webhooks are told what becomes of claims, signed, and as often as it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Receiver

from pipeline.engine.passes import Sent
from pipeline.engine.signing import new_secret
from pipeline.engine.webhooks import TYPES, WebhookClient, deliver_due, url_fault
from pipeline.errors import EngineUnavailable
from pipeline.store.database import Database
from pipeline.store.sending import revive_of_target
from pipeline.store.tables import outbox
from pipeline.store.webhooks import Webhook, add_webhook, all_webhooks, remove_webhook
from tests.engine.entered import NOW, SUPERVISOR, MostPatient, later, put_entered
from tests.engine.served import served

SECRET = new_secret()


@dataclass
class Listener:
    """A receiver that answers with the statuses it is given, in turn; the last of them for ever."""

    statuses: list[int] = field(default_factory=lambda: [204])
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.heard.append((headers, sent["body"]))
        status = self.statuses[min(len(self.heard), len(self.statuses)) - 1]
        await send({"type": "http.response.start", "status": status, "headers": [(b"retry-after", b"7")]})
        await send({"type": "http.response.body", "body": b""})

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.heard]


@contextmanager
def listening(database: Database, *events: str, statuses: list[int] | None = None) -> Iterator[Listener]:
    """A webhook that is added and answers."""
    listener = Listener(statuses or [204])
    with served(listener) as url:
        add(database, f"{url}/hook", *events)
        yield listener


def add(database: Database, url: str, *events: str) -> Webhook:
    with database.write() as connection:
        return add_webhook(connection, url, SECRET, events, NOW)


def deliver(database: Database, now: Any = NOW, limit: int = 100) -> Sent:
    with WebhookClient() as client:
        return deliver_due(database, client, now, limit=limit, chance=MostPatient())


def test_what_becomes_of_a_claim_is_told_with_a_signature_that_the_standard_verifies(
    database: Database,
) -> None:
    with listening(database) as listener:
        put_entered(database, reference="受理-1")
        assert deliver(database) == Sent(answered=1)
        assert deliver(database, later(days=1)).total == 0
    ((headers, body),) = listener.heard
    told = Receiver(SECRET).verify(body, headers)
    assert told["type"] == "claim.accept"
    assert told["data"] == {
        "claim_id": "C-1",
        "reference": "受理-1",
        "event": "accept",
        "from_state": "reading",
        "state": "entered",
    }


def test_no_personal_data_is_told(database: Database) -> None:
    with listening(database) as listener:
        put_entered(database, insured_name="张小样", id_number="11010519491231002X")
        deliver(database)
    ((_, body),) = listener.heard
    assert "张小样" not in body.decode()
    assert "11010519491231002X" not in body.decode()
    assert "6200000000001234" not in body.decode()


def test_only_what_is_wanted_is_told(database: Database) -> None:
    from pipeline.store.lives import take_step

    with listening(database, "claim.take_back") as listener:
        put_entered(database)
        with database.write() as connection:
            take_step(connection, "C-1", "take_back", SUPERVISOR, NOW, "录错了")
        deliver(database)
    assert listener.types() == ["claim.take_back"]


def test_what_is_not_taken_is_told_again_under_the_same_id_and_as_late_as_asked(database: Database) -> None:
    with listening(database, statuses=[503, 204]) as listener:
        put_entered(database)
        assert deliver(database) == Sent(put_off=1)
        assert deliver(database, later(seconds=6)).total == 0
        assert deliver(database, later(seconds=9)) == Sent(answered=1)
    first, second = (headers["webhook-id"] for headers, _ in listener.heard)
    assert first == second


def test_one_that_does_not_answer_holds_up_neither_itself_nor_others(database: Database) -> None:
    """It costs a pass one try, however much lies here for it."""
    add(database, "http://127.0.0.1:9/dead")
    with listening(database) as listener:
        for number in range(5):
            put_entered(database, f"C-{number}")
        assert deliver(database) == Sent(answered=5, put_off=1)
    assert len(listener.heard) == 5


@pytest.mark.parametrize("status", [301, 400, 404, 410])
def test_whatever_is_not_2xx_is_not_taken(database: Database, status: int) -> None:
    with listening(database, statuses=[status]):
        put_entered(database)
        assert deliver(database) == Sent(put_off=1)


def test_after_hours_it_is_parked_counted_and_sent_again_when_a_person_says_so(database: Database) -> None:
    with listening(database, statuses=[500, 500, 204]) as listener:
        put_entered(database)
        deliver(database)
        assert deliver(database, later(hours=7)) == Sent(parked=1)
        with database.write() as connection:
            (hook,) = all_webhooks(connection)
            assert (hook.waiting, hook.parked) == (0, 1)
            assert revive_of_target(connection, later(hours=8), hook.id) == 1
        assert deliver(database, later(hours=8)) == Sent(answered=1)
    assert len(listener.heard) == 3


def test_a_webhook_that_is_removed_is_told_nothing_more(database: Database) -> None:
    with listening(database) as listener:
        put_entered(database)
        with database.write() as connection:
            (hook,) = all_webhooks(connection)
            assert remove_webhook(connection, hook.id, NOW)
            assert not remove_webhook(connection, hook.id, NOW)
            assert all_webhooks(connection) == []
        put_entered(database, "C-2")
        assert deliver(database).total == 0
    assert listener.heard == []


def test_the_secret_is_not_in_what_is_logged(database: Database) -> None:
    assert SECRET not in repr(add(database, "http://127.0.0.1:9/"))


def test_messages_for_the_engine_are_not_for_webhooks(database: Database) -> None:
    with listening(database) as listener:
        put_entered(database)
        deliver(database)
        with database.read() as connection:
            state = connection.execute(select(outbox.c.state).where(outbox.c.target == "engine")).scalar_one()
    assert (len(listener.heard), state) == (1, "waiting")


def test_a_test_message_says_nothing_but_that_it_arrives(database: Database) -> None:
    with listening(database) as listener, WebhookClient() as client:
        with database.read() as connection:
            (hook,) = all_webhooks(connection)
        assert client.test(hook) == 204
    assert listener.types() == ["webhook.test"]


def test_a_test_message_that_does_not_arrive_says_why(database: Database) -> None:
    with listening(database, statuses=[404]), WebhookClient() as client:
        with database.read() as connection:
            (hook,) = all_webhooks(connection)
        with pytest.raises(EngineUnavailable, match="HTTP 404"):
            client.test(hook)


@pytest.mark.parametrize("url", ["http://10.0.0.8/a?b=c", "https://office.example/hook"])
def test_an_address_inside_the_office_is_one(url: str) -> None:
    assert url_fault(url) == ""


@pytest.mark.parametrize("url", ["", "office.example", "ftp://office.example", "https://", "file:///etc/x"])
def test_what_is_no_address_is_told(url: str) -> None:
    assert "http(s)" in url_fault(url)


def test_every_step_and_note_has_a_type() -> None:
    assert {"claim.accept", "claim.pay", "claim.hold_back", "claim.parked", "claim.answered_late"} <= set(
        TYPES
    )
