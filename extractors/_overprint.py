"""Overprint that lies above or below its form: how far, and the page with it moved back into place.

Tractor-fed paper slips, and then every value stands as far from its label as every other. One value is
told by its form wherever it stands, the amount in words; its distance from its label is that of all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.model import AnyField, Box, Page, Word
from pipeline.reading.layout import LabelList
from pipeline.text import fold, squeeze

LEAST_SLIP = 0.4
"""Less than this share of a line is no slip: label and value still stand in one row."""

MOST_SLIP = 3.0
"""Further off the print would lie on the next label but one."""

_SIGNS_OF_THE_FORM = re.compile("[年月日元¥￥:：.。]+")


def slip_of(page: Page, words_label: str, capitals: AnyField | None) -> float | None:
    """Pixels that the overprint lies below its form (above it: negative), or None where it lies in place."""
    if capitals is None or capitals.box is None or capitals.page != page.number:
        return None
    labels = [word for word in page.words if words_label in fold(squeeze(word.text))]
    if len(labels) != 1:
        return None
    slip = capitals.box.cy - labels[0].box.cy
    height = labels[0].box.height
    return slip if LEAST_SLIP * height <= abs(slip) <= MOST_SLIP * height else None


def in_place(page: Page, slip: float, labels: LabelList) -> Page:
    """The page with every word that is not of the form moved up by `slip`."""
    words = (word if _is_of_form(word, labels) else _moved(word, -slip) for word in page.words)
    return replace(page, words=tuple(words))


def where_printed(
    fields: Mapping[str, AnyField], page: Page, slip: float, labels: LabelList
) -> dict[str, AnyField]:
    """The fields read from the page `in_place`, with their boxes where they stand on the paper."""
    form = [word.box for word in page.words if _is_of_form(word, labels)]
    return {
        name: field
        if field.box is None or field.page != page.number or _lies_in(field.box, form)
        else replace(field, box=_shifted(field.box, slip))
        for name, field in fields.items()
    }


def _is_of_form(word: Word, labels: LabelList) -> bool:
    return bool(_SIGNS_OF_THE_FORM.fullmatch(squeeze(word.text)) or labels.values_in((word,)))


def _moved(word: Word, down: float) -> Word:
    return replace(word, box=_shifted(word.box, down))


def _shifted(box: Box, down: float) -> Box:
    return Box(box.x0, box.y0 + down, box.x1, box.y1 + down)


def _lies_in(inner: Box, boxes: Iterable[Box]) -> bool:
    return any(
        box.x0 <= inner.x0 + 1
        and inner.x1 <= box.x1 + 1
        and box.y0 <= inner.y0 + 1
        and inner.y1 <= box.y1 + 1
        for box in boxes
    )
