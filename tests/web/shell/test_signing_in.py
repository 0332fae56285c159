"""Signing in and out over real HTTP and in a real browser."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pipeline.store.accounts import IDLE, create_account
from pipeline.store.passwords import SHORTEST_PASSWORD
from pipeline.web.people import COOKIE, CSRF_HEADER
from pipeline.web.service import Service
from tests.store.stored import NOW
from tests.web.browsing import PASSWORD, held_by, sign_in, staffed
from tests.web.serving import served


def test_who_is_not_signed_in_is_led_to_where_one_does_and_back(web: httpx.Client, service: Service) -> None:
    name = staffed(service.database, "admin")
    led = web.get("/", headers={"Accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2F")
    form = {"name": name, "password": PASSWORD, "next": "/review"}
    done = web.post("/login", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/review")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_a_wrong_password_and_an_unknown_name_are_one_answer(web: httpx.Client, service: Service) -> None:
    staffed(service.database, "admin", "known")
    told = [
        web.post("/login", data={"name": name, "password": "x" * SHORTEST_PASSWORD})
        for name in ("known", "unknown")
    ]
    assert [one.status_code for one in told] == [401, 401]
    assert told[0].text == told[1].text


@pytest.mark.parametrize(
    "where", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"]
)
def test_signing_in_leads_nowhere_else(web: httpx.Client, service: Service, where: str) -> None:
    name = staffed(service.database, "clerk")
    done = web.post("/login", data={"name": name, "password": PASSWORD, "next": where})
    assert done.headers["location"] == "/"


def test_a_forged_request_changes_nothing(web: httpx.Client, service: Service) -> None:
    client = sign_in(web, service.database, "reviewer")
    for token in ("", "another"):
        assert client.post("/logout", headers={CSRF_HEADER: token}).status_code == 403
    assert client.post("/logout").status_code == 303


def test_whoever_signed_out_is_out(web: httpx.Client, service: Service) -> None:
    client = sign_in(web, service.database, "reviewer")
    held = client.cookies[COOKIE]
    client.post("/logout")
    client.cookies.set(COOKIE, held)
    assert client.get("/", headers={"Accept": "text/html"}).headers["location"].startswith("/login")


def test_a_session_that_nobody_uses_ends(service: Service) -> None:
    name = staffed(service.database, "reviewer")
    held, _csrf = held_by(service.database, name)
    later = Service(service.database, service.take_answer, clock=lambda: NOW + IDLE)
    with served(later) as client:
        client.cookies.set(COOKIE, held)
        assert client.get("/", headers={"Accept": "text/html"}).headers["location"].startswith("/login")


def test_a_person_signs_in_by_keyboard_and_reads_pages_in_english(
    browser: Browser, web: httpx.Client, service: Service
) -> None:
    with service.database.write() as connection:
        create_account(connection, "li", "admin", PASSWORD, NOW, "李示例")
    page = browser.new_context(base_url=str(web.base_url)).new_page()
    page.goto("/login")
    page.keyboard.type("li")
    page.keyboard.press("Tab")
    page.keyboard.type("a wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.context.close()
