"""How often a paper sent twice is known again, and how often two papers are taken for one.

    python benchmarks/twice.py [PAPERS]      # of the 48 that are drawn; all take a quarter of an hour

Lists, certificates, prescriptions and summaries are drawn, each as scan and as photo, and as the scan of a
copy in which one thing was changed: the day everywhere, the total everywhere, or one digit of one figure.
Scan and photo should be one paper; any two others must not be.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fixtures.draw import containers, levels, mix
from fixtures.draw.paper import Page as DrawnPage
from fixtures.draw.paper import Text
from fixtures.draw.truth import Drawn
from pipeline.catalogs.catalog import Catalogs
from pipeline.intake import read_documents, read_page
from pipeline.model import Document, Page
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.open_file import open_file, source_file
from pipeline.renditions import Sheet
from pipeline.settings import settings
from pipeline.wiring import catalogs, ocr_engine
from validators.duplicates import why_one_paper

TYPES: tuple[str, ...] = (
    *("itemized_bill",) * 22,
    *("diagnosis_certificate",) * 10,
    *("prescription",) * 10,
    *("discharge_summary",) * 6,
)
MOST_PAGES = 2
TODAY = date(2026, 11, 21)
DAY = re.compile(r"(20\d\d)(\D{1,2})(\d{1,2})(\D{1,2})(\d{1,2})")
SCAN, PHOTO, CHANGED = "scan", "photo", "changed"


def drawn_paper(number: int, makers: mix.Makers, rng: random.Random) -> Drawn:
    """The paper of that number, of few pages."""
    while True:
        drawn = mix.pick(makers.of[TYPES[number], ""], rng)
        if len(drawn.pages) <= MOST_PAGES:
            return drawn


def changed(drawn: Drawn, number: int, rng: random.Random) -> Drawn:
    """A copy on which a day, the total or a figure is another one."""
    copy = deepcopy(drawn)
    total = drawn.truth.fields.get("total_amount")
    if number % 3 == 0 and _replaced(copy, lambda text: DAY.sub(_next_day, text)):
        return copy
    if number % 3 == 1 and total:
        other = f"{int(total[0]) % 9 + 1}{total[1:]}"
        if _replaced(copy, lambda text: text.replace(total, other)):
            return copy
    figures = [(page, spot) for page, spot, mark in _texts(copy.pages) if re.search(r"\d", mark.text)]
    page, spot = rng.choice(figures)
    mark = page.marks[spot]
    assert isinstance(mark, Text)
    digit = rng.choice([place for place, char in enumerate(mark.text) if char.isdecimal()])
    other = str((int(mark.text[digit]) + rng.randint(1, 8)) % 10)
    page.marks[spot] = dataclasses.replace(mark, text=f"{mark.text[:digit]}{other}{mark.text[digit + 1 :]}")
    return copy


def _texts(pages: Sequence[DrawnPage]) -> Iterator[tuple[DrawnPage, int, Text]]:
    for page in pages:
        for spot, mark in enumerate(page.marks):
            if isinstance(mark, Text):
                yield page, spot, mark


def _replaced(drawn: Drawn, change: Callable[[str], str]) -> bool:
    """Change the texts of the paper; whether any was."""
    touched = [each for each in _texts(drawn.pages) if change(each[2].text) != each[2].text]
    for page, spot, mark in touched:
        page.marks[spot] = dataclasses.replace(mark, text=change(mark.text))
    return bool(touched)


def _next_day(found: re.Match[str]) -> str:
    try:
        day = date(int(found[1]), int(found[3]), int(found[5])) + timedelta(days=1)
    except ValueError:  # part of a longer number
        return found[0]
    return f"{day.year}{found[2]}{day.month:0{len(found[3])}}{found[4]}{day.day:0{len(found[5])}}"


def read(
    shots: Sequence[levels.Shot], name: str, rng: random.Random, engine: OcrEngine, lists: Catalogs
) -> list[Document]:
    """What a run reads in the file of these pictures."""
    ending, content = containers.single(shots, rng)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.{ending}"
        path.write_bytes(content)
        opened = open_file(source_file(path.name, path), path).pages
        pages = [replace(read_page(page, engine), image=None) for page in opened if isinstance(page, Page)]
    return read_documents(pages, lists, TODAY)


def are_one(a: Document, b: Document) -> bool:
    """Whether a run would lay the two beside each other and take them for one."""
    return bool({*Sheet.of(a).keys} & {*Sheet.of(b).keys}) and why_one_paper(a, b) is not None


def main() -> None:
    """Draw, read, compare, print."""
    papers = min(len(TYPES), int(sys.argv[1]) if len(sys.argv) > 1 else len(TYPES))
    engine, lists, makers = ocr_engine(settings(), 1), catalogs(settings()), mix.gather()
    documents: dict[tuple[int, str], list[Document]] = {}
    for number in range(papers):
        rng = random.Random(f"pairs:{number}")  # noqa: S311 - the same papers in every run
        drawn = drawn_paper(number, makers, rng)
        other = changed(drawn, number, rng)
        shots = {
            SCAN: levels.scans(drawn.pages, rng),
            PHOTO: levels.photos(drawn.pages, rng),
            CHANGED: levels.scans(other.pages, rng),
        }
        for how, taken in shots.items():
            documents[number, how] = read(taken, f"{number:03d}-{how}", rng, engine, lists)
    known = Counter[str]()
    for number in range(papers):
        if are_one(documents[number, SCAN][0], documents[number, PHOTO][0]):
            known[TYPES[number]] += 1
    apart, wrong = 0, list[str]()
    for one, other_one in itertools.combinations(documents, 2):
        if one[0] == other_one[0] and CHANGED not in (one[1], other_one[1]):
            continue
        for a, b in itertools.product(documents[one], documents[other_one]):
            apart += 1
            wrong += [f"{a.file.name} = {b.file.name}"] if are_one(a, b) else []
    for name, count in Counter(TYPES[:papers]).items():
        print(f"{name}: {known[name]} / {count} known again")
    print(f"taken for one: {len(wrong)} / {apart}", *wrong, sep="\n")


if __name__ == "__main__":
    main()
