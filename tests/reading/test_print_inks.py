"""Form and overprint are told apart by what their inks take of the light, also where both lie."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.model import Box, Image, Word
from pipeline.reading.print_inks import LEAST_ANGLE, InkedPage, Light, TwoInks, angle, printed_apart

PAPER = (250, 246, 228)
Colour = tuple[int, int, int]

FORMS: dict[str, Colour] = {
    "brown": (132, 84, 50),
    "red": (186, 58, 52),
    "green": (40, 112, 78),
    "blue": (52, 84, 150),
}
PRINTERS: dict[str, Colour] = {"black": (40, 40, 46), "violet": (72, 66, 96), "blue": (60, 84, 190)}
PAIRS = [
    pytest.param(FORMS[form], PRINTERS[printer], id=f"{printer} on {form}")
    for form, printer in product(FORMS, PRINTERS)
    if printer != "blue" or form in ("brown", "red")  # blue ribbons print on VAT paper
]
SEAL: Colour = (214, 42, 44)

light = st.lists(st.floats(0.2, 1.0), min_size=3, max_size=3).map(lambda ink: np.array(ink, np.float32))


def ink(colour: Colour) -> Light:
    """What print of a colour takes of this paper's light."""
    return np.asarray(1 - np.array(colour) / np.array(PAPER), np.float32)


def sheet() -> Image:
    return np.full((400, 900, 3), PAPER, np.uint8)


def bar(image: Image, box: tuple[int, int, int, int], colour: Colour) -> None:
    """A stroke through which the rest of the light passes, as ink lets it."""
    x0, y0, x1, y1 = box
    part = image[y0:y1, x0:x1]
    part[:] = part * (np.array(colour) / np.array(PAPER))


@given(form=light, overprint=light, amounts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_how_much_of_each_ink_lies_there_is_found_out(
    form: Light, overprint: Light, amounts: tuple[float, float]
) -> None:
    assume(angle(form, overprint) >= LEAST_ANGLE)
    taken = np.full((1, 1, 3), amounts[0] * form + amounts[1] * overprint, np.float32)
    found = TwoInks(form, overprint).amounts(taken)
    assert [float(amount[0, 0]) for amount in found] == pytest.approx(amounts, abs=0.01)


@given(ink=light, worn=st.floats(0.1, 1))
def test_worn_print_is_of_the_same_ink(ink: Light, worn: float) -> None:
    assert angle(ink, np.asarray(ink * worn, np.float32)) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("form", "printer"), PAIRS)
def test_each_picture_shows_the_strokes_of_one_ink_alone(form: Colour, printer: Colour) -> None:
    image = sheet()
    bar(image, (100, 100, 300, 110), form)
    bar(image, (100, 200, 300, 210), printer)
    bar(image, (500, 150, 700, 160), form)
    bar(image, (590, 100, 600, 210), printer)
    of_form, of_printer = printed_apart(image, TwoInks(ink(form), ink(printer)))
    assert of_form[105, 200, 0] < 40
    assert of_form[205, 200, 0] > 200
    assert of_printer[205, 200, 0] < 40
    assert of_printer[105, 200, 0] > 200
    # Where they cross the printer's stroke runs through.
    assert (of_printer[100:210, 595, 0] < 80).all()


def test_a_seal_is_on_neither_picture() -> None:
    image = sheet()
    bar(image, (100, 100, 300, 110), FORMS["green"])
    bar(image, (100, 200, 300, 210), PRINTERS["black"])
    bar(image, (150, 60, 180, 260), SEAL)
    inks = TwoInks(ink(FORMS["green"]), ink(PRINTERS["black"]))
    of_form, of_printer = printed_apart(image, inks, [Box(140, 50, 190, 270)])
    assert of_form[150, 165, 0] > 230
    assert of_printer[150, 165, 0] > 230
    assert of_printer[205, 165, 0] < 60
    with_seal = printed_apart(image, inks)[1]
    assert with_seal[150, 165, 0] < 200


def printed(labels: Colour, numbers: Colour) -> tuple[Image, list[Box], list[Word]]:
    """Five labels in one colour and five numbers in another, their strokes as rows of bars."""
    image, boxes, words = sheet(), [], []
    for n in range(5):
        for x, colour in ((50, labels), (400, numbers)):
            y = 40 + 60 * n
            for step in range(0, 100, 10):
                bar(image, (x + step, y, x + step + 5, y + 20), colour)
            box = Box(x, y, x + 100, y + 20)
            if x == 50:
                boxes.append(box)
            words.append(Word("标签：" if x == 50 else f"{n}23.45", box, 1.0, "ocr"))
    return image, boxes, words


@pytest.mark.parametrize(("form", "printer"), PAIRS)
def test_labels_and_numbers_tell_both_inks(form: Colour, printer: Colour) -> None:
    image, labels, words = printed(form, printer)
    page = InkedPage(image)
    inks = page.two_inks(labels, words)
    assert inks is not None
    assert angle(inks.form, ink(form)) < 3
    assert angle(inks.overprint, ink(printer)) < 3
    shares = page.shares(inks, words, 20)
    assert [share.is_form for share in shares] == [True, False] * 5
    assert [share.is_overprint for share in shares] == [False, True] * 5


def test_a_rule_of_the_form_through_a_number_is_no_print_of_the_form() -> None:
    image, labels, words = printed(FORMS["brown"], PRINTERS["black"])
    bar(image, (0, 50, 900, 53), FORMS["brown"])
    page = InkedPage(image)
    inks = page.two_inks(labels, words)
    assert inks is not None
    assert page.shares(inks, words, 20)[1].is_overprint


def test_print_in_black_on_a_black_form_has_one_ink() -> None:
    image, labels, words = printed((50, 50, 50), PRINTERS["black"])
    assert InkedPage(image).two_inks(labels, words) is None


def test_a_grey_page_has_one_ink() -> None:
    image, labels, words = printed(FORMS["brown"], PRINTERS["black"])
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert InkedPage(grey).two_inks(labels, words) is None


def test_too_few_numbers_tell_no_ink() -> None:
    image, labels, words = printed(FORMS["brown"], PRINTERS["black"])
    numbers = [word for word in words if word.text != "标签："]
    assert InkedPage(image).two_inks(labels, numbers[:3]) is None
    assert InkedPage(image).two_inks(labels[:3], words) is None
