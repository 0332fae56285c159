"""The database that tests of the store and of what is built on it use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.database import Database, url_of_folder
from pipeline.store.tables import METADATA


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty store."""
    made = Database(url_of_folder(tmp_path))
    METADATA.create_all(made.engine)
    yield made
    made.close()
