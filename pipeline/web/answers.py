"""`POST /engine/answers`: an engine that settles later reports it, signed as messages to it are.

Signatures are those of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`); a report
that is old or was changed on its way is refused. The same report may come again: it changes nothing.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.engine.signing import is_signed
from pipeline.web.service import Service

MOST_BYTES = 4 * 1024 * 1024
"""Of a report: the settlement of a stay with some thousand rows takes about 1 MB."""

router = APIRouter()


class TakenRecord(TypedDict):
    """That a report was taken."""

    message_id: str


@router.post("/engine/answers")
async def answers(request: Request) -> TakenRecord:
    """结算系统回报结果 / an engine reports what became of a message."""
    service: Service = request.app.state.service
    body = await _body(request)
    if not service.engine_secret:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "未设置 BAOXIAO_ENGINE_SECRET，无法核对签名 / it is not set: no signature can be checked",
        )
    if not is_signed(service.engine_secret, request.headers, body):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "签名不符或已过期 / the signature is wrong or too old")
    answer = _answer(body)
    return await run_in_threadpool(_taken, service, answer)


def _taken(service: Service, answer: dict[str, Any]) -> TakenRecord:
    with service.database.write() as connection:
        service.take_answer(connection, answer["message_id"], answer, service.clock())
    return {"message_id": answer["message_id"]}


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"> {MOST_BYTES} bytes")
    return body


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "不是 JSON / no JSON") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("message_id"), str):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "message_id: 缺少此项 / is missing")
    return answer
