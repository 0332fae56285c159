"""The rim of a seal is found for what it is, whatever of the form's own print touches it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.reading.seal_shape import outline_of

INK = (255,)


@pytest.mark.parametrize(("ratio", "shape"), [(1.0, "round"), (0.7, "oval"), (0.6, "oval")])
def test_a_rim_is_round_or_oval(ratio: float, shape: str) -> None:
    layer = np.zeros((300, 300), np.uint8)
    cv2.ellipse(layer, (150, 150), (120, round(120 * ratio)), 0, 0, 360, INK, 5)
    outline = outline_of(layer)
    assert outline is not None
    assert outline.shape == shape
    assert abs(outline.centre - 150).max() < 3
    assert abs(outline.half[0] - 122) < 6


def test_a_rule_across_and_a_label_beside_do_not_move_it() -> None:
    layer = np.zeros((300, 420), np.uint8)
    cv2.circle(layer, (150, 150), 120, INK, 5)
    layer[285:, :] = 255
    layer[40:60, 330:400] = 255
    outline = outline_of(layer)
    assert outline is not None
    assert outline.shape == "round"
    assert abs(outline.centre - 150).max() < 4


def test_a_frame_has_corners() -> None:
    layer = np.zeros((300, 400), np.uint8)
    cv2.rectangle(layer, (40, 60), (360, 240), INK, 5)
    outline = outline_of(layer)
    assert outline is not None
    assert outline.shape == "rectangle"


def test_a_line_of_print_has_no_rim() -> None:
    layer = np.zeros((60, 400), np.uint8)
    cv2.putText(layer, "RED PRINT", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.6, INK, 4)
    assert outline_of(layer) is None
    assert outline_of(np.zeros((80, 80), np.uint8)) is None
