"""Whether a printed unit price may be that of an entry; it can speak against an entry, never for one.

Lists state few prices, of one place and year and for one unit, and bills charge by the box what a list
prices by the tablet. So only a price far from every one that the lists state lowers a match, and never sinks
one whose name stands there letter by letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

FAR_OFF = Decimal(20)
"""Of 3,078 services that both open price lists hold, 14 differ in price by more than this factor."""
UNITS_IN_A_BOX = Decimal(100)
"""A medicine may be charged by a box of so many of what the list prices."""
AGAINST = 0.06
"""More than the margin between two entries that are alike, less than what a wrong form costs."""


def price_doubt(unit_price: Decimal | None, known: Sequence[Decimal], *, medicine: bool) -> float:
    """What an entry loses whose known prices are all far from the printed one; 0 where nothing is known.

    Args:
        unit_price: Yuan, as printed; a refund may be negative.
        known: Yuan for one unit, as the lists state it.
        medicine: Whether the price may be that of a box.

    >>> price_doubt(Decimal("4.50"), [Decimal("1200")], medicine=False)
    0.06
    >>> price_doubt(Decimal("38.40"), [Decimal("1.60")], medicine=True)
    0.0
    """
    if unit_price is None or not unit_price or not known:
        return 0.0
    printed = abs(unit_price)
    most = FAR_OFF * (UNITS_IN_A_BOX if medicine else 1)
    return 0.0 if any(price / FAR_OFF <= printed <= price * most for price in known) else AGAINST
