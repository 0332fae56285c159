"""Words under seals: read a second time with the seal's colour peeled off, the better reading kept.

In the red channel a red seal is nearly as light as paper while black print stays black; a purple one is
lightest in red or in blue, and what it still takes there is given back. The page is peeled only where a seal
lies, for the labels of some forms are red as well; what is lost with the colour (red labels, the
seal's own words) stays as it was first read, because no reading is replaced by one that says less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image, SealColour, Stamp, Word
from pipeline.reading.lines import Quad
from pipeline.reading.overlap import on_line, replaced, share
from pipeline.reading.seal_rims import rims_in
from pipeline.reading.seal_shape import outline_of
from pipeline.reading.stages import UNSEEN, Mark, Stages, marks_of
from pipeline.reading.stains import inks_on, taken_from

LOOKED_AT = 800
"""Pixels of the long side at which seals are looked for."""

JOINED = 0.012
"""Strokes of one seal stand within this share of the page's long side of each other."""

SMALLEST, LARGEST = 0.04, 0.36
"""A seal's width as a share of the page's long side: 2 cm on A4 to a large stamp on a half sheet."""

RULE = 0.09
"""A straight run of ink this share of the long side is a rule of the form; the flat top of a seal's rim has
half as much."""

LEAST_INK, MOST_INK = 0.07, 0.75
"""Share of a seal's box that is red: less is a rule or a label, more is a patch of colour."""

SEAL_FORMS = (0.3, 3.4)
"""Width by height of a seal's box."""

EXPLAINED = 0.5
"""Rims that take up so much of a patch of ink are what lies there; else it may be a frame or a seal cut off
by the edge, with a ring of writing voted for by chance."""

TOUCHES = 0.05
"""A line counts as under a seal from this share of its area on."""

AROUND = 0.03
"""Lines are looked for on the rows of a seal and so much above and below, as a share of the page's long side:
two lines of print, so that none under the seal is cut."""

SHEET_STEPS = 8
"""Those rows are laid on a sheet as high as some eighths of its width: the engine keeps megabytes for every
size of a picture."""

PRINTED = 0.45
"""Under a seal, what is darker than this share of the paper's light in the channel of its ink is print: red
ink leaves 0.8 and more of its own channel, blue-violet ink 0.6 (measured on drawn stamps)."""

THROUGH = 25
"""Percentile of the light that passes a seal's ink which is taken for its own: fainter places become lighter
than paper and are cut off there, print stays print."""

FAINT = 0.06
"""What ink must take more of one colour than of another to belong to a seal: its form speaks for it too, and
a dry pad leaves half of `pipeline.reading.stains.COLOURED`."""

LOWEST = 0.024
"""A seal is at least so high, as a share of the page's long side: 7 mm on A4; lines of print are lower."""

NARROWEST_RIM = 0.055
"""Among other print of its colour a seal is looked for from this share of the page's long side on: 16 mm on
A4. Smaller rings there are characters."""

CLEAR = 0.92
"""A rim inked in so many directions that fills its patch is alone in it."""

LOOSE = 1.25
"""A rim fills a patch of ink that is no more than so much wider or higher."""

INSIDE = 0.5
"""Ink that lies in a seal's box by so much of its own belongs to that seal."""


