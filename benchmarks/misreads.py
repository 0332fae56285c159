"""Papers with one number misread, as OCR misreads, or misprinted on purpose: trials for `repair.py`.

A trial starts from a paper whose sums close. A misread changes what was read of one number and leaves the
paper as it is; it may leave a trace, the true character among those that the engine saw. A misprint changes
the paper: then nothing may be put right, for what was read is what stands there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.model import Alternative, AnyField, Candidate, Document
from pipeline.repair.cells import cell_at, with_cell
from pipeline.repair.edits import LOOK_ALIKES
from pipeline.repair.equations import equations_of
from pipeline.repair.search import STATED, WORDS, breaks_of
from pipeline.text import fold, format_capitals, parse_money, parse_quantity, parse_unit_price

PARSERS: Mapping[str, Callable[[str], Decimal]] = {"quantity": parse_quantity, "unit_price": parse_unit_price}
TRACE = 0.05
"""Probability of the true character beside the misread one; the median on drawn papers is 0.03."""

MOST_NUMBERS = 30
"""Numbers of one paper that are misread: else a long bill would speak for a hundred short ones."""

MISTAKEN_FOR = {
    true: tuple(read for read, trues in LOOK_ALIKES.items() if true in trues and read.isdigit())
    for true in "0123456789"
}
"""A printed digit, and the digits that it is read as."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A paper to repair, the path of its one wrong number and what is right there; None: nothing is wrong."""

    kind: str
    document: Document
    path: str
    right: Decimal | None


def trials(document: Document, rng: random.Random) -> Iterator[Trial]:
    """All kinds of trials on one paper, on some of the numbers of its sums, each once for each kind."""
    paths = list(dict.fromkeys(path for equation in equations_of(document) for path in equation.paths))
    for path in rng.sample(paths, min(len(paths), MOST_NUMBERS)):
        cell = cell_at(document, path)
        if cell is None or path == WORDS or not _is_misreadable(cell):
            continue
        for kind, misread in misreads(cell, rng):
            read = replace(misread, value=_value(path, misread.text))
            if read.value != cell.value:
                yield Trial(kind, with_cell(document, path, read), path, Decimal(str(cell.value)))
        if printed := _misprinted(document, path, cell, rng):
            yield Trial("misprint", printed, path, None)


def _is_misreadable(cell: AnyField) -> bool:
    return cell.origin == "ocr" and isinstance(cell.value, Decimal) and not STATED & set(cell.witnesses)


def _value(path: str, text: str) -> Decimal | None:
    try:
        return PARSERS.get(path.rpartition(".")[2], parse_money)(text)
    except ValueError:
        return None


def misreads(cell: AnyField, rng: random.Random) -> Iterator[tuple[str, AnyField]]:
    """The cell misread in each of the ways that OCR errs; its value is still to be parsed anew."""
    text = fold(cell.text)
    digits = [place for place, char in enumerate(text) if char.isdigit()]
    for other in cell.alternatives:
        if other.index < len(text) and fold(other.char).isascii():
            yield "engine's own", _swapped(cell, other.index, other.char, trace=other.probability)
    place = rng.choice(digits)
    other_digit = rng.choice(MISTAKEN_FOR[text[place]])
    yield "look-alike, seen", _swapped(cell, place, other_digit, trace=TRACE)
    yield "look-alike, unseen", _swapped(cell, place, other_digit)
    looked = Candidate(str(cell.value), 1 / 3)
    again = _swapped(cell, rng.choice(digits), rng.choice("0123456789"))
    yield "any digit, read right at a second look", replace(again, candidates=(*cell.candidates, looked))
    point = text.find(".")
    if point >= 0:
        yield "point lost", _without(cell, point)
    yield "a speck behind it", replace(cell, text=text + ".")
    yield "digit lost", _without(cell, rng.choice(digits))
    yield "digit doubled", replace(cell, text=text[:place] + text[place] + text[place:], alternatives=())


def _swapped(cell: AnyField, place: int, char: str, trace: float | None = None) -> AnyField:
    """The cell with another character at a place, and the true one as the engine's alternative or not."""
    others = tuple(other for other in cell.alternatives if other.index != place)
    if trace is not None:
        others = (*others, Alternative(place, cell.text[place], trace))
    return replace(cell, text=cell.text[:place] + char + cell.text[place + 1 :], alternatives=others)


def _without(cell: AnyField, place: int) -> AnyField:
    kept = tuple(
        replace(other, index=other.index - (other.index > place))
        for other in cell.alternatives
        if other.index != place
    )
    return replace(cell, text=cell.text[:place] + cell.text[place + 1 :], alternatives=kept)


def _misprinted(document: Document, path: str, cell: AnyField, rng: random.Random) -> Document | None:
    """The paper printed with one digit wrong: its capitals and codes say the same, its sums do not close."""
    text = fold(cell.text)
    place = rng.choice([spot for spot, char in enumerate(text) if char.isdigit()])
    printed = replace(cell, text=text[:place] + rng.choice(MISTAKEN_FOR[text[place]]) + text[place + 1 :])
    value = _value(path, printed.text)
    if value is None or value == cell.value:
        return None
    changed = with_cell(document, path, replace(printed, value=value))
    words = changed.fields.get("total_in_words")
    if path == "fields.total_amount" and words is not None and value > 0:
        changed = with_cell(changed, WORDS, replace(words, value=format_capitals(value)))
    return changed if breaks_of(changed) else None


def with_noise(document: Document, share: float, rng: random.Random) -> Document:
    """The paper with a wrong character among the alternatives of so large a share of its digits."""
    paths = dict.fromkeys(path for equation in equations_of(document) for path in equation.paths)
    for path in paths:
        cell = cell_at(document, path)
        if cell is None or cell.origin != "ocr":
            continue
        seen = tuple(
            Alternative(found.start(), rng.choice(MISTAKEN_FOR[found.group()]), TRACE)
            for found in re.finditer("[0-9]", fold(cell.text))
            if rng.random() < share
        )
        if seen:
            document = with_cell(document, path, replace(cell, alternatives=(*cell.alternatives, *seen)))
    return document
