"""The fitted model: evidence to probability, and the confidence from which on a field is accepted.

A logistic regression with an intercept a kind of field (total, row amount, date, code …). Its weights are
dated data beside this module, made by `tools/fit_confidence.py` from papers drawn for that alone; a newer
file stands beside the older ones and the newest is used. The same file holds the curve of what happened on
those papers: how many values reach a confidence, and how many were wrong. A target error is looked up on it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path

from pipeline.confidence.evidence import NAMES, Evidence, kind_of
from pipeline.dated_files import newest_file, stored
from pipeline.intervals import clopper_pearson_upper

DATA, KIND = Path(__file__).parent / "data", "confidence"
DEFAULT_TARGET = 0.0004
"""Accepted but wrong, per accepted field: a single careful keyer errs on 0.37 of 1,000 (Paulsen 2012)."""

MOST_SURE = 0.99995
"""No evidence makes a value certain: the paper may carry the same mistake everywhere."""

SURE_ENOUGH = 0.5
"""No target, however lax, accepts what is more likely wrong than right."""


@dataclass(frozen=True, slots=True)
class Point:
    """Of the fitting papers' values, `accepted` had at least this confidence; `wrong` of them were wrong."""

    confidence: float
    accepted: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one kind of field: probability = 1 / (1 + exp(-(intercept + sum of weight times number)))."""

    intercept: float
    weights: tuple[float, ...]

    def probability(self, evidence: Evidence) -> float:
        """How likely the value is right."""
        score = self.intercept + sum(map(mul, self.weights, evidence.vector))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class Model:
    """What was fitted, when, and on how many values."""

    dated: str
    values: int
    kinds: Mapping[str, Weights]
    curve: tuple[Point, ...]

    def confidence(self, path: str, value: object, evidence: Evidence) -> float:
        """The probability that the value at `path` is right."""
        kind = kind_of(path, value)
        weights = self.kinds.get(kind) or self.kinds["text"]
        return min(MOST_SURE, weights.probability(evidence))

    def threshold(self, target: float) -> float:
        """The lowest confidence from which on at most `target` of the accepted values are wrong.

        The 95 % upper bound of what was counted must keep to it, so that no error in few values does not look
        like none in many. A target that the fitting papers cannot show accepts nothing.
        """
        held = [p for p in self.curve if clopper_pearson_upper(p.wrong, p.accepted) <= target]
        return max(SURE_ENOUGH, min((p.confidence for p in held), default=1.0))

    def at(self, threshold: float) -> Point:
        """What happened on the fitting papers from a confidence on."""
        reached = [p for p in self.curve if p.confidence >= threshold]
        return min(reached, key=lambda p: p.confidence, default=Point(1.0, 0, 0))


def load(file: Path) -> Model:
    """The model of one data file.

    Raises:
        ValueError: If it was fitted for other evidence than this version gathers.
    """
    fitted = stored(file)
    if tuple(fitted["evidence"]) != NAMES:
        raise ValueError(f"{file.name} was fitted for other evidence: run tools/fit_confidence.py")
    return Model(
        dated=fitted["dated"],
        values=fitted["values"],
        kinds={
            kind: Weights(one["intercept"], tuple(one["weights"])) for kind, one in fitted["kinds"].items()
        },
        curve=tuple(_points(fitted["curve"])),
    )


def _points(rows: Sequence[Sequence[float]]) -> list[Point]:
    return [Point(row[0], int(row[1]), int(row[2])) for row in rows]


@functools.cache
def newest() -> Model:
    """The model with the latest date."""
    return load(newest_file(DATA, KIND))
