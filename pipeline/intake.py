"""The spine: from decoded pages to documents, from documents to claims.

What happens to a file reads from top to bottom here; each stage takes data and gives new data. Opening a
file is not among them: that is done in a child that may die (`pipeline.reading.sandbox`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import cv2
import numpy as np

from extractors import EXTRACTORS, required_fields
from pipeline.acceptance import Standard, judged
from pipeline.catalogs.by_person import is_chosen
from pipeline.catalogs.catalog import Catalogs
from pipeline.confidence.evidence import REGISTERED
from pipeline.doubts import doubtful_print
from pipeline.model import AnyField, Document, Image, LineItem, Page, TextField
from pipeline.papers import BLANK_INK, identified, read_paper, split_papers
from pipeline.reading.closeup import Placed, with_close_up_of_one
from pipeline.reading.codes import with_codes
from pipeline.reading.ocr import OcrEngine, with_words
from pipeline.reading.overprint import with_overprint_apart
from pipeline.reading.pictures import with_likeness
from pipeline.reading.seal_text import with_seals
from pipeline.reading.second_look import looked_at_again
from pipeline.reading.stages import UNSEEN, Stages, marks_of
from pipeline.reading.stains import with_stains
from pipeline.repair.repair import repaired
from pipeline.required_seals import with_required_seal
from pipeline.sheets.announced import is_paper
from pipeline.sheets.piles import cut_out, piles_on
from validators import check_document

FAINT = 45
"""Levels of grey by which faint print is darker than its paper; what shines through is lighter."""

HOSPITAL_FIELDS = ("payee_name", "hospital_name")

DARK = 140
"""Grey below this is ink: print, handwriting, a seal."""


def read_page(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """A decoded page upright, with its words and codes, looked at twice; `stages` is shown each step."""
    return looked_over(with_print(page, engine, stages), engine, stages)


def with_print(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """A decoded page upright, with its words and codes, read once: enough to see what lies on it."""
    page = with_ink(page)
    if not is_worth_reading(page) and not has_faint_print(page):
        return page
    return with_codes(with_words(page, engine, stages))


def looked_over(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """A page with its print, and what is dear and due on papers alone: seals, the second look."""
    if not is_worth_reading(page) and not has_faint_print(page):
        return page
    page = with_stains(with_inks_apart(page, engine, stages))
    page = with_seals(page, engine)
    page = with_second_look(page, engine, stages)
    return with_likeness(page)


def with_inks_apart(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """The page; where the overprint of its form slipped, form and overprint told apart by colour."""
    if page.image is None or not any(word.origin == "ocr" for word in page.words):
        return page
    # Few pages have such labels, and asking for them is cheaper than telling what a page is.
    labels = {name: extractor.labels_slipped_off(page) for name, extractor in EXTRACTORS.items()}
    if not any(labels.values()):
        return page
    return with_overprint_apart(page, labels[identified(page)[0]], engine, stages)


def with_second_look(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """The page with what further looks at its doubtful print read."""
    if page.image is None:
        return page
    words = looked_at_again(page.image, page.words, *doubtful_print(page), engine)
    again = [word for word in words if word.looks]
    alike = sum(all("".join(look) == word.text for look in word.looks) for word in again)
    note = f"{len(again)} 处再读一次，{alike} 处相同 / {len(again)} words read again, {alike} alike"
    stages.show("second_look", note, page.image, marks_of(again))
    return replace(page, words=tuple(words))


def read_papers_on(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> tuple[Page, ...]:
    """The papers that lie on a page with its print: the page, or each of several read in its own frame.

    `stages` is shown what is done to the page; what is done to a paper cut out of it is on another picture.
    """
    papers = papers_apart(page, engine)
    return tuple(looked_over(paper, engine, stages if paper is page else UNSEEN) for paper in papers)


def papers_apart(page: Page, engine: OcrEngine) -> tuple[Page, ...]:
    """The papers that lie on a page with its print, each with its own.

    What touches and does not read as papers once it is cut apart stays whole, for a person (rule PAGE-1).
    """
    piles = piles_on(page, engine)
    papers: list[Page] = []
    for pile in piles:
        cut = [with_print(cut_out(page, piece), engine) for piece in pile.pieces]
        if len(cut) > 1 and not all(map(is_paper, cut)):
            if len(piles) == 1:
                return (page,)
            cut = [with_print(cut_out(page, pile.place), engine)]
        papers += cut
    return tuple(papers) or (page,)


def read_papers_with_close_ups(
    page: Page, close_ups: Sequence[tuple[str, Image]], engine: OcrEngine
) -> tuple[Placed, ...]:
    """The papers on a page with its print, each with what close-ups (hash, picture) read better of it."""
    papers = tuple(map(Placed, read_papers_on(page, engine)))
    for sha256, image in close_ups:
        papers = with_close_up_of_one(papers, sha256, image, engine)
    return tuple(replace(placed, page=with_stains(placed.page)) for placed in papers)


def read_documents(
    pages: Sequence[Page], catalogs: Catalogs, today: date, standard: Standard | None = None
) -> list[Document]:
    """The papers that the pages of one file hold: split, read, coded, repaired, checked and judged."""
    papers = split_papers(pages)
    documents = [with_required_seal(read_paper(paper), paper.pages) for paper in papers]
    documents = [with_catalog(document, catalogs) for document in documents]
    documents = [repaired(document, paper.pages) for document, paper in zip(documents, papers, strict=True)]
    return [checked(document, today, standard) for document in documents]


def checked(document: Document, today: date, standard: Standard | None = None) -> Document:
    """The document with what the rules found and the status that follows, by `standard` or the default."""
    return judged(document, check_document(document, today), required_fields(document), standard)


def with_catalog(document: Document, catalogs: Catalogs) -> Document:
    """The document with the catalog entry of each charged row, as in force on the day of treatment."""
    day = document.treatment_date
    return replace(
        document,
        items=tuple(_coded(item, catalogs, day) for item in document.items),
        fields={name: _registered(name, field, catalogs) for name, field in document.fields.items()},
    )


def _registered(name: str, field: AnyField, catalogs: Catalogs) -> AnyField:
    """The field; a hospital whose very name is in the list has the list for a witness."""
    if name not in HOSPITAL_FIELDS or not isinstance(field.value, str):
        return field
    match = catalogs.hospital(field.value)
    if match is None or match.name != field.value or REGISTERED in field.witnesses:
        return field
    return replace(field, witnesses=(*field.witnesses, REGISTERED))


def _coded(item: LineItem, catalogs: Catalogs, day: date | None) -> LineItem:
    name = _text(item.name)
    if not name or is_chosen(item.catalog):
        return item
    match = catalogs.match(
        name,
        specification=_text(item.specification) or None,
        unit=_text(item.unit) or None,
        category=_text(item.category) or None,
        insurance_class=_text(item.insurance_class) or None,
        unit_price=item.unit_price.value if item.unit_price is not None else None,
        on=day,
    )
    return replace(item, catalog=match)


def _text(field: TextField | None) -> str:
    return field.value or "" if field is not None else ""


def with_ink(page: Page) -> Page:
    """The page with its share of dark pixels, measured small so that dust does not count."""
    if page.image is None:
        return page
    return replace(page, ink=_ink(page.image))


def has_faint_print(page: Page) -> bool:
    """Whether something stands out from the paper that is too light to count as ink: a worn ribbon."""
    return page.image is not None and _ink(page.image, faint=True) > BLANK_INK / 2


def _ink(image: Image, *, faint: bool = False) -> float:
    scale = min(1.0, 600 / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    margin = max(1, min(grey.shape) // 50)  # the scanner's own shadow lies along the edges
    inner = grey[margin:-margin, margin:-margin]
    if not inner.size:
        return 0.0
    dark = max(DARK, float(np.median(inner)) - FAINT) if faint else DARK
    return float((inner < dark).mean())


def is_worth_reading(page: Page) -> bool:
    """Whether there is print to look for; an empty back costs no OCR."""
    return bool(page.words or page.statements or page.stated_rows) or page.ink > BLANK_INK / 10
