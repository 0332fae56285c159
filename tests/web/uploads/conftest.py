"""An upload desk on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.store.opened import Store
from tests.web.serving import served, token
from tests.web.uploads.desk import Desk, desk_in


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    with desk_in(store, tmp_path) as opened:
        yield opened


@pytest.fixture
def web(desk: Desk) -> Iterator[httpx.Client]:
    """A client that nobody has signed in."""
    with served(desk.service) as client:
        yield client


@pytest.fixture
def program(web: httpx.Client, desk: Desk) -> httpx.Client:
    """The client of a program that may send papers and sees what became of its own."""
    web.headers.update(token(desk.store.database, "uploads:write"))
    return web
