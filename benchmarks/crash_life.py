"""One life of the process that `crashes.py` kills: it receives, reads, reviews and hands over.

Papers are texts whose lines are pages (`tests.fakes`). Of every four persons one has all papers, one a field
that nobody is sure of, one lacks the certificate until it is sent for the claim, and one has a file beside
the others that cannot be read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import exists, select

from pipeline import worker as worker_module
from pipeline.corrections import Answer
from pipeline.engine import http as http_module
from pipeline.engine.exchange import client
from pipeline.errands import errands
from pipeline.life import Actor
from pipeline.model import Document
from pipeline.receiving import Incoming, receive
from pipeline.records import value_text
from pipeline.rejudged import By, Judges, change_field
from pipeline.settings import Settings
from pipeline.store.cases import load_document
from pipeline.store.lives import take_step
from pipeline.store.opened import Store, opened_store
from pipeline.store.submissions import is_waiting
from pipeline.store.tables import claims, outbox, review_items, submissions
from pipeline.submission_reader import SubmissionReader
from pipeline.worker import Worker
from tests.fakes import FakeDecoder
from tests.parcels import CERTIFICATE, UNSURE, Quiet, SureReaders, files_of, incoming, name_of

KINDS = ("whole", "unsure", "lacking", "with_junk")
REVIEWER = Actor("审核员", "reviewer")
HASTE = 30
"""A clock that runs so many times as fast: leases of minutes run out in seconds, and a batch takes hours."""
BEGAN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""What the clock shows when the batch begins: the morning, so that no day ends under way."""
ANSWER_SECONDS = 0.5
"""How long an answer is waited for; half a minute in earnest."""
PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Batch:
    """A batch under way: where its store is, whom it is handed to, and when it began by `time.monotonic`."""

    folder: Path
    people: int
    engine_url: str
    engine_secret: str
    began: float

    @property
    def settings(self) -> Settings:
        """Of the office whose batch it is."""
        return Settings(
            store_dir=self.folder,
            engine="http",
            engine_url=self.engine_url,
            engine_secret=self.engine_secret,
            second_review_share=0,
            workers=1,
        )

    @property
    def submissions(self) -> int:
        """How many there are in the end: one a person, and one more of each who lacks something."""
        return self.people + sum(kind_of(number) == "lacking" for number in range(self.people))

    def now(self) -> datetime:
        """The present by the clock that hurries."""
        return BEGAN + HASTE * timedelta(seconds=time.monotonic() - self.began)


def kind_of(number: int) -> str:
    """What is particular about a person's papers."""
    return KINDS[number % len(KINDS)]


def parcel_of(number: int) -> list[Incoming]:
    """The files that a person sends first."""
    kind = kind_of(number)
    files = files_of(
        number, lacking=CERTIFICATE if kind == "lacking" else "", note=UNSURE if kind == "unsure" else ""
    )
    return incoming(files | ({"坏.txt": b"!corrupt"} if kind == "with_junk" else {}))


def late_parcel_of(number: int) -> list[Incoming]:
    """What a person who lacks something sends for the claim."""
    return incoming({CERTIFICATE: files_of(number)[CERTIFICATE]}, "补交/")


def live(batch: Batch, acknowledged: int) -> Iterator[str]:
    """Go on with the batch until all of it is done; tells each acknowledgement, and at last that it is done.

    Args:
        batch: The batch.
        acknowledged: How many parcels an earlier life was told to be received.
    """
    worker_module.IDLE_SECONDS = PAUSE_SECONDS
    http_module.client = lambda *_: client(ANSWER_SECONDS)  # type: ignore[assignment]
    with (
        opened_store(batch.settings) as store,
        SubmissionReader(
            store,
            batch.settings,
            batch.now,
            sandbox=lambda _: FakeDecoder(),
            readers=lambda *_: SureReaders(),
        ) as reader,
        errands(batch.settings, store.database, _nobody) as others,
    ):
        worker = Worker(store, reader, batch.now, most_attempts=10**6)  # it is not their fault
        worker.clear_away()
        yield "ready"
        with worker.beside(others, _nobody):
            for number in range(acknowledged, batch.people):
                yield receive(store, parcel_of(number), "folder", batch.now()).submission.id
            while not _is_done(store):
                became = worker.read_next(Quiet())
                did = [_review_one(store, batch), _send_what_lacked(store, batch), became]
                if not any(did):
                    time.sleep(PAUSE_SECONDS)
        yield "done"


def _nobody(_sentence: str) -> None:
    """What went wrong is what is asked for here."""


def _is_done(store: Store) -> bool:
    """Whether nothing waits: no submission, no claim for a person or papers, no message."""
    with store.database.read() as connection:
        open_claims = select(exists().where(claims.c.state != "settled"))
        messages = select(exists().where(outbox.c.state.in_(("waiting", "begun"))))
        return not (
            is_waiting(connection)
            or connection.execute(open_claims).scalar()
            or connection.execute(messages).scalar()
        )


def _review_one(store: Store, batch: Batch) -> bool:
    """Confirm a value that waits for a person, or enter a claim where none waits; whether there was one."""
    with store.database.write() as connection:
        claim_id = connection.execute(
            select(claims.c.id).where(claims.c.state == "first_review").order_by(claims.c.id).limit(1)
        ).scalar()
        if claim_id is None:
            return False
        item = connection.execute(
            select(review_items.c.document_id, review_items.c.path)
            .where(review_items.c.claim_id == claim_id, review_items.c.state == "open")
            .order_by(review_items.c.document_id, review_items.c.path)
            .limit(1)
        ).first()
        if item is None:
            take_step(connection, claim_id, "enter", REVIEWER, batch.now())
            return True
        answer = Answer.value(_as_read(load_document(connection, item.document_id), item.path))
        judges = Judges.of(batch.settings, store.originals)
        by = By(REVIEWER, batch.now(), "核对原件")
        change_field(connection, judges, claim_id, item.document_id, item.path, answer, by)
        return True


def _as_read(document: Document, path: str) -> str:
    name = path.rpartition(".")[2]
    field = document.fields[name] if path.startswith("fields.") else getattr(document.items[0], name)
    return value_text(name, field.value)


def _send_what_lacked(store: Store, batch: Batch) -> bool:
    """Send the certificate for one claim that lacks it; whether there was one."""
    with store.database.read() as connection:
        lacking = connection.execute(
            select(claims.c.id, claims.c.insured_name)
            .where(
                claims.c.state == "incomplete",
                ~exists().where(submissions.c.for_claim == claims.c.id),
            )
            .order_by(claims.c.id)
            .limit(1)
        ).first()
        if lacking is None:
            return False
    number = next(one for one in range(batch.people) if name_of(one) == lacking.insured_name)
    receive(store, late_parcel_of(number), "online", batch.now(), for_claim=lacking.id)
    return True
