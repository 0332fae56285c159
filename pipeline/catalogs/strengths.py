"""The strengths in a specification, in one unit: `0.25g*24粒` and `250mg` say the same of one tablet."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from pipeline.catalogs.printed_names import normalise

_BASE_UNITS = {
    "kg": ("mg", Decimal(1_000_000)),
    "g": ("mg", Decimal(1000)),
    "克": ("mg", Decimal(1000)),
    "mg": ("mg", Decimal(1)),
    "毫克": ("mg", Decimal(1)),
    "ug": ("mg", Decimal("0.001")),
    "μg": ("mg", Decimal("0.001")),
    "mcg": ("mg", Decimal("0.001")),
    "微克": ("mg", Decimal("0.001")),
    "l": ("ml", Decimal(1000)),
    "ml": ("ml", Decimal(1)),
    "毫升": ("ml", Decimal(1)),
    "iu": ("iu", Decimal(1)),
    "u": ("iu", Decimal(1)),
    "单位": ("iu", Decimal(1)),
    "%": ("%", Decimal(1)),
}
"""Units as printed -> the unit that strengths are compared in, and how many of it they are."""
_STRENGTH = re.compile(
    r"(\d+(?:\.\d+)?)(万?)(" + "|".join(sorted(_BASE_UNITS, key=len, reverse=True)) + r")(?![a-z])",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def strengths(specification: str) -> frozenset[tuple[Decimal, str]]:
    """Every amount in a specification with its unit: mg, ml, iu or %.

    >>> strengths("0.25g×24粒/盒") == strengths("250 mg"), sorted(strengths("1ml:40万单位"))
    (True, [(Decimal('1'), 'ml'), (Decimal('400000'), 'iu')])
    """
    found = set()
    for amount, ten_thousands, unit in _STRENGTH.findall(normalise(specification)):
        base, factor = _BASE_UNITS[unit.lower()]
        found.add((Decimal(amount) * factor * (10_000 if ten_thousands else 1), base))
    return frozenset(found)


def is_of_strength(printed: str, listed: str) -> bool:
    """Whether every strength that a list states of an entry stands in the printed specification.

    >>> is_of_strength("0.5g*20片", "0.5g"), is_of_strength("0.25g*20片", "0.5g"), is_of_strength("", "0.5g")
    (True, False, False)
    """
    stated = strengths(listed)
    return bool(stated) and stated <= strengths(printed)
