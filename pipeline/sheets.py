"""Which papers lie on one page, where one ends, and how each is cut out to be read in its own frame.

People lay several tickets on the glass or the table at once. Read as one page their values mix, so each is
cut out, and is turned upright by itself when it is read. A single paper that is cut apart is worse than
several read as one, which a rule stops; so a cut needs two witnesses that know nothing of each other. The
image shows a seam (`pipeline.reading.seams`), and the print on either side of it is that of a paper: it
has a title or the words of its kind, or it lies another way than its neighbour and reads as a paper once it
is turned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from extractors.other import kind_of
from pipeline.model import OTHER, Box, Code, Page, Placement, Word
from pipeline.papers import ONCE_A_PAPER, identified, titles_on
from pipeline.reading.seams import Axis, Grey, Seam, seam_in, small_grey
from pipeline.reading.upright import readability
from pipeline.text import squeeze

LEAST_GAP = 0.008
"""Two papers have at least so much between their print, as a share of the page's long side (2.4 mm of A4);
lines of one paper are mostly nearer."""

FEWEST_WORDS = 2
"""Less print than this is a stamp, a clip or dust beside a paper."""

PADDING = 0.06
"""Around its print so much is cut out with it, as a share of the page's long side: the margin of a paper."""

MISREAD = 0.75
"""Print that lies another way reads below this (`pipeline.reading.upright.READS_WELL`)."""

FEWEST_TURNED, LEAST_TURNED = 8, 0.1
"""So many words that lie another way, so wide and high together (as a share of the page's long side), are a
paper; less is a seal or print up the margin."""

TITLE, CARD, SLIP = "title", "card", "slip"
"""By what print announces a paper, beside the kinds of `TICKETS`."""

SURE = 0.9
"""So sure of a type is who knows its labels; below it the lower half of a form passes for other types."""

LIST = "itemized_bill"
"""The charged rows of any bill look like a list of charges."""

TALES_OF_A_STAY = {"discharge_summary", "diagnosis_certificate"}
"""Parts of either pass for the other."""

AXES: tuple[Axis, ...] = ("y", "x")

_CARD = re.compile(
    "(?:社会保障卡|社保卡|就诊卡|银行卡)(?!号)|居民身份证|公民身份号码|常住人口|姓名.*民族|民族.*姓名"
)
"""What a card bears in place of a title; one that lies half off the glass shows its first lines alone."""

CARD_CHARACTERS = 160
"""A card has no more print; bills bear the number of a card among much else."""

_ONCE_A_CARD = (
    re.compile("姓名"),
    re.compile("身份号码"),
    re.compile("住址"),
    re.compile("社会保障卡|社保卡|就诊卡|银行卡"),
)
"""What a card bears once: the foot of one card is no second card."""

_BACK = re.compile("签发机关|有效期限")
"""The other side of an identity card: copied below its front it is the same paper."""

_NUMBER = re.compile(r"(?<!\d)(?:\d{10}|\d{20})(?!\d)")
"""The number of a bill, which no other bill has."""

_SLIP = re.compile("小票(?!号)|找零")
"""What the receipt of a till bears in place of a title."""

TICKETS = frozenset({"train_ticket", "coach_ticket", "taxi", "pos_slip"})
"""Kinds of papers (`extractors.other`) told by words all over them; other kinds are told by their foot."""


@dataclass(frozen=True, slots=True)
class Block:
    """Print that belongs together, and the part of the sheet it may take."""

    words: tuple[Word, ...]
    codes: tuple[Code, ...]
    cell: Box

    @property
    def print_box(self) -> Box:
        """What its words and codes cover."""
        return Box.around(self.boxes)

    @property
    def boxes(self) -> list[Box]:
        """The places of its words and codes."""
        return [*(word.box for word in self.words), *(code.box for code in self.codes)]


