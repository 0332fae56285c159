"""The review API and the page of the queue over real HTTP and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from pipeline.review.leases import IDLE
from pipeline.store.database import Database
from pipeline.store.tables import claims
from pipeline.web.service import Service
from tests.cases import judges
from tests.store.stored import NOW, put_check, put_claim
from tests.web.browsing import sign_in, signed_in_page
from tests.web.review.claims import MadeClaim, doubtful_claim
from tests.web.serving import SECRET, Door, served

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def service(database: Database) -> Service:
    return Service(database, Door(), SECRET, clock=lambda: NOW, judges=judges)


@pytest.fixture
def made(database: Database) -> MadeClaim:
    return doubtful_claim(database)


@pytest.fixture
def other(service: Service) -> Iterator[httpx.Client]:
    """A second browser, of somebody else."""
    with served(service) as client:
        yield sign_in(client, service.database, "second_reviewer")


def answering(made: MadeClaim, version: int, text: str = "37.20") -> dict[str, object]:
    listed = made.papers["itemized_bill"]
    return {
        "version": version,
        "changes": [
            {
                "do": "answer",
                "document_id": listed,
                "path": "line_items[2].amount",
                "text": text,
                "seconds": 3.1,
            }
        ],
    }


def test_a_claim_goes_from_the_queue_to_entered(
    database: Database, web: httpx.Client, made: MadeClaim
) -> None:
    sign_in(web, database, "reviewer")
    assert web.get("/api/review/next").json() == {"claim_id": made.claim_id, "lane": "risk"}
    own = f"/api/review/claims/{made.claim_id}"
    assert web.post(f"{own}/lease", json={}).json() == {
        "holder": "reviewer-1",
        "mine": True,
        "until": (NOW + IDLE).isoformat(),
    }
    bill, certificate = made.papers["outpatient_invoice"], made.papers["diagnosis_certificate"]
    listed = made.papers["itemized_bill"]
    answers = [
        (bill, "fields.issue_date", "2026-02-17"),
        (bill, "fields.payer_name", "张小样"),
        (certificate, "fields.diagnoses", "急性上呼吸道感染"),
        (listed, "line_items[2].amount", "37.20"),
        (listed, "line_items[5].unit_price", "12.50"),
    ]
    told = web.get(own).json()
    for document, path, text in answers:
        change = {"do": "answer", "document_id": document, "path": path, "text": text}
        told = web.post(f"{own}/changes", json={"version": told["version"], "changes": [change]}).json()
    assert told["todo"] == []
    done = web.post(f"{own}/step", json={"event": "enter", "version": told["version"]}).json()
    assert (done["state"], done["lease"]["holder"]) == ("entered", None)
    assert web.get("/api/review/next").json() == {"claim_id": None, "lane": None}
    audit = web.get(f"{own}/audit").json()
    assert [one["path"] for one in audit["changes"]] == [path for _, path, _ in answers]
    assert [one["event"] for one in audit["decisions"]] == ["enter"]


def test_who_comes_second_is_told_who_has_it_and_what_version_there_is(
    database: Database, web: httpx.Client, other: httpx.Client, made: MadeClaim
) -> None:
    sign_in(web, database, "reviewer")
    own = f"/api/review/claims/{made.claim_id}"
    assert web.post(f"{own}/changes", json=answering(made, 2)).json()["version"] == 3
    refused = other.post(f"{own}/changes", json=answering(made, 3))
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert (refused.json()["holder"], refused.json()["until"]) == ("reviewer-1", (NOW + IDLE).isoformat())
    assert other.get(own).json()["lease"]["mine"] is False
    assert web.delete(f"{own}/lease").status_code == 204
    moved = other.post(f"{own}/changes", json=answering(made, 2))
    assert (moved.status_code, moved.json()["version"]) == (409, 3)


def test_a_change_is_taken_back_over_http_too(database: Database, web: httpx.Client, made: MadeClaim) -> None:
    sign_in(web, database, "reviewer")
    own = f"/api/review/claims/{made.claim_id}"
    web.post(f"{own}/lease", json={}).raise_for_status()
    before = web.get(own).json()
    web.post(f"{own}/changes", json=answering(made, 2))
    after = web.post(f"{own}/undo", json={"version": 3}).json()
    assert after["papers"] == before["papers"]
    assert after["version"] == 4


def test_a_claim_goes_out_compressed_to_who_can_read_that(
    database: Database, web: httpx.Client, made: MadeClaim
) -> None:
    sign_in(web, database, "reviewer")
    own = f"/api/review/claims/{made.claim_id}"
    plain, packed = (web.get(own, headers={"Accept-Encoding": how}) for how in ("identity", "gzip"))
    assert plain.json() == packed.json()
    assert "content-encoding" not in plain.headers
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 4


def test_what_was_typed_is_there_after_a_reload(
    database: Database, web: httpx.Client, made: MadeClaim
) -> None:
    sign_in(web, database, "reviewer")
    own, bill = f"/api/review/claims/{made.claim_id}", made.papers["outpatient_invoice"]
    draft = {"document_id": bill, "path": "fields.payer_name", "text": "张小<b>"}
    web.post(f"{own}/lease", json={}).raise_for_status()
    assert web.put(f"{own}/drafts", json={"drafts": [draft]}).status_code == 204
    paper = next(one for one in web.get(own).json()["papers"] if one["document_id"] == bill)
    assert {one["name"]: one["draft"] for one in paper["fields"]}["payer_name"] == "张小<b>"
    assert web.put(f"{own}/drafts", json={"drafts": [draft] * 501}).status_code == 409


ASKED: tuple[tuple[str, str, object, int], ...] = (
    ("GET", "", None, 404),
    ("POST", "/lease", {}, 404),
    ("POST", "/changes", {"version": 1, "changes": []}, 409),
    ("POST", "/changes", {"version": 1, "changes": [{"do": "burn", "document_id": "x"}]}, 422),
    ("POST", "/undo", {"version": 1}, 404),
    ("PUT", "/drafts", {"drafts": []}, 404),
    ("POST", "/override", {"key": 0, "reason": "x", "version": 1}, 404),
    ("POST", "/step", {"event": "enter", "version": 1}, 404),
    ("POST", "/postpone", {"until": "2026-03-03T02:00:00Z", "reason": "x"}, 404),
    ("POST", "/postpone", {"until": "2026-03-03T02:00:00", "reason": "x"}, 422),
    ("POST", "/assign", {"to": None, "reason": "x"}, 404),
    ("GET", "/audit", None, 404),
)


def test_a_claim_that_is_not_there_and_what_makes_no_sense_are_told_apart(
    database: Database, web: httpx.Client
) -> None:
    sign_in(web, database, "supervisor")
    for verb, path, body, status in ASKED:
        told = web.request(verb, f"/api/review/claims/C-none{path}", json=body)
        assert (told.status_code, told.json()["status"]) == (status, status), (verb, path)


def test_only_reviewers_get_in(database: Database, web: httpx.Client, made: MadeClaim) -> None:
    sign_in(web, database, "clerk")
    for where in ("/review", f"/api/review/claims/{made.claim_id}", "/api/review/next"):
        assert web.get(where).status_code == 403


def test_a_server_without_judges_says_that_it_cannot_serve_now(
    database: Database, made: MadeClaim, door: Door
) -> None:
    with served(Service(database, door, SECRET, clock=lambda: NOW)) as client:
        sign_in(client, database, "reviewer")
        told = client.post(f"/api/review/claims/{made.claim_id}/changes", json=answering(made, 2))
    assert told.status_code == 503


def test_the_queue_is_worked_by_keyboard_and_filtered_without_a_reload(
    database: Database, service: Service, browser: Browser
) -> None:
    with database.write() as connection:
        for index in range(3):
            put_claim(
                connection, f"C-{index}", urgent=index == 2, insured_name="<img src=x onerror=alert(1)>"
            )
        put_claim(connection, "C-second", state="second_review", open_reviews=2)
        put_check(connection, "C-second", "V-3.items_sum_to_total")
        held = {"lease_holder": "乙审", "lease_until": NOW + timedelta(minutes=9)}
        connection.execute(update(claims).where(claims.c.id == "C-1").values(**held))
    with served(service) as client:
        page = signed_in_page(browser, str(client.base_url), database, "reviewer")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto("/review")
        rows = page.locator("#list tbody tr")
        expect(rows).to_have_count(4)
        expect(rows.first).to_contain_text("加急")
        expect(page.locator("#list")).to_contain_text("乙审")
        page.evaluate("window.stays = true")
        page.get_by_label("状态").select_option("second_review")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("2 个字段")
        assert page.evaluate("window.stays") is True
        assert "state=second_review" in page.url
        page.get_by_label("医院").fill("n")  # typing is no shortcut
        expect(page.locator(".empty")).to_be_visible()
        page.get_by_label("医院").blur()
        with page.expect_request("**/review/next") as asked:
            page.keyboard.press("n")
        assert asked.value.method == "GET"
        assert wrong == []
        page.context.close()


def test_the_queue_speaks_english_on_a_switch(database: Database, web: httpx.Client) -> None:
    with database.write() as connection:
        put_claim(connection, open_blocks=2, settle_by=NOW.date() - timedelta(days=2))
    sign_in(web, database, "reviewer")
    assert "逾期 2 天" in web.get("/review").text
    web.post("/language", data={"to": "en"})
    told = web.get("/review").text
    assert "2 days late" in told
    assert "2 checks" in told
