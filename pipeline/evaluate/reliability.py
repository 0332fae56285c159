"""Whether a confidence is a probability: of the values that carry 0.97, 97 % should be right.

Counts by confidence are kept as they come, so nothing is lost to bins and the size is bounded by the places
of the published confidence. Bins are wide below 0.9, where there are few values, and hold the same number
each above it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

LOW_EDGES = (0.5, 0.7, 0.8, 0.9)
TOP_BINS = 9


@dataclass(frozen=True, slots=True)
class Bin:
    """Values of about one confidence: how many, how many right, their mean confidence."""

    low: float
    high: float
    n: int
    right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share of right values."""
        return self.right / self.n


@dataclass(slots=True)
class Histogram:
    """Confidence -> [values, right ones]."""

    counts: dict[float, list[int]] = field(default_factory=dict)

    def add(self, confidence: float, right: bool) -> None:
        """Count one value."""
        count = self.counts.setdefault(confidence, [0, 0])
        count[0] += 1
        count[1] += right

    @property
    def n(self) -> int:
        """Values counted."""
        return sum(count[0] for count in self.counts.values())

    def merged(self, other: Histogram) -> Histogram:
        """Both together."""
        both = Histogram({confidence: list(count) for confidence, count in self.counts.items()})
        for confidence, (n, right) in other.counts.items():
            count = both.counts.setdefault(confidence, [0, 0])
            count[0] += n
            count[1] += right
        return both


def bins_of(counts: Mapping[float, list[int]]) -> list[Bin]:
    """The bins that hold anything, from low confidence to high."""
    groups: dict[int, list[tuple[float, int, int]]] = {}
    top = sum(n for confidence, (n, _) in counts.items() if confidence >= LOW_EDGES[-1])
    passed = 0
    for confidence in sorted(counts):
        n, right = counts[confidence]
        place = bisect_right(LOW_EDGES, confidence)
        if confidence >= LOW_EDGES[-1]:
            # By the middle of what carries this very confidence, which is never torn apart.
            place += int((passed + n / 2) / top * TOP_BINS)
            passed += n
        groups.setdefault(place, []).append((confidence, n, right))
    bins = []
    for place in sorted(groups):
        rows = groups[place]
        n = sum(row[1] for row in rows)
        mean = sum(confidence * count for confidence, count, _ in rows) / n
        bins.append(Bin(rows[0][0], rows[-1][0], n, sum(row[2] for row in rows), mean))
    return bins


def calibration_error(bins: list[Bin]) -> float | None:
    """Expected calibration error: sum over bins of n_b / N * |accuracy_b - confidence_b|; None of nothing."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / total if total else None


@dataclass(frozen=True, slots=True)
class Threshold:
    """What would happen if everything from this confidence on went through unseen."""

    confidence: float
    accepted: float
    errors: float


def trade_off(counts: Mapping[float, list[int]], points: int = 200) -> list[Threshold]:
    """Share that would go through against share of it that is wrong, from the surest down."""
    total, n, wrong = sum(count[0] for count in counts.values()), 0, 0
    curve = []
    for confidence in sorted(counts, reverse=True):
        here, right = counts[confidence]
        n, wrong = n + here, wrong + here - right
        curve.append(Threshold(confidence, n / total, wrong / n))
    step = max(1, len(curve) // points)
    return [one for index, one in enumerate(curve) if index % step == 0 or index == len(curve) - 1]
