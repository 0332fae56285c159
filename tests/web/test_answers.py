"""An engine reports later: signed, whole, once more without harm; anything else is turned away."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from pipeline.engine.answers import take_answer
from pipeline.errors import StepRefused, StoreUnusable
from pipeline.store.database import Connection
from pipeline.web import answers
from pipeline.web.service import Service
from tests.web.serving import SECRET, Door, served

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""The door is what writes; here it only remembers."""

ANSWER = {"schema_version": "1", "message_id": "C-1/1", "outcome": "accepted"}


def report(body: str | bytes, moment: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers with which an engine signs a body."""
    when = moment or datetime.now(UTC)
    text = body if isinstance(body, str) else body.decode()
    return {
        "webhook-id": "r-1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign("r-1", when, text),
    }


def test_a_signed_report_goes_through_the_engines_door(web: httpx.Client, door: Door) -> None:
    body = json.dumps(ANSWER)
    told = web.post("/engine/answers", content=body, headers=report(body))
    assert (told.status_code, told.json()) == (200, {"message_id": "C-1/1"})
    assert [(message_id, answer) for message_id, answer, _ in door.taken] == [("C-1/1", ANSWER)]


def test_what_is_not_rightly_signed_goes_nowhere(web: httpx.Client, door: Door) -> None:
    body = json.dumps(ANSWER)
    signed = report(body)
    for content, headers in (
        (body, {}),
        (body + " ", signed),
        (body, {**signed, "webhook-id": "r-2"}),
        (body, {**signed, "webhook-signature": "v1"}),
        (body, {**signed, "webhook-signature": "v1,x"}),
        (body, {**signed, "webhook-timestamp": "soon"}),
        (body, report(body, datetime.now(UTC) - timedelta(minutes=10))),
        (body, report(body, secret="whsec_" + "QUJD" * 8)),
    ):
        assert web.post("/engine/answers", content=content, headers=headers).status_code == 401, headers
    assert door.taken == []


def test_a_signed_report_that_is_none_is_told_what_is_wrong(web: httpx.Client, door: Door) -> None:
    for body in ("", "{", "[]", "{}", '{"message_id": 7}', "null"):
        assert web.post("/engine/answers", content=body, headers=report(body)).status_code == 422, body
    assert door.taken == []


def test_a_report_without_end_is_not_read_to_its_end(
    web: httpx.Client, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 1000)

    def endless() -> Iterator[bytes]:
        for _ in range(4):
            yield b" " * 400

    assert web.post("/engine/answers", content=endless()).status_code == 413
    assert door.taken == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (StepRefused("不能"), 409),
        (StoreUnusable("sqlite:///x: 磁盘已满"), 503),
        (RuntimeError("sqlite, 张小样"), 500),
    ],
)
def test_what_the_door_refuses_is_a_problem(service: Service, refusal: Exception, status: int) -> None:
    def refuses(connection: Connection, message_id: str, answer: Mapping[str, Any], now: datetime) -> object:
        raise refusal

    body = json.dumps(ANSWER)
    with served(replace(service, take_answer=refuses)) as client:
        told = client.post("/engine/answers", content=body, headers=report(body))
    assert told.status_code == status
    assert told.headers["Content-Type"] == "application/problem+json"
    assert "sqlite" not in told.text
    assert told.headers["X-Content-Type-Options"] == "nosniff"


def test_what_the_engines_own_door_refuses_is_named(service: Service) -> None:
    body = json.dumps(ANSWER)
    with served(replace(service, take_answer=take_answer)) as client:
        told = client.post("/engine/answers", content=body, headers=report(body))
    assert told.status_code == 422
    assert "C-1/1" in told.json()["detail"]


def test_without_a_secret_nobody_may_report(service: Service, door: Door) -> None:
    body = json.dumps(ANSWER)
    with served(replace(service, engine_secret="")) as client:
        assert client.post("/engine/answers", content=body, headers=report(body)).status_code == 503
    assert door.taken == []
