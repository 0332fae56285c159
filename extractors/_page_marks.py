"""Page marks of lists that run over several pages: 第2页 共3页, 2/3页, 页码：2/3."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipeline.model import Page
from pipeline.reading.layout import rows_of
from pipeline.text import squeeze

_MARKS = tuple(
    re.compile(form)
    for form in (
        r"第(?P<number>\d{1,3})页[,/;]?(?:[\[(]?(?:共|总)(?P<count>\d{1,3})页)?",
        r"(?:共|总)(?P<count>\d{1,3})页[,/;]?(?:当前)?第(?P<number>\d{1,3})页",
        r"(?:页[码次号]|第):?(?P<number>\d{1,3})[/of-](?P<count>\d{1,3})页?",
        r"[Pp]age:?(?P<number>\d{1,3})(?:of|/)(?P<count>\d{1,3})",
        r"(?<![\d/])(?P<number>\d{1,3})/(?P<count>\d{1,3})页",
    )
)
_BARE = re.compile(r"(?P<number>\d{1,2})/(?P<count>\d{1,2})")
EDGE_ROWS = 3
"""A bare 2/3 is a page mark only in so many rows from the top or the bottom."""


@dataclass(frozen=True, slots=True)
class PageMark:
    """The number of a page as printed, and of how many; None where only the number is."""

    number: int
    count: int | None = None


def find_page_mark(page: Page) -> PageMark | None:
    """The page mark printed on a page."""
    rows = rows_of(page.words)
    for row in rows:
        text = "".join(squeeze(word.text) for word in row)
        for form in _MARKS:
            if match := form.search(text):
                return _mark(match)
    for row in (*rows[:EDGE_ROWS], *rows[-EDGE_ROWS:]):
        for word in row:
            if match := _BARE.fullmatch(squeeze(word.text)):
                return _mark(match)
    return None


def _mark(match: re.Match[str]) -> PageMark | None:
    number = int(match["number"])
    count = int(match["count"]) if match["count"] else None
    return PageMark(number, count) if number and (count is None or number <= count) else None


def without_page_mark(text: str) -> str:
    """A title without the page mark in its row.

    >>> without_page_mark("住院费用清单第1页共3页")
    '住院费用清单'
    """
    for form in _MARKS:
        text = form.sub("", text)
    return text


def without_page_marks(page: Page) -> Page:
    """The page without the words that say nothing but its number, which stand beside names and dates."""
    kept = (word for word in page.words if re.search(r"[^\s,，/|]", without_page_mark(squeeze(word.text))))
    return replace(page, words=tuple(kept))
