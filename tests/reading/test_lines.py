"""Boxes that hold several rows of print are cut between the rows."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.model import Image
from pipeline.reading.lines import Quad, split_stacks


def box(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)


def sheet(*rows: int) -> Image:
    """White, with print 20 pixels high from x = 40 to 100 at each of `rows`."""
    image = np.full((400, 400, 3), 255, dtype=np.uint8)
    for top in rows:
        cv2.rectangle(image, (40, top), (100, top + 20), (30, 30, 60), -1)
    return image


LINES = [box(150, y, 390, y + 24) for y in (20, 50, 80, 110)]


def test_three_cells_run_together_become_three_lines() -> None:
    stack = box(36, 46, 104, 140)
    cut = split_stacks(sheet(50, 82, 114), [*LINES, stack])
    rows = [(round(float(line[0][1])), round(float(line[2][1]))) for line in cut[4:]]
    assert len(rows) == 3
    assert all(top <= start <= bottom for (top, bottom), start in zip(rows, (50, 82, 114), strict=True))


def test_ordinary_lines_stay_as_they_are() -> None:
    cut = split_stacks(sheet(50), LINES)
    assert all(a is b for a, b in zip(cut, LINES, strict=True))


def test_print_up_the_margin_is_not_cut() -> None:
    margin = box(8, 100, 32, 340)
    assert split_stacks(sheet(100, 140, 180), [*LINES, margin])[4] is margin


def test_one_large_title_is_not_cut() -> None:
    title = box(36, 46, 300, 100)
    assert split_stacks(sheet(50, 55, 60, 65, 70, 75), [*LINES, title])[4] is title


def test_no_lines_give_no_lines() -> None:
    assert split_stacks(sheet(), []) == []
