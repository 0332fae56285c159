"""What the tests of `pipeline.reading` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import UnreadableFile
from pipeline.model import Page
from pipeline.reading.decoded import Window
from pipeline.reading.limits import DEFAULT_LIMITS, Limits
from pipeline.reading.open_file import open_file, source_file

ReadPages = Callable[..., list[Page]]


@pytest.fixture
def read_pages() -> ReadPages:
    """The pages of a file in this process; a page that cannot be read is raised."""

    def read(path: Path, window: Window | None = None, limits: Limits = DEFAULT_LIMITS) -> list[Page]:
        pages = list(open_file(source_file(path.name, path), path, window, limits).pages)
        for page in pages:
            if isinstance(page, UnreadableFile):
                raise page
        return [page for page in pages if isinstance(page, Page)]

    return read
