"""What kind of value a field holds, by its published name: yuan, a count, a day; all others hold text.

In the files written for others every value is text. Who reads them back, rules on claims made elsewhere and
the measuring against a truth alike, must know what the text was. The extractors say it once more, by the
parser of each field; tests hold the two against each other.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

MONEY_FIELDS = frozenset(
    {
        *("total_amount", "fund_payment", "other_payment", "account_payment", "cash_payment"),
        *("self_pay", "self_funded", "self_pay_1", "self_pay_2", "prepaid", "topup", "refund", "deductible"),
        *("amount_without_tax", "tax"),
    }
)
"""Fields whose value is yuan."""

COUNT_FIELDS = frozenset({"inpatient_days"})
"""Fields whose value is a number that is no money."""

_OTHER_DAYS = frozenset({"period_start", "period_end", "valid_from", "valid_to"})

WITHOUT_END = "长期"
"""What stands in place of the day until which a card is valid, where it is valid for life."""

_CODES = re.compile(r"_(?:no|id|code|number)$|^(?:id_number|check_code|register_no)$")
_NAMES = re.compile(r"(?:^|_)name$")
_CHOICES = frozenset(
    ("sex", "age", "insurance_type", "institution_type", "department", "unit", "category", "insurance_class")
)


def is_date(name: str) -> bool:
    """Whether the field holds a day.

    >>> is_date("visit_date"), is_date("valid_to"), is_date("period")
    (True, True, False)
    """
    return name.endswith("_date") or name in _OTHER_DAYS


def kind_of(path: str, value: object) -> str:
    """The kind of a field, by what it is and not by the form that it stands on.

    >>> kind_of("fields.total_amount", Decimal(1)), kind_of("line_items[3].name", "血常规")
    ('total', 'row_name')
    """
    name = path.rpartition(".")[2]
    if path.startswith(("line_items", "category_totals")):
        if name in ("amount", "name", "quantity", "unit_price"):
            return {"amount": "row_amount", "name": "row_name"}.get(name, "row_number")
        return "choice" if name in _CHOICES else "row_text"
    if isinstance(value, date):
        return "date"
    if name == "total_amount":
        return "total"
    if isinstance(value, Decimal):
        return "money"
    if name == "total_in_words":
        return "words"
    if name in _CHOICES:
        return "choice"
    if _CODES.search(name):
        return "code"
    return "name" if _NAMES.search(name) else "text"
