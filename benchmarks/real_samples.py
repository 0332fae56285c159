"""Accuracy on published real papers: type, key fields, fields accepted and wrong.

    python benchmarks/real_samples.py [FOLDER] [--json FILE]

FOLDER holds the papers and `truth.jsonl` (default: ../shared/real_samples beside the project). The papers
are not part of the project. A key field counts where the truth knows it; amounts are compared as numbers.
A field is "accepted and wrong" when it has status `accepted` and the truth, which knows it, says otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.evaluate.comparing import KEY_FIELDS
from pipeline.evaluate.truth import NAMES

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Scan the folder, compare, print the table; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "real_samples")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    truth_file = options.folder / "truth.jsonl"
    if not truth_file.exists():
        print(f"没有样本 / no samples at {options.folder}: give the folder that holds truth.jsonl")
        return 2
    truth = [json.loads(line) for line in truth_file.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        files = [str(options.folder / row["file"]) for row in truth]
        command = [sys.executable, "-m", "pipeline.cli", "scan", *files, "--out", folder, "--direct"]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        found = documents(Path(folder) / "documents.jsonl")
    rows = [compare(row, found.get(row["file"], [])) for row in truth]
    report = totals(rows)
    show(rows, report)
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, **report}, ensure_ascii=False, indent=1) + "\n")
    return 0 if report["targets_met"] else 1


def documents(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The documents by the file that they stand on."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        found.setdefault(document["source"]["file"], []).append(document)
    return found


def compare(truth: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """One paper: what was read beside what stands there."""
    document = found[0] if found else {"document_type": None, "fields": {}, "line_items": [], "status": None}
    fields = document["fields"]
    known = {NAMES.get(n, n): v for n, v in truth.get("extra", {}).items() if isinstance(v, str)}
    known |= {NAMES.get(n, n): v for n, v in truth["fields"].items() if isinstance(v, str)}
    keys = {name: value for name in KEY_FIELDS if (value := truth["fields"].get(name)) is not None}
    wrong = {
        name: [value_of(fields, name), value]
        for name, value in keys.items()
        if not same(value_of(fields, name), value)
    }
    accepted = {name: field["value"] for name, field in fields.items() if field["status"] == "accepted"}
    accepted_wrong = {
        name: [value, known[name]]
        for name, value in accepted.items()
        if name in known and not same(value, known[name])
    }
    return {
        "file": truth["file"],
        "kind": "ofd" if truth["file"].endswith(".ofd") else "picture",
        "type": document["document_type"],
        "type_right": document["document_type"] == truth["document_type"],
        "keys": len(keys),
        "keys_right": len(keys) - len(wrong),
        "wrong": wrong,
        "accepted": len(accepted),
        "accepted_known": sum(name in known for name in accepted),
        "accepted_wrong": accepted_wrong,
        "items": len(truth["line_items"]),
        "items_right": items_right(truth["line_items"], document),
        "status": document["status"],
    }


def value_of(fields: dict[str, Any], name: str) -> str | None:
    """The value of a field, None where it is absent."""
    return fields[name]["value"] if name in fields else None


def same(read: str | None, true: str) -> bool:
    """Whether two values are one: amounts as numbers, texts without spaces, an age with or without 岁."""
    if read is None:
        return False
    try:
        return Decimal(read) == Decimal(true) and (len(read) == len(true) or "." in read + true)
    except ArithmeticError:
        return read.replace(" ", "") == true.replace(" ", "").removesuffix("岁")


def items_right(true: list[dict[str, Any]], document: dict[str, Any]) -> int:
    """Rows whose name and amount are both right, each true row found at most once."""
    rows = [*document["line_items"], *document.get("category_totals", [])]
    left = [(row["name"]["value"], row["amount"]["value"]) for row in rows]
    right = 0
    for item in true:
        hit = next((r for r in left if r[0] == item["name"] and same(r[1], item["amount"])), None)
        if hit is not None:
            left.remove(hit)
            right += 1
    return right


def totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The sums, and whether the targets are met."""
    types = sum(row["type_right"] for row in rows)
    shares = {}
    for kind in ("picture", "ofd"):
        mine = [row for row in rows if row["kind"] == kind]
        shares[kind] = sum(row["keys_right"] for row in mine) / max(1, sum(row["keys"] for row in mine))
    wrong = sum(len(row["accepted_wrong"]) for row in rows)
    met = types >= 11 and shares["picture"] >= 0.9 and shares["ofd"] == 1.0 and wrong == 0
    return {
        "papers": len(rows),
        "types_right": types,
        "keys_exact": shares,
        "accepted_known": sum(row["accepted_known"] for row in rows),
        "accepted_wrong": wrong,
        "targets_met": met,
    }


def show(rows: list[dict[str, Any]], report: dict[str, Any]) -> None:
    """The table on the terminal."""
    print(f"{'file':34}{'type':20}{'key fields':>11}{'items':>9}{'accepted (known)':>18}  wrong: read / true")
    for row in rows:
        mark = "" if row["type_right"] else " ✗"
        notes = "; ".join(f"{name}: {read} / {true}" for name, (read, true) in row["wrong"].items())
        accepted_notes = "; ".join(
            f"ACCEPTED {name}: {read} / {true}" for name, (read, true) in row["accepted_wrong"].items()
        )
        print(
            f"{row['file']:34}{(row['type'] or 'unread') + mark:20}"
            f"{row['keys_right']:>7}/{row['keys']:<3}{row['items_right']:>6}/{row['items']:<3}"
            f"{row['accepted']:>10} ({row['accepted_known']:>3})    {notes} {accepted_notes}"
        )
    shares = report["keys_exact"]
    print(
        f"\ntype right {report['types_right']}/{report['papers']} (target 11) · key fields exact: pictures"
        f" {shares['picture']:.1%} (target 90 %), OFD {shares['ofd']:.1%} (target 100 %) · accepted and wrong"
        f" {report['accepted_wrong']} of {report['accepted_known']} known (target 0)"
    )


if __name__ == "__main__":
    sys.exit(main())