@dataclass(frozen=True, slots=True)
class Cut:
    """A seam and the blocks on its two sides."""

    seam: Seam
    gap: float
    sides: tuple[Block, Block]


def papers_on(page: Page) -> tuple[Box, ...]:
    """Where papers lie on a page that was read, from top to bottom; empty where it holds one or none.

    What the file itself says in words was never laid on a glass, so such a page holds one.
    """
    if page.image is None or any(word.origin != "ocr" for word in page.words):
        return ()
    if len(page.words) < 2 * FEWEST_WORDS:
        return ()
    grey, scale = small_grey(page.image)
    whole = Block(page.words, page.codes, Box(0, 0, page.width, page.height))
    blocks = list(_cut_apart(page, whole, grey, scale))
    if len(blocks) < 2:
        return ()
    return tuple(_place_of(block, page) for block in blocks)


def cut_out(page: Page, region: Box) -> Page:
    """The part of an upright page as a page of its own, not yet read; it keeps its number."""
    assert page.image is not None
    x0, y0, x1, y1 = (round(edge) for edge in (region.x0, region.y0, region.x1, region.y1))
    image = np.ascontiguousarray(page.image[y0:y1, x0:x1])
    there = Placement(page.size, Box(x0, y0, x1, y1), ((1.0, 0.0, x0), (0.0, 1.0, y0), (0.0, 0.0, 1.0)))
    return Page(page.file, page.number, x1 - x0, y1 - y0, page.dpi, placement=there, image=image)


def is_paper(page: Page) -> bool:
    """Whether the print on the page is that of a paper: of a known type, a title, a ticket, a card."""
    return bool(page.words) and (_announced(page) != "" or identified(page)[0] != OTHER)


def _cut_apart(page: Page, block: Block, grey: Grey, scale: float) -> Iterator[Block]:
    """The papers of a block: it, or those of the two sides of its clearest cut, and so on."""
    cut = max(
        _cuts(page, block, grey, scale),
        key=lambda cut: (cut.seam.along + cut.seam.past, cut.gap),
        default=None,
    )
    if cut is None:
        yield block
        return
    for side in cut.sides:
        yield from _cut_apart(page, side, grey, scale)


def _cuts(page: Page, block: Block, grey: Grey, scale: float) -> Iterator[Cut]:
    """Where a seam parts print that is two papers'."""
    for axis in AXES:
        for start, stop in _gaps(block, axis, LEAST_GAP * max(page.width, page.height)):
            sides = _sides(block, axis, (start + stop) / 2)
            if any(len(side.words) < FEWEST_WORDS for side in sides):
                continue
            seam = seam_in(grey, _scaled(_gap_box(sides, axis, start, stop), scale), axis)
            if seam is None or not seam.is_edge:
                continue
            parted = _sides(block, axis, seam.at / scale)
            if _are_papers(page, parted):
                yield Cut(seam, stop - start, parted)


def _gaps(block: Block, axis: Axis, least: float) -> Iterator[tuple[float, float]]:
    """Where nothing is printed across the whole block for at least so many pixels."""
    spans = sorted(_span(box, axis) for box in block.boxes)
    reached = spans[0][1]
    for start, stop in spans[1:]:
        if start - reached >= least:
            yield reached, start
        reached = max(reached, stop)


def _sides(block: Block, axis: Axis, at: float) -> tuple[Block, Block]:
    """What lies before and behind a place of the block."""
    cell = block.cell
    if axis == "y":
        cells = Box(cell.x0, cell.y0, cell.x1, at), Box(cell.x0, at, cell.x1, cell.y1)
    else:
        cells = Box(cell.x0, cell.y0, at, cell.y1), Box(at, cell.y0, cell.x1, cell.y1)

    def of(behind: bool) -> Block:
        words = tuple(word for word in block.words if (sum(_span(word.box, axis)) / 2 >= at) == behind)
        codes = tuple(code for code in block.codes if (sum(_span(code.box, axis)) / 2 >= at) == behind)
        return Block(words, codes, cells[behind])

    return of(behind=False), of(behind=True)


