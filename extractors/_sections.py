"""Text under headings: which lines of a paper belong to which heading.

A section (临床诊断, 处理意见, 诊疗经过) runs from its label to the next one, over as many lines and pages as
it takes. On open forms the label stands before its text or on the line above; on ruled forms it stands
in a cell to the left, in the middle of the height of its text, so that lines above it are its own. Ruling
is not seen here: there the widest gap between lines tells one cell from the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.model import Box, Page, Word
from pipeline.reading.layout import LabelledValue, LabelList, joined, rows_of
from pipeline.text import squeeze

END = ""
"""Name of labels that end a section and begin none."""

SPLIT_GAP = 0.9
"""Lines of one cell stand nearer to each other than so many line heights."""

SECTION_GAP = 4.0
"""After so many empty line heights a section is over."""

EVEN_GAPS = 0.15
"""Gaps that differ by less than so many line heights are alike."""

APART = 1.2
"""Pieces so many line heights apart are said one after the other, as by a comma."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `right` is where text ends on its page, in pixels."""

    page: int
    word: Word
    right: float


@dataclass(slots=True)
class Section:
    """Lines of text under one label, in reading order."""

    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a page: of a section (`key`), of head or foot (`END`), or without a label (None)."""

    key: str | None
    words: tuple[Word, ...]
    label: Word | None = None
    has_colon: bool = False

    @property
    def box(self) -> Box:
        """Around the words, of which there must be some."""
        return Box.around(word.box for word in self.words)


def split_sections(
    pages: Sequence[Page], labels: LabelList, is_furniture: Callable[[str], bool], ends: Callable[[str], bool]
) -> tuple[dict[str, Section], list[Page]]:
    """The sections of a paper by name, and its pages with the words of head and foot alone.

    `labels` are those of the sections and, by the name `END`, those of head and foot. `is_furniture`
    knows texts that belong to no section wherever they stand (a hospital's name, a page number, a seal),
    `ends` those that end one without a label; both are given rows without spaces.
    """
    found: dict[str, Section] = {}
    rest: list[Page] = []
    going_on = END
    for number, page in enumerate(pages):
        rows, left = _classified(page, labels, is_furniture, ends)
        if number and going_on:
            left += _pop_repeated_head(rows)
        going_on = _share_out(rows, page, found, left, going_on)
        rest.append(replace(page, words=tuple(left)))
    return {name: section for name, section in found.items() if section.lines}, rest


def _classified(
    page: Page, labels: LabelList, is_furniture: Callable[[str], bool], ends: Callable[[str], bool]
) -> tuple[list[_Row], list[Word]]:
    """The rows of a page, and the words that belong to no section whatever stands around them."""
    rows: list[_Row] = []
    left: list[Word] = []
    for row in rows_of(page.words):
        text = squeeze("".join(word.text for word in row))
        if is_furniture(text):
            left += row
            continue
        left += [word for word in row if is_furniture(squeeze(word.text))]
        words = tuple(word for word in row if not is_furniture(squeeze(word.text)))
        found = labels.values_in(words, far=True)
        if any(labelled.name != END for labelled in found):
            rows += _labelled_rows(words, found, text)
            left += [word for word in words if word.box.x1 <= found[0].label.box.x0]
            left += [word for end in found if end.name == END for word in (end.label, *end.pieces)]
        elif words:
            rows.append(_Row(END if found or ends(text) else None, words))
    return rows, left


def _labelled_rows(words: Sequence[Word], found: Sequence[LabelledValue], text: str) -> list[_Row]:
    """A row with labels of sections as one row a section, and an end where head or foot follow."""
    rows: list[_Row] = []
    first = found[0].label
    for word in words:
        start = word.text.find(first.text)
        if start > 0 and word.box.x0 < first.box.x0 < word.box.x1:
            rows.append(_Row(None, (word.part(0, start),)))  # the section above ends in mid-line
    for labelled in found:
        if labelled.name != END:
            printed = squeeze(labelled.label.text)
            after = text[text.find(printed) + len(printed) :]
            has_colon = re.match(r"(?:\([^)]{1,8}\))?[:\]]", after) is not None
            pieces = tuple(piece for piece in labelled.pieces if piece.text.strip())
            rows.append(_Row(labelled.name, pieces, labelled.label, has_colon))
    return [*rows, _Row(END, ())] if found[-1].name == END else rows


def _pop_repeated_head(rows: list[_Row]) -> list[Word]:
    """Takes the patient's data away that a second page repeats above the text that goes on."""
    words: list[Word] = []
    while rows and rows[0].key == END:
        words += rows.pop(0).words
    return words


def _share_out(
    rows: Sequence[_Row], page: Page, found: dict[str, Section], left: list[Word], going_on: str
) -> str:
    """Gives each row to its section or to head and foot; returns the section open at the page's end."""
    right = max((word.box.x1 for word in page.words), default=float(page.width))
    current = going_on
    last: _Row | None = None
    is_over = False
    for row, owner in zip(rows, _owners(rows, going_on), strict=True):
        if owner != current or row.key is not None:
            is_over = False
        if owner != current:
            last = None
        current = owner
        if last is not None and row.words and _gap(last, row) > SECTION_GAP * last.words[0].box.height:
            is_over = True
        if owner == END or is_over:
            left += row.words
        elif row.words:
            found.setdefault(owner, Section()).lines.append(Line(page.number, line_of(row.words), right))
            last = row
    return END if is_over else current


def _gap(above: _Row, below: _Row) -> float:
    return below.box.y0 - above.box.y1


def _owners(rows: Sequence[_Row], going_on: str) -> list[str]:
    """The section of each row: that of the label above, or of a bare label in the middle beside it."""
    owners: list[str] = []
    current = going_on
    free: list[int] = []
    for i, row in enumerate(rows):
        if row.key is None:
            owners.append(current)
            free.append(i)
            continue
        if row.key != END and not row.has_colon:
            for j in _lines_above(rows, i, free, owners):
                owners[j] = row.key
        owners.append(row.key)
        current, free = row.key, []
    return owners


def _lines_above(rows: Sequence[_Row], i: int, free: Sequence[int], owners: Sequence[str]) -> list[int]:
    """Which of the lines `free` above the bare label of row `i` stand in its cell."""
    label = rows[i].label
    beside: list[int] = []
    for j in reversed(free):
        if label is None or rows[j].box.x0 < label.box.x1:
            break
        beside.insert(0, j)
    if label is None or not beside:
        return []
    height = label.box.height
    chain = [rows[j] for j in beside]
    owner = owners[beside[0]]
    before = next((rows[j] for j in reversed(range(beside[0])) if rows[j].words and owners[j] == owner), None)
    gaps = [_gap(before, chain[0]) if before is not None else SECTION_GAP * height]
    gaps += [_gap(a, b) for a, b in pairwise(chain)]
    if owner == END:
        return next((beside[k:] for k, gap in enumerate(gaps) if gap > SPLIT_GAP * height), [])
    after = rows[i] if rows[i].words else next((row for row in rows[i + 1 : i + 2] if row.key is None), None)
    if after is not None:
        gaps.append(_gap(chain[-1], after))
    # Where lines stand evenly the last gap counts: the text of the section above is likelier to be long.
    widest = max(k for k, gap in enumerate(gaps) if gap >= max(gaps) - EVEN_GAPS * height)
    return beside[widest:]


def line_of(pieces: Sequence[Word]) -> Word:
    """Pieces of a line as one word; a wide space stands where they are apart."""
    parts: list[Word] = [pieces[0]]
    for before, piece in pairwise(pieces):
        gap = piece.box.x0 - before.box.x1
        if gap > APART * piece.box.height:
            box = Box(before.box.x1, piece.box.y0, before.box.x1 + gap, piece.box.y1)
            parts.append(Word("\u3000", box, 1.0, piece.origin))
        parts.append(piece)
    return joined(parts)
