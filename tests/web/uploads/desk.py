"""An upload desk over a store, its gate and its worker with fakes for decoder and readers (`tests.fakes`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.rejudged import Judges
from pipeline.settings import Settings
from pipeline.store.opened import Store
from pipeline.submission_reader import SubmissionReader
from pipeline.web.service import Service
from pipeline.web.uploads.gate import PageGate
from pipeline.worker import Worker
from tests.fakes import FakeDecoder
from tests.parcels import Quiet, SureReaders
from tests.store.stored import NOW
from tests.web.serving import Door


class Desk:
    """All that uploads need, its clock going on by a second with every look."""

    def __init__(self, store: Store, folder: Path, gate: PageGate, reader: SubmissionReader) -> None:
        self.store = store
        self.settings = settings_in(folder)
        self.now = NOW
        self.gate = gate
        self.worker = Worker(store, reader, self.clock)
        self.service = Service(
            store.database,
            Door(),
            clock=lambda: NOW,
            store=store,
            judges=lambda: Judges.of(self.settings, store.originals),
            gate=gate,
            work=self.settings.store_dir / "work",
        )

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def read(self) -> int:
        """Read all that waits, ahead or into claims; how many submissions that were."""
        number = 0
        while self.worker.read_next(Quiet()) is not None:
            number += 1
        return number

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read whatever comes, for as long as the context lasts."""
        ended = threading.Event()

        def run() -> None:
            while not ended.is_set():
                self.read()
                ended.wait(0.05)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def settings_in(folder: Path) -> Settings:
    """An office of its own in a folder."""
    return Settings(store_dir=folder / "office", state_dir=folder / "state", second_review_share=0, workers=1)


@contextmanager
def desk_in(store: Store, folder: Path) -> Iterator[Desk]:
    """A desk over a store, opened and closed."""
    settings = settings_in(folder)
    decoder, readers = FakeDecoder(), SureReaders()
    gate = PageGate(store.originals, settings, sandbox=lambda _: decoder, readers=lambda *_: readers)
    reader = SubmissionReader(
        store,
        settings,
        lambda: NOW,
        sandbox=lambda _: FakeDecoder(),
        readers=lambda *_: SureReaders(),
    )
    with gate, reader:
        yield Desk(store, folder, gate, reader)
