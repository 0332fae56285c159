"""How often somebody may ask, over real HTTP."""

from __future__ import annotations

import httpx
import pytest
from limits import RateLimitItemPerMinute
from starlette.exceptions import HTTPException

from pipeline.web.limits import SIGN_INS_OF_ACCOUNT, Limits
from pipeline.web.service import Service
from tests.web.browsing import PASSWORD, sign_in, staffed

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

WRONG = {"name": "clerk-1", "password": "not the password"}


def tried_too_often(web: httpx.Client) -> httpx.Response:
    for _ in range(SIGN_INS_OF_ACCOUNT.amount):
        assert web.post("/login", data=WRONG).status_code == 401
    return web.post("/login", data=WRONG, headers={"Accept": "text/html"})


def test_whoever_tries_passwords_is_told_when_to_come_again_and_others_sign_in_meanwhile(
    web: httpx.Client, service: Service
) -> None:
    staffed(service.database, "clerk")
    other = staffed(service.database, "reviewer")
    told = tried_too_often(web)
    assert told.status_code == 429
    assert 0 < int(told.headers["Retry-After"]) <= SIGN_INS_OF_ACCOUNT.get_expiry()
    assert "请求过于频繁" in told.text
    # Nor does the right password open then, or the limit would tell which one it is.
    assert web.post("/login", data={**WRONG, "password": PASSWORD}).status_code == 429
    assert web.post("/login", data={"name": other, "password": PASSWORD}).status_code == 303
    program = web.post("/login", data=WRONG, headers={"Accept": "application/json"})
    assert program.headers["Content-Type"] == "application/problem+json"


def test_the_present_password_is_not_tried_out_on_an_unlocked_screen(
    web: httpx.Client, service: Service
) -> None:
    client = sign_in(web, service.database, "clerk")
    form = {"present": "not the password", "new": "another long password", "again": "another long password"}
    told = [client.post("/account/password", data=form).status_code for _ in range(11)]
    assert told == [422] * SIGN_INS_OF_ACCOUNT.amount + [429]


def test_each_caller_has_a_count_of_their_own(service: Service) -> None:
    limits, limit = Limits(), RateLimitItemPerMinute(2)
    for who in ("li", "wang"):
        limits.count(limit, who)
        limits.count(limit, who)
    with pytest.raises(HTTPException) as refused:
        limits.count(limit, "li")
    assert refused.value.status_code == 429
    assert 0 < int((refused.value.headers or {})["Retry-After"]) <= 60
