"""What goes wrong, told to people as a page in their language and to programs as a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.store.database import Connection
from pipeline.web.service import Service
from tests.web.browsing import sign_in
from tests.web.serving import SECRET, served
from tests.web.test_answers import report

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("verb", "path", "status", "chinese"),
    [
        ("GET", "/nowhere", 404, "没有找到"),
        ("GET", "/accounts", 403, "没有权限"),
        ("DELETE", "/accounts", 405, "不支持这种请求"),
        ("POST", "/account/password", 422, "内容不符合要求"),
    ],
)
def test_a_browser_gets_a_page_with_a_way_on(
    web: httpx.Client, service: Service, verb: str, path: str, status: int, chinese: str
) -> None:
    client = sign_in(web, service.database, "clerk")
    told = client.request(verb, path, headers=BROWSER)
    assert told.status_code == status
    assert told.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in told.headers["Content-Security-Policy"]
    assert chinese in told.text
    assert 'href="/"' in told.text


def test_the_page_speaks_the_language_of_its_reader(web: httpx.Client, service: Service) -> None:
    client = sign_in(web, service.database, "clerk")
    client.post("/language", data={"to": "en"})
    told = client.get("/nowhere", headers=BROWSER).text
    assert "Not found" in told
    assert "没有找到" not in told


@pytest.mark.parametrize("accept", [{"Accept": "application/json"}, {**BROWSER, "HX-Request": "true"}, {}])
def test_scripts_and_programs_get_problem_documents(web: httpx.Client, accept: dict[str, str]) -> None:
    told = web.get("/nowhere", headers=accept)
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.json()["status"] == 404


def test_a_page_is_told_even_where_the_store_does_not_answer(web: httpx.Client, service: Service) -> None:
    client = sign_in(web, service.database, "clerk")
    service.database.close()
    for file in files_of(service):
        file.write_bytes(b"no database at all, but of some length" * 200)
    told = client.get("/account", headers=BROWSER)
    assert told.status_code == 503
    assert told.headers["Retry-After"] == "10"
    assert "暂时无法服务" in told.text


def test_an_error_of_ours_tells_nothing_of_itself(web: httpx.Client, service: Service) -> None:
    """The door for answers of an engine is broken: what it says stays inside."""

    def broken(connection: Connection, message_id: str, answer: Mapping[str, Any], now: datetime) -> object:
        raise RuntimeError("张小样 11010519491231002X")

    body = '{"message_id": "m-1"}'
    with served(Service(service.database, broken, SECRET, clock=service.clock)) as client:
        told = client.post("/engine/answers", content=body, headers={**report(body), **BROWSER})
    assert told.status_code == 500
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert "程序出错，已记录" in told.text
    assert "张小样" not in told.text


def files_of(service: Service) -> list[Path]:
    """The database and what lies beside it."""
    file = Path(service.database.url.database or "")
    return [one for one in file.parent.iterdir() if one.name.startswith(file.name)]
