"""Tables of printed bills: header, columns, rows; ruled or not, in one to three blocks side by side.

The header row tells the columns. Where the same columns stand two or three times in it, the table runs
in blocks, read one after the other. Names wrap, so lines without an amount belong to a row beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from pipeline.model import Box, Page, Word
from pipeline.reading.layout import TALLER, closed_up, joined, rows_of
from pipeline.text import fold, squeeze

HEADER_SHARE = 0.6
"""A header row consists of column labels to at least this share of its characters."""

NAME = "name"
AMOUNT = "amount"

_GLUED_NUMBER = re.compile(r"^(?P<text>.*[^\d.,\s¥-])\s*(?P<number>-?¥?\d[\d,]*(?:\.\d+)?)$")
_NUMBER_FIRST = re.compile(r"^(?P<number>-?\d[\d,]*\.\d{2,4})\s*(?P<text>[^\d.,\s].*)$")


MONEY = r"-?¥?\d[\d,]*\.\d{2,4}"
NUMBER = r"[-¥\d.,*]+"
TEXT = r"(?!-?¥?[\d,]+\.\d{2,4}$).*"
"""Anything but an amount."""

ANYTHING = r".*"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the labels its header is printed under, and the form of what stands in it.

    `form` is a regular expression; a piece of print that does not have it belongs to another column,
    however near it stands: numbers flush right run over under the next header.
    """

    name: str
    labels: tuple[str, ...]
    form: str = ANYTHING


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: column name to what stands in the cell."""

    page: int
    cells: Mapping[str, Word]
    block: int = 0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.cells.values())

    def get(self, name: str) -> str:
        """The text of a cell, `""` where it is empty."""
        return self.cells[name].text if name in self.cells else ""


@dataclass(frozen=True, slots=True)
class _Band:
    """Where a column lies: from `left` to `right`, in block `block`."""

    name: str
    left: float
    right: float
    block: int
    form: re.Pattern[str]

    def fits(self, word: Word) -> bool:
        return self.form.fullmatch(squeeze(word.text)) is not None


def read_table(pages: Sequence[Page], columns: Sequence[Column], stops: Sequence[str]) -> list[TableRow]:
    """The rows of the table that runs over `pages`, blocks one after the other on each page.

    The table ends on a page at the first row that begins with one of `stops`. A page without a header
    of its own goes on in the columns of the page before.
    """
    rows: list[TableRow] = []
    last: tuple[list[_Band], int] | None = None
    labels = [fold(label) for column in columns for label in column.labels] + list(stops)
    for page in pages:
        lines = [closed_up(row, labels) for row in rows_of(_level_print(page.words))]
        headers = [i for i, line in enumerate(lines) if len(_header_cells(line, columns)) >= 2]
        headers = [i for i in headers if _is_header(lines[i], columns)]
        if headers:
            body = _until_stop(lines[headers[0] + 1 :], stops)
            bands = _bands(_header_cells(lines[headers[0]], columns), columns, body, page.width)
            repeated = {id(word) for i in headers for word in lines[i]}
            body = [line for line in body if id(line[0]) not in repeated]
            last = bands, page.width
        elif last is not None:
            bands = [
                replace(b, left=b.left * page.width / last[1], right=b.right * page.width / last[1])
                for b in last[0]
            ]
            body = _until_stop(lines, stops)
        else:
            continue
        fresh = _rows(body, bands, page.number)
        if rows and fresh and _is_split(rows[-1], fresh[0]):
            rows[-1] = _merged(rows[-1], fresh.pop(0))
        rows += fresh
    return rows


def _level_print(words: Sequence[Word]) -> list[Word]:
    """Without what is printed up the margin (第二联 发票联) or runs around a seal."""
    if not words:
        return []
    usual = median(word.box.height for word in words)
    return [word for word in words if word.box.height <= max(TALLER * usual, word.box.width)]


def _header_cells(line: Sequence[Word], columns: Sequence[Column]) -> list[tuple[str, Box]]:
    by_label = {fold(label): column.name for column in columns for label in column.labels}
    longest_first = sorted(by_label, key=len, reverse=True)
    pattern = re.compile("|".join(r"\s*".join(map(re.escape, label)) for label in longest_first))
    cells = []
    for word in line:
        for match in pattern.finditer(fold(word.text)):
            name = by_label[re.sub(r"\s", "", match.group())]
            cells.append((name, word.part(*match.span()).box))
    return cells


def _is_header(line: Sequence[Word], columns: Sequence[Column]) -> bool:
    cells = _header_cells(line, columns)
    names = {name for name, _ in cells}
    width = sum(box.width for _, box in cells)
    share = width / max(1.0, sum(word.box.width for word in line))
    return NAME in names and len(names) >= 2 and share >= HEADER_SHARE


def _until_stop(lines: Sequence[Sequence[Word]], stops: Sequence[str]) -> list[tuple[Word, ...]]:
    kept: list[tuple[Word, ...]] = []
    for line in lines:
        starts = [re.sub(r"\s", "", fold(word.text)) for word in line]
        if any(start.startswith(fold(stop)) for start in starts for stop in stops):
            break
        kept.append(tuple(line))
    return kept


def _bands(
    cells: Sequence[tuple[str, Box]],
    columns: Sequence[Column],
    body: Sequence[Sequence[Word]],
    page_width: int,
) -> list[_Band]:
    """The columns of a header as bands of the page.

    Headers are centred over columns whose cells start at the left rule, so a name column begins as far
    to the left of its header's middle as the leftmost cell of the first block shows.
    """
    cells = sorted(cells, key=lambda cell: cell[1].x0)
    starts = [i for i, (name, _) in enumerate(cells) if name == cells[0][0]]
    leftmost = min((word.box.x0 for line in body for word in line), default=cells[0][1].x0)
    half = max(cells[0][1].cx - leftmost, cells[0][1].width / 2)
    edges = [min(leftmost, cells[0][1].x0) - 1.0]
    for i in range(1, len(cells)):
        before, here = cells[i - 1][1], cells[i][1]
        middle = (before.x1 + here.x0) / 2
        edges.append(max(before.x1, min(middle, here.cx - half)) if i in starts else middle)
    edges.append(float(page_width))
    forms = {column.name: re.compile(column.form) for column in columns}
    return [
        _Band(name, left, right, sum(i >= start for start in starts[1:]), forms[name])
        for i, ((name, _), (left, right)) in enumerate(zip(cells, pairwise(edges), strict=True))
    ]


def _rows(body: Sequence[Sequence[Word]], bands: Sequence[_Band], page: int) -> list[TableRow]:
    placed: dict[int, list[tuple[str, Word]]] = {}
    for line in body:
        for word in line:
            for piece in _cut_at_bands(word, bands):
                band = _band_of(piece, bands)
                placed.setdefault(band.block, []).append((band.name, piece))
    return [
        row
        for block in sorted(placed)
        for row in _block_rows(placed[block], page, block, {band.name for band in bands})
    ]


def _band_of(word: Word, bands: Sequence[_Band]) -> _Band:
    fitting = [band for band in bands if band.fits(word)]
    box = word.box
    return max(fitting or bands, key=lambda band: min(box.x1, band.right) - max(box.x0, band.left))


def _cut_at_bands(word: Word, bands: Sequence[_Band]) -> list[Word]:
    """The word, cut where a name and the number of the next column were read as one."""
    for pattern in (_GLUED_NUMBER, _NUMBER_FIRST):
        match = pattern.match(fold(word.text))
        if match is None:
            continue
        pieces = [word.part(*match.span("text")), word.part(*match.span("number"))]
        if _band_of(pieces[0], bands) != _band_of(pieces[1], bands):
            return sorted(pieces, key=lambda piece: piece.box.x0)
    if " " in word.text.strip():
        pieces = [word.part(*match.span()) for match in re.finditer(r"\S+", word.text)]
        if len({_band_of(piece, bands) for piece in pieces}) > 1:
            return pieces
    return [word]


def _block_rows(placed: Sequence[tuple[str, Word]], page: int, block: int, names: set[str]) -> list[TableRow]:
    column_of = {id(word): name for name, word in placed}
    lines = rows_of(word for _, word in placed)
    anchors = [i for i, line in enumerate(lines) if _is_anchor(line, column_of, AMOUNT in names)]
    members: dict[int, list[Word]] = {i: list(lines[i]) for i in anchors}
    loose: list[list[Word]] = []
    for i, line in enumerate(lines):
        if i in members:
            continue
        anchor = _anchor_for(i, lines, anchors, column_of)
        if anchor is None:
            loose.append(list(line))
        else:
            members[anchor] += line
    ordered = [members[i] for i in anchors] + loose
    return [TableRow(page, _cells(words, column_of), block) for words in ordered]


def _is_anchor(line: Sequence[Word], column_of: Mapping[int, str], has_amounts: bool) -> bool:
    """Whether a line is a row by itself: it has an amount, or a name and another amount-like number."""
    columns = {column_of[id(word)] for word in line}
    if not has_amounts:
        return NAME in columns
    return AMOUNT in columns or (
        NAME in columns and any(re.fullmatch(MONEY, squeeze(word.text)) for word in line)
    )


def _anchor_for(
    i: int, lines: Sequence[Sequence[Word]], anchors: Sequence[int], column_of: Mapping[int, str]
) -> int | None:
    """The row that a line without an amount belongs to."""
    above = max((a for a in anchors if a < i), default=None)
    below = min((a for a in anchors if a > i), default=None)
    here = Box.around(word.box for word in lines[i])
    if below is not None and not any(column_of[id(word)] == NAME for word in lines[below]):
        return below  # the name above, its amounts on the next line
    gaps = {}
    if above is not None:
        gaps[above] = here.y0 - max(word.box.y1 for word in lines[above])
    if below is not None:
        gaps[below] = min(word.box.y0 for word in lines[below]) - here.y1
    gaps = {a: gap for a, gap in gaps.items() if _is_aligned(lines[i], lines[a], column_of)}
    if not gaps:
        return None
    nearest = min(gaps, key=lambda a: (gaps[a], a > i))
    return nearest if gaps[nearest] < 1.5 * here.height else None


def _is_aligned(line: Sequence[Word], row: Sequence[Word], column_of: Mapping[int, str]) -> bool:
    """Whether a line goes on with the cells of a row: flush left or centred under one of them."""
    return any(
        abs(word.box.x0 - cell.box.x0) <= word.box.height or abs(word.box.cx - cell.box.cx) <= word.box.height
        for word in line
        for cell in row
        if column_of[id(word)] == column_of[id(cell)]
    )


def _cells(words: Sequence[Word], column_of: Mapping[int, str]) -> dict[str, Word]:
    cells: dict[str, list[Word]] = {}
    for line in rows_of(words):
        for word in line:
            cells.setdefault(column_of[id(word)], []).append(word)
    return {name: joined(parts) for name, parts in cells.items()}


def _is_split(foot: TableRow, head: TableRow) -> bool:
    """Whether a page break runs through a row: the name at the foot, the amounts on the next page."""
    return NAME in foot.cells and AMOUNT not in foot.cells and AMOUNT in head.cells and NAME not in head.cells


def _merged(foot: TableRow, head: TableRow) -> TableRow:
    return TableRow(foot.page, {**foot.cells, **head.cells}, foot.block)
