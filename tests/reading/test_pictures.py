"""The hash of a page's picture: blind to light and scale, not to what is printed where."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.likeness import ALIKE_BITS, Likeness, bits_apart
from pipeline.model import Box, Image, Page, SourceFile, Word
from pipeline.reading.pictures import picture_hash, with_likeness

PRINT = Box(60, 60, 740, 940)
FILE = SourceFile("a.png", "0" * 64)


def form(seed: int) -> Image:
    """A white page with dark bars where print would stand."""
    rng = np.random.default_rng(seed)
    image = np.full((1000, 800, 3), 255, np.uint8)
    for _ in range(30):
        x, y = int(rng.integers(60, 500)), int(rng.integers(60, 900))
        image[y : y + 24, x : x + int(rng.integers(80, 240))] = 40
    return image


def apart(a: Image, b: Image, inside: Box = PRINT) -> int:
    return bits_apart(Likeness(picture_hash(a, PRINT), b""), Likeness(picture_hash(b, inside), b""))


@pytest.mark.parametrize("seed", range(3))
def test_light_scale_and_jpeg_change_little(seed: int) -> None:
    page = form(seed)
    dim = (page * 0.6).astype(np.uint8)
    small = np.asarray(cv2.resize(page, (400, 500), interpolation=cv2.INTER_AREA), np.uint8)
    _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 30])
    jpeg = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    assert apart(page, dim) <= ALIKE_BITS // 4
    assert apart(page, small, Box(30, 30, 370, 470)) <= ALIKE_BITS // 4
    assert apart(page, jpeg) <= ALIKE_BITS // 4


def test_a_rim_of_table_around_the_sheet_changes_nothing() -> None:
    page = form(1)
    on_a_table = np.asarray(cv2.copyMakeBorder(page, 90, 30, 50, 70, cv2.BORDER_CONSTANT, value=(90, 60, 30)))
    inside = Box(PRINT.x0 + 50, PRINT.y0 + 90, PRINT.x1 + 50, PRINT.y1 + 90)
    assert apart(page, on_a_table.astype(np.uint8), inside) == 0


def test_other_print_is_another_picture() -> None:
    distances = [apart(form(a), form(b)) for a in range(4) for b in range(4, 8)]
    assert min(distances) > ALIKE_BITS // 2
    assert np.mean(distances) > ALIKE_BITS


@pytest.mark.parametrize(
    "inside", [Box(-50, -50, 2000, 2000), Box(900, 1200, 950, 1300), Box(10, 10, 10, 10)]
)
def test_a_box_that_leaves_the_page_stops_nothing(inside: Box) -> None:
    assert 0 <= picture_hash(form(0), inside) < 2**64


def test_a_page_without_picture_or_words_has_no_likeness() -> None:
    words = (Word("0127712345", PRINT, 1.0, "ocr"),)
    assert with_likeness(Page(FILE, 1, 800, 1000, 150, words)).likeness == ""
    assert with_likeness(Page(FILE, 1, 800, 1000, 150, image=form(0))).likeness == ""
    assert with_likeness(Page(FILE, 1, 800, 1000, 150, words, image=form(0))).likeness != ""
