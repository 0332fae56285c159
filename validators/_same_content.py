"""Whether two readings of a list, a certificate or a prescription are readings of one sheet of paper.

Such papers have no number that no other has, so they are one only by all that they say: the person, the
hospital, the day, and their content. Content is rows and total of a list, medicines of a prescription,
wording of a certificate. Everything that both state must agree: the list of the next day has the same bed and
the same meals, a corrected certificate differs in one digit, and either is a paper of its own. So the numbers
that stand on the two sheets are held against each other too, also those that are no field: where either has
one that the other has not, they are two. What is merely missing in one reading speaks for nothing and against
nothing.

Measured on 48 drawn papers, each as scan and as photo, and as the scan of a copy in which a day, the total or
one other figure was changed: 39 of 48 were known as one, of 96 changed and 10,294 other pairs none was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeAlias

from pipeline.model import AnyField, Document, LineItem
from pipeline.text import compact_name, is_masked, squeeze

Agree: TypeAlias = Callable[[str, AnyField, AnyField], bool]
"""Whether two readings of the field of that name can be one value."""

LISTS = ("itemized_bill",)
MEDICINES = ("prescription",)
WORDED = ("diagnosis_certificate", "discharge_summary")

PERSON = "patient_name"
HOSPITAL = "hospital_name"
DAYS = ("issue_date", "visit_date", "period_start", "admission_date")
NUMBERS = (
    *("invoice_number", "prescription_no", "business_serial_no"),
    *("inpatient_no", "outpatient_no", "medical_record_no", "visit_no"),
)
BILL = "invoice_number"
"""A list that names its bill needs no day: the bill has one."""
WORDING = ("diagnoses", "advice")
"""What a certificate is written for."""

OF_THE_SHEET = frozenset({"seal"})
"""What a reading of the sheet says of the sheet and not of the case: a seal is read well or badly."""

FEWEST_CHARACTERS = 5
"""A number of so many characters is somebody's own; a shorter one is a bed or a running number."""
FEWEST_ROWS = 3
"""So many rows that agree to the fen stand for a total that was not read."""

_MARKS = re.compile(r"[\W_]+")
_MONEY = re.compile(r"\d+\.\d\d")


def content_keys(document: Document) -> Iterator[str]:
    """Under which a paper is looked up among others that may be it: two are one only if they share one.

    A name may be misread, so person and money stand for each other.
    """
    if document.type not in (*LISTS, *MEDICINES, *WORDED):
        return
    person = compact_name(document.text(PERSON) or "")
    total = document.money("total_amount")
    days = {day.isoformat() for name in DAYS if (day := document.date(name)) is not None}
    for when in sorted(days | {document.text(BILL) or ""} - {""}):
        if person:
            yield f"{document.type}:{when}:{person}"
        if total is not None:
            yield f"{document.type}:{when}:{total}"


def differing_fields(a: Document, b: Document, agree: Agree) -> Iterator[str]:
    """The fields that both state and that cannot be one reading of one sheet."""
    for name, x in a.fields.items():
        y = b.fields.get(name)
        if y is None or x.value is None or y.value is None or name in OF_THE_SHEET:
            continue
        if not agree(name, x, y) and not _is_worded_alike(x, y):
            yield name


def is_same_content(a: Document, b: Document, agree: Agree) -> bool:
    """Whether all that two papers say is one and is enough to know a paper by.

    Args:
        a: A list, certificate, summary or prescription; papers of other types are never the same.
        b: Another.
        agree: Whether two readings of a field can be one value: name, reading, other reading.
    """
    if a.type != b.type or a.type not in (*LISTS, *MEDICINES, *WORDED):
        return False
    if next(differing_fields(a, b, agree), None) is not None or _have_other_figures(a, b):
        return False
    return _is_of_one_visit(a, b) and _says_one_thing(a, b)


def _have_other_figures(a: Document, b: Document) -> bool:
    """Whether either sheet has a printed number that the other has not.

    Of lists, where many a code is read askew, sums of money are looked at alone.
    """
    here, there = _figures(a), _figures(b)
    return bool(here - there) and bool(there - here)


def _figures(document: Document) -> Counter[str]:
    if document.type in LISTS:
        return Counter(filter(_MONEY.fullmatch, document.figures))
    return Counter(part for figure in document.figures for part in figure.split("."))


def _is_of_one_visit(a: Document, b: Document) -> bool:
    """Whether both name the person, one hospital or number of the stay, and a day or a bill."""
    both = {name for name in a.fields if _value(a, name) is not None and _value(b, name) is not None}
    numbers = {name for name in both & {*NUMBERS} if _tells(a.text(name))}
    is_dated = bool(both & {*DAYS}) or BILL in numbers
    return PERSON in both and is_dated and bool(numbers or HOSPITAL in both)


def _tells(number: str | None) -> bool:
    return number is not None and len(number) >= FEWEST_CHARACTERS and not is_masked(number)


def _says_one_thing(a: Document, b: Document) -> bool:
    if a.type in LISTS:
        return _are_rows_of_one_list(a, b)
    if a.type in MEDICINES:
        medicines = [Counter(map(_medicine, each.items)) for each in (a, b)]
        if not all(medicines):  # the rows of one are not read: then nothing at all may differ
            return any(medicines) and _figures(a) == _figures(b)
        return medicines[0] == medicines[1]
    return any(_value(a, name) is not None and _value(b, name) is not None for name in WORDING)


def _are_rows_of_one_list(a: Document, b: Document) -> bool:
    """Whether the rows say the same money; one may have missed rows where the other's make the total."""
    fewer, more = sorted((a, b), key=lambda each: len(each.items))
    few, many = _amounts(fewer), _amounts(more)
    if few is None or many is None or few - many:
        return False
    totals = {each.money("total_amount") for each in (a, b)} - {None}
    if few == many and not totals:
        return few.total() >= FEWEST_ROWS
    is_sum = totals == {sum(many.elements(), Decimal(0))}
    return is_sum or (few == many and len(totals) == 1 and all(map(_has_total, (a, b))))


def _has_total(document: Document) -> bool:
    return document.money("total_amount") is not None


def _amounts(document: Document) -> Counter[Decimal] | None:
    """How often each amount stands in a row, in yuan; None where one is not read or there is no row."""
    amounts = [item.amount.value if item.amount is not None else None for item in document.items]
    known = [amount for amount in amounts if amount is not None]
    return Counter(known) if known and len(known) == len(amounts) else None


def _medicine(item: LineItem) -> tuple[str, Decimal | None]:
    name = item.name.value if item.name is not None and item.name.value else ""
    return _bare(name), item.quantity.value if item.quantity is not None else None


def _is_worded_alike(a: AnyField, b: AnyField) -> bool:
    """Whether two texts differ in marks and spaces alone."""
    return isinstance(a.value, str) and isinstance(b.value, str) and _bare(a.value) == _bare(b.value)


def _bare(text: str) -> str:
    return _MARKS.sub("", squeeze(text)).casefold()


def _value(document: Document, name: str) -> object:
    field = document.fields.get(name)
    return None if field is None else field.value
