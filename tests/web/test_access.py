"""Who may call what: each role and each scope against each route of one table; one that is not in it fails.

Requests go over real HTTP. What a route does with them is of no matter here: whoever may call it gets
anything but 401 and 403, whoever may not gets one of these and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from pipeline.store.accounts import PERSON_ROLES, open_session, session_of
from pipeline.store.database import Database
from pipeline.store.tokens import SCOPES, revoke_token, token_of
from pipeline.web.app import app
from pipeline.web.headers import SECURITY_HEADERS
from pipeline.web.people import CHANGING, COOKIE, CSRF_HEADER
from pipeline.web.service import Service
from tests.store.stored import BANK, NOW, PERSON, put_account, put_claim, put_paper
from tests.web.routes_table import ANYBODY, ROUTES
from tests.web.serving import token

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

REFUSED = (401, 403)
FILLED = {"claim_id": "C-1", "submission_id": "U-1", "name": "somebody", "document_id": "D-1"}
"""What stands in the places of a path; in all others stands 1, which is a number and a name."""
OF_PEOPLE = {route: who for route, who in ROUTES.items() if who & set(PERSON_ROLES)}
OF_TOKENS = {route: who for route, who in ROUTES.items() if who & set(SCOPES)}
PERSONAL = (*PERSON.values(), *BANK.values())


@pytest.fixture
def staff(database: Database) -> Database:
    """A store with a claim of a person, and an account of each role (called as its role)."""
    with database.write() as connection:
        put_claim(connection, "C-1", **BANK)
        put_paper(connection, "C-1")
        for role in PERSON_ROLES:
            put_account(connection, role, role)
        put_account(connection, "somebody", "clerk")
    return database


def url_of(path: str, **filled: str) -> str:
    known = {**FILLED, **filled}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda one: known.get(one[1], "1"), path)


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


def test_each_role_gets_in_where_the_table_says_and_nowhere_else(staff: Database, web: httpx.Client) -> None:
    for (verb, path), who in OF_PEOPLE.items():
        for role in PERSON_ROLES:
            told = status(web, verb, url_of(path), as_somebody(staff, role))
            assert (told not in REFUSED) == (role in who), (verb, path, role, told)
            assert told < 500 or told == 503, (verb, path, role, told)


def test_each_token_gets_in_where_the_table_says_and_nowhere_else(staff: Database, web: httpx.Client) -> None:
    for scope in SCOPES:
        caller = token(staff, scope, claim_id="C-1" if scope == "claim:read" else None)
        for (verb, path), who in ROUTES.items():
            if who != ANYBODY:
                told = status(web, verb, url_of(path), caller)
                assert (told not in REFUSED) == (scope in who), (verb, path, scope, told)


def test_nobody_gets_in_without_signing_in_or_a_token_that_holds(staff: Database, web: httpx.Client) -> None:
    held = token(staff, "claims:read")
    text = held["Authorization"].removeprefix("Bearer ")
    with staff.write() as connection:
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
                assert status(web, verb, url_of(path), headers) == 401, (verb, path, headers)


@pytest.mark.parametrize("sent", [None, "", "wrong", "another session's"])
def test_a_forged_request_changes_nothing(staff: Database, web: httpx.Client, sent: str | None) -> None:
    for (verb, path), who in OF_PEOPLE.items():
        if verb not in CHANGING:
            continue
        role = min(who & set(PERSON_ROLES))
        headers = as_somebody(staff, role)
        del headers[CSRF_HEADER]
        if sent is not None:
            another = as_somebody(staff, role)[CSRF_HEADER]
            headers[CSRF_HEADER] = another if sent == "another session's" else sent
        assert status(web, verb, url_of(path), headers) == 403, (verb, path)


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
    staff: Database, web: httpx.Client, said: dict[str, str]
) -> None:
    """Not even with a true session and its token, nor where nobody need sign in."""
    for verb, path in ROUTES:
        if verb in CHANGING:
            headers = {**as_somebody(staff, "supervisor"), **said}
            assert status(web, verb, url_of(path), headers) == 403, (verb, path)


def test_a_request_from_our_own_pages_goes_through(staff: Database, web: httpx.Client) -> None:
    own = f"http://{web.base_url.netloc.decode()}"
    headers = {**as_somebody(staff, "clerk"), "Origin": own, "Sec-Fetch-Site": "same-origin"}
    assert status(web, "POST", "/logout", headers) == 303


def test_a_claimants_token_tells_nothing_of_other_claims(staff: Database, web: httpx.Client) -> None:
    """Of a claim that is somebody else's it is told what it would be told of none."""
    with staff.write() as connection:
        put_claim(connection, "C-2")
    caller = {**token(staff, "claim:read", claim_id="C-2"), "Accept": "application/json"}
    asked = [path for (verb, path), who in OF_TOKENS.items() if "claim:read" in who and verb == "GET"]
    assert asked
    for path in asked:
        if "{claim_id}" in path:
            theirs, none = (web.get(url_of(path, claim_id=one), headers=caller) for one in ("C-1", "C-404"))
            assert (theirs.status_code, none.status_code) == (404, 404), path
            assert theirs.text.replace("C-1", "") == none.text.replace("C-404", "")


def test_a_claim_on_anothers_desk_shows_no_person(staff: Database, web: httpx.Client) -> None:
    """To nobody of any role, whatever they open: only who holds it sees it in the clear."""
    for (verb, path), who in OF_PEOPLE.items():
        if verb == "GET" and "{claim_id}" in path:
            for role in sorted(who & set(PERSON_ROLES)):
                headers = {**as_somebody(staff, role), "Accept": "application/json"}
                with web.stream("GET", url_of(path), headers=headers) as told:
                    is_stream = told.headers["Content-Type"].startswith("text/event-stream")
                    text = next(told.iter_text(), "") if is_stream else told.read().decode()
                assert not [value for value in PERSONAL if value in text], (path, role)


def test_what_anybody_may_ask_says_nothing_of_claims(staff: Database, web: httpx.Client) -> None:
    for (verb, path), who in ROUTES.items():
        if who == ANYBODY:
            told = web.request(verb, url_of(path), json={} if verb in CHANGING else None)
            assert not [value for value in (*PERSONAL, "C-1") if value in told.text], (verb, path)
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
