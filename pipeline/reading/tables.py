"""Tables of printed bills: header, columns, rows; ruled or not, in one to three blocks side by side.

The header row tells the columns. Where the same columns stand two or three times in it, the table runs
in blocks, read one after the other. Names wrap, so lines without an amount belong to a row beside them,
unless they stand apart (headings and sums). A table runs on over pages with or without a header of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from pipeline.fee_categories import find_category
from pipeline.model import Box, Page, Word
from pipeline.reading.columns import (
    AMOUNT,
    ANYTHING,
    MONEY,
    NAME,
    NAMING,
    NUMBER,
    TEXT,
    UNKNOWN,
    Band,
    Column,
    HeaderCell,
    band_of,
    bands_under,
    cut_at_bands,
    header_cells,
    middle_of,
    on_lines,
    with_second_lines,
)
from pipeline.reading.layout import TALLER, closed_up, joined, rows_of
from pipeline.reading.slant import Slant, find_column_slant, find_row_slant
from pipeline.text import fold, squeeze

__all__ = [
    "AMOUNT",
    "ANYTHING",
    "MONEY",
    "NAME",
    "NAMING",
    "NUMBER",
    "TEXT",
    "Column",
    "TableRow",
    "outside_tables",
    "read_table",
    "read_table_by_example",
]

WRAPPED_PITCH = 0.75
"""A line nearer to its neighbour than so much of the distance between rows goes on with it."""

FULL_PITCH = 0.9
"""A line so much of the distance between rows below a row may be a row of its own."""

NEAREST_ROW = 1.5
"""A line goes on with a row that is at most so many line heights away."""

EVEN = 0.15
"""Gaps that differ by less than so much of a line height are the same."""

EMPTY_LINES = 6.0
"""A table that somebody showed a row of ends where so many line heights hold nothing of its columns."""

Line = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: column name to what stands in the cell. `apart` marks a heading or a sum."""

    page: int
    cells: Mapping[str, Word]
    block: int = 0
    apart: bool = False

    @property
    def text(self) -> str:
        """All cells, in the order of the columns."""
        return " ".join(word.text for word in self.cells.values())

    def get(self, name: str) -> str:
        """The text of a cell, `""` where it is empty."""
        return self.cells[name].text if name in self.cells else ""


@dataclass(frozen=True, slots=True)
class _Table:
    """The part of a table that stands on one page, its body in level rows and straight columns."""

    page: Page
    bands: list[Band]
    body: list[Line]
    column_slant: Slant
    row_slant: Slant

    def on_page(self, word: Word) -> Word:
        """A word of the body where it stands on the page."""
        return self.row_slant.back(self.column_slant.back(word))


def none_apart(text: str) -> bool:  # noqa: ARG001 - the form of the argument
    """The default for `apart`: every line may go on with its neighbour."""
    return False


def read_table(
    pages: Sequence[Page],
    columns: Sequence[Column],
    stops: Sequence[str],
    apart: Callable[[str], bool] = none_apart,
) -> list[TableRow]:
    """The rows of the table that runs over `pages`, blocks one after the other on each page.

    The table ends on a page at the first row that begins with one of `stops`. A page without a header
    of its own goes on in the columns of the page before. `apart` tells, from its text without spaces, a
    line that belongs to no row beside it (西药费小计, 承前页); a row may run on over such lines.
    """
    return _rows_over_pages(_split(pages, columns, stops)[0], apart)


def outside_tables(pages: Sequence[Page], columns: Sequence[Column], stops: Sequence[str]) -> list[Page]:
    """The pages with the words alone that stand above and below the table."""
    return _split(pages, columns, stops)[1]


def read_table_by_example(
    pages: Sequence[Page],
    example: Sequence[tuple[str, Box]],
    columns: Sequence[Column],
    stops: Sequence[str],
    apart: Callable[[str], bool] = none_apart,
) -> list[TableRow]:
    """The rows of a table of which somebody showed one, for where the header was not read or misleads.

    What stands beside the shown cells on their line makes columns of its own that nobody asked for. The
    table begins below a header, or below a line like those of a head (姓名：), and runs on over the pages.

    Args:
        pages: The page of the row, and those behind it that the table may run over.
        example: The name of the column and the place of each shown cell of one row of the first page.
        columns: What may stand in columns of these names.
        stops: As in `read_table`.
        apart: As in `read_table`.

    Raises:
        ValueError: If no cell is shown.
    """
    if not example:
        raise ValueError("no cell of the example is shown")
    shown = _shown(pages[0], example, columns, stops)
    return _rows_over_pages(_split(pages[1:], columns, stops, (shown,))[0], apart)


