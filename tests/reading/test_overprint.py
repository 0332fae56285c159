"""What a printer put across the labels of a form is read in its own ink, the labels in theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from pipeline.model import Box, Image, Page, SourceFile, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr_paddle import PaddleEngine
from pipeline.reading.overprint import with_overprint_apart
from pipeline.settings import settings

PAPER = (250, 246, 228)
FORM = (132, 84, 50)
PRINTER = (40, 40, 46)
SIZE = 34
LABELS = ("Fund paid:", "Cash paid:", "Account:", "Patient name:", "Department:")
NUMBERS = ("108.50", "3082.68", "0.00", "27850202", "19.60")
LABEL_X, NUMBER_X, TOP, PITCH = 60, 500, 40, 80
ACROSS = "2026031968"
"""A number printed across the last label, half a line lower."""


@dataclass
class Drawn:
    """A form with numbers beside its labels and one across a label."""

    image: Image
    words: list[Word] = field(default_factory=list)
    labels: list[Box] = field(default_factory=list)


def drawn(form: tuple[int, int, int] = FORM) -> Drawn:
    picture = Pictures.new("RGB", (900, 520), PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(SIZE)
    page = Drawn(np.asarray(picture))
    for row, (label, number) in enumerate(zip(LABELS, NUMBERS, strict=True)):
        for x, text, colour in ((LABEL_X, label, form), (NUMBER_X, number, PRINTER)):
            y = TOP + PITCH * row
            pen.text((x, y), text, fill=colour, font=font)
            box = Box(*pen.textbbox((x, y), text, font=font))
            page.words.append(Word(text, box, 0.99, "ocr"))
            if x == LABEL_X:
                page.labels.append(box)
    mask = Pictures.new("L", picture.size, 255)
    across = (LABEL_X + 60, TOP + PITCH * 4 + SIZE // 2)
    ImageDraw.Draw(mask).text(across, ACROSS, fill=0, font=font)
    light = np.asarray(mask, np.float32)[:, :, None] / 255
    ink = np.array(PRINTER) / np.array(PAPER)
    page.image = (np.asarray(picture) * (light + (1 - light) * ink)).astype(np.uint8)
    mixture = Box(LABEL_X, TOP + PITCH * 4, LABEL_X + 280, TOP + PITCH * 4 + SIZE * 1.6)
    page.words[8] = Word("Dep2026rt:968", mixture, 0.7, "ocr")
    page.labels.pop()
    return page


def page_of(paper: Drawn) -> Page:
    height, width = paper.image.shape[:2]
    return Page(
        SourceFile("a.jpg", "0" * 64), 1, width, height, 200, words=tuple(paper.words), image=paper.image
    )


@dataclass
class InkEngine:
    """Takes print that hangs together for lines, and says `lines` wide and high they are."""

    read: list[Quad] = field(default_factory=list)

    def find_lines(self, image: Image) -> list[Quad]:
        ink = cv2.dilate((image.min(axis=2) < 100).astype(np.uint8), np.ones((3, 25), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(ink)
        return [
            np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
            for x, y, w, h, area in stats[1:count].tolist()
            if area > 300
        ]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        self.read += lines
        return [
            [Word(f"{round(line[1, 0] - line[0, 0])}", Box(*line[0].tolist(), *line[2].tolist()), 0.9, "ocr")]
            for line in lines
        ]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return [word for words in self.read_each(image, lines) for word in words]


def test_words_in_one_ink_are_told_and_left_as_they_were_read() -> None:
    paper = drawn()
    words = with_overprint_apart(page_of(paper), paper.labels, InkEngine()).words
    by_text = {word.text: word.ink for word in words}
    assert {text: by_text[text] for text in (*LABELS[:4], *NUMBERS)} == {
        **dict.fromkeys(LABELS[:4], "form"),
        **dict.fromkeys(NUMBERS, "overprint"),
    }


def test_a_number_across_a_label_gives_one_word_in_each_ink() -> None:
    paper = drawn()
    words = with_overprint_apart(page_of(paper), paper.labels, InkEngine()).words
    assert "Dep2026rt:968" not in {word.text for word in words}
    label, number = (
        next(word.box for word in words if word.ink == ink and word.box.y0 > TOP + 3.8 * PITCH and word.looks)
        for ink in ("form", "overprint")
    )
    assert label.x0 == pytest.approx(LABEL_X, abs=15)
    assert number.x0 == pytest.approx(LABEL_X + 60, abs=15)
    assert number.y0 > label.y0 + SIZE / 4


def test_nothing_but_words_in_both_inks_is_read_again() -> None:
    paper, engine = drawn(), InkEngine()
    with_overprint_apart(page_of(paper), paper.labels, engine)
    assert engine.read
    assert all(line[:, 1].mean() > TOP + 3.8 * PITCH for line in engine.read)


@pytest.mark.parametrize("form", [PRINTER, (90, 90, 92)], ids=["black", "grey"])
def test_a_form_without_colour_leaves_the_page_as_it_is(form: tuple[int, int, int]) -> None:
    paper, engine = drawn(form), InkEngine()
    page = page_of(paper)
    assert with_overprint_apart(page, paper.labels, engine).words == page.words
    assert not engine.read


def test_without_labels_or_picture_nothing_is_looked_at() -> None:
    paper = drawn()
    page = page_of(paper)
    assert with_overprint_apart(page, (), InkEngine()) is page
    without = replace(page, image=None)
    assert with_overprint_apart(without, paper.labels, InkEngine()) is without


def test_the_number_of_the_sheet_in_an_ink_of_its_own_is_not_read_again() -> None:
    paper, engine = drawn(), InkEngine()
    paper.words[8] = replace(paper.words[8], text="No 0005874735")
    words = with_overprint_apart(page_of(paper), paper.labels, engine).words
    assert "No 0005874735" in {word.text for word in words}
    assert not engine.read


def test_words_of_the_text_layer_have_no_ink() -> None:
    paper = drawn()
    paper.words[0] = replace(paper.words[0], origin="text_layer")
    words = with_overprint_apart(page_of(paper), paper.labels, InkEngine()).words
    assert next(word for word in words if word.text == LABELS[0]).ink == ""


@pytest.mark.slow
def test_the_real_engine_reads_a_number_printed_across_a_label() -> None:
    paper, engine = drawn(), PaddleEngine(settings(), threads=1)
    read = {word.text for word in engine.read_lines(paper.image, engine.find_lines(paper.image))}
    assert ACROSS not in read
    words = with_overprint_apart(page_of(paper), paper.labels, engine).words
    assert {word.text: word.ink for word in words}.get(ACROSS) == "overprint"
