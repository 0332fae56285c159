"""What an engine said, as rows: the message that is spoken of, and what of a claim an answer fills in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select, update

from pipeline.life import State
from pipeline.store.outbox import ENGINE
from pipeline.store.tables import claims, outbox


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message for the engine as it stands, with the state of its claim.

    `is_latest` is false where the claim was entered again since, so that another message speaks for it.
    """

    message_id: str
    claim_id: str
    claim_state: State
    state: str
    payload: str
    answer: str | None
    created_at: datetime
    is_latest: bool


def sent_message(connection: Connection, message_id: str) -> SentMessage | None:
    """The message with its claim, both kept from others until the transaction ends; None: there is none."""
    claim_id = connection.execute(
        select(outbox.c.claim_id).where(outbox.c.message_id == message_id, outbox.c.target == ENGINE)
    ).scalar()
    if claim_id is None:
        return None
    state = connection.execute(
        select(claims.c.state).where(claims.c.id == claim_id).with_for_update()
    ).scalar_one()
    row = connection.execute(select(outbox).where(outbox.c.message_id == message_id)).one()
    newest = connection.execute(
        select(func.max(outbox.c.id)).where(outbox.c.claim_id == claim_id, outbox.c.target == ENGINE)
    ).scalar_one()
    return SentMessage(
        *(message_id, claim_id, state, row.state, row.payload, row.answer, row.created_at),
        is_latest=row.id == newest,
    )


def write_settled(connection: Connection, claim_id: str, amount: Decimal) -> None:
    """Write what the claim is paid (报销金额), in yuan."""
    connection.execute(update(claims).where(claims.c.id == claim_id).values(settled=amount))


def write_payment(
    connection: Connection, claim_id: str, at: datetime, bank_name: str | None, account: str | None
) -> None:
    """Write when and through which bank it was paid; what the engine does not say stays as declared."""
    said = {"bank_name": bank_name, "bank_account": account}
    values = {name: value for name, value in said.items() if value is not None}
    connection.execute(update(claims).where(claims.c.id == claim_id).values(paid_at=at, **values))
