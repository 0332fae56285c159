"""Every change that a person made: old and new, who, when and why; rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.life import Role
from pipeline.store.tables import field_changes


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change; values in their published form, None where there was or is none.

    The path of a row that was added or deleted is the row's (`line_items[3]`), its value its cells as JSON.
    `seconds` is how long it took the person, where that is known. `version` is that of the claim which the
    change made, several made in one go share it; `undoes` names that of changes which it takes back. `frozen`
    holds what stood there (`pipeline.store.freeze`).
    """

    claim_id: str
    document_id: str
    path: str
    old: str | None
    new: str | None
    old_status: str | None
    new_status: str | None
    who: str
    role: Role
    at: datetime
    why: str = ""
    seconds: float | None = None
    version: int | None = None
    undoes: int | None = None
    frozen: str | None = None


def note_change(connection: Connection, change: FieldChange) -> None:
    """Keep a change, in the transaction that makes it."""
    columns = {name: getattr(change, name) for name in FieldChange.__slots__}
    connection.execute(insert(field_changes).values(**columns))


def changes_of(connection: Connection, claim_id: str) -> list[FieldChange]:
    """All changes that persons made to a claim, the first one first."""
    query = (
        select(*(field_changes.c[name] for name in FieldChange.__slots__))
        .where(field_changes.c.claim_id == claim_id)
        .order_by(field_changes.c.id)
    )
    return [FieldChange(*row) for row in connection.execute(query)]


def papers_changed(connection: Connection, since: datetime | None = None) -> list[str]:
    """The papers of which a person said something, by id; of those since a moment where one is given."""
    query = select(field_changes.c.document_id).distinct().order_by(field_changes.c.document_id)
    if since is not None:
        query = query.where(field_changes.c.at >= since)
    return list(connection.execute(query).scalars())


def last_standing(connection: Connection, claim_id: str) -> list[FieldChange]:
    """The changes that were made in one go the last time, and not taken back since; the first one first.

    Nothing where all were taken back, or what stood there before was not kept.
    """
    found = [one for one in changes_of(connection, claim_id) if one.version is not None]
    gone = {one.undoes for one in found if one.undoes is not None}
    standing = [one for one in found if one.undoes is None and one.version not in gone]
    return [one for one in standing if one.version == standing[-1].version]
