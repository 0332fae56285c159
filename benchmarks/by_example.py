"""How right the rows of a list are that follow from one shown row: drawn lists, read by the real engine.

    python benchmarks/by_example.py [--lists 24] [--level scan] [--seed 77]

Lists are drawn in every layout and read. Of each the row with most cells that was read right is shown, the
way a reviewer shows it, and the rows that follow are held against the truth: a row is right when name,
quantity and amount are. They are told beside those that the header gives, and once more with the header's
words taken away. Of a list in two blocks side by side one row shows its own block alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from record_words import pages_of

from extractors._bill_columns import TABLE
from extractors.itemized_bill import extract, rows_by_example
from fixtures.draw import levels
from fixtures.draw.itemized_bill import MAKERS
from fixtures.draw.truth import Drawn
from pipeline.evaluate.rows import Overlap, judge_rows
from pipeline.intake import read_page
from pipeline.model import Box, LineItem, Page, Word
from pipeline.reading.columns import header_cells
from pipeline.reading.layout import rows_of
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.records import value_text
from pipeline.settings import Settings
from pipeline.wiring import ocr_engine

SHOWN = ("name", "specification", "unit", "quantity", "unit_price", "amount")
MOST_PAGES = 2
FEWEST_ROWS = 6


def main() -> int:
    """Draws, reads, shows a row of each and tells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lists", type=int, default=24)
    parser.add_argument("--level", choices=("scan", "photo"), default="scan")
    parser.add_argument("--seed", type=int, default=77)
    asked = parser.parse_args()
    sums: defaultdict[str, Overlap] = defaultdict(Overlap)
    rng = random.Random(asked.seed)  # noqa: S311 - a lot that can be drawn again
    for layout, drawn, pages in read_lists(asked.lists, asked.level, rng):
        true = [
            {name: text for name, text in row.items() if text is not None} for row in drawn.truth.line_items
        ]
        items = extract(pages, 1.0).items
        shown = example(items, true, pages[0].number)
        if shown is None:
            print(f"{layout}: no row of the first page was read right")
            continue
        ways = {
            "by header": items,
            "by example": rows_by_example(bare(pages), shown),
            "by example, header lost": rows_by_example(without_headers(bare(pages)), shown),
        }
        kind = "two blocks" if layout == "two_block" else "one block"
        for way, rows in ways.items():
            sums[f"{kind}, {way}"] += judge_rows(true, [record(row) for row in rows]).exact
    for way, found in sorted(sums.items()):
        f1 = 2 * found.right / max(1, found.true + found.read)
        print(f"{way:40} {found.true} rows, {found.read} read, {found.right} right, F1 {f1:.3f}")
    return 0


def read_lists(count: int, level: str, rng: random.Random) -> Iterator[tuple[str, Drawn, list[Page]]]:
    """Lists of every layout in turn, each with its pages as they were read."""
    engine = ocr_engine(Settings(), 1)
    with Sandbox(workers=1) as sandbox, tempfile.TemporaryDirectory() as folder:
        for number, layout in enumerate(islice(cycle(MAKERS), count)):
            drawn = MAKERS[layout](rng)
            while len(drawn.pages) > MOST_PAGES or len(drawn.truth.line_items) < FEWEST_ROWS:
                drawn = MAKERS[layout](rng)
            shots = (
                levels.scans(drawn.pages, rng, turns=False)
                if level == "scan"
                else levels.photos(drawn.pages, rng)
            )
            pages = []
            for at, shot in enumerate(shots, 1):
                path = Path(folder) / f"{number}-{at}.png"
                Image.fromarray(shot.pixels).save(path, dpi=(shot.dpi, shot.dpi))
                (page,) = pages_of(sandbox, source_file(path.name, path), path, Path(folder))
                pages.append(replace(read_page(page, engine), number=at))
            yield layout, drawn, pages


def example(
    items: Sequence[LineItem], true: Sequence[Mapping[str, str]], page: int
) -> list[tuple[str, Box]] | None:
    """The cells of the row with most of them that was read right."""
    known = {(row["name"], row["amount"]) for row in true}
    right = [row for row in items if row.page == page and (text(row, "name"), text(row, "amount")) in known]
    return max(map(cells_of, right), key=len, default=None)


def cells_of(row: LineItem) -> list[tuple[str, Box]]:
    """Column and place of each cell."""
    known = ((part, getattr(row, part)) for part in SHOWN)
    return [(part, cell.box) for part, cell in known if cell is not None and cell.box is not None]


def bare(pages: Sequence[Page]) -> list[Page]:
    """The pages with what is kept of their words: text, box, confidence."""
    return [
        replace(page, words=tuple(Word(one.text, one.box, one.confidence, one.origin) for one in page.words))
        for page in pages
    ]


def without_headers(pages: Sequence[Page]) -> list[Page]:
    """The pages as if no header of a table had been read."""
    lost = {
        id(word)
        for page in pages
        for line in rows_of(page.words)
        if header_cells(line, TABLE)
        for word in line
    }
    return [replace(page, words=tuple(word for word in page.words if id(word) not in lost)) for page in pages]


def text(row: LineItem, part: str) -> str | None:
    """A cell in its published form."""
    cell = getattr(row, part)
    return None if cell is None or cell.value is None else value_text(part, cell.value)


def record(row: LineItem) -> dict[str, Any]:
    """A row as documents tell it."""
    return {part: {"value": text(row, part)} for part in SHOWN}


if __name__ == "__main__":
    sys.exit(main())
