"""What kind of value a field holds, by its name, and a value from its published text.

The normal form of each kind is that of `pipeline.records.value_text`. Nothing is guessed: what is not in that
form is refused, and the refusal says which form is.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipeline.model import Value

MONEY_FIELDS = frozenset(
    {
        *("total_amount", "fund_payment", "other_payment", "account_payment", "cash_payment"),
        *("self_pay", "self_funded", "self_pay_1", "self_pay_2", "prepaid", "topup", "refund", "deductible"),
        *("amount_without_tax", "tax", "amount"),
    }
)
"""Fields whose value is yuan; every other text that looks like a number is a number of something."""
NUMBER_FIELDS = frozenset({"inpatient_days", "quantity", "unit_price"})
"""Fields whose value is a number, though no amount of money."""
DAY_FIELDS = frozenset({"period_start", "period_end", "valid_from"})
"""Fields whose value is a day, beside all that end in `_date`; `valid_to` of a card may also be 长期."""
FOREVER = "长期"

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
    if name in MONEY_FIELDS:
        if not _MONEY.fullmatch(text):
            raise ValueError(
                "应为金额，至多两位小数，如 203.65 / should be an amount of two places, such as 203.65"
            )
        return Decimal(text)
    if name in NUMBER_FIELDS:
        if not _NUMBER.fullmatch(text):
            raise ValueError("应为数值，如 203.65 / should be a number such as 203.65")
        return Decimal(text)
    if is_day(name) and not (name == "valid_to" and text == FOREVER):
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_AS_DAY) from error
        if day.isoformat() != text:  # Python takes 20250217 too
            raise ValueError(_AS_DAY)
        return day
    return text


def is_day(name: str) -> bool:
    """Whether the field holds a day."""
    return name.endswith("_date") or name in DAY_FIELDS or name == "valid_to"
