"""How often a page is set upright: each picture in all four quarter turns, the turn alone decided.

    python benchmarks/turns.py FOLDER [PICTURES] [--kept FILE] [--also-read N]

FOLDER holds papers drawn by `make fixtures`, or any pictures. The reader's own decision is asked
(`pipeline.reading.ocr.set_upright`) and nothing else of a page is read. A turn is right when it and what was
undone come to the same upright page as most of the picture's four turns do. All four could be wrong together,
so pages are named whose lines, so set, read no better than print on its head does: a person looks at these.

What was found is kept line by line in FILE, as it is found; a run that was killed goes on behind it.
`--also-read` reads N pages or a few more wholly as well, in each turn, and names those turned otherwise then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.errors import UnreadableFile
from pipeline.intervals import wilson
from pipeline.model import Image, Page, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import OcrEngine, set_upright, with_words
from pipeline.reading.open_file import open_file, source_file
from pipeline.reading.upright import readability, widest
from pipeline.reading.ways import MISREAD
from pipeline.settings import settings
from pipeline.wiring import ocr_engine

FEWEST_LINES = 3
"""A page of fewer lines has no way up to tell."""
PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".heic", ".pdf")
TALLY_EVERY = 25
"""Pages between two lines that say how far it is."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A page in its four turns.

    Args:
        file: Its path below the folder.
        page: Its number there.
        upright: Of each turn, degrees by which the picture is turned when it and what was undone are added.
        reads: Of each turn, how well the longest lines read then, 0 to 1.
    """

    file: str
    page: int
    upright: list[int]
    reads: list[float]

    @property
    def wrong(self) -> list[int]:
        """The turns in which it comes out otherwise than mostly."""
        ((usual, _),) = Counter(self.upright).most_common(1)
        return [turn for turn, way in enumerate(self.upright) if way != usual]


class Remembering:
    """An engine that does not do twice what it did: of four turns of a page most undo to the same pixels.

    Args:
        engine: What finds and reads; answers are kept by the pixels and the lines they were asked of.
    """

    def __init__(self, engine: OcrEngine) -> None:
        self._engine = engine
        self._found: dict[bytes, list[Quad]] = {}
        self._read: dict[bytes, list[list[Word]]] = {}

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines on a picture."""
        key = _digest(image)
        if key not in self._found:
            self._found[key] = self._engine.find_lines(image)
        return self._found[key]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """What stands on lines."""
        return [word for words in self.read_each(image, lines) for word in words]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """The same, line by line."""
        key = _digest(image, *lines)
        if key not in self._read:
            self._read[key] = self._engine.read_each(image, lines)
        return self._read[key]


def main() -> int:
    """Turn, count, and name what is not right."""
    asked = _arguments()
    kept = asked.kept or asked.folder.with_suffix(".turns.jsonl")
    found = known(kept)
    done = {one.file for one in found}
    files = sorted(path for path in asked.folder.rglob("*") if path.suffix.lower() in PICTURES)
    engine = ocr_engine(settings(), 1)
    compared = 0
    with kept.open("a", encoding="utf-8") as stream:
        for path in files[: asked.pictures]:
            name = str(path.relative_to(asked.folder))
            pages = [] if name in done else list(_pages(path))
            turned = [one for page in pages if (one := turned_each_way(name, page, engine)) is not None]
            # All pages of a file are written at once, so that none is missing where a run goes on.
            stream.writelines(json.dumps(asdict(one)) + "\n" for one in turned)
            stream.flush()
            for one in turned:
                found.append(one)
                _say(one, len(found))
            if compared < asked.also_read:
                compared += _compared(pages, turned, engine)
    if asked.also_read:
        print(f"{compared} pages read wholly as well")
    print(tally(found))
    return 0


def known(kept: Path) -> list[Turned]:
    """What an earlier run found."""
    if not kept.is_file():
        return []
    return [Turned(**json.loads(row)) for row in kept.read_text("utf-8").splitlines()]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("pictures", type=int, nargs="?", help="so many files; all unless said")
    parser.add_argument("--kept", type=Path, help="beside the folder unless said")
    parser.add_argument("--also-read", type=int, default=0, metavar="N")
    return parser.parse_args()


def tally(known: Sequence[Turned]) -> str:
    """How many turns are right, with the interval."""
    turns = sum(len(one.upright) for one in known)
    right = turns - sum(len(one.wrong) for one in known)
    low, high = wilson(right, turns)
    share = right / max(1, turns)
    return f"{right} of {turns} turns right, {share:.2%} ({low:.2%} to {high:.2%}), {len(known)} pages"


def turned_each_way(name: str, page: Page, engine: OcrEngine) -> Turned | None:
    """What each of four turns comes to; None for a page with too little print to tell."""
    once = Remembering(engine)
    upright, reads = [], []
    for turn in range(4):
        lying = _turned(page, turn)
        assert lying.image is not None
        if len(once.find_lines(lying.image)) < FEWEST_LINES:
            return None
        found = set_upright(lying, lying.image, once)
        upright.append((90 * turn + found.page.turned_degrees - page.turned_degrees) % 360)
        assert found.page.image is not None
        longest = [found.lines[i] for i in widest(found.lines)]
        reads.append(round(readability(once.read_lines(found.page.image, longest)), 4))
    return Turned(name, page.number, upright, reads)


def _compared(pages: Sequence[Page], turned: Sequence[Turned], engine: OcrEngine) -> int:
    """Read pages wholly, and name those that are turned otherwise then; how many were read."""
    alone = {one.page: one for one in turned}
    own = [page for page in pages if page.number in alone]
    for page in own:
        decided, wholly = alone[page.number], _read_wholly(page, engine)
        if wholly != decided.upright:
            print(f"{decided.file} p.{page.number}: {decided.upright}, read wholly {wholly}", flush=True)
    return len(own)


def _read_wholly(page: Page, engine: OcrEngine) -> list[int]:
    """What each turn comes to in the reader, which reads everything."""
    turns = enumerate(_turned(page, turn) for turn in range(4))
    degrees = [90 * turn + with_words(lying, engine).turned_degrees for turn, lying in turns]
    return [(way - page.turned_degrees) % 360 for way in degrees]


def _turned(page: Page, turn: int) -> Page:
    """The page as if it had been laid turned clockwise by so many quarters."""
    assert page.image is not None
    image = np.ascontiguousarray(np.rot90(page.image, -turn))
    return replace(page, image=image, height=image.shape[0], width=image.shape[1], words=())


def _pages(path: Path) -> Iterator[Page]:
    """The pages of a file that are pictures."""
    try:
        opened = open_file(source_file(path.name, path), path)
    except UnreadableFile as error:
        print(f"{path}: {error}")
        return
    for page in opened.pages:
        if isinstance(page, Page) and page.image is not None and not page.words_known:
            yield page


def _digest(image: Image, *lines: Quad) -> bytes:
    found = hashlib.blake2b(image.tobytes(), digest_size=16)
    found.update(str(image.shape).encode())
    for line in lines:
        found.update(line.tobytes())
    return found.digest()


def _say(one: Turned, pages: int) -> None:
    """Name a page that is not right, or that a person should look at; now and then how far it is."""
    if one.wrong:
        print(f"{one.file} p.{one.page}: {one.upright} {one.reads}", flush=True)
    elif min(one.reads) < MISREAD:
        print(f"{one.file} p.{one.page}: alike, to be looked at {one.upright} {one.reads}", flush=True)
    if pages % TALLY_EVERY == 0:
        print(f"{pages} pages", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
