"""Whether a picture can be read, told before it is read, and if not why and where.

For people who send a photo from their phone: a new one costs them five seconds now and two weeks later on.
Each cause (out of focus, too dark, glare, cut off, too small) is one or two numbers measured on the print.
Sharpness is the width of a stroke's edge against the height of the print, so that neither the resolution nor
how much of the picture is print decides; it is judged for the page and for its worst part, because a phone
held aslant blurs one side alone. Each number has two limits, from which on it warns and from which on
the picture should be taken again; they stand beside this module as dated data, made by `tools/fit_quality.py`
from papers whose reading was held against the truth. The worst number decides: sums were tried (a logistic
model) and let a picture pass that one cause alone makes unreadable.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.dated_files import newest_file, stored
from pipeline.model import Image
from pipeline.reading.print_marks import COARSE, Numbers, PrintMarks, find_print

Verdict: TypeAlias = Literal["accept", "warn", "retake"]
Place: TypeAlias = tuple[float, float, float, float]
Flags: TypeAlias = npt.NDArray[np.bool_]

DATA, KIND = Path(__file__).parent / "data", "quality"
WHOLE: Place = (0.0, 0.0, 1.0, 1.0)

FEWEST_RUNS = 8
"""Runs of print on a paper; of the drawn pictures without one, desks have up to 1, faces 6 to 9."""

MOST_COLOUR = 0.5
"""Saturation of paper at most, the yellow light of a lamp included; leaves and brick walls have 0.6."""

DARKEST = 30.0
"""Light of the bright part, of 255, below which a picture without print may well be of a paper."""

TALL_ENOUGH = 20.0
"""Pixels of print from which on more bring nothing (chosen; shrunk photos with 13 were still read)."""

LIGHT_ENOUGH = 1.5
"""Halvings of the light (bright part against white) that harm nothing: cameras make up for them."""

BLURRED_EDGE = 0.25
"""Edge width against print height from which on a run counts as blurred; good photos have 0.05 to 0.15."""

MOST_GRAIN = 0.05
"""Noise against the contrast of print; in a photo by day it is 0.01, in a dark one 0.1."""

BURNT = 252
"""Levels of 255 from which on nothing of the print is left."""

BURNT_PAPER = 246
"""Paper as bright as that is burnt everywhere or a screenshot: a spot of glare cannot be told from it."""

SMALLEST_SPOT = 0.03
"""Of the long side: glare is larger than the white between lines."""

STILL_READ = 2.0
"""Glare within so many heights of print that was found spares it: paper in the sun is as white as a lamp
(of the papers fitted on it spares 2 of 4 readable photos that white spots alone would have sent back)."""

NEAR_EDGE = 0.5
"""Print this many of its heights from the picture's edge, or nearer, may run on beyond it."""

TILE = 1 / 3
"""Sides of a tile as a share of the printed area's: in a quarter there are too few runs to tell, and over a
half a blurred third does not show (of 23 photos with a part out of focus thirds find 20, the others 15 each,
at 4 false alarms in 246 readable pictures; compared side by side, at the 40th percentile of a tile)."""

TILE_STEPS = 5
"""Places of a tile along a side, each half a tile on: a blurred strip need not begin where a tile does."""

FEWEST_IN_TILE, LEAST_IN_TILE = 3, 0.1
"""A tile counts with so many runs and such a share of all print: one smudge is no part of a paper."""

AT_EDGE = 1.0
"""Print this many of its heights from an edge, or nearer, has no margin there."""

FEWEST_AT_EDGE = 2
"""Runs without a margin that make it sure that the sheet goes on; one may be a blot."""

LEAST_ALONG = 0.5
"""So many heights of the page's print it is long along the edge at least; the grain of a table is less."""

SMALL_PRINT = 0.25
"""The print at this quantile of heights must be tall enough: amounts are set smaller than titles (of shrunk
photos it tells 12 of 16 unreadable ones from 8 of 10 readable ones, the median 10)."""

PAPER_LIGHT = 0.7
"""Paper is at least so bright as a share of the picture's bright part."""

CAUSES: Mapping[str, tuple[str, str]] = {
    "not_a_paper": (
        "没有看到票据文字；请把票据平放，正对着拍满画面",
        "no print was found; lay the paper flat and fill the picture with it",
    ),
    "blurred": (
        "文字模糊；请拿稳手机，点按文字对焦后重拍",
        "the print is blurred; hold still, tap on the print to focus and take it again",
    ),
    "too_dark": (
        "画面太暗；请在光线均匀处重拍",
        "it is too dark; take it again in even light",
    ),
    "glare": (
        "有反光遮住文字；请避开灯光或关闭闪光灯，换个角度重拍",
        "glare covers print; turn away from the lamp or switch the flash off and take it again",
    ),
    "cut_off": (
        "票据没有拍全；请把四边都拍进画面",
        "a part of the paper is outside the picture; take it again with all four edges",
    ),
    "too_small": (
        "文字太小；请靠近一些重拍，并发送原图",
        "the print is too small; go nearer and send the original picture",
    ),
}
"""Cause -> what was found and what to do, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a picture is hard to read: what was measured, and where, as fractions of the picture."""

    name: str
    number: float
    box: Place

    @property
    def message(self) -> str:
        """What was found and what to do, Chinese / English."""
        return " / ".join(CAUSES[self.name])


