"""Records the words of the committed papers, so that extractors and rules can be tested without OCR.

    python tools/record_words.py

Writes one file a page under `fixtures/recorded/` (the samples) and `fixtures/golden/recorded/` (the golden
papers), in the form that `pipeline.store.freeze` keeps pages in,
with borders between characters rounded to a tenth of a pixel. A recording hides what the engine does
differently from one day to the next; `tests/test_sample_papers.py` runs the engine itself.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.intake import read_page
from pipeline.model import Box, Page, SourceFile, Word
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.scan import find_uploads
from pipeline.settings import Settings, available_cores
from pipeline.store.freeze import dump_page
from pipeline.wiring import ocr_engine

FIXTURES = Path(__file__).parents[1] / "fixtures"
PAPERS = {
    FIXTURES / "samples": FIXTURES / "recorded",
    FIXTURES / "golden" / "papers": FIXTURES / "golden" / "recorded",
}


def main() -> int:
    """Reads every committed paper with the real engine and writes what it read."""
    engine = ocr_engine(Settings(), available_cores())
    for papers, recorded in PAPERS.items():
        record(papers, recorded, engine)
    return 0


def record(papers: Path, recorded: Path, engine: OcrEngine) -> None:
    """Replaces the folder `recorded` by the words of all `papers`."""
    shutil.rmtree(recorded, ignore_errors=True)
    recorded.mkdir()
    count = 0
    with Sandbox(workers=1) as sandbox, TemporaryDirectory() as spool:
        for upload in find_uploads([papers]):
            source = source_file(upload.name, upload.path)
            for file, path in files_in(sandbox, source, upload.path, Path(spool)):
                for page in pages_of(sandbox, file, path, Path(spool)):
                    count += 1
                    text = dump_page(rounded(read_page(page, engine)))
                    (recorded / f"{count:02d}.json").write_text(text + "\n", encoding="utf-8")
                    sys.stderr.write(f"{count:02d} {file.name} {page.number}\n")


def files_in(sandbox: Sandbox, source: SourceFile, path: Path, folder: Path) -> list[tuple[SourceFile, Path]]:
    """The file itself, or the files of an archive."""
    if path.suffix != ".zip":
        return [(source, path)]
    unpacked = sandbox.unpack(source, path, folder).result()
    return [(member.file, member.path) for member in unpacked.members]


def pages_of(sandbox: Sandbox, file: SourceFile, path: Path, folder: Path) -> list[Page]:
    """The decoded pages; none where the file cannot be read."""
    future = sandbox.decode(file, path, folder)
    if future.exception() is not None:
        return []
    return [spooled.load() for spooled in future.result().pages]


def rounded(page: Page) -> Page:
    """The page without its image, pixels to a tenth, probabilities to four places, rivals left out."""
    return replace(page, image=None, words=tuple(_rounded_word(word) for word in page.words))


def _rounded_word(word: Word) -> Word:
    box = word.box
    return replace(
        word,
        box=Box(round(box.x0, 1), round(box.y0, 1), round(box.x1, 1), round(box.y1, 1)),
        confidence=round(word.confidence, 4),
        edges=tuple(round(edge, 1) for edge in word.edges),
        char_confidences=tuple(round(sure, 4) for sure in word.char_confidences),
        alternatives=(),
    )


if __name__ == "__main__":
    sys.exit(main())
