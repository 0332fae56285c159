"""The sums of one paper as equations over named values: which are broken, what would close them.

The sides come from `validators.sums`, so an equation holds when its rule passes. Each answers for itself, in
constant time, whether it would hold with another value at one path: a bill of 300 rows has 300 products and
a handful of long sums, and every one of its numbers may be the one that was misread.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, Protocol, TypeAlias

from pipeline.model import Document
from validators.sums import Product, Sum, Term, product_holds, row_products, sums_of

State: TypeAlias = Literal["holds", "broken", "open", "silent"]
"""It holds; it does not; it waits for one number alone; it cannot tell."""

CENT = Decimal("0.01")
PRICE_PLACES = range(2, 5)
"""Digits behind the point of a unit price: fee lists print two to four."""


class Equation(Protocol):
    """A sum or a product that should hold; `paths` are the values it speaks of, `rule` the id of its rule."""

    @property
    def rule(self) -> str:
        """The id of the rule (`V-9`)."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The values it speaks of, read or not."""

    @property
    def unread(self) -> tuple[str, ...]:
        """Those of them without a value."""

    @property
    def state(self) -> State:
        """Whether it holds with what was read."""

    def state_with(self, path: str, value: Decimal) -> State:
        """Whether it would hold with `value` at `path`, everything else as it was read."""

    def needed(self, path: str) -> tuple[Decimal, ...]:
        """The values at `path` with which it would hold."""


class LinearEquation:
    """Two sides of money that must be equal to the fen."""

    def __init__(self, sides: Sum) -> None:
        self.rule = sides.rule
        terms = (*((term, term.sign) for term in sides.left), *((term, -term.sign) for term in sides.right))
        self.paths = tuple(term.path for term, _ in terms)
        self.unread = tuple(term.path for term, _ in terms if term.amount is None)
        self._signs = {term.path: sign for term, sign in terms}
        self._values = {term.path: term.amount for term, _ in terms}
        self._is_left = {term.path: True for term in sides.left}
        self._left, self._left_read = _side(sides.left)
        self._right, self._right_read = _side(sides.right)

    @property
    def state(self) -> State:
        """Whether it holds with what was read."""
        return self._state(self._left, self._right, self._left_read, self._right_read, len(self.unread))

    @property
    def gap(self) -> Decimal:
        """What the left side misses to be the right one."""
        return self._right - self._left

    def state_with(self, path: str, value: Decimal) -> State:
        """Whether it would hold with `value` at `path`."""
        old = self._values[path]
        is_left = path in self._is_left
        change = (value - (old or Decimal(0))) * self._signs[path] * (1 if is_left else -1)
        newly = int(old is None)
        return self._state(
            self._left + (change if is_left else 0),
            self._right + (0 if is_left else change),
            self._left_read + newly * is_left,
            self._right_read + newly * (not is_left),
            len(self.unread) - newly,
        )

    def needed(self, path: str) -> tuple[Decimal, ...]:
        """The one value at `path` that leaves no difference."""
        return ((self._values[path] or Decimal(0)) - (self._left - self._right) * self._signs[path],)

    @staticmethod
    def _state(left: Decimal, right: Decimal, left_read: int, right_read: int, unread: int) -> State:
        """As `weigh` of the rules sees it: what is unread is not zero, unless the rest agrees already."""
        if left == right and left_read and right_read and (not unread or left):
            return "holds"
        if not unread:
            return "broken"
        return "open" if unread == 1 else "silent"


def _side(terms: Sequence[Term]) -> tuple[Decimal, int]:
    read = [term.sign * term.amount for term in terms if term.amount is not None]
    return sum(read, Decimal(0)), len(read)


class ProductEquation:
    """Quantity times price is the amount of a row, give or take a fen."""

    def __init__(self, row: Product) -> None:
        self.rule = row.rule
        self.paths = tuple(term.path for term in row.terms)
        self.unread = tuple(term.path for term in row.terms if term.amount is None)
        self._values = [term.amount for term in row.terms]
        self._is_worked_back = row.is_worked_back

    @property
    def state(self) -> State:
        """Whether it holds with what was read."""
        return self._state(self._values)

    def state_with(self, path: str, value: Decimal) -> State:
        """Whether it would hold with `value` at `path`."""
        values = list(self._values)
        values[self.paths.index(path)] = value
        return self._state(values)

    def needed(self, path: str) -> tuple[Decimal, ...]:
        """The values at `path` with which it holds: whole quantities, prices of two to four places."""
        quantity, price, amount = self._values
        spot = self.paths.index(path)
        if spot == 2 and quantity is not None and price is not None:
            found = [(quantity * price).quantize(CENT, ROUND_HALF_UP)]
        elif spot == 1 and quantity and amount is not None:
            found = [_rounded(amount / quantity, places) for places in PRICE_PLACES]
        elif spot == 0 and price and amount is not None:
            found = [_rounded(amount / price, 0)]
        else:
            found = []
        return tuple(value for value in dict.fromkeys(found) if self.state_with(path, value) == "holds")

    def _state(self, values: Sequence[Decimal | None]) -> State:
        quantity, price, amount = values
        if quantity is None or price is None or amount is None:
            return "open" if sum(value is None for value in values) == 1 else "silent"
        holds = product_holds(quantity, price, amount, is_worked_back=self._is_worked_back)
        return "silent" if holds is None else "holds" if holds else "broken"


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def equations_of(document: Document) -> tuple[Equation, ...]:
    """Every equation of the paper from which something follows."""
    sums = [LinearEquation(each) for each in sums_of(document) if each.certain]
    return (*sums, *(ProductEquation(row) for row in row_products(document)))
