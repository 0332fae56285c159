"""One request to somebody outside, held to limits of time and size, its failures told in two kinds.

Redirects are never followed: where claims go is what the office has set, not what an answer says.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Literal

import httpx

from pipeline.errors import EngineUnavailable

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""Between two parts of an answer."""
ANSWER_SECONDS = 60.0
"""For an answer as a whole: one that drips would hold a sender for ever."""
MOST_BYTES = 4 * 1024 * 1024
"""Of an answer: a settlement of a stay with a thousand rows has 0.5 MB."""

AGAIN_LATER = frozenset({408, 425, 429})
"""Statuses below 500 that say: the same request may work later."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole."""

    status: int
    body: bytes


def client(read_seconds: float = READ_SECONDS) -> httpx.Client:
    """A client with our time-outs, that verifies certificates and follows no redirect."""
    timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
    return httpx.Client(timeout=timeout, follow_redirects=False, verify=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that we trust, read once: it takes longer than a request."""
    return httpx.create_ssl_context()


def exchange(
    client: httpx.Client,
    method: Literal["GET", "POST"],
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Reply:
    """Send a request and read its answer.

    Raises:
        EngineUnavailable: If nobody answers in time, the connection breaks, the answer is too large, or it
            says that the same request may work later (5xx, 408, 425, 429).
    """
    give_up_at = time.monotonic() + ANSWER_SECONDS
    received = bytearray()
    try:
        with client.stream(method, url, headers=dict(headers), content=body) as response:
            for part in response.iter_bytes():
                received += part
                if len(received) > MOST_BYTES or time.monotonic() > give_up_at:
                    raise EngineUnavailable(
                        f"答复超过 {MOST_BYTES} 字节或 {ANSWER_SECONDS:.0f} 秒"
                        f" / the answer exceeds {MOST_BYTES} bytes or {ANSWER_SECONDS:.0f} s"
                    )
    except httpx.RequestError as error:
        raise EngineUnavailable(f"没有答复 / no answer ({type(error).__name__}: {error})") from error
    if response.status_code >= 500 or response.status_code in AGAIN_LATER:
        raise EngineUnavailable(
            f"暂时不可用 / not available: HTTP {response.status_code}",
            retry_after(response.headers.get("retry-after"), datetime.now(UTC)),
        )
    return Reply(response.status_code, bytes(received))


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); None where it says nothing.

    >>> retry_after("120", datetime(2026, 3, 2, tzinfo=UTC))
    120.0
    >>> retry_after("Mon, 02 Mar 2026 00:00:30 GMT", datetime(2026, 3, 2, tzinfo=UTC))
    30.0
    >>> retry_after("soon", datetime(2026, 3, 2, tzinfo=UTC))
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
