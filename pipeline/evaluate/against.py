"""What got better and what got worse since an earlier evaluation of the same papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from pipeline.evaluate.evaluation import Record
from pipeline.evaluate.labels import field_name, named

Figures: TypeAlias = Mapping[str, Any]
Getter: TypeAlias = Callable[[Figures], float | None]

SHOWN_FIELDS = 10
LEAST_CHANGE = 5e-7
"""Below the last place that figures are written with."""


def _lowest(figures: Figures) -> float | None:
    lowest = figures["lowest_key_field"]
    return lowest["share"] if lowest else None


FIGURES: Final[tuple[tuple[str, tuple[str, str], Getter, bool], ...]] = (
    ("type", ("类型", "type"), lambda f: f["type"]["share"], True),
    ("lowest_key_field", ("关键字段最低", "lowest key field"), _lowest, True),
    ("all_key_fields", ("五项全对", "all five"), lambda f: f["all_key_fields"]["share"], True),
    ("all_fields", ("全部字段", "all fields"), lambda f: f["all_fields"]["share"], True),
    ("rows_f1", ("明细 F1", "rows F1"), lambda f: f["rows"]["exact"]["f1"], True),
    ("amounts_f1", ("金额 F1", "amounts F1"), lambda f: f["rows"]["amount"]["f1"], True),
    ("straight_through", ("直通", "straight through"), lambda f: f["straight_through"]["share"], True),
    ("accepted_papers", ("整份通过", "accepted papers"), lambda f: f["accepted_papers"]["share"], True),
    ("accepted_fields", ("字段免看", "accepted fields"), lambda f: f["acceptance"]["fields"]["share"], True),
    (
        "fields_wrong_per_1000",
        ("字段误放 ‰", "accepted fields wrong per 1000"),
        lambda f: f["accepted_wrong"]["fields"]["per_1000"],
        False,
    ),
    (
        "rows_wrong_per_1000",
        ("明细误放 ‰", "accepted row parts wrong per 1000"),
        lambda f: f["accepted_wrong"]["rows"]["per_1000"],
        False,
    ),
    (
        "inconsistent_named",
        ("不一致被指出", "inconsistent named"),
        lambda f: f["inconsistent_named"]["share"],
        True,
    ),
    ("false_alarm", ("误报", "false alarms"), lambda f: f["false_alarm"]["share"], False),
    ("ece", ("校准误差", "ECE"), lambda f: f["ece"]["together"], False),
)
"""Key, name, where it stands, whether more is better."""
COMPARED_SPLITS = ("level", "type", "source")


def changes_between(earlier: Record, now: Record) -> Record:
    """Figures with their change, and the fields that were right and are wrong now and the reverse.

    Fields count on papers that both evaluations judged.
    """
    common = set(earlier["papers"]) & set(now["papers"])
    before, after = _wrong(earlier, common), _wrong(now, common)
    worse = [_changed(after[key], None, after[key]) for key in after if key not in before]
    better = [_changed(before[key], before[key], None) for key in before if key not in after]
    return {
        "papers_compared": len(common),
        "figures": list(_deltas(earlier["overall"], now["overall"], "all", "all")),
        "slices": [
            delta
            for split in COMPARED_SPLITS
            for value in now["slices"].get(split, {})
            if value in earlier["slices"].get(split, {})
            for delta in _deltas(earlier["slices"][split][value], now["slices"][split][value], split, value)
            if delta["delta"]
        ],
        "worse": worse,
        "better": better,
        "worse_by_field": _counted(worse),
        "better_by_field": _counted(better),
    }


def _wrong(record: Record, papers: set[str]) -> dict[tuple[str, str], Record]:
    return {(one["paper"], one["path"]): one for one in record["wrong"] if one["paper"] in papers}


def _changed(one: Record, earlier: Record | None, now: Record | None) -> Record:
    """A field that changed sides; the side that is right reads the truth."""
    return {
        "paper": one["paper"],
        "file": one["file"],
        "page": one["page"],
        "path": one["path"],
        "field": one["field"],
        "truth": one["truth"],
        "earlier": one["truth"] if earlier is None else earlier["reading"],
        "now": one["truth"] if now is None else now["reading"],
        "fault": one["fault"],
        "accepted": one["status"] == "accepted",
    }


def _counted(changed: list[Record]) -> dict[str, int]:
    counts = Counter(one["field"] for one in changed)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _deltas(earlier: Figures, now: Figures, split: str, value: str) -> Iterator[Record]:
    for key, _, get, more_is_better in FIGURES:
        before, after = get(earlier), get(now)
        if before is None or after is None:
            continue
        delta = after - before if abs(after - before) > LEAST_CHANGE else 0.0
        yield {
            "split": split,
            "value": value,
            "figure": key,
            "earlier": before,
            "now": after,
            "delta": round(delta, 6),
            "better": (delta > 0) is more_is_better if delta else None,
        }


def figure_name(key: str) -> tuple[str, str]:
    """A compared figure in both languages."""
    return next(names for own, names, _, _ in FIGURES if own == key)


def figure_text(key: str, value: float, *, sign: bool = False) -> str:
    """A figure, or its change, as people read it."""
    plus = "+" if sign else ""
    if key.endswith("per_1000"):
        return f"{value:{plus}.2f} ‰"
    return f"{value:{plus}.4f}" if key == "ece" else f"{100 * value:{plus}.1f} %"


def change_lines(changes: Record) -> Iterator[str]:
    """The changes for the terminal: figures, counts by field, the first fields that got worse."""
    yield f"\n与以前相比 / against the earlier run ({changes['papers_compared']} 份 / papers)"
    moved = [one for one in changes["figures"] if one["delta"]]
    if not moved:
        yield "  总体没有变化 / no figure of the whole changed"
    for one in moved:
        sign = "▲" if one["better"] else "▼"
        key = one["figure"]
        yield (
            f"  {sign} {' / '.join(figure_name(key))}: {figure_text(key, one['earlier'])}"
            f" → {figure_text(key, one['now'])} ({figure_text(key, one['delta'], sign=True)})"
        )
    for sign, side, word in (("▲", "better", "变好 / now right"), ("▼", "worse", "变差 / now wrong")):
        counts = " · ".join(f"{field_name(name)[0]} {n}" for name, n in changes[f"{side}_by_field"].items())
        yield f"  {sign} {word}: {len(changes[side])}" + (f"（{counts}）" if counts else "")
    for one in changes["worse"][:SHOWN_FIELDS]:
        accepted = "，且已通过 / and accepted" if one["accepted"] else ""
        yield f"    {one['file']} p{one['page']} {one['path']}: {' / '.join(named(one['fault']))}{accepted}"
    if len(changes["worse"]) > SHOWN_FIELDS:
        yield f"    … 另有 {len(changes['worse']) - SHOWN_FIELDS} 项，见 JSON / more in the JSON"
