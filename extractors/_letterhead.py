"""The hospital at the head of a sheet: on a line of its own, or before the title in the same line."""

from __future__ import annotations

from collections.abc import Sequence

from extractors._clinical import HOSPITAL, find_hospital
from extractors._fields import field_from
from extractors._values import as_institution
from pipeline.model import AnyField, Page
from pipeline.text import squeeze


def find_letterhead(pages: Sequence[Page], titles: Sequence[str]) -> AnyField | None:
    """The hospital that issued a paper, where no label names it."""
    return find_hospital(pages, titles) or _before_title(pages, titles)


def _before_title(pages: Sequence[Page], titles: Sequence[str]) -> AnyField | None:
    for page in pages:
        for word in page.words:
            match = HOSPITAL.match(word.text)
            if match and any(title in squeeze(word.text[match.end() :]) for title in titles):
                return field_from(word.part(0, match.end()), as_institution, page.number)
    return None
