"""How printed items find their entries: right, wrong, left open; how fast, and how that grows with the list.

    .venv/bin/python benchmarks/matching.py [--seed 1] [--names 1000] [--wrong 20] [--skip-speed]

The lists are the public ones of `../shared/catalogs` where that folder lies beside the project, else the
sample that ships. Names are made by script (`bill_names.py`, `misprints.py`): seed 1 is looked at while the
matcher is worked on, seed 2 is for reporting. "Right" is accepted and right: the entry's own code; "first"
counts also a right entry that stands first among the candidates of a match left open. Names that are in no
list (held out of the index, made up, sold in shops) must stay unmatched; ambiguous counts against.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import _lru_cache_wrapper
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

from bill_names import (  # noqa: E402 - found through the line above
    SHOP_GOODS,
    Case,
    Drawing,
    Truth,
    folded,
    nonsense,
    read_products,
    split_ending,
    truth_of,
    without_patent_ending,
)
from misprints import Misprints, is_han, read_lookalikes  # noqa: E402
from rapidfuzz import process  # noqa: E402

from pipeline.catalogs.catalog import Catalogs  # noqa: E402
from pipeline.catalogs.entries import Entry  # noqa: E402
from pipeline.catalogs.importing import import_folder  # noqa: E402
from pipeline.catalogs.matching import Item, ItemMatcher  # noqa: E402
from pipeline.model import CatalogMatch  # noqa: E402

DAY = date(2025, 8, 1)
"""The list of 2024 with its negotiated part is in force, and nothing else of the national drug lists."""
SHARED = Path(__file__).parents[2] / "shared" / "catalogs"
SIZES = (3_000, 30_000, 300_000)
HELD_OUT_MEDICINES = 250
HELD_OUT_SERVICES = 250
NONSENSE = 200
CHAPTERS_OUT = ("2502", "3102", "3201", "3307", "3403", "4300")
"""Chapters of the national price rules that are taken out of the index: of each kind of service one."""
TIMED_NAMES = 3_000
ROUNDS = 3
"""The fastest counts: what else runs on the machine only ever slows."""
COMPARED_NAMES = 40
"""rapidfuzz compares a name with every entry: so many names are enough to time it."""
SIMPLE_SPECIFICATION = re.compile(r"^[0-9.]+(?:m?g|ml|IU|万IU|μg)(?:[:*×][0-9.]+[a-zA-Z片粒支袋]*)?$")


@dataclass(slots=True)
class Row:
    """One line of the table: how many of what came out how."""

    group: str
    noisy: bool
    count: int = 0
    right: int = 0
    right_first: int = 0
    """The right entry is accepted or stands first among the candidates."""
    ambiguous: int = 0
    unmatched: int = 0
    wrong_entry: int = 0
    wrong_class: int = 0

    def add(self, case: Case, match: CatalogMatch) -> None:
        """Count one answer."""
        first = match if match.status == "matched" else next(iter(match.candidates), match)
        self.count += 1
        self.right_first += first.code in case.codes
        if match.status == "matched":
            right = match.code in case.codes
            self.right += right
            self.wrong_entry += not right
            self.wrong_class += match.reimbursement_class not in (None, case.reimbursement_class)
        else:
            self.ambiguous += match.status == "ambiguous"
            self.unmatched += match.status == "unmatched"


def main() -> int:
    """Draw the names, match them, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--names", type=int, default=1000, help="of each group, clean and noisy")
    parser.add_argument("--wrong", type=int, default=0, help="show so many that were not right, of each row")
    parser.add_argument("--skip-speed", action="store_true")
    parser.add_argument("--skip-names", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, object] = {"seed": options.seed}
    with tempfile.TemporaryDirectory() as folder:
        catalogs = _lists(Path(folder))
        entries = catalogs.entries
    print(f"{len(entries):,} entries, day {DAY}, seed {options.seed}")
    products = read_products(SHARED / "drug_products_local_catalog_2026.csv")
    truth = truth_of(entries, products, DAY)
    drawing = _drawing(_chance(options.seed), truth, [one.specification for one in products])
    cases = [
        *drawing.medicines(options.names, noisy=False),
        *drawing.medicines(options.names, noisy=True),
        *drawing.products(products, options.names, noisy=False),
        *drawing.products(products, options.names, noisy=True),
        *drawing.services(options.names, noisy=False),
        *drawing.services(options.names, noisy=True),
    ]
    if not options.skip_names:
        matcher = ItemMatcher(entries)
        rows = _counted(matcher, cases, options.wrong)
        found["left out"] = dict(truth.left_out)
        print("left out:", ", ".join(f"{why} {count}" for why, count in truth.left_out.most_common()))
        absent = list(_absent_cases(_chance(options.seed), entries, truth, drawing))
        without = ItemMatcher(list(_without_held_out(entries, {case.codes for case in absent})))
        rows += _counted(without, [replace(case, codes=frozenset()) for case in absent], options.wrong)
        _print_rows(rows)
        found["rows"] = [asdict(row) for row in rows]
    if not options.skip_speed:
        found["speed"] = _print_speed(entries, cases)
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - names are drawn, nothing is secret


