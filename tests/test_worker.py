"""The worker: reads what waits, gives nothing up too soon, and lets go of what it has in hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import ServiceUnavailable
from pipeline.life import Actor
from pipeline.model import Document, Page, Unread
from pipeline.receiving import receive
from pipeline.settings import Settings
from pipeline.store.lives import take_step
from pipeline.store.opened import Store
from pipeline.store.submissions import Submission, load_submission, take_waiting
from pipeline.submission_reader import SubmissionRead, SubmissionReader
from pipeline.worker import LEASE, MOST_ATTEMPTS, Errand, NotRead, Worker
from tests.fakes import FakeDecoder
from tests.parcels import BILL, CERTIFICATE, Quiet, SureReaders, files_of, incoming

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Office:
    """A worker whose clock stands still until it is moved."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.now = NOW
        self.readers = SureReaders()
        settings = Settings(store_dir=folder / "office", second_review_share=0, workers=1)
        self.work = settings.store_dir / "work"
        self.reader = SubmissionReader(
            store,
            settings,
            self.clock,
            sandbox=lambda _: FakeDecoder(),
            readers=lambda *_: self.readers,
        )
        self.worker = Worker(store, self.reader, self.clock)

    def clock(self) -> datetime:
        return self.now

    def receive(self, number: int = 1, **files: bytes) -> str:
        sent = incoming(files_of(number) | files)
        return receive(self.store, sent, "folder", self.now).submission.id

    def submission(self, key: str) -> Submission:
        with self.store.database.read() as connection:
            return load_submission(connection, key)


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Iterator[Office]:
    made = Office(store, tmp_path)
    with made.reader:
        yield made


def test_where_nothing_waits_nothing_is_read(office: Office) -> None:
    assert office.worker.read_next(Quiet()) is None


def test_what_waits_is_read_one_after_the_other(office: Office) -> None:
    keys = [office.receive(number) for number in (1, 2)]
    read = [office.worker.read_next(Quiet()) for _ in range(3)]
    assert sorted(one.submission_id for one in read[:2] if isinstance(one, SubmissionRead)) == sorted(keys)
    assert read[2] is None


def test_what_is_down_is_waited_for_ever_longer_and_then_a_person_looks(office: Office) -> None:
    key = office.receive(down__txt=b"other down")
    office.readers.down = 99
    told, waited = list[NotRead](), list[int]()
    while not told or told[-1].again:
        became = office.worker.read_next(Quiet())
        if became is None:
            office.now += timedelta(seconds=10)
            waited[-1] += 10
        else:
            assert isinstance(became, NotRead)
            told.append(became)
            waited.append(0)
    assert [one.again for one in told] == [True] * (MOST_ATTEMPTS - 1) + [False]
    assert waited[:-1] == [10, 40, 160, 640]
    failed = office.submission(key)
    assert (failed.state, failed.failure) == ("failed", "停了 / it is down")
    assert office.reader.work_left() == []
    assert office.worker.read_next(Quiet()) is None


def test_a_service_that_is_back_reads_what_was_put_off(office: Office) -> None:
    office.receive(down__txt=b"other down")
    office.readers.down = 1
    assert isinstance(office.worker.read_next(Quiet()), NotRead)
    office.now += timedelta(seconds=10)
    assert isinstance(office.worker.read_next(Quiet()), SubmissionRead)


def test_what_killed_several_readers_is_not_read_by_another(office: Office) -> None:
    key = office.receive()
    for _ in range(MOST_ATTEMPTS):
        with office.store.database.write() as connection:
            assert take_waiting(connection, "who dies", office.now, office.now + LEASE)
        office.now += LEASE
    told = office.worker.read_next(Quiet())
    assert isinstance(told, NotRead)
    assert not told.again
    assert "the readers died several times" in told.why
    assert office.readers.read_pages == []
    assert office.submission(key).state == "failed"


