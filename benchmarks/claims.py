"""How many papers of mixed folders land in the right claim, and how often what is missing is named rightly.

Folders of several persons, hospitals and visits are drawn (`fixtures.draw.folders`), scanned as a user scans
them, and held against their truth:

    .venv/bin/python benchmarks/claims.py [--folders N] [--level scan] [--seed S]
    .venv/bin/python benchmarks/claims.py --set DIR --run OUT      # a set and a run that are there already

The home of a claim is the row of `claims.jsonl` that holds most of its papers, its invoice before others.
A paper is right when it lies in the home of its claim, nowhere else, and no other claim has the same home;
a paper of nobody's when it lies in none. Missing materials are right when the home names exactly those
left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.intervals import wilson

INVOICE_WEIGHT = 2
"""An invoice says what a claim is more than any other paper."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Papers and claims, right of all, and what went wrong in words."""

    papers: tuple[int, int]
    claims: tuple[int, int]
    wrong: tuple[str, ...]


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def tally(set_folder: Path, run: Path) -> Tally:
    """The run held against the truth of its set."""
    truth = [row for row in rows(set_folder / "truth.jsonl") if "drawn" in row]
    file_of = {row["document_id"]: row["source"]["file"] for row in rows(run / "documents.jsonl")}
    claims = rows(run / "claims.jsonl")
    found: dict[str, set[str]] = {}
    for claim in claims:
        parts = ("invoices", "itemized_bills", "certificates", "other_documents", "renditions")
        for document_id in (each for part in parts for each in claim[part]):
            found.setdefault(file_of[document_id], set()).add(claim["claim_id"])
    homes = dict(_homes(truth, found))
    wrong: list[str] = []
    for row in truth:
        expected = {homes[claim] for claim in row["drawn"]["claims"] if claim in homes}
        lies = found.get(row["source"]["file"], set())
        if lies != expected or len(expected) < len(row["drawn"]["claims"]):
            kind = f"{row['document_type']} {row['drawn']['layout']}"
            wrong.append(f"{row['source']['file']} ({kind}): {sorted(lies)}，应为 {sorted(expected)}")
    papers = (len(truth) - len(wrong), len(truth))
    lacking = {
        claim["claim_id"]: sorted(each.split()[0] for each in claim["missing_materials"]) for claim in claims
    }
    stated = rows(set_folder / "claims_truth.jsonl")
    right = 0
    for each in stated:
        told = lacking.get(homes.get(each["claim"], ""))
        if told == each["missing"]:
            right += 1
        else:
            wrong.append(f"{each['claim']} ({each['case_type']}): 缺 {told}，应为 {each['missing']}")
    return Tally(papers, (right, len(stated)), tuple(wrong))


def _homes(truth: Sequence[Mapping[str, Any]], found: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Claim of the truth to the claim of the run that holds most of it; a home of two is none of both."""
    votes: dict[str, Counter[str]] = {}
    for row in truth:
        claims = row["drawn"]["claims"]
        if len(claims) == 1:
            weight = INVOICE_WEIGHT if row["document_type"].endswith("invoice") else 1
            for claim_id in found.get(row["source"]["file"], ()):
                votes.setdefault(claims[0], Counter())[claim_id] += weight
    best = {claim: counted.most_common(1)[0][0] for claim, counted in votes.items()}
    shared = Counter(best.values())
    yield from ((claim, home) for claim, home in best.items() if shared[home] == 1)


def _say(name: str, right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{name}: {right} / {of} = {right / of:.2%} (95 %: {low:.2%} – {high:.2%})"


def _drawn_and_read(folders: int, level: str, seed: int, work: Path) -> tuple[Path, Path]:
    drawing = [sys.executable, "-m", "fixtures.draw", "--folders", str(folders), "--level", level]
    subprocess.run([*drawing, "--seed", str(seed), "--out", str(work / "set")], check=True)
    baoxiao = str(Path(sys.executable).parent / "baoxiao")
    scan = [baoxiao, "scan", str(work / "set" / "papers"), "--out", str(work / "run")]
    subprocess.run(scan, check=True)
    return work / "set", work / "run"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folders", type=int, default=20)
    parser.add_argument("--level", default="scan")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", type=Path, help="a set that is drawn already")
    parser.add_argument("--run", type=Path, help="the output folder of its scan")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if chosen.set and chosen.run:
            told = tally(chosen.set, chosen.run)
        else:
            told = tally(*_drawn_and_read(chosen.folders, chosen.level, chosen.seed, Path(work)))
    for line in told.wrong:
        print(line)
    print(_say("在正确申请中的单据 / papers in the right claim", *told.papers))
    print(_say("缺件清单正确的申请 / claims whose missing materials are right", *told.claims))


if __name__ == "__main__":
    main()