def _rows_over_pages(tables: Sequence[_Table], apart: Callable[[str], bool]) -> list[TableRow]:
    rows: list[TableRow] = []
    for i, table in enumerate(tables):
        fresh = _rows(table, apart, is_first=i == 0, is_last=i == len(tables) - 1)
        _join_over_break(rows, fresh)
        rows += fresh
    return rows


def _shown(
    page: Page, example: Sequence[tuple[str, Box]], columns: Sequence[Column], stops: Sequence[str]
) -> _Table:
    """The part of a table on the page where somebody showed one of its rows."""
    words = _level_print(page.words)
    row_slant = find_row_slant(words)
    labels = [fold(label) for column in columns for label in column.labels] + list(stops)
    lines = [tuple(closed_up(row, labels)) for row in rows_of(_straightened(words, row_slant))]
    cells = [
        HeaderCell(name, row_slant.straightened(Word("·", box, 1.0, "reviewer")).box) for name, box in example
    ]
    own = Box.around(cell.box for cell in cells)
    at = min(range(len(lines)), key=lambda i: abs(middle_of(lines[i]) - own.cy), default=0)
    start, end = _reach(lines, at, own, tuple(columns), stops)
    body = lines[start:end]
    column_slant = find_column_slant(body, own.cy) if body else Slant("x")
    body = [tuple(_straightened(line, column_slant)) for line in body]
    cells = _with_strangers(cells, [word for line in body for word in line if own.y0 < word.box.cy < own.y1])
    return _Table(page, bands_under(cells, columns, body, page.width), body, column_slant, row_slant)


def _with_strangers(cells: Sequence[HeaderCell], line: Sequence[Word]) -> list[HeaderCell]:
    """The cells from left to right, with those of the line that nobody showed."""
    pieces = [word.part(*match.span()) for word in line for match in re.finditer(r"\S+", word.text)]
    strangers = [
        HeaderCell(UNKNOWN, piece.box)
        for piece in pieces
        if not any(cell.box.shared_width(piece.box) > 0 for cell in cells)
    ]
    return sorted([*cells, *strangers], key=lambda cell: cell.box.cx)


def _reach(
    lines: Sequence[Line], at: int, shown: Box, columns: tuple[Column, ...], stops: Sequence[str]
) -> tuple[int, int]:
    """The first line of the table around line `at`, and the line behind its last."""

    def is_beside(line: Line) -> bool:
        return any(word.box.shared_width(shown) > 0 for word in line)

    start = at
    while start and not (header_cells(lines[start - 1], columns) or _is_head(lines[start - 1])):
        if _gap(lines[start - 1], lines[start]) > EMPTY_LINES * shown.height:
            break
        start -= 1
    end = at + 1
    last = at
    while end < len(lines):
        if _gap(lines[last], lines[end]) > EMPTY_LINES * shown.height:
            break
        if is_beside(lines[end]):
            last = end
        end += 1
    return start, at + 1 + _stop(lines[at + 1 : end], stops)


def _split(
    pages: Sequence[Page], columns: Sequence[Column], stops: Sequence[str], before: Sequence[_Table] = ()
) -> tuple[list[_Table], list[Page]]:
    """The parts of the table, those of pages before among them, and the pages without them."""
    columns = tuple(columns)
    labels = [fold(label) for column in columns for label in column.labels] + list(stops)
    tables = list(before)
    outside = []
    for page in pages:
        words = _level_print(page.words)
        slant = find_row_slant(words)
        lines = [tuple(closed_up(row, labels)) for row in rows_of(_straightened(words, slant))]
        headers, lines = _headers(lines, columns)
        if headers:
            own, rest = _with_headers(page, slant, lines, headers, columns, stops)
        elif tables:
            own, rest = _without_header(page, slant, lines, tables[-1], stops)
        else:
            own, rest = [], lines
        tables += own
        left = [word for line in rest for word in line]
        outside.append(replace(page, words=tuple(slant.back(word) if slant else word for word in left)))
    return tables, outside


