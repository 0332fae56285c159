"""The page for accounts and one's own, over real HTTP: what is made there, changed and closed."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pipeline.store.accounts import account_changes_of, account_of
from pipeline.store.database import Database
from pipeline.web.people import COOKIE, CSRF_HEADER
from tests.web.browsing import PASSWORD, held_by, sign_in, signed_in_page, staffed

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

BROWSER = {"Accept": "text/html"}
NEW = "another long password"


def made(client: httpx.Client, name: str, role: str = "clerk") -> str:
    """The one-time password of a new account."""
    told = client.post("/accounts", data={"name": name, "role": role, "shown_as": "孙示例"})
    assert told.status_code == 200
    found = re.search(r'id="password">([^<]+)<', told.text)
    assert found is not None
    return found[1]


def test_a_new_account_opens_nothing_before_its_password_is_changed(
    web: httpx.Client, database: Database
) -> None:
    first = made(sign_in(web, database, "admin"), "sun")
    with httpx.Client(base_url=web.base_url, trust_env=False) as sun:
        assert sun.post("/login", data={"name": "sun", "password": first}).status_code == 303
        led = sun.get("/", headers=BROWSER)
        assert led.status_code == 303
        csrf = re.search(r'name="csrf" content="([^"]+)"', sun.get("/account").text)
        assert csrf is not None
        sun.headers[CSRF_HEADER] = csrf[1]
        assert sun.get("/accounts", headers=BROWSER).headers["location"] == "/account"
        assert sun.get("/accounts").status_code == 403
        form = {"present": first, "new": NEW, "again": NEW}
        assert sun.post("/account/password", data=form).headers["location"] == "/account?changed=true"
        assert "密码已更换" in sun.get("/account?changed=true").text
    with database.read() as connection:
        account = account_of(connection, "sun")
    assert account is not None
    assert not account.must_change


def test_a_one_time_password_is_shown_once(web: httpx.Client, database: Database) -> None:
    client = sign_in(web, database, "admin")
    assert made(client, "sun") not in client.get("/accounts").text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"present": "wrong", "new": NEW, "again": NEW}, "现在的密码不对"),
        ({"present": PASSWORD, "new": NEW, "again": "another one"}, "两次输入的新密码不一样"),
        ({"present": PASSWORD, "new": "short", "again": "short"}, "个字符"),
        ({"present": PASSWORD, "new": "1234567890123", "again": "1234567890123"}, "太容易被猜到"),
        ({"present": PASSWORD, "new": "qwerty123456", "again": "qwerty123456"}, "太容易被猜到"),
        ({"present": PASSWORD, "new": "clerk-1clerk-1", "again": "clerk-1clerk-1"}, "太容易被猜到"),
        ({"present": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "新密码与现在的相同"),
    ],
)
def test_a_password_that_is_none_is_refused_with_the_reason(
    web: httpx.Client, database: Database, form: dict[str, str], told: str
) -> None:
    answer = sign_in(web, database, "clerk").post("/account/password", data=form)
    assert answer.status_code == 422
    assert told in answer.text


def test_changing_ones_password_ends_the_sessions_elsewhere(web: httpx.Client, database: Database) -> None:
    client = sign_in(web, database, "clerk")
    elsewhere, _csrf = held_by(database, "clerk-1")
    client.post("/account/password", data={"present": PASSWORD, "new": NEW, "again": NEW})
    assert client.get("/account").status_code == 200
    client.cookies.clear()
    client.cookies.set(COOKIE, elsewhere)
    assert client.get("/account").status_code == 401


@pytest.mark.parametrize("what", ["disable", "sessions", "password", "role"])
def test_what_an_administrator_changes_ends_the_sessions(
    web: httpx.Client, database: Database, what: str
) -> None:
    held, _csrf = held_by(database, staffed(database, "clerk"))
    client = sign_in(web, database, "admin")
    assert client.post(f"/accounts/clerk-1/{what}", data={"role": "reviewer"}).status_code in (200, 303)
    with httpx.Client(base_url=web.base_url, cookies={COOKIE: held}, trust_env=False) as clerk:
        assert clerk.get("/account").status_code == 401
    with database.read() as connection:
        changes = account_changes_of(connection, 1)
    assert [(one.account, one.who) for one in changes] == [("clerk-1", "admin-1")]


def test_the_last_administrator_stays(web: httpx.Client, database: Database) -> None:
    client = sign_in(web, database, "admin")
    for what in ("disable", "role"):
        told = client.post(f"/accounts/admin-1/{what}", data={"role": "clerk"})
        assert told.status_code == 409
        assert "唯一的管理员" in told.text


@pytest.mark.parametrize(
    "form",
    [
        {"name": "<script>alert(1)</script>", "role": "clerk"},
        {"name": "li", "role": "king"},
        {"name": "admin-1", "role": "clerk"},
    ],
)
def test_an_account_that_cannot_be_is_refused_on_the_page(
    web: httpx.Client, database: Database, form: dict[str, str]
) -> None:
    told = sign_in(web, database, "admin").post("/accounts", data=form)
    assert told.status_code == 422
    assert 'role="alert"' in told.text
    assert "<script>alert" not in told.text


def test_an_administrator_makes_an_account_by_keyboard(
    browser: Browser, web: httpx.Client, database: Database
) -> None:
    page = signed_in_page(browser, str(web.base_url), database, "admin")
    page.goto("/accounts")
    page.get_by_label("登录名").focus()
    page.keyboard.type("zhou")
    page.keyboard.press("Tab")
    page.keyboard.type("周<b>示例")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("zhou 的初始密码")
    expect(page.get_by_role("rowheader", name="周<b>示例")).to_be_visible()
    page.context.close()
