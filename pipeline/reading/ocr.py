"""What we ask of an OCR engine, and the step that gives a page its words.

An engine works in two halves, finding lines and reading them, because what lies between pays: a page
is turned upright and lines are chosen before the dear half, reading, is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from pipeline.model import Box, Image, Page, Word
from pipeline.reading.lines import Quad
from pipeline.reading.seals import with_words_under_seals
from pipeline.reading.upright import (
    CLEARLY_BETTER,
    READS_WELL,
    deskewed,
    likely_turns,
    readability,
    skew_degrees,
    turned,
    turned_with,
    way_back,
    widest,
)

MIN_WORD_CONFIDENCE = 0.3
"""Below it what was read is speckle, a seal's rim or a piece of a QR code (seen on real papers)."""

COVERED_SHARE = 0.5
"""A line that lies at least so far under words of the text layer is not read a second time."""


class OcrEngine(Protocol):
    """Finds and reads lines of text. One engine a process: the libraries are not thread-safe."""

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines of text on `image`."""

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """What stands on the lines; a line that runs over several cells gives several words."""


def with_words(page: Page, engine: OcrEngine) -> Page:
    """The page upright, with the words that OCR reads; pages whose words are known stay as they are.

    On a page that mixes a text layer with pictures, OCR adds what the layer does not cover.
    """
    if page.words_known or page.image is None:
        return page
    lines = engine.find_lines(page.image)
    first, second = likely_turns(lines)
    best = _read(page, first, engine, lines)
    if readability(best.words) < READS_WELL:
        probe = engine.read_lines(*turned_with(page.image, widest(lines), second))
        if readability(probe) > readability(best.words) + CLEARLY_BETTER:
            best = _read(page, second, engine, lines)
    return best


def _read(page: Page, turn: int, engine: OcrEngine, lines_as_is: list[Quad]) -> Page:
    """The page turned by `turn` quarters and read; `lines_as_is` are the lines of the page unturned."""
    assert page.image is not None
    image = turned(page.image, turn)
    lines = engine.find_lines(image) if turn else lines_as_is
    # The text layer of a page that has to be turned lies elsewhere now: OCR reads all of it.
    layer = page.words if turn == 0 else ()
    back = way_back((page.width, page.height), turn, 0.0 if layer else skew_degrees(lines))
    if not layer:
        image, lines = deskewed(image, lines)
    lines = [line for line in lines if not _covered(line, layer)]
    found = with_words_under_seals(image, engine.read_lines(image, lines), engine)
    found = [word for word in found if word.confidence >= MIN_WORD_CONFIDENCE]
    return replace(
        page,
        image=image,
        width=image.shape[1],
        height=image.shape[0],
        turned_degrees=(page.turned_degrees + 90 * turn) % 360,
        words=(*layer, *found),
        placement=page.placement and page.placement.moved(back),
    )


def _covered(line: Quad, words: Sequence[Word]) -> bool:
    if not words:
        return False
    x0, y0 = line.min(axis=0)
    x1, y1 = line.max(axis=0)
    area = max(1.0, float((x1 - x0) * (y1 - y0)))
    shared = sum(_overlap(Box(float(x0), float(y0), float(x1), float(y1)), word.box) for word in words)
    return shared / area >= COVERED_SHARE


def _overlap(a: Box, b: Box) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0 and height > 0 else 0.0
