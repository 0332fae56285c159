"""What may have stood where something else was read: the single misreads that turn one number into another.

Which characters are taken for which was counted on the drawn papers that confidence is fitted on: all digits
that the engine saw beside the one it chose, and the letters that it gives for digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pipeline.model import AnyField, EditEvidence, EditKind
from pipeline.text import fold, parse_capitals

LOOK_ALIKES: Mapping[str, str] = {
    "0": "869",
    "1": "74",
    "2": "73",
    "3": "895",
    "4": "19",
    "5": "683",
    "6": "580",
    "7": "12",
    "8": "3069",
    "9": "8034",
    **dict.fromkeys("OoQD", "0"),
    **dict.fromkeys("lI|i", "1"),
    **dict.fromkeys("Zz", "27"),
    **dict.fromkeys("SsR", "5"),
    "B": "8",
    "b": "6",
    **dict.fromkeys("gq", "9"),
    **dict.fromkeys(",:·'", "."),
}
"""A character as read, and the characters that print may have had in its place."""

_CAPITALS = "零壹贰叁肆伍陆柒捌玖拾佰仟万元角分整"
_NUMBERLIKE = re.compile(r"[0-9OoQDlI|SRBZgqb][0-9OoQDlI|SRBZgqb,.:·']*")
_POINTS = ",.:·'"
_TWO_PLACES = re.compile(r"[.]\d\d(?!\d)")
_FEWEST_LIKE_IT = 3
MOST_PRINT_IT = 0.8
"""Share of a paper's amounts that must be printed in one form for the form to say something of the rest."""


SUPPORTING: frozenset[EditEvidence] = frozenset(("alternative", "candidate", "form", "print"))
"""What speaks for one number in particular; that two characters look alike speaks for several."""


@dataclass(frozen=True, slots=True)
class Misread:
    """How a number may have come to be read for another, and what speaks for that."""

    kind: EditKind
    evidence: tuple[EditEvidence, ...]

    @property
    def is_supported(self) -> bool:
        """Whether something on the page says so, beside the sums."""
        return bool(SUPPORTING & set(self.evidence))

    @property
    def is_likely(self) -> bool:
        """Whether it is a misread of the usual kinds; any character may be taken for any other."""
        return self.is_supported or self.kind != "character"


@dataclass(frozen=True, slots=True)
class _Run:
    """A number as it was read: its characters, where each stands in the text, and its sign."""

    text: str
    places: tuple[int, ...]
    is_negative: bool


@dataclass(frozen=True, slots=True)
class _Change:
    """What differs: at which places of the text, and the character that belongs there (a space: none)."""

    kind: EditKind
    places: tuple[int, ...] = ()
    char: str = ""


def misread_as(cell: AnyField, value: Decimal, *, prints_points: bool = False) -> Misread | None:
    """The single misread by which `value` on the paper became what `cell` holds; None where it takes more.

    Args:
        cell: As it was read; its value may be None where it could not be parsed.
        value: What may have been printed.
        prints_points: That the paper prints such numbers with a point and two places.
    """
    run = _run_of(cell)
    if run is None:
        return None
    changes = (_change(run, printed, is_negative=value < 0) for printed in _as_printed(value, run))
    change = next((each for each in changes if each is not None), None)
    if change is None:
        return None
    lost_point = prints_points and change.kind == "point" and not any(point in run.text for point in _POINTS)
    return Misread(change.kind, tuple(_evidence(cell, value, change, lost_point=lost_point)))


def prints_points(amounts: Iterable[AnyField]) -> bool:
    """Whether the paper prints money with a point and two places, so that a number without has lost it.

    Most of its amounts must say so, and three at least: some forms print whole yuan as they are.
    """
    texts = [fold(cell.text) for cell in amounts if isinstance(cell.value, Decimal)]
    with_point = sum(_TWO_PLACES.search(text) is not None for text in texts)
    return with_point >= max(_FEWEST_LIKE_IT, MOST_PRINT_IT * len(texts))


