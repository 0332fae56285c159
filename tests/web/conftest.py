"""A client of the web API over a store of either kind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser

from pipeline.store import passwords
from pipeline.store.database import Database
from pipeline.web.service import Service
from tests.store.stored import NOW
from tests.web.browsing import browsing, chromium
from tests.web.serving import SECRET, Door, served


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def service(database: Database, door: Door) -> Service:
    return Service(database, door, SECRET, clock=lambda: NOW)


@pytest.fixture
def web(service: Service) -> Iterator[httpx.Client]:
    with served(service) as client:
        yield client


@pytest.fixture(scope="session", autouse=True)
def _hasty_hashing() -> Iterator[None]:
    """Nobody guesses the passwords of tests; hashing them as dearly as real ones takes most of a test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of the system, started once a module: while it is open, its thread runs an event loop, and
    tests elsewhere want to run theirs.

    Tests that need one are skipped where there is none; on CI they fail, for there nobody reads of it.
    """
    if chromium() is None:
        missing = "没有 Chromium：bash tools/browser.sh / no Chromium here"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with browsing() as started:
        yield started
