"""Fits the confidence model on papers whose truth is known, and writes it as dated data.

    python tools/fit_confidence.py --dated 2026-11-21 TRUTH OUT [TRUTH OUT ...]

TRUTH is a truth.jsonl (or its folder) drawn for this alone, OUT the folder that `baoxiao scan` wrote of those
papers. One logistic regression with an intercept a kind of field; the curve is counted on papers that the
weights of their fold have not seen (5 folds, whole papers), so that it is no praise of oneself. What a failed
rule disputes is left out: it goes to a person whatever its confidence.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fitting import order
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from pipeline.acceptance import needs_witness
from pipeline.confidence.evidence import NAMES, Witnesses, evidence_of, kind_of, values_of
from pipeline.confidence.model import DATA, KIND, MOST_SURE
from pipeline.dated_files import store
from pipeline.evaluate.evaluation import judge_paper
from pipeline.evaluate.pairing import paired
from pipeline.evaluate.run_folder import RunFolder
from pipeline.evaluate.truth import TruthPaper, read_truth
from pipeline.model import Document
from pipeline.scan import STATE_DIR, reader_version
from pipeline.settings import settings
from pipeline.store.ledger import Ledger

FOLDS = 5
STRENGTH = 10.0
"""Inverse of the regularisation; between 1 and 100 the curve hardly moves."""
CURVE_POINTS = 160
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value: its kind, its evidence, whether it is right, whether it may be accepted at all."""

    kind: str
    numbers: tuple[float, ...]
    is_right: bool
    may_pass: bool
    paper: str


def main() -> int:
    """The command line."""
    asked = order(__doc__)
    samples = [
        sample for run in asked.runs for sample in samples_of(run.truth, run.out, documents_of(run.out))
    ]
    if not samples:
        print("no values: scan with this very code first, then fit", file=sys.stderr)
        return 2
    file = store(DATA, KIND, fit(samples, asked.dated))
    print(f"{file}: {len(samples)} values, {sum(not s.is_right for s in samples)} wrong")
    return 0


def documents_of(out: Path) -> dict[str, Document]:
    """The documents of a run as they were judged, by id."""
    with Ledger(out / STATE_DIR / "ledger.sqlite", reader_version(settings())) as ledger:
        return {document.id: document for document in ledger.documents()}


def samples_of(truth: Path, out: Path, documents: dict[str, Document]) -> Iterator[Sample]:
    """Every value of the run whose truth is known."""
    papers: dict[str, list[TruthPaper]] = {}
    for paper in read_truth(truth).papers:
        papers.setdefault(paper.file, []).append(paper)
    run = RunFolder(out)
    for file, own in papers.items():
        pairs, _ = paired(own, run.get(file, ()))
        for paper, record in zip(own, pairs, strict=True):
            if record is not None and record["document_id"] in documents:
                yield from _of_paper(paper, record, documents[record["document_id"]])


def _of_paper(paper: TruthPaper, record: Any, document: Document) -> Iterator[Sample]:
    judged = judge_paper(paper, record)
    right = {id(verdict.read): not verdict.fault for verdict in _verdicts(judged)}
    read = _fields_of(record)
    evidence = evidence_of(document, document.findings)
    disputed = Witnesses(document.findings).disputed
    for path, field, _ in values_of(document):
        is_right = right.get(id(read.get(path)))
        if is_right is None or field.value is None or path in disputed:
            continue
        may_pass = bool(field.witnesses) or not needs_witness(path, field)
        kind = kind_of(path, field.value)
        yield Sample(kind, evidence[path].vector, is_right, may_pass, paper.id)


def _verdicts(judged: Any) -> Iterator[Any]:
    yield from judged.fields
    for rows in (judged.rows, judged.totals):
        if rows is not None:
            yield from rows.verdicts
    yield from judged.beside


def _fields_of(record: Any) -> dict[str, Any]:
    found = {f"fields.{name}": field for name, field in record["fields"].items()}
    for what in ("line_items", "category_totals"):
        for number, row in enumerate(record.get(what) or ()):
            found |= {f"{what}[{number}].{part}": value for part, value in row.items()}
    return found


def fit(samples: Sequence[Sample], dated: date) -> dict[str, Any]:
    """Weights a kind, and the curve of confidence against errors."""
    kinds = sorted({sample.kind for sample in samples})
    right = np.array([sample.is_right for sample in samples])
    model = _fitted(_numbers(samples, kinds), right)
    shared = model.coef_[0][: len(NAMES)]
    return {
        "dated": dated.isoformat(),
        "values": len(samples),
        "wrong": int((~right).sum()),
        "by_kind": {kind: _counts(samples, kind) for kind in kinds},
        "evidence": list(NAMES),
        "kinds": {
            kind: {
                "intercept": round(float(model.intercept_[0] + model.coef_[0][len(NAMES) + place]), 5),
                "weights": [round(float(weight), 5) for weight in shared],
            }
            for place, kind in enumerate(kinds)
        },
        "curve": _curve(samples, _unseen(samples, kinds, right), right),
    }


def _counts(samples: Iterable[Sample], kind: str) -> list[int]:
    found = Counter(sample.is_right for sample in samples if sample.kind == kind)
    return [found.total(), found[False]]


def _numbers(samples: Sequence[Sample], kinds: Sequence[str]) -> Numbers:
    """The evidence, and which kind a value is of.

    What clear print is worth is the same for all kinds; how often one is wrong for other reasons is not.
    """
    evidence = np.array([sample.numbers for sample in samples])
    is_kind = np.array([[sample.kind == kind for kind in kinds] for sample in samples], dtype=np.float64)
    return np.hstack([evidence, is_kind])


def _fitted(numbers: Numbers, right: npt.NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=4000).fit(numbers, right)


def _unseen(samples: Sequence[Sample], kinds: Sequence[str], right: npt.NDArray[np.bool_]) -> Numbers:
    """The probability of each value by weights fitted without its paper."""
    numbers = _numbers(samples, kinds)
    sure = np.zeros(len(samples))
    for known, unseen in GroupKFold(FOLDS).split(numbers, groups=[sample.paper for sample in samples]):
        sure[unseen] = _fitted(numbers[known], right[known]).predict_proba(numbers[unseen])[:, 1]
    return np.asarray(np.minimum(sure, MOST_SURE), dtype=np.float64)


def _curve(samples: Sequence[Sample], sure: Numbers, right: npt.NDArray[np.bool_]) -> list[list[float]]:
    passing = np.array([sample.may_pass for sample in samples])
    order = np.argsort(-sure[passing], kind="stable")
    ranked, wrong = sure[passing][order], np.cumsum(~right[passing][order])
    # Points where the doubt falls by equal steps: that is where thresholds lie.
    points = []
    for threshold in 1 - np.geomspace(0.5, 1 - MOST_SURE, CURVE_POINTS):
        accepted = int(np.searchsorted(-ranked, -threshold, side="right"))
        if accepted:
            points.append([round(float(threshold), 6), accepted, int(wrong[accepted - 1])])
    return points


if __name__ == "__main__":
    sys.exit(main())