def _gap_box(sides: tuple[Block, Block], axis: Axis, start: float, stop: float) -> Box:
    """The gap, as long as the print of the wider side: its paper has an edge all along."""
    boxes = [side.print_box for side in sides]
    if axis == "y":
        wide = max(boxes, key=lambda box: box.width)
        return Box(wide.x0, start, wide.x1, stop)
    tall = max(boxes, key=lambda box: box.height)
    return Box(start, tall.y0, stop, tall.y1)


def _are_papers(page: Page, sides: tuple[Block, Block]) -> bool:
    """Whether either side is a paper of its own by its print.

    Below a fold the rest of a form may still look like its type, so what follows a seam must announce
    itself, or repeat what a paper bears once. A part never lies another way than the rest of its paper.
    """
    first, second = (_page_of(page, side) for side in sides)
    turned = [_lies_another_way(side, page) for side in sides]
    if any(turned):
        return turned[0] != turned[1] and is_paper(second if turned[0] else first)
    if not is_paper(first):
        return False
    texts = squeeze(first.text), squeeze(second.text)
    if _is_card(first) and _is_card(second):
        is_back = _BACK.search(texts[0] + texts[1]) is not None
        return not is_back and any(all(map(once.search, texts)) for once in _ONCE_A_CARD)
    told, telling = _announced(first), _announced(second)
    if told and (telling in (TITLE, CARD) or (telling and telling != told)):
        return True
    if telling and identified(first)[0] != identified(second)[0]:
        return True  # the title of the first is not read; where both are of one type it may be the second's
    if _are_of_other_types(first, second):
        return True
    if set(_NUMBER.findall(texts[0])) & set(_NUMBER.findall(texts[1])):
        return False  # a bill on a phone's screen is shown twice: as a list and as a picture
    return any(all(map(once.search, texts)) for once in ONCE_A_PAPER)


def _are_of_other_types(first: Page, second: Page) -> bool:
    """Whether either is surely of a type, and not of types that parts of one paper are taken for."""
    (one, sure), (other, as_sure) = identified(first), identified(second)
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


def _is_card(page: Page) -> bool:
    text = squeeze(page.text)
    return len(text) <= CARD_CHARACTERS and _CARD.search(text) is not None


def _lies_another_way(block: Block, page: Page) -> bool:
    """Whether the print stands on its side or on its head, and is more than print up the margin."""
    words = [word for word in block.words if len(word.text) > 1]
    least = LEAST_TURNED * max(page.width, page.height)
    if len(words) < FEWEST_TURNED or min(block.print_box.width, block.print_box.height) < least:
        return False
    upright = sum(word.box.width for word in words if word.box.width >= word.box.height)
    sideways = sum(word.box.height for word in words if word.box.width < word.box.height)
    return sideways > upright or readability(words) < MISREAD


def _page_of(page: Page, block: Block) -> Page:
    """The page with the print of the block alone."""
    own = {code.box for code in block.codes}
    stated = tuple(stated for stated in page.statements if stated.box in own)
    return replace(page, words=block.words, codes=block.codes, statements=stated)


def _place_of(block: Block, page: Page) -> Box:
    """The print of a block with the margin of its paper, within its part of the sheet."""
    pad = PADDING * max(page.width, page.height)
    own, cell = block.print_box, block.cell
    beside = min(pad, own.width / 2)  # a narrow strip from a till or a taxi has a narrow margin
    return Box(
        max(cell.x0, own.x0 - beside),
        max(cell.y0, own.y0 - pad),
        min(cell.x1, own.x1 + beside),
        min(cell.y1, own.y1 + pad),
    )


def _span(box: Box, axis: Axis) -> tuple[float, float]:
    return (box.y0, box.y1) if axis == "y" else (box.x0, box.x1)


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)