@dataclass(frozen=True, slots=True)
class Quality:
    """The verdict on a picture, with what led to it, the worst first.

    `strain` is the worst number as a share of its limit: from 1 on the picture should be taken again.
    `lines_read` says how many lines were read for it, 0 where the picture was judged by its print alone.
    """

    verdict: Verdict
    strain: float
    causes: tuple[Cause, ...] = ()
    lines_read: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a picture, the cause it speaks for, and where it was measured."""

    cause: str
    number: float
    box: Place = WHOLE


@dataclass(frozen=True, slots=True)
class Limits:
    """From which number on a picture is warned of, and from which on it should be taken again."""

    warn: float
    retake: float


def judge(image: Image, *, is_part: bool = False) -> Quality:
    """Whether `image`, shape (H, W, 3) RGB, can be read; takes about 0.25 s of one core.

    A close-up of a part (`is_part`) shows no whole paper, and is not asked for one.
    """
    marks = find_print(image)
    nothing = no_paper(marks)
    if nothing is not None:
        return Quality("retake", 1.0, (nothing,))
    measured = measures(marks)
    if is_part:
        measured = {name: measure for name, measure in measured.items() if measure.cause != "cut_off"}
    return weighed(measured, newest())


def weighed(measured: Mapping[str, Measure], limits: Mapping[str, Limits]) -> Quality:
    """The verdict that follows from the numbers."""
    strains = {name: one.number / limits[name].retake for name, one in measured.items() if name in limits}
    worst_first = sorted(strains, key=lambda name: -strains[name])
    causes: dict[str, Cause] = {}
    for name in worst_first:
        measure = measured[name]
        if measure.number >= limits[name].warn:
            causes.setdefault(measure.cause, Cause(measure.cause, round(measure.number, 3), measure.box))
    strain = strains[worst_first[0]]
    verdict: Verdict = "retake" if strain >= 1 else "warn" if causes else "accept"
    return Quality(verdict, strain, tuple(causes.values()))


def no_paper(marks: PrintMarks) -> Cause | None:
    """Why there is nothing to weigh: too little print for a paper, or a ground in the colour of leaves."""
    found = Cause("not_a_paper", float(len(marks.boxes)), WHOLE)
    if marks.colour > MOST_COLOUR:
        return found
    if len(marks.boxes) >= FEWEST_RUNS:
        return None
    return Cause("too_dark", marks.light, WHOLE) if marks.light < DARKEST else found


def measures(marks: PrintMarks) -> dict[str, Measure]:
    """The numbers of a picture with print on it, each the higher the worse."""
    # In grain the width of an edge is chance: only what stands clear of it says how sharp the picture is.
    clear = marks.noise <= MOST_GRAIN * marks.contrasts
    blur = np.where(clear, marks.edges / marks.heights, np.float32(0.0))
    blurred = blur > BLURRED_EDGE
    height = _quantile(marks.heights, marks.lengths, SMALL_PRINT) / marks.scale
    burnt, burnt_box = glare(marks)
    print_out, paper_out, side = cut_off(marks)
    return {
        "edge": Measure("blurred", _middle(blur, marks.lengths), _around(marks, blurred)),
        "blurred_part": Measure("blurred", worst_part(marks, blur), _around(marks, blurred)),
        "small": Measure("too_small", max(0.0, TALL_ENOUGH / height - 1)),
        "dark": Measure("too_dark", max(0.0, -math.log2(max(1.0, marks.light) / 255) - LIGHT_ENOUGH)),
        "faint": Measure("too_dark", _middle(marks.noise / marks.contrasts, marks.lengths)),
        "burnt": Measure("glare", burnt, burnt_box),
        "cut_print": Measure("cut_off", print_out, side),
        "cut_paper": Measure("cut_off", paper_out, side),
    }


def worst_part(marks: PrintMarks, blur: Numbers) -> float:
    """How blurred the worst part of the printed area is; 0 where no part has enough print.

    Args:
        marks: The print.
        blur: Edge width against print height of each run, shape (N,).
    """
    middles = marks.boxes[:, :2] + marks.boxes[:, 2:] / 2
    across, down = ((middles - middles.min(axis=0)) / (np.ptp(middles, axis=0) + 1)).T  # below 1: + a pixel
    least = LEAST_IN_TILE * float(marks.lengths.sum())
    worst = 0.0
    for left, top in itertools.product(np.linspace(0, 1 - TILE, TILE_STEPS), repeat=2):
        own = (across >= left) & (across < left + TILE) & (down >= top) & (down < top + TILE)
        if own.sum() >= FEWEST_IN_TILE and float(marks.lengths[own].sum()) >= least:
            worst = max(worst, _middle(blur[own], marks.lengths[own]))
    return worst


def glare(marks: PrintMarks) -> tuple[float, Place]:
    """The share of the printed area that is burnt so white that no print is left, and where."""
    if float(np.median(marks.grounds)) >= BURNT_PAPER:
        return 0.0, WHOLE
    side = max(3, int(SMALLEST_SPOT * max(marks.coarse.shape)))
    spots = cv2.morphologyEx(
        np.asarray(marks.coarse >= BURNT, np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)
    )
    reach = STILL_READ * marks.heights[:, None]
    starts = ((marks.boxes[:, :2] - reach) / COARSE).astype(int).tolist()
    ends = ((marks.boxes[:, :2] + marks.boxes[:, 2:] + reach) / COARSE).astype(int).tolist()
    for start, end in zip(starts, ends, strict=True):
        cv2.rectangle(spots, start, end, 0, cv2.FILLED)
    x0, y0 = (marks.boxes[:, :2].min(axis=0) / COARSE).astype(int)
    x1, y1 = ((marks.boxes[:, :2] + marks.boxes[:, 2:]).max(axis=0) / COARSE).astype(int) + 1
    inside = spots[y0:y1, x0:x1]
    down, right = np.nonzero(inside)
    if not len(down):
        return 0.0, WHOLE
    height, width = marks.coarse.shape
    box = (x0 + right.min(), y0 + down.min(), x0 + right.max() + 1, y0 + down.max() + 1)
    return float(inside.mean()), _fractions(box, width, height)


def cut_off(marks: PrintMarks) -> tuple[float, float, Place]:
    """How much print lies at an edge of the picture, whether paper runs out there, and the worst edge.

    Print: the share of an edge along which print comes near it. Paper: the share of an edge that paper
    reaches while it ends before the opposite one and print has no margin; a scan reaches both edges.
    """
    height, width = marks.grey.shape
    x, y, wide, high = marks.boxes.T
    size = float(np.median(marks.heights))
    paper = marks.coarse >= PAPER_LIGHT * marks.light
    reach = [float(edge.mean()) for edge in (paper[:, 0], paper[0], paper[:, -1], paper[-1])]
    gaps = (x, y, width - x - wide, height - y - high)
    spans = (high / height, wide / width, high / height, wide / width)
    prints = [float(own[gap <= NEAR_EDGE * size].sum()) for gap, own in zip(gaps, spans, strict=True)]
    without_margin = [
        min(1.0, float(((gap <= AT_EDGE * size) & (along >= LEAST_ALONG * size)).sum()) / FEWEST_AT_EDGE)
        for gap, along in zip(gaps, (high, wide, high, wide), strict=True)
    ]
    papers = [reach[n] * (1 - reach[(n + 2) % 4]) * without_margin[n] for n in range(4)]
    worst = max(range(4), key=lambda n: prints[n] + papers[n])
    strips: tuple[Place, ...] = ((0, 0, 0.1, 1), (0, 0, 1, 0.1), (0.9, 0, 1, 1), (0, 0.9, 1, 1))
    return max(prints), max(papers), strips[worst]


def load(file: Path) -> dict[str, Limits]:
    """The limits of one data file, by the name of the number."""
    return {name: Limits(one["warn"], one["retake"]) for name, one in stored(file)["limits"].items()}


@functools.cache
def newest() -> dict[str, Limits]:
    """The limits with the latest date."""
    return load(newest_file(DATA, KIND))


def _middle(numbers: Numbers, lengths: Numbers) -> float:
    """The median, each run by its length."""
    return _quantile(numbers, lengths, 0.5)


def _quantile(numbers: Numbers, lengths: Numbers, share: float) -> float:
    """The number that such a share of the print lies below, each run by its length."""
    order = np.argsort(numbers)
    total = np.cumsum(lengths[order])
    return float(numbers[order[int(np.searchsorted(total, total[-1] * share))]])


def _around(marks: PrintMarks, chosen: Flags) -> Place:
    """The box that holds nine in ten of the chosen runs, as fractions; the whole picture without any."""
    if not chosen.any():
        return WHOLE
    boxes = marks.boxes[chosen]
    x0, y0 = np.percentile(boxes[:, :2], 5, axis=0)
    x1, y1 = np.percentile(boxes[:, :2] + boxes[:, 2:], 95, axis=0)
    height, width = marks.grey.shape
    return _fractions((x0, y0, max(x0, x1), max(y0, y1)), width, height)


def _fractions(box: tuple[float, float, float, float], width: int, height: int) -> Place:
    x0, y0, x1, y1 = (round(float(edge), 4) for edge in np.array(box) / (width, height, width, height))
    return x0, y0, min(1.0, x1), min(1.0, y1)
