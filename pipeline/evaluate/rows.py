"""Charged rows against the true ones.

A row is right when name, quantity and amount are, each as far as the truth knows it. Rows are matched as
multisets: no row answers for two. What no row matches in full is held beside the likeliest row left, so that
each of its parts can be judged.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from rapidfuzz import fuzz

from pipeline.evaluate.comparing import FieldRow, Verdict, comparable, judge, squeezed
from pipeline.evaluate.truth import Known

LineRow: TypeAlias = Mapping[str, Any]
DECIDING: Final = ("name", "quantity", "amount")
LIKE_ENOUGH = 60
"""Likeness of names, 0 to 100, from which two rows may be the same row misread."""
MOST_COMPARED = 250_000
"""Pairs of rows whose names are compared letter by letter; a list with more left over was not read at all."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How two multisets meet: `right` in both, of `true` there are and `read` ones."""

    right: int = 0
    true: int = 0
    read: int = 0

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(self.right + other.right, self.true + other.true, self.read + other.read)


@dataclass(frozen=True, slots=True)
class RowsJudged:
    """All rows of a paper; `missed` true rows and rows read `beside` them, by index, have no counterpart."""

    exact: Overlap
    amounts: Overlap
    names: Overlap
    verdicts: tuple[Verdict, ...]
    missed: tuple[int, ...]
    beside: tuple[int, ...]


def judge_rows(true: Sequence[Known], read: Sequence[LineRow], part: str = "line_items") -> RowsJudged:
    """The rows of one paper; `part` is where they stand."""
    pairs, right = paired_rows(true, read)
    verdicts = tuple(
        judge(f"{part}[{index}].{name}", name, wanted, read[pairs[index]].get(name))
        for index, row in enumerate(true)
        if index in pairs
        for name, wanted in row.items()
    )
    taken = set(pairs.values())
    return RowsJudged(
        exact=Overlap(right, len(true), len(read)),
        amounts=_overlap("amount", true, read),
        names=_overlap("name", true, read),
        verdicts=verdicts,
        missed=tuple(index for index in range(len(true)) if index not in pairs),
        beside=tuple(index for index in range(len(read)) if index not in taken),
    )


def paired_rows(true: Sequence[Known], read: Sequence[LineRow]) -> tuple[dict[int, int], int]:
    """Index of a true row -> index of the row read, and how many of the pairs are right."""
    left = dict.fromkeys(range(len(read)))
    pairs: dict[int, int] = {}
    for names in (DECIDING, ("name", "amount")):
        # Who knows more goes first: a row without a quantity is content with any.
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, row in enumerate(true):
            if index not in pairs and (asked := tuple(name for name in names if row.get(name) is not None)):
                groups.setdefault(asked, []).append(index)
        for asked in sorted(groups, key=len, reverse=True):
            _pair_equal(groups[asked], asked, true, read, pairs, left)
        if names == DECIDING:
            right = len(pairs)
    for name in ("amount", "name"):
        wanting = [i for i, row in enumerate(true) if i not in pairs and row.get(name) is not None]
        _pair_equal(wanting, (name,), true, read, pairs, left)
    _pair_alike(true, read, pairs, left)
    return pairs, right


def _pair_equal(
    wanting: Iterable[int],
    names: tuple[str, ...],
    true: Sequence[Known],
    read: Sequence[LineRow],
    pairs: dict[int, int],
    left: dict[int, None],
) -> None:
    """Pair rows that have the same values for `names`, in their order."""
    waiting: dict[Hashable, deque[int]] = {}
    for index in left:
        waiting.setdefault(_key(names, partial(value_of, read[index])), deque()).append(index)
    for index in wanting:
        rows = waiting.get(_key(names, true[index].get))
        if rows:
            pairs[index] = rows.popleft()
            del left[pairs[index]]


def _key(names: tuple[str, ...], value: Callable[[str], str | None]) -> Hashable:
    return tuple(None if (text := value(name)) is None else comparable(name, text) for name in names)


def _pair_alike(
    true: Sequence[Known], read: Sequence[LineRow], pairs: dict[int, int], left: dict[int, None]
) -> None:
    open_rows = [(i, name) for i, row in enumerate(true) if i not in pairs and (name := row.get("name"))]
    if len(open_rows) * len(left) > MOST_COMPARED:
        return
    likely = sorted(
        (-likeness, index, other)
        for index, name in open_rows
        for other in left
        if (likeness := fuzz.ratio(squeezed(name), squeezed(value_of(read[other], "name") or "")))
        >= LIKE_ENOUGH
    )
    for _, index, other in likely:
        if index not in pairs and other in left:
            pairs[index] = other
            del left[other]


def value_of(row: LineRow, name: str) -> str | None:
    """The value of one part of a row read."""
    field: FieldRow | None = row.get(name)
    return None if field is None else field["value"]


def shown(values: Iterable[str | None]) -> str:
    """A row in one line."""
    return " · ".join(value or "—" for value in values)


def _overlap(name: str, true: Sequence[Known], read: Sequence[LineRow]) -> Overlap:
    wanted = Counter(comparable(name, value) for row in true if (value := row.get(name)) is not None)
    found = Counter(comparable(name, value) for row in read if (value := value_of(row, name)) is not None)
    return Overlap((wanted & found).total(), wanted.total(), found.total())