def _level_print(words: Sequence[Word]) -> list[Word]:
    """Without what is printed up the margin (第二联 发票联) or runs around a seal."""
    if not words:
        return []
    usual = median(word.box.height for word in words)
    return [word for word in words if word.box.height <= max(TALLER * usual, word.box.width)]


def _headers(
    lines: Sequence[Line], columns: tuple[Column, ...]
) -> tuple[dict[int, list[HeaderCell]], list[Line]]:
    """The header rows by their index, and the lines without what the second lines of headers hold."""
    headers: dict[int, list[HeaderCell]] = {}
    gone: set[int] = set()
    for i, line in enumerate(lines):
        if not header_cells(line, columns):
            continue
        beside = [
            lines[j] for j in (i - 1, i + 1) if 0 <= j < len(lines) and not header_cells(lines[j], columns)
        ]
        row, taken = with_second_lines(line, beside, columns)
        headers[i] = header_cells(row, columns) or header_cells(line, columns)
        gone |= taken
    return headers, [tuple(word for word in line if id(word) not in gone) for line in lines]


def _with_headers(
    page: Page,
    row_slant: Slant,
    lines: Sequence[Line],
    headers: Mapping[int, list[HeaderCell]],
    columns: Sequence[Column],
    stops: Sequence[str],
) -> tuple[list[_Table], list[Line]]:
    tables = []
    starts = sorted(headers)
    rest = list(lines[: starts[0]])
    for start, end in pairwise([*starts, len(lines)]):
        segment = [line for line in lines[start + 1 : end] if line]
        body = segment[: _stop(segment, stops)]
        rest += segment[len(body) :]
        slant = find_column_slant([lines[start], *body], headers[start][0].box.cy)
        body = [tuple(_straightened(line, slant)) for line in body]
        tables.append(
            _Table(page, bands_under(headers[start], columns, body, page.width), body, slant, row_slant)
        )
    return tables, rest


def _without_header(
    page: Page, row_slant: Slant, lines: Sequence[Line], before: _Table, stops: Sequence[str]
) -> tuple[list[_Table], list[Line]]:
    scale = page.width / max(1, before.page.width)
    bands = [replace(band, left=band.left * scale, right=band.right * scale) for band in before.bands]
    start = _first_row(lines, bands)
    body = list(lines[start:])
    body = body[: _stop(body, stops)]
    rest = [*lines[:start], *lines[start + len(body) :]]
    if not body:
        return [], rest
    slant = find_column_slant(body, middle_of(body[0]))
    return [_Table(page, bands, [tuple(_straightened(line, slant)) for line in body], slant, row_slant)], rest


def _straightened(words: Sequence[Word], slant: Slant) -> list[Word]:
    return [slant.straightened(word) for word in words] if slant else list(words)


def _first_row(lines: Sequence[Line], bands: Sequence[Band]) -> int:
    """Where the table goes on below the head of a page: at its first amount, or the name above that."""
    for i, line in enumerate(lines):
        names = {band_of(word, bands).name for word in line if band_of(word, bands).fits(word)}
        if AMOUNT not in names or len(names) < 2 or _is_head(line):
            continue
        while i and not _is_head(lines[i - 1]) and _gap(lines[i - 1], line) < NEAREST_ROW * _height(line):
            i -= 1
        return i
    return len(lines)


def _is_head(line: Line) -> bool:
    return any(re.search(r"[\u4e00-\u9fff]:", fold(word.text)) for word in line)


def _gap(above: Line, below: Line) -> float:
    return min(word.box.y0 for word in below) - max(word.box.y1 for word in above)


def _height(line: Line) -> float:
    return max(word.box.height for word in line)


