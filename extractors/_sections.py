"""Text under headings: which lines of a paper belong to which heading.

A section (临床诊断, 处理意见, 诊疗经过) runs from its label to the next one, over as many lines and pages as
it takes. On open forms the label stands before its text or on the line above; on ruled forms it stands
in a cell to the left, in the middle of the height of its text, so that lines above it are its own. Ruling
is not seen here: there the widest gap between lines tells one cell from the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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

EMPTY_CELL = 3.0
"""A label without text is as bad as a gap between cells so many line heights too narrow."""

MOST_LINES = 80
"""More lines than a page of text has are not weighed against each other."""

OFF_CENTRE = 0.5
"""How much it counts, beside gaps, that text stands off the middle of its label; texts start at the top."""

EVEN = 0.3
"""Gaps are compared in steps of so many line heights: OCR sets boxes a pixel high or low."""

APART = 1.2
"""Pieces so many line heights apart are said one after the other, as by a comma."""


SHORTEST_ASIDE = 4
"""A shorter word beside others is part of their text: a bare number there is no page number."""


LEFT_SLACK = 0.5
"""Lines of one column begin within so many line heights of each other, on papers that lie a little askew."""

FEWEST_SECTIONS, FEWEST_IN_COLUMN = 2, 2
"""So many sections one above the other, and so many labelled lines beside them, make two columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `right` is where text ends on its page, in pixels."""

    page: int
    word: Word
    right: float


@dataclass(slots=True)
class Section:
    """Lines of text under one label, in reading order; `may_be_cut` where its end is uncertain."""

    lines: list[Line] = field(default_factory=list)
    may_be_cut: bool = False


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
    left = _column_of_head(page.words, labels)
    for row in rows_of([word for word in page.words if word not in left] if left else page.words):
        text = squeeze("".join(word.text for word in row))
        if is_furniture(text):
            left += row
            continue
        aside = [
            word for word in row if len(word.text) >= SHORTEST_ASIDE and is_furniture(squeeze(word.text))
        ]
        left += aside
        words = tuple(word for word in row if word not in aside)
        found = labels.values_in(words, far=True)
        if any(labelled.name != END for labelled in found):
            rows += _labelled_rows(words, found, text)
            left += [word for word in words if word.box.x1 <= found[0].label.box.x0]
            left += [word for end in found if end.name == END for word in (end.label, *end.pieces)]
        elif words:
            rows.append(_Row(END if found or ends(text) else None, words))
    return rows, left


def _column_of_head(words: Sequence[Word], labels: LabelList) -> list[Word]:
    """The words of a column to the left of all sections that holds the patient's data line under line.

    Its lines stand between those of the sections beside them, which they would cut short.
    """
    found = [(word, labelled) for word in words for labelled in labels.values_in([word], far=True)]
    heads = [labelled.label.box for _, labelled in found if labelled.name != END]
    if len(heads) < FEWEST_SECTIONS:
        return []
    edge, top, bottom = min(b.x0 for b in heads), min(b.y0 for b in heads), max(b.y1 for b in heads)
    edge -= LEFT_SLACK * min(b.height for b in heads)
    beside = [word for word in words if top <= word.box.cy <= bottom and word.box.x0 < edge]
    labelled_beside = {id(word) for word, labelled in found if labelled.name == END and word in beside}
    if len(labelled_beside) < FEWEST_IN_COLUMN or any(word.box.x1 > edge for word in beside):
        return []
    return [word for word in words if word.box.cy >= top and word.box.x1 <= edge]


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
    edge = 0.0
    for row, owner in zip(rows, _owners(rows, going_on), strict=True):
        if owner != current or row.key is not None:
            is_over = False
        if owner == END and last is not None and _stands_left_beside(row, last, edge):
            found[current].may_be_cut = True
        if row.label is not None:
            edge = row.label.box.x0
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


def _stands_left_beside(row: _Row, last: _Row, edge: float) -> bool:
    """Whether a line that ends a section stands in a column to the left: the section may go on beside it."""
    if not row.words:
        return False
    first = min(row.words, key=lambda word: word.box.x0)
    return first.box.x1 < edge and _gap(last, row) <= SECTION_GAP * last.words[0].box.height


def _gap(above: _Row, below: _Row) -> float:
    return below.box.y0 - above.box.y1


def _owners(rows: Sequence[_Row], going_on: str) -> list[str]:
    """The section of each row: that of the label above, or of a bare label in the middle beside it."""
    owners: list[str] = []
    for row in rows:
        owners.append(row.key if row.key is not None else owners[-1] if owners else going_on)
    for labels, lines in _cells(rows):
        for line, label in zip(lines, _shared_by_gaps(rows, labels, lines), strict=True):
            owners[line] = rows[label].key or END
    return owners


def _cells(rows: Sequence[_Row]) -> Iterator[tuple[list[int], list[int]]]:
    """Runs of cells below one another: the rows of their labels, and the rows with text among them."""
    labels: list[int] = []
    lines: list[int] = []
    above = -1
    for i, row in enumerate([*rows, _Row(END, ())]):
        if row.key is None:
            continue
        free = list(range(above + 1, i))
        beside = _beside(rows, free, row)
        if row.key == END or len(beside) < len(free) or row.has_colon or not labels:
            yield labels, [*lines, *_until_gap(rows, labels, free)] if labels else []
            labels, lines = [], []
            free = beside if row.key != END and not row.has_colon else []
            if free and above >= 0 and rows[above].words:
                labels, free = [above], [above, *free]  # the head may wrap into the first lines
        if row.key != END:
            labels.append(i)
            lines += [*free, i] if row.words else free
        above = i


def _until_gap(rows: Sequence[_Row], labels: Sequence[int], free: Sequence[int]) -> list[int]:
    """The lines below the last label of all, up to where its section is over."""
    low = _label_of(rows[labels[-1]]).box.y1
    kept: list[int] = []
    for line in free:
        if rows[line].box.y0 - low > SECTION_GAP * rows[line].words[0].box.height:
            break
        kept.append(line)
        low = max(low, rows[line].box.y1)
    return kept


def _beside(rows: Sequence[_Row], free: Sequence[int], label: _Row) -> list[int]:
    """The last of the rows `free` that all stand to the right of a bare label below them."""
    if label.label is None:
        return []
    left = label.label.box.x1
    start = max((k + 1 for k, j in enumerate(free) if rows[j].box.x0 < left), default=0)
    return list(free[start:])


def _shared_by_gaps(rows: Sequence[_Row], labels: Sequence[int], lines: Sequence[int]) -> list[int]:
    """For each line the label whose cell it stands in, such that cells part at wide gaps.

    The best of all ways to share the lines out in order: it wins by the gaps between cells, as far as
    they are wider than those between lines, and loses where text does not stand in the middle beside its
    label or a label gets none.
    """
    # Where each label has text in its own row and the first none above it, labels may stand at the top.
    first = next((label for label in labels if rows[label].key != END), 0)
    is_centred = any(not rows[label].words for label in labels) or any(
        rows[line].key is None and line < first for line in lines
    )
    if len(lines) > MOST_LINES:
        return [_last_before(labels, line) for line in lines]
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for number, label in enumerate(labels):
        last = number == len(labels) - 1
        found: dict[int, tuple[float, list[int]]] = {}
        for start, (score, shared) in sorted(best.items()):
            for stop in [len(lines)] if last else range(start, len(lines) + 1):
                own = lines[start:stop]
                more = _fit(rows, label, own, labels[number - 1] if number else None, lines[:start])
                if more is None:
                    continue
                if is_centred:
                    more -= OFF_CENTRE * _off_centre(rows, label, own)
                # Of even ways the last: the text of the section above is likelier to be long.
                if stop not in found or score + more >= found[stop][0]:
                    found[stop] = (score + more, [*shared, *[label] * len(own)])
        best = found
    return best[len(lines)][1] if len(lines) in best else [_last_before(labels, line) for line in lines]


def _last_before(labels: Sequence[int], line: int) -> int:
    return max((label for label in labels if label <= line), default=labels[0])


def _fit(
    rows: Sequence[_Row], label: int, own: Sequence[int], label_above: int | None, above: Sequence[int]
) -> float | None:
    """How well lines stand in the cell of a label, in pixels; None where they cannot."""
    height, middle = _label_of(rows[label]).box.height, _label_of(rows[label]).box.cy
    if any(rows[line].key is not None and line != label for line in own):
        return None  # the text beside another label
    if rows[label].words and label not in own:
        return None
    if not own:
        return -EMPTY_CELL * height
    score = 0.0
    if above and label_above is not None:
        upper, lower = rows[above[-1]], rows[own[0]]
        slack = height / 2
        if upper.box.cy > middle + slack or lower.box.cy < _label_of(rows[label_above]).box.cy - slack:
            return None
        step = EVEN * height
        score += round((_gap(upper, lower) - SPLIT_GAP * height) / step) * step
    return score


def _off_centre(rows: Sequence[_Row], label: int, own: Sequence[int]) -> float:
    """How far the text stands off the middle of its label, in pixels."""
    if not own or rows[label].has_colon or rows[label].key == END:
        return 0.0
    return abs((rows[own[0]].box.y0 + rows[own[-1]].box.y1) / 2 - _label_of(rows[label]).box.cy)


def _label_of(row: _Row) -> Word:
    return row.label or row.words[0]


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