def test_papers_for_a_claim_that_takes_none_fail_at_once_with_what_is_possible(office: Office) -> None:
    sent = incoming(files_of(1, lacking=CERTIFICATE))
    receive(office.store, sent, "folder", office.now)
    read = office.worker.read_next(Quiet())
    assert isinstance(read, SubmissionRead)
    (claim,) = read.claims
    late = incoming({CERTIFICATE: files_of(1)[CERTIFICATE]})
    receive(office.store, late, "folder", office.now, for_claim=claim.claim_id)
    with office.store.database.write() as connection:
        clerk = Actor("张", "clerk")
        take_step(connection, claim.claim_id, "withdraw", clerk, office.now, "申请人要求")
    told = office.worker.read_next(Quiet())
    assert isinstance(told, NotRead)
    assert not told.again
    assert "add_papers" in told.why


def test_ctrl_c_gives_back_what_was_in_hand(office: Office) -> None:
    class Stopping(Quiet):
        def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
            raise KeyboardInterrupt

    key = office.receive()
    with pytest.raises(KeyboardInterrupt):
        office.worker.read_next(Stopping())
    given_back = office.submission(key)
    assert (given_back.state, given_back.attempts) == ("received", 0)
    assert isinstance(office.worker.read_next(Quiet()), SubmissionRead)


def test_a_reader_that_lives_keeps_its_lease_however_long_a_page_takes(store: Store, tmp_path: Path) -> None:
    """The lease is half a second and a page takes two of them."""
    asked = threading.Event()

    class Slow(SureReaders):
        def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
            asked.set()
            threading.Event().wait(1.0)
            return super().understand(pages, today)

    office = Office(store, tmp_path)
    office.readers = Slow()
    worker = Worker(store, office.reader, lambda: datetime.now(UTC), lease=timedelta(seconds=0.5))
    receive(store, incoming({BILL: files_of(1)[BILL]}), "folder", datetime.now(UTC))
    read: list[object] = []
    thread = threading.Thread(target=lambda: read.append(worker.read_next(Quiet())))
    with office.reader:
        thread.start()
        assert asked.wait(30)
        threading.Event().wait(0.7)
        with store.database.write() as connection:
            assert take_waiting(connection, "another", datetime.now(UTC), datetime.now(UTC) + LEASE) is None
        thread.join()
    assert isinstance(read[0], SubmissionRead)


def test_work_folders_of_what_is_done_are_cleared_and_those_of_what_is_not_stay(office: Office) -> None:
    read, waiting = office.receive(1), office.receive(2)
    office.worker.read_next(Quiet(), [read])
    for key in (read, waiting, "U-of-a-store-before"):
        (office.work / key).mkdir(parents=True)
    office.worker.clear_away()
    assert office.reader.work_left() == [waiting]


class TestErrands:
    def test_they_are_done_beside_reading_as_often_as_something_is_due(self, office: Office) -> None:
        left, done = [3], threading.Event()

        def run(now: datetime) -> int:
            assert now == NOW
            left[0] -= 1
            if not left[0]:
                done.set()
            return left[0]

        with office.worker.beside([Errand("移交", run)], print):
            assert done.wait(10)

    def test_one_that_fails_is_told_and_tried_again(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pipeline.worker.IDLE_SECONDS", 0.01)
        tries, said, done = [0], list[str](), threading.Event()

        def run(_now: datetime) -> int:
            tries[0] += 1
            if tries[0] == 1:
                raise ServiceUnavailable("停了 / it is down")
            done.set()
            return 0

        with office.worker.beside([Errand("移交", run)], said.append):
            assert done.wait(10)
        assert said == ["✗ 停了 / it is down"]

    def test_they_are_finished_when_nothing_more_is_due(self, office: Office) -> None:
        left = [3]

        def run(_now: datetime) -> int:
            left[0] -= 1
            return left[0]

        office.worker.finish([Errand("移交", run)])
        assert left == [0]
