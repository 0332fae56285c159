"""The batch desk over HTTP and in a browser: lists, sheets to pull, retry, release, pages put in order."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import httpx
import numpy as np
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select, update

from pipeline.records import BatchRecord, SheetRecord, SuspectRecord
from pipeline.seen_pages import packed
from pipeline.store.batches import keep_batches
from pipeline.store.database import Database
from pipeline.store.opened import Store
from pipeline.store.page_edits import edits_of
from pipeline.store.pages import KeptPage, keep_page
from pipeline.store.submissions import ReceivedFile, keep_submission, load_submission
from pipeline.store.tables import claim_papers, claims, page_progress, papers, submissions, unread
from pipeline.store.watched import WatchedFile, note_watched
from pipeline.web.service import Service
from tests.store.stored import NOW, put_claim
from tests.web.browsing import sign_in, signed_in_page
from tests.web.serving import Door, served

# What it asks of the store is tested on both kinds of database (tests/store/test_intake_lists.py).
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

TYPES = ("other", "outpatient_invoice", "outpatient_invoice", "itemized_bill")
"""Of the pages of the stack; the first one is its header."""

HOSTILE = "<script>window.broken = true</script>.pdf"


def stack_of(widths: tuple[int, ...]) -> bytes:
    """A PDF whose pages are told by their widths."""
    with pypdfium2.PdfDocument.new() as document:
        for width in widths:
            document.new_page(width, 300)
        document.save(content := io.BytesIO())
    return content.getvalue()


class Desk:
    """A store with a stack of four pages whose batch is held, and a file that could not be read."""

    def __init__(self, store: Store) -> None:
        self.store = store
        content = stack_of((100, 110, 120, 130))
        self.sha256 = store.originals.put(content)
        broken = store.originals.put(b"no paper")
        picture = store.originals.put(packed(np.full((300, 200, 3), 250, np.uint8)))
        sent = [ReceivedFile("叠.pdf", self.sha256, len(content)), ReceivedFile(HOSTILE, broken, 8)]
        with store.database.write() as connection:
            self.id = keep_submission(connection, sent, NOW, source="folder")[0].id
            connection.execute(update(submissions).values(state="read", read_at=NOW, pages=4))
            put_claim(connection, "C-1", submission_id=self.id)
            for number, kind in enumerate(TYPES, 1):
                keep_page(connection, self.id, KeptPage(self.sha256, number, 200, 300, picture), [])
                connection.execute(insert(papers).values(**self._paper(number, kind)))
                if number > 1:
                    connection.execute(
                        insert(claim_papers).values(claim_id="C-1", document_id=f"D-{number}", ordinal=number)
                    )
            connection.execute(
                insert(unread).values(
                    submission_id=self.id,
                    ordinal=1,
                    file=HOSTILE,
                    page=None,
                    code="unsupported",
                    message="不是票据 / no paper at all",
                )
            )
            keep_batches(connection, self.id, [self._batch()], NOW)

    def _paper(self, number: int, kind: str) -> dict[str, object]:
        source = {"file": "叠.pdf", "sha256": self.sha256, "pages": [number], "region": None}
        subtype = "batch_header" if number == 1 else None
        record = {"source": source, "document_type": kind, "subtype": subtype}
        return {
            "document_id": f"D-{number}",
            "submission_id": self.id,
            "sha256": self.sha256,
            "document_type": kind,
            "status": "review",
            "frozen": "{}",
            "record": json.dumps(record),
        }

    def _batch(self) -> BatchRecord:
        def sheet(position: int) -> SheetRecord:
            return {"document_id": f"D-{position}", "file": "叠.pdf", "page": position, "position": position}

        suspect: SuspectRecord = {
            **sheet(3),
            "cause": "failed_sum",
            "why": "核算不符 / its sums fail",
            "neighbours": [sheet(2), sheet(4)],
        }
        return {
            "schema_version": "1",
            "batch_number": "2026-0412",
            "header": sheet(1),
            "outcome": "held",
            "expected_papers": 4,
            "found_papers": 3,
            "expected_amount": "1830.55",
            "found_amount": "709.21",
            "unread_amounts": 1,
            "message": "不符 / it does not close",
            "suspects": [suspect],
            "documents": ["D-2", "D-3", "D-4"],
            "claims": ["C-1"],
        }

    def state_of(self, claim_id: str) -> str:
        with self.store.database.read() as connection:
            return str(connection.execute(select(claims.c.state).where(claims.c.id == claim_id)).scalar_one())

    def made(self) -> list[dict[str, list[int]]]:
        """The submissions that were made of it: the widths of the pages of each PDF."""
        found = []
        with self.store.database.read() as connection:
            for edit in edits_of(connection, self.id):
                files = {}
                for file in load_submission(connection, edit.made).files:
                    with self.store.originals.open(file.sha256) as content:
                        held = content.read()
                    if held.startswith(b"%PDF"):
                        document = pypdfium2.PdfDocument(held)
                        files[file.name] = [round(document[n].get_width()) for n in range(len(document))]
                found.append(files)
        return found


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def client(desk: Desk, door: Door) -> Iterator[httpx.Client]:
    with served(Service(desk.store.database, door, clock=lambda: NOW, store=desk.store)) as made:
        yield made


def test_the_list_says_how_far_each_is_and_which_batch_is_held(client: httpx.Client, desk: Desk) -> None:
    database = desk.store.database
    with database.write() as connection:
        file = WatchedFile("窗口/半.pdf", 1, 1, "growing", NOW)
        note_watched(connection, [file])
    sign_in(client, database, "clerk")
    told = client.get("/batches").text
    assert f'href="/batches/{desk.id}"' in told
    assert "暂停" in told
    assert "3/4" in told
    assert "709.21/1,830.55" in told
    assert "窗口/半.pdf" in told
    assert desk.id in client.get("/batches?show=held").text
    assert desk.id not in client.get("/batches?show=failed").text


def test_a_submission_shows_what_each_page_became_and_which_sheet_to_pull(
    client: httpx.Client, desk: Desk
) -> None:
    sign_in(client, desk.store.database, "reviewer")
    told = client.get(f"/batches/{desk.id}").text
    for part in ("-1,121.34", "核算不符", "前一张", "抽出这张", "后一张", "批次首页", "费用清单", "不是票据"):
        assert part in told
    assert "its sums fail" not in told  # the page speaks one language
    assert "/pages/D-3/3.webp?small=1" in told
    assert "<script>window.broken" not in told
    assert "调整页面" not in told  # reviewers look
    assert "放行批次" not in told


def test_only_those_of_the_desk_are_let_in(client: httpx.Client, desk: Desk) -> None:
    sign_in(client, desk.store.database, "auditor")
    assert client.get("/batches").status_code == 403
    sign_in(client, desk.store.database, "reviewer")
    plan = {"files": [], "reason": "x", "withdraw": False}
    assert client.post(f"/batches/{desk.id}/arrange", json=plan).status_code == 403
    sign_in(client, desk.store.database, "clerk")
    released = client.post(f"/batches/{desk.id}/release/{desk.id}-1", data={"reason": "x"})
    assert released.status_code == 403


def test_a_supervisor_releases_a_batch(client: httpx.Client, desk: Desk) -> None:
    sign_in(client, desk.store.database, "supervisor")
    done = client.post(f"/batches/{desk.id}/release/{desk.id}-1", data={"reason": "清点无误"})
    assert done.status_code == 303
    told = client.get(f"/batches/{desk.id}").text
    assert "已放行" in told
    assert "清点无误" in told


def test_what_failed_is_tried_again_and_followed_without_a_reload(client: httpx.Client, desk: Desk) -> None:
    database = desk.store.database
    with database.write() as connection:
        connection.execute(update(submissions).values(state="failed", failure="停了 / it was down"))
    sign_in(client, database, "clerk")
    assert "停了" in client.get("/batches").text
    row = client.post(f"/batches/{desk.id}/retry", headers={"HX-Request": "true"}).text
    assert "待识别" in row
    assert f'hx-get="/batches/{desk.id}/row"' in row
    with database.write() as connection:
        connection.execute(insert(page_progress).values(submission_id=desk.id, done=3, total=8, at=NOW))
    assert "3/8" in client.get(f"/batches/{desk.id}/progress").text
    with database.write() as connection:
        connection.execute(update(submissions).values(state="read"))
    assert client.get(f"/batches/{desk.id}/progress").headers["hx-refresh"] == "true"
    assert "hx-get" not in client.get(f"/batches/{desk.id}/row").text


def test_one_file_is_received_once_more(client: httpx.Client, desk: Desk) -> None:
    sign_in(client, desk.store.database, "clerk")
    led = client.post(f"/batches/{desk.id}/files/2/retry").headers["location"]
    with desk.store.database.read() as connection:
        (file,) = load_submission(connection, led.rpartition("/")[2]).files
    assert file.name == f"再次接收/{HOSTILE}"
    assert client.post(f"/batches/{desk.id}/files/9/retry").status_code == 404


def test_a_plan_that_loses_a_page_is_refused(client: httpx.Client, desk: Desk) -> None:
    sign_in(client, desk.store.database, "clerk")
    pages = [{"file": desk.sha256, "page": number, "degrees": 0} for number in (1, 2, 3)]
    plan = {"files": [{"name": "a.pdf", "pages": pages}], "reason": "x", "withdraw": False}
    refused = client.post(f"/batches/{desk.id}/arrange", json=plan)
    assert refused.status_code == 409
    assert "in one place" in refused.json()["detail"]
    assert desk.made() == []


@pytest.fixture
def tab(browser: Browser, client: httpx.Client, desk: Desk, database: Database) -> Iterator[Page]:
    page = signed_in_page(browser, str(client.base_url), database, "clerk")
    page.goto(f"/batches/{desk.id}")
    yield page
    page.context.close()


def test_pages_are_put_in_order_by_keys_alone(tab: Page, desk: Desk) -> None:
    tab.locator("#arrange").focus()
    tab.keyboard.press("Enter")
    focused = tab.locator(".tile:focus")
    for key, page in (
        ("ArrowRight", "2"),
        ("r", "2"),
        ("ArrowRight", "3"),
        ("s", "3"),
        ("Shift+ArrowRight", "3"),
    ):
        tab.keyboard.press(key)
        expect(focused).to_have_attribute("data-page", page)
    tab.keyboard.press("m")
    tab.keyboard.press("u")  # merging was one too many
    expect(focused).to_have_attribute("data-page", "3")
    expect(tab.locator("#changes")).to_contain_text("已调整 3 步，共 3 个文件、5 页")
    tab.locator("#apply [name=withdraw]").focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Tab")
    tab.keyboard.type("第二张横放")
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda address: desk.id not in address)
    expect(tab.locator(".told", has_text=desk.id)).to_be_visible()
    assert desk.made() == [{"叠.pdf": [100, 300], "叠 (2).pdf": [130, 120]}]
    assert desk.state_of("C-1") == "withdrawn"
    tab.goto("/batches?show=held")
    expect(tab.locator(".none")).to_be_visible()  # what replaces it is not read yet
    assert tab.evaluate("window.broken") is None


def test_a_page_is_dragged_and_all_is_left_as_it_was(tab: Page, desk: Desk) -> None:
    tab.click("#arrange")
    tab.locator("[data-page='4']").drag_to(tab.locator("[data-page='2']"))
    numbers = (
        tab.locator(".file").first.locator(".tile").evaluate_all("all => all.map(one => one.dataset.page)")
    )
    assert numbers == ["1", "4", "2", "3"]
    tab.click("#leave")
    assert tab.locator(".tile").count() == 4
    expect(tab.locator("#apply")).to_be_hidden()
    assert desk.made() == []
