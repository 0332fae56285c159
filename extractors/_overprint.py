"""Overprint that lies above or below its form: how far, and the page with it moved back into place.

Tractor-fed paper slips, and then every value stands as far from its label as every other. A few values
are told by their form wherever they stand: the amount in words, 男 or 女, the year before 年. Their
distance from their labels is that of all. Colour is not asked: forms are printed red, brown, blue or
green, seals are red, and a copy has no colour at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from statistics import median

from pipeline.model import AnyField, Box, Page, Word
from pipeline.reading.layout import LabelList
from pipeline.text import fold, squeeze

LEAST_SLIP = 0.4
"""Less than this share of a line is no slip: label and value still stand in one row."""

MOST_SLIP = 3.0
"""Further off the print would lie on the next label but one."""

SAME_SLIP = 0.3
"""Two values slipped alike when they differ by less than this share of a line: they were printed in one
pass, and what is left is how tightly the boxes are drawn around labels and values."""

LEAST_OTHERS = 2
"""One short value alone may be a character of a seal or of another line."""

OTHER_ROW = 0.6
"""From this share of a line on, what a label touches came from another row; one that slipped less touches
its own."""

PREPRINTED = "preprinted"
"""Name, in the list of labels, of those whose value is of the form too: NO and the number of the sheet."""

WORDS_LABEL = "(大写)"

_AMOUNT_IN_WORDS = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟万元圆角分整正]{4,}")
"""Four such characters in a row stand in nothing else; a misread one or a label behind it ends the run."""

_SIGNS_OF_THE_FORM = re.compile("[年月日元¥￥:：.。]+")
_SIGN_BEHIND = re.compile("(?!20[0-9]{2}年|[0-9]{1,2}[月日])(?P<value>.*[^年月日])(?P<sign>[年月日])")
"""A value that touches 年, 月 or 日 of the date below or above it, and is no part of that date."""

_SEX_LABEL = re.compile("性别:?")
_SEX = re.compile("[男女]")
_YEAR = re.compile("20[0-9]{2}")


def slip_of(page: Page) -> float | None:
    """Pixels that the overprint lies below its form (above it: negative), or None where it lies in place.

    The amount in words is sure of itself; without it two others must have slipped alike.
    """
    found = _slip_of_words(page)
    if found is None:
        others = [slip for slip in (_slip_of_sex(page), _slip_of_year(page)) if slip is not None]
        if len(others) < LEAST_OTHERS:
            return None
        height = median(word.box.height for word in page.words)
        if max(others) - min(others) > SAME_SLIP * height:
            return None
        found = median(others), height
    slip, height = found
    return slip if LEAST_SLIP * height <= abs(slip) <= MOST_SLIP * height else None


def in_place(page: Page, slip: float, labels: LabelList) -> Page:
    """The page with every word that is not of the form moved up by `slip`.

    `labels` are those of the form; where a line holds a label and the value that slipped beside it, the
    line is cut, for the value belongs to another label.
    """
    words = (
        word if of_form else _moved(word, -slip)
        for whole in page.words
        for word, of_form in _pieces(whole, slip, labels)
    )
    return replace(page, words=tuple(words))


def where_printed(
    fields: Mapping[str, AnyField], page: Page, slip: float, labels: LabelList
) -> dict[str, AnyField]:
    """The fields read from the page `in_place`, with their boxes where they stand on the paper."""
    form = [word.box for whole in page.words for word, of_form in _pieces(whole, slip, labels) if of_form]
    return {
        name: field
        if field.box is None or field.page != page.number or _lies_in(field.box, form)
        else replace(field, box=_shifted(field.box, slip))
        for name, field in fields.items()
    }


def _slip_of_words(page: Page) -> tuple[float, float] | None:
    """How far the amount in words lies below its label, and how high that label is."""
    label = _only(word for word in page.words if WORDS_LABEL in fold(squeeze(word.text)))
    amounts = [(match.group(), word) for word in page.words for match in _AMOUNT_IN_WORDS.finditer(word.text)]
    # A seal over it may leave a second, shorter line with a part of the same amount.
    words = max(amounts, key=lambda amount: len(amount[0]), default=("", None))[1]
    if label is None or words is None or label is words:
        return None
    return words.box.cy - label.box.cy, label.box.height


def _slip_of_sex(page: Page) -> float | None:
    label = _only(word for word in page.words if _SEX_LABEL.fullmatch(fold(squeeze(word.text))))
    sex = _only(word for word in page.words if _SEX.fullmatch(squeeze(word.text)))
    return None if label is None or sex is None else sex.box.cy - label.box.cy


def _slip_of_year(page: Page) -> float | None:
    """How far the year lies below 年, before which it is printed."""
    label = _only(word for word in page.words if squeeze(word.text) == "年")
    year = _only(word for word in page.words if _YEAR.fullmatch(squeeze(word.text)))
    if label is None or year is None or year.box.x0 > label.box.x0:
        return None
    return year.box.cy - label.box.cy


def _only(words: Iterable[Word]) -> Word | None:
    found = list(words)
    return found[0] if len(found) == 1 else None


def _pieces(word: Word, slip: float, labels: LabelList) -> Iterator[tuple[Word, bool]]:
    """The word, cut between labels and what touches them; with each piece whether it is of the form."""
    found = labels.values_in((word,))
    sign = _SIGN_BEHIND.fullmatch(word.text)
    if _SIGNS_OF_THE_FORM.fullmatch(squeeze(word.text)):
        yield word, True
    elif sign and not found and abs(slip) >= OTHER_ROW * word.box.height:
        yield word.part(*sign.span("value")), False
        yield word.part(*sign.span("sign")), True
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
