"""居民身份证, the resident identity card, both sides (layout of GA 448, number of GB 11643).

The check digit chooses here among readings that the engine offers; whether a number is right is a rule's
to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from rapidfuzz import fuzz
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from extractors._extractor import Extractor
from extractors._fields import best_of, field_from, probability, reading_of
from extractors._values import as_id_number, as_person, as_text
from pipeline.field_kinds import WITHOUT_END
from pipeline.model import AnyField, Box, Candidate, Document, Field, Page, Value, Word
from pipeline.reading.layout import FARTHEST_PIECE, joined, rows_of
from pipeline.text import fold, is_masked, parse_date, parse_sex, squeeze

TYPE = "id_card"
MOST_CHARACTERS = 320
"""Both sides carry about 110 characters, a copy of them some notes; a form that asks for the same more."""

CHOSEN_AT_MOST = 0.9
"""A number taken for its check digit and against the surest reading: one of eleven passes by chance."""

FRONT = ("姓名", "性别", "民族", "出生", "住址")
BACK = ("签发机关", "有效期限")
NUMBER_LABEL = "公民身份号码"
REGISTER_WORDS = ("户主", "籍贯", "常住人口", "社会保障号码", "承诺", "申请")
LABEL_LIKENESS = 80


def as_ethnicity(text: str) -> str:
    """汉 as on the card, without 族."""
    bare = squeeze(text).replace("漢", "汉")
    match = re.match(r"[\u4e00-\u9fff]{1,6}", bare)
    if match is None:
        raise ValueError("an ethnicity has letters")
    return match.group().removesuffix("族") or match.group()


def as_birth_date(text: str) -> date:
    """The first date in the text; print of the background may follow it.

    >>> as_birth_date("1985 年 3 月 12 日8")
    datetime.date(1985, 3, 12)
    """
    match = re.match(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日", fold(text))
    return parse_date(match.group() if match else text)


def as_end(text: str) -> Value:
    """The day until which a card is valid, or 长期."""
    return WITHOUT_END if squeeze(text).startswith(WITHOUT_END) else parse_date(text)


LABELS: dict[str, tuple[str, Callable[[str], Value]]] = {
    "姓名": ("name", as_person),
    "性别": ("sex", parse_sex),
    "民族": ("ethnicity", as_ethnicity),
    "出生": ("birth_date", as_birth_date),
    "住址": ("address", as_text),
    NUMBER_LABEL: ("id_number", as_id_number),
    "签发机关": ("issuing_authority", as_text),
    "有效期限": ("validity", as_text),
}
OTHER_PRINT = ("中华人民共和国", "居民身份证")
"""What the back prints beside the front, where both lie side by side."""

_LABEL = re.compile("|".join(r"\s*".join(label) for label in (*LABELS, *OTHER_PRINT)))
_SIMPLIFIED = str.maketrans("別號碼證機關", "别号码证机关")
"""What the engine makes of some characters of the card's type."""

_BARE_NUMBER = re.compile(r"(?<![0-9*])[0-9*]{17}[0-9Xx*](?![0-9])")
_VALIDITY = re.compile(
    r"(?P<start>\d{4}[.年/-]\d{1,2}[.月/-]\d{1,2}日?)\s*[-~至到一]*\s*(?P<end>长期|\d{4}\D.*\d日?)"
)


def identify(page: Page) -> float:
    """Sure when the labels of one side stand there and little else does."""
    text = squeeze(page.text).translate(_SIMPLIFIED)
    if len(text) > MOST_CHARACTERS or any(word in text for word in REGISTER_WORDS):
        return 0.0
    front, back = _is_front(text), _is_back(text)
    if front and back:
        return 0.99
    return max(front, back)


def _is_front(text: str) -> float:
    labels = sum(label in text for label in FRONT)
    number = fuzz.partial_ratio(NUMBER_LABEL, text) >= LABEL_LIKENESS
    if number and labels >= 2:
        return 0.98 if labels >= 4 else 0.9
    return 0.88 if labels >= 4 and {"民族", "住址"} <= _labels_in(text) and _BARE_NUMBER.search(text) else 0.0


def _is_back(text: str) -> float:
    labels = sum(label in text for label in BACK)
    if fuzz.partial_ratio("居民身份证", text) < LABEL_LIKENESS:
        return 0.0
    return (0.0, 0.9, 0.98)[labels]


def _labels_in(text: str) -> set[str]:
    return {label for label in LABELS if label in text}


