"""Whether two answers about a value say the same: amounts by their number, texts without spaces and widths.

An answer is a value, or why there is none; that nothing stands there and that it does not apply are one.
"""

from __future__ import annotations

from decimal import Decimal

from pipeline.field_values import parse_value
from pipeline.text import squeeze

ILLEGIBLE = "?"
NOT_THERE = "-"
_VALUE = "="


def said(path: str, kind: str, text: str) -> str:
    """What an answer about the value at `path` says, so that equal answers are equal texts.

    Args:
        path: The value's place: `fields.total_amount`, `line_items[3].amount`.
        kind: `value`, `illegible`, `not_present` or `not_applicable`.
        text: The value in its published form; else empty.

    >>> said("fields.total_amount", "value", "203.6") == said("fields.total_amount", "value", "203.60")
    True
    >>> said("fields.payer_name", "value", "张 三（代）"), said("fields.sex", "not_applicable", "")
    ('=张三(代)', '-')
    """
    if kind == "illegible":
        return ILLEGIBLE
    if kind != "value":
        return NOT_THERE
    try:
        value = parse_value(path.rpartition(".")[2], text)
    except ValueError:  # it was never a value of the field; as a text it is one all the same
        value = text
    if isinstance(value, Decimal):
        return f"{_VALUE}{value.normalize() + 0:f}"
    return _VALUE + (squeeze(value) if isinstance(value, str) else value.isoformat())


def is_value(what: str) -> bool:
    """Whether `said` told a value."""
    return what.startswith(_VALUE)
