"""The ground that papers lie on, where it is darker than they are: a table, a desk, the lid of a scanner.

Print tells where paper is and how bright it is there; what is darker than the paper next to it and reaches
the rim of the picture is ground. On white glass a thin line is seen around a paper, and what it parts from
all print is ground. Papers with ground all around are told apart without a word being read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image
from pipeline.reading.islands import FEWEST_LETTERS, Island, Mask, Print, filled_share, island_of
from pipeline.reading.seams import Grey

LONG_SIDE = 2000
"""Pixels of the long side at which ground is looked for: a strip of 2 mm between papers that six of which lie
above one another has 7 there."""

AT_FIRST, FIRST_STROKE, FIRST_FILLED = 600, 3, 0.88
"""The same at first, to see whether there may be several papers at all; a photographed page that lies alone
fills so much of its rectangle, for all its shadows."""

STROKE = 5
"""What is dark and no wider, in pixels, is print or a crease: 0.7 mm of A4."""

FOLD = 0.88
"""The shadow in the fold of a drawn certificate is so dark, at most (0.92 was seen), beside the paper."""

THICK = 15
"""Ground is so many pixels thick somewhere (2 mm of A4); the rules of a table that runs off the picture are
not."""

CELL = 16
"""The brightness of paper is taken down in squares of so many pixels."""

REACHES = ((1.5, 1.0), (5.0, 0.05), (20.0, 1e-3), (75.0, 1e-5))
"""How far, in cells, print tells the brightness of paper around it, and what it then weighs: the nearest
print tells, the next where none is near."""

PAPER_SHARE = 75
"""The percentile of brightness in and around a line that is the paper's: less than half of it is ink."""

LEAST_GROUND = 0.002
"""Ground takes so much of the picture at least: a hole for a file is none, nor a clip at the rim."""

LINE, LINE_BLUR, LINE_CONTRAST = 7, 0.8, 5
"""The edge of a paper on white glass is narrower than so many pixels and darker than what lies beside it by
so many levels of grey, smoothed a little."""

LINE_GAP, LINE_LENGTH = 40, 80
"""Where such a line is lost for so many pixels it goes on; it has so many in one piece."""

