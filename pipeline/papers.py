"""Which pages are one paper, and of what type.

A page goes on with the paper before it when that paper's type says so (page 2 of 3, a table that goes
on); else it begins a paper of the type that knows it best. What nobody knows is `other`, an empty back
is `blank`: both keep their pages and go to a person or are listed, nothing is dropped. Our own sheets
between papers (`pipeline.stacks`) are `other` too, and no paper goes on behind one of them or under the
label of another claim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from extractors import EXTRACTORS
from extractors._shapes import with_doubted_shapes
from pipeline.likeness import figures
from pipeline.model import BLANK, OTHER, AnyField, Box, Document, LineItem, Page, Placement, Word
from pipeline.stacks.separators import ClaimLabel, SheetKind, find_code, payloads_of, sheet_kind
from pipeline.text import squeeze

MIN_SCORE = 0.5
"""Below it no type is sure enough of a page: it is `other`."""

BLANK_INK = 0.002
"""An empty back has at most this share of dark pixels: dust, a shadow at the edge, a punched hole."""

TITLE_HEIGHT = 1.15
"""A title is printed so many times as high as the middle word of its page, at least."""

NEAR = 0.08
"""Titles stand at least so far apart, as a share of the page's long side; parts of one are nearer."""

_TITLE = re.compile(
    "(?!查看|谢谢).{0,24}(?:(?<=..)收费票据|诊断证明书?(?:及休假建议)?|病[假情]证明书?|休假证明|(?:费用|收费|明细|一日|每日)[^，。:]{0,6}清单|收费明细|处方笺|处方"
    "|出院小结|出院记录|结算单|电子发票|普通发票|专用发票|挂号单|挂号凭证|检验报告单?|检查报告单?|报告单|签购单|(?<!票据)收据|门诊病历"
    r"|急诊病历|居民身份证|医学证明|车票|客票)(?:[(（【\[].{1,12}[)）】\]])?"
)

LONGEST_COPY_MARK = 2
"""Characters of what is printed up the margin to name a copy (收据)."""

ONCE_A_PAPER = tuple(map(re.compile, ("票据号码|发票号码", "大写")))
"""What a bill prints once and nothing else at all."""

FEW_CHARACTERS, UNSURE = 3, 0.8
"""So few characters, read so unsurely, are dust on a page without ink, or the other side shining through."""


ROW_PARTS = (
    *("name", "specification", "unit", "quantity", "unit_price", "amount", "category"),
    "insurance_class",
)
"""What of a charged row is a field with a place of its own."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Pages that are one paper, its type and how sure that is (0.0 to 1.0)."""

    type: str
    sure: float
    pages: tuple[Page, ...]
    sheet: SheetKind | None = None
    """Which of our own sheets it is, where it is one."""


def split_papers(pages: Sequence[Page]) -> list[Paper]:
    """The papers of a file, in the order of their first pages."""
    papers: list[Paper] = []
    current: int | None = None
    for page in pages:
        if is_blank(page):
            papers.append(Paper(BLANK, 1.0, (page,)))
            continue
        if (sheet := own_sheet(page)) is not None:
            papers.append(Paper(OTHER, 1.0, (page,), sheet))
            current = None
            continue
        stands_alone = bears_label(page) or page.placement is not None
        if current is not None and not stands_alone and _continues(papers[current], page):
            paper = papers[current]
            papers[current] = Paper(paper.type, paper.sure, (*paper.pages, page))
            continue
        papers.append(Paper(*identified(page), (page,)))
        # What was cut from a sheet is a paper of its own: nothing goes on with it, nor does it go on.
        current = len(papers) - 1 if page.placement is None else None
    return papers


def identified(page: Page) -> tuple[str, float]:
    """The type that knows the page best, and how sure it is."""
    score, name = max((extractor.identify(page), name) for name, extractor in EXTRACTORS.items())
    return (name, min(1.0, score)) if score >= MIN_SCORE else (OTHER, 1.0 - score)


def is_blank(page: Page) -> bool:
    """Whether nothing is printed on the page, whatever the recogniser makes of a speck."""
    if page.statements or page.stated_rows or page.codes or page.ink > BLANK_INK:
        return False
    unsure = all(word.origin == "ocr" and word.confidence < UNSURE for word in page.words)
    return unsure and sum(len(word.text) for word in page.words) <= FEW_CHARACTERS


