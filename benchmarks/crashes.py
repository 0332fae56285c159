"""Kills the worker at random points of a batch and compares what comes out with a run that nobody disturbed.

    .venv/bin/python benchmarks/crashes.py --papers 200 --kills 200 --fail all

One process receives papers, reads them, has a scripted reviewer settle what waits for a person, sends papers
that were missing and hands claims over by HTTP to the stand-in engine, which runs in another process and
keeps what it committed in a database of its own (`crash_life.py`). The first is killed (SIGKILL, its whole
group) at random points and started again, as often as `--kills` says, then left to finish. What must come
out: no file that was acknowledged is lost, no claim is committed twice by the engine, and every table of the
store equals that of the undisturbed run, field by field; left out are moments, leases, counts of attempts and
running numbers.

The points are spread over the work and not over the start of a process: each life is forked from a parent
that has everything loaded, and its clock hurries, so that leases of minutes run out in seconds. A life is
spent on the store and the hand-over and not on OCR; that real reading goes on where it was killed is held by
`tests/test_scan.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select as system
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).parent.parent))

from rich.console import Console
from rich.table import Table as Shown
from sqlalchemy import Table, select

from benchmarks.crash_life import Batch, live
from pipeline.engine.failures import FailureKind, Failures
from pipeline.engine.signing import new_secret
from pipeline.engine.stand_in import StandInBook, stand_in
from pipeline.rejudged import Judges
from pipeline.scan import reader_version
from pipeline.store.column_types import Moment
from pipeline.store.opened import opened_store
from pipeline.store.tables import METADATA, submission_files

FILES_OF_FOUR = 13
"""Files that four persons send, one of each kind, those for claims that lacked them included."""
FAILING_SHARE = 0.3
HANG_SECONDS = 1.0
"""How long the engine says nothing: longer than it is waited for (`crash_life.ANSWER_SECONDS`)."""
SLOW_SECONDS = 0.2
LONGER, SHORTER = 1.2, 0.8
"""How the average life changes after each."""
MOST_SECONDS = 600.0
"""A run that takes longer hangs."""

OF_THE_WAY = frozenset(
    {"lease_holder", "lease_until", "attempts", "failure", "error", "trying_since", "due_at"}
)
"""Columns that say how a row got there and not what it is."""


@dataclass(frozen=True)
class Ended:
    """A run that came to its end: its batch, the engine's book, what was acknowledged, what it took."""

    batch: Batch
    book: Path
    acknowledged: tuple[str, ...]
    lives: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What came out of one disturbed run beside an undisturbed one."""

    engine: FailureKind
    papers: int
    kills: int
    seconds: float
    acknowledged: int
    lost: int
    claims: int
    handed_over: int
    committed_twice: int
    sent_again: int
    rows_compared: int
    rows_that_differ: int
    differences: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or made otherwise."""
        return not (self.lost or self.committed_twice or self.rows_that_differ)


# ---------------------------------------------------------------- processes


