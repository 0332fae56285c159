"""Whether a value that was read is the true one.

Amounts, prices and quantities are compared as numbers; everything else as text after NFKC (full-width forms
and brackets become half-width) without any spaces. Diagnoses and advice, several joined with `;`, are
compared part by part in their order, without the stops that end a part. An age may carry 岁, and × in a
specification may be a *.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, TypeAlias

from rapidfuzz.distance import Levenshtein

from pipeline.evaluate.truth import Known
from pipeline.field_kinds import COUNT_FIELDS, MONEY_FIELDS, is_date
from pipeline.text import parse_capitals

FieldRow: TypeAlias = Mapping[str, Any]
Fault: TypeAlias = Literal["", "wrong", "missed", "made_up"]
Kind: TypeAlias = Literal["money", "date", "number", "name", "text", "choice"]

KEY_FIELDS: Final = ("invoice_code", "invoice_number", "check_code", "issue_date", "total_amount")
"""The papers whose key fields they are."""
NAME_FIELDS: Final = ("payer_name", "payee_name", "patient_name", "hospital_name")
"""Names whose error rate of characters is told."""

MONEY = MONEY_FIELDS | {"amount", "unit_price"}
QUANTITIES = COUNT_FIELDS | {"quantity", "age"}
CHOICES = frozenset({"sex", "insurance_type", "institution_type", "ethnicity", "category", "insurance_class"})
NUMBERS = frozenset({"payer_id", "id_number", "invoice_number", "invoice_code", "check_code"})
SEVERAL = frozenset({"diagnoses", "advice", "admission_diagnoses"})
STOPS = "。.,、:"
ABSENT: Final[FieldRow] = {"value": None, "raw": None, "confidence": 0.0, "status": "missing", "box": None}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One value judged. `path` is that of the truth; `true` None: the paper carries none."""

    path: str
    name: str
    kind: Kind
    true: str | None
    read: FieldRow
    fault: Fault

    @property
    def is_accepted(self) -> bool:
        """Whether nobody would look at it."""
        return bool(self.read["status"] == "accepted")


def kind_of(name: str) -> Kind:
    """What sort of value a field or a part of a row holds.

    >>> kind_of("issue_date"), kind_of("outpatient_no"), kind_of("payer_name"), kind_of("address")
    ('date', 'number', 'name', 'text')
    """
    if name in MONEY or name.endswith("_payment"):
        return "money"
    if is_date(name):
        return "date"
    if name in NUMBERS or name in QUANTITIES or name.endswith("_no"):
        return "number"
    if name in CHOICES:
        return "choice"
    return "name" if name.endswith("_name") else "text"


def is_same(name: str, read: str | None, true: str) -> bool:
    """Whether what was read for field `name` is the true value.

    >>> is_same("total_amount", "1203.6", "1203.60"), is_same("payee_name", "甲 医院(东)", "甲医院（东）")
    (True, True)
    """
    return read is not None and (read == true or comparable(name, read) == comparable(name, true))


def comparable(name: str, value: str) -> object:
    """The value in the form in which two are compared."""
    if name in MONEY or name in QUANTITIES or kind_of(name) == "money":
        return number_of(value.removesuffix("岁"))
    if name == "total_in_words":
        return _amount_in_words(value)
    if name in SEVERAL:
        parts = (part.strip(STOPS) for part in squeezed(value).split(";"))
        return tuple(part for part in parts if part)
    text = squeezed(value)
    return text.replace("×", "*") if name == "specification" else text


def _amount_in_words(value: str) -> object:
    """What the words say: forms print zeros before the first place, which say nothing.

    >>> _amount_in_words("零佰零拾零万贰仟壹佰元整") == _amount_in_words("贰仟壹佰元")
    True
    """
    try:
        return parse_capitals(value)
    except ValueError:
        return squeezed(value)


def squeezed(text: str) -> str:
    """Half-width and without spaces.

    >>> squeezed("北京 医院（东区）")
    '北京医院(东区)'
    """
    return "".join(unicodedata.normalize("NFKC", text).split())


def number_of(value: str) -> Decimal | str:
    """The number that a text is, else the text without spaces."""
    try:
        number = Decimal(squeezed(value).replace(",", ""))
    except InvalidOperation:
        return squeezed(value)
    return number if number.is_finite() else squeezed(value)


def judge(path: str, name: str, true: str | None, read: FieldRow | None) -> Verdict:
    """What was read for one field whose truth is known."""
    read = ABSENT if read is None else read
    return Verdict(path, name, kind_of(name), true, read, _fault(name, true, read["value"]))


def _fault(name: str, true: str | None, read: str | None) -> Fault:
    if true is None:
        return "" if read is None else "made_up"
    if read is None:
        return "missed"
    return "" if is_same(name, read, true) else "wrong"


def judge_fields(known: Known, read: Mapping[str, FieldRow]) -> list[Verdict]:
    """Every field whose truth is known, in the order of the truth."""
    return [judge(f"fields.{name}", name, true, read.get(name)) for name, true in known.items()]


def character_errors(read: str | None, true: str) -> tuple[int, int]:
    """Characters to change, add or drop until it is the true text, and how many that has.

    >>> character_errors("王小朋", "王小明"), character_errors(None, "王小明")
    ((1, 3), (3, 3))
    """
    wanted = squeezed(true)
    return Levenshtein.distance(squeezed(read or ""), wanted), len(wanted)
