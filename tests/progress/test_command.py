"""`baoxiao status` and `baoxiao claims`, as a person runs them on a store of either kind."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from pipeline import cli
from pipeline.progress import in_terminal
from pipeline.progress.export import heading
from pipeline.settings import settings
from pipeline.store.database import Database
from tests.store.stored import BANK, put_claim, put_claims, put_event, put_submission

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is asked of both databases is tested beside `pipeline.store.queries`."""

Baoxiao: TypeAlias = Callable[..., tuple[int, str, str]]
"""Runs the command; its exit status, what it printed and what it complained of."""


@pytest.fixture
def baoxiao(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Baoxiao:
    monkeypatch.setenv("BAOXIAO_STORE_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("BAOXIAO_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setattr(in_terminal.out, "_width", 120)
    settings.cache_clear()

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


class TestStatus:
    def test_a_claim_is_told_in_words_with_its_way_and_what_happened(
        self, database: Database, baoxiao: Baoxiao
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1", state="incomplete", missing_materials=["M06 诊断证明"], **BANK)
            put_event(connection, "C-1", "receive", "received")
            put_event(connection, "C-1", "return", "returned", who="wang", role="reviewer")
        code, told, complaint = baoxiao("status", "C-1")
        assert (code, complaint) == (0, "")
        for words in (
            "张**",
            "材料不全",
            "M06 诊断证明",
            "1,234.50 元",
            "样例银行 ****1234",
            "2026-03-02 10:30",
        ):
            assert words in told
        assert "wang" in told
        assert "张小样" not in told
        assert "张小样" in baoxiao("status", "C-1", "--unmasked")[1]
        assert "wang" not in baoxiao("status", "C-1", "--as-claimant")[1]

    def test_a_reference_finds_all_its_claims_and_an_upload_that_is_not_read(
        self, database: Database, baoxiao: Baoxiao
    ) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1", reference="2026-7")
            put_claim(connection, "C-2", reference="2026-7")
            put_submission(connection, "U-9", state="reading", reference="2026-9")
        code, told, _ = baoxiao("status", "2026-7", "--json")
        assert code == 0
        assert [claim["claim_id"] for claim in json.loads(told)["claims"]] == ["C-1", "C-2"]
        assert "识别中" in baoxiao("status", "2026-9")[1]

    def test_what_is_not_there_ends_with_1_and_says_so(self, baoxiao: Baoxiao) -> None:
        code, told, complaint = baoxiao("status", "C-404")
        assert (code, told) == (1, "")
        assert "C-404" in complaint


class TestClaims:
    def test_a_list_is_filtered_ordered_and_paged(self, database: Database, baoxiao: Baoxiao) -> None:
        with database.write() as connection:
            put_claims(connection, 5, state="entered")
            put_claim(connection, "C-other", state="paid")
        code, told, _ = baoxiao("claims", "--state", "entered", "--limit", "3", "--json")
        page = json.loads(told)
        assert code == 0
        assert [claim["claim_id"] for claim in page["claims"]] == ["C-004", "C-003", "C-002"]
        assert page["count"] == "5"
        _, told, _ = baoxiao("claims", "--state", "entered", "--limit", "3", "--after", page["after"])
        assert "C-001" in told
        assert "C-002" not in told
        assert "共 5 件" in told

    def test_a_person_is_found_by_name_and_shown_masked(self, database: Database, baoxiao: Baoxiao) -> None:
        with database.write() as connection:
            put_claim(connection, "C-1")
            put_claim(connection, "C-2", insured_name="李示例")
        _, told, _ = baoxiao("claims", "--insured-name", "李示例")
        assert "C-2" in told
        assert "C-1" not in told
        assert "李**" in told
        assert "李示例" not in told

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--state", "lost"], "state"),
            (["--after", "xyz"], "after"),
            (["--order", "name"], "order"),
            (["--amount-from", "x"], "amount_from"),
            (["--received-from", "2026-13-01"], "received_from"),
        ],
    )
    def test_a_filter_that_is_none_is_a_usage_error_that_names_it(
        self, baoxiao: Baoxiao, arguments: list[str], named: str
    ) -> None:
        code, _, complaint = baoxiao("claims", *arguments)
        assert code == 2
        assert named in complaint

    def test_any_filter_goes_to_a_file_whole_and_masked(
        self, database: Database, baoxiao: Baoxiao, tmp_path: Path
    ) -> None:
        with database.write() as connection:
            put_claims(connection, 30, state="entered", **BANK)
            put_claim(connection, "C-other", state="paid")
        file = tmp_path / "claims.csv"
        code, _, said = baoxiao("claims", "--state", "entered", "--limit", "2", "--csv", file)
        assert code == 0
        assert "30" in said
        with file.open(encoding="utf-8-sig", newline="") as text:
            found = list(csv.DictReader(text))
        assert len(found) == 30
        assert {row[heading("bank_account")] for row in found} == {"****1234"}
        baoxiao("claims", "--csv", file, "--unmasked")
        assert "张小样" in file.read_text("utf-8-sig")

    def test_a_file_that_cannot_be_written_is_told(self, baoxiao: Baoxiao, tmp_path: Path) -> None:
        code, _, complaint = baoxiao("claims", "--xlsx", tmp_path / "nowhere" / "claims.xlsx")
        assert code == 1
        assert "nowhere" in complaint

    def test_what_is_due_is_listed_the_nearest_first(self, database: Database, baoxiao: Baoxiao) -> None:
        today = datetime.now(UTC).date()
        with database.write() as connection:
            put_claim(connection, "C-late", settle_by=today - timedelta(days=3))
            put_claim(connection, "C-soon", settle_by=today + timedelta(days=2))
            put_claim(connection, "C-far", settle_by=today + timedelta(days=60))
            put_claim(connection, "C-paid", state="paid", settle_by=today - timedelta(days=9))
        _, told, _ = baoxiao("claims", "due", "--json")
        assert [claim["claim_id"] for claim in json.loads(told)["claims"]] == ["C-late", "C-soon"]
        _, told, _ = baoxiao("claims", "due", "--only", "overdue")
        assert "C-late" in told
        assert "超期" in told
        assert "C-soon" not in told


def test_the_schemas_of_progress_are_printed(baoxiao: Baoxiao) -> None:
    code, told, _ = baoxiao("schema", "progress")
    assert code == 0
    assert "reimbursed_amount" in json.loads(told)["properties"]
