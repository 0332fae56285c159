"""Fits how the gate weighs print and probe, on pictures whose reading was held against the truth.

    python tools/fit_readable.py --dated 2026-11-22 TRUTH OUT [TRUTH OUT ...] [--fresh TRUTH OUT ...]

TRUTH and OUT are as `tools/fit_quality.py` takes them, which also tells which pictures are unreadable and
which are left out. Each picture is probed with the engine of this machine (about 0.5 s). One softmax
regression over the causes and "can be read", on numbers set to one scale; the limits are chosen on chances
that were given by weights which had not seen the paper (5 folds, whole papers), and `folds` counts those.
`fresh` counts pictures drawn after the limits were chosen, `fresh_by_print` the same pictures judged by their
print alone.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fit_quality import GOOD_LEVELS, READABLE, SUFFIXES, share_right
from fitting import Run, order
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from pipeline.dated_files import store
from pipeline.evaluate.run_folder import RunFolder
from pipeline.evaluate.truth import read_truth
from pipeline.intervals import wilson
from pipeline.reading.print_marks import PrintMarks, find_print
from pipeline.reading.probe import Probe, probe
from pipeline.reading.quality import DATA, Quality, judge
from pipeline.reading.readable import KIND, all_measures, load, no_paper_read, weighed
from pipeline.settings import settings
from pipeline.wiring import ocr_engine

CAUSE_OF = {
    "defocused": "blurred",
    "shaken": "blurred",
    "half_blurred": "blurred",
    "underexposed": "too_dark",
    "dazzled": "glare",
    "cut_off": "cut_off",
    "shrunk": "too_small",
}
"""What was done to a picture -> the cause that is true of it."""
CAN_BE_READ = "can_be_read"
FOLDS = 5
STRENGTH = 0.3
"""Inverse of the regularisation; of 0.1, 0.3 and 1 the middle one is best on unseen folds, by little."""
LEAST_PRECISION = 0.9
"""Of the pictures sent back in unseen folds so many are unreadable."""
WARNED_RECALL = 0.95
"""Of the unreadable pictures so many are warned of or sent back."""
LOWEST_RETAKE = 0.53
"""Nothing is sent back below this chance: a real slip that reads well, cut close on all sides, has 0.52."""
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture: its numbers (None: no paper was seen), what was read of it, the verdict by print alone."""

    file: str
    kind: str
    numbers: Mapping[str, float] | None
    share: float
    stated: str
    by_print: Quality
    verdict: Quality | None = None

    @property
    def unreadable(self) -> bool:
        """Whether it should be taken again."""
        return self.share < READABLE


def main() -> int:
    """The command line."""
    asked = order(__doc__, takes_fresh=True)
    fitted = fit(list(gathered(asked.runs)), asked.dated)
    file = store(DATA, KIND, fitted)
    if asked.fresh:
        judged = list(gathered(asked.fresh, file))
        fitted["fresh"], fitted["fresh_by_print"] = counted(judged), counted(by_print(judged))
        store(DATA, KIND, fitted)
    print(f"{file}: {json.dumps(fitted, ensure_ascii=False)}")
    return 0


def gathered(runs: Iterable[Run], weights: Path | None = None) -> Iterator[Sample]:
    """The pictures of several runs that a better photo of the paper would help; judged with `weights`."""
    engine = ocr_engine(settings(), 1)
    read = [(read_truth(run.truth), RunFolder(run.out)) for run in runs]
    best: Counter[str] = Counter()
    for known, run in read:
        for paper in known.papers:
            if paper.level in GOOD_LEVELS:
                stated = json.dumps(dict(paper.fields), sort_keys=True)
                best[stated] = max(best[stated], share_right(paper, run) or 0)
    for known, run in read:
        count = Counter(paper.file for paper in known.papers)
        for paper in known.papers:
            picture = known.folder / paper.file
            share = share_right(paper, run)
            stated = json.dumps(dict(paper.fields or {"file": paper.file}), sort_keys=True)
            if count[paper.file] > 1 or not paper.file.endswith(SUFFIXES) or len(paper.pages) > 1:
                continue
            if share is None or not picture.is_file():
                continue
            if share < READABLE and best.get(stated, 1) < READABLE:
                continue  # its form is not read: no new photo helps
            with Image.open(picture) as opened:
                image = np.asarray(opened.convert("RGB"))
            kind = paper.layout if paper.level == "spoilt" else paper.level
            sample = sample_of(find_print(image), probe(image, engine), weights)
            yield replace(
                sample, file=paper.file, kind=kind, share=share, stated=stated, by_print=judge(image)
            )


