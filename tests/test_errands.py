"""What a worker does beside reading follows from the settings; without an engine it reads all the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.engine.signing import new_secret
from pipeline.errands import errands
from pipeline.settings import Settings
from pipeline.store.database import Database

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HTTP = {"engine": "http", "engine_url": "http://127.0.0.1:9", "engine_secret": new_secret()}


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        (HTTP, ["移交 / hand-over", "通知 / webhooks"]),
        ({"engine": "batch_file"}, ["通知 / webhooks"]),  # files are made when the office says so
    ],
)
def test_claims_are_handed_over_to_whom_the_office_names(
    database: Database, chosen: dict[str, str], wanted: list[str]
) -> None:
    with errands(Settings.model_validate(chosen), database, pytest.fail) as made:
        assert [errand.name for errand in made] == wanted
        assert [errand.run(NOW) for errand in made] == [0] * len(wanted)


def test_an_engine_that_cannot_be_reached_as_it_is_set_is_told(database: Database) -> None:
    said: list[str] = []
    with errands(Settings(engine="http"), database, said.append) as made:
        assert [errand.name for errand in made] == ["通知 / webhooks"]
    (sentence,) = said
    assert "reading only, nothing is handed over" in sentence
