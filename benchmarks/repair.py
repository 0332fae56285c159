"""How right one-key repair is: on papers as they were read, and on thousands of misreads put into them.

    python benchmarks/repair.py [TRUTH RUN] [--level scan] [--papers 200] [--seed 1] [--json FILE]

TRUTH is a set drawn by `make fixtures` and RUN the folder that a scan of it wrote, by this version of the
code; without them the papers are drawn and read first. Real readings are held against the truth. Then each
number of each paper whose sums close is misread once in every way that OCR errs (`benchmarks/misreads.py`),
and once misprinted on purpose: of those nothing may be put right. One line a kind: how many broke a sum, how
many were put right by themselves and how many of these wrongly, how many had the true value among what is
offered. Last, the same with wrong characters strewn among what the engine saw, and the time that a bill of
300 rows takes.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from misreads import trials, with_noise

from pipeline.evaluate.truth import TruthPaper, read_truth
from pipeline.intervals import clopper_pearson_upper
from pipeline.model import Document, Edit, Field, LineItem, PageSize, SourceFile
from pipeline.records import value_text
from pipeline.repair.cells import cell_at
from pipeline.repair.equations import equations_of
from pipeline.repair.repair import repaired
from pipeline.repair.search import breaks_of
from pipeline.scan import STATE_DIR, reader_version
from pipeline.settings import settings
from pipeline.store.ledger import Ledger

ROOT = Path(__file__).parent.parent
LARGE_BILL = 300
MOST_MILLISECONDS = 50
NOISE = 0.003
"""Share of digits with a wrong character beside them: ten times as many as on drawn scans."""

AS_READ, MISPRINTED = "as read", "as read, misprinted on purpose"
NUMBERS = ("quantity", "unit_price", "amount")


@dataclass
class Tally:
    """Of trials of one kind: how many broke a sum, and what became of these."""

    trials: int = 0
    broken: int = 0
    applied: int = 0
    wrong: int = 0
    offered: int = 0

    @property
    def line(self) -> str:
        """The counts, and how far the share of wrong repairs may be from what was seen."""
        bound = clopper_pearson_upper(self.wrong, self.applied) if self.applied else 1.0
        return (
            f"{self.trials:8d}{self.broken:8d}{self.applied:9d}{self.wrong:7d}{self.offered:9d}"
            f"   {100 * self.applied / max(1, self.broken):5.1f} %   < {100 * bound:.3f} %"
        )


HEAD = f"{'':42s}  trials  broken  applied  wrong  offered   applied   wrong of applied"


def main() -> int:
    """Measure, print; 1 where a repair was wrong, a misprint was put right, or a large bill took too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("truth", nargs="?", type=Path)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--level", action="append", choices=("clean", "scan", "photo", "hard"))
    parser.add_argument("--papers", type=int, default=200, help="drawn where no set is given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    levels = options.level or ["scan"]
    with tempfile.TemporaryDirectory() as folder:
        truth, run = options.truth, options.run
        if truth is None or run is None:
            truth, run = _drawn_and_read(Path(folder), options.papers, levels, options.seed)
        papers = {(paper.file, paper.pages[:1]): paper for paper in read_truth(truth).papers}
        with Ledger(run / STATE_DIR / "ledger.sqlite", reader_version(settings())) as ledger:
            documents = [document for document in ledger.documents() if _level(document) in levels]
    if not documents:
        print(f"{run}: 没有本版本程序读过的单据，请重新扫描 / nothing read by this version; scan again")
        return 2
    rng = random.Random(options.seed)  # noqa: S311 - trials, not secrets
    print(f"{len(documents)} papers of {', '.join(levels)}\n{HEAD}")
    tallies = as_read(documents, papers)
    closing = [each for each in documents if equations_of(each) and not each.repairs and not breaks_of(each)]
    tallies |= put_in(closing, rng)
    noisy = put_in([with_noise(document, NOISE, rng) for document in closing], rng)
    tallies |= {f"{kind} (noise)": tally for kind, tally in noisy.items()}
    tallies["misread in any way, with noise or not"] = _together(tallies)
    for kind, tally in tallies.items():
        print(f"{kind:42s}{tally.line}")
    milliseconds = time_of_a_large_bill()
    print(f"a bill of {LARGE_BILL} rows: {milliseconds:.1f} ms")
    if options.json:
        figures = {kind: asdict(tally) for kind, tally in tallies.items()}
        text = json.dumps({**figures, "milliseconds": milliseconds}, ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    is_wrong = any(tally.wrong for kind, tally in tallies.items() if not kind.endswith("(noise)"))
    return 1 if is_wrong or milliseconds > MOST_MILLISECONDS else 0


def _together(tallies: Mapping[str, Tally]) -> Tally:
    """All trials with a right answer as one, for the bound that they give together."""
    kinds = [
        tally
        for kind, tally in tallies.items()
        if kind not in (AS_READ, MISPRINTED) and "misprint" not in kind
    ]
    return Tally(*(sum(counts) for counts in zip(*map(astuple, kinds), strict=True)))


def _drawn_and_read(folder: Path, papers: int, levels: Sequence[str], seed: int) -> tuple[Path, Path]:
    level = levels[0] if len(levels) == 1 else "all"
    draw = ["fixtures.draw", "--set", str(papers), "--level", level, "--seed", str(seed)]
    scan = ["pipeline.cli", "scan", str(folder / "set" / "papers"), "--out", str(folder / "read"), "--direct"]
    for command in ([*draw, "--out", str(folder / "set")], scan):
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    return folder / "set", folder / "read"


def _level(document: Document) -> str:
    return document.file.name.partition("/")[0]


def as_read(documents: Iterable[Document], papers: Mapping[Any, TruthPaper]) -> dict[str, Tally]:
    """What repair made of real readings, apart by whether the paper was printed to close.

    A paper counts once, and one without a truth not at all.
    """
    tallies = {AS_READ: Tally(), MISPRINTED: Tally()}
    for document in documents:
        paper = papers.get((document.file.name, tuple(size.number for size in document.pages)[:1]))
        if paper is None:
            continue
        tally = tallies[AS_READ if paper.consistent else MISPRINTED]
        applied = [edit for repair in document.repairs if repair.applied for edit in repair.edits]
        offers = [repair.edits for repair in document.repairs if not repair.applied]
        tally.trials += 1
        tally.broken += bool(breaks_of(document)) or bool(applied)
        tally.applied += bool(applied)
        tally.wrong += any(not _is_right(edit, document, paper) for edit in applied)
        tally.offered += any(all(_is_right(edit, document, paper) for edit in edits) for edits in offers)
    return tallies


def _is_right(edit: Edit, document: Document, paper: TruthPaper) -> bool:
    """Whether the truth has the new value: in its field, or in a row with the other numbers of the edit's."""
    name = edit.path.rpartition(".")[2]
    if edit.path.startswith("fields."):
        return (paper.fields or {}).get(name) == edit.new
    place = edit.path.rpartition(".")[0]
    cells = {part: cell_at(document, f"{place}.{part}") for part in NUMBERS}
    row = {
        part: value_text(part, cell.value) for part, cell in cells.items() if cell and cell.value is not None
    }
    row[name] = edit.new
    rows = (paper.lines if edit.path.startswith("line_items") else paper.category_totals) or ()
    return any(all(known.get(part, value) == value for part, value in row.items()) for known in rows)


def put_in(documents: Iterable[Document], rng: random.Random) -> dict[str, Tally]:
    """What repair makes of one misread, or one misprint, put into papers whose sums close; by kind."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for document in documents:
        for trial in trials(document, rng):
            tally = tallies[trial.kind]
            tally.trials += 1
            if not breaks_of(trial.document):
                continue
            tally.broken += 1
            mended = repaired(trial.document)
            edits = Counter((edit.path, repair.applied) for repair in mended.repairs for edit in repair.edits)
            applied = [path for path, is_applied in edits if is_applied]
            found = cell_at(mended, trial.path)
            is_right = applied == [trial.path] and found is not None and found.value == trial.right
            tally.applied += bool(applied)
            tally.wrong += bool(applied) and not is_right
            tally.offered += any(
                edit.path == trial.path and Decimal(edit.new) == trial.right
                for repair in mended.repairs
                if not repair.applied
                for edit in repair.edits
            )
    return tallies


def time_of_a_large_bill() -> float:
    """Milliseconds for a bill of 300 rows whose total is another than their sum, the best of five."""
    rows = [_row(Decimal(number % 9 + 1), Decimal(number) / 7) for number in range(1, LARGE_BILL + 1)]
    total = sum((row.amount.value for row in rows if row.amount and row.amount.value), Decimal(0))
    fields = {"total_amount": _number(total + 30)}
    document = Document(
        "itemized_bill", None, 1.0, SourceFile("a.jpg", ""), (PageSize(1, 1, 1),), fields, tuple(rows)
    )
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        repaired(document)
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds)


def _row(quantity: Decimal, price: Decimal) -> LineItem:
    price = price.quantize(Decimal("0.01"))
    name = Field("血常规", "血常规", 0.99, 1, None, "ocr")
    return LineItem(1, name, None, None, _number(quantity), _number(price), _number(quantity * price))


def _number(value: Decimal) -> Field[Decimal]:
    return Field(value, str(value), 0.99, 1, None, "ocr")


if __name__ == "__main__":
    raise SystemExit(main())
