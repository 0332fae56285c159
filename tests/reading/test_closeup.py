"""A close-up laid on its page and merged: fakes for the engine, and once the real one on a drawn photo."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pipeline.model import Box, Code, Image, Page, PageSize, Placement, SourceFile, Word
from pipeline.reading.closeup import (
    Placed,
    find_place,
    merged,
    with_close_up,
    with_close_up_of_one,
    with_codes_of,
)
from pipeline.reading.codes import with_codes
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import with_words
from pipeline.reading.ocr_paddle import PaddleEngine
from pipeline.settings import settings

RECEIPT = Path(__file__).parents[2] / "fixtures" / "samples" / "04_周模拟_门诊收据.jpg"
FILE = SourceFile("票.jpg", "0" * 64)
WIDTH, HEIGHT = 600, 800


@cache
def sheet(seed: int = 1) -> Image:
    """A sheet of large digits and letters, three times as fine as the page."""
    rng = random.Random(seed)
    picture = np.full((HEIGHT * 3, WIDTH * 3, 3), 238, np.uint8)
    for line in range(30):
        text = "  ".join("".join(rng.choices("ABDEHKMNPRSX0123456789", k=6)) for _ in range(5))
        cv2.putText(picture, text, (100, 125 + 75 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (30, 30, 34), 3)
    return picture


def page_of(picture: Image, words: Sequence[Word] = ()) -> Page:
    small = np.asarray(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    return Page(FILE, 1, WIDTH, HEIGHT, 150, tuple(words), image=small)


def blurred_below(page: Page, y: int) -> Page:
    assert page.image is not None
    image = page.image.copy()
    image[y:] = cv2.GaussianBlur(page.image, (0, 0), 3)[y:]
    return replace(page, image=image)


@cache
def close_up() -> Image:
    """The sheet's lower middle, tilted and on its side, as a hand holds a phone."""
    return taken_of(sheet())


