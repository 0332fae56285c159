"""Applications served on loopback as long as a test needs them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

UP_SECONDS = 10.0


@contextmanager
def served(app: Callable[..., Any]) -> Iterator[str]:
    """The URL under which the ASGI application answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    # A connection that is meant to hang must not hold the end of the test.
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + UP_SECONDS
    while not server.started and time.monotonic() < give_up_at:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(UP_SECONDS)
        listening.close()
