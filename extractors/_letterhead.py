"""The hospital at the head of a sheet: on a line of its own, or before the title in the same line."""

from __future__ import annotations

from collections.abc import Sequence

from extractors._clinical import find_hospital
from pipeline.model import AnyField, Page


def find_letterhead(pages: Sequence[Page], titles: Sequence[str]) -> AnyField | None:
    """The hospital that issued a paper, where no label names it."""
    return find_hospital(pages, titles)
