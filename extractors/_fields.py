"""Fields as a table: a name, the labels it is printed under, how its text becomes a value.

What a machine-readable part of the paper states (QR code, XML) is laid beside what was read: agreement
is a second witness, a difference sends the field to a person, and neither overrides the other in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeVar

from pipeline.model import AnyField, Candidate, Field, Page, Reading, Statement, Value, Word, looks_at
from pipeline.reading.layout import LabelledValue, LabelList, rows_of
from pipeline.text import fold, squeeze

V = TypeVar("V", bound=Value)

TEXT_LAYER_CONFIDENCE = 0.998
"""Text layers hold what was printed; what remains is a value taken from behind the wrong label."""

STATED_CONFIDENCE = 0.9995
"""XML and OFD data, written by the issuer's own system."""

CODE_CONFIDENCE = 0.98
"""A QR code corrects its own errors; what remains is a code that belongs to another paper."""

SIGNS = " ¥￥:：()（）"
"""Characters that may be misread without harm to the value."""

AGREED_DOUBT = 0.05
"""Share of the doubt that stays when a second witness agrees."""

DOUBTED_CONFIDENCE = 0.4
"""A value whose surroundings were misread, under a seal as a rule."""

MISREAD_LABEL = re.compile(r"(?<=[0-9A-Za-z])\s*[\u3400-\u9fff][^\s:0-9]{0,11}\s*:")
"""Chinese characters and a colon behind a number: a label, though none of the list."""

LABELS_THAT_ARE_VALUES = ("自费",)
"""How a visit is paid for, and the label of an amount."""

NEXT_TO = 2.0
"""A value so many line heights behind its label stands next to it."""

DISPUTED_CONFIDENCE = 0.4
"""Two witnesses that differ: neither is taken."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form.

    `labels` are verbatim as printed, with the variants seen. `parse` raises `ValueError` for what
    cannot be the value. A `required` field must be accepted for the paper to go through unseen.
    """

    name: str
    labels: tuple[str, ...]
    parse: Callable[[str], Value]
    required: bool = False


def read_labelled(
    pages: Sequence[Page], specs: Sequence[FieldSpec], other_labels: Iterable[str] = ()
) -> tuple[dict[str, AnyField], dict[str, str]]:
    """The fields of `specs` found behind their labels on `pages`, and the texts behind `other_labels`.

    Other labels end the value before them and are kept as printed; they have no field name.
    """
    by_label = {label: spec.name for spec in specs for label in spec.labels}
    others = {label: f"={label}" for label in other_labels if label not in by_label}
    labels = LabelList({**others, **by_label})
    found = labelled_values(pages, labels)
    fields: dict[str, AnyField] = {}
    for spec in specs:
        readings = [
            behind_label(value_of(value, spec.parse, page.number), labelled)
            for page, labelled in found
            if labelled.name == spec.name and (value := labelled.value) is not None
        ]
        if readings:
            fields[spec.name] = best_of(readings)
    extras = {
        labelled.name[1:]: labelled.value.text
        for _, labelled in found
        if labelled.name.startswith("=") and labelled.value is not None
    }
    return with_statements(fields, pages, specs), extras


def labelled_values(pages: Sequence[Page], labels: LabelList) -> list[tuple[Page, LabelledValue]]:
    """All labels of the list on the pages, in reading order."""
    return [
        (page, labelled)
        for page in pages
        for row in rows_of(page.words)
        for labelled in _with_values_like_labels(labels.values_in(row), row)
    ]


def _with_values_like_labels(found: Sequence[LabelledValue], row: Sequence[Word]) -> list[LabelledValue]:
    """The labels of a row, where one that is another's value (医保类型：自费) stands as that value."""
    kept: list[LabelledValue] = []
    for labelled in found:
        before = kept[-1] if kept else None
        if (
            before is not None
            and not before.pieces
            and not labelled.pieces
            and fold(labelled.label.text) in LABELS_THAT_ARE_VALUES
            and labelled.label.box.x0 - before.label.box.x1 <= NEXT_TO * labelled.label.box.height
            and any(_ends_with(word, labelled.label) for word in row)
        ):
            kept[-1] = replace(before, pieces=(labelled.label,))
        else:
            kept.append(labelled)
    return kept


def _ends_with(word: Word, label: Word) -> bool:
    """Whether the word ends where the label does, so that no colon follows."""
    return word.box.x1 <= label.box.x1 + 1 and fold(word.text).rstrip().endswith(fold(label.text))


def value_of(word: Word, parse: Callable[[str], V], page: int | None) -> Field[V]:
    """A field read from what stands behind its label, also where the label behind it was misread.

    Under a seal 性别：男 becomes 性钟：男 and is no label any more, so that it hangs on the number before.
    What cannot be the value as a whole is tried without it; the seal lies over its end too, so that the
    reading is in doubt however clear it seems.
    """
    whole = field_from(word, parse, page)
    misread = MISREAD_LABEL.search(fold(word.text))
    if whole.value is not None or misread is None:
        return whole
    stop = len(word.text[: misread.start()].rstrip())
    gap = word.text.find(" ", 0, stop)  # a number of the seal may stand between
    for end in (stop, gap):
        part = field_from(word.part(0, end), parse, page) if end > 0 else whole
        if part.value is not None:
            return doubted(replace(part, text=word.text))
    return whole