class LineReader(Protocol):
    """The engine, as far as it is needed here."""

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines of text on `image`."""

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """What stands on the lines."""


def with_words_under_seals(
    image: Image, words: Sequence[Word], stamps: Sequence[Stamp], engine: LineReader, stages: Stages = UNSEEN
) -> list[Word]:
    """The words of a page, those under one of `stamps` in the better of two readings."""
    seals = [stamp.box for stamp in stamps]
    stages.show(
        "seals",
        f"{len(seals)} 枚红章、紫章 / {len(seals)} red or purple seals",
        image,
        [Mark.on(box) for box in seals],
    )
    if not seals:
        return list(words)
    peeled = peel(image, seals)
    lines = [line for line in _lines_around(seals, peeled, engine) if _is_under(_box(line), seals)]
    again = engine.read_lines(peeled, lines)
    kept = list(words)
    for line in map(_box, lines):
        now = replaced(kept, on_line(again, line), line)
        kept = kept if now is None else now
    better = sum(word in again for word in kept)
    note = (
        f"去掉印色再读 {len(lines)} 行，采用其中 {better} 处 / {len(lines)} lines again, {better} words kept"
    )
    stages.show("peeled", note, peeled, marks_of(again))
    return kept


def _lines_around(seals: Sequence[Box], image: Image, engine: LineReader) -> list[Quad]:
    """The lines of text on the rows of `image` where seals lie.

    These rows are laid below each other on a sheet as wide as the page is long, so that the engine sees
    them as large as it sees the page.
    """
    long_side = max(image.shape[:2])
    bands = _bands(seals, image.shape[0], round(AROUND * long_side))
    step = long_side / SHEET_STEPS
    height = math.ceil(math.ceil(sum(stop - start for start, stop in bands) / step) * step)
    if height * long_side >= image.shape[0] * image.shape[1]:
        return engine.find_lines(image)
    sheet = np.full((height, long_side, 3), 255, np.uint8)
    moves, top = [], 0
    for start, stop in bands:
        sheet[top : top + stop - start, : image.shape[1]] = image[start:stop]
        moves.append((top, start - top))
        top += stop - start
    return [_moved(line, moves) for line in engine.find_lines(sheet)]


def _bands(seals: Sequence[Box], height: int, around: int) -> list[tuple[int, int]]:
    """From which to which row of a page of `height` seals lie, with so many rows `around` them."""
    bands: list[tuple[int, int]] = []
    for seal in sorted(seals, key=lambda seal: seal.y0):
        start, stop = max(0, round(seal.y0) - around), min(height, round(seal.y1) + around)
        if bands and start <= bands[-1][1]:
            start, stop = bands[-1][0], max(bands[-1][1], stop)
            bands.pop()
        bands.append((start, stop))
    return bands


def _moved(line: Quad, moves: Sequence[tuple[int, int]]) -> Quad:
    """A line of the sheet where it stands on the page; a band from row `top` on was moved up by `off`."""
    middle = float(line[:, 1].mean())
    down = next(off for top, off in reversed(moves) if top <= max(0.0, middle))
    return np.asarray(line + np.array([0, down]), np.float32)


def _is_under(line: Box, seals: Sequence[Box]) -> bool:
    return any(share(line, seal) >= TOUCHES for seal in seals)


def find_stamps(image: Image) -> list[Stamp]:
    """The places on `image` (H, W, 3 RGB) that are inked as seals are, each colour for itself."""
    scale = min(1.0, LOOKED_AT / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    inks = inks_on(np.asarray(small, np.uint8), FAINT)
    colours: tuple[tuple[SealColour, npt.NDArray[np.uint8]], ...] = (
        ("red", inks.red),
        ("purple", inks.purple),
    )
    return [
        Stamp(Box(box.x0 / scale, box.y0 / scale, box.x1 / scale, box.y1 / scale), colour)
        for colour, inked in colours
        for box in _stamped(inked)
    ]


def _stamped(inked: npt.NDArray[np.uint8]) -> list[Box]:
    """The boxes of seals in ink of one colour (1 for ink)."""
    long_side = max(inked.shape)
    reach = max(1, round(JOINED * long_side)) | 1
    free = _without_rules(inked, round(RULE * long_side))
    closed = cv2.morphologyEx(free, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    rims: list[Box] = []
    patches: list[Box] = []
    for x, y, width, height, _ in stats[1:count].tolist():
        share_of_side = max(width, height) / long_side
        if share_of_side < SMALLEST:
            continue
        part = free[y : y + height, x : x + width]
        box = Box(x, y, x + width, y + height)
        within = [
            _moved_box(rim, x, y, inked.shape)
            for rim in (_rims(part, long_side) if min(width, height) >= LOWEST * long_side else ())
        ]
        rims += within
        is_explained = sum(rim.area for rim in within) >= EXPLAINED * box.area
        if not is_explained and share_of_side <= LARGEST and _is_seal_like(part):
            patches.append(box)
    # The words inside a ring are a patch or a ring of their own, but no seal of their own.
    found = [*rims, *patches]
    return [box for box in found if not any(other != box and share(box, other) > INSIDE for other in found)]


def _is_seal_like(part: npt.NDArray[np.uint8]) -> bool:
    """Whether a patch of ink is as wide and as full as a seal."""
    height, width = part.shape
    narrowest, widest = SEAL_FORMS
    return narrowest <= width / height <= widest and LEAST_INK <= float(part.mean()) <= MOST_INK


def _rims(part: npt.NDArray[np.uint8], long_side: int) -> list[Box]:
    """The rims in a patch of ink; where one fills it well nothing else is looked for."""
    height, width = part.shape
    whole = outline_of(np.asarray(255 * part, np.uint8))
    is_clear = whole is not None and whole.shape in ("round", "oval") and whole.support >= CLEAR
    if whole is not None and is_clear and 2 * max(whole.half) >= max(width, height) / LOOSE:
        return [Box(0, 0, width, height)]
    return rims_in(part, NARROWEST_RIM * long_side, LARGEST * long_side)


def _moved_box(box: Box, x: int, y: int, size: tuple[int, ...]) -> Box:
    """A box of a cutting at (x, y) on its picture of `size`, not beyond its edges."""
    height, width = size
    return Box(max(0, box.x0 + x), max(0, box.y0 + y), min(width, box.x1 + x), min(height, box.y1 + y))


def _without_rules(inked: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint8]:
    """The ink without level and upright rules: a table in the seal's colour would tie all seals together."""
    level = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    rules = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.subtract(inked, rules), np.uint8)


def peel(image: Image, seals: Sequence[Box]) -> Image:
    """The page, grey and without ink of the seals' colours where a seal lies."""
    peeled = image.copy()
    for seal in seals:
        y0, y1, x0, x1 = (max(0, round(edge)) for edge in (seal.y0, seal.y1, seal.x0, seal.x1))
        if image[y0:y1, x0:x1].size:
            peeled[y0:y1, x0:x1] = _bleached(image[y0:y1, x0:x1])[:, :, None]
    return peeled


def _bleached(part: Image) -> npt.NDArray[np.uint8]:
    """The light of `part` in the channel its seal's ink takes least of; what ink took there is given back."""
    taken, inks = taken_from(part), inks_on(part)
    left = np.asarray(1 - taken, np.float32)
    by_colour = ((inks.red, left[:, :, 0]), (inks.purple, np.maximum(left[:, :, 0], left[:, :, 2])))
    usual = max(by_colour, key=lambda each: int(each[0].sum()))[1]
    light = usual.copy()
    for inked, own in by_colour:
        stamped = cv2.dilate(inked, np.ones((3, 3), np.uint8)).astype(bool)
        bare = stamped & (own > PRINTED)
        if bare.any():
            light[stamped] = np.minimum(1.0, own[stamped] / np.percentile(own[bare], THROUGH))
    return np.asarray(light * 255, np.uint8)


def _box(line: Quad) -> Box:
    (x0, y0), (x1, y1) = line.min(axis=0), line.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))
