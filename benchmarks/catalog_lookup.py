"""How long a key takes while a row is looked up in the lists, what the index costs, and whether it is found.

    python benchmarks/catalog_lookup.py [FOLDER] [--entries 120000] [--names 150] [--seed 1]

FOLDER holds the public lists (`../shared/catalogs`); where they have fewer entries than asked for, diagnoses
and procedures stand in for services. Names are taken by lot and typed character by character in four ways: as
listed, by the initials of their usual reading, by code, and with a wrong second character. `found` is the
share of entries in force that stand among the first twelve once half of their name, at least four
characters, is typed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import psutil
from pypinyin import lazy_pinyin

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import Entry, read_diagnoses
from pipeline.catalogs.importing import import_folder
from pipeline.catalogs.lookup import CatalogLookup
from pipeline.catalogs.printed_names import bare

SHARED = Path(__file__).parents[2] / "shared" / "catalogs"
DAY = date(2026, 7, 1)
LONGEST_TYPED = 20
FEWEST_TYPED = 4
WRONG = "囗"
"""A character that no name holds."""


def main() -> int:
    """Builds the index, types, and tells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--entries", type=int, default=120_000)
    parser.add_argument("--names", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        import_folder(asked.folder, Path(folder))
        catalogs = Catalogs.in_use(Path(folder))
        entries = [*catalogs.entries, *stand_ins(catalogs)][: asked.entries]
    while len(entries) < asked.entries:
        entries += [one._replace(name=f"{one.name}型") for one in entries[: asked.entries - len(entries)]]
    catalogs.__dict__["entries"] = tuple(entries)  # in place of those that it would read
    lookup = CatalogLookup(catalogs)
    before, begun = resident(), time.process_time()
    lookup.prepare()
    print(f"{len(entries):,} entries: built in {time.process_time() - begun:.1f} CPU s, ", end="")
    print(f"{resident() - before:.0f} MB")
    rng = random.Random(asked.seed)  # noqa: S311 - a lot that can be drawn again
    type_names(lookup, entries, rng, asked.names)
    return 0


def stand_ins(catalogs: Catalogs) -> Iterator[Entry]:
    """Diagnoses and procedures as if they were services."""
    known = [one for path in catalogs._of("diagnosis") for one in read_diagnoses(path)]
    known += [one for path in catalogs._of("procedure") for one in read_diagnoses(path, "procedure")]
    for one in known:
        yield Entry(
            "service", one.code, one.name, "", None, "", "", "", "", one.aliases, None, None, "", "national"
        )


def type_names(lookup: CatalogLookup, entries: list[Entry], rng: random.Random, count: int) -> None:
    """Types each name in each way, a key at a time."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for _ in range(count):
        entry = rng.choice(entries)
        letters = "".join(one[0] for one in lazy_pinyin(entry.name))
        ways = {
            "name": entry.name,
            "initials": letters,
            "code": entry.code or entry.name,
            "misread": entry.name[:1] + WRONG + entry.name[2:],
        }
        for way, whole in ways.items():
            half = max(FEWEST_TYPED, len(whole) // 2)
            for end in range(1, min(len(whole), LONGEST_TYPED) + 1):
                begun = time.process_time()
                answers = lookup.find(whole[:end], on=DAY)
                times[way].append(1000 * (time.process_time() - begun))
                if end == min(half, len(whole)) and entry.in_force(DAY):
                    names = {bare(one.entry.name) for one in answers}
                    found[way].append(bare(entry.name) in names)
    every = [one for each in times.values() for one in each]
    for way, each in [*times.items(), ("all", every)]:
        middle, most, worst = np.percentile(each, [50, 95, 99])
        share = f"found {np.mean(found[way]):.1%}" if way in found else ""
        print(
            f"{way:9} {len(each):6} keys  p50 {middle:5.1f}  p95 {most:5.1f}  p99 {worst:5.1f} CPU ms  "
            f"{share}"
        )


def resident() -> float:
    """What the process holds now, in MB."""
    held: int = psutil.Process().memory_info().rss
    return held / 2**20


if __name__ == "__main__":
    sys.exit(main())