def doubted(field: Field[V]) -> Field[V]:
    """The field as one that a person must see: what was read there is not what was printed."""
    reading = field.reading or Reading()
    least = min(reading.least, DOUBTED_CONFIDENCE)
    return replace(
        field,
        confidence=min(field.confidence, DOUBTED_CONFIDENCE),
        reading=replace(reading, least=least, rival=max(reading.rival, 1 - least), exact=False),
    )


def field_from(word: Word, parse: Callable[[str], V], page: int | None) -> Field[V]:
    """A field read from one word; its value is None where the text cannot be parsed."""
    try:
        value = parse(word.text)
    except ValueError:
        value = None
    confidence = probability(word) if value is not None else min(probability(word), DISPUTED_CONFIDENCE)
    return Field(
        *(value, word.text, confidence, page, word.box, word.origin),
        candidates=_other_readings(word, parse, value),
        reading=reading_of([word]),
        alternatives=word.alternatives,
    )


def behind_label(field: Field[V], labelled: LabelledValue) -> Field[V]:
    """The field with what its label says about it."""
    reading = replace(field.reading or Reading(), gap=labelled.gap, exact=labelled.exact)
    return replace(field, reading=reading)


def reading_of(words: Sequence[Word]) -> Reading:
    """How well the words of one value could be read."""
    sure: list[float] = []
    rival = 0.0
    for word in words:
        telling = {index for index, char in enumerate(word.text) if char not in SIGNS}
        if word.origin != "ocr":
            sure += [1.0] * len(telling)
            continue
        confidences = word.char_confidences or (word.confidence,) * len(word.text)
        sure += [confidences[index] for index in telling]
        rival = max([rival, *(a.probability for a in word.alternatives if a.index in telling)])
    height = min((word.box.height for word in words), default=0.0)
    if not sure:
        return Reading(least=0.0, mean=0.0, height=height)
    stained = max(word.stained for word in words)
    seconded, contradicted = _second_opinions(words)
    return Reading(
        *(min(sure), sum(sure) / len(sure), rival, len(sure), height),
        stained=stained,
        seconded=seconded,
        contradicted=contradicted,
    )


def _second_opinions(words: Sequence[Word]) -> tuple[float, float]:
    """Shares of the further looks at the words that read the same, and something else."""
    looks = looks_at(words)
    if not looks:
        return 0.0, 0.0
    first = _telling("".join(word.text for word in words))
    same = sum(_telling("".join(look)) == first for look in looks)
    return same / len(looks), 1 - same / len(looks)


def _telling(text: str) -> str:
    return "".join(char for char in squeeze(text) if char not in SIGNS)


def _other_readings(word: Word, parse: Callable[[str], V], value: V | None) -> tuple[Candidate, ...]:
    """What further looks at the print read that could be the value too."""
    found: dict[str, float] = {}
    for look in word.looks:
        try:
            other = parse("".join(look))
        except ValueError:
            continue
        if other != value:
            found[str(other)] = found.get(str(other), 0.0) + 1 / (len(word.looks) + 1)
    return tuple(Candidate(text, round(share, 3)) for text, share in found.items())


def probability(word: Word) -> float:
    """How likely all of the word is right: the product over the characters that carry the value."""
    if word.origin in ("xml", "ofd"):
        return STATED_CONFIDENCE
    if word.origin == "text_layer":
        return TEXT_LAYER_CONFIDENCE
    confidences = word.char_confidences or (word.confidence,) * len(word.text)
    telling = (sure for char, sure in zip(word.text, confidences, strict=True) if char not in SIGNS)
    return min(prod(telling), 0.999)


def best_of(readings: Sequence[Field[V]]) -> Field[V]:
    """The surest of several readings of one field; others that differ become candidates.

    The same value read at two places is no second witness here: headers repeat what was keyed once.
    """
    best = max(readings, key=lambda field: (field.value is not None, field.confidence))
    rivals = {other.value: other.confidence for other in best.candidates}
    rivals |= {
        str(field.value): field.confidence
        for field in readings
        if field.value is not None and field.value != best.value
    }
    return replace(best, candidates=tuple(Candidate(value, sure) for value, sure in rivals.items()))


def with_statements(
    fields: Mapping[str, AnyField], pages: Sequence[Page], specs: Sequence[FieldSpec]
) -> dict[str, AnyField]:
    """The fields beside what QR codes and XML state for them."""
    merged = dict(fields)
    known = {spec.name: spec for spec in specs}
    for page in pages:
        for statement in page.statements:
            if spec := known.get(statement.name):
                merged_field = _beside(merged.get(spec.name), statement, spec, page.number)
                if merged_field is not None:
                    merged[spec.name] = merged_field
    return merged


def _beside(read: AnyField | None, statement: Statement, spec: FieldSpec, page: int) -> AnyField | None:
    try:
        value = spec.parse(statement.text)
    except ValueError:
        return read  # untrusted, and not of the form it should be: kept as the page's code only
    sure = CODE_CONFIDENCE if statement.origin == "qr" else STATED_CONFIDENCE
    stated: AnyField = Field(value, statement.text, sure, page, statement.box, statement.origin)
    if read is None:
        return stated
    if read.value == value:
        doubt = (1 - max(read.confidence, sure)) * AGREED_DOUBT
        return replace(read, confidence=1 - doubt, witnesses=(*read.witnesses, statement.origin))
    rival = Candidate(str(value), sure)
    if read.value is None:
        return replace(stated, confidence=DISPUTED_CONFIDENCE, text=read.text, candidates=read.candidates)
    return replace(read, confidence=DISPUTED_CONFIDENCE, candidates=(rival, *read.candidates))
