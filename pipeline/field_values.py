"""What kind of value a field holds, by its name, and a value from its published text.

The normal form of each kind is that of `pipeline.records.value_text`. Nothing is guessed: what is not in that
form is refused, and the refusal says which form is.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipeline.field_kinds import COUNT_FIELDS, MONEY_FIELDS, WITHOUT_END, is_date
from pipeline.model import Value

MONEY_CELLS = MONEY_FIELDS | {"amount"}
"""Fields, and cells of charged rows, whose value is yuan."""
NUMBER_CELLS = COUNT_FIELDS | {"quantity", "unit_price"}
"""Fields and cells whose value is a number, though no amount of money."""

_AS_DAY = "应为 YYYY-MM-DD / should be YYYY-MM-DD"
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_MONEY = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,2})?")


def parse_value(name: str, text: str) -> Value:
    """The value of field `name` from its published text.

    Raises:
        ValueError: If the text is no value of that field; the message says what is, and not the text.

    >>> parse_value("total_amount", "203.65"), parse_value("department", "203.65")
    (Decimal('203.65'), '203.65')
    """
    if name in MONEY_CELLS:
        if not _MONEY.fullmatch(text):
            raise ValueError(
                "应为金额，至多两位小数，如 203.65 / should be an amount of two places, such as 203.65"
            )
        return Decimal(text)
    if name in NUMBER_CELLS:
        if not _NUMBER.fullmatch(text):
            raise ValueError("应为数值，如 203.65 / should be a number such as 203.65")
        return Decimal(text)
    if is_date(name) and not (name == "valid_to" and text == WITHOUT_END):
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_AS_DAY) from error
        if day.isoformat() != text:  # Python takes 20250217 too
            raise ValueError(_AS_DAY)
        return day
    return text
