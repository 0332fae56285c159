"""Which charged rows of two readings of one paper are the same row.

Rows are told to be one by their amount and name. Of the rest, two that are alone of their name are one row
of which the amount differs; where several of one name are left over (a bed on four days), nobody can tell
which is which and nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from pipeline.model import LineItem
from pipeline.text import squeeze

NAMES_ALIKE = 80.0
"""Per cent: two readings of one name have most characters in common, two medicines of one price have few."""


@dataclass(frozen=True, slots=True)
class RowPair:
    """A row of either reading, by its place from 0, that are one row; `differs` of its amount."""

    ours: int
    theirs: int
    differs: bool = False


def row_pairs(ours: Sequence[LineItem], theirs: Sequence[LineItem]) -> Iterator[RowPair]:
    """The rows that both readings have; each is in one pair at most."""
    left = dict(enumerate(theirs))
    single: list[int] = []
    for spot, item in enumerate(ours):
        found = next((turn for turn, each in left.items() if _is_same_row(item, each)), None)
        if found is None:
            single.append(spot)
        else:
            del left[found]
            yield RowPair(spot, found)
    by_name: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for spot in single:
        by_name[_name(ours[spot])][0].append(spot)
    for turn, item in left.items():
        by_name[_name(item)][1].append(turn)
    for name, (here, there) in by_name.items():
        if name and len(here) == len(there) == 1 and _both_state(ours[here[0]], theirs[there[0]]):
            yield RowPair(here[0], there[0], differs=True)


def _is_same_row(item: LineItem, other: LineItem) -> bool:
    if item.amount is None or other.amount is None or item.amount.value != other.amount.value:
        return False
    name, other_name = _name(item), _name(other)
    return item.amount.value is not None and (
        name == other_name or fuzz.ratio(name, other_name) >= NAMES_ALIKE
    )


def _both_state(item: LineItem, other: LineItem) -> bool:
    amounts = [each.amount.value if each.amount is not None else None for each in (item, other)]
    return None not in amounts


def _name(item: LineItem) -> str:
    return squeeze(item.name.value) if item.name is not None and item.name.value else ""
