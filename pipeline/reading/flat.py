"""Pages made flat: rows that fall, fan out, curl or break at a fold run level afterwards.

The lines of print that OCR looks for anyway say how the sheet lay: on a flat page each begins and ends at
one height. How far print is moved down is written as a polynomial of its place, fitted to those lines, and
taken back. That covers perspective, curl and folds alike as far as rows are concerned, and needs no edge of
the sheet: the edge was found on 18 of 50 drawn photos and what followed from it ran more level on 2, for a
fold or a curl bends edges too. What stands above each other stays so: columns are straightened where tables
are read (`pipeline.reading.slant`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Image
from pipeline.reading.lines import Quad
from pipeline.reading.stages import UNSEEN, Mark, Stages

Numbers: TypeAlias = npt.NDArray[np.float64]

LONG = 4.0
"""Lines so many times as long as high have a direction that tells something."""

FEWEST_LONG = 12
"""Fewer long lines can be made level by chance: the polynomial has eight terms."""

STRAIGHTER = 0.8
"""A page is flattened only where its lines are off level by less than so much of what they were."""

LEVEL_DEGREES = 0.12
"""Lines that are off by so little lie flat: it is how finely the detector places them (digital pages)."""

MOST_OFF_DEGREES = 5.0
"""A line counts as off by no more: a slanted stamp is one line, whatever its slant."""

POWERS = ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1), (1, 2), (2, 2))
"""Powers of x and of y in the polynomial: fall, bend and fold of rows, each changing down the page.
Four fewer leave lines half as much again off level; three more gain a tenth."""

HOLD = 0.001
"""How much every term is held back for each line, so that corners without print stay where they are."""

ROUNDS = 4
OUTLIER_DEGREES = 0.3
OUTLIER_TIMES = 3.0
"""The fit is made so often, each time without lines that were off by more than the first and more than so
many times the median: print slanted on purpose, stamps, handwriting."""

MAP_STEP = 32
"""Pixels from one place at which the bend is worked out to the next."""


def flattened(image: Image, lines: Sequence[Quad], stages: Stages = UNSEEN) -> tuple[Image, list[Quad]]:
    """The page (H, W, 3 RGB) and its lines with level rows; as they are where that is not clearly better."""
    before = degrees_off_level(lines)
    if before <= LEVEL_DEGREES:
        note = f"各行高低差 {before:.2f}°：已平整 / lines are {before:.2f}° off level: flat already"
        stages.show("flattened", note, image)
        return image, list(lines)
    bend = Bend.of(lines, (image.shape[1], image.shape[0]))
    moved = [bend.levelled(line) for line in lines]
    after = degrees_off_level(moved)
    change = f"各行高低差 {before:.2f}° → {after:.2f}°"
    change_english = f"lines {before:.2f}° off level, {after:.2f}° if flattened"
    if after >= STRAIGHTER * before:
        stages.show("flattened", f"{change}：未见改善，放弃 / {change_english}: dropped", image)
        return image, list(lines)
    flat = _unbent(image, bend)
    note = f"{change}：已展平 / {change_english}: kept"
    stages.show("flattened", note, flat, [Mark(line) for line in moved])
    return flat, moved


def degrees_off_level(lines: Sequence[Quad]) -> float:
    """By how much long lines run apart: how far their angles are from the median, the mean by length.

    0 where too few are long.
    """
    chords = _chords(lines)
    if len(chords) < FEWEST_LONG:
        return 0.0
    lengths = chords[:, 2] - chords[:, 0]
    angles = np.degrees(np.arctan2(chords[:, 3] - chords[:, 1], lengths))
    order = np.argsort(angles)
    total = np.cumsum(lengths[order])
    median = angles[order[int(np.searchsorted(total, total[-1] / 2))]]
    return float(np.average(np.minimum(np.abs(angles - median), MOST_OFF_DEGREES), weights=lengths))


@dataclass(frozen=True, slots=True)
class Bend:
    """How far print is moved down at each place of a page of `width` by `height` pixels.

    `factors` has one number for each of `POWERS`, in pixels. Places count from the middle, edges are at 1.
    """

    width: int
    height: int
    factors: Numbers

    @staticmethod
    def of(lines: Sequence[Quad], size: tuple[int, int]) -> Bend:
        """The bend under which long lines begin and end at one height; none where there are no such lines."""
        chords = _chords(lines)
        start, end, lengths = chords[:, 0], chords[:, 2], chords[:, 2] - chords[:, 0]
        falls, middle = chords[:, 3] - chords[:, 1], (chords[:, 1] + chords[:, 3]) / 2
        terms = _terms(end, middle, size) - _terms(start, middle, size)
        # A long line is placed as finely as a short one, but its fall is worth more than its length.
        weights = 1 / np.sqrt(lengths)
        kept = np.ones(len(chords), dtype=bool)
        factors = np.zeros(len(POWERS))
        for _ in range(ROUNDS if len(chords) else 0):
            held = np.eye(len(POWERS)) * HOLD * np.sqrt(kept.sum())
            equations = np.vstack([terms[kept] * weights[kept, None], held])
            wanted = np.concatenate([falls[kept] * weights[kept], np.zeros(len(POWERS))])
            factors = np.linalg.lstsq(equations, wanted, rcond=None)[0]
            off = np.abs(np.degrees(np.arctan2(falls - terms @ factors, lengths)))
            kept = off <= max(OUTLIER_DEGREES, OUTLIER_TIMES * float(np.median(off)))
        return Bend(*size, factors)

    def at(self, x: Numbers, y: Numbers) -> Numbers:
        """How far print that stands at these places was moved down, in pixels."""
        return np.asarray(_terms(x, y, (self.width, self.height)) @ self.factors, dtype=np.float64)

    def levelled(self, line: Quad) -> Quad:
        """The line where it stands on the flat page."""
        points = line.astype(np.float64)
        points[:, 1] -= self.at(points[:, 0], points[:, 1])
        return points.astype(np.float32)


def _unbent(image: Image, bend: Bend) -> Image:
    """The page with the bend taken back."""
    height, width = image.shape[:2]
    columns, rows = width // MAP_STEP + 2, height // MAP_STEP + 2
    x, y = np.meshgrid(np.arange(columns) * float(MAP_STEP), np.arange(rows) * float(MAP_STEP))
    source = y.copy()
    for _ in range(ROUNDS):  # where print stood follows from how far it was moved there
        source = y + bend.at(x, source)
    enlarge = np.array([[1 / MAP_STEP, 0, 0], [0, 1 / MAP_STEP, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    from_y = cv2.warpAffine(source.astype(np.float32), enlarge, (width, height), flags=flags)
    from_x = np.ascontiguousarray(np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)))
    flat = cv2.remap(image, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, dtype=np.uint8)


def _chords(lines: Sequence[Quad]) -> Numbers:
    """From where to where long lines run along their middle: x0, y0, x1, y1 of each, shape (N, 4)."""
    chords = []
    for line in lines:
        left, right = (line[0] + line[3]) / 2, (line[1] + line[2]) / 2
        if right[0] - left[0] >= LONG * max(1.0, float(np.linalg.norm(line[3] - line[0]))):
            chords.append((*left, *right))
    return np.array(chords, dtype=np.float64).reshape(-1, 4)


def _terms(x: Numbers, y: Numbers, size: tuple[int, int]) -> Numbers:
    """The powers of places, the last axis one a term of the polynomial."""
    across, down = 2 * x / size[0] - 1, 2 * y / size[1] - 1
    return np.stack([across**i * down**j for i, j in POWERS], axis=-1)