def continues(before: Sequence[Page], page: Page) -> bool:
    """Front and back on two pages are one card."""
    shown = squeeze("".join(earlier.text for earlier in before))
    text = squeeze(page.text)
    turned = (_is_front(shown) and not _is_back(shown) and _is_back(text) and not _is_front(text)) or (
        _is_back(shown) and not _is_front(shown) and _is_front(text) and not _is_back(text)
    )
    return bool(turned)


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the side or sides that are there."""
    readings: dict[str, list[AnyField]] = {}
    for page in pages:
        for name, field in _fields_of(page):
            readings.setdefault(name, []).append(field)
    fields = {name: best_of(found) for name, found in readings.items()}
    text = squeeze("".join(page.text for page in pages))
    front, back = _is_front(text) > 0, _is_back(text) > 0
    return Document(
        type=TYPE,
        subtype="both" if front and back else "back" if back else "front",
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields={name: fields[name] for name in FIELD_NAMES if name in fields},
        title="居民身份证",
    )


def _fields_of(page: Page) -> Iterable[tuple[str, AnyField]]:
    rows = rows_of(page.words)
    has_number = False
    for i, row in enumerate(rows):
        line = joined(_without_portrait(row))
        found = list(_LABEL.finditer(line.text.translate(_SIMPLIFIED)))
        for label, after in pairwise([*found, None]):
            assert label is not None
            value = _trimmed(line, label.end(), after.start() if after else len(line.text))
            printed = re.sub(r"\s", "", label.group())
            if printed in OTHER_PRINT:
                continue
            name, parse = LABELS[printed]
            if name == "address" and value is not None:
                yield name, _address(value, rows[i + 1 :], page.number)
            elif name == "validity" and value is not None:
                yield from _validity(value, page.number)
            elif name == "id_number" and value is not None:
                has_number = True
                yield name, _number(value, page.number)
            elif value is not None:
                yield name, field_from(value, parse, page.number)
    if not has_number:
        yield from (("id_number", _number(word, page.number)) for word in page.words if _is_number(word.text))


def _without_portrait(row: Sequence[Word]) -> Sequence[Word]:
    """The row up to a wide gap, but for labels and what stands behind them: shades of a face read as text."""
    kept = [row[0]]
    for word in row[1:]:
        gap = word.box.x0 - kept[-1].box.x1
        starts_anew = _LABEL.match(word.text.translate(_SIMPLIFIED)) is not None
        behind_label = _LABEL.fullmatch(kept[-1].text.translate(_SIMPLIFIED).rstrip(" :：")) is not None
        if gap <= FARTHEST_PIECE * kept[-1].box.height or starts_anew or behind_label:
            kept.append(word)
    return kept


def _is_number(text: str) -> bool:
    return _BARE_NUMBER.fullmatch(squeeze(text)) is not None


def _trimmed(line: Word, start: int, stop: int) -> Word | None:
    while start < stop and fold(line.text[start]) in " :;":
        start += 1
    return line.part(start, stop) if line.text[start:stop].strip() else None


def _address(first: Word, below: Sequence[Sequence[Word]], page: int) -> AnyField:
    """The address with its further lines, which stand under its first."""
    lines = [first]
    for row in below:
        line = joined(row)
        is_under = line.box.x0 >= first.box.x0 - 2 * first.box.height
        if _LABEL.search(line.text) or not is_under or _is_number(line.text):
            break
        if line.box.y0 - lines[-1].box.y1 > 1.5 * first.box.height:
            break
        lines.append(line)
    return Field(
        as_text("".join(line.text for line in lines)),
        "\n".join(line.text for line in lines),
        min(probability(line) for line in lines),
        page,
        Box.around(line.box for line in lines),
        first.origin,
        reading=reading_of(lines),
    )


def _validity(value: Word, page: int) -> Iterable[tuple[str, AnyField]]:
    match = _VALIDITY.match(fold(value.text).replace("·", "."))
    if match is None:
        yield "valid_from", field_from(value, parse_date, page)
        return
    yield "valid_from", field_from(value.part(*match.span("start")), parse_date, page)
    yield "valid_to", field_from(value.part(*match.span("end")), as_end, page)


def _number(word: Word, page: int) -> AnyField:
    """The number as read, or the one other reading of it that its check digit proves."""
    field = field_from(word, as_id_number, page)
    if field.value is None or is_masked(field.value) or passes(field.value):
        return field
    proven: dict[str, float] = {}
    for other in word.alternatives:
        text = word.text[: other.index] + other.char + word.text[other.index + 1 :]
        try:
            number = as_id_number(text)
        except ValueError:
            continue
        if passes(number):
            proven[number] = max(other.probability, proven.get(number, 0.0))
    if len(proven) != 1:
        return field
    (number,) = proven
    return replace(
        field,
        value=number,
        confidence=min(CHOSEN_AT_MOST, 1.0 - field.confidence + proven[number]),
        candidates=(Candidate(field.value, field.confidence),),
    )


def passes(number: str) -> bool:
    """Whether check digit and birth date of an 18-character number are right; the region may be an old one.

    >>> passes("11010519491231002X"), passes("110105194912310021")
    (True, False)
    """
    try:
        ric.get_birth_date(number)
        return len(number) == 18 and bool(ric.calc_check_digit(number) == number[-1])
    except (ValidationError, ValueError):
        return False


def required_of(document: Document) -> tuple[str, ...]:
    """Whose card it is; of the side with the emblem alone, how long it is valid."""
    return ("valid_from", "valid_to") if document.subtype == "back" else ("name", "id_number")


FIELD_NAMES = (
    *("name", "sex", "ethnicity", "birth_date", "address", "id_number"),
    *("issuing_authority", "valid_from", "valid_to"),
)

EXTRACTOR = Extractor(TYPE, "居民身份证", identify, extract, FIELD_NAMES, required_of, continues)
