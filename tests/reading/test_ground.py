"""Ground around papers tells them apart: dark ground by its grey, white glass by the edges on it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Box, Image
from pipeline.reading.ground import islands, may_hold_several, outlined
from pipeline.reading.islands import Print

WIDTH, HEIGHT = 1400, 2000
PAPER, DESK, GLASS = 225, 120, 250
LEVELS = (0.75, 0.85, 0.9)


def sheet(ground: int = DESK) -> Image:
    """A picture of nothing but ground."""
    return np.full((HEIGHT, WIDTH, 3), ground, np.uint8)


def lay(image: Image, x0: int, y0: int, x1: int, y1: int, grey: int = PAPER, turns: int = 0) -> list[Print]:
    """Lay a paper with lines of print on it; the lines."""
    image[y0:y1, x0:x1] = grey
    return list(lines_on(image, x0, y0, x1, y1, grey, turns))


def lines_on(image: Image, x0: int, y0: int, x1: int, y1: int, grey: int, turns: int = 0) -> Iterator[Print]:
    """Print lines that leave a margin of 40 pixels."""
    for y in range(y0 + 40, y1 - 60, 50):
        box = Box(x0 + 40, y, x1 - 40, y + 20)
        image[y : y + 20, x0 + 40 : x1 - 40 : 3] = grey // 3
        yield Print(box, 12, turns)


def two_on_glass() -> tuple[Image, list[Print]]:
    """Two papers as white as the glass, of which a thin line is seen around each."""
    image, words = sheet(GLASS), []
    for y in (150, 1050):
        words += lay(image, 300, y, 1000, y + 700, grey=GLASS)
        cv2.rectangle(image, (300, y), (1000, y + 700), (225, 225, 225), 2)
    return image, words


def members(found: list[list[int]] | list[frozenset[int]]) -> list[list[int]]:
    return sorted(sorted(each) for each in found)


@pytest.mark.parametrize("desk", [30, 120, 180])
def test_two_papers_with_a_strip_of_desk_between_them_are_two(desk: int) -> None:
    image = sheet(desk)
    upper = lay(image, 300, 200, 1000, 700)
    lower = lay(image, 280, 708, 1010, 1300)
    *_, found = islands(image, [*upper, *lower], LEVELS)
    count = len(upper)
    assert members([one.members for one in found]) == [
        list(range(count)),
        list(range(count, count + len(lower))),
    ]
    assert all(one.is_solid for one in found)
    assert found[0].outline[:, 1].max() < 710 < found[1].outline[:, 1].max() < 1310


def test_the_darker_paper_of_two_is_no_ground_of_the_other() -> None:
    image = sheet(60)
    words = [*lay(image, 100, 100, 900, 700), *lay(image, 100, 800, 900, 1500, grey=150)]
    assert [len(found) for found in islands(image, words, LEVELS)] == [2, 2, 2]


def test_a_paper_in_half_a_shadow_is_one() -> None:
    image = sheet(60)
    words = lay(image, 200, 200, 1200, 1700)
    image[:, :700] = (image[:, :700] * 0.6).astype(np.uint8)
    *_, found = islands(image, words, LEVELS)
    assert members([one.members for one in found]) == [list(range(len(words)))]


def test_a_page_that_fills_the_picture_has_no_ground() -> None:
    image = sheet(PAPER)
    words = list(lines_on(image, 0, 0, WIDTH, HEIGHT, PAPER))
    image[0:12] = 60  # a streak along the rim is too thin
    assert islands(image, words, LEVELS) == [[], [], []]
    assert not may_hold_several(image, words, LEVELS[-1])


def test_the_rules_of_a_table_that_runs_off_the_picture_are_no_ground() -> None:
    image = sheet(PAPER)
    for y in range(100, HEIGHT, 100):
        image[y : y + 6] = 20
    image[:, 400:406] = 20
    words = [Print(Box(450, y + 30, 900, y + 60), 10) for y in range(100, HEIGHT - 100, 100)]
    assert islands(image, words, LEVELS) == [[], [], []]


def test_a_picture_of_ground_alone_holds_nothing() -> None:
    assert islands(sheet(), [], LEVELS) == [[], [], []]
    assert not may_hold_several(sheet(), [], LEVELS[-1])
    assert outlined(sheet(), []) == []


@pytest.mark.parametrize(("papers", "several"), [(1, False), (2, True)])
def test_a_first_look_tells_one_paper_from_several(papers: int, several: bool) -> None:
    image, words = sheet(), []
    for number in range(papers):
        words += lay(image, 200, 100 + 900 * number, 1100, 900 + 900 * number)
    assert may_hold_several(image, words, LEVELS[-1]) is several


def test_papers_on_white_glass_are_told_by_the_lines_around_them() -> None:
    image, words = two_on_glass()
    image[150:152, 600:625] = GLASS  # worn away for two millimetres
    found = outlined(image, words)
    half = len(words) // 2
    assert members([one.members for one in found]) == [list(range(half)), list(range(half, 2 * half))]


def test_print_without_a_line_around_it_lies_on_no_ground() -> None:
    image = sheet(GLASS)
    words = list(lines_on(image, 200, 200, 1200, 1800, GLASS))
    assert outlined(image, words) == []


def test_a_streak_of_the_scanner_joins_no_papers() -> None:
    image, words = two_on_glass()
    image[:, 420:422] = 190
    assert len(outlined(image, words)) == 2


@given(
    st.integers(500, 1100),
    st.integers(600, 1500),
    st.floats(-12, 12),
    st.integers(150, 250),
    st.floats(0.3, 0.7),
)
def test_a_paper_that_lies_alone_is_never_parted(
    wide: int, high: int, askew: float, grey: int, dark: float
) -> None:
    """Whatever its size, its grey, the desk's and its slant."""
    image = sheet(round(grey * dark))
    corners = cv2.boxPoints(((WIDTH / 2, HEIGHT / 2), (wide, high), askew))
    cv2.fillPoly(image, [corners.round().astype(np.int32)], (grey, grey, grey))
    x0, y0 = WIDTH / 2 - wide / 4, HEIGHT / 2 - high / 4
    words = [Print(Box(x0, y0 + 40 * row, x0 + wide / 2, y0 + 40 * row + 20), 10) for row in range(6)]
    for found in islands(image, words, LEVELS):
        assert [one.parts for one in found] in ([()], [])
    assert not may_hold_several(image, words, LEVELS[-1])
