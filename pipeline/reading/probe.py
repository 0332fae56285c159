"""A probe of the print: a few lines of a picture read ahead, a sample of how well all of it will be read.

How sharp and strong print stands (`pipeline.reading.print_marks`) says much about whether it can be read, and
not all: large print bears a shake that small print does not. So lines are looked for on a small copy of the
picture, which takes a quarter of the time that a page's own search takes, and some from all over it are read
as the page will be. It stays far from reading the page: at most `LINES_READ` lines, and none a second time.
A first look reads a third of them, which is enough where nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.model import Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.print_marks import percentile
from pipeline.reading.upright import CLEARLY_BETTER, READS_WELL, readability

PROBE_SIDE = 640
"""Long side in pixels of the copy on which lines are looked for: of 134, 51, 59, 86 and 43 lines that are
found at 1,280 pixels it shows 134, 51, 59, 86 and 43, in 0.065 s instead of 0.24 s."""

LINES_READ = 24
"""Lines of the sample, from all over the picture; a line takes 8 ms of one core."""

FIRST_LINES = 8
"""Of the sample so many are read at the first look, from all over the picture as well."""

TURN_LINES = 6
"""The longest lines, read first: print that lies upside down is told by them."""

TURN_LENGTH = 6.5
"""Heights of a line of which so long a part is read to tell its way up: of 150 pictures none is told
otherwise than by whole lines, by parts of 4 heights three are."""

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
    return read_on(first_look(image, engine), image, engine)


def first_look(image: Image, engine: OcrEngine) -> Probe:
    """As `probe`, of few lines: as many as tell a good picture."""
    small, scale = _small(image)
    lines = [np.asarray(line / scale, np.float32) for line in engine.find_lines(small)]
    if _lies_upside_down(image, lines, engine):
        lines = [_other_way_up(line) for line in lines]
    places = spread(len(lines), LINES_READ)
    return _with_read(
        Probe(tuple(lines), (), ()), [places[i] for i in spread(len(places), FIRST_LINES)], image, engine
    )


def read_on(looked: Probe, image: Image, engine: OcrEngine) -> Probe:
    """The whole sample, of which a first look has read its part."""
    places = spread(len(looked.lines), LINES_READ)
    return _with_read(looked, [place for place in places if place not in looked.chosen], image, engine)


def _with_read(looked: Probe, places: Sequence[int], image: Image, engine: OcrEngine) -> Probe:
    """The probe with more lines read, all in their order."""
    words = engine.read_each(image, [looked.lines[place] for place in places])
    read = {
        **dict(zip(looked.chosen, looked.read, strict=True)),
        **dict(zip(places, map(tuple, words), strict=True)),
    }
    chosen = tuple(sorted(read))
    return replace(looked, chosen=chosen, read=tuple(read[place] for place in chosen))


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
    brightest = np.maximum(np.maximum(small[..., 0], small[..., 1]), small[..., 2])
    light = max(1.0, float(percentile(brightest, BRIGHT_PART)))
    if light < DIM:
        small = np.asarray(cv2.convertScaleAbs(small, alpha=min(MOST_LIT, LIT / light)), np.uint8)
    return small, scale


def _lies_upside_down(image: Image, lines: Sequence[Quad], engine: OcrEngine) -> bool:
    """Whether the longest lines read clearly better the other way up."""
    longest = sorted(lines, key=lambda line: -float(np.ptp(line, axis=0).max()))[:TURN_LINES]
    longest = [_shortened(line) for line in longest]
    as_is = readability([word for words in engine.read_each(image, longest) for word in words])
    if as_is >= READS_WELL:
        return False
    turned = engine.read_each(image, [_other_way_up(line) for line in longest])
    return readability([word for words in turned for word in words]) > as_is + CLEARLY_BETTER


def _other_way_up(line: Quad) -> Quad:
    return np.roll(line, 2, axis=0)


def _shortened(line: Quad) -> Quad:
    """The part of a line, whichever way it runs, that is enough to tell its way up."""
    across, down = float(np.linalg.norm(line[1] - line[0])), float(np.linalg.norm(line[3] - line[0]))
    share = min(1.0, TURN_LENGTH * min(across, down) / max(across, down, 1.0))
    first, then = ((0, 3), (1, 2)) if across >= down else ((0, 1), (3, 2))
    short = line.copy()
    for here, there in zip(first, then, strict=True):
        short[there] = line[here] + (line[there] - line[here]) * share
    return short
