"""Whether reading at half the precision (bf16) costs accuracy: the same papers at both, field by field.

    .venv/bin/python benchmarks/precision.py [--json FILE]

The papers are `fixtures/samples` and, where they are there, `../shared/real_samples`; what is right is in
the `truth` beside them. Every field that the truth knows counts, as does every charged row (its name and
amount). Fields that come out differently are listed. bf16 runs only on a CPU that has it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks")]

from real_samples import NAMES, items_right, same, value_of  # noqa: E402 - found through the line above

SETS = (
    ("drawn samples", ROOT / "fixtures" / "samples", ROOT / "fixtures" / "truth.jsonl"),
    (
        "published papers",
        ROOT.parent / "shared" / "real_samples",
        ROOT.parent / "shared" / "real_samples" / "truth.jsonl",
    ),
)
PRECISIONS = ("f32", "bf16")


@dataclass
class Score:
    """How a set was read at one precision; `values` holds every field by paper and name."""

    papers: int = 0
    types_right: int = 0
    fields: int = 0
    fields_right: int = 0
    items: int = 0
    items_right: int = 0
    accepted_wrong: int = 0
    values: dict[tuple[str, str], tuple[str | None, str]] = field(default_factory=dict)


def main() -> int:
    """Read both sets at both precisions, print the table; 1 where bf16 gets fewer fields right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    scores: dict[str, dict[str, Score]] = {}
    print(f"{'':18}{'precision':10}{'type':>9}{'fields':>11}{'rows':>11}{'accepted, wrong':>17}")
    for name, folder, truth_file in SETS:
        if not truth_file.exists():
            print(f"{name:18}not here: {truth_file}")
            continue
        truth = [json.loads(line) for line in truth_file.read_text(encoding="utf-8").splitlines()]
        truth = [plain(row) for row in truth if "error" not in row]
        scores[name] = {precision: score(truth, folder, precision) for precision in PRECISIONS}
        for precision, found in scores[name].items():
            print(
                f"{name:18}{precision:10}{found.types_right:>5}/{found.papers:<3}"
                f"{found.fields_right:>7}/{found.fields:<3}{found.items_right:>7}/{found.items:<3}"
                f"{found.accepted_wrong:>13}",
                flush=True,
            )
    for name, by_precision in scores.items():
        for line in differences(by_precision["f32"], by_precision["bf16"]):
            print(f"{name}: {line}")
    if options.json:
        plain = {n: {p: {**vars(s), "values": None} for p, s in by.items()} for n, by in scores.items()}
        options.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    worse = any(by["bf16"].fields_right < by["f32"].fields_right for by in scores.values())
    return 1 if worse else 0


def score(truth: list[dict[str, Any]], folder: Path, precision: str) -> Score:
    """Scan the folder at that precision and compare."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "pipeline.cli", "scan", str(folder), "--out", out, "--direct"]
        environment = {**os.environ, "BAOXIAO_OCR_PRECISION": precision}
        subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL)
        lines = (Path(out) / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    found = Score(papers=len(truth))
    for row in truth:
        document = next(papers_of(row, documents), None)
        if document is None:
            document = {"document_type": None, "fields": {}, "line_items": [], "category_totals": []}
        found.types_right += document["document_type"] == row["document_type"]
        found.items += len(row["line_items"])
        found.items_right += items_right(row["line_items"], document)
        for name, true in row["fields"].items():
            if not isinstance(true, str):
                continue
            name = NAMES.get(name, name)
            read = value_of(document["fields"], name)
            right = same(read, true)
            found.fields += 1
            found.fields_right += right
            accepted = document["fields"].get(name, {}).get("status") == "accepted"
            found.accepted_wrong += accepted and not right
            found.values[f"{row['file']} p.{row.get('pages', [1])[0]}", name] = (read, true)
    return found


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row of truth in the shape of the contract with values instead of FIELDs."""
    if "source" not in row:
        return row
    return {
        **row,
        **row["source"],
        "fields": {name: field["value"] for name, field in row["fields"].items()},
        "line_items": [{name: field["value"] for name, field in item.items()} for item in row["line_items"]],
    }


def papers_of(row: dict[str, Any], documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The documents on the first page of a paper of the truth."""
    for document in documents:
        source = document["source"]
        if source["file"] == row["file"] and row.get("pages", [1])[0] in source["pages"]:
            yield document


def differences(f32: Score, bf16: Score) -> Iterator[str]:
    """The fields that come out differently."""
    for place, (read, true) in f32.values.items():
        other, _ = bf16.values[place]
        if other != read:
            yield f"{place[0]} {place[1]}: f32 {read}, bf16 {other}, true {true}"


if __name__ == "__main__":
    sys.exit(main())
