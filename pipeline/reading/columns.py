"""The columns of a printed table: what its header names, where they lie, which piece of print is whose.

Headers are centred, left or right of what stands under them, and their cells break into two lines. So the
header only tells the order of the columns; the border between two of them is where the rows leave a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from pipeline.model import Box, Word, looks_at
from pipeline.text import fold, squeeze

HEADER_SHARE = 0.6
"""A header row consists of column labels to at least this share of its width."""

STACKED_GAP = 0.6
"""The two lines of one header cell (医保 above 类别) stand within so many line heights of each other."""

CLOSE_TO_BORDER = 1.5
"""A word that runs over a border was glued within so many line heights of it."""

FARTHEST_BAND = 6.0
"""A piece of print lies at most so many line heights outside the column that it belongs to."""

WITHIN = 0.98
"""A word of which so much lies in one column was not read over its border."""

SEAM = 0.15
"""Between two cells read as one there was a gap of at least twice so many line heights."""

NAME = "name"
AMOUNT = "amount"
UNKNOWN = ""
"""A column that the form has and we do not read; what stands in it must not fall to its neighbours."""

MONEY = r"-?¥?\d[\d,]*\.\d{2,4}"
NUMBER = r"[-¥\d.,*]+"
TEXT = r"(?!-?¥?[\d,]+\.\d{2,4}$).*"
"""Anything but an amount."""

NAMING = r"(?!\d{1,4}[.、]?$)" + TEXT
"""Anything but an amount or the number of a row."""

ANYTHING = r".*"

_GLUED_NUMBER = re.compile(r"^(?P<text>.*[^\d.,\s¥-])\s*(?P<number>-?¥?\d[\d,]*(?:\.\d+)?)$")
_NUMBER_FIRST = re.compile(r"^(?P<number>-?\d[\d,]*\.\d{2,4})\s*(?P<text>[^\d.,\s].*)$")
_COUNT_FIRST = re.compile(r"^(?P<number>-?\d{1,5}(?:\.\d+)?)(?P<text>[\u4e00-\u9fff]{1,3})$")
_LEADING_CELLS = re.compile(
    r"(?P<cell>20\d\d(?:[-/.]\d\d){2}(?=[0-9A-Z]{15,23}(?![0-9A-Za-z]))"
    r"|20\d\d(?:[-/.]\d{1,2}){2}(?!\d)|20\d\d年\d{1,2}月\d{1,2}日"
    r"|[0-9A-Z]{15,23}(?![0-9A-Za-z])|\d{1,4}(?=\s+20\d\d[-/.年]))"
    r"\s*(?P<text>(?!\d{1,2}:)\S.*)$"
)
"""A date, the code of an item or the number before a date, with the next cell close behind it."""

_PLAIN_NUMBER = re.compile(r"-?¥?\d[\d,]*(?:\.\d+)?")
_LABEL_LIKE = re.compile(r"[\u4e00-\u9fff()/%]{2,6}")
_BESIDE_LABELS = re.compile(r"[\s():/%元.*]")


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
class HeaderCell:
    """One cell of a header row; `whole` where its label is all that the cell says."""

    name: str
    box: Box
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    """Where a column lies: from `left` to `right`, in block `block`."""

    name: str
    left: float
    right: float
    block: int
    form: re.Pattern[str]

    def fits(self, word: Word) -> bool:
        """Whether the word has the form of what stands in this column."""
        return self.form.fullmatch(squeeze(word.text)) is not None

    def overlap(self, box: Box) -> float:
        """How much of the box lies in the column; negative where none does."""
        return min(box.x1, self.right) - max(box.x0, self.left)


def on_lines(words: Sequence[Word]) -> Word:
    """The lines of one cell, from top to bottom, as one word."""
    if len(words) == 1:
        return words[0]
    offset = 0
    alternatives = []
    for word in words:
        alternatives += [replace(other, index=other.index + offset) for other in word.alternatives]
        offset += len(word.text)
    return Word(
        text="".join(word.text for word in words),
        box=Box.around(word.box for word in words),
        confidence=min(word.confidence for word in words),
        origin=words[0].origin,
        char_confidences=tuple(
            sure for word in words for sure in word.char_confidences or (word.confidence,) * len(word.text)
        ),
        alternatives=tuple(alternatives),
        stained=max(word.stained for word in words),
        looks=looks_at(words),
    )


# ---------------------------------------------------------------- the header row


@lru_cache(maxsize=64)
def _labels(columns: tuple[Column, ...]) -> tuple[dict[str, str], re.Pattern[str]]:
    by_label = {fold(label): column.name for column in columns for label in column.labels}
    longest_first = sorted(by_label, key=len, reverse=True)
    pattern = "|".join(r"\s*".join(map(re.escape, label)) for label in longest_first)
    return by_label, re.compile(pattern)


def header_cells(line: Sequence[Word], columns: tuple[Column, ...]) -> list[HeaderCell]:
    """The cells of a header row from left to right; empty where the line is no header."""
    known = [cell for word in line for cell in _cells_of(word, columns)]
    names = {cell.name for cell in known}
    share = sum(cell.box.width for cell in known) / max(1.0, sum(word.box.width for word in line))
    if NAME not in names or len(names) < 2 or share < HEADER_SHARE:
        return []
    known += [
        HeaderCell(UNKNOWN, word.box)
        for word in line
        if not _cells_of(word, columns) and _LABEL_LIKE.fullmatch(squeeze(word.text))
    ]
    return _without_doubles(sorted(known, key=lambda cell: cell.box.x0))


def _cells_of(word: Word, columns: tuple[Column, ...]) -> list[HeaderCell]:
    by_label, pattern = _labels(columns)
    text = fold(word.text)
    matches = list(pattern.finditer(text))
    covered = sum(len(_BESIDE_LABELS.sub("", match.group())) for match in matches)
    whole = covered == len(_BESIDE_LABELS.sub("", text))
    return [
        HeaderCell(by_label[re.sub(r"\s", "", match.group())], word.part(*match.span()).box, whole)
        for match in matches
    ]


def _without_doubles(cells: Sequence[HeaderCell]) -> list[HeaderCell]:
    """One cell a name in each block; of 金额 and 优惠金额 the first is meant."""
    kept: list[HeaderCell] = []
    for block in _blocks_of(cells):
        for cell in block:
            rivals = [other for other in block if other.name == cell.name]
            meant = next((other for other in rivals if other.whole), rivals[0])
            kept.append(cell if cell is meant else HeaderCell(UNKNOWN, cell.box))
    return kept


def _blocks_of(cells: Sequence[HeaderCell]) -> list[list[HeaderCell]]:
    """The cells of each block: a table in blocks begins each with the same label."""
    first = next((cell.name for cell in cells if cell.name != UNKNOWN), UNKNOWN)
    blocks: list[list[HeaderCell]] = [[]]
    for cell in cells:
        if cell.name == first and any(other.name == first for other in blocks[-1]):
            blocks.append([])
        blocks[-1].append(cell)
    return blocks


def with_second_lines(
    line: Sequence[Word], beside: Iterable[Sequence[Word]], columns: tuple[Column, ...]
) -> tuple[list[Word], set[int]]:
    """A header row with the labels that break into two lines closed up, and the words (ids) that went in.

    `beside` are the lines above and below it. Only what makes a label of the list is taken.
    """
    by_label, _ = _labels(columns)
    row, taken = list(line), set()
    height = max(word.box.height for word in line)
    near = [
        word
        for other in beside
        for word in other
        if abs(word.box.cy - middle_of(line)) < (1 + STACKED_GAP) * 2 * height
        and not re.search(r"\d", word.text)
    ]
    for word in near:
        if id(word) in taken:
            continue
        for i, base in enumerate([*row, *(other for other in near if other is not word)]):
            if id(base) in taken or not _is_stacked(word, base):
                continue
            pair = on_lines(sorted((word, base), key=lambda part: part.box.cy))
            if squeeze(pair.text) in by_label:
                taken.add(id(word))
                if i < len(row):
                    row[i] = pair
                else:
                    taken.add(id(base))
                    row.append(pair)
                break
    return sorted(row, key=lambda word: word.box.x0), taken


def middle_of(line: Sequence[Word]) -> float:
    """How far down the page the words of a line lie on average, in pixels."""
    return sum(word.box.cy for word in line) / len(line)


def _is_stacked(a: Word, b: Word) -> bool:
    height = min(a.box.height, b.box.height)
    in_one_column = a.box.shared_width(b.box) > 0.5 * min(a.box.width, b.box.width)
    return in_one_column and -a.box.shared_height(b.box) < STACKED_GAP * height


# ---------------------------------------------------------------- where the columns lie


def bands_under(
    cells: Sequence[HeaderCell],
    columns: Sequence[Column],
    body: Sequence[Sequence[Word]],
    page_width: int,
) -> list[Band]:
    """The columns of a header as bands of the page.

    Headers are centred over columns whose cells start at the left rule, so a name column is expected to
    begin as far to the left of its header's middle as the leftmost cell of the first block shows. What
    stands in the rows decides.
    """
    blocks = _blocks_of(cells)
    starts = {id(block[0]) for block in blocks[1:]}
    forms = {column.name: re.compile(column.form) for column in columns}
    forms[UNKNOWN] = re.compile(ANYTHING)
    leftmost = min((word.box.x0 for line in body for word in line), default=cells[0].box.x0)
    half = max(cells[0].box.cx - leftmost, cells[0].box.width / 2)
    lines = [[piece for word in line for piece in _pieces(word)] for line in body]
    edges = [min(leftmost, cells[0].box.x0) - 1.0]
    for i, (before, here) in enumerate(pairwise(cells)):
        middle = (before.box.x1 + here.box.x0) / 2
        expected = max(before.box.x1, min(middle, here.box.cx - half)) if id(here) in starts else middle
        limits = before.box.cx, here.box.cx
        reach = edges[-1], _left_of(cells[i + 2 :], page_width)
        edges.append(_border(expected, limits, reach, (forms[before.name], forms[here.name]), lines))
    edges.append(max(float(page_width), edges[-1]))
    numbers = [number for number, block in enumerate(blocks) for _ in block]
    return [
        Band(cell.name, left, right, number, forms[cell.name])
        for cell, number, (left, right) in zip(cells, numbers, pairwise(edges), strict=True)
    ]


def _left_of(cells: Sequence[HeaderCell], page_width: int) -> float:
    return cells[0].box.x0 if cells else float(page_width)


def _pieces(word: Word) -> list[Word]:
    """The word cut at spaces, and between a number and the text behind it: it may be two cells."""
    if word.text.isalpha():
        return [word]
    parts = [word.part(*match.span()) for match in re.finditer(r"\S+", word.text)]
    pieces = []
    for part in parts:
        match = _NUMBER_FIRST.match(fold(part.text)) or _COUNT_FIRST.match(fold(part.text))
        spans = [match.span("number"), match.span("text")] if match else [(0, len(part.text))]
        pieces += [part.part(*span) for span in spans]
    return pieces


def _border(
    expected: float,
    limits: tuple[float, float],
    reach: tuple[float, float],
    forms: tuple[re.Pattern[str], re.Pattern[str]],
    lines: Iterable[Sequence[Word]],
) -> float:
    """The place between two header middles that the fewest words cross or stand on the wrong side of.

    It also parts the numbers of a row: no cell holds two (`reach` is as far as the two columns may go). Of
    places alike the one nearest to `expected` is taken.
    """
    left, right = limits
    lines = list(lines)
    pairs = [pair for line in lines if (pair := _two_numbers(line, reach))]
    spans = []
    for piece in (piece for line in lines for piece in line):
        if piece.box.x1 <= left or piece.box.x0 >= right:
            continue
        seam = SEAM * piece.box.height  # boxes are a little wider than print
        text, middle = squeeze(piece.text), piece.box.cx
        is_between = left < middle < right
        misfits = [is_between and not form.fullmatch(text) for form in forms]
        spans.append((min(piece.box.x0 + seam, middle), max(piece.box.x1 - seam, middle), middle, misfits))
    stops = sorted({left, right, *(x for x0, x1, _, _ in spans for x in (x0, x1) if left < x < right)})
    places = []
    for a, b in pairwise(stops):
        if b - a < 1:
            continue
        margin = min(3.0, (b - a) / 4)
        place = min(max(expected, a + margin), b - margin)
        faults = sum(x0 < place < x1 for x0, x1, _, _ in spans)
        faults += sum(not first < place < second for first, second in pairs)
        faults += sum(misfits[0] if middle < place else misfits[1] for _, _, middle, misfits in spans)
        places.append((faults, abs(place - expected), place))
    return min(places)[2] if places else expected


def _two_numbers(line: Sequence[Word], reach: tuple[float, float]) -> tuple[float, float] | None:
    """The middles of the numbers of a line between two columns' outer ends, if there are two."""
    middles = [
        piece.box.cx
        for piece in line
        if reach[0] < piece.box.cx < reach[1] and _PLAIN_NUMBER.fullmatch(squeeze(piece.text))
    ]
    return (min(middles), max(middles)) if len(middles) == 2 else None