def taken_of(picture: Image) -> Image:
    corners = np.array([[250, 900], [1500, 925], [1475, 2000], [225, 1950]], np.float32)
    target = np.array([[800, 0], [800, 1000], [0, 1000], [0, 0]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return np.asarray(cv2.warpPerspective(picture, matrix, (800, 1000)), np.uint8)


class OneLine:
    """An engine that finds one line on whatever it is shown, and reads `said` there."""

    def __init__(self, said: str, confidence: float = 0.9) -> None:
        self.said, self.confidence = said, confidence

    def find_lines(self, image: Image) -> list[Quad]:
        height, width = image.shape[:2]
        x0, x1, y0, y1 = width * 0.4, width * 0.6, height * 0.48, height * 0.52
        return [np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        boxes = [Box(*map(float, (*line.min(axis=0), *line.max(axis=0)))) for line in lines]
        return [Word(self.said, box, self.confidence, "ocr") for box in boxes]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        return [self.read_lines(image, [line]) for line in lines]


def test_a_close_up_is_found_on_its_page_though_that_part_is_blurred() -> None:
    image = blurred_below(page_of(sheet()), 500).image
    assert image is not None
    place = find_place(close_up(), image)
    assert place is not None
    corner = cv2.perspectiveTransform(np.array([[[800.0, 0.0]]]), place)[0, 0]
    assert np.hypot(*(corner - np.array([250 / 3, 900 / 3]))) < 3


def test_a_picture_of_another_sheet_has_no_place_on_the_page() -> None:
    image = page_of(sheet(2)).image
    assert image is not None
    assert find_place(close_up(), image) is None


def test_an_empty_picture_has_no_place_on_the_page() -> None:
    image = page_of(sheet()).image
    assert image is not None
    assert find_place(np.full((400, 300, 3), 200, np.uint8), image) is None


def test_what_the_close_up_reads_better_takes_its_place_on_the_page() -> None:
    page = blurred_below(page_of(sheet()), 500)
    placed = with_close_up(Placed(page), "1" * 64, close_up(), OneLine("108.50"))
    (word,) = placed.page.words
    (done,) = placed.close_ups
    assert done.taken == (word,)
    assert done.area is not None
    assert abs(done.area.x0 - 225 / 3) < 3
    assert abs(done.area.y1 - 2000 / 3) < 3
    assert abs(word.box.cx - done.area.cx) < 2
    assert abs(word.box.cy - done.area.cy) < 2


def papers_of_a_page(*seeds: int) -> tuple[Placed, ...]:
    """Papers that lie below each other on one page, each cut out of it and turned upside down since."""
    whole = PageSize(1, WIDTH, HEIGHT * len(seeds))
    upside_down = ((-1.0, 0.0, float(WIDTH)), (0.0, -1.0, float(HEIGHT)), (0.0, 0.0, 1.0))
    papers = []
    for turn, seed in enumerate(seeds):
        top = float(turn * HEIGHT)
        there = Placement(
            whole, Box(0, top, WIDTH, top + HEIGHT), ((1.0, 0.0, 0.0), (0.0, 1.0, top), (0.0, 0.0, 1.0))
        )
        papers.append(Placed(replace(page_of(sheet(seed)), placement=there.moved(upside_down))))
    return tuple(papers)


def test_a_close_up_is_merged_into_the_paper_of_the_page_that_it_shows() -> None:
    first, second = with_close_up_of_one(papers_of_a_page(2, 1), "1" * 64, close_up(), OneLine("108.50"))
    assert (first.page.words, first.close_ups) == ((), ())
    (word,) = second.page.words
    (done,) = second.close_ups
    assert done.area is not None
    assert (done.size.width, done.size.height) == (WIDTH, 2 * HEIGHT)
    assert abs(done.area.x1 - (WIDTH - 225 / 3)) < 3
    assert abs(done.area.y0 - (2 * HEIGHT - 2000 / 3)) < 3
    assert abs(done.taken[0].box.cx - (WIDTH - word.box.cx)) < 0.1
    assert abs(done.taken[0].box.cy - (2 * HEIGHT - word.box.cy)) < 0.1


def test_a_close_up_of_one_of_two_papers_that_look_the_same_is_refused() -> None:
    first, second = with_close_up_of_one(papers_of_a_page(1, 1), "1" * 64, close_up(), OneLine("108.50"))
    assert (first.page.words, second.page.words) == ((), ())
    assert [done.area for done in first.close_ups] == [None]
    assert first.close_ups[0].size.height == 2 * HEIGHT


def test_what_the_page_reads_better_stays() -> None:
    page = page_of(sheet())
    first = with_close_up(Placed(page), "1" * 64, close_up(), OneLine("108.50", 0.95))
    second = with_close_up(first, "2" * 64, close_up(), OneLine("IO8.5O", 0.4))
    assert second.page.words == first.page.words
    assert second.close_ups[1].taken == ()


def test_a_close_up_that_does_not_belong_there_changes_nothing() -> None:
    page = page_of(sheet(2), [Word("10.00", Box(10, 10, 60, 30), 0.4, "ocr")])
    placed = with_close_up(Placed(page), "1" * 64, close_up(), OneLine("99.00"))
    assert placed.page == page
    assert placed.close_ups[0].area is None


class RunsOut(OneLine):
    """Finds a line that reaches the edge of the picture."""

    def find_lines(self, image: Image) -> list[Quad]:
        width = image.shape[1]
        return [np.array([[0, 150], [width, 150], [width, 180], [0, 180]], np.float32)]


def test_a_number_that_runs_out_of_the_close_up_is_not_taken_in_part() -> None:
    placed = with_close_up(Placed(page_of(sheet())), "1" * 64, close_up(), RunsOut("34.56"))
    assert placed.page.words == ()


EBILL = "CZ-EI-42,1.0.0,42060124,0012345678,fc0971,20250217,34.05"


def qr_code(pixels_per_module: int) -> Image:
    """The code of an e-bill, black on white, shape (H, W, 3)."""
    code = zxingcpp.create_barcode(EBILL, zxingcpp.BarcodeFormat.QRCode)
    picture = np.asarray(zxingcpp.write_barcode_to_image(code, add_quiet_zones=True), np.uint8)
    size = np.array(picture.shape[::-1]) * pixels_per_module
    grey = cv2.resize(picture, size.tolist(), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def test_a_qr_code_that_only_the_close_up_shows_is_added_where_it_stands() -> None:
    bill, code = sheet().copy(), qr_code(8)
    height, width = code.shape[:2]
    bill[1350 : 1350 + height, 700 : 700 + width] = code
    page = blurred_below(page_of(bill), 400)
    assert with_codes(page).codes == ()
    placed = with_close_up(Placed(page), "1" * 64, taken_of(bill), OneLine("108.50"))
    (found,) = placed.page.codes
    assert found.text == EBILL
    assert abs(found.box.cx - (700 + width / 2) / 3) < 4
    assert abs(found.box.cy - (1350 + height / 2) / 3) < 4
    assert ("total_amount", "34.05") in [(one.name, one.text) for one in placed.page.statements]
    assert placed.close_ups[0].codes == (found,)


def test_a_qr_code_that_the_page_shows_too_is_not_stated_twice() -> None:
    page = replace(page_of(sheet()), codes=(Code("QRCode", EBILL, Box(0, 0, 50, 50)),))
    assert with_codes_of(page, qr_code(4), np.eye(3)) == (page, ())


LINE = Box(100, 100, 300, 130)


def test_half_of_a_longer_word_is_not_replaced() -> None:
    long = Word("金额合计 108.50 元整", Box(0, 100, 620, 130), 0.5, "ocr")
    words, taken = merged([long], [Word("108.50", LINE, 0.99, "ocr")], [LINE])
    assert (words, taken) == ((long,), ())


def test_text_that_came_with_the_file_is_not_replaced() -> None:
    known = Word("108.50", LINE, 1.0, "text_layer")
    words, taken = merged([known], [Word("108.59", LINE, 0.99, "ocr")], [LINE])
    assert (words, taken) == ((known,), ())


@given(st.lists(st.floats(0.31, 1.0), min_size=1, max_size=6), st.floats(0.31, 1.0))
def test_a_merge_never_makes_a_page_say_less(sure: list[float], again: float) -> None:
    def said(words: Sequence[Word]) -> float:
        return sum((word.confidence - 0.5) * len(word.text) for word in words)

    first = [Word("123.45", Box(100, 100 + 40 * n, 300, 130 + 40 * n), c, "ocr") for n, c in enumerate(sure)]
    second = [Word("678.90", word.box, again, "ocr") for word in first]
    words, taken = merged(first, second, [word.box for word in first])
    assert said(words) >= said(first) - 1e-9
    assert len(words) == len(first)
    assert set(taken) <= set(second)


@pytest.mark.slow
def test_a_blurred_part_of_a_photo_is_read_from_its_close_up() -> None:
    """The real engine, on a sample receipt of which the right half was out of focus."""
    engine = PaddleEngine(settings(), threads=1)
    with Pillow.open(RECEIPT) as opened:
        photo = np.asarray(opened.convert("RGB"))
    height, width = photo.shape[:2]
    bad = photo.copy()
    bad[:, width // 2 :] = cv2.GaussianBlur(photo, (0, 0), width / 250)[:, width // 2 :]
    part = photo[height // 8 : height * 7 // 8, width // 3 : width * 31 // 32]
    near = cv2.resize(part, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    first = with_words(Page(FILE, 1, width, height, 150, image=bad), engine)
    placed = with_close_up(Placed(first), "1" * 64, np.asarray(near, np.uint8), engine)
    stated = {"530.00", "50022068672620"}  # the total and the business number, both in the right half
    assert stated.isdisjoint(word.text for word in first.words)
    assert stated <= {word.text for word in placed.page.words}
    assert all(word in placed.page.words for word in placed.close_ups[0].taken)
