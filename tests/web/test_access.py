"""Who may call what: each role and each scope against each route of one table; one that is not in it fails.

Requests go over real HTTP. What a route does with them is of no matter here: whoever may call it gets
anything but 401 and 403, whoever may not gets one of these and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import update

from pipeline.store.accounts import PERSON_ROLES, open_session, session_of
from pipeline.store.database import Database
from pipeline.store.tables import claims
from pipeline.store.tokens import SCOPES, revoke_token, token_of
from pipeline.web.app import app
from pipeline.web.headers import SECURITY_HEADERS
from pipeline.web.people import CHANGING, COOKIE, CSRF_HEADER
from pipeline.web.service import Service
from tests.store.stored import BANK, NOW, put_account, put_claim
from tests.web.review.claims import PERSON, doubtful_claim
from tests.web.routes_table import ANYBODY, ROUTES
from tests.web.serving import token

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

REFUSED = (401, 403)
FILLED = {"submission_id": "U-1", "name": "somebody", "lease": "1"}
"""What stands in the places of a path; in all others stands 1, which is a number and a name."""
OF_PEOPLE = {route: who for route, who in ROUTES.items() if who & set(PERSON_ROLES)}
OF_TOKENS = {route: who for route, who in ROUTES.items() if who & set(SCOPES)}
PERSONAL = (PERSON, "M0042711", "上呼吸道", BANK["bank_account"])


@dataclass(frozen=True, slots=True)
class House:
    """A store with a claim of a person, and an account of each role (called as its role)."""

    database: Database
    claim_id: str
    document_id: str

    def url(self, path: str, **filled: str) -> str:
        """A path with its places filled in."""
        known = {**FILLED, "claim_id": self.claim_id, "document_id": self.document_id, **filled}
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda one: known.get(one[1], "1"), path)


@pytest.fixture
def house(database: Database) -> House:
    made = doubtful_claim(database)
    with database.write() as connection:
        connection.execute(update(claims).values(**BANK))
        for role in PERSON_ROLES:
            put_account(connection, role, role)
        put_account(connection, "somebody", "clerk")
    return House(database, made.claim_id, made.papers["outpatient_invoice"])


def as_somebody(database: Database, name: str) -> dict[str, str]:
    """Headers of a session that was opened for this request alone: some routes end it."""
    with database.write() as connection:
        held = open_session(connection, name, NOW)
        found = session_of(connection, held, NOW)
        assert found is not None
    return {"Cookie": f"{COOKIE}={held}", CSRF_HEADER: found[0].csrf}


def status(web: httpx.Client, verb: str, url: str, headers: dict[str, str]) -> int:
    """The status alone: a stream of events would go on for ever."""
    body: dict[str, str] | None = {} if verb in CHANGING else None
    with web.stream(verb, url, headers={"Accept": "application/json", **headers}, json=body) as told:
        return told.status_code


def routes_of(service: Service) -> Iterator[tuple[str, str]]:
    """All of them, also those that `/openapi.json` does not tell."""
    for route in iter_route_contexts(app(service).routes):
        path = route.path or ""
        assert route.methods, f"{path}: what lies below it stands in no table"
        yield from ((verb, path) for verb in route.methods if verb != "HEAD")


def test_every_route_stands_in_the_table_and_nothing_else_does(service: Service) -> None:
    assert set(routes_of(service)) == ROUTES.keys()


def test_each_role_gets_in_where_the_table_says_and_nowhere_else(house: House, web: httpx.Client) -> None:
    for (verb, path), who in OF_PEOPLE.items():
        for role in PERSON_ROLES:
            told = status(web, verb, house.url(path), as_somebody(house.database, role))
            assert (told not in REFUSED) == (role in who), (verb, path, role, told)
            assert told < 500 or told == 503, (verb, path, role, told)


def test_each_token_gets_in_where_the_table_says_and_nowhere_else(house: House, web: httpx.Client) -> None:
    for scope in SCOPES:
        caller = token(house.database, scope, claim_id=house.claim_id if scope == "claim:read" else None)
        for (verb, path), who in ROUTES.items():
            if who != ANYBODY:
                told = status(web, verb, house.url(path), caller)
                assert (told not in REFUSED) == (scope in who), (verb, path, scope, told)


def test_nobody_gets_in_without_signing_in_or_a_token_that_holds(house: House, web: httpx.Client) -> None:
    held = token(house.database, "claims:read")
    text = held["Authorization"].removeprefix("Bearer ")
    with house.database.write() as connection:
        known = token_of(connection, text, NOW)
        assert known is not None
        revoke_token(connection, known.id, NOW)
    for headers in (
        {},
        held,
        {"Authorization": f"Bearer {text}x"},
        {"Authorization": f"Basic {text}"},
        {"Cookie": f"{COOKIE}=nobodys"},
    ):
        for (verb, path), who in ROUTES.items():
            # Who calls up the first page is led on to sign in, whatever they asked for.
            if who != ANYBODY:
                assert status(web, verb, house.url(path), headers) == 401, (verb, path, headers)


@pytest.mark.parametrize("sent", [None, "", "wrong", "another session's"])
def test_a_forged_request_changes_nothing(house: House, web: httpx.Client, sent: str | None) -> None:
    for (verb, path), who in OF_PEOPLE.items():
        if verb not in CHANGING:
            continue
        role = min(who & set(PERSON_ROLES))
        headers = as_somebody(house.database, role)
        del headers[CSRF_HEADER]
        if sent is not None:
            another = as_somebody(house.database, role)[CSRF_HEADER]
            headers[CSRF_HEADER] = another if sent == "another session's" else sent
        assert status(web, verb, house.url(path), headers) == 403, (verb, path)


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_nothing_is_changed_at_the_bidding_of_another_site(
    house: House, web: httpx.Client, said: dict[str, str]
) -> None:
    """Not even with a true session and its token, nor where nobody need sign in."""
    for verb, path in ROUTES:
        if verb in CHANGING:
            headers = {**as_somebody(house.database, "supervisor"), **said}
            assert status(web, verb, house.url(path), headers) == 403, (verb, path)


def test_a_request_from_our_own_pages_goes_through(house: House, web: httpx.Client) -> None:
    own = f"http://{web.base_url.netloc.decode()}"
    headers = {**as_somebody(house.database, "clerk"), "Origin": own, "Sec-Fetch-Site": "same-origin"}
    assert status(web, "POST", "/logout", headers) == 303


def test_a_claimants_token_tells_nothing_of_other_claims(house: House, web: httpx.Client) -> None:
    """Of a claim that is somebody else's it is told what it would be told of none."""
    with house.database.write() as connection:
        put_claim(connection, "C-2")
    caller = {**token(house.database, "claim:read", claim_id="C-2"), "Accept": "application/json"}
    asked = [path for (verb, path), who in OF_TOKENS.items() if "claim:read" in who and verb == "GET"]
    assert asked
    for path in asked:
        if "{claim_id}" in path:
            theirs, none = (
                web.get(house.url(path, claim_id=one), headers=caller) for one in (house.claim_id, "C-404")
            )
            assert (theirs.status_code, none.status_code) == (404, 404), path
            assert theirs.text.replace(house.claim_id, "") == none.text.replace("C-404", "")


def test_a_claim_on_anothers_desk_shows_no_person(house: House, web: httpx.Client) -> None:
    """To nobody of any role, whatever they open: only who holds it sees it in the clear."""
    with house.database.write() as connection:
        until = NOW + timedelta(minutes=15)
        connection.execute(update(claims).values(lease_holder="another", lease_until=until))
    for (verb, path), who in OF_PEOPLE.items():
        if verb == "GET" and "{claim_id}" in path:
            for role in sorted(who & set(PERSON_ROLES)):
                headers = {**as_somebody(house.database, role), "Accept": "application/json"}
                with web.stream("GET", house.url(path), headers=headers) as told:
                    is_stream = told.headers["Content-Type"].startswith("text/event-stream")
                    text = next(told.iter_text(), "") if is_stream else told.read().decode()
                assert not [value for value in PERSONAL if value in text], (path, role)


def test_what_anybody_may_ask_says_nothing_of_claims(house: House, web: httpx.Client) -> None:
    for (verb, path), who in ROUTES.items():
        if who == ANYBODY:
            told = web.request(verb, house.url(path), json={} if verb in CHANGING else None)
            assert not [value for value in (*PERSONAL, house.claim_id) if value in told.text], (verb, path)
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