def _stop(lines: Sequence[Line], stops: Sequence[str]) -> int:
    """The index of the first line that begins with one of `stops`."""
    for i, line in enumerate(lines):
        starts = [re.sub(r"\s", "", fold(word.text)) for word in line]
        if any(start.startswith(fold(stop)) for start in starts for stop in stops):
            return i
    return len(lines)


# ---------------------------------------------------------------- lines to rows


def _rows(table: _Table, apart: Callable[[str], bool], *, is_first: bool, is_last: bool) -> list[TableRow]:
    placed: dict[int, list[tuple[str, Word]]] = {}
    for line in table.body:
        pieces = [
            (band, piece)
            for word in line
            for piece in cut_at_bands(word, table.bands)
            if (band := band_of(piece, table.bands)).name != UNKNOWN
        ]
        whole = _block_of_sum(pieces, apart)
        for band, piece in pieces:
            placed.setdefault(band.block if whole is None else whole, []).append((band.name, piece))
    names = {band.name for band in table.bands}
    blocks: dict[int, _Block] = {}
    for block in sorted(placed):
        may_begin_before = not is_first and block == min(placed)
        may_end_after = not is_last and block == max(placed)
        blocks[block] = _Block(placed[block], names, apart, may_begin_before, may_end_after)
    # A form breaks its names in one way throughout, so what one block shows holds for all.
    names_lead = sum(lines.names_leading() for lines in blocks.values()) > 0
    return [row for block, lines in blocks.items() for row in lines.rows(table, block, names_lead)]


def _block_of_sum(pieces: Sequence[tuple[Band, Word]], apart: Callable[[str], bool]) -> int | None:
    """The block of a sum that runs over all blocks: 合计 in the first, its amount in the last."""
    if [band.name for band, _ in pieces] != [NAME, AMOUNT] or pieces[0][0].block == pieces[1][0].block:
        return None
    return pieces[1][0].block if apart(squeeze(pieces[0][1].text)) else None


