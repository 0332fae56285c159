"""Which papers lie on one page, where one ends, and how each is cut out to be read in its own frame.

People lay several tickets on the glass or the table at once. Read as one page their values mix, so each is
cut out, and is turned upright by itself when it is read. A single paper that is cut apart is worse than
several read as one, which a rule stops; so a cut needs two witnesses that know nothing of each other. The
image shows a seam (`pipeline.reading.seams`), and the print on either side of it is that of a paper: it
has a title or the words of its kind, or it lies another way than its neighbour. Where print runs several
ways, each line is read the way it lies first (`pipeline.reading.ways`), so that tickets on their sides or on
their heads are told like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from extractors.other import KINDS, kind_of
from pipeline.model import OTHER, Box, Code, Page, Placement
from pipeline.papers import ONCE_A_PAPER, identified, titles_on
from pipeline.reading.cutting import Line, Outline, clipped, gaps_between
from pipeline.reading.seams import Axis, Grey, seam_in, shows_ground, small_grey
from pipeline.reading.upright import READS_WELL
from pipeline.reading.ways import MISREAD, OWN_WAY, LaidWord, Reader, words_each_way
from pipeline.text import squeeze

LEAST_GAP = 0.008
"""Two papers have at least so much between their print, as a share of the page's long side (2.4 mm of A4);
lines of one paper are mostly nearer."""

FEWEST_WORDS = 2
"""Less print than this is a stamp, a clip or dust beside a paper."""

PADDING = 0.06
"""Around its print so much is cut out with it, as a share of the page's long side: the margin of a paper."""

TITLE, CARD, SLIP = "title", "card", "slip"
"""By what print announces a paper, beside the kinds of `TICKETS`."""

SURE = 0.9
"""So sure of a type is who knows its labels; below it the lower half of a form passes for other types."""

LIST = "itemized_bill"
"""The charged rows of any bill look like a list of charges."""

TALES_OF_A_STAY = {"discharge_summary", "diagnosis_certificate"}
"""Parts of either pass for the other."""

TELLING_WORD = 3
"""Words so long tell which way they lie; the characters of a number that stands are found one by one."""

SLOPES = (0.0, 0.0175, -0.0175, 0.035, -0.035, 0.0525, -0.0525)
"""Rise of a cut for a pixel along: 0 to 3 degrees, as papers lie that were strewn or photographed in a row;
the seam in it may rise as much again."""

SURELY, LIKELY = 2.0, 1.0
"""As good as an edge from end to end and past it: all print on either side lies another way. Good where there
is no such edge: some of it does, or both sides say that they are papers."""

PAPER_STEP = 8
"""Of the pixels of a cut each so many-th, across and down, tells the grey of its paper."""

WHITE = 255

AXES: tuple[Axis, ...] = ("y", "x")

_CARD = re.compile(
    "(?<![:：])(?:社会保障卡|社保卡|就诊卡|银行卡)(?!号)|居民身份证|公民身份号码|常住人口|姓名.*民族|民族.*姓名"
)
"""What a card bears in place of a title; one that lies half off the glass shows its first lines alone.
Behind a colon it says how a bill was paid (付款类型：银行卡)."""

CARD_CHARACTERS = 160
"""A card has no more print; bills bear the number of a card among much else."""

_ONCE_A_CARD = (
    re.compile("姓名"),
    re.compile("身份号码"),
    re.compile("住址"),
    re.compile("社会保障卡|社保卡|就诊卡|银行卡"),
)
"""What a card bears once: the foot of one card is no second card."""

_ONCE_A_TICKET = (
    re.compile("限乘当日当次车"),
    re.compile("商户编?号"),
    re.compile("乘车日期"),
    re.compile("上车"),
    re.compile("找零"),
)
"""What a ticket or slip bears once; two of one kind are told by it."""

_BACK = re.compile("签发机关|有效期限")
"""The other side of an identity card: copied below its front it is the same paper."""

_NUMBER = re.compile(r"(?<!\d)(?:\d{10}|\d{20})(?!\d)")
"""The number of a bill, which no other bill has."""

_SLIP = re.compile("小票(?!号)|找零")
"""What the receipt of a till bears in place of a title."""

TICKETS = frozenset({"train_ticket", "coach_ticket", "taxi", "pos_slip"})
"""Kinds of papers (`extractors.other`) told by words all over them; other kinds are told by their foot."""


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
class Block:
    """Print that belongs together, and the part of the sheet it may take (corners, shape (N, 2))."""

    words: tuple[LaidWord, ...]
    codes: tuple[Code, ...]
    cell: Outline

    @property
    def boxes(self) -> list[Box]:
        """The places of its words and codes."""
        return [*(word.box for word in self.words), *(code.box for code in self.codes)]


