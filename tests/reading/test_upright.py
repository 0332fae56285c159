"""Quarter turns and skew from the lines alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.upright import (
    PROBE_LINES,
    deskewed,
    likely_turns,
    readability,
    share_lying,
    skew_degrees,
    turned,
    turned_with,
    widest,
)


def line(x: float, y: float, width: float, height: float = 20, degrees: float = 0.0) -> Quad:
    """A line whose top left is at (x, y), falling to the right by so many degrees."""
    angle = np.radians(degrees)
    along, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    corner = np.array([x, y])
    corners = (corner, corner + width * along, corner + width * along + height * down, corner + height * down)
    return np.array(corners, dtype=np.float32)


def word(text: str, confidence: float) -> Word:
    return Word(text, Box(0, 0, 10, 10), confidence, "ocr")


def sheet(height: int = 400, width: int = 300) -> Image:
    """White with a black corner at the top left."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[:40, :60] = 0
    return image


def test_lines_wider_than_high_mean_upright_or_upside_down() -> None:
    assert likely_turns([line(0, 0, 300), line(0, 50, 200)]) == (0, 2)


def test_lines_higher_than_wide_mean_that_the_page_lies_on_its_side() -> None:
    assert likely_turns([line(0, 0, 20, 300), line(50, 0, 20, 200), line(90, 0, 60, 20)]) == (1, 3)


def test_a_page_without_lines_stays_as_it_is() -> None:
    assert likely_turns([])[0] == 0
    assert skew_degrees([]) == 0.0


def test_long_lines_outvote_many_short_ones() -> None:
    lone_digits = [line(20 * n, 0, 12, 20) for n in range(10)]
    assert likely_turns([*lone_digits, line(0, 50, 500), line(0, 90, 500)]) == (0, 2)


@pytest.mark.parametrize(("turns", "corner"), [(0, (0, 0)), (1, (0, -1)), (2, (-1, -1)), (3, (-1, 0))])
def test_pages_are_turned_clockwise(turns: int, corner: tuple[int, int]) -> None:
    image = turned(sheet(), turns)
    assert image[corner].tolist() == [0, 0, 0]
    assert image.shape == ((400, 300, 3) if turns % 2 == 0 else (300, 400, 3))
    assert image.flags.c_contiguous


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_lines_turn_with_the_page(turns: int) -> None:
    upright_page, wanted = sheet(), line(0, 0, 60, 40)
    lying = turned(upright_page, -turns % 4)
    # What a detector gives on the lying page: corners from what is the top left there.
    ys, xs = np.nonzero(lying[:, :, 0] == 0)
    left, top, right, bottom = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    found = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)
    image, (moved,) = turned_with(lying, [found], turns)
    assert np.array_equal(image, upright_page)
    assert {tuple(corner) for corner in moved.tolist()} == {tuple(corner) for corner in wanted.tolist()}
    assert moved.dtype == np.float32


def test_a_line_of_print_lying_on_its_side_reads_from_its_top_left_when_turned() -> None:
    lying = line(100, 50, 20, 200)
    _, (moved,) = turned_with(sheet(), [lying], 1)
    along = moved[1] - moved[0]
    assert along.tolist() == [200.0, 0.0]


@pytest.mark.parametrize("begun", [0, 1, 2, 3])
@pytest.mark.parametrize("turns", [1, 3])
def test_wherever_a_standing_line_was_begun_it_reads_from_its_left_when_turned(
    begun: int, turns: int
) -> None:
    askew = np.array([[100, 50], [120, 53], [117, 253], [97, 250]], dtype=np.float32)
    _, (moved,) = turned_with(sheet(), [np.roll(askew, begun, axis=0)], turns)
    along, down = moved[1] - moved[0], moved[3] - moved[0]
    assert along[0] > 190
    assert down[1] > 15


def test_readability_is_the_mean_over_characters_not_words() -> None:
    assert readability([word("一二三四五六七八九", 1.0), word("错", 0.0)]) == pytest.approx(0.9)
    assert readability([]) == 0.0


def test_the_probe_takes_the_longest_lines_whichever_way_they_run() -> None:
    lines = [line(0, 0, 30 + n, 20) for n in range(PROBE_LINES)]
    standing = line(0, 0, 20, 500)
    assert widest([*lines, standing])[0] == len(lines)
    assert len(widest([*lines, standing])) == PROBE_LINES


@pytest.mark.parametrize("degrees", [-7.0, -1.5, 0.6, 4.0])
def test_the_skew_is_that_of_the_lines(degrees: float) -> None:
    lines = [line(10, 40 * n, 300, degrees=degrees) for n in range(6)]
    assert skew_degrees(lines) == pytest.approx(degrees, abs=0.01)


def test_one_slanted_stamp_does_not_turn_a_page() -> None:
    lines = [line(10, 40 * n, 300) for n in range(6)]
    assert skew_degrees([*lines, line(100, 100, 200, degrees=15)]) == pytest.approx(0.0, abs=0.01)


def test_lines_slanted_on_purpose_are_left_alone() -> None:
    assert skew_degrees([line(10, 40 * n, 300, degrees=35) for n in range(6)]) == 0.0


def test_two_lines_are_too_few_to_turn_a_page_by() -> None:
    assert skew_degrees([line(10, 40 * n, 300, degrees=5) for n in range(2)]) == 0.0


def test_a_straight_page_is_not_copied() -> None:
    image = sheet()
    same, _ = deskewed(image, [line(10, 40 * n, 200, degrees=0.1) for n in range(4)])
    assert same is image


def test_a_skewed_page_and_its_lines_come_out_straight() -> None:
    degrees, image = 3.0, np.full((400, 500, 3), 255, np.uint8)
    lines = [line(60, 60 + 60 * n, 300, degrees=degrees) for n in range(4)]
    cv2.fillPoly(image, [np.rint(corners).astype(np.int32) for corners in lines], (0, 0, 0))
    straight, moved = deskewed(image, lines)
    assert straight.shape == image.shape
    assert skew_degrees(moved) == pytest.approx(0.0, abs=0.05)
    for corners in moved:
        x0, y0 = np.rint(corners.min(axis=0)).astype(int) + 3
        x1, y1 = np.rint(corners.max(axis=0)).astype(int) - 3
        assert (straight[y0:y1, x0:x1] < 128).all()


def test_lone_digits_do_not_tell_which_way_print_runs() -> None:
    digits = [line(20 * n, 40 * row, 15, 20) for n in range(30) for row in range(5)]
    assert share_lying([*digits, line(0, 500, 60)]) == 1.0
    assert share_lying([]) == 1.0
