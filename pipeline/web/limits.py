"""How often somebody may ask: signing in, by account and by address; changing things, by caller.

Counted in a moving window in this process's memory, which is the only one that serves; a restart forgets.
Whoever asks too often is told when to come again (429 with `Retry-After`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException

SIGN_IN_MINUTES = 15
SIGN_INS_OF_ACCOUNT: Final = RateLimitItemPerMinute(10, SIGN_IN_MINUTES, namespace="account")
"""Tries at one account, 960 a day: even a six-digit password would take years, and ours are longer."""
SIGN_INS_FROM_ADDRESS: Final = RateLimitItemPerMinute(100, SIGN_IN_MINUTES, namespace="address")
"""Tries from one address: an office of 50 behind one proxy signs in twice within the window."""
CHANGES: Final = RateLimitItemPerMinute(6_000, namespace="changes")
"""Changing requests of one caller, 100 a second. A person at work sends two a second at most, and what two
cores acknowledge is less: it stops a program that has run wild, nobody at work."""


class Limits:
    """The counts of one app."""

    def __init__(self) -> None:
        self._counted = MovingWindowRateLimiter(MemoryStorage())

    def count(self, limit: RateLimitItem, who: str) -> None:
        """Count one more.

        Args:
            limit: What is counted, and how often it may be.
            who: Whose it is.

        Raises:
            HTTPException: 429 with `Retry-After`, where there were too many.
        """
        if self._counted.hit(limit, who):
            return
        again = self._counted.get_window_stats(limit, who).reset_time
        seconds = max(1, math.ceil(again - time.time()))
        chinese, english = _duration(seconds, " 分钟", " 秒"), _duration(seconds, " min", " s")
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"请在{chinese}后再试 / try again in {english}",
            headers={"Retry-After": str(seconds)},
        )


def limits_of(request: Request) -> Limits:
    """The counts of the app that serves the request."""
    counts: Limits = request.app.state.limits
    return counts


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy on this machine what that says (`X-Forwarded-For`)."""
    return request.client.host if request.client else ""


def at_most(limit: RateLimitItem) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets an address ask so often: `Depends(at_most(RateLimitItemPerMinute(30)))`."""

    async def counted(request: Request) -> None:
        limits_of(request).count(limit, address_of(request))

    return counted


def _duration(seconds: int, minutes: str, short: str) -> str:
    return f"{math.ceil(seconds / 60)}{minutes}" if seconds >= 60 else f"{seconds}{short}"
