"""How fast the review screen is: from a key to the paint, from a claim to the next, how many bytes it loads.

    python benchmarks/review_screen.py [--keys 200] [--claims 20] [--json FILE]

The claim has five papers; its list has 300 rows, 1,500 words on one page. The service, the store and the
browser (the Chromium of the system, without a window) are real. A key's time runs from the event's own
timestamp to a message posted from the frame that shows what it did, which arrives when that was painted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page

from pipeline.store.database import Database, url_of_folder
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals
from pipeline.store.versions import upgrade
from tests.web.browsing import browsing
from tests.web.review.claims import doubtful_claim, large_claim
from tests.web.review.desks import at_desk, serving_desks
from tests.web.review.painting import bytes_loaded, key_times, opening_time, percentile

WAYS: dict[str, Sequence[str]] = {
    "typing in a field": (*"abcdefghij", "Backspace", "ArrowLeft"),
    "page moved and zoomed": ("Alt+=", "Alt+U", "Alt+J", "Alt+-"),
    "to the next doubt": ("Enter",),
    "typing in the table": (*"98765", "Backspace"),
    "from cell to cell": ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"),
}
"""What is done over and over, by name; the first ways in a field, the last two in the table."""
INTO_TABLE = ("Escape", "Alt+PageDown", "Alt+Y")
FIRST_IN_TABLE = "typing in the table"


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=200, help="pressed in each way")
    parser.add_argument("--claims", type=int, default=20, help="opened one after the other")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="review-screen-"))
    try:
        figures = measured(folder, asked.keys, asked.claims)
    finally:
        shutil.rmtree(folder)
    print(f"{'':<24}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}{'of':>6}")
    for name, times in figures.items():
        if isinstance(times, list):
            middle, most_keep = percentile(times, 0.5), percentile(times, 0.95)
            print(f"{name:<24}{middle:>9.1f}{most_keep:>9.1f}{max(times):>9.1f}{len(times):>6}")
    print(f"bytes besides pictures: {figures['bytes']:,}; of a usual claim {figures['bytes, usual']:,}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))
    return 0


def measured(folder: Path, keys: int, claims: int) -> dict[str, list[float] | int]:
    """The figures by name: milliseconds, and bytes."""
    url = url_of_folder(folder)
    store = Store(Database(url), FolderOriginals(folder / "originals"))
    with store.database.reshape() as connection:
        upgrade(connection)
    figures: dict[str, list[float] | int] = {}
    large = large_claim(store.database, store.originals)
    usual = [doubtful_claim(store.database, store.originals, number=str(at)) for at in range(1, claims + 2)]
    with serving_desks(store) as server, browsing() as browser:
        with at_desk(browser, server, large.claim_id) as page:
            page.wait_for_load_state("networkidle")
            figures["bytes"] = bytes_loaded(page)
            figures |= by_way(page, keys)
        with at_desk(browser, server, usual[0].claim_id, name="li") as page:
            page.wait_for_load_state("networkidle")
            figures["bytes, usual"] = bytes_loaded(page)
            figures["the next claim"] = [opening_time(page) for _ in range(claims)]
    store.close()
    return figures


def by_way(page: Page, keys: int) -> dict[str, list[float] | int]:
    """The times of each way of `WAYS`."""
    times: dict[str, list[float] | int] = {}
    for name, way in WAYS.items():
        if name == FIRST_IN_TABLE:
            key_times(page, INTO_TABLE)
        times[name] = key_times(page, islice(cycle(way), keys))
    return times


if __name__ == "__main__":
    sys.exit(main())
