"""Pages of papers over HTTP: picture, peeled and turned, and its words; originals are saved, not shown."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw
from sqlalchemy import insert

from pipeline.seen_pages import packed
from pipeline.store.database import Database
from pipeline.store.opened import Store
from pipeline.store.pages import KeptPage, keep_page
from pipeline.store.tables import papers, submission_files
from pipeline.web.service import Service
from tests.store.stored import NOW, put_submission
from tests.web.browsing import sign_in
from tests.web.serving import Door, served

# What it asks of the store is tested on both kinds of database (tests/store/test_pages.py).
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FILE = "ab" * 32
NAME = "甲/门诊 <script>.html"
RED = (200, 30, 40)


def sealed() -> Pictures.Image:
    """White paper, wider than high, with a line of black print at the top and a red seal at the right."""
    paper = Pictures.new("RGB", (1200, 800), "white")
    draw = ImageDraw.Draw(paper)
    draw.rectangle((100, 60, 500, 80), fill="black")
    draw.ellipse((800, 400, 1040, 640), outline=RED, width=10)
    return paper


@pytest.fixture
def desk(store: Store, door: Door) -> Iterator[httpx.Client]:
    """A clerk's client; paper D-1 has a page with a picture, D-2 one without."""
    picture = store.originals.put(packed(np.asarray(sealed())))
    sent = store.originals.put(b"<script>alert(1)</script>")
    words = [("合计", 120.0, 80.0, 240.0, 160.0, 0.5)]
    with store.database.write() as connection:
        put_submission(connection)
        connection.execute(
            insert(submission_files).values(submission_id="U-1", ordinal=1, name=NAME, sha256=sent, size=25)
        )
        for number, kept in ((1, picture), (2, None)):
            page = KeptPage(FILE, number, 1200, 800, kept)
            keep_page(connection, "U-1", page, words)
            connection.execute(
                insert(papers).values(
                    document_id=f"D-{number}",
                    submission_id="U-1",
                    sha256=FILE,
                    document_type="other",
                    status="review",
                    frozen="{}",
                    record=f'{{"source": {{"pages": [{number}]}}}}',
                )
            )
    service = Service(store.database, door, clock=lambda: NOW, store=store)
    with served(service) as client:
        yield sign_in(client, store.database, "clerk")


def shown(answer: httpx.Response) -> Pictures.Image:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    return Pictures.open(io.BytesIO(answer.content)).convert("RGB")


def redness(picture: Pictures.Image) -> int:
    pixels = np.asarray(picture).astype(int)
    return int((pixels[:, :, 0] - pixels[:, :, 1] > 80).sum())


def test_a_page_is_shown_and_asked_for_again_only_to_hear_that_it_is_the_same(desk: httpx.Client) -> None:
    answer = desk.get("/pages/D-1/1.webp")
    assert shown(answer).size == (1200, 800)
    assert answer.headers["cache-control"].startswith("private")
    again = desk.get("/pages/D-1/1.webp", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_peeled_it_is_the_same_page_without_the_colour_of_its_seal(desk: httpx.Client) -> None:
    plain, peeled = (shown(desk.get(f"/pages/D-1/1.webp{query}")) for query in ("", "?peeled=1"))
    assert redness(plain) > 3000
    assert redness(peeled) < 30
    assert peeled.getpixel((300, 70)) == pytest.approx((0, 0, 0), abs=20)  # print stays


def test_turned_by_hand_the_picture_and_its_words_lie_the_new_way(desk: httpx.Client) -> None:
    assert desk.post("/pages/D-1/1/turn", json={"degrees": 90}).json() == {"turned": 90}
    picture = shown(desk.get("/pages/D-1/1.webp"))
    assert picture.size == (800, 1200)
    assert picture.getpixel((730, 300)) == pytest.approx(
        (0, 0, 0), abs=20
    )  # the print runs down at the right
    told = desk.get("/pages/D-1/1/words").json()
    assert (told["width"], told["height"]) == (800, 1200)
    assert told["words"] == [["合计", 0.8, 0.1, 0.9, 0.2, 0.5]]
    assert desk.post("/pages/D-1/1/turn", json={"degrees": -180}).json() == {"turned": 270}


def test_a_page_is_turned_by_quarters_alone(desk: httpx.Client) -> None:
    assert desk.post("/pages/D-1/1/turn", json={"degrees": 45}).status_code == 422
    assert desk.get("/pages/D-1/1/words").json()["words"] == [["合计", 0.1, 0.1, 0.2, 0.2, 0.5]]


@pytest.mark.parametrize("address", ["/pages/D-2/2.webp", "/pages/D-1/2.webp", "/pages/D-9/1/words"])
def test_what_is_not_there_is_not_found(desk: httpx.Client, address: str) -> None:
    assert desk.get(address).status_code == 404


def test_a_page_without_a_picture_has_its_words(desk: httpx.Client) -> None:
    assert len(desk.get("/pages/D-2/2/words").json()["words"]) == 1


def test_an_original_is_saved_under_its_name_and_never_shown(desk: httpx.Client) -> None:
    answer = desk.get("/files/U-1/1")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E9%97%A8%E8%AF%8A%20%3Cscript%3E.html"
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert desk.get("/files/U-1/2").status_code == 404


def test_pages_are_open_to_those_who_work_with_papers_alone(desk: httpx.Client, database: Database) -> None:
    sign_in(desk, database, "auditor")
    addresses = ("/pages/D-1/1.webp", "/pages/D-1/1/words", "/files/U-1/1")
    assert {desk.get(address).status_code for address in addresses} == {403}
