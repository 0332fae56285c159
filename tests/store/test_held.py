"""Submissions that are held: read ahead under a lease, changed by their sender, claims once submitted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from pipeline.errors import StepRefused
from pipeline.store.database import Database
from pipeline.store.page_progress import PageProgress, note_page_progress, page_progress_of
from pipeline.store.submissions import (
    ReceivedFile,
    Submission,
    add_files,
    give_up,
    is_read_ahead,
    keep_submission,
    let_go,
    load_submission,
    note_read_ahead,
    remove_files,
    submit,
    take_held,
    take_waiting,
)
from pipeline.store.tables import outbox, submissions
from pipeline.store.upload_keys import SentAs, is_senders, keep_upload
from pipeline.store.webhooks import add_webhook

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LEASE = timedelta(minutes=1)
FILES = [ReceivedFile("票据.jpg", "aa" * 32, 10)]
MORE = [ReceivedFile("诊断.jpg", "bb" * 32, 20)]


def held(database: Database, key: str = "U-held") -> str:
    with database.write() as connection:
        keep_submission(connection, FILES, NOW, source="online", held_as=key)
    return key


def taken(database: Database, now: datetime = NOW) -> Submission | None:
    with database.write() as connection:
        return take_held(connection, "one", now, now + LEASE)


def state(database: Database, key: str) -> str:
    with database.read() as connection:
        return load_submission(connection, key).state


def read_ahead(database: Database, one: Submission) -> bool:
    with database.write() as connection:
        return note_read_ahead(connection, one, "one", NOW)


def known_as_read_ahead(database: Database, key: str) -> bool:
    with database.read() as connection:
        return is_read_ahead(connection, key)


def test_it_is_read_ahead_once_and_into_no_claim(database: Database) -> None:
    held(database)
    with database.write() as connection:
        assert take_waiting(connection, "another", NOW, NOW + LEASE) is None
    one = taken(database)
    assert one is not None
    assert taken(database) is None
    assert not known_as_read_ahead(database, one.id)
    assert read_ahead(database, one)
    assert known_as_read_ahead(database, one.id)
    assert taken(database, NOW + 2 * LEASE) is None
    assert state(database, one.id) == "held"


def test_what_comes_while_it_is_read_ahead_is_read_ahead_next(database: Database) -> None:
    key = held(database)
    one = taken(database)
    assert one is not None
    with database.write() as connection:
        add_files(connection, key, MORE)
    assert not read_ahead(database, one)
    assert not known_as_read_ahead(database, key)
    again = taken(database)
    assert again is not None
    assert [file.name for file in again.files] == ["票据.jpg", "诊断.jpg"]


def test_what_is_submitted_while_it_is_read_ahead_is_read_as_soon_as_that_is_done(database: Database) -> None:
    key = held(database)
    one = taken(database)
    assert one is not None
    with database.write() as connection:
        submit(connection, key)
        assert take_waiting(connection, "another", NOW, NOW + LEASE) is None
    read_ahead(database, one)
    with database.write() as connection:
        next_one = take_waiting(connection, "another", NOW, NOW + LEASE)
    assert next_one is not None
    assert (next_one.id, next_one.attempts) == (key, 1)


def test_what_was_submitted_changes_no_more(database: Database) -> None:
    key = held(database)
    with database.write() as connection:
        submit(connection, key)
        with pytest.raises(StepRefused):
            add_files(connection, key, MORE)
        with pytest.raises(StepRefused):
            remove_files(connection, key, ["票据.jpg"])
        submit(connection, key)
    assert state(database, key) == "received"


def test_what_cannot_be_read_ahead_now_stays_held_and_is_tried_later(database: Database) -> None:
    key = held(database)
    assert taken(database) is not None
    with database.write() as connection:
        let_go(connection, key, "one", not_before=NOW + LEASE, failure="停了 / down")
    assert state(database, key) == "held"
    assert taken(database) is None
    assert taken(database, NOW + LEASE) is not None


def test_webhooks_hear_of_an_upload_that_is_given_up(database: Database) -> None:
    key = held(database)
    assert taken(database) is not None
    with database.write() as connection:
        add_webhook(connection, "https://office.example", "whsec_x", [], NOW)
        give_up(connection, key, "another", "not theirs to say", NOW)
        give_up(connection, key, "one", "原因 / why", NOW)
        (message,) = connection.execute(select(outbox.c.payload)).scalars()
    assert json.loads(message)["type"] == "upload.failed"
    assert state(database, key) == "failed"


def test_one_key_is_one_upload_however_many_ask_at_once(database: Database) -> None:
    def send(number: int) -> str:
        with database.write() as connection:
            kept, _new = keep_upload(
                connection, SentAs("token:a", "k", "cc" * 32), FILES, NOW, held_as=f"U-{number}"
            )
            return kept.id

    with ThreadPoolExecutor(6) as threads:
        made = set(threads.map(send, range(6)))
    assert len(made) == 1
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(submissions)).scalar() == 1
        assert is_senders(connection, "token:a", made.pop())
        assert not is_senders(connection, "token:b", "U-1")


def test_a_key_stands_for_one_body(database: Database) -> None:
    with database.write() as connection:
        keep_upload(connection, SentAs("token:a", "k", "cc" * 32), FILES, NOW)
        with pytest.raises(StepRefused, match="Idempotency-Key"):
            keep_upload(connection, SentAs("token:a", "k", "dd" * 32), MORE, NOW)


def test_the_latest_progress_counts(database: Database) -> None:
    key = held(database)
    with database.write() as connection:
        assert page_progress_of(connection, key) is None
        for done in (0, 3):
            note_page_progress(connection, key, PageProgress(done, 5), NOW)
        assert page_progress_of(connection, key) == PageProgress(3, 5)
