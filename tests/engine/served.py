"""Applications served on loopback by one real server: one for every test would take half a minute."""

from __future__ import annotations

import atexit
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any, TypeAlias

import uvicorn

App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

UP_SECONDS = 10.0

_apps: dict[str, App] = {}
_numbers = count(1)


@contextmanager
def served(app: App) -> Iterator[str]:
    """The URL under which the ASGI application answers, as long as the context lasts."""
    number = str(next(_numbers))
    _apps[number] = app
    try:
        yield f"{_server()}/{number}"
    finally:
        del _apps[number]


async def _by_number(scope: Any, receive: Any, send: Any) -> None:
    """Each application under its number, which it does not see."""
    _, number, *_ = scope["path"].split("/")
    prefix = f"/{number}"
    paths = {"path": scope["path"].removeprefix(prefix) or "/"}
    paths["raw_path"] = scope["raw_path"].removeprefix(prefix.encode()) or b"/"
    await _apps[number]({**scope, **paths}, receive, send)


@cache
def _server() -> str:
    """The server of this process, started once."""
    listening = socket.create_server(("127.0.0.1", 0))
    # A connection that is meant to hang must not hold the end of the tests.
    config = uvicorn.Config(_by_number, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + UP_SECONDS
    while not server.started and time.monotonic() < give_up_at:
        time.sleep(0.01)

    @atexit.register
    def _end() -> None:
        server.should_exit = True
        thread.join(UP_SECONDS)

    return f"http://127.0.0.1:{listening.getsockname()[1]}"
