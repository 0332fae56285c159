"""Waits grow, are drawn, and have bounds."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.backoff import LONGEST_ASKED_SECONDS, LONGEST_SECONDS, wait_after, wait_while_pending


@given(st.integers(1, 10_000), st.randoms())
def test_a_wait_is_between_nothing_and_its_bound(failures: int, chance: random.Random) -> None:
    wait = wait_after(failures, None, chance).total_seconds()
    assert 0 <= wait <= min(LONGEST_SECONDS, 2.0 ** min(failures - 1, 20))


def test_senders_that_failed_together_do_not_come_back_together() -> None:
    chance = random.Random(1)
    waits = [wait_after(8, None, chance).total_seconds() for _ in range(400)]
    in_quarters = [sum(32 * quarter <= wait < 32 * (quarter + 1) for wait in waits) for quarter in range(4)]
    assert min(in_quarters) > 70, f"drawn evenly from 0 to 128 s: {in_quarters}"


@given(st.integers(1, 50), st.floats(0, 1e9), st.randoms())
def test_it_waits_as_long_as_asked_but_not_for_ever(
    failures: int, asked: float, chance: random.Random
) -> None:
    wait = wait_after(failures, asked, chance).total_seconds()
    assert min(asked, LONGEST_ASKED_SECONDS) - 1e-6 <= wait <= LONGEST_ASKED_SECONDS


@given(st.timedeltas(timedelta(seconds=-5), timedelta(days=400)))
def test_a_pending_message_is_asked_about_every_5_seconds_to_every_hour(waited: timedelta) -> None:
    assert timedelta(seconds=5) <= wait_while_pending(waited) <= timedelta(hours=1)


def test_a_pending_message_is_asked_about_more_rarely_the_longer_it_has_waited() -> None:
    assert wait_while_pending(timedelta(minutes=10)) == timedelta(minutes=1)