def own_sheet(page: Page) -> SheetKind | None:
    """Which of our sheets the page is; a code on a paper that a type knows is a sticker, not a sheet."""
    kind = sheet_kind(page.codes, page.text)
    return kind if kind is not None and identified(page)[0] == OTHER else None


def bears_label(page: Page) -> bool:
    """Whether the sticker on the page says that a claim begins there."""
    return any(isinstance(find_code(code.text), ClaimLabel) for code in page.codes)


def read_paper(paper: Paper) -> Document:
    """What stands on the paper, as its type reads it."""
    if paper.type == BLANK:
        sizes = tuple(page.size for page in paper.pages)
        return Document(BLANK, None, paper.sure, paper.pages[0].file, sizes, status="rejected")
    codes = payloads_of(code for page in paper.pages for code in page.codes)
    if paper.sheet is not None:
        sizes = tuple(page.size for page in paper.pages)
        return Document(
            OTHER,
            paper.sheet,
            paper.sure,
            paper.pages[0].file,
            sizes,
            status="rejected",
            stack_codes=codes,
        )
    document = with_doubted_shapes(EXTRACTORS[paper.type].extract(paper.pages, paper.sure))
    printed = figures(word.text for page in paper.pages for word in page.words)
    heads = max(_heads_on(page) for page in paper.pages)
    document = replace(document, titles=heads, stack_codes=codes, figures=printed)
    placement = paper.pages[0].placement
    return document if placement is None else on_sheet(document, placement)


def on_sheet(document: Document, placement: Placement) -> Document:
    """The document of a page cut from a sheet, with all its boxes and its region on that sheet."""

    def placed(field: AnyField) -> AnyField:
        return field if field.box is None else replace(field, box=placement.on_sheet(field.box))

    def placed_row(row: LineItem) -> LineItem:
        cells = {name: getattr(row, name) for name in ROW_PARTS}
        moved: dict[str, Any] = {name: placed(cell) for name, cell in cells.items() if cell is not None}
        return replace(row, **moved)

    return replace(
        document,
        pages=tuple(replace(placement.sheet, likeness=page.likeness) for page in document.pages),
        region=placement.region,
        fields={name: placed(field) for name, field in document.fields.items()},
        items=tuple(placed_row(row) for row in document.items),
        category_totals=tuple(placed_row(row) for row in document.category_totals),
    )


def _heads_on(page: Page) -> int:
    """How many papers have their head on the page: by their titles, or by what each prints once."""
    texts = [squeeze(word.text) for word in page.words]
    return max(
        len(titles_on(page)), *(sum(once.search(text) is not None for text in texts) for once in ONCE_A_PAPER)
    )


def titles_on(page: Page) -> list[Word]:
    """The words that are the title of a paper: what papers are called, printed larger than the rest."""
    heights = [word.box.height for word in page.words]
    if not heights:
        return []
    usual = median(heights)
    found: list[Word] = []
    for word in sorted(page.words, key=lambda word: word.box.cy):
        text = squeeze(word.text)
        is_title = word.box.height >= TITLE_HEIGHT * usual and _TITLE.fullmatch(text)
        if (
            is_title
            and not _is_copy_mark(word.box, text)
            and not any(_is_near(word, other, page) for other in found)
        ):
            found.append(word)
    return found


def _is_copy_mark(box: Box, text: str) -> bool:
    """Whether the word stands on its side and is no longer than 收据: it tells which copy of a form this is.

    The ticket 第二联 收据联 has it up the margin; a title that lies on its side says more.
    """
    return box.height > box.width and len(text) <= LONGEST_COPY_MARK


def _is_near(word: Word, other: Word, page: Page) -> bool:
    """Whether two words are parts of one title: beside or right above each other."""
    side = max(page.width, page.height)
    apart = abs(word.box.cy - other.box.cy), abs(word.box.cx - other.box.cx)
    return apart[0] < NEAR * side and apart[1] < 4 * NEAR * side


def _continues(paper: Paper, page: Page) -> bool:
    return EXTRACTORS[paper.type].continues(paper.pages, page)
