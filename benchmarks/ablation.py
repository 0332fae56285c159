"""What each step of reading is worth: the same drawn papers read with all steps, then without one of them.

    python benchmarks/ablation.py TRUTH [--level photo --level hard] [--step second_look …] [--papers 80]

TRUTH is a set drawn by `make fixtures`. A step is taken out by putting something that does nothing in its
place, in processes of its own; everything else is the code of a scan. One line a step: key fields all right,
rows F1, values accepted and how many of them wrong, CPU seconds a page. A step that does not pay does not
stay.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.evaluate.evaluation import evaluate
from pipeline.evaluate.truth import TruthPaper, read_truth
from pipeline.reading.slant import Slant

Stand_in = Callable[..., Any]
WORKERS = 2
TODAY = date(2026, 11, 22)

STEPS: Mapping[str, Mapping[str, Stand_in]] = {
    "all": {},
    "turn": {
        "pipeline.reading.ocr.likely_turns": lambda _lines: (0, 2),
        "pipeline.reading.ocr.is_clear": lambda _share: True,
        "pipeline.reading.ocr.readability": lambda _words: 1.0,
    },
    "deskew": {"pipeline.reading.ocr.deskewed": lambda image, lines, _stages=None: (image, list(lines))},
    "bends": {"pipeline.reading.tables.find_row_slant": lambda _words: Slant("y")},
    "seals_peeled": {
        "pipeline.reading.ocr.with_words_under_seals": lambda _image, words, *_: list(words),
    },
    "seals_read": {"pipeline.intake.with_seals": lambda page, _engine: page},
    "second_look": {"pipeline.intake.with_second_look": lambda page, *_: page},
    "papers_apart": {"pipeline.intake.piles_on": lambda *_: ()},
    "ground": {
        "pipeline.sheets.parts.islands": lambda _image, _words, darker: [[] for _ in darker],
        "pipeline.sheets.parts.outlined": lambda *_: [],
    },
    "overprint": {
        "extractors._invoice.slip_of": lambda _page: None,
        "extractors.vat_invoice.slip_of": lambda _page: None,
    },
    "inks": {"pipeline.intake.with_inks_apart": lambda page, *_: page},
    "closed_kinds": {"pipeline.papers.with_doubted_shapes": lambda document: document},
}
"""Step -> what stands in for it: the name as the caller knows it, and something that does nothing."""

_engine: Any = None


def main() -> int:
    """Read the papers once for each step, and print what changes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("truth", type=Path)
    parser.add_argument("--level", action="append", choices=("clean", "scan", "photo", "hard"))
    parser.add_argument("--step", action="append", choices=tuple(STEPS))
    parser.add_argument("--papers", type=int, default=0, help="so many files of each level, 0: all")
    options = parser.parse_args()
    truth = read_truth(options.truth)
    files = _chosen(options.truth, truth.papers, options.level or ["photo", "hard"], options.papers)
    papers = [paper for paper in truth.papers if paper.file in files]
    print(f"{len(files)} files, {len(papers)} papers")
    for step in options.step or STEPS:
        print(_line(step, papers, *_read_without(step, files)), flush=True)
    return 0


def _chosen(folder: Path, papers: Sequence[TruthPaper], levels: Sequence[str], count: int) -> dict[str, Path]:
    """File as the truth names it -> where it lies; archives are left out."""
    root = folder / "papers" if folder.is_dir() else folder.parent / "papers"
    chosen: dict[str, Path] = {}
    for level in levels:
        names = dict.fromkeys(paper.file for paper in papers if paper.file.startswith(f"{level}/"))
        own = [name for name in names if "!" not in name]
        chosen |= {name: root / name for name in own[: count or None]}
    return chosen


def _read_without(step: str, files: Mapping[str, Path]) -> tuple[dict[str, list[Any]], float, int]:
    """The documents by file, the CPU seconds of reading, and the pages."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context, _begin, (step,)) as pool:
        read = list(pool.map(_read, files, files.values()))
    documents = {name: records for name, records, _, _ in read}
    return documents, sum(seconds for *_, seconds, _ in read), sum(pages for *_, pages in read)


def _begin(step: str) -> None:
    global _engine
    from pipeline.settings import settings
    from pipeline.wiring import ocr_engine

    for name, stand_in in STEPS[step].items():
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        getattr(found, attribute)  # a step that was renamed must not stay in unnoticed
        setattr(found, attribute, stand_in)
    _engine = ocr_engine(settings(), 1)


def _read(name: str, path: Path) -> tuple[str, list[Any], float, int]:
    from extractors import field_names
    from pipeline.intake import read_documents, read_papers_on, with_print
    from pipeline.model import Page
    from pipeline.reading.open_file import open_file, source_file
    from pipeline.records import document_record
    from pipeline.settings import settings
    from pipeline.wiring import catalogs

    opened = open_file(source_file(name, path), path)
    decoded = [page for page in opened.pages if isinstance(page, Page)]
    began = time.process_time()
    pages = [paper for page in decoded for paper in read_papers_on(with_print(page, _engine), _engine)]
    seconds = time.process_time() - began
    documents = read_documents(pages, catalogs(settings()), TODAY)
    return name, [document_record(each, field_names(each.type)) for each in documents], seconds, len(decoded)


def _line(
    step: str, papers: Sequence[TruthPaper], documents: Mapping[str, Any], seconds: float, pages: int
) -> str:
    found = evaluate(papers, documents)
    cells = [step.ljust(13)]
    for figures in (*(found.slices["level"][name] for name in sorted(found.slices["level"])), found.overall):
        wrong, rows = figures["accepted_wrong"]["together"], figures["rows"]["exact"]["f1"] or 0
        five = _percent(figures["all_key_fields"]["share"])
        cells.append(f"five {five} rows {rows:.3f} wrong {wrong['wrong']} of {wrong['accepted']}")
    return " | ".join([*cells, f"{seconds / max(1, pages):.2f} s"])


def _percent(share: float | None) -> str:
    return "  –" if share is None else f"{100 * share:5.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
