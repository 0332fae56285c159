"""Property tests look elsewhere each time by hand, and at the same examples in CI: there a red run must
mean that the change at hand broke something.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.store.database import Database, url_of_folder
from pipeline.store.tables import METADATA

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by_hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by_hand")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty store."""
    made = Database(url_of_folder(tmp_path))
    METADATA.create_all(made.engine)
    yield made
    made.close()
