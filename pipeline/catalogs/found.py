"""What a look-up brings back: one name of the lists, all entries under it, and how well it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.catalogs.entries import Entry

_DAYS_KEPT = 64
"""Days of treatment for which a name remembers its entry; the papers of one run share few."""

Precedence = tuple[bool, bool, date]
"""In force on the day, of the national list, in force since; the greater goes first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What speaks for a name on a day."""

    entries: tuple[Entry, ...]
    """All of equal standing, such as the products of several makers."""
    precedence: Precedence


@dataclass(slots=True, eq=False)
class Listed:
    """All entries that the lists hold under one name, such as the products of many makers."""

    entries: Sequence[Entry]
    categories: frozenset[str] = field(init=False)
    prices: tuple[Decimal, ...] = field(init=False)
    """What the lists state, yuan for one unit."""
    _chosen: dict[date | None, Chosen] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.categories = frozenset(entry.category for entry in self.entries)
        self.prices = tuple(entry.price for entry in self.entries if entry.price is not None)

    def on(self, day: date | None) -> Chosen:
        """The entries that speak for the name on a day: in force, then national, then the newest."""
        known = self._chosen.get(day)
        if known is None:
            if len(self._chosen) >= _DAYS_KEPT:
                self._chosen.clear()
            known = self._chosen[day] = self._choose(day)
        return known

    def _choose(self, day: date | None) -> Chosen:
        standing = [precedence(entry, day) for entry in self.entries]
        first = max(standing)
        equals = (entry for entry, its in zip(self.entries, standing, strict=True) if its == first)
        return Chosen(tuple(equals), first)


class Found(NamedTuple):
    """A name of the lists that comes near what is printed."""

    listed: Listed
    score: float
    why: str
    thing: tuple[str, ...]
    """What is meant, whatever the salt it is printed with and the list it stands in."""
    variant: tuple[str, ...] = ()
    exact: bool = False
    """The entry's own name stands on the bill, letter by letter."""


def precedence(entry: Entry, day: date | None) -> Precedence:
    """Which of two entries of one thing goes first on a day."""
    return entry.in_force(day), entry.scope == "national", entry.effective_from or date.min
