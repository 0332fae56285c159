"""Which pages are one paper, and of what type.

A page goes on with the paper before it when that paper's type says so (page 2 of 3, a table that goes
on); else it begins a paper of the type that knows it best. What nobody knows is `other`, an empty back
is `blank`: both keep their pages and go to a person or are listed, nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractors import EXTRACTORS
from pipeline.model import BLANK, OTHER, Document, Page

MIN_SCORE = 0.5
"""Below it no type is sure enough of a page: it is `other`."""

BLANK_INK = 0.002
"""An empty back has at most this share of dark pixels: dust, a shadow at the edge, a punched hole."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Pages that are one paper, its type and how sure that is (0.0 to 1.0)."""

    type: str
    sure: float
    pages: tuple[Page, ...]


def split_papers(pages: Sequence[Page]) -> list[Paper]:
    """The papers of a file, in the order of their first pages."""
    papers: list[Paper] = []
    current: int | None = None
    for page in pages:
        if is_blank(page):
            papers.append(Paper(BLANK, 1.0, (page,)))
            continue
        if current is not None and _continues(papers[current], page):
            paper = papers[current]
            papers[current] = Paper(paper.type, paper.sure, (*paper.pages, page))
            continue
        papers.append(Paper(*identified(page), (page,)))
        current = len(papers) - 1
    return papers


def identified(page: Page) -> tuple[str, float]:
    """The type that knows the page best, and how sure it is."""
    score, name = max((extractor.identify(page), name) for name, extractor in EXTRACTORS.items())
    return (name, min(1.0, score)) if score >= MIN_SCORE else (OTHER, 1.0 - score)


def is_blank(page: Page) -> bool:
    """Whether nothing is printed on the page."""
    return not page.words and not page.statements and not page.stated_rows and page.ink <= BLANK_INK


def read_paper(paper: Paper) -> Document:
    """What stands on the paper, as its type reads it."""
    if paper.type == BLANK:
        sizes = tuple(page.size for page in paper.pages)
        return Document(BLANK, None, paper.sure, paper.pages[0].file, sizes, status="rejected")
    return EXTRACTORS[paper.type].extract(paper.pages, paper.sure)


def _continues(paper: Paper, page: Page) -> bool:
    return EXTRACTORS[paper.type].continues(paper.pages, page)