class _Block:
    """The lines of one block of a table, and which of them make one row."""

    def __init__(
        self,
        placed: Sequence[tuple[str, Word]],
        names: set[str],
        apart: Callable[[str], bool],
        may_begin_before: bool,
        may_end_after: bool,
    ) -> None:
        self.column_of = {id(word): name for name, word in placed}
        self.lines = rows_of(word for _, word in placed)
        self.has_amounts = AMOUNT in names
        self.may_begin_before = may_begin_before
        self.may_end_after = may_end_after
        self.pitch = self._pitch()
        self.apart = {i for i, line in enumerate(self.lines) if self._stands_apart(i, line, apart)}
        self.anchors = [i for i in range(len(self.lines)) if i not in self.apart and self._is_anchor(i)]

    def rows(self, table: _Table, block: int, names_lead: bool) -> list[TableRow]:
        """The rows from top to bottom; lines that belong to no row are rows of their own.

        With `names_lead` the amounts of a wrapped row stand on its last line.
        """
        owners = self._owners(names_lead)
        members: dict[int, list[Word]] = {}
        for i, line in enumerate(self.lines):
            members.setdefault(owners.get(i, i), []).extend(line)
        rows = []
        for i in sorted(members):
            cells = {name: table.on_page(word) for name, word in self._cells(members[i]).items()}
            rows.append(TableRow(table.page.number, cells, block, i in self.apart))
        return rows

    def _columns(self, i: int) -> set[str]:
        return {self.column_of[id(word)] for word in self.lines[i]}

    def _is_anchor(self, i: int) -> bool:
        """Whether a line is a row by itself: it has an amount, or a name and another amount-like number."""
        columns = self._columns(i)
        if not self.has_amounts:
            return NAME in columns
        return AMOUNT in columns or (
            NAME in columns and any(re.fullmatch(MONEY, squeeze(word.text)) for word in self.lines[i])
        )

    def _pitch(self) -> float:
        """The usual distance between two rows with nothing between them; 0 where there are no such rows."""
        rows = [self._is_anchor(i) for i in range(len(self.lines))]
        pairs = [pair for pair, both in zip(pairwise(self.lines), pairwise(rows), strict=True) if all(both)]
        return median(middle_of(lower) - middle_of(upper) for upper, lower in pairs) if pairs else 0.0

    def _stands_apart(self, i: int, line: Line, apart: Callable[[str], bool]) -> bool:
        if not apart(squeeze("".join(word.text for word in line))):
            return False
        # 副主任医师门诊 above 诊查费: the second line of a name may say what a heading says.
        return self._columns(i) != {NAME} or not any(
            0 <= j < len(self.lines)
            and NAME in self._columns(j)
            and abs(middle_of(self.lines[j]) - middle_of(line)) < WRAPPED_PITCH * self.pitch
            for j in (i - 1, i + 1)
        )

    def names_leading(self) -> int:
        """How often a name begins above the line with its amounts, less how often it goes on below it."""
        return sum(self._led(between, above, below) for between, above, below in self._betweens())

    def _led(self, between: range, above: int | None, below: int | None) -> int:
        names = [i for i in between if self._columns(i) == {NAME}]
        if not names or len(names) < len(between):
            return 0
        if above is None or below is None:
            beside = below if above is None else above
            begins = above is None and not (self.may_begin_before and between[0] == 0)
            ends = below is None and not self.may_end_after
            if beside is None or not (begins or ends):
                return 0
            nearest = between[-1] if above is None else between[0]
            near = self._goes_on(nearest, beside, beside) and NAME in self._columns(beside)
            return (1 if above is None else -1) * near
        cuts = self._told_cuts(between, above, below, range(len(between) + 1))
        return {frozenset({0}): 1, frozenset({len(between)}): -1}.get(frozenset(cuts), 0)

    def _told_cuts(self, between: range, above: int, below: int, cuts: Iterable[int]) -> set[int]:
        """Those of `cuts` that the print allows; all or none where it tells nothing.

        A category (西药费) is never so long that it wraps, and a bracket closes in the row it opens in.
        """
        if find_category(self._name_on([above])):
            return {0}
        return {
            cut
            for cut in cuts
            if _is_balanced(self._name_on([above, *between[:cut]]))
            and _is_balanced(self._name_on([*between[cut:], below]))
        }

    def _name_on(self, lines: Iterable[int]) -> str:
        return "".join(w.text for i in lines for w in self.lines[i] if self.column_of[id(w)] == NAME)

    def _betweens(self) -> Iterator[tuple[range, int | None, int | None]]:
        """The lines without an amount between two lines that have one or stand apart, with those beside."""
        bounds = [-1, *sorted({*self.anchors, *self.apart}), len(self.lines)]
        for start, end in pairwise(bounds):
            above = start if start in self.anchors else None
            below = end if end in self.anchors else None
            yield range(start + 1, end), above, below

    def _owners(self, names_lead: bool) -> dict[int, int]:
        """The row that each line without an amount goes on with, where there is one."""
        owners: dict[int, int] = {}
        for between, above, below in self._betweens():
            cut = self._cut(between, above, below, names_lead)
            for i in between[:cut]:
                if above is None or not self._goes_on(i, i - 1, above):
                    break
                owners[i] = above
            for i in reversed(between[cut:]):
                if below is None or not self._goes_on(i, i + 1, below):
                    break
                owners[i] = below
        return owners

    def _cut(self, between: range, above: int | None, below: int | None, names_lead: bool) -> int:
        """How many of the lines between two rows belong to the upper one: those above the widest gap.

        Of gaps alike one is taken that wraps no category and tears no bracket, then the way of the form.
        """
        if not between:
            return 0
        height = _height(self.lines[between[0]])
        if below is None:
            # At the foot of a page a name may stand alone, its amounts on the next page.
            alone = self.may_end_after and above is not None and self._is_row_after(between[0], above)
            return 0 if alone else len(between)
        if above is None:
            first = _gap(self.lines[between[-1]], self.lines[below])
            is_rest = self.may_begin_before and between[0] == 0 and first > EVEN * height
            return len(between) if is_rest and NAME in self._columns(below) else 0
        gaps = [_gap(self.lines[i], self.lines[i + 1]) for i in range(above, below)]
        if self._lacks_name(below):
            gaps.pop()  # the name above, its amounts on the next line
        widest = [i for i, gap in enumerate(gaps) if gap >= max(gaps) - EVEN * height]
        allowed = sorted(self._told_cuts(between, above, below, widest) & set(widest)) or widest
        return allowed[0] if names_lead else allowed[-1]

    def _goes_on(self, i: int, beside: int, anchor: int) -> bool:
        """Whether a line is near enough to the line beside it, and in a column of the row it would go to."""
        upper, lower = sorted((i, beside))
        near = _gap(self.lines[upper], self.lines[lower]) < NEAREST_ROW * _height(self.lines[i])
        names_it = i < anchor and NAME in self._columns(i) and self._lacks_name(anchor)
        return near and (names_it or self._is_aligned(i, anchor))

    def _lacks_name(self, i: int) -> bool:
        """Whether the name of a row stands above it: nothing is there, or its specification in brackets."""
        names = [word.text for word in self.lines[i] if self.column_of[id(word)] == NAME]
        return not names or re.match(r"\([^()]*\d", fold(names[0])) is not None

    def _is_row_after(self, i: int, anchor: int) -> bool:
        """Whether a line stands as far below a row as the next row would."""
        return middle_of(self.lines[i]) - middle_of(self.lines[anchor]) > FULL_PITCH * self.pitch > 0

    def _is_aligned(self, i: int, anchor: int) -> bool:
        """Whether a line goes on with the cells of a row: flush left or centred under one of them."""
        return any(
            abs(word.box.x0 - cell.box.x0) <= word.box.height
            or abs(word.box.cx - cell.box.cx) <= word.box.height
            for word in self.lines[i]
            for cell in self.lines[anchor]
            if self.column_of[id(word)] == self.column_of[id(cell)]
        )

    def _cells(self, words: Sequence[Word]) -> dict[str, Word]:
        cells: dict[str, list[Word]] = {}
        for line in rows_of(words):
            for name in dict.fromkeys(self.column_of[id(word)] for word in line):
                own = [word for word in line if self.column_of[id(word)] == name]
                cells.setdefault(name, []).append(joined(own))
        return {name: on_lines(parts) for name, parts in cells.items()}


