"""Following an upload: each listener is sent how far it is whenever that changes, until it is read.

An event is the whole state and not a change of it, so one that was missed on the way does no harm. However
many listen to an upload, its state is looked up once for all of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from pipeline.errors import ServiceUnavailable
from pipeline.web.uploads.records import UploadRecord

POLL_SECONDS = 0.5
"""How often an upload that somebody follows is looked up: a page takes about a second to read."""
RETRY_MILLISECONDS = 2000
"""After how long a browser whose connection was lost asks again."""
EVENT = "upload"
"""What events are called."""
ENDED = frozenset({"read", "failed"})


def tag_of(record: UploadRecord) -> str:
    """What the events of one state of an upload are known by."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]


@dataclass
class _Watched:
    """An upload that somebody follows: its state as last looked up, and who looks it up."""

    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    record: UploadRecord | None = None
    listeners: int = 0
    task: asyncio.Task[None] | None = None


class Followers:
    """Who follows which uploads; of one event loop.

    Args:
        look_up: The state of an upload; called in a thread.
    """

    def __init__(self, look_up: Callable[[str], UploadRecord]) -> None:
        self._look_up = look_up
        self._watched: dict[str, _Watched] = {}

    async def follow(self, upload: str, last_seen: str | None) -> AsyncIterator[ServerSentEvent]:
        """The states of an upload from now on, the last of them when it is read.

        Args:
            upload: Its id.
            last_seen: The tag of the state that the listener has (`Last-Event-ID`).
        """
        watched = self._watched.setdefault(upload, _Watched())
        watched.listeners += 1
        if watched.task is None:
            watched.task = asyncio.create_task(self._poll(upload, watched))
        try:
            while True:
                async with watched.changed:
                    while (record := watched.record) is None or tag_of(record) == last_seen:
                        if record is not None and record["state"] in ENDED:
                            return
                        await watched.changed.wait()
                last_seen = tag_of(record)
                yield ServerSentEvent(data=record, event=EVENT, id=last_seen, retry=RETRY_MILLISECONDS)
                if record["state"] in ENDED:
                    return
        finally:
            watched.listeners -= 1
            if not watched.listeners:
                watched.task.cancel()
                del self._watched[upload]

    @property
    def followed(self) -> int:
        """How many uploads are followed."""
        return len(self._watched)

    async def _poll(self, upload: str, watched: _Watched) -> None:
        while True:
            try:
                record: UploadRecord | None = await run_in_threadpool(self._look_up, upload)
            except ServiceUnavailable:  # the store is back before long, and whoever follows has time
                record = watched.record
            if watched.record != record:
                async with watched.changed:
                    watched.record = record
                    watched.changed.notify_all()
            await asyncio.sleep(POLL_SECONDS)