def sample_of(marks: PrintMarks, probed: Probe, weights: Path | None) -> Sample:
    """The numbers of one picture and, with `weights`, the verdict on it."""
    nothing = no_paper_read(marks, probed)
    if nothing is not None:
        verdict = Quality("retake", 1.0, (nothing,))
        return Sample("", "", None, 0.0, "", verdict, verdict)
    measured = all_measures(marks, probed)
    numbers = {name: round(measure.number, 4) for name, measure in measured.items()}
    verdict = None if weights is None else weighed(measured, load(weights), len(probed.chosen))
    return Sample("", "", numbers, 0.0, "", Quality("accept", 0.0), verdict)


def fit(samples: Sequence[Sample], dated: date) -> dict[str, Any]:
    """The weights and limits, and what they do to the papers that their fold has not seen."""
    seen = [sample for sample in samples if sample.numbers is not None]
    names = sorted({name for sample in seen for name in sample.numbers or ()})
    table = np.array([[(sample.numbers or {}).get(name, 0.0) for name in names] for sample in seen])
    # What nobody spoiled, and still is not read where another photo is, is mostly a little out of focus.
    truth = np.array(
        [CAUSE_OF.get(one.kind, "blurred") if one.unreadable else CAN_BE_READ for one in seen], dtype=object
    )
    chances, named = _in_unseen_folds(table, truth, [sample.stated for sample in seen])
    bad = truth != CAN_BE_READ
    without_paper = len(samples) - len(seen)
    retake, warn = _limits(chances, bad, without_paper)
    sent = chances >= retake
    return {
        "dated": dated.isoformat(),
        "causes": _causes(table, truth, names),
        "limits": {"warn": warn, "retake": retake},
        "folds": {
            "pictures": len(seen),
            "without_paper": without_paper,
            "unreadable": int(bad.sum()),
            **_rates(
                int((sent & bad).sum()) + without_paper,
                int(sent.sum()) + without_paper,
                int(bad.sum()) + without_paper,
            ),
            "of_papers": _rates(int((sent & bad).sum()), int(sent.sum()), int(bad.sum())),
            "recall_with_warnings": round(float((chances >= warn)[bad].mean()), 4),
            "right_cause": round(float((named == truth)[sent & bad].mean()), 4),
        },
    }


def _in_unseen_folds(
    table: Numbers, truth: npt.NDArray[Any], papers: Sequence[str]
) -> tuple[Numbers, npt.NDArray[Any]]:
    """The chance that a picture cannot be read, and its likeliest cause, by weights that did not see it."""
    chances, named = np.zeros(len(table)), np.empty(len(table), dtype=object)
    for known, unseen in GroupKFold(FOLDS).split(table, truth, papers):
        scaler = StandardScaler().fit(table[known])
        model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(
            scaler.transform(table[known]), truth[known]
        )
        each = model.predict_proba(scaler.transform(table[unseen]))
        readable = list(model.classes_).index(CAN_BE_READ)
        chances[unseen] = 1 - each[:, readable]
        each[:, readable] = -1
        named[unseen] = model.classes_[each.argmax(axis=1)]
    return chances, named


