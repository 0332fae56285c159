"""A reimbursement engine that stands in for a real one, for those who connect theirs and for our own tests.

It does what `docs/engine.md` asks of an engine and no more: it verifies signatures, knows a message by its
key, keeps it before it answers, and gives the same answer however often it is asked. What it pays is no
settlement: the whole bill. It can be made to fail in the ways in which services fail.

It keeps what it was sent, personal data included, in an SQLite file of its own, and listens on loopback.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pydantic
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pipeline.engine.failures import Failures
from pipeline.engine.protocol import (
    SCHEMA_VERSION,
    AnswerOutcome,
    EngineAnswer,
    HandOverPayload,
    answer_text,
    engine_schema,
)
from pipeline.engine.signing import is_signed
from pipeline.errors import StoreUnusable

PENDING_ASKS = 1
"""A message that is first answered `pending` is settled when it is asked about for this time."""
BROKEN_LENGTH = 1000
"""What a broken answer promises in bytes, and does not send."""

_TABLE = """CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL,
    body TEXT NOT NULL,         -- as it was sent
    answer TEXT NOT NULL,
    received INTEGER NOT NULL,  -- how often it came
    asked INTEGER NOT NULL      -- how often it was asked about
)"""

_PAYLOAD = pydantic.TypeAdapter(HandOverPayload)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that it keeps; `received` counts how often it came, `asked` how often it was asked about."""

    message_id: str
    body: str
    answer: EngineAnswer
    received: int
    asked: int


