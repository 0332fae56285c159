"""How many of our printed sheets are told after a worn scanner: separators, batch headers and labels.

Each sheet is printed as `baoxiao separators` prints it, scanned by one of the offices' machines of
`fixtures.draw.flatbed` (crooked, punched, stapled, creased, dusty) and fed in each of the four turns:

    .venv/bin/python benchmarks/separators.py [SHEETS]     # of each way, 100 unless told

`scan` is grey or colour at 200 to 300 dpi, `black_and_white` two levels at 200 dpi, `fax` two levels at 100
to 200 dpi with lost rows.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

sys.path.insert(0, str(Path(__file__).parent.parent))

from fixtures.draw import flatbed
from fixtures.draw.levels import quarter_turn
from pipeline.model import Image
from pipeline.reading.codes import find_codes
from pipeline.stacks.printing import A4, header_sheet, label_sheets, separator_sheet
from pipeline.stacks.separators import (
    BatchHeader,
    ClaimLabel,
    Separator,
    StackCode,
    find_code,
)

WAYS = ("scan", "black_and_white", "fax")
FAX_DPI = (100, 110, 140, 200)


def fed(sheet: Pictures.Image, rng: random.Random, way: str, turn: int) -> Image:
    """The sheet as the scanner gives it, shape (H, W, 3)."""
    by = flatbed.scanner(rng)
    if way != "scan":
        dpi = rng.choice(FAX_DPI) if way == "fax" else 200
        by = replace(by, dpi=dpi, grey=True, fade=0.0, burn=1.0, edge=0.02, dust=0, blur=0.35, streak=False)
    width, height = (round(side / 25.4 * by.dpi) for side in A4)
    paper = np.array(sheet.convert("RGB").resize((width, height), Pictures.Resampling.LANCZOS))
    seen = flatbed.scan(paper, rng, by, flatbed.lay(rng, A4, [], stacked=True))
    if way == "fax":
        seen = flatbed.fax(seen, rng, rough=rng.uniform(0.3, 0.8), thick=rng.random() < 0.5)
    elif way == "black_and_white":
        seen = flatbed.black_and_white(seen, rng, rough=rng.random() ** 2, thick=True)
    seen = quarter_turn(seen, turn)
    return np.ascontiguousarray(seen if seen.ndim == 3 else np.repeat(seen[:, :, None], 3, axis=2))


def sheets(count: int) -> Iterator[tuple[str, Pictures.Image, Sequence[StackCode]]]:
    """Kind, picture and what must be read of so many separators, half as many headers and a few labels."""
    for n in range(1, count + 1):
        yield "separators", separator_sheet(Separator(n)), [Separator(n)]
    for n in range(1, count // 2 + 1):
        header = BatchHeader(f"2026-{n:04d}", n, Decimal(137 * n) + Decimal("0.55"))
        yield "headers", header_sheet(header), [header]
    for n in range(max(1, count // 50)):
        numbers = [f"A-{n:02d}{turn:02d}" for turn in range(24)]
        yield "labels", next(label_sheets(numbers)), [ClaimLabel(number) for number in numbers]


def main(count: int) -> None:
    """Prints a line for each way and kind: how many were printed, how many were told."""
    for way in WAYS:
        printed: dict[str, int] = {}
        told: dict[str, int] = {}
        for turn, (kind, sheet, expected) in enumerate(sheets(count)):
            image = fed(sheet, random.Random(f"{way} {kind} {turn}"), way, turn % 4 * 90)  # noqa: S311 - noise
            found = {find_code(code.text) for code in find_codes(image)}
            printed[kind] = printed.get(kind, 0) + len(expected)
            told[kind] = told.get(kind, 0) + len(found.intersection(expected))
        for kind, number in printed.items():
            print(f"{way:16} {kind:11} {told[kind]:5} / {number}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
