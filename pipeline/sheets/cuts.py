"""Where a line parts the print of two papers that touch, or that white glass lies between.

A cut needs two witnesses that know nothing of each other: the image shows a seam (`pipeline.reading.seams`),
and the print on either side of it is that of a paper, or lies another way than its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.model import Box, Page
from pipeline.reading.cutting import Line, clipped, gaps_between
from pipeline.reading.seams import Axis, Grey, seam_in, shows_ground
from pipeline.reading.upright import READS_WELL
from pipeline.sheets.announced import announced, are_two, is_paper
from pipeline.sheets.blocks import TELLING_WORD, Block, frames_of, telling_frames

LEAST_GAP = 0.008
"""Two papers have at least so much between their print, as a share of the page's long side (2.4 mm of A4);
lines of one paper are mostly nearer."""

FEWEST_WORDS = 2
"""Less print than this is a stamp, a clip or dust beside a paper."""

SLOPES = (0.0, 0.0175, -0.0175, 0.035, -0.035, 0.0525, -0.0525)
"""Rise of a cut for a pixel along: 0 to 3 degrees, as papers lie that were strewn or photographed in a row;
the seam in it may rise as much again."""

SURELY, LIKELY = 2.0, 1.0
"""As good as an edge from end to end and past it: all print on either side lies another way. Good where there
is no such edge: some of it does, or both sides say that they are papers."""

AXES: tuple[Axis, ...] = ("y", "x")


@dataclass(frozen=True, slots=True)
class Cut:
    """A line and the blocks on its two sides; `sure` is how much there is of an edge, 0 to 2."""

    sure: float
    gap: float
    sides: tuple[Block, Block]


class Sheet:
    """A page with papers on it, and how it looks small, in grey, sheared by a slope.

    Args:
        page: As it was read.
        grey: It in small, shape (H, W) uint8.
        scale: How far it was reduced.
        strewn: Whether print on it lies several ways, so that it surely holds several papers; what lies
            otherwise on a single paper was misread.
        several: Whether its print announces more than one paper.
        shows_ground: Whether ground is seen around its print, so that no edge of a paper goes on past it.
    """

    def __init__(
        self, page: Page, grey: Grey, scale: float, *, strewn: bool, several: bool, shows_ground: bool
    ) -> None:
        self.page, self.scale = page, scale
        self.strewn, self.several, self.shows_ground = strewn, several, shows_ground
        self._sheared = {("y", 0.0): grey, ("x", 0.0): grey}

    def sheared(self, axis: Axis, slope: float) -> Grey:
        """So that lines of the slope run along rows (`y`) or columns (`x`)."""
        if (axis, slope) not in self._sheared:
            grey = self._sheared[axis, 0.0]
            down, right = (slope, 0.0) if axis == "y" else (0.0, slope)
            back = np.array([[1, right, 0], [down, 1, 0]], np.float64)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            size = (grey.shape[1], grey.shape[0])
            sheared = cv2.warpAffine(grey, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            self._sheared[axis, slope] = np.asarray(sheared, np.uint8)
        return self._sheared[axis, slope]


def cut_apart(sheet: Sheet, block: Block) -> Iterator[Block]:
    """The papers of a block: it, or those of the two sides of its clearest cut, and so on."""
    cut = max(_cuts(sheet, block), key=lambda cut: (cut.sure, cut.gap), default=None)
    if cut is None:
        yield block
        return
    for side in cut.sides:
        yield from cut_apart(sheet, side)


def _cuts(sheet: Sheet, block: Block) -> Iterator[Cut]:
    """Where a line parts print that is two papers'."""
    least = LEAST_GAP * max(sheet.page.width, sheet.page.height)
    for axis in AXES:
        for slope in SLOPES if sheet.strewn or sheet.several else (0.0,):
            for start, stop in gaps_between(block.boxes, axis, slope, least):
                cut = _cut_at(sheet, block, Line(axis, slope, (start + stop) / 2), stop - start)
                if cut is not None:
                    yield cut


