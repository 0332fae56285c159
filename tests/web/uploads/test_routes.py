"""Papers come in over HTTP: acknowledged once kept, known by their sender, refused whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from pipeline.store.tables import claims, outbox, submissions
from pipeline.store.webhooks import add_webhook
from pipeline.web.people import CSRF_HEADER
from pipeline.web.uploads import gate, incoming
from tests.parcels import BILL, CERTIFICATE, LIST, files_of
from tests.store.stored import NOW, put_claim
from tests.web.browsing import sign_in
from tests.web.serving import token
from tests.web.uploads.desk import Desk

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

Files = Mapping[str, bytes]


def post(client: httpx.Client, files: Files, where: str = "/uploads", **more: Any) -> httpx.Response:
    parts = [("file", (name, content)) for name, content in files.items()]
    return client.post(where, files=parts, **more)


def taken(client: httpx.Client, files: Files, **fields: str) -> str:
    answer = post(client, files, data=fields)
    assert answer.status_code == 202, answer.text
    key: str = answer.json()["upload"]
    return key


def number_of(desk: Desk, table: Any) -> int:
    with desk.store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_what_is_acknowledged_is_kept_and_becomes_a_claim(program: httpx.Client, desk: Desk) -> None:
    answer = post(program, files_of(1), data={"reference": "受理-7"}).json()
    for content in files_of(1).values():
        assert desk.store.originals.is_whole(hashlib.sha256(content).hexdigest())
    assert desk.read() == 1
    state = program.get(answer["status_url"]).json()
    assert (state["state"], state["reference"], state["pages"]) == ("read", "受理-7", {"done": 3, "total": 3})
    gave = program.get(answer["result_url"]).json()
    assert gave["ready"]
    assert len(gave["documents"]) == 3
    (claim,) = gave["claims"]
    assert (claim["state"], claim["declared_amount"]) == ("entered", "101.00")


def test_the_gate_is_heard_in_the_answer_where_it_is_quick(program: httpx.Client) -> None:
    answer = post(program, {"好.txt": b"other name=x", "坏.txt": b"!corrupt"}).json()
    verdicts = {one["file"]: one["verdict"] for one in answer["quality"]}
    assert verdicts == {"好.txt": "accept", "坏.txt": "retake"}
    (cause,) = answer["quality"][1]["causes"]
    assert "打不开" in cause["message"]


class TestKeys:
    def test_the_same_request_again_is_the_same_upload(self, program: httpx.Client, desk: Desk) -> None:
        headers = {"Idempotency-Key": "k-1"}
        first, again = (post(program, files_of(1), headers=headers, data={"hold": "1"}) for _ in range(2))
        assert first.json()["upload"] == again.json()["upload"]
        assert number_of(desk, submissions) == 1

    @pytest.mark.parametrize(
        ("files", "fields"),
        [(files_of(2), {"hold": "1"}), (files_of(1), {}), (files_of(1), {"reference": "R"})],
    )
    def test_another_request_under_the_key_is_refused(
        self, program: httpx.Client, desk: Desk, files: Files, fields: dict[str, str]
    ) -> None:
        headers = {"Idempotency-Key": "k-1"}
        post(program, files_of(1), headers=headers, data={"hold": "1"})
        refused = post(program, files, headers=headers, data=fields)
        assert refused.status_code == 409
        assert "Idempotency-Key" in refused.json()["detail"]
        assert number_of(desk, submissions) == 1

    def test_a_key_is_its_callers_own(self, program: httpx.Client, desk: Desk) -> None:
        headers = {"Idempotency-Key": "k-1"}
        post(program, files_of(1), headers=headers)
        program.headers.update(token(desk.store.database, "uploads:write"))
        assert post(program, files_of(2), headers=headers).status_code == 202

    def test_many_at_once_under_one_key_are_one_upload(self, program: httpx.Client, desk: Desk) -> None:
        def send(_number: int) -> str:
            return str(
                post(program, files_of(1), headers={"Idempotency-Key": "k-1"}, data={"hold": "1"}).json()[
                    "upload"
                ]
            )

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(send, range(8)))) == 1
        assert number_of(desk, submissions) == 1


class TestWho:
    def test_a_program_sees_its_own_uploads_alone(self, program: httpx.Client, desk: Desk) -> None:
        upload = taken(program, files_of(1), hold="1")
        program.headers.update(token(desk.store.database, "uploads:write"))
        for path in ("", "/events", "/result", "/files/1"):
            assert program.get(f"/uploads/{upload}{path}").status_code == 404
        assert program.post(f"/uploads/{upload}/submission").status_code == 404
        program.headers.update(token(desk.store.database, "uploads:write", "claims:read"))
        assert program.get(f"/uploads/{upload}").status_code == 200

    def test_a_claimant_sends_papers_for_their_own_claim_alone(self, web: httpx.Client, desk: Desk) -> None:
        with desk.store.database.write() as connection:
            put_claim(connection, "C-1", state="incomplete")
            put_claim(connection, "C-2", state="incomplete")
        web.headers.update(token(desk.store.database, "claim:read", claim_id="C-1"))
        assert post(web, files_of(1), data={"for_claim": "C-2"}).status_code == 404
        upload = taken(web, files_of(1), hold="1")
        assert web.get(f"/uploads/{upload}").json()["for_claim"] == "C-1"

    def test_papers_for_a_claim_that_takes_none_are_refused_at_once(
        self, web: httpx.Client, desk: Desk
    ) -> None:
        with desk.store.database.write() as connection:
            put_claim(connection, "C-1", state="paid")
        web.headers.update(token(desk.store.database, "claim:read", claim_id="C-1"))
        assert post(web, files_of(1)).status_code == 409
        assert number_of(desk, submissions) == 1  # that of the claim

    def test_clerks_send_and_see_and_reviewers_do_not(self, web: httpx.Client, desk: Desk) -> None:
        client = sign_in(web, desk.store.database, "clerk")
        upload = taken(client, files_of(1))
        assert client.get(f"/uploads/{upload}").status_code == 200
        forged = post(client, files_of(2), headers={CSRF_HEADER: "another"})
        assert forged.status_code == 403
        sign_in(client, desk.store.database, "reviewer")
        assert post(client, files_of(2)).status_code == 403
        assert client.get(f"/uploads/{upload}").status_code == 403

    def test_nobody_sends_without_saying_who_they_are(self, web: httpx.Client, desk: Desk) -> None:
        assert post(web, files_of(1)).status_code == 401
        web.headers.update(token(desk.store.database, "claims:read"))
        assert post(web, files_of(1)).status_code == 403
        assert number_of(desk, submissions) == 0

    def test_persons_are_masked_unless_the_token_may_see_them(
        self, program: httpx.Client, desk: Desk
    ) -> None:
        upload = taken(program, files_of(1))
        desk.read()
        (name,) = set(shown(program, upload, "payer_name"))
        assert name.endswith("****")
        assert shown(program, upload, "diagnoses") == ["****"]
        program.headers.update(token(desk.store.database, "uploads:write", "claims:read", "personal:read"))
        assert shown(program, upload, "diagnoses") == ["感冒"]


def shown(client: httpx.Client, upload: str, name: str) -> list[str]:
    papers = client.get(f"/uploads/{upload}/result").json()["documents"]
    return [field["value"] for paper in papers for field in paper["fields"] if field["name"] == name]


class TestRefused:
    @pytest.mark.parametrize(
        ("files", "fields", "status"),
        [
            ({}, {"reference": "R"}, 422),
            ({"../出去.txt": b"other"}, {}, 422),
            ({".close-up/1/aa/票据.txt": b"other"}, {}, 422),
            ({"application.json": b"{}"}, {}, 422),
            ({"a.txt": b"other"}, {"owner": "me"}, 422),
            ({"a.txt": b"other"}, {"reference": "R" * 300}, 422),
            ({"a.txt": b"other"}, {"for_claim": "C-404"}, 404),
            ({f"{number}.txt": b"other" for number in range(incoming.MOST_FILES + 1)}, {}, 422),
            ({"a.txt": b"x" * (incoming.MOST_FIELD_BYTES * 1024)}, {}, 413),
        ],
    )
    def test_what_cannot_be_taken_leaves_nothing(
        self,
        program: httpx.Client,
        desk: Desk,
        monkeypatch: pytest.MonkeyPatch,
        files: Files,
        fields: dict[str, str],
        status: int,
    ) -> None:
        monkeypatch.setattr(incoming, "MOST_BYTES", 1_000_000)
        refused = post(program, files, data=fields)
        assert refused.status_code == status, refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert number_of(desk, submissions) == 0

    def test_a_body_that_is_no_form_is_refused(self, program: httpx.Client) -> None:
        assert program.post("/uploads", json={"file": "x"}).status_code == 422

    def test_a_desk_that_is_behind_says_when_to_come_again_and_takes_nothing(
        self, program: httpx.Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gate, "MOST_WAITING", -1)
        later = post(program, {"大.txt": b"x" * 3_000_000})
        assert later.status_code == 503
        assert int(later.headers["Retry-After"]) >= 1
        assert number_of(desk, submissions) == 0


class TestHeld:
    def test_it_is_read_ahead_and_makes_a_claim_when_it_is_submitted(
        self, program: httpx.Client, desk: Desk
    ) -> None:
        upload = taken(program, files_of(1, lacking=CERTIFICATE), hold="1")
        desk.read()
        state, gives = (program.get(f"/uploads/{upload}{path}").json() for path in ("", "/result"))
        assert (state["state"], state["has_result"]) == ("held", True)
        assert gives["claims"][0]["claim_id"] is None
        assert gives["claims"][0]["missing_materials"] == ["M06 诊断证明"]
        assert number_of(desk, claims) == 0
        post(program, {CERTIFICATE: files_of(1)[CERTIFICATE]}, f"/uploads/{upload}/files")
        assert not program.get(f"/uploads/{upload}/result").json()["ready"]
        desk.read()
        assert program.get(f"/uploads/{upload}/result").json()["claims"][0]["missing_materials"] == []
        assert program.post(f"/uploads/{upload}/submission").json()["state"] == "received"
        desk.read()
        (claim,) = program.get(f"/uploads/{upload}/result").json()["claims"]
        assert claim["state"] == "entered"

    def test_what_was_submitted_changes_no_more(self, program: httpx.Client, desk: Desk) -> None:
        upload = taken(program, files_of(1), hold="1")
        assert [program.post(f"/uploads/{upload}/submission").status_code for _ in range(2)] == [200, 200]
        more = {"又.txt": b"other name=x"}
        for path in ("files", "pages/1/1/close-up"):
            assert post(program, more, f"/uploads/{upload}/{path}").status_code == 409
        assert program.delete(f"/uploads/{upload}/files/1").status_code == 409
        desk.read()
        assert number_of(desk, claims) == 1

    def test_a_photo_is_taken_again_and_another_taken_out(self, program: httpx.Client) -> None:
        upload = taken(program, {"a.txt": b"other a", "b.txt": b"other b", "c.txt": b"other c"}, hold="1")
        replaced = program.put(f"/uploads/{upload}/files/1", files={"file": ("a.txt", b"other better")})
        assert replaced.status_code == 202
        left = program.delete(f"/uploads/{upload}/files/1").json()
        assert [file["name"] for file in left["files"]] == ["c.txt", "a.txt"]
        assert program.get(f"/uploads/{upload}/files/2").content == b"other better"
        assert program.delete(f"/uploads/{upload}/files/9").status_code == 404

    def test_photos_of_one_name_stay_apart_and_the_same_photo_twice_is_one(
        self, program: httpx.Client
    ) -> None:
        upload = taken(program, {"image.jpg": b"other a"}, hold="1")
        for content in (b"other b", b"other b", b"other a"):
            post(program, {"image.jpg": content}, f"/uploads/{upload}/files")
        files = program.get(f"/uploads/{upload}").json()["files"]
        assert [file["name"] for file in files] == ["image.jpg", "image (2).jpg"]

    def test_a_close_up_puts_right_what_it_shows_and_nothing_else_is_read_again(
        self, program: httpx.Client, desk: Desk
    ) -> None:
        upload = taken(
            program, files_of(1) | {LIST: files_of(1)[LIST].replace(b"101.00", b"107.00")}, hold="1"
        )
        desk.read()
        closer = {"近.txt": b"total_amount=107.00 total_amount=101.00"}
        assert post(program, closer, f"/uploads/{upload}/pages/2/1/close-up").status_code == 202
        desk.read()
        assert program.get(f"/uploads/{upload}").json()["pages"] == {"done": 1, "total": 1}
        gives = program.get(f"/uploads/{upload}/result").json()
        (became,) = gives["close_ups"]
        assert (became["merged"], became["file"], became["page"]) == (True, LIST, 1)
        assert set(shown(program, upload, "total_amount")) == {"101.00"}
        program.post(f"/uploads/{upload}/submission")
        desk.read()
        assert set(shown(program, upload, "total_amount")) == {"101.00"}

    def test_a_close_up_of_something_else_is_refused_and_does_no_harm(
        self, program: httpx.Client, desk: Desk
    ) -> None:
        upload = taken(program, files_of(1), hold="1")
        for wrong in (b"nowhere there", b"!corrupt"):
            post(program, {"近.txt": wrong}, f"/uploads/{upload}/pages/1/1/close-up")
        desk.read()
        gives = program.get(f"/uploads/{upload}/result").json()
        assert [one["merged"] for one in gives["close_ups"]] == [False, False]
        assert len(gives["documents"]) == 3


class TestFollowing:
    def test_each_state_is_told_until_it_is_read(self, program: httpx.Client, desk: Desk) -> None:
        upload = taken(program, files_of(1))
        states = []
        with program.stream("GET", f"/uploads/{upload}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    states.append(json.loads(line.removeprefix("data: "))["state"])
                    desk.read()
        assert (states[0], states[-1]) == ("received", "read")

    def test_who_saw_the_last_state_is_told_nothing_again(self, program: httpx.Client, desk: Desk) -> None:
        upload = taken(program, files_of(1))
        desk.read()
        first = program.get(f"/uploads/{upload}/events").text
        seen = next(line.removeprefix("id: ") for line in first.splitlines() if line.startswith("id: "))
        again = program.get(f"/uploads/{upload}/events", headers={"Last-Event-ID": seen})
        assert "data: " not in again.text

    def test_many_who_follow_are_one_look_at_the_store(self, program: httpx.Client, desk: Desk) -> None:
        upload = taken(program, files_of(1))
        with ThreadPoolExecutor(9) as threads:
            followed = [threads.submit(program.get, f"/uploads/{upload}/events") for _ in range(8)]
            desk.read()
            told = {one.result().text.split("\n\n")[-2].split("id: ")[1] for one in followed}
        assert len(told) == 1


def test_a_file_is_given_back_as_an_attachment_only(program: httpx.Client) -> None:
    upload = taken(program, {"<b>页.html": b"<script>alert(1)</script>"})
    given = program.get(f"/uploads/{upload}/files/1")
    assert given.content == b"<script>alert(1)</script>"
    assert given.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%3Cb%3E")
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["x-content-type-options"] == "nosniff"


def test_webhooks_hear_what_became_of_an_upload(program: httpx.Client, desk: Desk) -> None:
    with desk.store.database.write() as connection:
        add_webhook(connection, "https://office.example/hook", "whsec_x", ["upload.read"], NOW)
    upload = taken(program, files_of(1) | {"坏.txt": b"!corrupt"}, reference="R-9")
    desk.read()
    with desk.store.database.read() as connection:
        (message,) = connection.execute(select(outbox).where(outbox.c.kind == "webhook")).all()
        (claim_id,) = connection.execute(select(claims.c.id)).scalars()
    told = json.loads(message.payload)
    assert told["type"] == "upload.read"
    assert told["data"] == {
        "submission_id": upload,
        "reference": "R-9",
        "state": "read",
        "claim_ids": [claim_id],
        "unreadable": 1,
    }
    assert message.claim_id is None
    assert BILL not in message.payload
