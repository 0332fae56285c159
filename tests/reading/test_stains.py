"""The ink of stamps is told by its colour, in any light; pens, forms, ribbons and black print are none."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.model import Box, Image, Page, SourceFile, Word
from pipeline.reading.stains import inks_on, with_stains

PAPER = (250, 248, 244)
Colour = tuple[int, int, int]


def stroke(ink: Colour, strength: float = 1.0, paper: Colour = PAPER) -> Image:
    """A stroke of ink that lets the rest of the paper's light through."""
    image = np.full((80, 80, 3), paper, np.float64)
    image[38:43] *= 1 - strength + strength * np.array(ink) / 255
    return image.astype(np.uint8)


@pytest.mark.parametrize("ink", [(214, 42, 44), (188, 44, 70)], ids=["red", "crimson"])
@pytest.mark.parametrize("strength", [1.0, 0.4])
@pytest.mark.parametrize("paper", [PAPER, (255, 222, 170), (120, 118, 116)], ids=["white", "lamp", "shade"])
def test_red_ink_is_red_in_any_light(ink: Colour, strength: float, paper: Colour) -> None:
    inks = inks_on(stroke(ink, strength, paper))
    assert inks.red[40].all()
    assert not inks.purple.any()


@pytest.mark.parametrize("ink", [(96, 60, 168), (122, 58, 160), (84, 70, 172), (140, 56, 142)])
@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("paper", [PAPER, (255, 222, 170), (120, 118, 116)], ids=["white", "lamp", "shade"])
def test_violet_to_magenta_ink_is_purple_in_any_light(ink: Colour, strength: float, paper: Colour) -> None:
    inks = inks_on(stroke(ink, strength, paper))
    assert inks.purple[40].all()
    assert not inks.red.any()


@pytest.mark.parametrize(
    "ink",
    [(30, 42, 110), (24, 50, 140), (52, 84, 150), (60, 84, 190), (72, 66, 96), (40, 112, 78), (25, 25, 28)],
    ids=["pen", "blue pen", "blue form", "blue needles", "ribbon", "green form", "black"],
)
def test_what_no_stamp_is_pressed_with_is_no_ink_of_a_seal(ink: Colour) -> None:
    assert not inks_on(stroke(ink)).either.any()


def test_a_word_under_a_purple_stamp_is_stained() -> None:
    image = np.full((400, 600, 3), PAPER, np.uint8)
    image[100:140:4, 100:300] = (96, 60, 168)
    words = (
        Word("2026", Box(100, 100, 300, 140), 1.0, "ocr"),
        Word("98", Box(100, 300, 300, 340), 1.0, "ocr"),
    )
    under, clear = with_stains(
        Page(SourceFile("a.jpg", "0" * 64), 1, 600, 400, 200, image=image, words=words)
    ).words
    assert under.stained > 0.03
    assert clear.stained == 0
