"""The web API over real HTTP, with tokens and an engine's door that remembers what came through."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import uvicorn

from pipeline.store.database import Connection, Database
from pipeline.store.tokens import create_token
from pipeline.web.app import app
from pipeline.web.service import Service
from tests.store.stored import NOW

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECONDS = 10


class Door:
    """Stands for `take_answer`: keeps what it was given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Mapping[str, Any], datetime]] = []

    def __call__(
        self, connection: Connection, message_id: str, answer: Mapping[str, Any], now: datetime
    ) -> object:
        """Keep an answer."""
        self.taken.append((message_id, answer, now))
        return True


@contextmanager
def served(service: Service, log_level: str = "critical") -> Iterator[httpx.Client]:
    """A client of the API, served on a port of this machine; what the server notes goes to standard error."""
    server = uvicorn.Server(
        uvicorn.Config(app(service), host="127.0.0.1", port=0, log_level=log_level, access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "the API did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def token(database: Database, *scopes: str, claim_id: str | None = None) -> dict[str, str]:
    """The header of a caller with these scopes."""
    with database.write() as connection:
        text = create_token(connection, "测试", scopes, NOW, claim_id=claim_id)
    return {"Authorization": f"Bearer {text}"}
