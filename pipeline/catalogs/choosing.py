"""Which of the names found is the match: accepted, open between several, or none.

`MATCHED` and `MARGIN` were set on printed names of real bills (`tests/catalogs`), `MATCHED_ALONE` and
`MARGIN_ALONE` on names made by script (`benchmarks/matching.py`, seed 1), so that a wrong entry is rarer than
an open question: an unmatched row goes to a person, a wrong class is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.catalogs.entries import Entry
from pipeline.catalogs.found import Found
from pipeline.catalogs.near_texts import SHOWN
from pipeline.catalogs.strengths import is_of_strength
from pipeline.model import CatalogMatch, ReimbursementClass

MATCHED = 0.86
"""From here on an entry is taken: one look-alike character in a name of three, one odd one in eight."""
MARGIN = 0.04
"""A second entry nearer than this makes the match ambiguous."""
MATCHED_ALONE, ALONE = 0.82, 0.3
"""An entry is taken from here on where no other thing comes within `ALONE` of it: of 1,200 misread names 14
more were right and none wrong, of 1,660 names that are in no list one came so near (seed 1)."""
CANDIDATES = 4
_ONE_AND_THE_SAME = 0.01
"""Names of one thing that score within this are weighed by their standing, not by the score."""

_OUT_OF_FORCE = 0.02
"""So much better an entry that is not in force must fit to stand before one that is."""


class Best(NamedTuple):
    """The entry that speaks for one thing and variant, with the best score that any of its names has."""

    entry: Entry
    score: float
    why: str
    thing: tuple[str, ...]
    exact: bool


def best_of_each(found: Iterable[Found], day: date | None, specification: str) -> list[Best]:
    """One entry for each thing and variant that is meant, best first.

    Of one thing in several lists the one in force on the day is taken, then the national list, then the
    newest. Where a list has it twice with different classes (products of several makers), the printed
    specification decides; else the class is left open.
    """
    groups: dict[tuple[object, ...], list[Found]] = {}
    for one in found:
        if one.score >= SHOWN:
            kind = one.listed.entries[0].kind
            groups.setdefault((kind, one.thing, one.variant), []).append(one)
    best = [_best(group, day, specification) for group in groups.values()]
    best.sort(key=lambda one: one.score - (0.0 if one.entry.in_force(day) else _OUT_OF_FORCE))
    kept = {_identity(one.entry): one for one in best}
    return [one for one in reversed(best) if one is kept[_identity(one.entry)]]


def _identity(entry: Entry) -> tuple[str, str, str, str]:
    return entry.source, entry.code, entry.name, entry.form


def _best(group: Sequence[Found], day: date | None, specification: str) -> Best:
    top = max(one.score for one in group)
    near = [one for one in group if top - one.score < _ONE_AND_THE_SAME]
    standing = [(one, one.listed.on(day)) for one in near]
    first = max(chosen.precedence for _, chosen in standing)
    equals = [pair for pair in standing if pair[1].precedence == first]
    found, chosen = max(equals, key=lambda pair: (pair[0].exact, pair[0].score))
    others = [entry for _, other in equals for entry in other.entries]
    entry = _of_one_class(chosen.entries[0], others, specification)
    entry = entry._replace(self_pay_ratios=_shares_of(others))
    return Best(entry, top, found.why, found.thing, any(one.exact for one in near))


def _of_one_class(entry: Entry, equals: Sequence[Entry], specification: str) -> Entry:
    """The entry; where its equals are of another class, one of the printed strength, else left open."""
    if _classes(equals) <= {entry.reimbursement_class}:
        return entry
    fitting = [one for one in equals if is_of_strength(specification, one.specification)]
    if len(_classes(fitting)) == 1:
        return fitting[0]
    return entry._replace(reimbursement_class=None)


def _shares_of(equals: Sequence[Entry]) -> tuple[Decimal, ...]:
    """Every share that any of the products has; none where one of them leaves it open."""
    if not all(entry.self_pay_ratios for entry in equals):
        return ()
    return tuple(sorted({share for entry in equals for share in entry.self_pay_ratios}))


def _classes(entries: Iterable[Entry]) -> set[ReimbursementClass | None]:
    return {entry.reimbursement_class for entry in entries}


def choose(
    best: Sequence[Best],
    printed_class: ReimbursementClass | None,
    day: date | None,
    covers: Callable[[Entry], bool],
) -> CatalogMatch:
    """The match among the best of each thing.

    Args:
        best: What was found, best first.
        printed_class: 甲, 乙 or 丙 where the bill prints it; it decides between entries alike.
        day: The date of treatment.
        covers: Whether any list with entries like this one is in force on the day.
    """
    if not best:
        return CatalogMatch("unmatched", why="目录中没有相近的项目")
    shown = tuple(_as_match(one, day) for one in best[:CANDIDATES])
    first = best[0]
    if first.score < (MATCHED_ALONE if _is_alone(best) else MATCHED):
        why = f"最相近的是“{first.entry.name}”：{first.why}"
        return CatalogMatch("unmatched", score=shown[0].score, candidates=shown, why=why)
    close = _settled([one for one in best if first.score - one.score < MARGIN], printed_class, day)
    if len(close) > 1:
        names = "、".join(_label(one.entry) for one in close[:3])
        return CatalogMatch(
            "ambiguous",
            kind=first.entry.kind if len({one.entry.kind for one in close}) == 1 else None,
            score=shown[0].score,
            candidates=shown,
            why=f"不能区分：{names}",
        )
    chosen = close[0]
    if chosen.entry.in_force(day):
        return _as_match(chosen, day, tuple(one for one in shown if one.code != chosen.entry.code))
    if covers(chosen.entry):
        why = f"“{chosen.entry.name}”在就诊日 {day} 不在目录有效期内（{_period(chosen.entry)}）"
        return CatalogMatch("unmatched", score=shown[0].score, candidates=shown, why=why)
    found_anyway = _as_match(chosen, day)
    return replace(
        found_anyway,
        reimbursement_class=None,
        candidates=(found_anyway,),
        why=f"{chosen.why}；没有 {day} 在用的目录，甲乙类未定",
    )


def _is_alone(best: Sequence[Best]) -> bool:
    return all(one.thing == best[0].thing or best[0].score - one.score >= ALONE for one in best[1:])


def _settled(close: list[Best], printed_class: ReimbursementClass | None, day: date | None) -> list[Best]:
    """What is left of entries that come equally near, once the plain reasons to prefer one have spoken."""
    if len(close) == 1:
        return close
    national = {one.thing for one in close if one.entry.scope == "national" and one.entry.in_force(day)}
    narrowing: tuple[Callable[[Best], bool], ...] = (
        lambda one: one.entry.in_force(day),
        lambda one: one.entry.scope == "national" or one.thing not in national,
        lambda one: one.exact,
    )
    for reason in narrowing:
        close = [one for one in close if reason(one)] or close
    deciding: tuple[Callable[[Best], bool], ...] = (
        lambda one: one.entry.scope == "national",
        lambda one: printed_class is not None and one.entry.reimbursement_class == printed_class,
    )
    for reason in deciding:
        left = [one for one in close if reason(one)]
        if len(left) == 1:
            return left
    return close


def _label(entry: Entry) -> str:
    form = f"（{entry.form}）" if entry.form else ""
    return f"{entry.name}{form}"


def _as_match(one: Best, day: date | None, candidates: tuple[CatalogMatch, ...] = ()) -> CatalogMatch:
    entry = one.entry
    form = f"（{entry.form}）" if entry.form else ""
    why = f"{one.why}；{entry.source}{form}"
    if entry.restriction:
        why += f"；{entry.restriction}"
    if not entry.in_force(day):
        why += f"；{_period(entry)}"
    return CatalogMatch(
        "matched",
        kind=entry.kind,
        code=entry.code or None,
        name=entry.name,
        reimbursement_class=entry.reimbursement_class,
        score=round(min(1.0, max(0.0, one.score)), 3),
        candidates=candidates,
        why=why,
        self_pay_ratios=entry.self_pay_ratios,
    )


def _period(entry: Entry) -> str:
    start = str(entry.effective_from) if entry.effective_from else "未载明"
    end = str(entry.effective_to) if entry.effective_to else "今"
    return f"有效期 {start} 至 {end}"
