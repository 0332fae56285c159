"""What somebody says of a value without seeing what others said; rows are only ever added.

`second` and `third` are of the second stage, `planted` of items whose answer is known, `accepted` of values
that went through unseen and were drawn to be asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, insert, select

from pipeline.life import Role
from pipeline.store.tables import opinions

Purpose: TypeAlias = Literal["second", "third", "planted", "accepted"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """One answer. `shown` is what stood there for others, as `pipeline.agreement.said` tells it.

    `kind` and `text` are the answer, `agrees` says whether it says the same as `shown`; `seconds` is how long
    it took, where that is known.
    """

    claim_id: str
    document_id: str
    path: str
    purpose: Purpose
    revision: int
    kind: str
    text: str
    shown: str
    agrees: bool
    who: str
    role: Role
    at: datetime
    seconds: float | None = None


def note_opinion(connection: Connection, opinion: Opinion) -> None:
    """Keep an answer."""
    columns = {name: getattr(opinion, name) for name in Opinion.__slots__}
    connection.execute(insert(opinions).values(**columns))


def opinions_of(connection: Connection, claim_id: str) -> list[Opinion]:
    """All that was said of values of a claim, the first answer first."""
    query = (
        select(*(opinions.c[name] for name in Opinion.__slots__))
        .where(opinions.c.claim_id == claim_id)
        .order_by(opinions.c.id)
    )
    return [Opinion(*row) for row in connection.execute(query)]
