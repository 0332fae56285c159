"""The one worker: reads what was received, hands over what is due and tells webhooks, for as long as it runs.

Any number of workers may run beside each other. What one has in hand it holds under a lease that it
prolongs; where it dies, the lease runs out and another goes on. A submission that cannot be read for a reason
of ours is tried again, ever later, and after a few times it fails with the reason, so that a person looks.

Errands (hand-over, webhooks) run in a thread of their own: reading a stack of a thousand pages holds up no
message. They may end at any moment, for what they send is kept before it is sent.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.errors import ServiceUnavailable, StepRefused, StoreUnusable
from pipeline.scan import Progress
from pipeline.store.opened import Store
from pipeline.store.submissions import (
    LeaseLost,
    Submission,
    give_up,
    is_unfinished,
    let_go,
    prolong,
    take_held,
    take_waiting,
)
from pipeline.submission_reader import ReadAhead, SubmissionRead, SubmissionReader

_log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""How long after the death of a worker another takes its submission up; one that lives prolongs it."""

PROLONGED_PER_LEASE = 3
"""So often; two may fail before the lease is lost."""

MOST_ATTEMPTS = 5
"""A submission that five workers did not get through kills the sixth as well."""

FIRST_WAIT = timedelta(seconds=10)
LONGER_EACH_TIME = 4
"""Waits of 10 s, 40 s, 160 s and 640 s: a quarter of an hour to clear a disk or bring a service back."""

IDLE_SECONDS = 1.0
"""How soon what is received or due is looked for again."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """A submission that was not read: why, in Chinese and English, and whether it is tried again."""

    submission_id: str
    why: str
    again: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """What is done beside reading: its name, and what does all that is due and says how much it was."""

    name: str
    run: Callable[[datetime], int]


class Worker:
    """Works on one store.

    Args:
        store: The store.
        reader: Reads submissions.
        clock: Gives the present moment, with its zone.
        lease: How long a submission is held without a sign of life.
        most_attempts: How often reading a submission is begun before it fails.
    """

    def __init__(
        self,
        store: Store,
        reader: SubmissionReader,
        clock: Callable[[], datetime],
        *,
        lease: timedelta = LEASE,
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._lease = lease
        self._most_attempts = most_attempts
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def clear_away(self) -> None:
        """Clear the work folders of submissions that are in the store or were given up."""
        with self._store.database.read() as connection:
            done = [key for key in self._reader.work_left() if not is_unfinished(connection, key)]
        for key in done:
            self._reader.forget_work(key)

    def read_next(
        self, progress: Progress, only: Collection[str] = ()
    ) -> SubmissionRead | ReadAhead | NotRead | None:
        """Read the submission that waits longest; None where none waits.

        Where it is free to choose, it first reads ahead what is held: somebody sits before a screen and
        waits for it, and it is a few photos.

        Args:
            progress: Told how far it is.
            only: The ids to choose from; empty for all.

        Raises:
            StoreUnusable: If the store does not answer.
        """
        now = self._clock()
        with self._store.database.write() as connection:
            held = None if only else take_held(connection, self._holder, now, now + self._lease)
            taken = held or take_waiting(connection, self._holder, now, now + self._lease, only)
        if taken is None:
            return None
        if taken.attempts > self._most_attempts:
            return self._given_up(taken, taken.failure or _DIED)
        try:
            with self._lease_prolonged(taken.id):
                read = self._reader.read_ahead if held is not None else self._reader.read
                return read(taken, self._holder, progress)
        except LeaseLost as error:
            return NotRead(taken.id, str(error), again=True)
        except StepRefused as error:
            return self._given_up(taken, str(error))
        except ServiceUnavailable as error:
            return self._put_off(taken, str(error))
        except KeyboardInterrupt:  # nobody's fault: the next worker takes it at once
            with self._store.database.write() as connection:
                let_go(connection, taken.id, self._holder)
            raise

    @contextmanager
    def beside(self, errands: Sequence[Errand], say: Callable[[str], None]) -> Iterator[None]:
        """Do errands as they fall due, in a thread, for as long as the context lasts.

        Args:
            errands: What is done.
            say: Told what went wrong; what was not sent is sent later.
        """
        ended = threading.Event()

        def run() -> None:
            while not ended.is_set():
                try:
                    done = self._pass_of(errands)
                except ServiceUnavailable as error:
                    say(f"✗ {error}")
                    done = 0
                if not done:
                    ended.wait(IDLE_SECONDS)

        thread = threading.Thread(target=run, name="errands", daemon=True)
        thread.start()
        patience: float | None = IDLE_SECONDS
        try:
            yield
            patience = None
        finally:
            # Who is stopped does not wait for an answer that may take a minute: it is asked for again.
            ended.set()
            thread.join(patience)

    def finish(self, errands: Sequence[Errand]) -> None:
        """Do errands until nothing is due; what was put off is left for later.

        Raises:
            ServiceUnavailable: If a part of ours is down.
        """
        while self._pass_of(errands):
            pass

    def _pass_of(self, errands: Sequence[Errand]) -> int:
        return sum(errand.run(self._clock()) for errand in errands)

    def _put_off(self, taken: Submission, why: str) -> NotRead:
        if taken.attempts >= self._most_attempts:
            return self._given_up(taken, why)
        wait = FIRST_WAIT * LONGER_EACH_TIME ** (taken.attempts - 1)
        with self._store.database.write() as connection:
            let_go(connection, taken.id, self._holder, not_before=self._clock() + wait, failure=why)
        _log.warning("%s: not read, tried again in %d s", taken.id, wait.total_seconds())
        return NotRead(taken.id, why, again=True)

    def _given_up(self, taken: Submission, why: str) -> NotRead:
        with self._store.database.write() as connection:
            give_up(connection, taken.id, self._holder, why, self._clock())
        self._reader.forget_work(taken.id)
        _log.error("%s: given up after %d attempts", taken.id, taken.attempts)
        return NotRead(taken.id, why, again=False)

    @contextmanager
    def _lease_prolonged(self, key: str) -> Iterator[None]:
        """Prolong the lease from a thread: a single page may take longer than it lasts."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(self._lease.total_seconds() / PROLONGED_PER_LEASE):
                try:
                    with self._store.database.write() as connection:
                        held = prolong(connection, key, self._holder, self._clock() + self._lease)
                except StoreUnusable as error:  # a later time may do; else whoever writes is told
                    _log.warning("%s: %s", key, error)
                    continue
                if not held:
                    return  # told when what was read is written

        thread = threading.Thread(target=run, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


_DIED = (
    "识别进程多次中途退出，请检查内存；如反复出现请附运行日志反馈，再次接收会重试"
    " / the readers died several times while reading it; check the memory, receive it again to try once more"
)
