"""On whose desk a claim is: who holds it now, who is to have it, until when it was put by.

Nothing of it is the content of a claim: its version stays, so that nobody's work is refused because somebody
looked at the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from pipeline.store.tables import claims


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a claim lies. A lease that is over (`lease_until` has passed) is nobody's."""

    lease_holder: str | None
    lease_until: datetime | None
    assigned_to: str | None
    postponed_until: datetime | None

    def holder_at(self, now: datetime) -> str | None:
        """Who holds the claim at a moment."""
        is_held = self.lease_until is not None and now < self.lease_until
        return self.lease_holder if is_held else None


def desk_of(connection: Connection, claim_id: str, *, lock: bool = False) -> Desk:
    """Where a claim lies.

    Args:
        connection: Of a transaction; one that writes where `lock` is set.
        claim_id: The claim.
        lock: Keep others from changing the claim until the transaction ends.

    Raises:
        LookupError: If there is no such claim.
    """
    query = select(*(claims.c[name] for name in Desk.__slots__)).where(claims.c.id == claim_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
    return Desk(*row)


def put_lease(connection: Connection, claim_id: str, holder: str | None, until: datetime | None) -> None:
    """Write who holds a claim, and until when."""
    _write(connection, claim_id, lease_holder=holder, lease_until=until)


def put_assignment(connection: Connection, claim_id: str, to: str | None) -> None:
    """Write who is to have a claim."""
    _write(connection, claim_id, assigned_to=to)


def put_by(connection: Connection, claim_id: str, until: datetime | None) -> None:
    """Write until when a claim was put by."""
    _write(connection, claim_id, postponed_until=until)


def _write(connection: Connection, claim_id: str, **values: Any) -> None:
    connection.execute(update(claims).where(claims.c.id == claim_id).values(**values))
