"""Each change of the error that is aimed at, and what it rests on; rows are only ever added.

The target in force is the stricter one of the office's setting and the latest row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.tables import thresholds


@dataclass(frozen=True, slots=True)
class Threshold:
    """One change: from then on at most `target` wrong per accepted field.

    `asked` answers of which `wrong` were wrong, with the 95 % upper `bound`, are what it rests on.
    """

    at: datetime
    target: float
    asked: int
    wrong: int
    bound: float
    why: str


def note_threshold(connection: Connection, change: Threshold) -> None:
    """Keep a change of the target."""
    columns = {name: getattr(change, name) for name in Threshold.__slots__}
    connection.execute(insert(thresholds).values(**columns))


def thresholds_of(connection: Connection) -> list[Threshold]:
    """All changes of the target, the first one first."""
    query = select(*(thresholds.c[name] for name in Threshold.__slots__)).order_by(thresholds.c.id)
    return [Threshold(*row) for row in connection.execute(query)]


def effective_target(connection: Connection, configured: float) -> float:
    """The target in force.

    Args:
        connection: Of the store.
        configured: The office's setting.
    """
    query = select(thresholds.c.target).order_by(thresholds.c.id.desc()).limit(1)
    latest = connection.execute(query).scalar_one_or_none()
    return configured if latest is None else min(configured, latest)


def aimed(settings: Settings, database: Database) -> Settings:
    """The settings with the target in force: what claims of a store are read and judged by."""
    with database.read() as connection:
        target = effective_target(connection, settings.target_error)
    same = target == settings.target_error
    return settings if same else settings.model_copy(update={"target_error": target})
