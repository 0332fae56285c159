"""A probe of the print: a few lines of a picture read ahead, a sample of how well all of it will be read.

How sharp and strong print stands (`pipeline.reading.print_marks`) says much about whether it can be read, and
not all: large print bears a shake that small print does not. So lines are looked for on a small copy of the
picture, which takes a quarter of the time that a page's own search takes, and some from all over it are read
as the page will be. It stays far from reading the page: at most `LINES_READ` lines, and none a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.model import Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.upright import CLEARLY_BETTER, READS_WELL, readability

PROBE_SIDE = 640
"""Long side in pixels of the copy on which lines are looked for: of 134, 51, 59, 86 and 43 lines that are
found at 1,280 pixels it shows 134, 51, 59, 86 and 43, in 0.065 s instead of 0.24 s."""

LINES_READ = 24
"""Lines of the sample, from all over the picture; a line takes 8 ms of one core."""

TURN_LINES = 6
"""The longest lines, read first: print that lies upside down is told by them."""

DIM, LIT = 200.0, 235.0
"""A picture whose bright part has less light than the first is lit up to the second, of 255, to find lines:
of 17 underexposed photos that were read, 3 showed no line as they were and all showed theirs lit up."""

BRIGHT_PART = 90
"""Percentile of light that stands for the paper."""

MOST_LIT = 8.0
"""Times that a picture is lit up at most; beyond it grain is all there is."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The lines found on a picture, in its pixels, and the words on those of the sample.

    `read` has as many entries as `chosen`, the places of the sample in `lines`; a line on which nothing can
    be read has no words.
    """

    lines: tuple[Quad, ...]
    chosen: tuple[int, ...]
    read: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> list[Word]:
        """All that was read."""
        return [word for words in self.read for word in words]


def probe(image: Image, engine: OcrEngine) -> Probe:
    """A sample of the lines on `image`, shape (H, W, 3) RGB, whichever way up it lies."""
    small, scale = _small(image)
    lines = [np.asarray(line / scale, np.float32) for line in engine.find_lines(small)]
    if _lies_upside_down(image, lines, engine):
        lines = [_other_way_up(line) for line in lines]
    chosen = spread(len(lines), LINES_READ)
    read = engine.read_each(image, [lines[place] for place in chosen])
    return Probe(tuple(lines), tuple(chosen), tuple(tuple(words) for words in read))


def spread(count: int, most: int) -> list[int]:
    """At most so many of `count` places, as evenly spread as can be.

    >>> spread(9, 3)
    [0, 4, 8]
    >>> spread(2, 3)
    [0, 1]
    """
    if count <= most:
        return list(range(count))
    return [int(place) for place in np.linspace(0, count - 1, most)]


def _small(image: Image) -> tuple[Image, float]:
    """The copy on which lines are looked for, and its scale; a dark one is lit up."""
    scale = min(1.0, PROBE_SIDE / max(image.shape[:2]))
    small = image
    if scale < 1:
        small = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    light = max(1.0, float(np.percentile(small.max(axis=2), BRIGHT_PART)))
    if light < DIM:
        small = np.asarray(cv2.convertScaleAbs(small, alpha=min(MOST_LIT, LIT / light)), np.uint8)
    return small, scale


def _lies_upside_down(image: Image, lines: Sequence[Quad], engine: OcrEngine) -> bool:
    """Whether the longest lines read clearly better the other way up."""
    longest = sorted(lines, key=lambda line: -float(np.ptp(line, axis=0).max()))[:TURN_LINES]
    as_is = readability([word for words in engine.read_each(image, longest) for word in words])
    if as_is >= READS_WELL:
        return False
    turned = engine.read_each(image, [_other_way_up(line) for line in longest])
    return readability([word for words in turned for word in words]) > as_is + CLEARLY_BETTER


def _other_way_up(line: Quad) -> Quad:
    return np.roll(line, 2, axis=0)
