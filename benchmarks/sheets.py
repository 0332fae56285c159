"""How often papers on one page are told apart, and single papers left whole, on papers drawn fresh.

    python benchmarks/sheets.py --seed 61 [--sheets 120] [--singles 250] [--keep FOLDER]

A sheet holds two to six papers: laid straight in rows, or strewn, each turned by quarters of its own, askew
and a little over one another. It is right when as many papers are cut out as were laid, each holds the print
of one of them and of no other, and each stands upright. A single page is right when nothing is cut. Pages
that are wrong are named; `--keep` writes them as pictures. Only what decides is read: no seal, no second
look. One process draws ahead while this one reads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fixtures.draw import containers, levels, mix, sets, strewn
from fixtures.draw.containers import Region
from fixtures.draw.mix import Makers
from fixtures.draw.strewn import Sheet
from fixtures.draw.truth import Drawn
from pipeline.intake import papers_apart, with_print
from pipeline.intervals import wilson
from pipeline.model import Box, Page, Placement, Word
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.open_file import open_file, source_file
from pipeline.settings import settings
from pipeline.wiring import ocr_engine

LEVELS = ("scan", "photo", "hard")
HOW_MANY = {2: 6, 3: 5, 4: 3, 5: 2, 6: 2}
"""Papers on a sheet and how often, relative to each other."""
OWN_PRINT = 0.95
"""So much of the print of a cut lies on one drawn paper, at least."""
CLOSE = 0.01
"""A paper's place is taken wider by this share of the picture: what leans over its edge is its own."""
_makers: Makers
"""Of the process that draws; the one that reads has none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One page to draw; its numbers decide everything on it."""

    seed: int
    number: int
    kind: str
    """`rows`, `strewn` or `single`."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A file as it was drawn.

    Args:
        name: Says what lies on it: layouts, with their turns behind an @.
        content: Its bytes.
        regions: Where each of several papers lies, as shares of the picture; empty for a single one.
        turns: By how many degrees each lies turned clockwise.
    """

    name: str
    kind: str
    content: bytes
    regions: tuple[Region, ...] = ()
    turns: tuple[int, ...] = ()


def main() -> int:
    """Draw, read, count, and name what is not right."""
    asked = _arguments()
    cases = [Case(asked.seed, n, ("rows", "strewn")[n % 2]) for n in range(asked.sheets)]
    cases += [Case(asked.seed, n, "single") for n in range(asked.singles)]
    engine = ocr_engine(settings(), 1)
    counted: defaultdict[str, list[bool]] = defaultdict(list)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _begin) as drawing:
        for laid in drawing.map(_drawn, cases):
            wrong = what_is_wrong(laid, engine)
            counted[laid.kind].append(not wrong)
            if wrong:
                print(f"{laid.name}: {wrong}", flush=True)
            if wrong and asked.keep is not None:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / laid.name).write_bytes(laid.content)
    counted["several papers"] = [*counted["rows"], *counted["strewn"]]
    for kind, right in counted.items():
        low, high = wilson(sum(right), len(right))
        share = sum(right) / max(1, len(right))
        print(f"{kind:15} {sum(right):4} of {len(right):4} right  {share:7.2%}  ({low:.2%} to {high:.2%})")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--sheets", type=int, default=120)
    parser.add_argument("--singles", type=int, default=250)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def _begin() -> None:
    global _makers
    _makers = mix.gather()


def _drawn(case: Case) -> Laid:
    return _single(case) if case.kind == "single" else _sheet(case)


def _single(case: Case) -> Laid:
    """A file that holds one paper, of any kind, with one page or more."""
    level = LEVELS[case.number % len(LEVELS)]
    unit = sets.draw_unit(sets.Order(case.seed, level, case.number, "single", 1), _makers)
    ((name, content),) = unit.files.items()
    return Laid(name.replace("/", "_"), case.kind, content)


