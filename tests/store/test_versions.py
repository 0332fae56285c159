"""The tables as they are described, and as the changes make them, on both databases."""

from __future__ import annotations

from pipeline.store.database import Database
from pipeline.store.versions import differences, newest_version, version_of


def test_the_changes_make_the_tables_that_are_described(database: Database) -> None:
    """Else a store that was made long ago and one that was made today would differ."""
    with database.reshape() as connection:
        assert differences(connection) == []
        assert version_of(connection) == newest_version()
