"""Memory of the parent and the readers after 50, 100, 150 and 200 pages; it must not grow.

    .venv/bin/python benchmarks/memory.py [--pages N] [--json FILE]

The pages are those of `speed.py`, each time at another size, because every new size and line width is a
new shape to the OCR runtime, and what it keeps for a shape is what once grew. All are read by one `Run`;
its readers are renewed only after `CALLS_PER_PROCESS` calls, which so many pages do not reach. Memory is
taken while nothing is being read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from process_tree import tree  # noqa: E402 - found through the line above
from speed import draw_pages, pages_in  # noqa: E402

from pipeline.scan import Run, Upload  # noqa: E402
from pipeline.settings import settings  # noqa: E402

STEP = 50
MOST_GROWTH = 0.10
SCALES = (0.75, 1.15)
"""Pages are scaled by a factor between these."""


class Silent:
    """A progress that says nothing."""

    def begin(self, uploads: int, already_read: int) -> None:
        """Nothing."""

    def pages_read(self, pages: int) -> None:
        """Nothing."""

    def upload_done(self, *_: Any) -> None:
        """Nothing."""


def main() -> int:
    """Read the pages, print the table; 1 where memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        draw_pages(folder / "pages")
        uploads = resized(pages_in(folder / "pages"), options.pages, folder / "resized")
        with Run(uploads, folder / "out", settings(), date.today()) as run:  # noqa: DTZ011
            show_head()
            for start in range(0, len(uploads), STEP):
                run.read(uploads[start : start + STEP], Silent())
                rows.append({"pages": start + STEP, **memory_mb()})
                show(rows[-1])
    growth = {part: rows[-1][part] / rows[0][part] - 1 for part in ("parent", "readers", "all")}
    same = rows[0]["reader_pids"] == rows[-1]["reader_pids"]
    print(
        f"\n{rows[0]['pages']} -> {rows[-1]['pages']} pages: "
        + ", ".join(f"{part} {share:+.1%}" for part, share in growth.items())
        + f" (target: at most {MOST_GROWTH:.0%}); the same reader processes: {'yes' if same else 'no'}"
    )
    if options.json:
        options.json.write_text(
            json.dumps({"rows": rows, "growth": growth}, indent=1) + "\n", encoding="utf-8"
        )
    return 0 if same and max(growth.values()) <= MOST_GROWTH else 1


def resized(pages: list[Path], count: int, folder: Path) -> list[Upload]:
    """So many pages, each of another size than those before it."""
    from PIL import Image

    folder.mkdir()
    chance = random.Random(20)  # noqa: S311 - the same sizes every time
    uploads = []
    for number in range(count):
        with Image.open(pages[number % len(pages)]) as picture:
            scale = chance.uniform(*SCALES)
            size = round(picture.width * scale), round(picture.height * scale)
            place = folder / f"{number:03}.jpg"
            picture.resize(size).save(place, quality=85, dpi=(200, 200))
        uploads.append(Upload(place.name, place))
    return uploads


def memory_mb() -> dict[str, Any]:
    """Memory by part: this process, its readers, and with the decoding children all of them."""
    processes = tree(os.getpid())
    readers = {process.pid: process.rss_mb for process in processes if "spawn_main" in process.command}
    return {
        "parent": next(process.rss_mb for process in processes if process.pid == os.getpid()),
        "readers": sum(readers.values()),
        "all": sum(process.rss_mb for process in processes),
        "reader_pids": sorted(readers),
    }


def show_head() -> None:
    """The head of the table."""
    print(f"{'pages':>6}{'parent MB':>12}{'readers MB':>12}{'all MB':>10}", flush=True)


def show(row: dict[str, Any]) -> None:
    """A row of the table, as soon as it is known."""
    print(f"{row['pages']:>6}{row['parent']:>12.0f}{row['readers']:>12.0f}{row['all']:>10.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