def _causes(table: Numbers, truth: npt.NDArray[Any], names: Sequence[str]) -> dict[str, Any]:
    """The weights of each cause on the numbers as measured, against a score of 0 for what can be read."""
    scaler = StandardScaler().fit(table)
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(scaler.transform(table), truth)
    readable = list(model.classes_).index(CAN_BE_READ)
    weights = (model.coef_ - model.coef_[readable]) / scaler.scale_
    intercepts = model.intercept_ - model.intercept_[readable] - weights @ scaler.mean_
    return {
        str(cause): {
            "intercept": round(float(intercept), 4),
            "weights": {name: round(float(weight), 4) for name, weight in zip(names, row, strict=True)},
        }
        for cause, intercept, row in zip(model.classes_, intercepts, weights, strict=True)
        if cause != CAN_BE_READ
    }


def _limits(chances: Numbers, bad: npt.NDArray[np.bool_], without_paper: int) -> tuple[float, float]:
    """From where on to send back, as low as precision allows, and to warn, as high as recall allows.

    Pictures `without_paper` are sent back before anything is weighed, and count as the others do.
    """
    precise, told = [], []
    for level in np.unique(chances):
        sent = chances >= level
        if (sent & bad).sum() + without_paper >= LEAST_PRECISION * (sent.sum() + without_paper):
            precise.append(float(level))
        if (sent & bad).sum() + without_paper >= WARNED_RECALL * (bad.sum() + without_paper):
            told.append(float(level))
    retake = max(LOWEST_RETAKE, round(min(precise), 4))
    return retake, min(retake, round(max(told), 4))


def by_print(samples: Sequence[Sample]) -> list[Sample]:
    """The same pictures with the verdict by their print alone."""
    return [replace(sample, verdict=sample.by_print) for sample in samples]


def counted(samples: Sequence[Sample]) -> dict[str, Any]:
    """How the verdicts agree with what was read; `by_kind`: pictures, unreadable, rightly and all sent back.

    `of_papers` leaves out the pictures of no paper, which are the easy ones.
    """
    papers = [sample for sample in samples if sample.kind in CAUSE_OF or sample.kind in GOOD_LEVELS]
    kinds = sorted({sample.kind for sample in samples})
    return {
        **_agreement(samples),
        "of_papers": _agreement(papers),
        "by_kind": {kind: _counts([one for one in samples if one.kind == kind]) for kind in kinds},
    }


def _agreement(samples: Sequence[Sample]) -> dict[str, Any]:
    pictures, bad, rightly, sent = _counts(samples)
    told = sum(_said(sample) != "accept" for sample in samples if sample.unreadable)
    spoilt = [one for one in samples if one.unreadable and _said(one) == "retake" and one.kind in CAUSE_OF]
    named = sum(bool(one.verdict) and _first(one) == CAUSE_OF[one.kind] for one in spoilt)
    return {
        "pictures": pictures,
        "unreadable": bad,
        **_rates(rightly, sent, bad),
        "recall_with_warnings": round(told / max(1, bad), 4),
        "warned": sum(_said(sample) == "warn" for sample in samples),
        "right_cause": [named, len(spoilt)],
    }


def _counts(samples: Sequence[Sample]) -> list[int]:
    sent = [sample for sample in samples if _said(sample) == "retake"]
    return [
        len(samples),
        sum(sample.unreadable for sample in samples),
        sum(sample.unreadable for sample in sent),
        len(sent),
    ]


def _rates(rightly: int, sent: int, bad: int) -> dict[str, Any]:
    return {
        "sent_back": sent,
        "rightly": rightly,
        "precision": round(rightly / max(1, sent), 4),
        "precision_interval": [round(end, 4) for end in wilson(rightly, max(1, sent))],
        "recall": round(rightly / max(1, bad), 4),
        "recall_interval": [round(end, 4) for end in wilson(rightly, max(1, bad))],
    }


def _said(sample: Sample) -> str:
    return sample.verdict.verdict if sample.verdict is not None else "accept"


def _first(sample: Sample) -> str:
    causes = sample.verdict.causes if sample.verdict is not None else ()
    return causes[0].name if causes else ""


if __name__ == "__main__":
    sys.exit(main())
