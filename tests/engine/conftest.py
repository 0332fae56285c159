"""The database of tests of the hand-over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.database import Database
from pipeline.store.tables import METADATA


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'claims.sqlite'}")
    METADATA.create_all(opened.engine)
    yield opened
    opened.close()
