"""Papers for tests, typed as they look: rows of text, two spaces between words, empty rows as gaps.

A row is 40 pixels high and its print 24; a Chinese character is 24 wide and any other 12, so that what
stands in one column of the source stands in one column of the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipeline.model import AnyField, Box, Page, SourceFile, Statement, Word

CELL = 12
HEIGHT = 24
PITCH = 40
LEFT, TOP = 60, 60
SURE = 0.999

FILE = SourceFile("纸.jpg", "0" * 64)


def words_of(text: str, *, sure: float = SURE) -> tuple[Word, ...]:
    """The words of a paper typed as text."""
    words = []
    for row, line in enumerate(text.strip("\n").split("\n")):
        for match in re.finditer(r"\S+(?: \S+)*", line):
            x0 = LEFT + CELL * cells(line[: match.start()])
            x1 = x0 + CELL * cells(match.group())
            y0 = TOP + PITCH * row
            words.append(Word(match.group(), Box(x0, y0, x1, y0 + HEIGHT), sure, "ocr"))
    return tuple(words)


def table(widths: Sequence[int], *rows: Sequence[str]) -> str:
    """Rows of cells as text, each column so many half-width cells wide."""
    lines = []
    for row in rows:
        line, start = "", 0
        for width, text in zip(widths, row, strict=False):
            line += " " * (start - cells(line)) + text
            start += width
        lines.append(line)
    return "\n".join(lines)


def cells(text: str) -> int:
    """How many half-width cells a text fills."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def page_of(text: str, *, number: int = 1, sure: float = SURE, statements: Sequence[Statement] = ()) -> Page:
    """A page typed as text."""
    return page_with(words_of(text, sure=sure), number=number, statements=statements)


def page_with(words: Sequence[Word], *, number: int = 1, statements: Sequence[Statement] = ()) -> Page:
    """A page that carries these words."""
    width = max([1200, *(round(word.box.x1) + LEFT for word in words)])
    height = max([1600, *(round(word.box.y1) + TOP for word in words)])
    return Page(FILE, number, width, height, 200, tuple(words), statements=tuple(statements))


def values(fields: Mapping[str, AnyField]) -> dict[str, str | None]:
    """Field name to value as text."""
    return {name: None if field.value is None else str(field.value) for name, field in fields.items()}
