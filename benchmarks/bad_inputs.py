"""How the reader does on inputs that once broke somebody's: `../shared/bad_inputs`, all pages of each file.

    .venv/bin/python benchmarks/bad_inputs.py [FOLDER] [--json FILE] [--workers N] [--failures]

A file "reads" when a page comes out of it (of a ZIP: out of a file in it), and is a "clear error" when it
is refused with a code and a message that names it. A crash of a child counts as a clear error (it is
one: the batch goes on) and is counted apart. `pages`, where the manifest is certain, must be met.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile, Unread
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.reading.windows import decode_whole

HERE = Path(__file__).resolve().parent
DEFAULT_FOLDER = HERE.parent.parent / "shared" / "bad_inputs"
LONGEST_SECONDS = 60.0
STRICT_SHARE = 0.95


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    file: str
    kind: str
    expect: str
    strict: bool
    got: str
    pages: int
    expected_pages: int | None
    codes: tuple[str, ...]
    seconds: float
    as_expected: bool
    message: str = field(default="", repr=False)


@dataclass(frozen=True)
class Report:
    """All outcomes, and the memory of this process before and after in MB."""

    outcomes: tuple[Outcome, ...]
    memory_before: float
    memory_peak: float
    memory_after: float
    seconds: float

    @property
    def strict_share(self) -> float:
        """Share of the strict rows that came out as expected."""
        strict = [outcome for outcome in self.outcomes if outcome.strict]
        return sum(outcome.as_expected for outcome in strict) / max(1, len(strict))

    @property
    def slowest(self) -> float:
        """Seconds of the slowest file."""
        return max((outcome.seconds for outcome in self.outcomes), default=0.0)


def run(folder: Path, workers: int = 2) -> Report:
    """Read every file of the manifest in `folder` through a sandbox."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]
    began, before = time.monotonic(), _resident()
    with (
        Sandbox(workers) as sandbox,
        ThreadPoolExecutor(workers) as threads,
        tempfile.TemporaryDirectory(prefix="baoxiao-") as scratch,
    ):
        spools = [Path(scratch) / f"{number:04d}" for number in range(len(rows))]
        outcomes = tuple(threads.map(lambda row, spool: _try(sandbox, folder, row, spool), rows, spools))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Report(outcomes, before, peak, _resident(), time.monotonic() - began)


def _try(sandbox: Sandbox, folder: Path, row: dict[str, Any], spool: Path) -> Outcome:
    path = folder / row["file"]
    file = source_file(row["file"], path)
    spool.mkdir()
    began = time.monotonic()
    pages, unread = _read(sandbox, file, path, spool)
    seconds = time.monotonic() - began
    for used in spool.iterdir():
        used.unlink()
    got = "reads" if pages else "clear_error"
    clear = all(each.file in each.message and " / " in each.message for each in unread)
    expected_pages = row.get("pages")
    enough = expected_pages is None or got != "reads" or pages == expected_pages
    return Outcome(
        row["file"],
        row["kind"],
        row["expect"],
        row["strict"],
        got if pages or (unread and clear) else "silence",
        pages,
        expected_pages,
        tuple(sorted({each.code for each in unread})),
        round(seconds, 2),
        as_expected=got == row["expect"] and enough and (bool(pages) or (bool(unread) and clear)),
        message="; ".join(each.message for each in unread)[:300],
    )


def _read(sandbox: Sandbox, file: SourceFile, path: Path, spool: Path) -> tuple[int, list[Unread]]:
    """How many pages came out of a file, and what could not be read."""
    pages = 0
    unread: list[Unread] = []
    try:
        for decoded in decode_whole(sandbox, file, path, spool):
            pages += len(decoded.pages)
            unread += decoded.unread
            for page in decoded.pages:
                image = page.load().image
                assert image is None or image.shape == (page.page.height, page.page.width, 3)
            if decoded.kind == "zip":
                unpacked = sandbox.unpack(file, path, spool).result()
                unread += unpacked.unread
                for member in unpacked.members:
                    inner_pages, inner_unread = _read(sandbox, member.file, member.path, spool)
                    pages += inner_pages
                    unread += inner_unread
    except UnreadableFile as error:
        unread.append(Unread(file.name, error.page, error.code, error.message))
    return pages, unread


def _resident() -> float:
    """Memory of this process in MB now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def table(report: Report) -> Iterator[str]:
    """The report as lines of text, a row for each kind."""
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in report.outcomes:
        kinds[outcome.kind].append(outcome)
    yield f"{'kind':<18}{'files':>6}{'strict as expected':>20}{'lenient':>10}{'crashes':>9}{'slowest s':>11}"
    for kind, outcomes in [*sorted(kinds.items()), ("all", list(report.outcomes))]:
        strict = [outcome for outcome in outcomes if outcome.strict]
        lenient = [outcome for outcome in outcomes if not outcome.strict]
        yield (
            f"{kind:<18}{len(outcomes):>6}{_of(strict):>20}{_of(lenient):>10}"
            f"{sum('crashed' in outcome.codes for outcome in outcomes):>9}"
            f"{max(outcome.seconds for outcome in outcomes):>11.2f}"
        )
    yield (
        f"strict as expected {report.strict_share:.1%}; slowest {report.slowest:.1f} s; "
        f"{report.seconds:.0f} s in all; memory of the parent {report.memory_before:.0f} MB before, "
        f"{report.memory_after:.0f} MB after, peak {report.memory_peak:.0f} MB"
    )


def _of(outcomes: Iterable[Outcome]) -> str:
    counted = list(outcomes)
    return f"{sum(outcome.as_expected for outcome in counted)}/{len(counted)}" if counted else "-"


def main() -> int:
    """Run and print; 0 where the aims are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER)
    parser.add_argument("--json", type=Path, help="write all outcomes to this file")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--failures", action="store_true", help="print what came out otherwise than expected")
    options = parser.parse_args()
    if not (options.folder / "manifest.jsonl").is_file():
        print(f"{options.folder}: no manifest.jsonl; give the folder of bad inputs", file=sys.stderr)
        return 2
    report = run(options.folder, options.workers)
    print("\n".join(table(report)))
    if options.failures:
        for outcome in report.outcomes:
            if not outcome.as_expected or "crashed" in outcome.codes:
                print(outcome, outcome.message)
    if options.json:
        figures = {**asdict(report), "strict_share": report.strict_share, "slowest": report.slowest}
        options.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0 if report.strict_share >= STRICT_SHARE and report.slowest <= LONGEST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