def _lists(folder: Path) -> Catalogs:
    if not SHARED.is_dir():
        return Catalogs.sample()
    import_folder(SHARED, folder)
    catalogs = Catalogs.in_use(folder)
    _ = catalogs.entries  # read while the folder is there
    return catalogs


def _drawing(chance: Random, truth: Truth, specifications: Sequence[str]) -> Drawing:
    simple = sorted({one for one in specifications if SIMPLE_SPECIFICATION.match(one)}) or ["0.25g*24粒"]
    packed = [one if "*" in one or ":" in one else f"{one}*{chance.choice((6, 7, 10, 24))}" for one in simple]
    return Drawing(chance, truth, Misprints(chance, read_lookalikes(SHARED / "similar_chars.csv")), packed)


# ---------------------------------------------------------------- right, wrong, left open


def _counted(matcher: ItemMatcher, cases: Iterable[Case], shown: int) -> list[Row]:
    rows: dict[tuple[str, bool], Row] = {}
    left: Counter[tuple[str, bool]] = Counter()
    for case in cases:
        match = _match(matcher, case)
        row = rows.setdefault((case.group, case.noisy), Row(case.group, case.noisy))
        before = row.right
        row.add(case, match)
        good = row.right > before if case.codes else match.status == "unmatched"
        if not good and left[case.group, case.noisy] < shown:
            left[case.group, case.noisy] += 1
            print(_told(case, match))
    return list(rows.values())


def _told(case: Case, match: CatalogMatch) -> str:
    """One case that did not come out right, in a line."""
    near = ", ".join(f"{one.name} {one.score:.2f}" for one in match.candidates[:3])
    print_like = "noisy" if case.noisy else "clean"
    return (
        f"  {case.group} {print_like} {case.name!r} {case.specification} {case.category}: "
        f"meant {sorted(case.codes)[:2]}, {match.status} {match.name} {match.code}; {match.why[:60]}; {near}"
    )


def _match(matcher: ItemMatcher, case: Case) -> CatalogMatch:
    return matcher.match(Item(case.name, case.specification, case.unit, case.category, ""), DAY)


