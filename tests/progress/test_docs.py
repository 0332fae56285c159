"""docs/progress.md says what works: its commands and requests are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from pipeline.store.database import Database
from pipeline.store.tables import claims
from pipeline.web.service import Service
from tests.progress.test_command import Baoxiao, baoxiao
from tests.store.stored import NOW, put_claim, put_submission
from tests.web.serving import Door, served, token

__all__ = ["baoxiao"]  # the fixture that runs the command

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

PAGE = (Path(__file__).parents[2] / "docs" / "progress.md").read_text("utf-8")
COMMANDS = re.findall(r"^baoxiao (.+)$", PAGE, re.MULTILINE)
REQUESTS = re.findall(r"`GET (/[^`]+)`", PAGE)


@pytest.fixture(autouse=True)
def _stored(database: Database) -> None:
    with database.write() as connection:
        put_submission(connection, "U-20260302")
        put_claim(
            connection,
            "C-20260302-7f3a91",
            submission_id="U-20260302",
            reference="2026-报-0417",
            state="entered",
        )
        connection.execute(update(claims).values(settle_by=NOW.date(), state="entered"))


def test_every_command_of_the_page_runs(
    baoxiao: Baoxiao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 8
    for line in COMMANDS:
        code, told, complaint = baoxiao(*shlex.split(line))
        assert code == 0, (line, complaint)
        assert told or "claims.csv" in complaint
    assert (tmp_path / "claims.csv").exists()


def test_every_request_of_the_page_is_answered(database: Database) -> None:
    caller = token(database, "claims:read", "claims:export")
    assert len(REQUESTS) >= 7
    with served(Service(database, Door(), clock=lambda: NOW)) as web:
        for path in REQUESTS:
            told: httpx.Response = web.get(path, headers=caller)
            assert told.status_code == 200, (path, told.text)
