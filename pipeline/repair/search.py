"""The single edits that close all broken sums of a paper that hang together, and break none.

Sums hang together where they share a number. What closes them all must lie in each of them, and the sums
themselves say what it must be: so nothing is tried out, and only what one misread can explain is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.model import AnyField, Document
from pipeline.repair.cells import amounts_of, cell_at
from pipeline.repair.edits import Misread, misread_as, prints_points, words_misread_as
from pipeline.repair.equations import Equation, equations_of

STATED = frozenset(("qr", "xml", "ofd"))
"""What a machine-readable part of the paper says outranks what OCR made of its print."""

WORDS = "fields.total_in_words"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One value that may be a misread, what it would be, and which sums would close with it.

    `witnesses` counts those of them that say so of different numbers: two sums over the same rows are one
    witness. `is_backed` says that a sum which holds already, without this value, proves another number of one
    that would close: the row's amount where its price was misread, the total where a payment was.
    """

    path: str
    value: Decimal | str
    misread: Misread
    closes: tuple[str, ...]
    witnesses: int
    is_backed: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """Sums that do not close and hang together, and the single edits each of which closes all of them."""

    equations: tuple[Equation, ...]
    proposals: tuple[Proposal, ...]


def breaks_of(document: Document) -> tuple[Break, ...]:
    """What does not close on the paper, with the single edits that would close it, the likeliest first."""
    equations = equations_of(document)
    torn = [equation for equation in equations if is_torn(equation, document)]
    if not torn:
        return ()
    proved = Counter(path for equation in equations if equation.state == "holds" for path in equation.paths)
    with_points = prints_points(amounts_of(document))
    return tuple(
        Break(
            group, tuple(sorted(_proposals(document, group, equations, proved, with_points), key=_unlikely))
        )
        for group in _hanging_together(torn)
    )


def _unlikely(proposal: Proposal) -> tuple[bool, bool, int]:
    return not proposal.misread.is_supported, not proposal.misread.is_likely, -proposal.witnesses


def is_torn(equation: Equation, document: Document) -> bool:
    """Whether a sum does not close, or waits for one number alone that stands there unread."""
    if equation.state != "open":
        return equation.state == "broken"
    cell = cell_at(document, equation.unread[0])
    if cell is None or not _may_be_misread(cell):
        return False
    return equation.unread[0] == WORDS or any(map(str.isdigit, cell.text))


def _hanging_together(equations: Sequence[Equation]) -> Iterator[tuple[Equation, ...]]:
    left = list(equations)
    while left:
        group = [left.pop(0)]
        paths = set(group[0].paths)
        while joining := [equation for equation in left if paths & set(equation.paths)]:
            group += joining
            paths.update(path for equation in joining for path in equation.paths)
            left = [equation for equation in left if equation not in joining]
        yield tuple(group)


def _proposals(
    document: Document,
    group: Sequence[Equation],
    equations: Sequence[Equation],
    proved: Mapping[str, int],
    with_points: bool,
) -> Iterator[Proposal]:
    shared = set(group[0].paths).intersection(*(equation.paths for equation in group))
    concerned: dict[str, list[Equation]] = defaultdict(list)
    for equation in equations:
        for path in shared.intersection(equation.paths):
            concerned[path].append(equation)
    for path in group[0].paths:
        cell = cell_at(document, path) if path in shared else None
        if cell is None or not _may_be_misread(cell):
            continue
        needed = dict.fromkeys(value for equation in group for value in equation.needed(path))
        for value in needed:
            closed = _closed(group, concerned[path], path, value)
            if not closed:
                continue
            backed = _is_backed(closed, concerned[path], path, proved)
            found: tuple[Decimal | str, Misread] | None = None
            if path == WORDS:
                found = words_misread_as(cell, value)
            elif misread := misread_as(cell, value, prints_points=with_points and _is_money(path)):
                found = value, misread
            if found is not None:
                yield Proposal(path, *found, _rules(closed), _witnesses(closed, path), backed)


def _is_money(path: str) -> bool:
    """Whether an amount stands there: a quantity has no places, and a price as many as it needs."""
    return not path.endswith((".quantity", ".unit_price"))


def _may_be_misread(cell: AnyField) -> bool:
    """Whether OCR read it and nothing that outranks OCR says the same."""
    return cell.origin == "ocr" and not STATED & set(cell.witnesses)


def _closed(
    group: Sequence[Equation], concerned: Sequence[Equation], path: str, value: Decimal
) -> list[Equation]:
    """The equations that only hold with `value`; none where it breaks one or leaves one torn."""
    after = {id(equation): equation.state_with(path, value) for equation in concerned}
    if any(after[id(equation)] != "holds" for equation in group) or "broken" in after.values():
        return []
    lost = any(equation.state == "holds" and after[id(equation)] != "holds" for equation in concerned)
    if lost:
        return []
    return [
        equation for equation in concerned if equation.state != "holds" and after[id(equation)] == "holds"
    ]


def _rules(equations: Sequence[Equation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(equation.rule for equation in equations))


def _is_backed(
    closed: Sequence[Equation], concerned: Sequence[Equation], path: str, proved: Mapping[str, int]
) -> bool:
    """Whether sums that hold without the value at `path` prove another number of one that closes with it."""
    own = Counter(other for equation in concerned if equation.state == "holds" for other in equation.paths)
    others = {other for equation in closed for other in equation.paths} - {path}
    return any(proved[other] > own[other] for other in others)


def _witnesses(equations: Sequence[Equation], path: str) -> int:
    """How many of the equations rest on numbers of their own, beside the one at `path`."""
    heard: set[str] = set()
    count = 0
    for equation in sorted(equations, key=lambda each: len(each.paths)):
        others = set(equation.paths) - {path} - set(equation.unread)
        if others and not others & heard:
            heard |= others
            count += 1
    return count
