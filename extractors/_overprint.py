"""Overprint that lies above or below its form: how far, and the page with it moved back into place.

Tractor-fed paper slips, and then every value stands as far from its label as every other, below or above it
and to one side. A few values are told by their form wherever they stand: the amount in words, 男 or 女, how
a person is insured, the year before 年. Their distance from their labels is that of all. Colour is not asked:
forms are printed red, brown, blue or green, seals are red, and a copy has no colour at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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

USUAL_GAP = 0.3
"""Heights of a label between it and its value where the print lies in place (measured on drawn forms)."""

LEAST_ASIDE = 0.7
"""Less than this share of a line to one side is no slip: the gaps behind labels differ by as much."""

MOST_ASIDE = 4.0
"""Further to one side the value would stand at the next label."""

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
_INSURED_LABEL = re.compile("(?:医保类型|费别|人员类别):?")
_INSURED = re.compile("自费|公费医疗|(?:城镇|城乡)?(?:职工|居民)(?:基本)?(?:医疗保险|医保)")
_YEAR = re.compile("20[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Slip:
    """How far the overprint lies from its place on the form, in pixels to the `right` and `down`."""

    right: float
    down: float


def labels_alone(page: Page, labels: LabelList) -> tuple[Box, ...]:
    """Where words of the page are one of the form's labels and nothing else."""
    found = ((word, labels.values_in((word,))) for word in page.words)
    return tuple(word.box for word, labelled in found if len(labelled) == 1 and not labelled[0].pieces)


def slip_of(page: Page) -> Slip | None:
    """How far the overprint slipped off its rows, or None where it lies on them.

    The amount in words is sure of itself; without it two others must have slipped alike.
    """
    witnesses = [found for found in (_in_words(page), _sex(page), _insured(page), _year(page)) if found]
    if not witnesses:
        return None
    height = median(word.box.height for word in page.words)
    if witnesses[0].is_sure:
        height = witnesses[0].height
        down = witnesses[0].slip.down
    else:
        witnesses = _alike(witnesses, SAME_SLIP * height)
        if len(witnesses) < LEAST_OTHERS:
            return None
        down = median(found.slip.down for found in witnesses)
    if not LEAST_SLIP * height <= abs(down) <= MOST_SLIP * height:
        return None
    aside = [found.slip.right for found in witnesses if abs(found.slip.down - down) <= SAME_SLIP * height]
    right = median(aside) if len(aside) >= LEAST_OTHERS else 0.0
    return Slip(right if LEAST_ASIDE * height <= abs(right) <= MOST_ASIDE * height else 0.0, down)


def in_place(page: Page, slip: Slip, labels: LabelList) -> Page:
    """The page with every word that is not of the form moved back by `slip`.

    `labels` are those of the form; where a line holds a label and the value that slipped beside it, the
    line is cut, for the value belongs to another label.
    """
    words = (
        word if of_form else _moved(word, -slip.right, -slip.down)
        for whole in page.words
        for word, of_form in _pieces(whole, slip.down, labels)
    )
    return replace(page, words=tuple(words))


def where_printed(
    fields: Mapping[str, AnyField], page: Page, slip: Slip, labels: LabelList
) -> dict[str, AnyField]:
    """The fields read from the page `in_place`, with their boxes where they stand on the paper."""
    form = [
        word.box for whole in page.words for word, of_form in _pieces(whole, slip.down, labels) if of_form
    ]
    return {
        name: field
        if field.box is None or field.page != page.number or _lies_in(field.box, form)
        else replace(field, box=_shifted(field.box, slip.right, slip.down))
        for name, field in fields.items()
    }


@dataclass(frozen=True, slots=True)
class _Witness:
    """One value that its form tells, beside its label; `height` is that of the label in pixels."""

    slip: Slip
    height: float
    is_sure: bool = False


def _alike(witnesses: Sequence[_Witness], near: float) -> list[_Witness]:
    """The most witnesses that slipped down alike; none where two groups are as large."""
    groups = [
        [other for other in witnesses if abs(other.slip.down - one.slip.down) <= near] for one in witnesses
    ]
    largest = max(groups, key=len)
    rivals = [group for group in groups if len(group) == len(largest) and group[0] not in largest]
    return [] if rivals else largest


def _behind(label: Word, value: Word, *, is_sure: bool = False) -> _Witness:
    """What a value that stands behind its label on the form says."""
    gap = USUAL_GAP * label.box.height
    slip = Slip(value.box.x0 - label.box.x1 - gap, value.box.cy - label.box.cy)
    return _Witness(slip, label.box.height, is_sure)


def _in_words(page: Page) -> _Witness | None:
    """The amount in words and its label."""
    label = _only(word for word in page.words if WORDS_LABEL in fold(squeeze(word.text)))
    amounts = [(match, word) for word in page.words for match in _AMOUNT_IN_WORDS.finditer(word.text)]
    # A seal over it may leave a second, shorter line with a part of the same amount.
    longest = max(amounts, key=lambda amount: len(amount[0].group()), default=None)
    if label is None or longest is None or label is longest[1]:
        return None
    match, word = longest
    return _behind(label, word.part(*match.span()), is_sure=True)


def _sex(page: Page) -> _Witness | None:
    label = _only(word for word in page.words if _SEX_LABEL.fullmatch(fold(squeeze(word.text))))
    sex = _only(word for word in page.words if _SEX.fullmatch(squeeze(word.text)))
    return None if label is None or sex is None else _behind(label, sex)


def _insured(page: Page) -> _Witness | None:
    """How a person is insured, of which there are a few ways."""
    label = _only(word for word in page.words if _INSURED_LABEL.fullmatch(fold(squeeze(word.text))))
    insured = _only(word for word in page.words if _INSURED.fullmatch(squeeze(word.text)))
    return None if label is None or insured is None else _behind(label, insured)


def _year(page: Page) -> _Witness | None:
    """The year, which is printed before 年."""
    label = _only(word for word in page.words if squeeze(word.text) == "年")
    year = _only(word for word in page.words if _YEAR.fullmatch(squeeze(word.text)))
    if label is None or year is None or year.box.x0 > label.box.x0:
        return None
    gap = USUAL_GAP * label.box.height
    slip = Slip(year.box.x1 + gap - label.box.x0, year.box.cy - label.box.cy)
    return _Witness(slip, label.box.height)


def _only(words: Iterable[Word]) -> Word | None:
    found = list(words)
    return found[0] if len(found) == 1 else None


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