def _cut_at(sheet: Sheet, block: Block, line: Line, gap: float) -> Cut | None:
    """The cut along a line in a gap, if it parts two papers."""
    sides = _sides(block, line)
    if any(len(side.words) < FEWEST_WORDS for side in sides):
        return None
    first, second = (frames_of(sheet.page, side) for side in sides)
    both = first.keys() & second.keys()
    if sheet.strewn and _lie_each_their_way(first, second):
        strays = any(_strays(side, frames) for side, frames in zip(sides, (first, second), strict=True))
        return Cut(LIKELY if both or strays else SURELY, gap, sides)
    if line.slope and not (sheet.strewn or _are_told(first, second)):
        return None  # among so many lines one looks like an edge: print must tell as well
    strip = _scaled(_gap_box(sides, line, gap), sheet.scale)
    looked_at = sheet.sheared(line.axis, line.slope)
    seam = seam_in(looked_at, strip, line.axis)
    if seam is None or not seam.is_edge:
        if not (_are_told(first, second) and _are_papers(first, second)):
            return None
        is_likely = (
            sheet.strewn
            or (seam is not None and seam.is_likely)
            or shows_ground(looked_at, strip, line.axis)
            or (sheet.shows_ground and _runs_along(looked_at, strip, line.axis))
        )
        return Cut(LIKELY, gap, sides) if is_likely else None
    parted = _sides(block, replace(line, at=seam.at / sheet.scale))
    if any(len(side.words) < FEWEST_WORDS for side in parted):
        return None
    first, second = (frames_of(sheet.page, side) for side in parted)
    return Cut(seam.along + seam.past, gap, parted) if _are_papers(first, second) else None


def _runs_along(grey: Grey, gap: Box, axis: Axis) -> bool:
    """Whether an edge runs along all print, on papers that end with it."""
    seam = seam_in(grey, gap, axis, goes_on=False)
    return seam is not None and seam.runs_along


def _sides(block: Block, line: Line) -> tuple[Block, Block]:
    """What lies before and behind a line through the block."""

    def of(sign: int) -> Block:
        words = tuple(word for word in block.words if sign * line.before(word.box.cx, word.box.cy) > 0)
        codes = tuple(code for code in block.codes if sign * line.before(code.box.cx, code.box.cy) > 0)
        return Block(words, codes, clipped(block.cell, line, sign))

    return of(1), of(-1)


def _gap_box(sides: tuple[Block, Block], line: Line, gap: float) -> Box:
    """The gap on the sheared sheet, as long as the print of the wider side: its paper has an edge there."""
    start, stop = line.at - gap / 2, line.at + gap / 2
    boxes = [Box.around(side.boxes) for side in sides]
    if line.axis == "y":
        wide = max(boxes, key=lambda box: box.width)
        return Box(wide.x0, start, wide.x1, stop)
    tall = max(boxes, key=lambda box: box.height)
    return Box(start, tall.y0, stop, tall.y1)


def _lie_each_their_way(first: dict[int, Page], second: dict[int, Page]) -> bool:
    """Whether some print of one side lies as none of the other does, and the rest is of two papers too.

    A part never lies another way than the rest of its paper, so no edge need be seen between them. Which
    papers they are is told better once each is cut out.
    """
    first, second = (telling_frames(frames) for frames in (first, second))
    if not first or not second or first.keys() == second.keys():
        return False
    if not any(map(is_paper, [*first.values(), *second.values()])):
        return False
    return all(are_two(first[way], second[way]) for way in first.keys() & second.keys())


def _are_told(first: dict[int, Page], second: dict[int, Page]) -> bool:
    """Whether print on both sides of a line says that a paper is here, for each way there is."""
    both = first.keys() & second.keys()
    return bool(both) and all(announced(first[way]) and announced(second[way]) for way in both)


def _are_papers(first: dict[int, Page], second: dict[int, Page]) -> bool:
    """Whether what lies one way on either side of a line is of two papers, for each way there is."""
    both = first.keys() & second.keys()
    return bool(both) and all(are_two(first[way], second[way]) for way in both)


def _strays(side: Block, frames: dict[int, Page]) -> bool:
    """Whether a word that tells its way lies another way than all else on its side: it is its neighbour's."""
    return any(
        word.turns not in frames
        and word.word.confidence >= READS_WELL
        and len(word.word.text) >= TELLING_WORD
        for word in side.words
    )


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)
