"""When a message that was not taken is sent again.

Exponential with full jitter: the wait is drawn evenly from nothing to a bound that doubles with every try.
Senders that failed together then do not come back together (Brooker, "Exponential Backoff And Jitter", 2015).
"""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_SECONDS = 1.0
"""The bound of the first wait."""
LONGEST_SECONDS = 600.0
"""No bound is above ten minutes: an engine that is back is found within that time."""
LONGEST_ASKED_SECONDS = 3600.0
"""`Retry-After` is honoured up to an hour: a header must not be able to hold a claim for a year."""

PENDING_SHARE = 0.1
"""A pending message is asked about after this share of the time that it has waited already …"""
PENDING_SECONDS = (5.0, 3600.0)
"""… but not more often and not less often than so."""


def wait_after(failures: int, asked_seconds: float | None, chance: random.Random) -> timedelta:
    """The wait before the next try.

    Args:
        failures: Tries in a row without an answer, 1 after the first.
        asked_seconds: What the other side asked for; the wait is not shorter.
        chance: Draws the jitter.
    """
    # 2.0 ** 1024 overflows; the bound has been reached long before.
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 32))
    drawn = chance.uniform(0.0, bound)
    return timedelta(seconds=max(drawn, min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS)))


def wait_while_pending(waited: timedelta) -> timedelta:
    """The wait before a pending message is asked about again, `waited` after it was written."""
    least, most = PENDING_SECONDS
    return timedelta(seconds=min(most, max(least, waited.total_seconds() * PENDING_SHARE)))
