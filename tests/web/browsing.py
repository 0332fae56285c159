"""A real Chromium, driven over pages that are served on a port of this machine; people who are signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.store.accounts import PersonRole, create_account, open_session, session_of
from pipeline.store.database import Database
from pipeline.web.people import COOKIE, CSRF_HEADER
from tests.store.stored import NOW

PASSWORD = "correct horse battery staple"

FLAGS = (
    *("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-gpu"),
)
"""Without them Chromium looks for hosts of its maker at every start."""


def chromium() -> str | None:
    """Where the Chromium of the system is; None: there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browsing() -> Iterator[Browser]:
    """The browser, for as many contexts as are wanted."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, "--no-sandbox"], chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            browser.close()


def staffed(database: Database, role: PersonRole, name: str = "") -> str:
    """An account of that role; the name it signs in with. It may be there already."""
    name = name or f"{role}-1"
    with database.write() as connection:
        create_account(connection, name, role, PASSWORD, NOW)
    return name


def held_by(database: Database, name: str) -> tuple[str, str]:
    """What the cookie of a new session of an account holds, and its token against forgery."""
    with database.write() as connection:
        held = open_session(connection, name, NOW)
        found = session_of(connection, held, NOW)
        assert found is not None
        return held, found[0].csrf


def sign_in(client: httpx.Client, database: Database, role: PersonRole, name: str = "") -> httpx.Client:
    """The client as somebody who has signed in and whose requests are their own."""
    held, csrf = held_by(database, staffed(database, role, name))
    client.cookies.set(COOKIE, held)
    client.headers[CSRF_HEADER] = csrf
    return client


def signed_in_page(
    browser: Browser, base_url: str, database: Database, role: PersonRole, name: str = ""
) -> Page:
    """A tab of somebody who has signed in."""
    held, _csrf = held_by(database, staffed(database, role, name))
    context = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": held, "url": base_url}])
    return context.new_page()