@dataclass(frozen=True, slots=True)
class Cut:
    """A line and the blocks on its two sides; `sure` is how much there is of an edge, 0 to 2."""

    sure: float
    gap: float
    sides: tuple[Block, Block]


def papers_on(page: Page, engine: Reader) -> tuple[Piece, ...]:
    """Where papers lie on a page that was read, from top to bottom; empty where it holds one or none.

    What the file itself says in words was never laid on a glass, so such a page holds one.
    """
    if page.image is None or any(word.origin != "ocr" for word in page.words):
        return ()
    if len(page.words) < 2 * FEWEST_WORDS:
        return ()
    return pieces_of(page, words_each_way(page.image, page.words, engine))


def pieces_of(page: Page, words: Sequence[LaidWord]) -> tuple[Piece, ...]:
    """As `papers_on`, of words of which each was read the way it lies."""
    assert page.image is not None
    grey, scale = small_grey(page.image)
    corners = [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)]
    whole = Block(tuple(words), page.codes, np.array(corners, np.float64))
    frames = _frames(page, whole)
    several = sum(map(_announcements, frames.values())) > 1
    sheet = Sheet(page, grey, scale, strewn=len(frames) > 1, several=several)
    blocks = list(_cut_apart(sheet, whole))
    return tuple(_place_of(block, page) for block in blocks) if len(blocks) > 1 else ()


def cut_out(page: Page, piece: Piece) -> Page:
    """The part of an upright page as a page of its own, not yet read; it keeps its number.

    What lies in its region and is not its own is painted over in the grey of its paper.
    """
    assert page.image is not None
    region = piece.region
    x0, y0, x1, y1 = (round(edge) for edge in (region.x0, region.y0, region.x1, region.y1))
    image = np.ascontiguousarray(page.image[y0:y1, x0:x1])
    own = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(own, [np.round(piece.outline - (x0, y0)).astype(np.int32)], (1,))
    if not own.all():
        image = image.copy()
        few = image[::PAPER_STEP, ::PAPER_STEP][own[::PAPER_STEP, ::PAPER_STEP] == 1]
        image[own == 0] = np.median(few, axis=0) if few.size else WHITE
    there = Placement(page.size, Box(x0, y0, x1, y1), ((1.0, 0.0, x0), (0.0, 1.0, y0), (0.0, 0.0, 1.0)))
    return Page(page.file, page.number, x1 - x0, y1 - y0, page.dpi, placement=there, image=image)


def is_paper(page: Page) -> bool:
    """Whether the print on the page is that of a paper: of a known type, a title, a ticket, a card."""
    return bool(page.words) and (_announced(page) != "" or identified(page)[0] != OTHER)


class Sheet:
    """A page with papers on it, and how it looks small, in grey, sheared by a slope.

    Args:
        page: As it was read.
        grey: It in small, shape (H, W) uint8.
        scale: How far it was reduced.
        strewn: Whether print on it lies several ways, so that it surely holds several papers.
        several: Whether its print announces more than one paper.
    """

    def __init__(self, page: Page, grey: Grey, scale: float, *, strewn: bool, several: bool) -> None:
        self.page, self.scale, self.strewn, self.several = page, scale, strewn, several
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


def _cut_apart(sheet: Sheet, block: Block) -> Iterator[Block]:
    """The papers of a block: it, or those of the two sides of its clearest cut, and so on."""
    cut = max(_cuts(sheet, block), key=lambda cut: (cut.sure, cut.gap), default=None)
    if cut is None:
        yield block
        return
    for side in cut.sides:
        yield from _cut_apart(sheet, side)


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
    first, second = (_frames(sheet.page, side) for side in sides)
    both = first.keys() & second.keys()
    if _lie_each_their_way(first, second):
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
            sheet.strewn or (seam is not None and seam.is_likely) or shows_ground(looked_at, strip, line.axis)
        )
        return Cut(LIKELY, gap, sides) if is_likely else None
    parted = _sides(block, replace(line, at=seam.at / sheet.scale))
    if any(len(side.words) < FEWEST_WORDS for side in parted):
        return None
    first, second = (_frames(sheet.page, side) for side in parted)
    return Cut(seam.along + seam.past, gap, parted) if _are_papers(first, second) else None


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
    first, second = (_telling(frames) for frames in (first, second))
    if not first or not second or first.keys() == second.keys():
        return False
    if not any(map(is_paper, [*first.values(), *second.values()])):
        return False
    return all(_are_two(first[way], second[way]) for way in first.keys() & second.keys())


def _are_told(first: dict[int, Page], second: dict[int, Page]) -> bool:
    """Whether print on both sides of a line says that a paper is here, for each way there is."""
    both = first.keys() & second.keys()
    return bool(both) and all(_announced(first[way]) and _announced(second[way]) for way in both)


