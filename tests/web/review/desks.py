"""The review screen in a browser, over a web service that can be stopped and started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize

from pipeline.store.accounts import PersonRole
from pipeline.store.database import Database
from pipeline.store.opened import Store
from pipeline.web.app import app
from pipeline.web.people import COOKIE
from pipeline.web.service import Service
from tests.cases import judges
from tests.store.stored import NOW
from tests.web.browsing import held_by, staffed
from tests.web.serving import SECRET, Door

SECONDS = 10
"""So long something may take that a test waits for."""

WINDOW: ViewportSize = {"width": 1280, "height": 800}

DESK = """async () => {
  const review = document.querySelector('script[src*="/review.js"]').src;
  const { desk } = await import(review.replace("review.js", "desk.js"));
  return EXPRESSION;
}"""


CELL = "cell-editor"
"""The class of the input that lies over the cell in focus."""


class DeskServer:
    """The web service of a store on a port that stays the same when it is started again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._service = Service(store.database, Door(), SECRET, clock=lambda: NOW, store=store, judges=judges)
        self._port = 0
        self._sessions: dict[str, str] = {}
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def database(self) -> Database:
        """Of the store."""
        return self.store.database

    def session(self, role: PersonRole, name: str) -> str:
        """What the cookie of somebody holds; the account is made when it is first asked for."""
        if name not in self._sessions:
            self._sessions[name], _csrf = held_by(self.database, staffed(self.database, role, name))
        return self._sessions[name]

    def start(self) -> None:
        """Answer, on the port of before where there was one."""
        self._server = uvicorn.Server(
            uvicorn.Config(
                app(self._service),
                host="127.0.0.1",
                port=self._port,
                log_level="critical",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        deadline = time.monotonic() + SECONDS
        while not self._server.started:
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.005)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Answer no more: connections are refused."""
        assert self._server is not None
        assert self._thread is not None
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join()


@contextmanager
def serving_desks(store: Store) -> Iterator[DeskServer]:
    """A service of the store for as long as the context lasts."""
    server = DeskServer(store)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def at_desk(
    browser: Browser, server: DeskServer, claim_id: str, role: PersonRole = "reviewer", name: str = "wang"
) -> Iterator[Page]:
    """The screen of somebody with the claim on their desk, its first doubtful value in focus.

    What goes wrong in a script of the page fails the test.
    """
    context = browser.new_context(base_url=server.url, viewport=WINDOW, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": server.session(role, name), "url": server.url}])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        page.goto(f"/review/{claim_id}")
        page.wait_for_function("() => document.activeElement.closest('.desk')")
        yield page
    finally:
        context.close()
    assert faults == []


def desk(page: Page, what: str) -> Any:
    """What an expression says of the screen's `desk`."""
    return page.evaluate(DESK.replace("EXPRESSION", what))


def focused(page: Page) -> str:
    """The path of the value whose input has the focus; else the classes of what has it."""
    found: str = page.evaluate("document.activeElement.closest('[data-path]')?.dataset.path ?? ''")
    if not found:
        found = page.evaluate("document.activeElement.className")
    if found == CELL:  # one input lies over all cells
        found = desk(page, "desk.place.path")
    return found


def typed(page: Page) -> str:
    """What the input in focus holds."""
    found: str = page.evaluate("document.activeElement.value")
    return found


def saved(page: Page) -> None:
    """Wait until everything is with the server."""
    page.wait_for_selector(".saving.fine", timeout=SECONDS * 1000)
