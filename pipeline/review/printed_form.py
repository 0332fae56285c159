"""What stands printed where a person confirmed or corrected a value, as far as that can be told.

A value is kept in its normal form (`2025-02-17`, `1180.00`), and paper prints it in many (`2025年2月17日`,
`￥1,180.00`). What was read there shows the form that the paper uses: where the value was right, it is the
print itself; where the value was wrong, the right one is written in the same form. Where the form leaves
open how the right value looks in it, nobody can tell, and the value is no training data.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipeline.model import AnyField, Value
from pipeline.text import parse_date, parse_money, parse_quantity, parse_unit_price, squeeze

_MONEY = re.compile(r"(?P<before>[¥￥]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)\.(?P<cents>\d{2})(?P<after>元?)")
_DATE = re.compile(
    r"(?P<year>\d{4})(?P<first>[-/.年])(?P<month>\d{1,2})(?P<second>[-/.月])(?P<day>\d{1,2})(?P<end>日?)"
)
_SEVERAL = re.compile(r"[;；\n]")
"""Several values that were joined: the print has something else between them."""
THOUSAND = 1000
TWO_DIGITS = 10


def printed_form(name: str, field: AnyField) -> str | None:
    """What is printed where a person's value stands; None where that cannot be told.

    Args:
        name: Of the field or column.
        field: With a person's value, and what was read there before.
    """
    read, value = field.text.strip(), field.value
    if value is None or not read:
        return None
    if isinstance(value, str):
        return _text(read, value)
    if _reads_as(name, read, value):
        return read
    return _amount(read, value) if isinstance(value, Decimal) else _day(read, value)


def _text(read: str, value: str) -> str | None:
    if _SEVERAL.search(value) or _SEVERAL.search(read):
        return None
    return read if squeeze(read) == squeeze(value) else value


def _reads_as(name: str, read: str, value: Value) -> bool:
    """Whether the print, as it was read, is the value."""
    try:
        if isinstance(value, Decimal):
            of_column = {"quantity": parse_quantity, "unit_price": parse_unit_price}
            return of_column.get(name, parse_money)(read) == value
        return parse_date(read) == value
    except ValueError:
        return False


def _amount(read: str, value: Decimal) -> str | None:
    """The amount with signs and commas as the paper prints them.

    >>> _amount("￥1,180.00", Decimal("1190.5")), _amount("34.05元", Decimal("84.05"))
    ('￥1,190.50', '84.05元')
    >>> _amount("34.05", Decimal("1034.05")) is None  # with a comma or without one
    True
    """
    form = _MONEY.fullmatch(read)
    if form is None or value < 0 or value != value.quantize(Decimal("0.01")):
        return None
    whole, cents = f"{value:.2f}".split(".")
    if value >= THOUSAND:
        if "," in form["whole"]:
            whole = f"{int(whole):,}"
        elif int(form["whole"]) < THOUSAND:
            return None
    return f"{form['before']}{whole}.{cents}{form['after']}"


def _day(read: str, value: date) -> str | None:
    """The day as the paper prints days.

    >>> _day("2025年02月17日", date(2025, 3, 7)), _day("2025-2-17", date(2025, 3, 17))
    ('2025年03月07日', '2025-3-17')
    >>> _day("2025-12-17", date(2025, 2, 17)) is None  # 02 or 2
    True
    """
    form = _DATE.fullmatch(read)
    if form is None:
        return None
    shown = (form["month"], form["day"])
    padded = any(part.startswith("0") for part in shown)
    bare = any(len(part) == 1 for part in shown)
    if min(value.month, value.day) < TWO_DIGITS and not padded and not bare:
        return None
    parts = [f"{part:02}" if padded else f"{part}" for part in (value.month, value.day)]
    return f"{value.year}{form['first']}{parts[0]}{form['second']}{parts[1]}{form['end']}"
