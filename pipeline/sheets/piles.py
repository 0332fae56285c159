"""Which papers lie on one page, where one ends, and how each is cut out to be read in its own frame.

People lay several tickets on the glass or the table at once. Read as one page their values mix, so each is
cut out, and is turned upright by itself when it is read. Ground between papers tells them apart
(`pipeline.sheets.parts`); what touches is cut where image and print both tell of two
(`pipeline.sheets.cuts`), for a single paper that is cut apart is worse than several read as one, which a rule
stops. Where print runs several ways, each line is read the way it lies first (`pipeline.reading.ways`), so
that tickets on their sides or on their heads are told like others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.model import Box, Page, Placement
from pipeline.reading.cutting import Outline
from pipeline.reading.seams import small_grey
from pipeline.reading.ways import LaidWord, Reader, words_each_way
from pipeline.sheets.announced import announcements, is_paper
from pipeline.sheets.blocks import Block, frames_of
from pipeline.sheets.cuts import FEWEST_WORDS, Sheet, cut_apart
from pipeline.sheets.parts import Part, outlined_parts, parts_of

PADDING = 0.06
"""Around its print so much is cut out with it, as a share of the page's long side: the margin of a paper."""

PAPER_STEP = 8
"""Of the pixels of a cut each so many-th, across and down, tells the grey of its paper."""

WHITE = 255


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sheet that is a paper.

    Args:
        region: Its place, in pixels of the sheet.
        outline: The corners of the part that is its own, shape (N, 2): the papers beside it may lie askew and
            reach into the region.
    """

    region: Box
    outline: Outline


@dataclass(frozen=True, slots=True)
class Pile:
    """What lies together, with ground around it or alone on the sheet: papers that touch, mostly one.

    Args:
        place: Of all of it.
        pieces: The papers that it was cut into, from top to bottom; one where it is one.
    """

    place: Piece
    pieces: tuple[Piece, ...]


def piles_on(page: Page, engine: Reader) -> tuple[Pile, ...]:
    """Where papers lie on a page that was read; empty where it holds one or none.

    What the file itself says in words was never laid on a glass, so such a page holds one.
    """
    if page.image is None or any(word.origin != "ocr" for word in page.words):
        return ()
    if len(page.words) < 2 * FEWEST_WORDS:
        return ()
    return piles_of(page, words_each_way(page.image, page.words, engine))


def piles_of(page: Page, words: Sequence[LaidWord]) -> tuple[Pile, ...]:
    """As `piles_on`, of words of which each was read the way it lies."""
    piles = _piles(page, parts_of(page, words))
    if len(piles) == 1 and len(piles[0].pieces) > 1:
        # Print alone tells that there are several: lines around them tell better where each ends.
        piles = _piles(page, outlined_parts(page, words)) or piles
    return piles if sum(len(pile.pieces) for pile in piles) > 1 else ()


def _piles(page: Page, parts: Sequence[Part]) -> tuple[Pile, ...]:
    """The parts of a sheet, each cut into its papers."""
    assert page.image is not None
    grey, scale = small_grey(page.image)
    piles = []
    for part in parts:
        frames = frames_of(page, part.block)
        is_solid = part.island is not None and part.island.is_solid
        # What lies another way on a single paper was misread.
        ways = sum(map(is_paper, frames.values())) if is_solid else len(frames)
        several = sum(map(announcements, frames.values())) > 1
        shows_ground = part.island is not None
        sheet = Sheet(page, grey, scale, strewn=ways > 1, several=several, shows_ground=shows_ground)
        pieces = tuple(_place_of(block, page) for block in cut_apart(sheet, part.block))
        piles.append(Pile(_place_of(part.block, page), pieces))
    return tuple(piles)


def cut_out(page: Page, piece: Piece) -> Page:
    """The part of an upright page as a page of its own, not yet read; it keeps its number.

    What lies in its region and is not its own is painted over in the grey of its paper.
    """
    assert page.image is not None
    region = piece.region
    # An outline is found on a small picture, and may be off by some pixels, over the rim as well.
    x0, y0 = max(0, round(region.x0)), max(0, round(region.y0))
    x1, y1 = min(page.width, round(region.x1)), min(page.height, round(region.y1))
    image = np.ascontiguousarray(page.image[y0:y1, x0:x1])
    own = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(own, [np.round(piece.outline - (x0, y0)).astype(np.int32)], (1,))
    if not own.all():
        image = image.copy()
        few = image[::PAPER_STEP, ::PAPER_STEP][own[::PAPER_STEP, ::PAPER_STEP] == 1]
        image[own == 0] = np.median(few, axis=0) if few.size else WHITE
    there = Placement(page.size, Box(x0, y0, x1, y1), ((1.0, 0.0, x0), (0.0, 1.0, y0), (0.0, 0.0, 1.0)))
    return Page(page.file, page.number, x1 - x0, y1 - y0, page.dpi, placement=there, image=image)


def _place_of(block: Block, page: Page) -> Piece:
    """The print of a block with the margin of its paper, within its part of the sheet."""
    pad = PADDING * max(page.width, page.height)
    own, cell = Box.around(block.boxes), block.cell
    beside = min(pad, own.width / 2)  # a narrow strip from a till or a taxi has a narrow margin
    (left, top), (right, bottom) = cell.min(axis=0).tolist(), cell.max(axis=0).tolist()
    region = Box(
        max(left, own.x0 - beside),
        max(top, own.y0 - pad),
        min(right, own.x1 + beside),
        min(bottom, own.y1 + pad),
    )
    return Piece(region, cell)
