"""What became of a list: entries added, removed and changed between two lists, or between two days.

Entries are paired by code and name, then by name, form and specification, then by code where the names are
alike: the national drug list numbers its items anew each year, so a code alone says nothing there.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import COLUMNS, ListHead, ListKind, read_records
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import bare

COMPARED = (
    *("name", "form", "class", "category", "unit", "specification", "restriction"),
    *("aliases", "price", "price_basis", "first_self_pay_ratios"),
    *("grade", "province", "city", "former_names"),
    *("clinical_code", "included_code", "frequency", "limit", "value", "note", "kind"),
)
"""Columns whose change is told; codes and dates are told with the entry."""
RENAMED = 0.6
"""From this likeness on, two names under one code are one entry renamed: 头孢克肟片/头孢克肟分散片 0.71."""

Record = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that both sides have: column -> (before, after)."""

    code: str
    name: str
    form: str
    columns: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListDiff:
    """What one side has and the other has not, and what they say differently."""

    added: tuple[Record, ...]
    removed: tuple[Record, ...]
    changed: tuple[Change, ...]
    same: int


def in_force(catalogs: Catalogs, kind: ListKind, on: date) -> list[Record]:
    """The entries of every list of `kind` in use that hold on a day of treatment."""
    return [
        record
        for head, path in catalogs.lists
        if head.kind == kind
        for record in read_records(path)
        if _holds(record, head, on)
    ]


def _holds(record: Record, head: ListHead, on: date) -> bool:
    start = record.get("effective_from") or head.effective_from
    end = record.get("effective_to") or head.effective_to
    return (not start or str(start) <= on.isoformat()) and (not end or on.isoformat() <= str(end))


def diff(before: Iterable[Record], after: Iterable[Record]) -> ListDiff:
    """Compare two lists of the same kind."""
    old, new = list(before), list(after)
    pairs: list[tuple[Record, Record]] = []
    for key in (_code_and_name, _name_and_form, _code_alone):
        found = _paired(old, new, key)
        if key is _code_alone:
            found = [pair for pair in found if _are_alike(*pair)]
        pairs += found
        gone = {id(one) for pair in found for one in pair}
        old = [one for one in old if id(one) not in gone]
        new = [one for one in new if id(one) not in gone]
    changes = [change for pair in pairs if (change := _change(*pair)) is not None]
    return ListDiff(tuple(new), tuple(old), tuple(changes), len(pairs) - len(changes))


def _code_and_name(record: Record) -> tuple[str, ...] | None:
    code = record.get("code")
    return (code, bare(record.get("name", "")), record.get("form", "")) if code else None


def _name_and_form(record: Record) -> tuple[str, ...] | None:
    name = bare(record.get("name", "")) or record.get("day", "")
    return (
        (name, *(record.get(column, "") for column in ("form", "specification", "limit", "included_code")))
        if name
        else None
    )


def _code_alone(record: Record) -> tuple[str, ...] | None:
    code = record.get("code")
    return (code,) if code else None


def _paired(
    old: Sequence[Record], new: Sequence[Record], key: Callable[[Record], tuple[str, ...] | None]
) -> list[tuple[Record, Record]]:
    """Entries of one key on both sides, in order; what is left over of either stays alone."""
    waiting: defaultdict[tuple[str, ...], list[Record]] = defaultdict(list)
    for one in old:
        if (known := key(one)) is not None:
            waiting[known].append(one)
    pairs = []
    for one in new:
        known = key(one)
        if known is not None and waiting.get(known):
            pairs.append((waiting[known].pop(0), one))
    return pairs


def _are_alike(old: Record, new: Record) -> bool:
    return likeness(bare(new.get("name", "")), bare(old.get("name", ""))) >= RENAMED


def _change(old: Record, new: Record) -> Change | None:
    columns = {
        column: (old.get(column, ""), new.get(column, ""))
        for column in COMPARED
        if _plain(old.get(column, "")) != _plain(new.get(column, ""))
    }
    if not columns:
        return None
    name = new.get("name") or new.get("day", "")
    return Change(new.get("code", ""), name, new.get("form", ""), columns)


def _plain(text: str) -> str:
    """A cell without its spaces: 限 2 型糖尿病 is no change from 限2型糖尿病."""
    return "".join(text.split())


def rows_of(found: ListDiff) -> list[dict[str, str]]:
    """The difference as flat rows: what, code, name, form, column, before, after."""
    rows = []
    for what, records in (("added", found.added), ("removed", found.removed)):
        rows += [
            {
                "what": what,
                "code": one.get("code", ""),
                "name": one.get("name") or one.get("day", ""),
                "form": one.get("form", ""),
                "column": "",
                "before": "",
                "after": "",
            }
            for one in records
        ]
    rows += [
        {
            "what": "changed",
            "code": one.code,
            "name": one.name,
            "form": one.form,
            "column": column,
            "before": before,
            "after": after,
        }
        for one in found.changed
        for column, (before, after) in one.columns.items()
    ]
    return rows


def write_csv(file: Path, found: ListDiff) -> None:
    """The difference as a CSV that spreadsheets open, one row an entry or a changed cell."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, ("what", "code", "name", "form", "column", "before", "after"))
        writer.writeheader()
        writer.writerows(rows_of(found))


def write_json(file: Path, found: ListDiff) -> None:
    """The difference as JSON: `added` and `removed` with all columns, `changed` with before and after."""
    changed = [
        {
            "code": one.code,
            "name": one.name,
            "form": one.form,
            "columns": {
                column: {"before": before, "after": after} for column, (before, after) in one.columns.items()
            },
        }
        for one in found.changed
    ]
    whole = {
        "added": [dict(one) for one in found.added],
        "removed": [dict(one) for one in found.removed],
        "changed": changed,
        "same": found.same,
    }
    file.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def same_columns(a: ListKind, b: ListKind) -> bool:
    """Whether lists of the two kinds can be compared."""
    return COLUMNS[a] == COLUMNS[b]