def _run_of(cell: AnyField) -> _Run | None:
    """The number that stands in the text of a cell, or None where there is none or more than one."""
    text = fold(cell.text)
    runs = [run for run in _NUMBERLIKE.finditer(text) if any(map(str.isdigit, run.group()))]
    if isinstance(cell.value, Decimal):
        runs = [run for run in runs if _number(run.group()) == abs(cell.value)][:1]
    if len(runs) != 1:
        return None
    (run,) = runs
    start = text[: run.start()]
    is_negative = cell.value < 0 if isinstance(cell.value, Decimal) else "-" in start or "负" in start
    places = [
        place
        for place in range(run.start(), run.end())
        if not (text[place] == "," and re.match(r"\d{3}(?!\d)", text[place + 1 : run.end()]))
    ]
    chars = "".join(text[place] for place in places).rstrip(_POINTS)
    return _Run(chars, tuple(places[: len(chars)]), is_negative)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "").rstrip(_POINTS))
    except InvalidOperation:
        return None


def _as_printed(value: Decimal, run: _Run) -> Iterator[str]:
    """How `value` may stand on the paper: with the places that the number as read has, its own, or two."""
    own = max(0, -int(value.normalize().as_tuple().exponent))
    read = len(_digits(run.text.partition(".")[2])) if "." in run.text else own
    for places in dict.fromkeys((read, own, 2)):
        if places >= own:
            yield f"{abs(value):.{places}f}"


def _change(run: _Run, printed: str, *, is_negative: bool) -> _Change | None:
    """The single misread by which `printed` became the run; None where it takes more."""
    read = run.text
    if run.is_negative != is_negative:
        return _Change("sign") if read == printed else None
    if read == printed:
        return _Change("stray")
    if len(read) == len(printed):
        spots = [spot for spot, pair in enumerate(zip(read, printed, strict=True)) if pair[0] != pair[1]]
        if len(spots) == 1 and (printed[spots[0]] == "." or read[spots[0]] not in _POINTS):
            (spot,) = spots
            return _Change(_kind_of(read[spot], printed[spot]), (run.places[spot],), printed[spot])
    if _digits(read) == _digits(printed):
        return _Change("point")
    if re.fullmatch(rf"{re.escape(read)}\.\d\d", printed) and not any(point in read for point in _POINTS):
        return _Change("lost_decimals")
    if spots := _one_out(read, printed):
        return _Change("doubled", tuple(run.places[spot] for spot in spots), " ")
    return _Change("dropped") if _one_out(printed, read) else None


def _kind_of(read: str, printed: str) -> EditKind:
    if printed == ".":
        return "point"
    return "look_alike" if printed in LOOK_ALIKES.get(read, "") else "character"


def _one_out(longer: str, shorter: str) -> list[int]:
    """The places of `longer` that, taken out alone, leave `shorter`."""
    if len(longer) != len(shorter) + 1:
        return []
    return [spot for spot in range(len(longer)) if longer[:spot] + longer[spot + 1 :] == shorter]


def words_misread_as(cell: AnyField, amount: Decimal) -> tuple[str, Misread] | None:
    """The words that state `amount` with one character of `cell` read otherwise; None where it takes more.

    Only the one way to write it counts: where two changes of one character give the amount, nobody knows.
    """
    read = cell.text if cell.value is None else str(cell.value)
    found = {
        changed
        for spot in range(len(read))
        for char in _CAPITALS
        if char != read[spot] and _stated(changed := read[:spot] + char + read[spot + 1 :]) == amount
    }
    if len(found) != 1:
        return None
    (words,) = found
    is_candidate = any(other.value == words for other in cell.candidates)
    return words, Misread("word", ("candidate",) if is_candidate else ())


def _stated(words: str) -> Decimal | None:
    try:
        return parse_capitals(words)
    except ValueError:
        return None


def _digits(text: str) -> str:
    return "".join(char for char in text if char not in _POINTS)


def _evidence(cell: AnyField, value: Decimal, change: _Change, *, lost_point: bool) -> Iterator[EditEvidence]:
    seen = {(other.index, fold(other.char)) for other in cell.alternatives}
    if any((place, change.char) in seen for place in change.places):
        yield "alternative"
    if any(_number(fold(other.value)) == value for other in cell.candidates):
        yield "candidate"
    if change.kind == "look_alike":
        yield "look_alike"
    if lost_point:
        yield "form"
    if change.kind == "stray":
        yield "print"
