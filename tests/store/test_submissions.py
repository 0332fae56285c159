"""Submissions: known by what was sent, taken by one reader at a time, lost by none that dies."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Unread
from pipeline.store.database import Database
from pipeline.store.submissions import (
    LeaseLost,
    ReceivedFile,
    Submission,
    finish,
    give_up,
    hold,
    is_unfinished,
    is_waiting,
    keep_submission,
    let_go,
    load_submission,
    prolong,
    submission_id,
    take_waiting,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILES = (ReceivedFile("甲/票.jpg", "a" * 64, 12), ReceivedFile("甲/单.pdf", "b" * 64, 7))

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)
SENT = st.lists(
    st.builds(ReceivedFile, NAMES, st.text("abc", min_size=64, max_size=64), st.just(1)),
    min_size=1,
    max_size=4,
    unique_by=lambda file: file.name,
)


def kept(database: Database, *names: str, now: datetime = NOW) -> list[str]:
    """The ids of submissions of one file each, received a second apart."""
    with database.write() as connection:
        return [
            keep_submission(
                connection,
                [ReceivedFile(name, "c" * 64, 1)],
                now + timedelta(seconds=turn),
                source="folder",
            )[0].id
            for turn, name in enumerate(names)
        ]


def taken(database: Database, holder: str, now: datetime = NOW + MINUTE) -> Submission | None:
    with database.write() as connection:
        return take_waiting(connection, holder, now, now + MINUTE)


@given(SENT, st.randoms())
def test_the_order_of_files_makes_no_other_submission(files: list[ReceivedFile], rng: Random) -> None:
    shuffled = list(files)
    rng.shuffle(shuffled)
    assert submission_id(shuffled, None) == submission_id(files, None)


@given(SENT, SENT)
def test_other_names_or_bytes_make_another_submission(
    some: list[ReceivedFile], others: list[ReceivedFile]
) -> None:
    told = [sorted((file.name, file.sha256) for file in files) for files in (some, others)]
    same = submission_id(some, None) == submission_id(others, None)
    assert same is (told[0] == told[1])


def test_papers_for_a_claim_are_not_those_sent_by_themselves() -> None:
    assert len({submission_id(FILES, claim) for claim in (None, "C-1", "C-2")}) == 3


def test_what_is_kept_comes_back_with_its_files_in_order(database: Database) -> None:
    with database.write() as connection:
        submission, is_new = keep_submission(connection, FILES, NOW, source="online", reference="R-7")
    assert is_new
    assert submission == Submission(
        submission_id(FILES, None), "online", "R-7", None, "received", NOW, 0, None, FILES
    )
    with database.read() as connection:
        assert load_submission(connection, submission.id) == submission
        assert is_waiting(connection)


def test_the_same_files_sent_again_are_the_submission_that_is_there(database: Database) -> None:
    with database.write() as connection:
        first, _ = keep_submission(connection, FILES, NOW, source="folder")
        again, is_new = keep_submission(connection, FILES[::-1], NOW + MINUTE, source="online")
    assert not is_new
    assert again == first


def test_of_two_who_send_the_same_at_once_one_is_new(database: Database) -> None:
    begun, told = threading.Barrier(2), list[bool]()

    def send() -> None:
        begun.wait()
        with database.write() as connection:
            told.append(keep_submission(connection, FILES, NOW, source="online")[1])

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]


def test_no_submission_is_a_lookup_error(database: Database) -> None:
    with database.read() as connection, pytest.raises(LookupError, match="U-0"):
        load_submission(connection, "U-0")


class TestReaders:
    def test_what_waits_longest_is_taken_first_and_by_one(self, database: Database) -> None:
        first, second = kept(database, "a", "b")
        found = [taken(database, holder) for holder in ("one", "two", "three")]
        assert [one and one.id for one in found] == [first, second, None]
        assert found[0] is not None
        assert (found[0].state, found[0].attempts) == ("reading", 1)

    def test_only_those_that_are_asked_for_are_taken(self, database: Database) -> None:
        _, second = kept(database, "a", "b")
        with database.write() as connection:
            found = take_waiting(connection, "one", NOW, NOW + MINUTE, only=[second])
        assert found is not None
        assert found.id == second

    def test_many_readers_at_once_never_take_the_same(self, database: Database) -> None:
        wanted = kept(database, *"abcdefghijkl")
        found: list[str] = []

        def read(holder: str) -> None:
            while (one := taken(database, holder)) is not None:
                found.append(one.id)

        threads = [threading.Thread(target=read, args=(f"r{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == sorted(wanted)

    def test_a_reader_that_died_is_replaced_when_its_lease_ends_and_not_before(
        self, database: Database
    ) -> None:
        (key,) = kept(database, "a")
        taken(database, "dead", NOW)
        assert taken(database, "next", NOW + MINUTE / 2) is None
        found = taken(database, "next", NOW + MINUTE)
        assert found is not None
        assert (found.id, found.attempts) == (key, 2)

    def test_who_prolongs_keeps_it_and_who_lost_it_cannot(self, database: Database) -> None:
        (key,) = kept(database, "a")
        taken(database, "one", NOW)
        with database.write() as connection:
            assert prolong(connection, key, "one", NOW + 2 * MINUTE)
        assert taken(database, "two", NOW + MINUTE) is None
        assert taken(database, "two", NOW + 2 * MINUTE) is not None
        with database.write() as connection:
            assert not prolong(connection, key, "one", NOW + 9 * MINUTE)

    def test_who_lost_the_lease_writes_nothing(self, database: Database) -> None:
        (key,) = kept(database, "a")
        taken(database, "one", NOW)
        taken(database, "two", NOW + MINUTE)
        with database.write() as connection:
            hold(connection, key, "two")
            with pytest.raises(LeaseLost, match=key):
                hold(connection, key, "one")

    def test_who_stops_gives_it_back_at_once_and_it_counts_for_nothing(self, database: Database) -> None:
        (key,) = kept(database, "a")
        taken(database, "one", NOW)
        with database.write() as connection:
            let_go(connection, key, "one")
        found = taken(database, "two", NOW)
        assert found is not None
        assert found.attempts == 1

    def test_what_could_not_be_read_waits_with_the_reason(self, database: Database) -> None:
        (key,) = kept(database, "a")
        taken(database, "one", NOW)
        with database.write() as connection:
            let_go(connection, key, "one", not_before=NOW + MINUTE, failure="磁盘已满 / the disk is full")
        assert taken(database, "two", NOW + MINUTE / 2) is None
        found = taken(database, "two", NOW + MINUTE)
        assert found is not None
        assert (found.attempts, found.failure) == (2, "磁盘已满 / the disk is full")

    def test_one_that_failed_is_not_read_until_it_is_sent_again(self, database: Database) -> None:
        with database.write() as connection:
            key = keep_submission(connection, FILES, NOW, source="folder")[0].id
        taken(database, "one")
        with database.write() as connection:
            give_up(connection, key, "another", "not theirs to say", NOW)
            assert is_unfinished(connection, key)
            give_up(connection, key, "one", "原因 / why", NOW)
            assert not is_waiting(connection)
        assert taken(database, "two", NOW + 9 * MINUTE) is None
        with database.write() as connection:
            again, is_new = keep_submission(connection, FILES, NOW + MINUTE, source="folder")
        assert (again.state, again.attempts, again.failure, is_new) == ("received", 0, "原因 / why", False)
        assert taken(database, "two", NOW + 9 * MINUTE) is not None

    def test_what_is_read_is_taken_by_nobody_and_keeps_what_could_not_be(self, database: Database) -> None:
        (key,) = kept(database, "a")
        taken(database, "one")
        missed = [Unread("a", 2, "corrupt", "坏了 / broken"), Unread("b", None, "empty", "空的 / empty")]
        with database.write() as connection:
            finish(connection, key, NOW, read_by="1", pages=3, missed=missed)
        assert taken(database, "two", NOW + 9 * MINUTE) is None
        with database.read() as connection:
            assert load_submission(connection, key).state == "read"
            assert not is_unfinished(connection, key)
            assert not is_waiting(connection)