class StandInBook:
    """What the stand-in was sent, committed before it answers; may be used from several threads.

    Raises:
        StoreUnusable: If the file is no database, or cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        try:
            with self._lock, closing(self._open()) as connection:
                connection.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            raise StoreUnusable(f"{file}: 无法使用 / cannot be used: {error}") from error

    def keep(self, message_id: str, claim_id: str, body: str, answer: EngineAnswer) -> Kept:
        """Keep a message that is new; what is kept under its id, on the disk when this returns."""
        with self._lock, closing(self._open()) as connection:
            connection.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, 1, 0)"
                " ON CONFLICT (message_id) DO UPDATE SET received = received + 1",
                (message_id, claim_id, body, answer_text(answer)),
            )
            kept = _kept(connection, message_id)
        assert kept is not None
        return kept

    def asked(self, message_id: str) -> Kept | None:
        """The message, asked about once more; None where it never came."""
        with self._lock, closing(self._open()) as connection:
            connection.execute("UPDATE messages SET asked = asked + 1 WHERE message_id = ?", (message_id,))
            return _kept(connection, message_id)

    def messages(self) -> list[Kept]:
        """All that it keeps, in the order in which it came."""
        with self._lock, closing(self._open()) as connection:
            ids = connection.execute("SELECT message_id FROM messages ORDER BY rowid").fetchall()
            return [kept for (one,) in ids if (kept := _kept(connection, one)) is not None]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")
        return connection


def _kept(connection: sqlite3.Connection, message_id: str) -> Kept | None:
    row = connection.execute(
        "SELECT body, answer, received, asked FROM messages WHERE message_id = ?", (message_id,)
    ).fetchone()
    if row is None:
        return None
    body, answer, received, asked = row
    return Kept(message_id, body, cast("EngineAnswer", json.loads(answer)), received, asked)


def stand_in(
    book: StandInBook, secret: str, outcome: AnswerOutcome = "settled", failures: Failures | None = None
) -> FastAPI:
    """The stand-in as an application.

    Args:
        book: Where it keeps what it is sent.
        secret: What requests must be signed with.
        outcome: What it says to a claim; after `pending` it settles.
        failures: How it fails; not at all where nothing is said.
    """
    failing = failures or Failures()
    app = FastAPI(title="报销结算系统（替身） / stand-in reimbursement engine", docs_url=None, redoc_url=None)

    @app.post("/claims", openapi_extra=_takes("HandOverPayload"), responses=_GIVES)
    async def take_claim(request: Request) -> Response:
        """接收一条移交消息 / takes a message; the same key again gives the same answer."""
        body = await request.body()
        if not is_signed(secret, request.headers, body):
            return _problem(401, "签名无效或已过期 / the signature is wrong or too old")
        strikes = failing.strikes()
        if strikes and failing.kind == "500":
            return _problem(500, "内部错误（演练） / internal error (as asked for)")
        try:
            payload = _PAYLOAD.validate_json(body, strict=True)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            return _problem(400, f"消息不符合格式 / not a message of schema 1: {where}: {first['msg']}")
        if request.headers.get("idempotency-key") != payload["message_id"]:
            return _problem(400, "Idempotency-Key 应为 message_id / should be the message_id")
        text = body.decode()
        claim_id = payload["claim"]["claim_id"]
        kept = book.keep(payload["message_id"], claim_id, text, _first_answer(payload, outcome))
        if kept.body != text:
            return _problem(409, "同一编号，内容不同 / another body under the same key")
        return await _sent(kept.answer, failing, strikes)

    @app.get("/claims/{message_id:path}", responses=_GIVES)
    async def give_answer(message_id: str, request: Request) -> Response:
        """查询一条消息的处理结果 / what became of a message."""
        if not is_signed(secret, request.headers, b""):
            return _problem(401, "签名无效或已过期 / the signature is wrong or too old")
        if request.headers.get("webhook-id") != message_id:
            return _problem(401, "签名属于另一条消息 / the signature is of another message")
        kept = book.asked(message_id)
        if kept is None:
            return _problem(404, "没有这条消息 / no such message")
        is_due = kept.answer["outcome"] == "pending" and kept.asked >= PENDING_ASKS
        answer = _settled(json.loads(kept.body)) if is_due else kept.answer
        return await _sent(answer, failing, failing.strikes())

    @app.get("/messages")
    async def messages() -> list[dict[str, Any]]:
        """收到的消息，供对接人员查看 / what it was sent, for whoever connects an engine to look at."""
        return [
            {"message_id": one.message_id, "received": one.received, "asked": one.asked, "answer": one.answer}
            for one in book.messages()
        ]

    _publish(app)
    return app


def _first_answer(payload: HandOverPayload, outcome: AnswerOutcome) -> EngineAnswer:
    if outcome == "settled":
        return _settled(payload)
    refusal = {"code": "stand_in", "message": "替身按要求退回 / refused as asked for"}
    return {
        "schema_version": SCHEMA_VERSION,
        "message_id": payload["message_id"],
        "outcome": outcome,
        "reasons": [cast("Any", refusal)] if outcome == "refused" else [],
        "settlement": None,
        "paid": None,
    }


def _settled(payload: HandOverPayload) -> EngineAnswer:
    """The whole bill is paid, or nothing of it where the claim is taken back."""
    amendment = payload["amendment"]
    is_cancelled = amendment is not None and amendment["kind"] == "cancellation"
    total = "0.00" if is_cancelled else payload["claim"]["totals"].get("total_amount", "0.00")
    return {
        "schema_version": SCHEMA_VERSION,
        "message_id": payload["message_id"],
        "outcome": "settled",
        "reasons": [],
        "settlement": {
            "schema_version": SCHEMA_VERSION,
            "claim_id": payload["claim"]["claim_id"],
            "outcome": "settled",
            "payout": {"low": total, "high": total},
        },
        "paid": None,
    }


async def _sent(answer: EngineAnswer, failing: Failures, strikes: bool) -> Response:
    """The answer, or what a failure makes of it: all that happens here happens after it was kept."""
    text = answer_text(answer)
    if strikes and failing.kind == "reset":
        return StreamingResponse(_breaking_off(text), headers={"content-length": str(BROKEN_LENGTH)})
    if strikes and failing.kind == "timeout-after-commit":
        await asyncio.sleep(failing.hang_seconds)
    if strikes and failing.kind == "slow":
        await asyncio.sleep(failing.slow_seconds)
    return Response(text, media_type="application/json")


async def _breaking_off(text: str) -> AsyncIterator[bytes]:
    """A part of an answer, and then the connection breaks."""
    yield text.encode()[:10]
    raise ConnectionResetError


def _problem(status: int, title: str) -> JSONResponse:
    """Why not, as RFC 9457 asks for."""
    return JSONResponse(
        {"status": status, "title": title}, status_code=status, media_type="application/problem+json"
    )


_REF = "#/components/schemas/{model}"
_GIVES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "EngineAnswer",
        "content": {"application/json": {"schema": {"$ref": _REF.format(model="EngineAnswer")}}},
    }
}


def _takes(model: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
    return {"requestBody": {"required": True, "content": content}}


def _publish(app: FastAPI) -> None:
    """Put messages and answers into `/openapi.json`: bodies are read as bytes, so FastAPI cannot tell."""
    described = app.openapi()
    shapes = engine_schema(_REF)["$defs"]
    described.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
    app.openapi_schema = described
