"""Who may call what: every route stands in one table, and one that does not fails."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from fastapi.routing import APIRoute

from pipeline.store.database import Database
from pipeline.store.tokens import SCOPES, revoke_token, token_of
from pipeline.web.app import app
from pipeline.web.headers import SECURITY_HEADERS
from pipeline.web.service import Service
from tests.store.stored import NOW, put_claim
from tests.web.serving import token

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ANYBODY: frozenset[str] = frozenset()
"""No token is asked for: nothing of a claim is told, or the sender is known by a signature."""
OPENED_BY: Mapping[tuple[str, str], frozenset[str]] = {
    ("GET", "/health"): ANYBODY,
    ("GET", "/claims"): frozenset({"claims:read"}),
    ("POST", "/claims/search"): frozenset({"claims:read"}),
    ("GET", "/claims/export.csv"): frozenset({"claims:export"}),
    ("GET", "/claims/export.xlsx"): frozenset({"claims:export"}),
    ("GET", "/claims/{claim_id}"): frozenset({"claims:read", "claim:read"}),
    ("GET", "/claims/{claim_id}/timeline"): frozenset({"claims:read", "claim:read"}),
    ("GET", "/submissions/{submission_id}"): frozenset({"claims:read"}),
    ("POST", "/engine/answers"): ANYBODY,
}


def test_every_route_stands_in_the_table_and_nothing_else_does(service: Service) -> None:
    described = app(service).openapi()["paths"]
    assert {(verb.upper(), path) for path, verbs in described.items() for verb in verbs} == OPENED_BY.keys()


def test_each_route_asks_for_the_scopes_of_the_table(database: Database, web: httpx.Client) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1")
    for scope in SCOPES:
        caller = token(database, scope, claim_id="C-1" if scope == "claim:read" else None)
        for (verb, path), scopes in OPENED_BY.items():
            if not scopes:
                continue
            url = path.format(claim_id="C-1", submission_id="U-1")
            told = web.request(verb, url, headers=caller, json={} if verb == "POST" else None)
            assert told.status_code == (200 if scope in scopes else 403), (verb, path, scope)


def test_nobody_gets_in_without_a_token_that_holds(database: Database, web: httpx.Client) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1")
    held = token(database, "claims:read")
    text = held["Authorization"].removeprefix("Bearer ")
    with database.write() as connection:
        known = token_of(connection, text, NOW)
        assert known is not None
        revoke_token(connection, known.id, NOW)
    for headers in ({}, held, {"Authorization": f"Bearer {text}x"}, {"Authorization": f"Basic {text}"}):
        for (verb, path), scopes in OPENED_BY.items():
            if scopes:
                told = web.request(verb, path.format(claim_id="C-1", submission_id="U-1"), headers=headers)
                assert told.status_code == 401, (verb, path, headers)
                assert told.headers["WWW-Authenticate"] == "Bearer"


def test_what_is_told_without_a_token_says_nothing_of_claims(database: Database, web: httpx.Client) -> None:
    assert web.get("/health").json()["status"] == "ok"
    assert web.get("/openapi.json").json()["info"]["title"] == "报销 Baoxiao"
    assert web.post("/engine/answers", json={}).status_code == 401


def test_every_response_carries_the_security_headers(web: httpx.Client) -> None:
    for path in ("/health", "/claims", "/nowhere", "/openapi.json"):
        headers = web.get(path).headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS, path


def test_no_page_loads_anything_from_elsewhere(web: httpx.Client) -> None:
    for path in ("/docs", "/redoc"):
        told = web.get(path)
        assert told.status_code == 404
        assert told.headers["Content-Type"] == "application/problem+json"
        assert told.json()["title"].startswith("没有找到")


def test_routes_are_what_the_table_counts(service: Service) -> None:
    """A route that hides from /openapi.json would hide from the table too."""
    hidden = [
        route for route in app(service).routes if isinstance(route, APIRoute) and not route.include_in_schema
    ]
    assert hidden == []
