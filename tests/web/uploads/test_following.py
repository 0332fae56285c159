"""Following an upload: one look at the store for all who follow, and a store that is away does no harm."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from pipeline.errors import StoreUnusable
from pipeline.web.uploads import following
from pipeline.web.uploads.following import Followers
from pipeline.web.uploads.records import UploadRecord


def record(state: str, done: int = 0) -> UploadRecord:
    return cast("UploadRecord", {"upload": "U-1", "state": state, "pages": {"done": done, "total": 9}})


class Looks:
    """Gives one state after the other, the last one for ever."""

    def __init__(self, *states: UploadRecord | Exception) -> None:
        self.states = list(states)
        self.number = 0

    def __call__(self, _upload: str) -> UploadRecord:
        state = self.states[min(self.number, len(self.states) - 1)]
        self.number += 1
        if isinstance(state, Exception):
            raise state
        return state


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)


async def told(followers: Followers, last_seen: str | None = None) -> list[UploadRecord]:
    return [event.data async for event in followers.follow("U-1", last_seen)]


def test_all_who_follow_are_told_by_one_look_each_time() -> None:
    looks = Looks(record("received"), record("reading", 1), record("reading", 1), record("read"))

    async def follow() -> list[list[UploadRecord]]:
        followers = Followers(looks)
        heard = await asyncio.gather(*(told(followers) for _ in range(30)))
        assert followers.followed == 0
        return heard

    heard = asyncio.run(follow())
    assert all(one == [record("received"), record("reading", 1), record("read")] for one in heard)
    assert looks.number == 4


def test_a_store_that_is_away_for_a_while_ends_nothing() -> None:
    looks = Looks(record("reading"), StoreUnusable("停了 / down"), record("read"))
    heard = asyncio.run(told(Followers(looks)))
    assert heard == [record("reading"), record("read")]


def test_what_the_listener_has_is_not_told_again() -> None:
    looks = Looks(record("reading"), record("reading"), record("read"))
    seen = following.tag_of(record("reading"))
    assert asyncio.run(told(Followers(looks), seen)) == [record("read")]


def test_who_goes_away_leaves_nobody_looking() -> None:
    looks = Looks(record("reading"))

    async def go_away() -> int:
        followers = Followers(looks)
        listening = asyncio.create_task(told(followers))
        await asyncio.sleep(0.05)
        listening.cancel()
        await asyncio.sleep(0.05)
        before = looks.number
        await asyncio.sleep(0.1)
        assert followers.followed == 0
        return looks.number - before

    assert asyncio.run(go_away()) == 0