def _is_balanced(text: str) -> bool:
    folded = fold(text)
    return folded.count("(") == folded.count(")")


# ---------------------------------------------------------------- rows over a page break


def _join_over_break(rows: list[TableRow], fresh: list[TableRow]) -> None:
    """Joins what a page break parted: the last row of the pages before, the first of the next."""
    foot = next((i for i in reversed(range(len(rows))) if not rows[i].apart), None)
    head = next((i for i in range(len(fresh)) if not fresh[i].apart), None)
    if foot is None:
        return
    if head is not None and rows[foot].page != fresh[head].page:
        if _is_split(rows[foot], fresh[head]):
            rows[foot] = _merged(rows[foot], fresh.pop(head))
            return
        if _is_rest_of_name(fresh[head]) and AMOUNT in rows[foot].cells:
            rows[foot] = _lengthened(rows[foot], fresh.pop(head))
            return
    before = foot - 1
    if (
        before >= 0
        and _is_rest_of_name(rows[foot])
        and AMOUNT in rows[before].cells
        and not rows[before].apart
    ):
        rows[before] = _lengthened(rows[before], rows.pop(foot))


def _is_split(foot: TableRow, head: TableRow) -> bool:
    """Whether a page break runs through a row: the name at the foot, the amounts on the next page."""
    return NAME in foot.cells and AMOUNT not in foot.cells and AMOUNT in head.cells and NAME not in head.cells


def _merged(foot: TableRow, head: TableRow) -> TableRow:
    return TableRow(foot.page, {**foot.cells, **head.cells}, foot.block)


def _is_rest_of_name(head: TableRow) -> bool:
    return head.cells.keys() == {NAME} and re.search(r"\d{4}|:", fold(head.get(NAME))) is None


def _lengthened(foot: TableRow, head: TableRow) -> TableRow:
    if NAME not in foot.cells:
        return foot
    # The box stays where the name begins: its rest lies on another page.
    name = on_lines((foot.cells[NAME], head.cells[NAME]))
    return replace(foot, cells={**foot.cells, NAME: replace(name, box=foot.cells[NAME].box)})
