"""How often a page is set upright: each picture in all four quarter turns, the turn alone decided.

    python benchmarks/turns.py FOLDER [PICTURES]      # papers drawn by `make fixtures`, or any pictures

A picture counts as right in a turn when that turn and what was undone come to the same upright page as most
of its four turns do, and what was read to decide reads well there. Only the lines that decide are read, so
that a page costs its detection. Every picture that is not right is named.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.intervals import wilson
from pipeline.model import Image, Page, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import with_words
from pipeline.reading.open_file import open_file, source_file
from pipeline.reading.upright import readability, widest

WORKERS = 2
FEWEST_LINES = 3
"""A page of fewer lines has no way up to tell."""
PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".heic", ".pdf")
_engine: Any = None


class Deciding:
    """The engine of a scan that reads what decides on the turn, and leaves the rest unread."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.lines = 0

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines; counted at the first look at a page."""
        found: list[Quad] = self._engine.find_lines(image)
        self.lines = self.lines or len(found)
        return found

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """A trial reading."""
        read: list[Word] = self._engine.read_lines(image, lines)
        return read

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """The longest of the lines; nothing of the others."""
        chosen = widest(lines)
        read = dict(zip(chosen, self._engine.read_each(image, [lines[i] for i in chosen]), strict=True))
        return [read.get(i, []) for i in range(len(lines))]


def main() -> int:
    """Count, and name what is not right."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)[: count or None]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context, _begin) as pool:
        found = [page for pages in pool.map(_turns, files) for page in pages]
    right = wrong = 0
    for name, upright, reads in found:
        usual, _ = Counter(upright).most_common(1)[0]
        ok = [way == usual and sure > 0.5 for way, sure in zip(upright, reads, strict=True)]
        right, wrong = right + sum(ok), wrong + len(ok) - sum(ok)
        if not all(ok):
            print(name, upright, [round(sure, 2) for sure in reads])
    low, high = wilson(right, right + wrong)
    share = right / max(1, right + wrong)
    print(
        f"{right} of {right + wrong} turns right, {share:.2%} ({low:.2%} to {high:.2%}), {len(found)} pages"
    )
    return 0


def _begin() -> None:
    global _engine
    import pipeline.reading.ocr as ocr
    from pipeline.settings import settings
    from pipeline.wiring import ocr_engine

    ocr.with_words_under_seals = lambda _image, words, *_: list(words)
    _engine = ocr_engine(settings(), 1)


def _turns(path: Path) -> list[tuple[str, list[int], list[float]]]:
    """Of each page with print: what each turn, and what was undone, come to; how well it read."""
    opened = open_file(source_file(path.name, path), path)
    found = []
    for page in opened.pages:
        if not isinstance(page, Page) or page.image is None or page.words_known:
            continue
        upright, reads = [], []
        for turn in range(4):
            image = np.ascontiguousarray(np.rot90(page.image, -turn))
            engine = Deciding(_engine)
            height, width = image.shape[:2]
            read = with_words(replace(page, image=image, width=width, height=height, words=()), engine)
            if engine.lines < FEWEST_LINES:
                break
            upright.append((90 * turn + read.turned_degrees - page.turned_degrees) % 360)
            reads.append(readability(read.words))
        else:
            found.append((f"{path.name} p.{page.number}", upright, reads))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
