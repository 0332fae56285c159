"""One pass over what is due: how many messages, how long each is ours, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

LEASE = timedelta(minutes=3)
"""How long a message is ours alone: longer than a try can take (`pipeline.engine.exchange.ANSWER_SECONDS`).
Should a try outlast it, the message is sent twice under one id, which the other side knows."""

GIVE_UP_AFTER = timedelta(hours=6)
"""How long a message is tried without an answer; the setting `engine_give_up_hours` says otherwise."""

MESSAGES_A_PASS = 100
"""A caller has other things to do as well."""

UNANSWERED_IN_A_ROW = 3
"""Somebody who hangs would hold the caller for a time-out a message: after so many the pass ends."""

Fate: TypeAlias = Literal["answered", "put_off", "parked", "held_back"]
"""What became of one message; `answered` includes `pending`."""

Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a pass did, in messages."""

    answered: int = 0
    put_off: int = 0
    parked: int = 0
    held_back: int = 0

    def __add__(self, other: Sent) -> Sent:
        return Sent(
            self.answered + other.answered,
            self.put_off + other.put_off,
            self.parked + other.parked,
            self.held_back + other.held_back,
        )

    @property
    def total(self) -> int:
        """All that were looked at; 0: nothing was due."""
        return self.answered + self.put_off + self.parked + self.held_back


def one_after_the_other(next_fate: Callable[[], Fate | None], limit: int) -> Sent:
    """Handle messages until nothing is due, `limit` is reached, or nobody seems to be there."""
    fates: list[Fate] = []
    while len(fates) < limit and fates[-UNANSWERED_IN_A_ROW:] != ["put_off"] * UNANSWERED_IN_A_ROW:
        fate = next_fate()
        if fate is None:
            break
        fates.append(fate)
    return Sent(*(fates.count(fate) for fate in ("answered", "put_off", "parked", "held_back")))


def clock_from(now: datetime) -> Clock:
    """A clock that shows `now` and goes on from there: a pass may take minutes."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)
