"""Fits the gate of the online upload on pictures whose reading was held against the truth.

    python tools/fit_quality.py --dated 2026-11-22 TRUTH OUT [TRUTH OUT ...] [--fresh TRUTH OUT ...]

TRUTH is a truth.jsonl (or its folder), OUT the folder that `baoxiao scan` wrote of those papers. Good photos
(`python -m fixtures.draw --set`) and spoiled ones (`tools/spoil_papers.py`) belong together. A picture should
be taken again when under 80 % of its fields were read, or when it shows no paper. Where the good photo of the
same paper is not read either, no new photo helps: such pictures are neither fitted on nor counted, and how
many there are is written as `form_unread`. The limits are chosen on one half of the papers; what is written
as `held_out` was counted on the other, and as `fresh` on papers drawn after the limits were chosen.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fitting import Run, order
from PIL import Image

from pipeline.dated_files import store
from pipeline.evaluate.evaluation import judge_paper
from pipeline.evaluate.pairing import paired
from pipeline.evaluate.run_folder import RunFolder
from pipeline.evaluate.truth import TruthPaper, read_truth
from pipeline.reading.print_marks import find_print
from pipeline.reading.quality import DATA, KIND, measures, no_paper

READABLE = 0.8
"""Share of the fields that must be right."""
FEWEST_FIELDS = 4
COST = 1.0
"""A readable picture that is sent back weighs as much as so many unreadable ones that pass; 2 and 3 were
tried: precision on unseen papers stays at 0.91 and recall falls."""
WARNED_READABLE = 0.03
"""A number warns from where only such a share of the readable pictures reach it."""
LOWEST = {"cut_paper": 0.45, "cut_print": 1.2, "blurred_part": 0.4, "small": 1.2}
"""No limit is set lower, and these numbers always have one. Real papers that read well, cut close or soft
in a part, come close to the first three; without the others nobody learns which part is out of focus, or
that small print is small, not blurred (1.2: print 9 pixels high; chosen)."""
ROUNDS = 4
"""Passes over the numbers; chosen."""
GOOD_LEVELS = ("clean", "scan", "photo", "hard")
"""Levels of drawn papers that nobody spoiled."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif")
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture: its numbers (None: no paper was seen), what was read of it, which half it is in.

    `share` is the share of its fields that were read right. `form_unread` says that its paper is not read
    from a good picture either.
    """

    file: str
    kind: str
    numbers: dict[str, float] | None
    share: float
    stated: str
    form_unread: bool = False

    @property
    def unreadable(self) -> bool:
        """Whether it should be taken again."""
        return self.share < READABLE

    @property
    def held_out(self) -> bool:
        """By what the paper states, so that all pictures of one paper are in one half."""
        return hashlib.sha256(self.stated.encode()).digest()[0] % 2 == 1


def main() -> int:
    """The command line."""
    asked = order(__doc__, takes_fresh=True)
    samples = gathered(asked.runs)
    fitted = fit(samples, asked.dated)
    if asked.fresh:
        fresh = gathered(asked.fresh)
        fitted["fresh"] = counted(fresh, fitted)
        samples += fresh
    file = store(DATA, KIND, fitted)
    print(f"{file}: {json.dumps(fitted, ensure_ascii=False)}")
    for sample in samples:
        verdict = fitted_verdict(sample, fitted)
        if (verdict == "retake") != sample.unreadable:
            why = " (form unread)" if sample.form_unread else ""
            print(f"{sample.kind:14} {sample.file}: {verdict}, read {sample.share:.2f}{why}", sample.numbers)
    return 0


def gathered(runs: Iterable[Run]) -> list[Sample]:
    """The pictures of several runs, with `form_unread` told."""
    return with_unread_forms([sample for run in runs for sample in samples_of(run.truth, run.out)])


def with_unread_forms(samples: Sequence[Sample]) -> list[Sample]:
    """The samples with `form_unread` told, by the best reading of an unspoilt picture of the same paper."""
    best: dict[str, float] = {}
    for sample in samples:
        if sample.kind in GOOD_LEVELS:
            best[sample.stated] = max(sample.share, best.get(sample.stated, 0.0))
    return [
        replace(sample, form_unread=sample.unreadable and best.get(sample.stated, 1.0) < READABLE)
        for sample in samples
    ]


def samples_of(truth: Path, out: Path) -> Iterator[Sample]:
    """The pictures of one paper and one page whose reading says how readable they are."""
    known, run = read_truth(truth), RunFolder(out)
    count = Counter(paper.file for paper in known.papers)
    for paper in known.papers:
        picture = known.folder / paper.file
        if count[paper.file] > 1 or not paper.file.endswith(SUFFIXES) or len(paper.pages) > 1:
            continue
        right = share_right(paper, run)
        if right is None or not picture.is_file():
            continue
        with Image.open(picture) as opened:
            marks = find_print(np.asarray(opened.convert("RGB")))
        numbers = (
            None
            if no_paper(marks)
            else {name: round(measure.number, 4) for name, measure in measures(marks).items()}
        )
        kind = paper.layout if paper.level == "spoilt" else paper.level
        stated = json.dumps(dict(paper.fields or {"file": paper.file}), sort_keys=True)
        yield Sample(paper.file, kind, numbers, right, stated)


def share_right(paper: TruthPaper, run: RunFolder) -> float | None:
    """The share of the paper's fields that were read right; None where it has too few to tell."""
    if paper.level == "spoilt" and not paper.fields:
        return 0.0  # no paper at all
    pairs, _ = paired([paper], run.get(paper.file, ()))
    verdicts = [one for one in judge_paper(paper, pairs[0]).fields if one.true is not None]
    if len(verdicts) < FEWEST_FIELDS:
        return None
    return sum(not one.fault for one in verdicts) / len(verdicts)


