"""Which papers on a sheet are told apart by what lies around them: ground, a thin line, their corners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import cv2
import numpy as np

from pipeline.model import Box, Page
from pipeline.reading.ground import islands, may_hold_several, outlined
from pipeline.reading.islands import FILLED, Island, Print
from pipeline.reading.ways import LaidWord
from pipeline.sheets.announced import announcements, are_sides, are_two, is_paper
from pipeline.sheets.blocks import Block, frames_of, is_print, letters_of

PRINTED = 0.6
"""Print of a page reaches over so much of it. Looking for thin lines around papers costs a twentieth of a
page."""

ON_PAPER = 0.97
"""So much of the print must lie on the parts that ground surrounds: else it is no ground."""

TORN_FILLED = 0.68
"""Of its rectangle: so much a paper shows of which a shadow or a finger hides a corner, at least."""

LEAST_FILLED = 0.6
"""Of its rectangle: a part that shows less is no paper but what a shadow left of one."""

WITHIN = 0.8
"""A part that lies so far within the hull of another is a part of that paper."""

DARKER = (0.75, 0.85, 0.9)
"""How bright ground is at most, beside the paper on it; which of these tells papers best is seen on each
sheet. The grey lid of a scanner has 0.87; where papers lie near one another on a grey desk 0.85 is left
between them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Print of one paper or several, and the island that it lies on; none where no ground is seen."""

    block: Block
    island: Island | None = None


def parts_of(page: Page, words: Sequence[LaidWord]) -> list[Part]:
    """The print of each part of a sheet that ground surrounds; where there are no such parts, all of it.

    A shadow across a page looks like ground too, and frames on it like the edges of papers, so that print on
    each must be that of a paper, or the ground be much darker than a fold, or its corners be those of papers.
    """
    assert page.image is not None
    words = sorted(words, key=is_print, reverse=True)
    telling = _printed(words)
    corners = [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)]
    whole = Part(Block(tuple(words), page.codes, np.array(corners, np.float64)))
    frames = frames_of(page, whole.block)
    tells_of_several = len(frames) > 1 or sum(map(announcements, frames.values())) > 1
    parts: list[Part] = []
    if tells_of_several or may_hold_several(page.image, telling, DARKER[-1]):
        told = (_told_parts(found, page, words) for found in islands(page.image, telling, DARKER))
        parts = max(filter(None, told), key=_look, default=[])
    if not parts and (tells_of_several or _leaves_room(page, telling)):
        parts = outlined_parts(page, words)
    return parts or [whole]


def outlined_parts(page: Page, words: Sequence[LaidWord]) -> list[Part]:
    """The print of each part of a sheet that a thin line surrounds; empty where there are no such parts."""
    assert page.image is not None
    words = sorted(words, key=is_print, reverse=True)
    return _told_parts(outlined(page.image, _printed(words)), page, words)


def _printed(words: Sequence[LaidWord]) -> list[Print]:
    return [Print(word.box, len(word.word.text), word.turns) for word in words if is_print(word)]


def _leaves_room(page: Page, print_: Sequence[Print]) -> bool:
    """Whether so much of a page is bare that something small may lie on it that says nothing of itself."""
    boxes = [word.box for word in print_]
    corners = [(x, y) for box in boxes for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
    if not corners:
        return False
    hull = cv2.convexHull(np.array(corners, np.float32))
    return cv2.contourArea(hull) < PRINTED * page.width * page.height


def _look(parts: Sequence[Part]) -> float:
    """How much parts look like single papers, 0 to 1: by the shares that they fill of their rectangles."""
    letters = [letters_of(part.block.words) for part in parts]
    return float(np.average([part.island.filled if part.island else 0.0 for part in parts], weights=letters))


def _told_parts(found: Sequence[Island], page: Page, words: Sequence[LaidWord]) -> list[Part]:
    """Islands, parted by their corners, with the print on each; none where they tell of no several papers."""
    parted = [island.parts if _look_like_papers(island.parts) else (island,) for island in _outermost(found)]
    papers = _joined([one for each in parted for one in each], page, words)
    papers.sort(key=lambda paper: float(paper.outline[:, 1].min()))  # people count papers from the top
    parts = _shared_out(papers, page, words)
    on_paper = sum(letters_of(part.block.words) for part in parts)
    if len(parts) < 2 or on_paper < ON_PAPER * letters_of(words):
        return []
    told = all(
        island.is_cut or island.is_dark_around or _holds_paper(page, part.block)
        for island, part in zip(papers, parts, strict=True)
    )
    return parts if told else []


_Told: TypeAlias = tuple[Island, dict[int, Page]]
"""An island and the print on it, by the way it lies."""


def _look_like_papers(parts: Sequence[Island]) -> bool:
    return bool(parts) and all(part.filled >= LEAST_FILLED for part in parts)


def _joined(found: Sequence[Island], page: Page, words: Sequence[LaidWord]) -> list[Island]:
    """The islands; those joined that are the two sides of a card, or that a shadow or a finger tore apart."""
    papers = list(found)
    for _ in found:
        told = [
            (paper, frames_of(page, part.block))
            for paper, part in zip(papers, _shared_out(papers, page, words), strict=True)
        ]
        pairs = combinations(range(len(papers)), 2)
        same = next(((n, m) for n, m in pairs if _are_one(told[n], told[m])), None)
        if same is None:
            break
        one, other = (papers[n] for n in same)
        papers = [paper for n, paper in enumerate(papers) if n not in same] + [one.joined_with(other)]
    return papers


def _are_one(told: _Told, beside: _Told) -> bool:
    is_card = any(are_sides(one, other) for one in told[1].values() for other in beside[1].values())
    return is_card or _are_torn(told, beside)


def _are_torn(told: _Told, beside: _Told) -> bool:
    """Whether two islands may be parts of one paper: print lies one way and tells of no two."""
    (one, first), (other, second) = told, beside
    if not one.touches(other):
        return False
    together, least = one.joined_with(other).filled, min(one.filled, other.filled)
    if together < (FILLED if least >= FILLED else TORN_FILLED):
        return False
    both = first.keys() & second.keys()
    if not both and first and second:
        return False
    return not any(are_two(first[way], second[way]) or are_two(second[way], first[way]) for way in both)


def _shared_out(found: Sequence[Island], page: Page, words: Sequence[LaidWord]) -> list[Part]:
    """The islands with the print on each: what told them, and what else lies within one of their hulls."""
    outlines = [island.outline.astype(np.float32) for island in found]
    telling = {word: number for number, island in enumerate(found) for word in island.members}

    def home(box: Box) -> int | None:
        deep = [cv2.pointPolygonTest(outline, (box.cx, box.cy), measureDist=True) for outline in outlines]
        deepest = max(range(len(deep)), key=deep.__getitem__, default=None)
        return deepest if deepest is not None and deep[deepest] >= 0 else None

    of_words = [telling.get(at) if is_print(word) else home(word.box) for at, word in enumerate(words)]
    of_codes = [home(code.box) for code in page.codes]
    parts = []
    for number, island in enumerate(found):
        own = tuple(word for word, at in zip(words, of_words, strict=True) if at == number)
        codes = tuple(code for code, at in zip(page.codes, of_codes, strict=True) if at == number)
        block = Block(own, codes, island.outline)
        parts.append(Part(block, island))
    return parts


def _holds_paper(page: Page, block: Block) -> bool:
    return any(map(is_paper, frames_of(page, block).values()))


def _outermost(found: Sequence[Island]) -> list[Island]:
    """Those that lie on no other, in their order: what is dark all around may be a frame on a paper."""

    def area(island: Island) -> float:
        return cv2.contourArea(island.outline.astype(np.float32))

    def lies_on(one: Island, other: Island) -> bool:
        shared, _ = cv2.intersectConvexConvex(
            one.outline.astype(np.float32), other.outline.astype(np.float32)
        )
        return bool(shared > WITHIN * area(one))

    return [
        one for one in found if not any(area(one) < area(other) and lies_on(one, other) for other in found)
    ]
