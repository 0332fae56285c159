"""One server for all tests of flows: it takes 6 to 8 s to start."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows import server
from pipeline.settings import settings

LEAVES_SOCKETS = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
"""Prefect's clients leave their sockets to the garbage collector when an event loop ends."""


@dataclass(frozen=True)
class Prefect:
    """A running server: its address, and what it knows."""

    url: str
    folder: Path

    def asked(self, path: str, **filters: object) -> Any:
        address = urlsplit(self.url)
        connection = HTTPConnection(address.netloc, timeout=10)
        try:
            body = json.dumps(filters)
            connection.request("POST", address.path + path, body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def newest_run(self) -> Any:
        return self.asked("/flow_runs/filter", sort="EXPECTED_START_TIME_DESC", limit=1)[0]

    def knows(self, text: str) -> bool:
        """Whether the text stands anywhere in what the server keeps, in the ways JSON writes it."""
        ways = (text.encode(), json.dumps(text)[1:-1].encode())
        kept = [file.read_bytes() for file in self.folder.rglob("*") if file.is_file()]
        return any(way in content for way in ways for content in kept)


@pytest.fixture(scope="session")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    folder = tmp_path_factory.mktemp("office") / "prefect"
    url = server.start(folder)
    yield Prefect(url, folder)
    server.stop(folder)


@pytest.fixture
def prefect_server(a_server: Prefect, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prefect]:
    """A server that the flows of a test run against."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setenv("PREFECT_API_URL", a_server.url)
    with temporary_settings({PREFECT_API_URL: a_server.url}):
        yield a_server
    gc.collect()  # so that it is this test that finds the sockets


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own."""
    monkeypatch.setenv("BAOXIAO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("BAOXIAO_WORKERS", "2")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    settings.cache_clear()
    yield tmp_path / "state"
    settings.cache_clear()
