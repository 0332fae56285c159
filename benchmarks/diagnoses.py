"""How often a printed diagnosis gets its ICD-10 code, and how often what is none stays without.

    python benchmarks/diagnoses.py [SEED]

Names are taken by lot from the whole list of diagnoses (`../shared/catalogs`, else the sample that ships),
half of them from the common ones of the sample, and printed the ways certificates print them. The truth is
the code of the name that was taken. Names that must get no code: diagnoses whose entry was taken out of the
list before, advice, medicines, services. Nothing was chosen by hand so that it passes.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.diagnoses import DiagnosisMatcher
from pipeline.catalogs.entries import DATA, Diagnosis, Entry, read_diagnoses, read_map, read_pairs
from pipeline.catalogs.importing import import_folder

SHARED = Path(__file__).parents[2] / "shared" / "catalogs"
EACH = 80
"""Names for each way of printing."""
HELD_OUT = 300
"""Diagnoses taken out of the list, to see what their names then get."""
STAGES = ("（Ⅱ期）", "III期", "3级", "（轻度）", "（极高危）", "急性发作期", "(稳定期)")
SIDES = ("左侧{}", "右侧{}", "双侧{}", "{}（左）", "{}(右侧)")
DOUBTS = ("{}？", "{}待查", "{}?待排", "疑似{}", "考虑{}", "{}可能")
NUMBERS = ("1.{}", "2、{}", "①{}", "（1）{}", "3){}", "1. {}")
LABELS = ("诊断：{}", "初步诊断:{}", "临床诊断：1.{}", "出院诊断： {}", "门诊诊断:{}")
PAST = ("{}术后", "{}史", "{}病史10年", "{}治疗后", "{}术后3月")
SEVERAL = ("1.{} 2.{}", "{};{}", "①{}②{}", "1、{}2、{}", "{}，{}", "{} {}")
NO_DIAGNOSIS = (
    *(
        "建议休息两周",
        "随诊复查",
        "门诊随访",
        "注意休息，清淡饮食",
        "避免剧烈运动",
        "一周后复诊",
        "定期复查血常规",
    ),
    *("建议住院治疗", "如有不适及时就诊", "全休一个月", "加强营养", "继续口服药物治疗", "已告知病情", "同意"),
)


class Printed(NamedTuple):
    """One line as printed, and the codes that it must get; an empty tuple for none."""

    way: str
    text: str
    codes: tuple[str, ...]


def main(seed: int) -> None:
    """Print the table, the speed and what went wrong."""
    lot = random.Random(seed)  # noqa: S311  # a lot that can be drawn again
    with tempfile.TemporaryDirectory() as folder:
        catalogs = _lists(Path(folder))
        started = time.perf_counter()
        matcher = catalogs.diagnoses
        loaded = time.perf_counter() - started
        everything = [one for path in _paths(catalogs, "diagnosis") for one in read_diagnoses(path)]
        clinical = {
            insured: code
            for path in _paths(catalogs, "diagnosis_map")
            for code, (insured, _) in read_map(path, "diagnosis_map").items()
            if code != insured
        }
        entries = catalogs.entries
    printed = list(_printed(everything, clinical, lot))
    started = time.perf_counter()
    answers = [tuple(one.code for one in matcher.read(each.text)) for each in printed]
    seconds = time.perf_counter() - started
    _say(printed, answers)
    print(f"\n{len(everything):,} diagnoses loaded in {loaded:.1f} s; ", end="")
    print(f"{len(printed) / seconds:,.0f} lines a second, each other than the others")
    _negatives(everything, entries, matcher, lot)


def _lists(folder: Path) -> Catalogs:
    if not SHARED.is_dir():
        return Catalogs.sample()
    import_folder(SHARED, folder)
    return Catalogs.in_use(folder)


def _paths(catalogs: Catalogs, kind: str) -> list[Path]:
    return [path for head, path in catalogs.lists if head.kind == kind]


def _printed(everything: list[Diagnosis], clinical: dict[str, str], lot: random.Random) -> Iterator[Printed]:
    counts = Counter(one.name for one in everything)
    names = {one.name for one in everything}
    known = [one for one in everything if counts[one.name] == 1 and len(one.name) >= 3]
    common_codes = {one.code for one in read_diagnoses(DATA / "sample_diagnoses.csv")}
    common = [one for one in known if one.code in common_codes]
    plain = [one for one in known if not set(one.name) & set("左右双侧期级史后+？，、")]
    plain_common = [one for one in common if one in plain]

    def some(rare: list[Diagnosis], usual: list[Diagnosis]) -> list[Diagnosis]:
        half = min(len(usual), EACH // 2)
        return lot.sample(usual, half) + lot.sample(rare, min(len(rare), EACH - half))

    def worded(
        way: str, forms: tuple[str, ...], codes: Callable[[Diagnosis], tuple[str, ...]]
    ) -> Iterator[Printed]:
        for one in some(plain, plain_common):
            text = lot.choice(forms).format(one.name)
            if text not in names:
                yield Printed(way, text, codes(one))

    def code(one: Diagnosis) -> tuple[str, ...]:
        return (one.code,)

    for one in some(known, common):
        yield Printed("as listed", one.name, (one.code,))
    for way, forms in (("number", NUMBERS), ("label", LABELS), ("side", SIDES), ("doubt", DOUBTS)):
        yield from worded(way, forms, code)
    yield from worded("stage", tuple("{}" + stage for stage in STAGES), code)
    yield from worded("past", PAST, lambda _: ())
    for one in some(plain, plain_common):
        other = lot.choice(plain_common)
        if other.code != one.code:
            form = lot.choice(SEVERAL)
            yield Printed("several", form.format(one.name, other.name), (one.code, other.code))
    for one in some(plain, plain_common):
        shown = clinical.get(one.code, one.code)
        yield Printed(
            "with code", lot.choice(("{} {}", "{1} {0}", "{}（{}）")).format(one.name, shown), (one.code,)
        )
    alike = _look_alikes()
    for one in some(
        [each for each in plain if len(each.name) >= 6], [e for e in plain_common if len(e.name) >= 5]
    ):
        yield Printed("noise", _misread(one.name, alike, lot), (one.code,))


def _look_alikes() -> dict[str, list[str]]:
    """Characters that are read for one another: pairs that two or more sources name."""
    pairs: dict[str, list[str]] = {}
    path = SHARED / "similar_chars.csv"
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                if int(row["n_sources"]) >= 2:
                    pairs.setdefault(row["char_a"], []).append(row["char_b"])
                    pairs.setdefault(row["char_b"], []).append(row["char_a"])
    return pairs


def _misread(name: str, alike: dict[str, list[str]], lot: random.Random) -> str:
    """The name with one thing wrong: a look-alike character, one lost, one doubled, or spaces in it."""
    places = [at for at, char in enumerate(name) if char in alike]
    way = lot.random()
    if places and way < 0.6:
        at = lot.choice(places)
        return name[:at] + lot.choice(alike[name[at]]) + name[at + 1 :]
    at = lot.randrange(len(name))
    if way < 0.75:
        return name[:at] + name[at + 1 :]
    return name[:at] + (name[at] if way < 0.85 else " ") + name[at:]


def _say(printed: list[Printed], answers: list[tuple[str | None, ...]]) -> None:
    total, right, none = Counter[str](), Counter[str](), Counter[str]()
    wrong: list[str] = []
    for each, answer in zip(printed, answers, strict=True):
        given = tuple(code for code in answer if code is not None)
        total[each.way] += 1
        if given == each.codes:
            right[each.way] += 1
        elif set(given) <= set(each.codes):
            none[each.way] += 1
        else:
            wrong.append(f"{each.way}: {each.text} -> {given}, not {each.codes}")
    print(f"{'printed':12}{'lines':>7}{'right':>9}{'open':>9}{'wrong':>9}")
    for way in (*total, "all"):
        count = sum(total.values()) if way == "all" else total[way]
        good = sum(right.values()) if way == "all" else right[way]
        left = sum(none.values()) if way == "all" else none[way]
        shares = (good, left, count - good - left)
        print(f"{way:12}{count:>7}" + "".join(f"{share / count:>9.1%}" for share in shares))
    print("\nwrong:")
    for line in wrong:
        print(f"  {line}")


def _negatives(
    everything: list[Diagnosis], entries: tuple[Entry, ...], matcher: DiagnosisMatcher, lot: random.Random
) -> None:
    out = set(lot.sample(range(len(everything)), min(HELD_OUT, len(everything) // 4)))
    without = DiagnosisMatcher([one for at, one in enumerate(everything) if at not in out])
    counts = Counter[str]()
    for at in out:
        one = everything[at]
        match = without.match(one.name)
        near = match is not None and match.icd10_code[:3] == one.code[:3]
        counts["none" if match is None else "same category" if near else "other"] += 1
        if match is not None and not near:
            print(f"  held out: {one.name} {one.code} -> {match.name} {match.icd10_code} {match.score}")
    print(f"\nheld out of the list: {dict(counts)}")
    things = [
        *NO_DIAGNOSIS,
        *lot.sample([entry.name for entry in entries if entry.kind == "drug"], 150),
        *lot.sample([entry.name for entry in entries if entry.kind != "drug"], 150),
        *lot.sample([*read_pairs(DATA / "brand_names.csv")], 50),
    ]
    given = {text: match for text in things if (match := matcher.match(text)) is not None}
    print(f"no diagnoses: {len(things) - len(given)} of {len(things)} without a code")
    for text, match in given.items():
        print(f"  {text} -> {match.name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
