"""Progress, lists and files over HTTP: right, masked, paged, unchanged where nothing changed."""

from __future__ import annotations

import io
from datetime import timedelta

import httpx
from openpyxl import load_workbook
from sqlalchemy import update

from pipeline.progress.export import heading
from pipeline.store.database import Database
from pipeline.store.tables import claims
from tests.store.stored import BANK, NOW, put_claim, put_claims, put_event, put_submission
from tests.web.serving import token


class TestOneClaim:
    def test_a_claimant_sees_how_far_the_claim_is_and_nobody_who_works_on_it(
        self, database: Database, web: httpx.Client
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1", **BANK)
            by_wang = {"who": "wang", "role": "reviewer", "reason": "wang 说缺页"}
            put_event(connection, "C-1", "return", "returned", **by_wang)
        told = web.get("/claims/C-1", headers=token(database, "claim:read", claim_id="C-1"))
        progress = told.json()
        assert told.status_code == 200
        assert (progress["declared_amount"], progress["payout"]["account"]) == ("1234.50", "****1234")
        assert progress["insured_name"] == "张**"
        assert progress["timeline"][0]["reason"] == "经办人员 说缺页"
        assert "wang" not in told.text

    def test_of_another_claim_a_claimant_learns_not_even_that_it_is_there(
        self, database: Database, web: httpx.Client
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            put_claim(connection, "C-2")
        mine = token(database, "claim:read", claim_id="C-1")
        other, none = web.get("/claims/C-2", headers=mine), web.get("/claims/C-3", headers=mine)
        assert (other.status_code, none.status_code) == (404, 404)
        assert other.text.replace("C-2", "") == none.text.replace("C-3", "")

    def test_an_office_sees_who_did_what_and_persons_only_by_their_own_scope(
        self, database: Database, web: httpx.Client
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            put_event(connection, "C-1", "pass_first", "second_review", who="wang", role="reviewer")
        masked = web.get("/claims/C-1", headers=token(database, "claims:read"))
        shown = web.get("/claims/C-1", headers=token(database, "claims:read", "personal:read"))
        assert masked.json()["timeline"][0]["who"] == "wang"
        assert "张小样" not in masked.text
        assert "张小样" in shown.text
        assert (
            web.get("/claims/C-1/timeline", headers=token(database, "claims:read")).json()
            == (masked.json()["timeline"])
        )

    def test_what_did_not_change_is_not_sent_again(self, database: Database, web: httpx.Client) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
        office = token(database, "claims:read")
        tag = web.get("/claims/C-1", headers=office).headers["ETag"]
        again = web.get("/claims/C-1", headers={**office, "If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        seen_by_other = {**token(database, "claims:read", "personal:read"), "If-None-Match": tag}
        assert web.get("/claims/C-1", headers=seen_by_other).status_code == 200
        with database.write() as connection:
            connection.execute(update(claims).values(version=2))
        assert web.get("/claims/C-1", headers={**office, "If-None-Match": tag}).status_code == 200

    def test_an_upload_is_told_with_its_claims(self, database: Database, web: httpx.Client) -> None:
        with database.write() as connection:
            put_submission(connection, "U-1", reference="甲")
            put_claim(connection, "C-1")
        told = web.get("/submissions/U-1", headers=token(database, "claims:read")).json()
        assert (told["reference"], told["state"], told["claims"]) == ("甲", "read", ["C-1"])


class TestLists:
    def test_pages_follow_each_other_by_their_links(self, database: Database, web: httpx.Client) -> None:
        with database.write() as connection:
            put_claims(connection, 7, state="entered")
            put_claim(connection, "C-other", state="paid")
        office = token(database, "claims:read")
        found: list[str] = []
        url: str | None = "/claims?state=entered&state=first_review&limit=3"
        while url is not None:
            page = web.get(url, headers=office)
            assert page.status_code == 200
            found += [claim["claim_id"] for claim in page.json()["claims"]]
            url = page.links.get("next", {}).get("url")
        assert found == [f"C-{index:03}" for index in reversed(range(7))]

    def test_a_person_is_looked_for_in_a_body_and_never_in_a_url(
        self, database: Database, web: httpx.Client
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            put_claim(connection, "C-2", insured_name="李示例")
        office = token(database, "claims:read")
        page = web.post("/claims/search", headers=office, json={"insured_name": "李示例"}).json()
        assert [(claim["claim_id"], claim["insured_name"]) for claim in page["claims"]] == [("C-2", "李**")]
        refused = web.get("/claims", headers=office, params={"insured_name": "李示例"})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["key"] == "insured_name"
        assert "李示例" not in refused.text

    def test_what_is_due_is_asked_by_a_word(self, database: Database, web: httpx.Client) -> None:
        with database.write() as connection:
            put_claim(connection, "C-late", settle_by=(NOW - timedelta(days=4)).date())
            put_claim(connection, "C-soon", settle_by=(NOW + timedelta(days=4)).date())
        office = token(database, "claims:read")
        pages = {due: web.get(f"/claims?due={due}", headers=office) for due in ("soon", "overdue", "any")}
        found = {due: [claim["claim_id"] for claim in page.json()["claims"]] for due, page in pages.items()}
        assert found == {"soon": ["C-soon"], "overdue": ["C-late"], "any": ["C-late", "C-soon"]}

    def test_a_filter_that_is_none_is_refused_by_its_name(
        self, database: Database, web: httpx.Client
    ) -> None:
        office = token(database, "claims:read")
        for query, status, named in (
            ("state=lost", 422, "state.0"),
            ("limit=9999", 422, "limit"),
            ("colour=red", 422, "colour"),
            ("after=xyz", 400, "after"),
            ("due=soon&state=paid", 400, "due"),
            ("received_from=2026-03-02&received_to=2026-03-01", 400, "received"),
        ):
            told = web.get(f"/claims?{query}", headers=office)
            assert told.status_code == status, query
            assert told.headers["Content-Type"] == "application/problem+json"
            assert named in told.text

    def test_files_hold_the_whole_list_masked_unless_persons_may_be_seen(
        self, database: Database, web: httpx.Client
    ) -> None:
        with database.write() as connection:
            put_claims(connection, 12, state="entered")
        files = token(database, "claims:export")
        table = web.get("/claims/export.csv?state=entered&limit=5", headers=files)
        assert table.headers["Content-Disposition"].endswith('filename="claims-2026-03-02.csv"')
        assert len(table.text.splitlines()) == 13
        assert "张小样" not in table.text
        book = web.get(
            "/claims/export.xlsx?state=entered", headers=token(database, "claims:export", "personal:read")
        )
        sheet = load_workbook(io.BytesIO(book.content)).worksheets[0]
        row = {head.value: cell.value for head, cell in zip(sheet[1], sheet[2], strict=True)}
        assert row[heading("insured_name")] == "张小样"
        assert sheet.max_row == 13
