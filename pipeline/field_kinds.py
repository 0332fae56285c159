"""What kind of value a field holds, by its published name: yuan, a count, a day; all others hold text.

In the files written for others every value is text. Who reads them back, rules on claims made elsewhere and
the measuring against a truth alike, must know what the text was. The extractors say it once more, by the
parser of each field; tests hold the two against each other.
"""

from __future__ import annotations

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


def is_date(name: str) -> bool:
    """Whether the field holds a day.

    >>> is_date("visit_date"), is_date("valid_to"), is_date("period")
    (True, True, False)
    """
    return name.endswith("_date") or name in _OTHER_DAYS
