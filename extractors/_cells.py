"""Ruled forms where label and value stand in cells side by side, often without a colon.

Labels break into two lines inside their cell; a value stands however far from its label, or below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from extractors._fields import FieldSpec, behind_label, field_from
from extractors._values import as_amount
from pipeline.fee_categories import find_category
from pipeline.model import AnyField, Page, Word
from pipeline.reading.columns import on_lines
from pipeline.reading.layout import LabelledValue, LabelList, joined, rows_of
from pipeline.text import squeeze

_OTHER = "="

FEWEST_CELLS = 3
"""A row of the form has at least so many words; fewer are second lines of its cells."""

SAME_CELL_PITCH = 0.7
"""The lines of one cell are nearer to each other than so much of the distance between rows."""

SAME_CELL_GAP = 0.4
"""Two lines of one cell are at most so many line heights apart; rows of the form are farther."""


def with_cells_closed_up(words: Sequence[Word], labels: Iterable[str]) -> list[Word]:
    """The words with the lines of one cell as one word each."""
    known = tuple(labels)
    pitch = _row_pitch(words)
    closed = sorted(words, key=lambda word: word.box.cy)
    i = 0
    while i < len(closed):
        upper = closed[i]
        lower = next((word for word in closed[i + 1 :] if _is_one_cell(upper, word, known, pitch)), None)
        if lower is None:
            i += 1
            continue
        closed[i] = on_lines((upper, lower))
        closed.remove(lower)
    return closed


def _row_pitch(words: Sequence[Word]) -> float:
    """The usual distance between two rows of cells; 0 where there are no rows."""
    rows = [row for row in rows_of(words) if len(row) >= FEWEST_CELLS]
    middles = [sum(word.box.cy for word in row) / len(row) for row in rows]
    return median(b - a for a, b in pairwise(middles)) if len(middles) > 1 else 0.0


def _is_one_cell(upper: Word, lower: Word, labels: Sequence[str], pitch: float) -> bool:
    """Whether a word is the next line of the cell that another stands in: a label's or a value's."""
    height = min(upper.box.height, lower.box.height)
    if (
        lower.box.cy <= upper.box.cy
        or not -height / 2 <= lower.box.y0 - upper.box.y1 <= SAME_CELL_GAP * height
    ):
        return False
    shared = upper.box.shared_width(lower.box)
    centred = abs(upper.box.cx - lower.box.cx) < height or abs(upper.box.x0 - lower.box.x0) < height
    if shared < 0.5 * min(upper.box.width, lower.box.width) or not centred:
        return False
    texts = squeeze(upper.text), squeeze(lower.text)
    if "".join(texts) in labels:
        return True
    # On a crooked sheet boxes of two rows touch, so a value must also be nearer than the next row.
    down = lower.box.cy - (upper.box.y1 - lower.box.height / 2)
    plain = all(re.search(r"[\u4e00-\u9fff]", text) and ":" not in text for text in texts)
    return (
        plain and down < SAME_CELL_PITCH * pitch and not any(t in labels or find_category(t) for t in texts)
    )


def read_cells(
    pages: Sequence[Page], specs: Sequence[FieldSpec], other_labels: Iterable[str]
) -> tuple[dict[str, list[AnyField]], dict[str, str]]:
    """All readings of each field, and the texts behind the labels without a field name."""
    by_label = {label: spec.name for spec in specs for label in spec.labels}
    labels = LabelList({**dict.fromkeys(other_labels, _OTHER), **by_label})
    known = {spec.name: spec for spec in specs}
    readings: dict[str, list[AnyField]] = {}
    extras: dict[str, str] = {}
    for page in pages:
        rows = rows_of(page.words)
        for i, row in enumerate(rows):
            found = labels.values_in(row, far=True)
            for labelled in _with_values_below(found, rows[i + 1 : i + 2], labels):
                if labelled.name == _OTHER:
                    extras.setdefault(squeeze(labelled.label.text), labelled.pieces[0].text)
                else:
                    cell = _read_cell(labelled.pieces, known[labelled.name], page.number)
                    reading = behind_label(cell, labelled)
                    readings.setdefault(labelled.name, []).append(reading)
    return readings, extras


def _with_values_below(
    found: Sequence[LabelledValue], below: Sequence[Sequence[Word]], labels: LabelList
) -> list[LabelledValue]:
    """The labels that have values; in a row of labels alone they stand in the row below."""
    bare = [labelled for labelled in found if not labelled.pieces]
    if len(bare) < 2 or len(bare) < len(found) or not below or labels.values_in(below[0], far=True):
        return [labelled for labelled in found if labelled.pieces]
    taken = []
    for value in below[0]:
        nearest = min(bare, key=lambda labelled: abs(labelled.label.box.cx - value.box.cx))
        if abs(nearest.label.box.cx - value.box.cx) < max(nearest.label.box.width, value.box.width):
            taken.append(replace(nearest, pieces=(value,)))
    return taken


def _read_cell(pieces: Sequence[Word], spec: FieldSpec, page: int) -> AnyField:
    """A value of the pieces behind a label: all of them, or of an amount the one that is an amount."""
    whole = field_from(joined(pieces), spec.parse, page)
    if whole.value is not None or spec.parse is not as_amount:
        return whole
    single = [field_from(piece, spec.parse, page) for piece in pieces]
    return next((field for field in single if field.value is not None), whole)
