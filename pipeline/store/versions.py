"""Which version the tables of a store have, and the way from an older one to that of this program.

A version is a file of `pipeline.store.migrations.versions`, called by its number. A store says its own in the
table `alembic_version`. Going back is not offered: a backup taken before is the way back.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text

from pipeline.store.tables import METADATA

if TYPE_CHECKING:  # loads the templates of Alembic, which only a change of tables needs
    from alembic.config import Config

MIGRATIONS = "pipeline.store.migrations"

NUMBER_LENGTH = 4
"""`0001_tables.py` is version 0001."""

_LOCK = 0x62616F78
"""PostgreSQL's advisory lock of whoever changes the tables; the number is `baox`, nobody else's by chance."""

_NOTED = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


@cache
def known_versions() -> tuple[str, ...]:
    """All versions that this program knows, the oldest first; told by the names of files, which is quick."""
    names = (file.name for file in files(f"{MIGRATIONS}.versions").iterdir())
    return tuple(sorted(name[:NUMBER_LENGTH] for name in names if name[:NUMBER_LENGTH].isdigit()))


def newest_version() -> str:
    """The version of the tables that this program works with."""
    return known_versions()[-1]


def version_of(connection: Connection) -> str | None:
    """The version of a store's tables; nothing where there are none yet."""
    if not inspect(connection).has_table(_NOTED.name):
        return None
    return connection.execute(select(_NOTED.c.version_num)).scalar()


def hold_tables(connection: Connection) -> None:
    """Wait until nobody else changes the tables, and keep others from it until the transaction ends.

    On SQLite whoever writes is alone already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def upgrade(connection: Connection, to: str | None = None) -> None:
    """Bring the tables to a version, by default the newest; all of it in the transaction handed in.

    Args:
        connection: Of `Database.reshape`.
        to: A version that is known and not older than the store's.
    """
    from alembic import command

    command.upgrade(_config(connection), to or newest_version())


def write_change(connection: Connection, what: str, version: str) -> Path:
    """Write the change that makes the tables of this store those of `pipeline.store.tables`; its file."""
    from alembic import command
    from alembic.script import Script

    written = command.revision(_config(connection), what, autogenerate=True, rev_id=version)
    assert isinstance(written, Script)
    return Path(written.path)


def differences(connection: Connection) -> list[str]:
    """How the tables differ from those described in `pipeline.store.tables`, each as a line for people."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [_told(one) for one in compare_metadata(context, METADATA)]


def drop_tables(connection: Connection) -> None:
    """Take away all tables of the store with what is in them; tables of others stay."""
    METADATA.drop_all(connection)
    _NOTED.drop(connection, checkfirst=True)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", MIGRATIONS.replace(".", ":", 1).replace(".", "/"))
    config.attributes["connection"] = connection
    return config


def _told(difference: object) -> str:
    """`add_index ix_claims_queue`: what would have to be done, and to what."""
    flat = difference[0] if isinstance(difference, list) else difference
    assert isinstance(flat, tuple)
    named = [str(getattr(part, "name", part)) for part in flat[1:] if part is not None]
    return " ".join((str(flat[0]), *named[:4]))
