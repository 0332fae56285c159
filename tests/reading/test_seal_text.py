"""Drawn seals are laid straight and named; what is no seal, or has no colour, is not claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")

from fixtures.draw.paper import FONT_FILES, Colour
from fixtures.draw.paper import Page as DrawnPage
from fixtures.draw.seals import finance_seal, framed_seal, oval_seal, round_seal
from pipeline.model import Box, Image, Page, SourceFile, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.seal_text import has_colours, ink_layer, with_seals
from pipeline.reading.seals import find_stamps, peel
from pipeline.settings import Settings
from pipeline.wiring import ocr_engine


def boxes_of_seals(image: Image) -> list[Box]:
    return [stamp.box for stamp in find_stamps(image)]


RED, PURPLE = (214, 42, 44), (96, 60, 168)
HOSPITAL = "海淀区样例人民医院"

pytestmark = pytest.mark.skipif(
    not all(Path(file).exists() for file in FONT_FILES.values()), reason="drawing needs its fonts"
)


def page_of(image: Image) -> Page:
    height, width = image.shape[:2]
    return Page(SourceFile("a.jpg", "0" * 64), 1, width, height, 200, image=image)


def sheet() -> Image:
    return np.full((1400, 1000, 3), 250, np.uint8)


def pressed(
    seal: Pillow.Image, x: int = 500, y: int = 700, width: int = 260, on: Image | None = None
) -> Image:
    """The seal with its middle at (x, y) on white paper or `on`; ink darkens what lies there."""
    paper = sheet() if on is None else on
    height = round(width * seal.height / seal.width)
    small = seal.resize((width, height), Pillow.Resampling.LANCZOS)
    white = Pillow.new("RGBA", small.size, "white")
    ink = np.asarray(Pillow.alpha_composite(white, small).convert("RGB"))
    part = paper[y - height // 2 : y - height // 2 + height, x - width // 2 : x - width // 2 + width]
    part[:] = np.minimum(part, ink)
    return paper


@dataclass
class Engine:
    """An engine that reads the same on every strip and counts its calls."""

    says: str = ""
    strips: list[Quad] = field(default_factory=list)

    def find_lines(self, image: Image) -> list[Quad]:
        raise AssertionError("the strips of a seal are lines already")

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        self.strips += lines
        return [
            Word(self.says, Box(float(q[0, 0]), float(q[0, 1]), float(q[2, 0]), float(q[2, 1])), 0.99, "ocr")
            for q in lines
            if self.says
        ]


class TestPage:
    def test_all_strips_of_a_page_are_read_in_one_call_and_name_the_seal(self) -> None:
        engine = Engine("诊断专用章")
        (seal,) = with_seals(page_of(pressed(round_seal(HOSPITAL, "诊断专用章"))), engine).seals or ()
        assert (seal.name, seal.colour, seal.shape, seal.page) == ("诊断专用章", "red", "round", 1)
        assert abs(seal.box.cx - 500) < 8
        assert abs(seal.box.width - 260) < 16
        assert 0.9 < seal.confidence <= 1

    def test_a_seal_whose_writing_says_nothing_known_has_no_name(self) -> None:
        (seal,) = with_seals(page_of(pressed(round_seal(HOSPITAL))), Engine("")).seals or ()
        assert seal.name is None
        assert seal.text == ""

    def test_a_purple_stamp_is_a_seal_and_a_black_or_blue_one_is_none(self) -> None:
        def colours(ink: Colour) -> list[str]:
            image = pressed(round_seal(HOSPITAL, colour=ink))
            image[:60] = RED  # something in colour lies on the page in any case
            return [seal.colour for seal in with_seals(page_of(image), Engine()).seals or ()]

        assert colours(PURPLE) == ["purple"]
        assert colours((20, 20, 24)) == []
        assert colours((40, 80, 170)) == []

    def test_two_seals_that_overlap_are_both_named(self) -> None:
        for second in (RED, PURPLE):
            image = pressed(round_seal(HOSPITAL, "收费专用章"))
            pressed(round_seal(HOSPITAL, "收费专用章", colour=second), x=660, y=730, on=image)
            seals = with_seals(page_of(image), Engine("收费专用章")).seals or ()
            assert [seal.name for seal in seals] == ["收费专用章"] * 2
            left, right = sorted(seal.box.cx for seal in seals)
            assert abs(left - 500) < 15
            assert abs(right - 660) < 15

    def test_a_frame_is_a_seal_when_its_line_says_so_and_a_cell_of_a_form_is_none(self) -> None:
        image = pressed(framed_seal(["现金收讫"], angle=4))
        (seal,) = with_seals(page_of(image), Engine("现金收讫")).seals or ()
        assert (seal.name, seal.shape) == ("现金收讫", "rectangle")
        assert with_seals(page_of(image), Engine("个人账户支付")).seals == ()

    def test_without_colours_nothing_is_claimed(self) -> None:
        grey = pressed(round_seal(HOSPITAL)).mean(axis=2).astype(np.uint8)
        image = np.repeat(grey[:, :, None], 3, axis=2)
        assert not has_colours(image)
        assert with_seals(page_of(image), Engine()).seals is None

    def test_a_page_in_colour_without_a_seal_has_none(self) -> None:
        image = sheet()
        cv2.putText(image, "FORM", (80, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.5, RED, 3)
        assert with_seals(page_of(image), Engine()).seals == ()

    def test_lines_of_print_in_the_colour_of_seals_are_none(self) -> None:
        image = sheet()
        for y in range(400, 640, 30):
            cv2.putText(image, "EBGHNMQWRKABCE", (300, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, RED, 2)
        assert with_seals(page_of(image), Engine("")).seals == ()

    def test_a_table_in_the_colour_of_the_seal_does_not_hide_it(self) -> None:
        image = sheet()
        for y in range(100, 1300, 150):
            cv2.line(image, (50, y), (950, y), RED, 2)
        cv2.rectangle(image, (50, 100), (950, 1300), RED, 2)
        pressed(round_seal(HOSPITAL, "收费专用章"), on=image)
        assert len(boxes_of_seals(image)) == 1


def test_black_print_is_no_ink_of_the_seal() -> None:
    image = pressed(round_seal(HOSPITAL))
    cv2.line(image, (300, 640), (700, 640), (20, 20, 24), 8)
    layer = ink_layer(image[560:840, 360:640], "red")
    assert layer[80, 140] == 0
    assert layer.max() > 200


def test_a_purple_seal_is_peeled_off_the_print() -> None:
    image = pressed(round_seal(HOSPITAL, colour=PURPLE, strength=1.0))
    cv2.line(image, (420, 620), (580, 620), (20, 20, 24), 6)
    peeled = peel(image, boxes_of_seals(image))
    assert peeled[620, 500].max() < 80
    assert np.percentile(peeled[570:615, 372:628], 2) > 200, "the ring and its writing are gone"


@pytest.fixture(scope="module")
def paddle() -> OcrEngine:
    return ocr_engine(Settings(), 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seal", "name", "arc"),
    [
        (lambda: round_seal(HOSPITAL, "门诊收费专用章", angle=-40), "门诊收费专用章", HOSPITAL),
        (lambda: round_seal(HOSPITAL, "诊断专用章", angle=70, star=False), "诊断专用章", HOSPITAL),
        (lambda: oval_seal(HOSPITAL, "财务专用章", angle=35, colour=PURPLE), "财务专用章", HOSPITAL),
        (lambda: finance_seal("河南省"), "财政票据监制章", "财政票据监制章"),
    ],
    ids=["turned left", "turned right", "purple", "supervision"],
)
def test_the_real_engine_reads_the_arc_and_the_line_across(
    seal: Callable[[], Pillow.Image], name: str, arc: str, paddle: OcrEngine
) -> None:
    (found,) = with_seals(page_of(pressed(seal(), width=340)), paddle).seals or ()
    assert found.name == name
    assert arc in found.text
    assert found.jurisdiction == ("河南省" if name == "财政票据监制章" else None)


def test_a_drawn_page_states_what_stands_on_its_seals() -> None:
    page = DrawnPage(210, 140)
    page.stamp(finance_seal("河南省"), 100, 20, 30)
    page.stamp(round_seal(HOSPITAL, "收费专用章"), 60, 100, 30)
    assert page.seals == [("财政票据监制章", "河南省", "财政部监制"), (HOSPITAL, "收费专用章")]