def _absent_cases(chance: Random, entries: Sequence[Entry], truth: Truth, drawing: Drawing) -> Iterator[Case]:
    """Cases that mean nothing once their `codes` (here: what to hold out) are out of the index."""
    texts = sorted(text for text, meant in truth.medicines.items() if len(_stem(text, meant)) >= 3)
    for text in chance.sample(texts, min(HELD_OUT_MEDICINES, len(texts))):
        meant = truth.medicines[text]
        entry = next(iter(meant))
        case = Case(
            "held-out medicine",
            chance.random() < 0.5,
            text,
            "",
            "盒",
            entry.category,
            frozenset({_stem(text, meant)}),
        )
        if printed := drawing.printed(case, ""):
            yield printed
    held = {folded(one.name) for one in entries if one.kind == "service" and _chapter(one) in CHAPTERS_OUT}
    kept = {folded(one.name) for one in entries if _chapter(one) not in CHAPTERS_OUT}
    names = (held - kept) & truth.services.keys()
    for noisy in (False, True):
        for case in drawing.services(HELD_OUT_SERVICES // 2, noisy=noisy, only=names):
            yield replace(case, group="held-out service", codes=frozenset(), reimbursement_class=None)
    for text in nonsense(chance, [one.name for one in entries], NONSENSE):
        yield Case("nonsense", False, text, "", "", chance.choice(("", "", "西药费", "治疗费")))
    for text in SHOP_GOODS:
        yield Case("shop goods", False, text, "", chance.choice(("", "个", "盒", "瓶")), "")


def _stem(text: str, meant: Iterable[Entry]) -> str:
    """What to look for in names to hold a medicine out: its name without form."""
    if any(entry.form for entry in meant):
        split = split_ending(text)
        return split[0] if split else text
    return without_patent_ending(text) or text


def _chapter(entry: Entry) -> str:
    code = entry.code
    return code[2:6] if len(code) == 15 else code[:4]


def _without_held_out(entries: Iterable[Entry], held: Iterable[frozenset[str]]) -> Iterator[Entry]:
    stems = {stem for one in held for stem in one}
    pattern = re.compile("|".join(map(re.escape, sorted(stems)))) if stems else None
    for entry in entries:
        if entry.kind == "drug" and pattern and pattern.search(entry.name):
            continue
        if entry.kind == "service" and _chapter(entry) in CHAPTERS_OUT:
            continue
        yield entry


def _print_rows(rows: Sequence[Row]) -> None:
    print(f"{'':26}{'names':>7}{'right':>9}{'first':>9}{'ambig.':>9}{'unmat.':>9}{'entry!':>9}{'class!':>9}")
    for row in rows:
        shares = (
            *(row.right, row.right_first, row.ambiguous, row.unmatched, row.wrong_entry, row.wrong_class),
        )
        cells = "".join(f"{100 * share / row.count:8.2f}%" for share in shares)
        print(f"{row.group:18}{'noisy' if row.noisy else 'clean':8}{row.count:7}{cells}")


# ---------------------------------------------------------------- speed


def _print_speed(entries: Sequence[Entry], cases: Sequence[Case]) -> list[dict[str, float]]:
    """Distinct names a second against three sizes of list, and rapidfuzz over the whole list."""
    chance = _chance(7)
    timed = list({case.name: case for case in cases}.values())
    timed = chance.sample(timed, min(TIMED_NAMES, len(timed)))
    heads = (
        ("entries", 9),
        ("load s", 9),
        ("names/s", 10),
        ("clean/s", 9),
        ("noisy/s", 9),
        ("extract/s", 11),
    )
    print("".join(f"{head:>{width}}" for head, width in heads), "   ratio")
    found = []
    for size in SIZES:
        speed = _speed(_of_size(entries, size, chance), timed)
        found.append(speed)
        print(
            f"{speed['entries']:9,.0f}{speed['load']:9.2f}{speed['all']:10,.0f}{speed['clean']:9,.0f}"
            f"{speed['noisy']:9,.0f}{speed['extract']:11,.1f}{speed['all'] / speed['extract']:8,.0f}x"
        )
    return found


def _speed(entries: Sequence[Entry], timed: Sequence[Case]) -> dict[str, float]:
    """Seconds to load and names a second, all of this process's own CPU time on one core."""
    _forget_names()
    start = time.process_time()
    matcher = ItemMatcher(entries)
    _match(matcher, Case("", False, "起始名称", "", "", ""))  # reads what is read at the first name
    gc.collect()  # else what loading left behind is swept while names are timed
    load = time.process_time() - start
    rounds = [_seconds(matcher, timed) for _ in range(ROUNDS)]
    seconds = {noisy: min(one[noisy] for one in rounds) for noisy in (False, True)}
    names = list(dict.fromkeys(entry.name for entry in entries))
    start = time.process_time()
    for case in timed[:COMPARED_NAMES]:
        process.extract(case.name, names, limit=5)
    noisy_names = sum(case.noisy for case in timed)
    return {
        "entries": len(entries),
        "load": load,
        "all": len(timed) / sum(seconds.values()),
        "clean": (len(timed) - noisy_names) / seconds[False],
        "noisy": noisy_names / seconds[True],
        "extract": COMPARED_NAMES / (time.process_time() - start),
    }


def _seconds(matcher: ItemMatcher, timed: Sequence[Case]) -> dict[bool, float]:
    """Seconds for the clean and for the noisy names, each met for the first time."""
    _forget_names()
    seconds = {}
    for noisy in (False, True):
        start = time.process_time()
        for case in timed:
            if case.noisy == noisy:
                _match(matcher, case)
        seconds[noisy] = time.process_time() - start
    return seconds


def _forget_names() -> None:
    """Empty what remembers names, so that each name is met for the first time; tables that were read stay."""
    for name, module in list(sys.modules.items()):
        if name.startswith("pipeline.catalogs"):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper) and value.cache_parameters()["maxsize"] is not None:
                    value.cache_clear()


def _of_size(entries: Sequence[Entry], size: int, chance: Random) -> list[Entry]:
    """A list of so many entries: some of them, or all and more with names put together of two."""
    if size <= len(entries):
        return chance.sample(list(entries), size)
    grown = list(entries)
    han = [one for one in entries if len(one.name) >= 4 and is_han(one.name[0])]
    while len(grown) < size:
        one, other = chance.choice(han), chance.choice(han)
        name = other.name[: len(other.name) // 2] + one.name[len(one.name) // 2 :]
        grown.append(one._replace(name=name, code=f"X{len(grown)}"))
    return grown


if __name__ == "__main__":
    sys.exit(main())
