"""What is drawn when a submission is read, and by which target it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.receiving import receive
from pipeline.settings import Settings
from pipeline.store.opened import Store
from pipeline.store.probes import probes_of
from pipeline.store.submissions import Submission, take_waiting
from pipeline.store.thresholds import Threshold, note_threshold
from pipeline.submission_reader import SubmissionReader
from tests.fakes import FakeDecoder
from tests.parcels import Quiet, SureReaders, files_of, incoming

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def take(store: Store) -> Callable[[int], Submission]:
    def taken(number: int) -> Submission:
        receive(store, incoming(files_of(number)), "folder", NOW)
        with store.database.write() as connection:
            found = take_waiting(connection, "reader", NOW, NOW + timedelta(hours=1))
        assert found is not None
        return found

    return taken


@pytest.fixture
def started() -> list[float]:
    """The target error of each set of reading processes that was started."""
    return []


@pytest.fixture
def reader(store: Store, tmp_path: Path, started: list[float]) -> Iterator[SubmissionReader]:
    settings = Settings(
        store_dir=tmp_path / "office",
        second_review_share=0,
        workers=1,
        accuracy_sample_share=0,
        accuracy_sample_daily=2,
    )

    def readers(chosen: Settings, *_: object) -> SureReaders:
        started.append(chosen.target_error)
        return SureReaders()

    with SubmissionReader(
        store, settings, lambda: NOW, sandbox=lambda _: FakeDecoder(), readers=readers
    ) as made:
        yield made


def test_a_small_office_draws_one_value_a_claim_until_the_day_has_enough(
    store: Store, reader: SubmissionReader, take: Callable[[int], Submission]
) -> None:
    claims = [reader.read(take(number), "reader", Quiet()).claims[0].claim_id for number in (1, 2, 3)]
    with store.database.read() as connection:
        assert [len(probes_of(connection, claim, "accepted")) for claim in claims] == [1, 1, 0]


def test_a_target_that_was_tightened_is_what_the_next_submission_is_read_by(
    store: Store, reader: SubmissionReader, take: Callable[[int], Submission], started: list[float]
) -> None:
    reader.read(take(1), "reader", Quiet())
    reader.read(take(2), "reader", Quiet())
    with store.database.write() as connection:
        note_threshold(connection, Threshold(NOW, 0.0003, 500, 3, 0.01, "自动收紧"))
    reader.read(take(3), "reader", Quiet())
    assert started == [0.0004, 0.0003]