def _sheet(case: Case) -> Laid:
    """Several papers on one picture."""
    rng = random.Random(f"{case.seed}:{case.kind}:{case.number}")  # noqa: S311 - drawn alike by everybody
    level = rng.choices(LEVELS, (5, 4, 1))[0]
    photo = strewn.is_photographed(level, rng)
    count = rng.choices(list(HOW_MANY), list(HOW_MANY.values()))[0]
    draw = strewn.draw if case.kind == "strewn" else _in_rows
    sheet = draw(_makers, rng, level, count, photo=photo)
    layouts = "+".join(
        f"{one.layout}{f'@{turn}' * (turn > 0)}" for one, turn in zip(sheet.papers, sheet.turns, strict=True)
    )
    name = f"{case.kind}_{case.number:04d}_{level}_{layouts}.jpg"
    content = containers.jpeg(sheet.shot, rng.randint(60, 90))
    return Laid(name, case.kind, content, sheet.regions, sheet.turns)


def _in_rows(makers: Makers, rng: random.Random, level: str, count: int, *, photo: bool) -> Sheet:
    """A sheet of up to `count` papers that lie straight."""
    papers: list[Drawn] = []
    for _ in range(strewn.TRIES):
        paper = mix.invent(makers, rng)
        sizes = [(one.pages[0].width, one.pages[0].height) for one in (*papers, paper)]
        if strewn.is_small(paper) and (photo or containers.fit(sizes)):
            papers.append(paper)
        if len(papers) == count:
            break
    if level == "hard" and not photo:
        for paper in papers:
            levels.fade(paper.pages, rng)
    together = containers.together_photographed if photo else containers.together_scanned
    shot, regions = together([paper.pages[0] for paper in papers], rng)
    return Sheet(shot, tuple(papers), tuple(regions), (0,) * len(papers))


def what_is_wrong(laid: Laid, engine: OcrEngine) -> str:
    """Read the file and say what is wrong with the papers found on its pages; empty for nothing."""
    said = []
    for page in _opened(laid):
        read = with_print(page, engine)
        papers = papers_apart(read, engine)
        if laid.regions:
            said.append(_what_is_wrong(page, read, papers, laid))
        elif len(papers) > 1:
            said.append(f"p. {page.number} cut into {len(papers)}")
    return "; ".join(filter(None, said))


def _opened(laid: Laid) -> Iterator[Page]:
    """The pages of a file, each with its place on itself, so that what is done to it can be undone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(laid.content)
        for page in open_file(source_file(laid.name, path), path).pages:
            if isinstance(page, Page):
                whole = Box(0, 0, page.width, page.height)
                yield replace(page, placement=Placement(page.size, whole, ((1, 0, 0), (0, 1, 0), (0, 0, 1))))


def _what_is_wrong(page: Page, read: Page, papers: Sequence[Page], laid: Laid) -> str:
    """In words; empty where each paper laid is one paper read, upright, with its own print."""
    regions = laid.regions
    if len(papers) != len(regions):
        return f"{len(papers)} papers of {len(regions)}"
    taken: set[int] = set()
    for number, paper in enumerate(papers, 1):
        homes = [_home(_on_picture(word, paper, read), page, regions) for word in paper.words]
        letters = [len(word.text) for word in paper.words]
        shares = [
            sum(n for n, home in zip(letters, homes, strict=True) if place in home) / max(1, sum(letters))
            for place in range(len(regions))
        ]
        best = max(range(len(regions)), key=shares.__getitem__)
        if shares[best] < OWN_PRINT:
            return f"paper {number} holds print of others ({shares[best]:.0%} its own)"
        if best in taken:
            return f"paper {number} is a part of one cut before"
        taken.add(best)
        if (laid.turns[best] + read.turned_degrees + paper.turned_degrees) % 360:
            return f"paper {number} is not upright"
    return ""


def _on_picture(word: Word, paper: Page, read: Page) -> Box:
    """Where on the picture as it was opened a word of a cut stands."""
    assert read.placement is not None
    assert paper.placement is not None
    on_sheet = word.box if paper is read else paper.placement.on_sheet(word.box)
    return read.placement.on_sheet(on_sheet)


def _home(box: Box, page: Page, regions: Sequence[Region]) -> set[int]:
    """Which drawn papers the middle of a box lies on."""
    x, y = box.cx / page.width, box.cy / page.height
    return {
        n
        for n, (x0, y0, x1, y1) in enumerate(regions)
        if x0 - CLOSE <= x <= x1 + CLOSE and y0 - CLOSE <= y <= y1 + CLOSE
    }


if __name__ == "__main__":
    raise SystemExit(main())