# ---------------------------------------------------------------- which piece is whose


def band_of(word: Word, bands: Sequence[Band]) -> Band:
    """The column that a piece of print belongs to: it has its form, and lies in it or beside it."""
    reach = -FARTHEST_BAND * word.box.height
    fitting = [band for band in bands if band.overlap(word.box) > reach and band.fits(word)]
    return max(fitting or bands, key=lambda band: band.overlap(word.box))


def cut_at_bands(word: Word, bands: Sequence[Band]) -> list[Word]:
    """The word, cut where cells that stand close together were read as one."""
    lead = _LEADING_CELLS.match(fold(word.text))
    if lead is not None:
        cell = word.part(*lead.span("cell"))
        if band_of(cell, bands).name not in (NAME, UNKNOWN):
            return [cell, *cut_at_bands(word.part(*lead.span("text")), bands)]
    own = max(bands, key=lambda band: band.overlap(word.box))
    is_inside = own.overlap(word.box) >= WITHIN * word.box.width and own.fits(word)
    for pattern in (_GLUED_NUMBER, _NUMBER_FIRST):
        match = pattern.match(fold(word.text))
        if match is None:
            continue
        text, number = word.part(*match.span("text")), word.part(*match.span("number"))
        if is_inside and (own.fits(number) or "." not in number.text):
            return [word]  # a code, or a name with a number in it
        if band_of(text, bands) != band_of(number, bands):
            return sorted((text, number), key=lambda piece: piece.box.x0)
    if is_inside:
        return [word]
    if " " in word.text.strip():
        pieces = [word.part(*match.span()) for match in re.finditer(r"\S+", word.text)]
        if len({id(band_of(piece, bands)) for piece in pieces}) > 1:
            return pieces
    return _cut_by_form(word, bands)


def _cut_by_form(word: Word, bands: Sequence[Band]) -> list[Word]:
    """The word, cut at a border where only its parts have the forms of the columns they lie in."""
    if max(bands, key=lambda band: band.overlap(word.box)).fits(word):
        return [word]
    reach = CLOSE_TO_BORDER * word.box.height
    for left, right in pairwise(bands):
        if not word.box.x0 < left.right < word.box.x1:
            continue
        cuts = [(word.part(0, i), word.part(i, len(word.text))) for i in range(1, len(word.text))]
        fitting = [
            (abs(a.box.x1 - left.right), a, b)
            for a, b in cuts
            if abs(a.box.x1 - left.right) < reach and left.fits(a) and right.fits(b)
        ]
        if fitting:
            _, a, b = min(fitting, key=lambda cut: cut[0])
            return [a, *_cut_by_form(b, bands)]
    return [word]
