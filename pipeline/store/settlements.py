"""The embedded engine's book: what was settled, for whom, in which year, and what replaced it.

A row is an answer, kept as it was given; a message that comes again gets it again. Year-to-date figures are
the sums of a person's rows, so that nothing is kept twice that could disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select, update

from pipeline.store.tables import settlements


@dataclass(frozen=True, slots=True)
class Booked:
    """One settlement in force; `answer` is the text of the answer that was given."""

    message_id: str
    claim_id: str
    at: datetime
    answer: str
    fund_payment: Decimal


_COLUMNS = (
    settlements.c.message_id,
    settlements.c.claim_id,
    settlements.c.at,
    settlements.c.answer,
    settlements.c.fund_payment,
)


def answer_to(connection: Connection, message_id: str) -> str | None:
    """The answer that the message was given before."""
    return connection.execute(
        select(settlements.c.answer).where(settlements.c.message_id == message_id)
    ).scalar()


def hold_person(connection: Connection, person: str) -> None:
    """Let nobody else settle for this person until the transaction ends.

    SQLite has one writer at a time, so there this is so already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(person))))


def in_force(connection: Connection, person: str, year: int) -> Sequence[Booked]:
    """The person's settlements of the year that nothing replaced, in the order in which they were made."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(
            settlements.c.person == person,
            settlements.c.year == year,
            settlements.c.replaced_by.is_(None),
        )
        .order_by(settlements.c.at, settlements.c.message_id)
    )
    return [Booked(*row) for row in rows]


def of_claim(connection: Connection, claim_id: str) -> Booked | None:
    """The claim's settlement that nothing replaced."""
    row = connection.execute(
        select(*_COLUMNS).where(settlements.c.claim_id == claim_id, settlements.c.replaced_by.is_(None))
    ).first()
    return None if row is None else Booked(*row)


def replace(connection: Connection, message_id: str, by: str) -> None:
    """Put a settlement out of force: another message stands in its place."""
    connection.execute(
        update(settlements).where(settlements.c.message_id == message_id).values(replaced_by=by)
    )


def book(connection: Connection, entry: Booked, person: str, year: int, policy_set: str) -> None:
    """Write a settlement into the book."""
    connection.execute(
        insert(settlements).values(
            message_id=entry.message_id,
            claim_id=entry.claim_id,
            person=person,
            year=year,
            at=entry.at,
            policy_set=policy_set,
            answer=entry.answer,
            fund_payment=entry.fund_payment,
        )
    )
