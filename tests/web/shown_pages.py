"""Every page that people see, as a table: pictures in `docs/pictures` are made of it, and axe looks at it.

A page is opened by somebody of a role, at the size at which it is meant to be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from pipeline.store.accounts import (
    LANGUAGES,
    Language,
    PersonRole,
    account_of,
    create_account,
    open_session,
    set_language,
)
from pipeline.store.database import Database, url_of_folder
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals
from pipeline.store.tables import claims
from pipeline.store.versions import upgrade
from pipeline.web.pages import LANGUAGE_COOKIE
from pipeline.web.people import COOKIE
from pipeline.web.service import Service
from tests.web.browsing import PASSWORD, browsing
from tests.web.office_at_work import office_at_work
from tests.web.review.claims import doubtful_claim
from tests.web.serving import Door, served

DESK = (1280, 800)
PHONE = (390, 844)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page.

    Attributes:
        name: Of its picture, without the language.
        role: Who opens it; None: nobody who signed in.
        path: Where it lies; `{claim_id}` stands for a claim that waits for a person.
        size: Width and height of the window, in CSS pixels.
        until: What must be there before it is looked at, as a CSS selector.
    """

    name: str
    role: PersonRole | None
    path: str
    size: tuple[int, int] = DESK
    until: str = "main"


PAGES = (
    ShownPage("sign-in", None, "/login"),
    ShownPage("sign-in-phone", None, "/login", PHONE),
    ShownPage("queue", "reviewer", "/review"),
    ShownPage("review", "reviewer", "/review/{claim_id}"),
    ShownPage("upload", "clerk", "/upload"),
    ShownPage("upload-phone", "clerk", "/upload", PHONE),
    ShownPage("batches", "clerk", "/batches"),
    ShownPage("dashboard", "supervisor", "/dashboard"),
    ShownPage("quality", "supervisor", "/quality"),
    ShownPage("audit", "supervisor", "/audit/{claim_id}"),
    ShownPage("spot-checks", "reviewer", "/spot-checks"),
    ShownPage("accounts", "admin", "/accounts"),
    ShownPage("account", "reviewer", "/account"),
    ShownPage("not-found", "reviewer", "/nowhere"),
)

WEEKS = 5
CLAIMS_A_DAY = 40
SHOWN_AS: dict[PersonRole, str] = {
    "clerk": "孙示例",
    "reviewer": "王示例",
    "second_reviewer": "赵示例",
    "supervisor": "钱示例",
    "auditor": "周示例",
    "admin": "吴示例",
}


def opened(
    browser: Browser, base_url: str, database: Database, page: ShownPage, language: Language, now: datetime
) -> Page:
    """A page, opened by somebody of its role in a language."""
    width, height = page.size
    context = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, locale="zh-CN"
    )
    cookies: dict[str, str] = {LANGUAGE_COOKIE: language}
    with database.write() as connection:
        waiting = (
            select(claims.c.id)
            .where(claims.c.state == "first_review")
            .order_by(claims.c.open_reviews.desc(), claims.c.id)  # those with papers before the others
        )
        claim_id = connection.execute(waiting.limit(1)).scalar() or "none"
        if page.role is not None:
            if account_of(connection, page.role) is None:
                create_account(connection, page.role, page.role, PASSWORD, now, SHOWN_AS[page.role])
            set_language(connection, page.role, language)
            cookies[COOKIE] = open_session(connection, page.role, now)
    context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in cookies.items()])
    tab = context.new_page()
    tab.goto(page.path.format(claim_id=claim_id))
    tab.locator(page.until).first.wait_for()
    return tab


def furnish(store: Store, now: datetime, days: int, a_day: int) -> None:
    """An office that has worked for some days, and claims with papers to look at."""
    with store.database.write() as connection:
        office_at_work(connection, now, days, a_day)
    for number in ("1", "2"):
        doubtful_claim(store.database, store.originals, number)


def shown(folder: Path, pages: Sequence[ShownPage]) -> Iterator[tuple[ShownPage, Language, bytes]]:
    """Each page in each language as PNG, of a store that is made for it.

    Args:
        folder: An empty one; the store is made there.
        pages: What is shown.
    """
    database = Database(url_of_folder(folder))
    with database.reshape() as connection:
        upgrade(connection)
    store = Store(database, FolderOriginals(folder / "originals"))
    now = datetime.now(UTC)
    furnish(store, now, 7 * WEEKS, CLAIMS_A_DAY)
    service = Service(database, Door(), store=store, work=folder / "work")
    with served(service) as client, browsing() as browser:
        for page in pages:
            for language in LANGUAGES:
                tab = opened(browser, str(client.base_url), database, page, language, now)
                yield page, language, tab.screenshot()
                tab.context.close()
    database.close()