def _are_papers(first: dict[int, Page], second: dict[int, Page]) -> bool:
    """Whether what lies one way on either side of a line is of two papers, for each way there is."""
    both = first.keys() & second.keys()
    return bool(both) and all(_are_two(first[way], second[way]) for way in both)


def _are_two(first: Page, second: Page) -> bool:
    """Whether print on two sides of a seam, all upright, is that of two papers.

    Below a fold the rest of a form may still look like its type, so what follows a seam must announce
    itself, or repeat what a paper bears once.
    """
    if not is_paper(first):
        return False
    texts = squeeze(first.text), squeeze(second.text)
    if _is_card(first) and _is_card(second):
        is_back = _BACK.search(texts[0] + texts[1]) is not None
        return not is_back and any(all(map(once.search, texts)) for once in _ONCE_A_CARD)
    told, telling = _announced(first), _announced(second)
    if _is_of_kind(telling, texts[0]) or _is_of_kind(told, texts[1]):
        return any(all(map(once.search, texts)) for once in _ONCE_A_TICKET)
    if told and (telling in (TITLE, CARD) or (telling and telling != told)):
        return True
    if telling and identified(first)[0] != identified(second)[0]:
        return True  # the title of the first is not read; where both are of one type it may be the second's
    if _are_of_other_types(first, second):
        return True
    if set(_NUMBER.findall(texts[0])) & set(_NUMBER.findall(texts[1])):
        return False  # a bill on a phone's screen is shown twice: as a list and as a picture
    return any(all(map(once.search, texts)) for once in (*ONCE_A_PAPER, *_ONCE_A_TICKET))


def _is_of_kind(name: str, text: str) -> bool:
    """Whether the text has a word of that kind of ticket: the title of a ticket is its own, not another's."""
    return name in TICKETS and any(word in text for kind in KINDS if kind.name == name for word in kind.words)


def _are_of_other_types(first: Page, second: Page) -> bool:
    """Whether either is surely of a type, and not of types that parts of one paper are taken for.

    A ticket counts as a type: what follows it may be a bill whose title nobody can read under its seal.
    """
    (one, sure), (other, as_sure) = identified(first), identified(second)
    if one == OTHER and other != OTHER and _announced(first) in TICKETS:
        return as_sure >= SURE
    if one == other or {one, other} == TALES_OF_A_STAY or OTHER in (one, other) or other == LIST:
        return False
    return min(sure, as_sure) >= SURE


def _announced(page: Page) -> str:
    """By what the print says that a paper is here: `TITLE`, `CARD`, a kind of ticket; empty for nothing."""
    if titles_on(page):
        return TITLE
    if _is_card(page):
        return CARD
    kind = kind_of([page])
    if kind is not None and kind.name in TICKETS:
        return kind.name
    return SLIP if _SLIP.search(squeeze(page.text)) else ""


def _announcements(page: Page) -> int:
    """How many papers the print announces, at most: titles, and a card among them."""
    return len(titles_on(page)) + (_CARD.search(squeeze(page.text)) is not None)


def _is_card(page: Page) -> bool:
    """Whether there is a card, or several and nothing else."""
    text = squeeze(page.text)
    cards = max(1, *(len(once.findall(text)) for once in _ONCE_A_CARD))
    return len(text) <= CARD_CHARACTERS * cards and _CARD.search(text) is not None


def _frames(page: Page, block: Block) -> dict[int, Page]:
    """The print of a block by the quarter turns that set it upright, each as the page so turned has it.

    What lies a way of which there are few letters was misread, such as the digits of a number that stands.
    """
    own = {code.box for code in block.codes}
    stated = tuple(stated for stated in page.statements if stated.box in own)
    frames = {}
    for turns in sorted({word.turns for word in block.words}):
        words = tuple(word.word for word in block.words if word.turns == turns)
        width, height = (page.width, page.height) if turns % 2 == 0 else (page.height, page.width)
        frames[turns] = replace(
            page, width=width, height=height, words=words, codes=block.codes, statements=stated
        )
    if all(word.turns == 0 for word in block.words):
        return frames
    return _telling(frames)


def _telling(frames: dict[int, Page]) -> dict[int, Page]:
    """The frames whose print is enough to say which way it lies: a scrap of a seal reads some way too."""
    return {turns: frame for turns, frame in frames.items() if _letters(frame) >= OWN_WAY}


def _strays(side: Block, frames: dict[int, Page]) -> bool:
    """Whether a word that tells its way lies another way than all else on its side: it is its neighbour's."""
    return any(
        word.turns not in frames
        and word.word.confidence >= READS_WELL
        and len(word.word.text) >= TELLING_WORD
        for word in side.words
    )


def _letters(page: Page) -> int:
    """How many letters the words have that tell which way they lie."""
    telling = [word.text for word in page.words if word.confidence >= MISREAD]
    return sum(len(text) for text in telling if len(text) >= TELLING_WORD)


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


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)
