"""Draws the set on which the gate of the online upload is fitted and measured.

    python tools/spoil_papers.py PHOTOS OUT [--seed 1] [--no-papers 24]

PHOTOS is a folder that `python -m fixtures.draw --set` drew. Of each of its photos that is a picture with one
paper, OUT/papers gets a copy spoiled by one cause (in turn) and by a chance strength, and as many pictures
without a paper as asked for; OUT/truth.jsonl says what each paper states and, under `drawn`, what was done.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fixtures.draw.spoilt import NO_PAPERS, SPOILERS, no_paper

JPEG_QUALITY = 88
"""What phones write."""
FEWEST_FIELDS = 4
"""A paper with fewer says too little about how readable it is."""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path, metavar="PHOTOS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-papers", type=int, default=24)
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - drawing, not secrets
    (options.out / "papers").mkdir(parents=True)
    rows = [
        *_spoilt(options.photos, options.out / "papers", rng, options.seed),
        *_without_paper(options.no_papers, options.out / "papers", rng),
    ]
    with (options.out / "truth.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    print(f"{options.out}: {len(rows)} pictures")
    return 0


def single_pictures(folder: Path) -> list[dict[str, Any]]:
    """The truth of the papers that are alone on a picture of one page, and say enough."""
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if "source" in row]
    count = Counter(row["source"]["file"] for row in rows)
    return [
        row
        for row in rows
        if count[row["source"]["file"]] == 1
        and len(row["source"]["pages"]) == 1
        and row["source"]["file"].endswith((".jpg", ".png"))
        and (folder / "papers" / row["source"]["file"]).is_file()  # in an archive it is none
        and len(row["fields"]) >= FEWEST_FIELDS
    ]


def _spoilt(photos: Path, out: Path, rng: random.Random, seed: int) -> list[dict[str, Any]]:
    rows = []
    names = list(SPOILERS)
    for number, row in enumerate(single_pictures(photos)):
        name, strength = names[(number + seed) % len(names)], rng.random()
        with Image.open(photos / "papers" / row["source"]["file"]) as photo:
            picture = np.asarray(photo.convert("RGB"))
        file = f"{number:04d}_{name}.jpg"
        spoilt = SPOILERS[name](picture, rng, strength)
        Image.fromarray(spoilt).save(out / file, quality=JPEG_QUALITY)
        made = {"level": "spoilt", "layout": name, "strength": round(strength, 3), "container": "single"}
        source = {"file": file, "sha256": "", "pages": [1], "region": None}
        rows.append({**row, "source": source, "drawn": {**row["drawn"], **made}})
    return rows


def _without_paper(count: int, out: Path, rng: random.Random) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(count):
        kind = list(NO_PAPERS)[number % len(NO_PAPERS)]
        file = f"n{number:03d}_{kind}.jpg"
        Image.fromarray(no_paper(kind, rng)).save(out / file, quality=JPEG_QUALITY)
        rows.append(
            {
                "schema_version": "1",
                "source": {"file": file, "sha256": "", "pages": [1], "region": None},
                "document_type": "other",
                "subtype": None,
                "fields": {},
                "line_items": [],
                "category_totals": [],
                "drawn": {"level": "spoilt", "layout": kind, "container": "single"},
            }
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
