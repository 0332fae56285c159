"""A page whose overprint slipped (`extractors._slip`), with the print moved back into place.

Where ink tells (`Word.ink`), what stands in the form's ink stays and what stands in the printer's is moved. A
copy has no colour: then a word is of the form where it holds a label of the form, and what touches the label
is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from extractors._slip import Slip
from pipeline.model import AnyField, Box, LineItem, Page, Word
from pipeline.reading.layout import LabelList
from pipeline.text import squeeze

OTHER_ROW = 0.6
"""From this share of a line on, what a label touches came from another row; one that slipped less touches
its own."""

PREPRINTED = "preprinted"
"""Name, in the list of labels, of those whose value is of the form too: NO and the number of the sheet."""

ROW_PARTS = (
    *("name", "specification", "unit", "quantity", "unit_price", "amount", "category", "insurance_class"),
)
"""What a charged row is made of."""

_SIGNS_OF_THE_FORM = re.compile("[年月日元¥￥:：.。]+|[合计名称购买销售方备注密码区]+[:：]?")
"""What is of the form wherever it stands alone; the second kind is set in single characters on VAT paper."""
_SIGN_BEHIND = re.compile("(?!20[0-9]{2}年|[0-9]{1,2}[月日])(?P<value>.*[^年月日])(?P<sign>[年月日])")
"""A value that touches 年, 月 or 日 of the date below or above it, and is no part of that date."""


def labels_alone(page: Page, labels: LabelList) -> tuple[Box, ...]:
    """Where words of the page are one of the form's labels and nothing else."""
    found = ((word, labels.values_in((word,))) for word in page.words)
    return tuple(word.box for word, labelled in found if len(labelled) == 1 and not labelled[0].pieces)


@dataclass(frozen=True, slots=True)
class Slipped:
    """A page whose overprint slipped; `labels` are those of the form.

    Where a line holds a label and the value that slipped beside it, the line is cut, for the value belongs
    to another label.
    """

    page: Page
    slip: Slip
    labels: LabelList

    def in_place(self) -> Page:
        """The page with every word that is not of the form moved back."""
        words = (
            word if of_form else _moved(word, -self.slip.right, -self.slip.down)
            for word, of_form in self._all_pieces()
        )
        return replace(self.page, words=tuple(words))

    def fields_where_printed(self, fields: Mapping[str, AnyField]) -> dict[str, AnyField]:
        """The fields read from the page `in_place`, with their boxes where they stand on the paper."""
        form = [word.box for word, of_form in self._all_pieces() if of_form]
        return {
            name: field
            if field.box is None or field.page != self.page.number or _lies_in(field.box, form)
            else replace(field, box=_shifted(field.box, self.slip.right, self.slip.down))
            for name, field in fields.items()
        }

    def rows_where_printed(self, rows: Iterable[LineItem]) -> list[LineItem]:
        """The same for the parts of charged rows."""
        placed = []
        for row in rows:
            parts = {name: part for name in ROW_PARTS if (part := getattr(row, name)) is not None}
            moved: dict[str, Any] = dict(self.fields_where_printed(parts))
            placed.append(replace(row, **moved))
        return placed

    def _all_pieces(self) -> Iterator[tuple[Word, bool]]:
        for word in self.page.words:
            yield from _pieces(word, self.slip.down, self.labels)


def _pieces(word: Word, slip: float, labels: LabelList) -> Iterator[tuple[Word, bool]]:
    """The word, cut between labels and what touches them; with each piece whether it is of the form."""
    if word.ink == "overprint":
        yield word, False
        return
    found = labels.values_in((word,))
    sign = _SIGN_BEHIND.fullmatch(word.text)
    if _SIGNS_OF_THE_FORM.fullmatch(squeeze(word.text)):
        yield word, True
    elif sign and not found and abs(slip) >= OTHER_ROW * word.box.height:
        yield word.part(*sign.span("value")), False
        yield word.part(*sign.span("sign")), True
    elif word.ink == "form":
        yield word, True
    elif not found:
        yield word, False
    elif any(labelled.name == PREPRINTED for labelled in found) or abs(slip) < OTHER_ROW * word.box.height:
        yield word, True
    else:
        # Each label begins a piece of the form, what stands behind it one of the overprint.
        cuts = [(0, False)]
        for labelled in found:
            cuts.append((_index_at(word, labelled.label.box.x0), True))
            cuts += [(_index_at(word, piece.box.x0), False) for piece in labelled.pieces]
        ends = [start for start, _ in cuts[1:]] + [len(word.text)]
        for (start, of_form), end in zip(cuts, ends, strict=True):
            if word.text[start:end].strip():
                yield word.part(start, end), of_form


def _index_at(word: Word, x: float) -> int:
    """The character of the word that begins at `x`."""
    return min(range(len(word.text)), key=lambda index: abs(word.part(index, index + 1).box.x0 - x))


def _moved(word: Word, right: float, down: float) -> Word:
    """The word, and the borders between its characters, so many pixels further."""
    return replace(
        word, box=_shifted(word.box, right, down), edges=tuple(edge + right for edge in word.edges)
    )


def _shifted(box: Box, right: float, down: float) -> Box:
    return Box(box.x0 + right, box.y0 + down, box.x1 + right, box.y1 + down)


def _lies_in(inner: Box, boxes: Iterable[Box]) -> bool:
    return any(
        box.x0 <= inner.x0 + 1
        and inner.x1 <= box.x1 + 1
        and box.y0 <= inner.y0 + 1
        and inner.y1 <= box.y1 + 1
        for box in boxes
    )