@contextmanager
def engine_in_a_process(folder: Path, kind: FailureKind, seed: int, secret: str) -> Iterator[str]:
    """The stand-in engine on a free port of this machine, for as long as the context lasts; its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if not child:
        _serve(listening, folder, kind, seed, secret)
    port = listening.getsockname()[1]
    listening.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(listening: socket.socket, folder: Path, kind: FailureKind, seed: int, secret: str) -> None:
    import uvicorn

    chance = random.Random(seed)  # noqa: S311 - chooses failures, keeps no secret
    failures = Failures(kind, FAILING_SHARE, chance, HANG_SECONDS, SLOW_SECONDS)
    app = stand_in(StandInBook(folder / "engine.sqlite"), secret, "settled", failures)
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[listening])
    os._exit(0)


def lived(batch: Batch, acknowledged: int, seconds: float | None) -> list[str]:
    """What a new process that goes on with the batch told before it ended: ids, and `done` where all is done.

    Args:
        batch: The batch.
        acknowledged: How many parcels earlier ones were told to be received.
        seconds: After how long it is killed, from when it has opened the store; None: it is left to finish.

    Raises:
        SystemExit: If it ended by itself before all was done, or does nothing any more.
    """
    heard, told = os.pipe()
    pid = os.fork()
    if not pid:
        _live(batch, acknowledged, seconds, told)
    os.close(told)
    words = b""
    while system.select([heard], [], [], MOST_SECONDS)[0]:
        part = os.read(heard, 1 << 16)
        if not part:
            break
        words += part
    else:
        os.killpg(pid, signal.SIGKILL)
        raise SystemExit(f"{batch.folder}: it hangs")
    os.close(heard)
    _, status = os.waitpid(pid, 0)
    news = words.decode().split()
    if "done" not in news and not os.WIFSIGNALED(status):
        raise SystemExit("a life ended by itself, see above")
    return news


def _live(batch: Batch, acknowledged: int, seconds: float | None, told: int) -> None:
    """The new process; in a group of its own, all of which is killed when its time has come."""
    try:
        os.setsid()
        for news in live(batch, acknowledged):
            os.write(told, f"{news}\n".encode())
            if news == "ready" and seconds is not None:
                killer = threading.Timer(seconds, os.killpg, (0, signal.SIGKILL))
                killer.daemon = True
                killer.start()
    except BaseException:  # whatever it is: nothing of the parent may run on in the child
        traceback.print_exc()
    finally:
        os._exit(0)


def run_batch(batch: Batch, folder: Path, kills: int, first_seconds: float, rng: random.Random) -> Ended:
    """Run the batch to its end.

    Lives get longer while less is done than kills are used up, and shorter while more is: so the points fall
    on all of the work, however fast the machine is at the moment.

    Args:
        batch: The batch.
        folder: Where the engine has its book.
        kills: How often it is killed before it is left to finish.
        first_seconds: How long the first life lasts on average.
        rng: Draws the points.
    """
    began = time.monotonic()
    acknowledged: list[str] = []
    lives, mean_seconds = 0, first_seconds
    while True:
        seconds = rng.uniform(0, 2 * mean_seconds) if lives < kills else None
        words = lived(batch, len(acknowledged), seconds)
        lives += 1
        acknowledged += [word for word in words if word.startswith("U-")]
        if "done" in words:
            book = folder / "engine.sqlite"
            return Ended(batch, book, tuple(acknowledged), lives, time.monotonic() - began)
        mean_seconds *= SHORTER if share_done(batch) > lives / kills else LONGER


def share_done(batch: Batch) -> float:
    """The share of all submissions that are read."""
    with closing(sqlite3.connect(batch.folder / "claims.sqlite")) as connection:
        (read,) = connection.execute("SELECT count(*) FROM submissions WHERE state = 'read'").fetchone()
    return float(read) / batch.submissions


# ---------------------------------------------------------------- what came out


def rows_of(batch: Batch) -> dict[str, Counter[str]]:
    """All rows of all tables, by table, without what says how they got there."""
    with opened_store(batch.settings) as store, store.database.read() as connection:
        return {
            table.name: Counter(
                json.dumps([str(cell) for cell in row], ensure_ascii=False)
                for row in connection.execute(select(*_telling_columns(table)))
            )
            for table in METADATA.sorted_tables
        }


def _telling_columns(table: Table) -> list[Any]:
    """The columns that two runs must agree on: no moments, no running numbers, no leases."""
    return [
        column
        for column in table.columns
        if not isinstance(column.type, Moment)
        and column.name not in OF_THE_WAY
        and not (column.name == "id" and column.autoincrement is True)
    ]


def lost_files(ended: Ended) -> int:
    """Files of acknowledged submissions that are not in the store, in their rows and to the byte."""
    with opened_store(ended.batch.settings) as store, store.database.read() as connection:
        lost = 0
        for key in ended.acknowledged:
            files = connection.execute(
                select(submission_files.c.sha256).where(submission_files.c.submission_id == key)
            ).scalars()
            whole = [store.originals.is_whole(sha256) for sha256 in files]
            lost += whole.count(False) + (not whole)
        return lost


def compared(killed: Ended, clean: Ended, kind: FailureKind) -> Outcome:
    """What came out of a killed run beside the clean one."""
    ours, theirs = rows_of(killed.batch), rows_of(clean.batch)
    differing = {name: (ours[name] - theirs[name]) + (theirs[name] - ours[name]) for name in ours}
    messages = StandInBook(killed.book).messages()
    per_claim = Counter(message.message_id.rpartition("/")[0] for message in messages)
    return Outcome(
        engine=kind,
        papers=ours["submission_files"].total(),
        kills=killed.lives - 1,
        seconds=round(killed.seconds, 1),
        acknowledged=len(set(killed.acknowledged)),
        lost=lost_files(killed) + killed.batch.people - len(set(killed.acknowledged)),
        claims=ours["claims"].total(),
        handed_over=len(per_claim),
        committed_twice=sum(count - 1 for count in per_claim.values())
        + abs(len(messages) - len(StandInBook(clean.book).messages())),
        sent_again=sum(message.received - 1 for message in messages),
        rows_compared=sum(rows.total() for rows in theirs.values()),
        rows_that_differ=sum(rows.total() for rows in differing.values()),
        differences=tuple(f"{name}: {row[:300]}" for name, rows in differing.items() for row in rows),
    )


def measured(people: int, kills: int, seed: int, kinds: list[FailureKind], folder: Path) -> Iterator[Outcome]:
    """One clean run, then a killed one for each way in which the engine fails."""
    rng = random.Random(seed)  # noqa: S311 - chooses moments, keeps no secret
    secret = new_secret()
    clean_folder = folder / "clean"
    clean_folder.mkdir(parents=True)
    with engine_in_a_process(clean_folder, "none", seed, secret) as url:
        batch = Batch(clean_folder / "store", people, url, secret, time.monotonic())
        _load_everything(batch)
        clean = run_batch(batch, clean_folder, 0, 0, rng)
    first_seconds = clean.seconds / max(1, kills) / 2  # what a life costs to begin is work, too
    for kind in kinds:
        own = folder / kind
        own.mkdir()
        with engine_in_a_process(own, kind, seed, secret) as url:
            batch = replace(batch, folder=own / "store", engine_url=url, began=time.monotonic())
            killed = run_batch(batch, own, kills, first_seconds, rng)
        yield compared(killed, clean, kind)


def _load_everything(batch: Batch) -> None:
    """What a process loads once, before any is forked: else lives would be spent on it."""
    Judges.of(batch.settings)
    reader_version(batch.settings)


def main() -> int:
    """Run and tell; 1 where anything was lost, doubled or made otherwise."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", type=int, default=200, help="files that are sent, about")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fail", choices=[*get_args(FailureKind), "all"], default="none")
    parser.add_argument("--json", type=Path, help="writes the figures there")
    options = parser.parse_args()
    kinds = list(get_args(FailureKind)) if options.fail == "all" else [options.fail]
    people = max(4, round(options.papers * 4 / FILES_OF_FOUR))
    with tempfile.TemporaryDirectory(prefix="baoxiao-crashes-") as folder:
        outcomes = []
        for outcome in measured(people, options.kills, options.seed, kinds, Path(folder)):
            outcomes.append(outcome)  # told as soon as it is known: all of them take long
            verdict = "✓" if outcome.is_good else "✗"
            print(f"{verdict} {outcome.engine}: {outcome.kills} kills, {outcome.seconds} s", flush=True)
    _show(outcomes)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in outcomes], ensure_ascii=False, indent=2))
    return 0 if all(each.is_good for each in outcomes) else 1


def _show(outcomes: list[Outcome]) -> None:
    table = Shown(show_edge=False)
    for heading in (
        "engine",
        "papers",
        "kills",
        "lost",
        "claims",
        "twice",
        "sent again",
        "rows",
        "differ",
        "s",
    ):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for one in outcomes:
        cells = (one.papers, one.kills, one.lost, one.handed_over, one.committed_twice, one.sent_again)
        more = (one.rows_compared, one.rows_that_differ, one.seconds)
        table.add_row(one.engine, *map(str, (*cells, *more)))
    console = Console()
    console.print(table)
    for one in outcomes:
        for line in one.differences[:10]:
            console.print(f"{one.engine}: {line}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
