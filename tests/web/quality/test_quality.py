"""Errors, spot checks and audits as people see them: right, masked, by keyboard, nothing that runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pipeline.corrections import Answer
from pipeline.rejudged import By, change_field
from pipeline.review.masking import unmask
from pipeline.store.cases import documents_of
from pipeline.store.opened import Store
from pipeline.store.opinions import opinions_of
from pipeline.store.thresholds import Threshold, note_threshold, thresholds_of
from pipeline.web.service import Service
from tests.cases import NOW, REVIEWER, judges
from tests.web.browsing import sign_in, signed_in_page
from tests.web.quality.asked import OTHER, asked_store, worked_in
from tests.web.serving import served

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def claim(store: Store) -> str:
    return asked_store(store)


@pytest.fixture
def web(service: Service, store: Store) -> Iterator[httpx.Client]:
    with served(replace(service, store=store)) as client:
        yield client


def test_a_spot_check_shows_the_place_and_not_what_was_read(
    web: httpx.Client, store: Store, claim: str
) -> None:
    client = sign_in(web, store.database, "reviewer")
    told = client.get("/spot-checks")
    assert "34.05" not in told.text
    assert "金额合计" in told.text
    crop = client.get("/spot-checks/1/crop.png")
    assert (crop.status_code, crop.headers["content-type"]) == (200, "image/png")
    assert client.get("/spot-checks/99/crop.png").status_code == 404


def test_an_answer_that_can_be_none_is_refused_and_what_was_typed_stays(
    web: httpx.Client, store: Store, claim: str
) -> None:
    client = sign_in(web, store.database, "reviewer")
    told = client.post("/spot-checks/1", data={"text": "三十四"})
    assert told.status_code == 409
    assert 'value="三十四"' in told.text
    with store.database.read() as connection:
        assert opinions_of(connection, claim) == []


def test_a_spot_check_is_answered_by_keyboard_alone(
    browser: Browser, web: httpx.Client, store: Store, claim: str
) -> None:
    page = signed_in_page(browser, str(web.base_url), store.database, "second_reviewer")
    page.goto("/spot-checks")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Enter")  # nothing is typed: nothing is sent
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("34.05")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已记录")
    expect(page.locator("main")).to_contain_text("没有待抽查的字段")
    with store.database.read() as connection:
        (said,) = opinions_of(connection, claim)
    assert (said.purpose, said.text, said.agrees, said.who) == (
        "accepted",
        "34.05",
        True,
        "second_reviewer-1",
    )
    assert said.seconds is not None
    page.context.close()


def test_a_key_says_that_nobody_can_read_it(
    browser: Browser, web: httpx.Client, store: Store, claim: str
) -> None:
    page = signed_in_page(browser, str(web.base_url), store.database, "reviewer")
    page.goto("/spot-checks")
    page.keyboard.press("F2")
    expect(page.get_by_role("status").first).to_contain_text("已记录")
    with store.database.read() as connection:
        assert [one.kind for one in opinions_of(connection, claim)] == ["illegible"]
    page.context.close()


def test_the_figures_are_told_to_those_who_watch(web: httpx.Client, store: Store, claim: str) -> None:
    worked_in(store, claim)
    client = sign_in(web, store.database, "auditor")
    told = client.get("/api/quality").json()
    assert (told["overall"]["asked"], told["overall"]["wrong"]) == (401, 1)
    page = client.get("/quality").text
    assert "抽查 401 处，有误 1 处" in page
    assert "明细第 1 行·" in page  # where the error was found
    assert "放宽到" not in page


def test_only_a_supervisor_loosens_the_target_and_says_why(
    web: httpx.Client, store: Store, claim: str
) -> None:
    worked_in(store, claim)
    with store.database.write() as connection:
        note_threshold(connection, Threshold(NOW, 0.00036, 400, 3, 0.02, "自动收紧"))
    auditor = sign_in(web, store.database, "auditor")
    assert auditor.post("/quality/target", data={"per_mille": "0.4", "why": "x"}).status_code == 403
    client = sign_in(web, store.database, "supervisor")
    assert "放宽到" in client.get("/quality").text
    assert client.post("/quality/target", data={"per_mille": "0.5", "why": "旧版式"}).status_code == 409
    assert client.post("/quality/target", data={"per_mille": "0.4", "why": "旧版式"}).status_code == 303
    with store.database.read() as connection:
        assert [one.target for one in thresholds_of(connection)] == [0.00036, 0.0004]


def test_an_audit_says_who_changed_what_and_masks_persons(
    web: httpx.Client, store: Store, claim: str
) -> None:
    worked_in(store, claim)
    client = sign_in(web, store.database, "auditor")
    told = client.get(f"/audit/{claim}").text
    assert "张小三" not in told
    assert "张**" in told
    assert REVIEWER.name in told
    assert "6.4 s" in told
    rows = list(csv.reader(io.StringIO(client.get(f"/audit/{claim}.csv").content.decode("utf-8-sig"))))
    payer = next(row for row in rows if row[4] == "fields.payer_name")
    assert (payer[5:8], payer[9]) == (["张*", "张**", REVIEWER.name], "6.4\t")
    assert client.get("/audit/C-none").status_code == 404


def test_a_supervisor_who_said_why_sees_persons_in_the_clear(
    web: httpx.Client, store: Store, claim: str
) -> None:
    worked_in(store, claim)
    client = sign_in(web, store.database, "supervisor")
    assert "张小三" not in client.get(f"/audit/{claim}").text
    with store.database.write() as connection:
        unmask(connection, OTHER, claim, "申请人来电核对", NOW)
    assert "张小三" in client.get(f"/audit/{claim}").text


def test_nothing_that_was_typed_runs_on_a_page_or_in_a_spreadsheet(
    web: httpx.Client, store: Store, claim: str
) -> None:
    worked_in(store, claim)
    typed = '=HYPERLINK("x")<script>alert(1)</script>'
    with store.database.write() as connection:
        bill = next(one for one in documents_of(connection, claim) if one.type == "outpatient_invoice")
        by = By(REVIEWER, NOW)
        change_field(connection, judges(), claim, bill.id, "fields.payee_name", Answer.value(typed), by)
    client = sign_in(web, store.database, "auditor")
    assert "<script>alert" not in client.get(f"/audit/{claim}").text
    rows = csv.reader(io.StringIO(client.get(f"/audit/{claim}.csv").content.decode("utf-8-sig")))
    assert any(cell == f"'{typed}" for row in rows for cell in row)


def test_pages_speak_english_on_a_switch(web: httpx.Client, store: Store, claim: str) -> None:
    worked_in(store, claim)
    client = sign_in(web, store.database, "supervisor")
    client.post("/language", data={"to": "en", "next": "/quality"})
    for path, words in (
        ("/quality", "Errors among values nobody sees"),
        ("/spot-checks", "Spot checks"),
        (f"/audit/{claim}", "Took"),
    ):
        assert words in client.get(path).text
