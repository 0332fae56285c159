"""The page of the upload desk in a real browser: a clerk at the phone, a claimant by a link."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from pipeline.store.tokens import create_token
from pipeline.web.uploads import gate
from tests.parcels import BILL, CERTIFICATE, LIST, UNSURE, files_of
from tests.store.stored import NOW, put_claim
from tests.web.browsing import signed_in_page
from tests.web.uploads.desk import Desk

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def clerk(browser: Browser, web: httpx.Client, desk: Desk) -> Iterator[Page]:
    page = signed_in_page(browser, str(web.base_url), desk.store.database, "clerk")
    page.set_viewport_size(PHONE)
    yield page
    page.context.close()


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def choose(page: Page, files: dict[str, bytes], where: str = "#files") -> None:
    page.locator(where).set_input_files([payload(*one) for one in files.items()])


def test_a_clerk_sends_sees_what_is_missing_adds_it_and_submits(clerk: Page, desk: Desk) -> None:
    with desk.reading():
        clerk.goto("/upload")
        choose(clerk, files_of(1, lacking=CERTIFICATE, note=UNSURE))
        expect(clerk.locator(".sheet.fine")).to_have_count(2)
        expect(clerk.locator(".lacks")).to_contain_text("诊断证明")
        bill = clerk.locator(".paper", has_text="门诊收费票据")
        expect(bill.locator("dd.amount.doubt")).to_have_text("101.00")
        choose(clerk, {CERTIFICATE: files_of(1)[CERTIFICATE]})
        expect(clerk.locator(".lacks")).to_have_count(0)
        clerk.get_by_role("button", name="提交").click()
        expect(clerk.locator("#follow")).to_contain_text("已受理登记")
        expect(clerk.locator(".claim code")).to_have_count(1)
        expect(clerk.locator("#follow")).not_to_contain_text("null")
        expect(clerk.locator("#take")).to_be_hidden()
        assert not clerk.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_what_is_wrong_is_told_at_the_photo_and_another_takes_its_place(clerk: Page, desk: Desk) -> None:
    clerk.goto("/upload")
    choose(clerk, {BILL: b"!corrupt", LIST: files_of(1)[LIST]})
    bad = clerk.locator(".sheet.fail")
    expect(bad).to_contain_text("看不清，请重拍")
    expect(bad).to_contain_text("打不开")
    bad.locator("input[type=file]").set_input_files([payload("image.jpg", files_of(1)[BILL])])
    expect(clerk.locator(".sheet.fine")).to_have_count(2)
    expect(bad).to_have_count(0)


def test_whoever_comes_back_goes_on_where_they_were(clerk: Page, desk: Desk) -> None:
    clerk.goto("/upload")
    choose(clerk, {LIST: files_of(1)[LIST]})
    expect(clerk.locator(".sheet.fine")).to_have_count(1)
    clerk.goto("/upload")
    expect(clerk.locator(".sheet.fine")).to_have_count(1)
    assert "/upload/U-" in clerk.url


def test_a_busy_desk_is_waited_for_without_a_word_from_the_sender(
    clerk: Page, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_WAITING", -1)
    clerk.goto("/upload")
    choose(clerk, {LIST: files_of(1)[LIST]})
    expect(clerk.locator("#list")).to_contain_text("稍候自动继续")
    monkeypatch.undo()
    expect(clerk.locator(".sheet.fine")).to_have_count(1)


def test_script_in_names_and_values_is_only_text(clerk: Page, desk: Desk) -> None:
    script = "<img src=x onerror=document.title='owned'>"
    with desk.reading():
        clerk.goto("/upload")
        choose(clerk, {f"{script}.txt": f"outpatient_invoice payee_name={script.replace(' ', '_')}".encode()})
        expect(clerk.locator(".paper")).to_contain_text("<img")
        expect(clerk.locator(".sheet .name")).to_contain_text("<img")
    assert clerk.title() != "owned"


def test_a_claimant_opens_a_link_whose_token_leaves_the_address(
    browser: Browser, web: httpx.Client, desk: Desk
) -> None:
    with desk.store.database.write() as connection:
        put_claim(connection, "C-1", state="incomplete")
        token = create_token(connection, "张", ("claim:read",), NOW, claim_id="C-1")
    context = browser.new_context(base_url=str(web.base_url), viewport=PHONE, locale="zh-CN")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/upload#token={token}")
    choose(page, {CERTIFICATE: files_of(1)[CERTIFICATE]})
    expect(page.locator(".sheet.fine")).to_have_count(1)
    assert token not in page.url
    assert not any(token.rpartition("_")[2] in url for url in asked)
    context.close()


def test_a_stranger_is_told_how_to_come_in(browser: Browser, web: httpx.Client) -> None:
    page = browser.new_context(base_url=str(web.base_url), locale="zh-CN").new_page()
    page.goto("/upload")
    expect(page.locator("#stranger")).to_be_visible()
    expect(page.locator("#desk")).to_be_hidden()
    page.context.close()
