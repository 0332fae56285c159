"""The reimbursement engine as a service: messages by HTTP, signed, each known by its idempotency key.

`docs/engine.md` says for the other side what is sent and what every answer means.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import quote, urlsplit

from pipeline.engine.exchange import READ_SECONDS, Reply, client, exchange
from pipeline.engine.protocol import SCHEMA_VERSION, EngineAnswer, HandOverMessage, read_answer
from pipeline.engine.signing import secret_fault, signed_headers
from pipeline.errors import EngineAnswerRefused, EngineUnavailable

REFUSALS = frozenset({409, 422})
"""Statuses by which an engine refuses the claim itself, rather than how it was asked."""
NOT_FOUND = 404
QUOTED_CHARACTERS = 300
"""Of an answer that is none, so that a person sees what came."""


class HttpEngine:
    """An engine that answers under a URL; to be closed.

    Args:
        url: Messages go to `<url>/claims`.
        secret: What they are signed with (`whsec_…`).
        plain_http: Whether another machine may be reached without TLS.
        read_seconds: How long to wait between two parts of an answer.
        clock: Gives the moment of a signature.

    Raises:
        EngineUnavailable: If URL or secret cannot be used.
    """

    name = "http"

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        plain_http: bool = False,
        read_seconds: float = READ_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if fault := _url_fault(url, plain_http) or _secret_fault(secret):
            raise EngineUnavailable(fault)
        self._url = f"{url.rstrip('/')}/claims"
        self._secret = secret
        self._clock = clock
        self._client = client(read_seconds)

    def __enter__(self) -> HttpEngine:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def hand_over(self, message: HandOverMessage) -> EngineAnswer:
        """Send the message, or ask for its answer where the engine has it; what the engine says.

        Raises:
            EngineUnavailable: If it does not answer, or asks to come later.
            EngineAnswerRefused: If what it says is no answer, or it does not understand us.
        """
        if message.is_pending:
            reply = self._ask(message)
            if reply.status != NOT_FOUND:
                return _answer(reply, message.message_id)
            # It has lost what it had: it is told again, under the same id.
        return _answer(self._tell(message), message.message_id)

    def _tell(self, message: HandOverMessage) -> Reply:
        headers = {
            **signed_headers(self._secret, message.message_id, message.text, self._clock()),
            "content-type": "application/json; charset=utf-8",
            "idempotency-key": message.message_id,
        }
        return exchange(self._client, "POST", self._url, headers, message.text.encode())

    def _ask(self, message: HandOverMessage) -> Reply:
        headers = signed_headers(self._secret, message.message_id, "", self._clock())
        return exchange(self._client, "GET", f"{self._url}/{quote(message.message_id, safe='')}", headers)


def _answer(reply: Reply, message_id: str) -> EngineAnswer:
    if 200 <= reply.status < 300:
        return read_answer(reply.body, message_id)
    words = reply.body.decode(errors="replace")[:QUOTED_CHARACTERS].strip()
    if reply.status in REFUSALS:
        return _refusal(reply, message_id, words)
    raise EngineAnswerRefused(
        f"{message_id}: HTTP {reply.status}：结算系统不接受这样的请求，请检查地址、密钥和版本"
        f" / the engine does not take such a request; check URL, secret and version: {words}"
    )


def _refusal(reply: Reply, message_id: str, words: str) -> EngineAnswer:
    """A refusal in our shape where the body is one, else with the words that came."""
    try:
        answer = read_answer(reply.body, message_id)
    except EngineAnswerRefused:
        return {
            "schema_version": SCHEMA_VERSION,
            "message_id": message_id,
            "outcome": "refused",
            "reasons": [{"code": f"http_{reply.status}", "message": words or f"HTTP {reply.status}"}],
            "settlement": None,
            "paid": None,
        }
    if answer["outcome"] != "refused":
        raise EngineAnswerRefused(
            f"{message_id}: HTTP {reply.status} 与 outcome {answer['outcome']} 不符 / contradict each other"
        )
    return answer


def _url_fault(url: str, plain_http: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return (
            "请设置 BAOXIAO_ENGINE_URL，如 https://主机/路径，不带 ? 和 #"
            " / set BAOXIAO_ENGINE_URL, such as https://host/path, without ? and #"
        )
    if parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname):
        return (
            "BAOXIAO_ENGINE_URL: 申请含个人信息，发往其他主机须用 https"
            "（封闭网络可设 BAOXIAO_ENGINE_PLAIN_HTTP=true）"
            " / claims hold personal data: https to another machine"
            " (BAOXIAO_ENGINE_PLAIN_HTTP=true in a closed network)"
        )
    return ""


def _secret_fault(secret: str) -> str:
    fault = secret_fault(secret)
    return f"BAOXIAO_ENGINE_SECRET: {fault}" if fault else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
