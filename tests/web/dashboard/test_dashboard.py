"""The dashboard over real HTTP: plots that ask for nothing, tables that say the same, CSV files."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree as ET

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pipeline.store.accounts import set_language
from pipeline.store.database import Database
from pipeline.web.dashboard.plots import PLOTS
from pipeline.web.dashboard.tables import TABLES
from tests.store.stored import NOW, put_claim, put_event
from tests.web.browsing import sign_in, signed_in_page
from tests.web.office_at_work import office_at_work

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def overseer(web: httpx.Client, database: Database) -> httpx.Client:
    with database.write() as connection:
        office_at_work(connection, NOW, days=9, a_day=12)
    return sign_in(web, database, "supervisor")


def test_a_plot_is_text_that_loads_nothing(overseer: httpx.Client) -> None:
    overseer.get("/dashboard?days=7")
    for name in PLOTS:
        told = overseer.get(f"/dashboard/plots/{name}.svg?days=7")
        assert told.headers["Content-Type"] == "image/svg+xml"
        drawn = ET.fromstring(told.text)
        assert not list(drawn.iter(f"{SVG}script"))
        loaded = [
            value
            for one in drawn.iter()
            for key, value in one.attrib.items()
            if key.endswith(("href", "src")) and not value.startswith("#")
        ]
        assert loaded == []
        assert "@import" not in told.text
        assert [one.text for one in drawn.iter(f"{SVG}text") if one.text]


def test_every_table_is_a_file_for_spreadsheets(overseer: httpx.Client) -> None:
    for name in TABLES:
        told = overseer.get(f"/dashboard/{name}.csv?days=7")
        assert "attachment" in told.headers["Content-Disposition"], name
        rows = list(csv.reader(io.StringIO(told.text.removeprefix("\ufeff"))))
        assert len(rows) > 1, name
        assert {len(row) for row in rows} == {len(rows[0])}, name
    rows = list(csv.reader(io.StringIO(overseer.get("/dashboard/throughput.csv?days=7").text)))
    assert len(rows) == 8
    assert sum(int(row[1]) for row in rows[1:]) > 20


def test_a_hospital_that_is_called_as_a_formula_runs_as_none(
    overseer: httpx.Client, database: Database
) -> None:
    with database.write() as connection:
        put_claim(connection, "C-F", hospital_name="=HYPERLINK(1)", state="entered")
        put_event(connection, "C-F", "accept", "entered")
    assert "'=HYPERLINK(1)" in overseer.get("/dashboard/hospitals.csv").text


def test_what_is_no_plot_no_table_or_no_window_is_refused(web: httpx.Client, database: Database) -> None:
    client = sign_in(web, database, "supervisor")
    for path in ("/dashboard/plots/nothing.svg", "/dashboard/nothing.csv"):
        assert client.get(path).status_code == 404
    for days in ("0", "367", "many"):
        assert client.get(f"/dashboard?days={days}").status_code == 422


def test_an_office_that_begins_today_sees_a_page_all_the_same(web: httpx.Client, database: Database) -> None:
    client = sign_in(web, database, "auditor")
    assert "没有待办" in client.get("/dashboard").text
    for name in PLOTS:
        assert client.get(f"/dashboard/plots/{name}.svg").status_code == 200


def test_plots_are_drawn_and_their_figures_open_beneath(
    browser: Browser, overseer: httpx.Client, database: Database
) -> None:
    page = signed_in_page(browser, str(overseer.base_url), database, "auditor")
    with database.write() as connection:
        set_language(connection, "auditor-1", "en")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/dashboard?days=7")
    for picture in page.locator("figure img").all():
        assert picture.evaluate("one => one.complete && one.naturalWidth > 0")
    page.get_by_text("Figures").first.click()
    expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(8)
    assert said == []  # nothing broke the page's policy
    page.context.close()
