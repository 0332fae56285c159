"""Whether everybody can use the pages: axe finds nothing serious on any; their languages take turns."""

from __future__ import annotations

from itertools import cycle

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pipeline.store.accounts import LANGUAGES
from pipeline.store.database import Database
from pipeline.store.opened import Store
from pipeline.web.service import Service
from tests.store.stored import NOW
from tests.web.serving import Door, served
from tests.web.shown_pages import PAGES, furnish, opened

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_axe_finds_nothing_serious_on_any_page(browser: Browser, database: Database, store: Store) -> None:
    furnish(store, NOW, days=3, a_day=6)
    axe = Axe()
    found: list[str] = []
    with served(Service(database, Door(), clock=lambda: NOW, store=store)) as client:
        for page, language in zip(PAGES, cycle(LANGUAGES)):  # the languages take turns
            tab = opened(browser, str(client.base_url), database, page, language, NOW)
            for one in axe.run(tab).response["violations"]:
                if one["impact"] in SERIOUS:
                    places = [node["target"][0] for node in one["nodes"]]
                    found.append(f"{page.name} ({language}): {one['help']}: {places[:3]}")
            tab.context.close()
    assert found == []