_Corners: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom."""

_Labels: TypeAlias = npt.NDArray[Any]
"""Which component each pixel belongs to, shape (H, W)."""


def may_hold_several(image: Image, words: Sequence[Print], darker: float) -> bool:
    """Whether the outline of all paper on a picture is not that of one, in a tenth of the time of `islands`.

    Args:
        image: Shape (H, W, 3) RGB.
        words: What was read on it.
        darker: Ground is at most so bright as the paper beside it, as a share.
    """
    if not words:
        return False
    grey, boxes, _ = _small(image, words, AT_FIRST)
    dark = (_light(grey, FIRST_STROKE) < darker * _paper(grey, boxes)).astype(np.uint8)
    ground = _dark_ground(dark, boxes, FIRST_STROKE)
    if not ground.any():
        return False
    _, labels = cv2.connectedComponents(1 - ground, connectivity=4)
    letters = _letters_on(labels, boxes, words)
    with_print = np.flatnonzero(letters >= FEWEST_LETTERS)
    return len(with_print) != 1 or filled_share((labels == with_print[0]).astype(np.uint8)) < FIRST_FILLED


def _light(grey: Grey, stroke: int) -> Grey:
    """The picture without what is dark and narrow."""
    light = cv2.dilate(cv2.GaussianBlur(grey, (0, 0), 1.0), np.ones((stroke, stroke), np.uint8))
    return np.asarray(light, np.uint8)


def islands(image: Image, words: Sequence[Print], darker: Sequence[float]) -> list[list[Island]]:
    """The parts of a picture with print that have ground around them, from top to bottom.

    Args:
        image: Shape (H, W, 3) RGB.
        words: What was read on it.
        darker: Ground is at most so bright as the paper beside it, as a share: for each the parts are found.
    """
    grey, boxes, scale = _small(image, words, LONG_SIDE)
    if not words:
        return [[] for _ in darker]
    share = _light(grey, STROKE) / _paper(grey, boxes)
    found = []
    for level in darker:
        ground = _dark_ground((share < level).astype(np.uint8), boxes, THICK)
        dark = level < FOLD
        found.append(_islands(1 - ground, boxes, words, scale, is_dark_around=dark) if ground.any() else [])
    return found


def outlined(image: Image, words: Sequence[Print]) -> list[Island]:
    """The parts of a picture with print that a thin line surrounds: the edge of a paper on white glass.

    Args:
        image: Shape (H, W, 3) RGB.
        words: What was read on it.
    """
    grey, boxes, scale = _small(image, words, LONG_SIDE)
    ground = _ground_outside_lines(grey, boxes, words)
    if not ground.any():
        return []
    paper = cv2.morphologyEx(1 - ground, cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    return _islands(np.asarray(paper, np.uint8), boxes, words, scale, is_dark_around=False)


def _small(image: Image, words: Sequence[Print], long_side: int) -> tuple[Grey, list[_Corners], float]:
    """The picture in grey, reduced, with the places of words on it, and how far it was reduced."""
    scale = min(1.0, long_side / max(image.shape[:2]))
    green = np.ascontiguousarray(image[:, :, 1])
    grey = np.asarray(cv2.resize(green, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return grey, [_scaled(word.box, scale, grey) for word in words], scale


def _islands(
    paper: Mask, boxes: Sequence[_Corners], words: Sequence[Print], scale: float, *, is_dark_around: bool
) -> list[Island]:
    """The islands of a mask, shape (H, W), that bear print."""
    height, width = paper.shape
    found, labels, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    print_on: list[list[tuple[float, ...]]] = [[] for _ in range(found)]
    for number, ((left, top, right, bottom), word) in enumerate(zip(boxes, words, strict=True)):
        x, y = (left + right) / 2, (top + bottom) / 2
        placed = (x, y, right - left, bottom - top, word.letters, word.turns, number)
        print_on[labels[int(y), int(x)]].append(placed)
    result = []
    for label in range(1, found):
        own_print = np.array(print_on[label], np.float64).reshape(-1, 7)
        if own_print[:, 4].sum() < FEWEST_LETTERS:
            continue
        left, top, wide, high = (int(stats[label, column]) for column in range(4))
        own = (labels[top : top + high, left : left + wide] == label).astype(np.uint8)
        words_on = own_print - np.array((left, top, 0, 0, 0, 0, 0))
        is_whole = left > 0 and top > 0 and left + wide < width and top + high < height
        island = island_of(own, words_on, np.array((left, top)), scale, is_whole=is_whole)
        result.append(replace(island, is_dark_around=is_dark_around))
    return sorted(result, key=lambda island: float(island.outline[:, 1].min()))


def _dark_ground(dark: Mask, boxes: Sequence[_Corners], thick: int) -> Mask:
    """1 where there is ground, shape (H, W), of a mask of what is dark."""
    for left, top, right, bottom in boxes:
        dark[top:bottom, left:right] = 0
    found, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    is_ground = np.zeros(found, np.uint8)
    rim = _at_rim(labels)
    is_thick = np.zeros(found, np.bool_)
    is_thick[labels[cv2.erode(dark, np.ones((thick, thick), np.uint8), borderValue=(0,)) > 0]] = True
    there = rim[is_thick[rim]]
    is_ground[there[stats[there, cv2.CC_STAT_AREA] >= LEAST_GROUND * dark.size]] = 1
    is_ground[0] = 0
    return np.asarray(is_ground[labels], np.uint8)


def _ground_outside_lines(grey: Grey, boxes: Sequence[_Corners], words: Sequence[Print]) -> Mask:
    """1 where there is ground, shape (H, W): what thin lines part from all print and reaches the rim."""
    smooth = cv2.GaussianBlur(grey, (0, 0), LINE_BLUR)
    darker = cv2.subtract(cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((LINE, LINE), np.uint8)), smooth)
    line = (darker >= LINE_CONTRAST).astype(np.uint8)
    for left, top, right, bottom in boxes:
        line[max(0, top - LINE // 2) : bottom + LINE // 2, max(0, left - LINE // 2) : right + LINE // 2] = 0
    wide = cv2.dilate(line, np.ones((3, 3), np.uint8))
    edges = np.zeros(line.shape, np.bool_)
    for along in ((1, 0), (0, 1)):
        gap, least = (
            (3 + along[0] * LINE_GAP, 3 + along[1] * LINE_GAP),
            (1 + along[0] * LINE_LENGTH, 1 + along[1] * LINE_LENGTH),
        )
        closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones(gap, np.uint8))
        edges |= np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones(least, np.uint8))) > 0
    found, labels, stats, _ = cv2.connectedComponentsWithStats((~edges).astype(np.uint8), connectivity=4)
    letters, rim = _letters_on(labels, boxes, words), _at_rim(labels)
    is_ground = np.zeros(found, np.uint8)
    free = (letters[rim] < FEWEST_LETTERS) & (stats[rim, cv2.CC_STAT_AREA] >= LEAST_GROUND * grey.size)
    is_ground[rim[free]] = 1
    is_ground[0] = 0
    return np.asarray(is_ground[labels], np.uint8)


def _at_rim(labels: _Labels) -> npt.NDArray[np.int_]:
    """The components that reach the rim of the picture."""
    edges = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    return np.asarray(np.unique(np.concatenate(edges)), np.int_)


def _letters_on(
    labels: _Labels, boxes: Sequence[_Corners], words: Sequence[Print]
) -> npt.NDArray[np.float64]:
    """How many letters each component bears."""
    middles = [labels[(top + bottom) // 2, (left + right) // 2] for left, top, right, bottom in boxes]
    letters = np.array([word.letters for word in words], np.float64)
    counted = np.bincount(np.array(middles, np.int_), letters, minlength=int(labels.max()) + 1)
    return np.asarray(counted, np.float64)


def _paper(grey: Grey, boxes: Sequence[_Corners]) -> npt.NDArray[np.float32]:
    """How bright paper is, or would be, at each place, shape (H, W): as next to the nearest print."""
    height, width = grey.shape
    levels = np.zeros((height // CELL + 1, width // CELL + 1), np.float32)
    weights = np.zeros_like(levels)
    for left, top, right, bottom in boxes:
        pad = max(2, min(bottom - top, right - left) // 2)
        around = grey[max(0, top - pad) : bottom + pad, max(0, left - pad) : right + pad]
        cells = np.s_[top // CELL : bottom // CELL + 1, left // CELL : right // CELL + 1]
        levels[cells] += np.percentile(around, PAPER_SHARE)
        weights[cells] += 1
    sums, total = np.zeros_like(levels), np.full_like(weights, np.finfo(np.float32).tiny)
    for reach, weight in REACHES:
        sums += weight * cv2.GaussianBlur(levels, (0, 0), reach)
        total += weight * cv2.GaussianBlur(weights, (0, 0), reach)
    return np.asarray(cv2.resize(sums / total, (width, height)), np.float32)


def _scaled(box: Box, scale: float, grey: Grey) -> _Corners:
    """Left, top, right, bottom in pixels of the small picture, within it and never empty."""
    height, width = grey.shape
    left, right = (min(width - 1, max(0, round(x * scale))) for x in (box.x0, box.x1))
    top, bottom = (min(height - 1, max(0, round(y * scale))) for y in (box.y0, box.y1))
    return left, top, max(left + 1, right), max(top + 1, bottom)