def fit(samples: Sequence[Sample], dated: date) -> dict[str, Any]:
    """The limits, and what they do to the papers they have not seen."""
    known = [sample for sample in samples if not sample.held_out]
    weighed = [sample for sample in known if sample.numbers is not None and not sample.form_unread]
    names = list(weighed[0].numbers or {})
    table = np.array([list((sample.numbers or {}).values()) for sample in weighed])
    bad = np.array([sample.unreadable for sample in weighed])
    retake = _retake_limits(table, bad, np.array([LOWEST.get(name, 0.0) for name in names]))
    warn = np.minimum(retake, np.quantile(table[~bad], 1 - WARNED_READABLE, axis=0))
    fitted: dict[str, Any] = {
        "dated": dated.isoformat(),
        "limits": {
            name: {"warn": round(float(low), 4), "retake": round(float(high), 4)}
            for name, low, high in zip(names, warn, retake, strict=True)
            if np.isfinite(high)
        },
    }
    fitted["fitted_on"] = counted(known, fitted)
    fitted["held_out"] = counted([sample for sample in samples if sample.held_out], fitted)
    return fitted


def _retake_limits(table: Numbers, bad: Flags, lowest: Numbers) -> Numbers:
    """A limit a number (infinite: it is of no use), the best of ascents that begin with each number."""
    orders = [np.roll(np.arange(table.shape[1]), -first) for first in range(table.shape[1])]
    ways = [_ascent(table, bad, lowest, order) for order in orders]
    best = max(ways, key=lambda limits: _gain(np.asarray((table >= limits).any(axis=1)), bad))
    return np.where((lowest > 0) & np.isinf(best), lowest, best)


def _ascent(table: Numbers, bad: Flags, lowest: Numbers, order: npt.NDArray[np.int64]) -> Numbers:
    """Limits set along one number after the other, each the best beside the others.

    Tried are the middles between the values that occur; of equally good ones the middle one is taken.
    """
    limits = np.full(table.shape[1], np.inf)
    for n in (n for _ in range(ROUNDS) for n in order):
        others = np.delete(table >= limits, n, axis=1).any(axis=1)
        values = np.unique(table[:, n])
        middles = (values[1:] + values[:-1]) / 2
        tried = np.append(middles[middles >= lowest[n]], np.inf)
        gains = np.array([_gain(others | (table[:, n] >= limit), bad) for limit in tried])
        best = np.flatnonzero(gains == gains.max())
        limits[n] = np.inf if gains.max() == gains[-1] else tried[best[len(best) // 2]]
    return limits


def _gain(sent_back: Flags, bad: Flags) -> float:
    return float((sent_back & bad).sum() - COST * (sent_back & ~bad).sum())


def fitted_verdict(sample: Sample, fitted: dict[str, Any]) -> str:
    """What the gate says of the picture."""
    if sample.numbers is None:
        return "retake"
    limits = fitted["limits"]
    if any(sample.numbers[name] >= one["retake"] for name, one in limits.items()):
        return "retake"
    return "warn" if any(sample.numbers[name] >= one["warn"] for name, one in limits.items()) else "accept"


def counted(samples: Sequence[Sample], fitted: dict[str, Any]) -> dict[str, Any]:
    """How the verdicts agree with what was read; `by_kind`: pictures, unreadable, warned, sent back."""
    form_unread = sum(sample.form_unread for sample in samples)
    samples = [sample for sample in samples if not sample.form_unread]
    verdicts = [fitted_verdict(sample, fitted) for sample in samples]
    sent = np.array([verdict == "retake" for verdict in verdicts])
    told = np.array([verdict != "accept" for verdict in verdicts])
    bad = np.array([sample.unreadable for sample in samples])
    kinds = sorted({sample.kind for sample in samples})
    own = {kind: np.array([sample.kind == kind for sample in samples]) for kind in kinds}
    return {
        "pictures": len(samples),
        "form_unread": form_unread,
        "unreadable": int(bad.sum()),
        "sent_back": int(sent.sum()),
        "rightly": int((sent & bad).sum()),
        "precision": round(float((sent & bad).sum() / max(1, sent.sum())), 4),
        "recall": round(float((sent & bad).sum() / max(1, bad.sum())), 4),
        "recall_with_warnings": round(float((told & bad).sum() / max(1, bad.sum())), 4),
        "warned": int((told & ~sent).sum()),
        "by_kind": {
            kind: [int(flags.sum()), *(int((flags & of).sum()) for of in (bad, told & ~sent, sent))]
            for kind, flags in own.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
