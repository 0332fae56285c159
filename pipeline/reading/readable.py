"""Whether a picture can be read, told by its print and a probe of its lines: the gate with an engine at hand.

The print alone (`pipeline.reading.quality`) does not say whether it can be read; a sample of lines does, but
what a lamp has burnt away or a cut has left outside is no line. So both give numbers, and a softmax
regression weighs them: each cause (blurred, too dark, glare, cut off, too small) has a score of its own,
against one of 0 for "can be read". One bad cause is enough to send a picture back, while within a cause its
numbers add up; the likeliest cause is the one that is named. The weights are dated data beside this module,
made by `tools/fit_readable.py` from papers whose reading was held against the truth.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.dated_files import newest_file, stored
from pipeline.model import Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.print_marks import COARSE, PrintMarks, find_print
from pipeline.reading.probe import Probe, first_look, read_on
from pipeline.reading.quality import (
    BURNT,
    CAUSES,
    DATA,
    SMALLEST_SPOT,
    WHOLE,
    Cause,
    Limits,
    Measure,
    Place,
    Quality,
    measures,
    no_paper,
)

KIND = "readable"
FEWEST_LINES = 3
"""Lines on a paper; on drawn faces and landscapes up to 2 are found."""

FEWEST_BLURRED_RUNS = 30
"""Runs of print on a paper none of whose lines is found, for blur; of those drawn it has 94 or more, pictures
of no paper (other than in the colour of leaves) have up to 10."""

DOUBTED = 0.8
"""Probability of a character below which it is doubted."""

LEAST_SHARE = 0.005
"""Shares are weighed as log-odds, from here on: of about 200 characters in a sample none is no 0."""

PART = 3
"""The worst part of the sample is looked for among its thirds across and down."""

FEWEST_IN_SAMPLE = 6
"""With fewer lines the sample is one part."""

AT_EDGE = 0.3
"""A line that ends so many of its heights from the picture's edge, or nearer, runs out of it."""

BRIGHTER = 5.0
"""Levels by which a burnt spot is brighter than the ground of the print; on paper as white as that no spot
can be told."""

ENDS_AT = (0.5, 1.0, 1.5, 2.0)
"""Heights of a line beyond its ends at which a spot is looked for: around it print fades first."""

EASY_HEIGHT, LEAST_HEIGHT = 24.0, 5.0
"""Pixels of a line from which on more bring nothing, and below which nothing is read."""

LOW_LINES = 0.25
"""The lines at this quantile of heights must be tall enough: amounts are set smaller than titles."""

MOST: Mapping[str, float] = {
    "edge": 1.0,
    "blurred_part": 1.0,
    "small": 3.0,
    "dark": 3.0,
    "faint": 0.5,
    "burnt": 0.5,
    "cut_print": 2.0,
    "cut_paper": 1.0,
    "edge_lines": 4.0,
    "spot": 0.4,
    "stopped": 0.5,
}
"""No number counts for more than this (chosen: beyond it every picture fitted on is unreadable, or the number
was led astray by the grain of a table or a photo printed on the paper)."""

SETTLED_BELOW = 0.25
"""Strain at the first look below which the rest of the sample is not read. Of 150 labelled pictures 34 are
told so, half of those that can be read; by the whole sample none of them has more than 0.38, and 0.42 warns.
From 0.3 on one passed that must not. No first look warns or sends back: of eight lines two say too much."""

ALSO_NAMED = 0.25
"""Beside the likeliest cause those are named whose chance is at least this."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one cause: score = intercept + sum of weight times number."""

    intercept: float
    numbers: Mapping[str, float]

    def score(self, numbers: Mapping[str, float]) -> float:
        """How much speaks for the cause; a number that could not be measured counts as 0."""
        return self.intercept + sum(weight * numbers.get(name, 0.0) for name, weight in self.numbers.items())


