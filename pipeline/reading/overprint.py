"""Form and overprint told apart by their inks, and read each for itself where one was printed over the other.

A value that slipped onto a label of the form makes one line with it for a finder of lines, of which a
recogniser reads a mixture. In a picture of one ink alone each stands free: the page is drawn once in the ink
of the form and once in that of the printer, and where words hold both inks, both are read and both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from pipeline.model import Box, Image, Ink, Page, Word
from pipeline.reading.ocr import MIN_WORD_CONFIDENCE, OcrEngine
from pipeline.reading.overlap import SAME_PLACE, share
from pipeline.reading.print_inks import InkedPage, Share, printed_apart
from pipeline.reading.second_look import looked_at_again
from pipeline.reading.stages import UNSEEN, Stages, marks_of
from pipeline.text import squeeze

LEAST_PRINT = 0.08
"""Print in an ink counts in a word from so much of a square line height on: a thin character has 0.1."""

TOUCHES = 0.3
"""A line of one ink belongs to words of both from this share of its area on."""

_NUMBERED = re.compile("^N.{0,3}[0-9]{6,}")
"""NO and the number of the sheet, which a form prints in an ink of its own, often red."""


def with_overprint_apart(
    page: Page, labels: Sequence[Box], engine: OcrEngine, stages: Stages = UNSEEN
) -> Page:
    """The page with the ink of its words, those printed over each other read in each ink.

    Args:
        page: With its image and the words that OCR read.
        labels: Where words of the form stand alone; none where nothing can lie across them.
        engine: Reads.
        stages: Is shown the pictures of the overprint.
    """
    if page.image is None or not labels:
        return page
    seals = [stamp.box for stamp in page.stamps or ()]
    inked = InkedPage(page.image, seals)
    inks = inked.two_inks(labels, page.words)
    if inks is None:
        return page
    height = median(box.height for box in labels)
    shares = inked.shares(inks, page.words, height)
    words = [
        replace(word, ink=_ink_of(found)) if word.origin == "ocr" else word
        for word, found in zip(page.words, shares, strict=True)
    ]
    least = LEAST_PRINT * height**2
    mixed = [
        word
        for word, found in zip(words, shares, strict=True)
        if not word.ink
        and word.origin == "ocr"
        and min(found.form, found.overprint) >= least
        and not _NUMBERED.search(word.text)
    ]
    if not mixed:
        return replace(page, words=tuple(words))
    form, overprint = printed_apart(page.image, inks, seals)
    read = [*_read(form, "form", mixed, engine), *_read(overprint, "overprint", mixed, engine)]
    note = f"{len(mixed)} 处套印重叠，分色再读 / {len(mixed)} words in both inks, read in each"
    stages.show("peeled", note, overprint, marks_of(read))
    return replace(page, words=tuple(_instead(words, mixed, read)))


def _ink_of(found: Share) -> Ink:
    if found.is_form:
        return "form"
    return "overprint" if found.is_overprint else ""


def _read(picture: Image, ink: Ink, mixed: Sequence[Word], engine: OcrEngine) -> list[Word]:
    """What stands in one ink where words hold both; looked at twice here, for the page shows the mixture."""
    lines = []
    for line in engine.find_lines(picture):
        (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
        box = Box(x0, y0, x1, y1)
        if sum(share(box, word.box) for word in mixed) >= TOUCHES:
            lines.append(line)
    read = [word for word in engine.read_lines(picture, lines) if word.confidence >= MIN_WORD_CONFIDENCE]
    again = looked_at_again(picture, read, [word.box for word in read], (), engine)
    return [replace(word, ink=ink) for word in again]


def _instead(words: Sequence[Word], mixed: Sequence[Word], read: Sequence[Word]) -> list[Word]:
    """The words with what was `read` in one ink in the place of those that hold both.

    A word of both inks stays where neither ink alone could be read; what is read again of a word in one ink
    is left out, unless the word is only a part of it.
    """
    new = [
        word
        for word in read
        if not any(old.ink == word.ink and share(word.box, old.box) >= SAME_PLACE for old in words)
        and not any(_is_other_half(word, other) for other in read)
    ]
    kept = [
        old
        for old in words
        if not any(
            share(old.box, word.box) >= SAME_PLACE if old.ink == word.ink else old in mixed
            for word in new
            if old.box.shared_area(word.box) > 0
        )
    ]
    return [*kept, *new]


def _is_other_half(word: Word, other: Word) -> bool:
    """Whether both inks say the same at one place: print in a third ink, which neither tells."""
    alike = word.ink != other.ink and squeeze(word.text) == squeeze(other.text)
    return alike and share(word.box, other.box) >= SAME_PLACE