@dataclass(frozen=True, slots=True)
class Weighing:
    """What was fitted: the weights of each cause, and from which chance of any on it warns and sends back."""

    dated: str
    causes: Mapping[str, Weights]
    limits: Limits

    def chances(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """How likely each cause makes the picture unreadable; what is left to 1 is that it can be read."""
        scores = {cause: weights.score(numbers) for cause, weights in self.causes.items()}
        most = max(0.0, *scores.values())  # taken out, so that no exponential overflows
        odds = {cause: math.exp(score - most) for cause, score in scores.items()}
        whole = math.exp(-most) + sum(odds.values())
        return {cause: odd / whole for cause, odd in odds.items()}


def judge_by_reading(image: Image, engine: OcrEngine, *, is_part: bool = False) -> Quality:
    """Whether `image`, shape (H, W, 3) RGB, can be read; takes 0.2 to 0.5 s of one core at rest.

    A close-up of a part (`is_part`) shows no whole paper, and is not asked for one.
    """
    marks, looked = find_print(image), first_look(image, engine)
    quality = _judged(marks, looked, is_part=is_part)
    if quality.strain < SETTLED_BELOW:
        return quality
    return _judged(marks, read_on(looked, image, engine), is_part=is_part)


def _judged(marks: PrintMarks, probed: Probe, *, is_part: bool) -> Quality:
    """The verdict on a picture by its print and what was read of it."""
    nothing = no_paper_read(marks, probed)
    if nothing is not None:
        return Quality("retake", 1.0, (nothing,), len(probed.chosen))
    measured = all_measures(marks, probed)
    if is_part:
        measured = {name: measure for name, measure in measured.items() if measure.cause != "cut_off"}
    return weighed(measured, newest(), len(probed.chosen))


def weighed(measured: Mapping[str, Measure], weighing: Weighing, lines_read: int) -> Quality:
    """The verdict that follows from the numbers."""
    numbers = {name: measure.number for name, measure in measured.items()}
    chances = weighing.chances(numbers)
    strain = sum(chances.values()) / weighing.limits.retake
    if sum(chances.values()) < weighing.limits.warn:
        return Quality("accept", strain, (), lines_read)
    likeliest = sorted(chances, key=lambda cause: -chances[cause])
    named = [likeliest[0], *(cause for cause in likeliest[1:] if chances[cause] >= ALSO_NAMED)]
    causes = tuple(_cause(cause, measured, weighing.causes[cause]) for cause in named)
    return Quality("retake" if strain >= 1 else "warn", strain, causes, lines_read)


def _cause(name: str, measured: Mapping[str, Measure], weights: Weights) -> Cause:
    """The cause with the number of its own that speaks loudest for it."""
    own = {key: measure for key, measure in measured.items() if measure.cause == name}
    loudest = max(own, key=lambda key: weights.numbers.get(key, 0.0) * own[key].number, default=None)
    if loudest is None:
        return Cause(name, 1.0, WHOLE)
    return Cause(name, round(own[loudest].number, 3), own[loudest].box)


def no_paper_read(marks: PrintMarks, probed: Probe) -> Cause | None:
    """Why there is nothing to weigh: hardly a line, and too little print for a blurred paper."""
    if len(probed.lines) >= FEWEST_LINES:
        return None
    if len(marks.boxes) < FEWEST_BLURRED_RUNS:
        return no_paper(marks) or Cause("not_a_paper", float(len(probed.lines)), WHOLE)
    return no_paper(marks)


def all_measures(marks: PrintMarks, probed: Probe) -> dict[str, Measure]:
    """The numbers of the print and of the probe, each the higher the worse, none above `MOST`."""
    measured = {**(measures(marks) if len(marks.boxes) else {}), **probe_measures(marks, probed)}
    return {
        name: Measure(one.cause, min(one.number, MOST.get(name, math.inf)), one.box)
        for name, one in measured.items()
    }


def probe_measures(marks: PrintMarks, probed: Probe) -> dict[str, Measure]:
    """The numbers of the lines found and of those read, each the higher the worse.

    `doubted` and `unread_part` are log-odds, of the share of doubted characters and of what was not read of
    the worst part; `few` is the smaller the more lines there are; `low` is in halvings of a line's height.
    """
    doubts = [probability < DOUBTED for word in probed.words for probability in word.char_confidences]
    spot, stopped, place = _burnt_spots(marks, probed.lines)
    part, part_box = _worst_part(marks, probed)
    heights = [_size(line)[1] for line in probed.lines]
    height = max(LEAST_HEIGHT, float(np.quantile(heights, LOW_LINES))) if heights else EASY_HEIGHT
    edge_lines, side = _lines_at_edge(marks, probed.lines)
    return {
        "doubted": Measure("blurred", _log_odds(float(np.mean(doubts)) if doubts else 1.0), part_box),
        "unread_part": Measure("blurred", _log_odds(part), part_box),
        "unfound": Measure("blurred", _unfound(marks, probed.lines), part_box),
        "few": Measure("blurred", 1 / (1 + len(probed.lines)), part_box),
        "low": Measure("too_small", max(0.0, math.log2(EASY_HEIGHT / height))),
        "edge_lines": Measure("cut_off", edge_lines, side),
        "spot": Measure("glare", spot, place),
        "stopped": Measure("glare", stopped, place),
    }


def line_confidence(words: Sequence[Word]) -> float:
    """The mean probability of a line's characters; 0 where nothing was read."""
    characters = [probability for word in words for probability in word.char_confidences]
    return float(np.mean(characters)) if characters else 0.0


def _worst_part(marks: PrintMarks, probed: Probe) -> tuple[float, Place]:
    """How little of the worst third of the sample was read, 0 to 1, and where that third lies."""
    missing = np.array([1 - line_confidence(words) for words in probed.read])
    if not len(missing):
        return 1.0, WHOLE
    if len(missing) < FEWEST_IN_SAMPLE:
        return float(missing.mean()), WHOLE
    middles = np.array([probed.lines[place].mean(axis=0) for place in probed.chosen])
    count = max(FEWEST_IN_SAMPLE // 2, len(missing) // PART)
    parts = []
    for along, start in itertools.product((0, 1), (0, (len(missing) - count) // 2, len(missing) - count)):
        own = np.argsort(middles[:, along], kind="stable")[start : start + count]
        parts.append((float(missing[own].mean()), own.tolist()))
    worst, own = max(parts)
    return worst, _around(marks, [probed.lines[probed.chosen[place]] for place in own])


def _unfound(marks: PrintMarks, lines: Sequence[Quad]) -> float:
    """The share of the print (runs, by length) that lies on no line that was found."""
    if not lines or not len(marks.boxes):
        return 1.0
    corners = np.array(lines) * marks.scale
    low, high = corners.min(axis=1) - 3, corners.max(axis=1) + 3  # a run's middle may lie on a line's rim
    middles = (marks.boxes[:, :2] + marks.boxes[:, 2:] / 2)[:, None]
    found = ((middles >= low) & (middles <= high)).all(axis=2).any(axis=1)
    return float(marks.lengths[~found].sum() / marks.lengths.sum())


def _lines_at_edge(marks: PrintMarks, lines: Sequence[Quad]) -> tuple[float, Place]:
    """How many lines run out of the picture at the edge where most do, and that edge."""
    if not lines:
        return 0.0, WHOLE
    near = AT_EDGE * float(np.median([_size(line)[1] for line in lines]))
    corners = np.array(lines)
    low, high = corners.min(axis=1), corners.max(axis=1)
    size = np.array(marks.grey.shape[::-1]) / marks.scale
    counts = [*(low <= near).sum(axis=0), *(high >= size - near).sum(axis=0)]
    strips: tuple[Place, ...] = ((0, 0, 0.1, 1), (0, 0, 1, 0.1), (0.9, 0, 1, 1), (0, 0.9, 1, 1))
    worst = int(np.argmax(counts))
    return float(counts[worst]), strips[worst]


def _burnt_spots(marks: PrintMarks, lines: Sequence[Quad]) -> tuple[float, float, Place]:
    """Of the lines' area the share burnt away between them, the share of lines that stop there, and where."""
    ground = float(np.median(marks.grounds)) if len(marks.grounds) else math.inf
    level = max(float(BURNT), ground + BRIGHTER)
    if len(lines) < FEWEST_LINES or level > 255:
        return 0.0, 0.0, WHOLE
    quads = [line * (marks.scale / COARSE) for line in lines]
    side = max(3, int(SMALLEST_SPOT * max(marks.coarse.shape)))
    spots = cv2.morphologyEx(
        np.asarray(marks.coarse >= level, np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)
    )
    area = np.zeros_like(spots)
    cv2.fillConvexPoly(area, cv2.convexHull(np.round(np.concatenate(quads)).astype(np.int32)), (1,))
    free = spots * area
    for quad in quads:
        reach = np.ptp(quad, axis=0).min()
        start, end = np.floor(quad.min(axis=0) - reach), np.ceil(quad.max(axis=0) + reach)
        cv2.rectangle(free, start.astype(int).tolist(), end.astype(int).tolist(), (0,), cv2.FILLED)
    stopped = sum(_stops_at(quad, spots) for quad in quads) / len(quads)
    down, right = np.nonzero(free)
    if not len(down):
        return 0.0, stopped, WHOLE
    height, width = free.shape
    box = (
        float(right.min() / width),
        float(down.min() / height),
        float((right.max() + 1) / width),
        float((down.max() + 1) / height),
    )
    return float(free.sum() / max(1, int(area.sum()))), stopped, _rounded(box)


def _stops_at(quad: Quad, spots: npt.NDArray[np.generic]) -> bool:
    """Whether a line ends shortly before a spot; both in pixels of the coarse picture."""
    width, height = np.ptp(quad, axis=0)
    along = 0 if width >= height else 1
    order = np.argsort(quad[:, along], kind="stable")
    reach = min(float(width), float(height))
    for end, way in ((quad[order[:2]].mean(axis=0), -1), (quad[order[2:]].mean(axis=0), 1)):
        for heights in ENDS_AT:
            point = end.copy()
            point[along] += way * reach * heights
            x, y = (round(float(part)) for part in point)
            if 0 <= y < spots.shape[0] and 0 <= x < spots.shape[1] and spots[y, x]:
                return True
    return False


def _size(line: Quad) -> tuple[float, float]:
    """The longer and the shorter side of a line, whichever way it runs."""
    sides = np.linalg.norm(line - np.roll(line, 1, axis=0), axis=1)
    pairs = float(max(sides[0], sides[2])), float(max(sides[1], sides[3]))
    return max(pairs), min(pairs)


def _log_odds(share: float) -> float:
    held = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return math.log(held / (1 - held))


def _around(marks: PrintMarks, lines: Sequence[Quad]) -> Place:
    """The box around lines, as fractions of the picture."""
    height, width = marks.grey.shape
    corners = np.concatenate(lines) * marks.scale / (width, height)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return _rounded((float(x0), float(y0), float(x1), float(y1)))


def _rounded(box: Place) -> Place:
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, edge)), 4) for edge in box)
    return x0, y0, x1, y1


def load(file: Path) -> Weighing:
    """The weights of one data file.

    Raises:
        ValueError: If it names a cause that has no message.
    """
    fitted = stored(file)
    unknown = fitted["causes"].keys() - CAUSES.keys()
    if unknown:
        raise ValueError(f"{file.name} names {sorted(unknown)}, which `quality.CAUSES` has no message for")
    causes = {name: Weights(one["intercept"], one["weights"]) for name, one in fitted["causes"].items()}
    return Weighing(fitted["dated"], causes, Limits(fitted["limits"]["warn"], fitted["limits"]["retake"]))


@functools.cache
def newest() -> Weighing:
    """The weights with the latest date."""
    return load(newest_file(DATA, KIND))
