"""How many of the values that go through unseen are wrong, and what follows where it is more than aimed at.

People are asked about a sample of accepted values (`pipeline.review.sampling`). Of `wrong` in `asked` answers
the error is at most the Clopper-Pearson upper bound, with 95 %: about 3/asked where none is wrong. A bound
above the target means one of two things. With few answers nobody can know yet: three thousand answers
without an error cannot show one in ten thousand. With many, or with errors that the target does not
explain, more goes through wrong than the office wants. Only the second tightens:

- the lower 95 % bound lies above the target: so many errors are no chance, however few were asked; or
- at least ln(0.05) / ln(1 - target) values were asked (7,488 for 0.4 of 1,000), so that a sample without an
  error would have shown the target, and the share that was wrong lies above it.

Tightening steps down by a tenth until what would still be accepted at that confidence holds; a value that
was wrong and less sure than the new threshold would go to a person now, so it speaks no more against it. The
target is asked anew with each answer, so by chance alone it may tighten sometimes where all is well: that
costs people's time and no error, and a person may take it back, with a reason; only answers from then on
count afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.acceptance import Standard
from pipeline.errors import StepRefused
from pipeline.intervals import CONFIDENCE, clopper_pearson_lower, clopper_pearson_upper
from pipeline.life import Actor
from pipeline.store.database import Connection
from pipeline.store.probes import Answered, answered_since
from pipeline.store.thresholds import Threshold, effective_target, note_threshold, thresholds_of

WINDOW: Final = timedelta(days=90)
"""Answers older than this say little of what is read now: papers, lists and the model change."""

STEP: Final = 0.9
"""The target goes down to nine tenths at a time. On the fitting papers it may fall to about half of its
default before nothing can be accepted any more, and larger steps would jump over most of the way there."""

STRICTEST: Final = 1e-6
"""Beyond this there is no model whose papers could show the target; nothing is accepted long before."""


class BoundRecord(TypedDict):
    """Of `asked` accepted values `wrong` were wrong; the rate is above `lower` and below `upper`, 95 % each.

    `enough` says whether so many were asked that a sample without an error would show the target.
    """

    name: str
    asked: int
    wrong: int
    rate: float | None
    lower: float
    upper: float
    enough: bool


class ChangeRecord(TypedDict):
    """One change of the target (ISO 8601, UTC)."""

    at: str
    target: float
    asked: int
    wrong: int
    bound: float
    why: str


class QualityRecord(TypedDict):
    """The error among values that go through unseen.

    `aim` is the office's setting, `target` what is in force and `threshold` the confidence from which on
    values go through; 1 means that none does. `days` is the window; of it, values that would go through today
    are counted.
    """

    aim: float
    target: float
    threshold: float
    days: int
    needed: int
    overall: BoundRecord
    by_kind: list[BoundRecord]
    by_hospital: list[BoundRecord]
    by_source: list[BoundRecord]
    changes: list[ChangeRecord]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted."""

    asked: int
    wrong: int

    @property
    def lower(self) -> float:
        """The rate is above it, with 95 %."""
        return clopper_pearson_lower(self.wrong, self.asked)

    @property
    def upper(self) -> float:
        """The rate is below it, with 95 %; 1 of nothing."""
        return clopper_pearson_upper(self.wrong, self.asked)

    def is_worse_than(self, target: float) -> bool:
        """Whether more is wrong than the target; the top of this module says when that can be told.

        >>> Sample(100, 0).is_worse_than(0.0004), Sample(20_000, 8).is_worse_than(0.0004)
        (False, False)
        >>> Sample(1_000, 3).is_worse_than(0.0004), Sample(10_000, 5).is_worse_than(0.0004)
        (True, True)
        """
        if self.upper <= target:
            return False
        seen_enough = self.asked >= needed(target) and self.wrong / self.asked > target
        return seen_enough or self.lower > target


def needed(target: float) -> int:
    """How many answers without an error show the target, with 95 %.

    >>> needed(0.0004)
    7488
    """
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-target))


def sample_of(answers: Iterable[Answered], threshold: float = 0.0) -> Sample:
    """Those of the answers whose value is at least so sure."""
    counted = [one.was_right for one in answers if one.confidence >= threshold]
    return Sample(len(counted), counted.count(False))


ThresholdOf: TypeAlias = Callable[[float], float]


def threshold_of(target: float) -> float:
    """The confidence from which on values go through at a target."""
    return Standard.for_target(target).threshold


def tightened(
    answers: Sequence[Answered], aim: float, now_at: float, threshold_at: ThresholdOf = threshold_of
) -> float | None:
    """The loosest target at which the answers are not worse than the aim; None: the present one is.

    Args:
        answers: Of accepted values.
        aim: Wrong per accepted value, as the office wants it.
        now_at: The target in force.
        threshold_at: The confidence from which on values go through at a target.
    """
    target, threshold = now_at, threshold_at(now_at)
    if not sample_of(answers, threshold).is_worse_than(aim):
        return None
    while target > STRICTEST:
        target *= STEP
        threshold = threshold_at(target)
        if threshold >= 1.0 or not sample_of(answers, threshold).is_worse_than(aim):
            break
    return target


def reconsider(connection: Connection, aim: float, now: datetime) -> Threshold | None:
    """Tighten the target where what people answered says so; the change, or None.

    Args:
        connection: Of the transaction in which an answer was kept.
        aim: Wrong per accepted value, as the office set it.
        now: When.
    """
    in_force = effective_target(connection, aim)
    answers = answered_since(connection, _since(connection, now))
    target = tightened(answers, aim, in_force)
    if target is None:
        return None
    found = sample_of(answers, threshold_of(in_force))
    why = (
        f"自动收紧：抽查 {found.asked} 处，{found.wrong} 处有误，目标 {aim:g}"
        f" / tightened by itself: {found.wrong} wrong of {found.asked} asked, aim {aim:g}"
    )
    change = Threshold(now, target, found.asked, found.wrong, found.upper, why)
    note_threshold(connection, change)
    return change


def loosen(
    connection: Connection, aim: float, target: float, actor: Actor, why: str, now: datetime
) -> Threshold:
    """Set the target back, by a person and for a reason; the change.

    Args:
        connection: Of a transaction that writes.
        aim: The office's setting; the target is at most that.
        target: From now on in force.
        actor: Who takes it upon them.
        why: In words.
        now: When.

    Raises:
        StepRefused: If it is no target that is looser, or the reason or the right is wanting.
    """
    in_force = effective_target(connection, aim)
    if actor.role not in ("supervisor", "admin"):
        raise StepRefused("须由主管放宽 / only a supervisor loosens the target")
    if not why.strip():
        raise StepRefused("须说明原因 / a reason is wanted")
    if not in_force < target <= aim:
        raise StepRefused(
            f"{target:g}: 应大于现行目标 {in_force:g} 且不大于设置值 {aim:g}"
            " / should be above the target in force and at most the setting"
        )
    found = sample_of(answered_since(connection, _since(connection, now)))
    change = Threshold(now, target, found.asked, found.wrong, found.upper, f"{actor.name}：{why.strip()}")
    note_threshold(connection, change)
    return change


def quality(connection: Connection, aim: float, now: datetime) -> QualityRecord:
    """What is known of the error among values that go through unseen.

    Args:
        connection: Of a transaction.
        aim: The office's setting.
        now: The present; the window ends there.
    """
    target = effective_target(connection, aim)
    threshold = threshold_of(target)
    answered = answered_since(connection, _since(connection, now))
    answers = [one for one in answered if one.confidence >= threshold]  # what would go through today
    return {
        "aim": aim,
        "target": target,
        "threshold": threshold,
        "days": WINDOW.days,
        "needed": needed(aim),
        "overall": _bound("", answers, aim),
        "by_kind": _grouped(answers, lambda one: one.kind, aim),
        "by_hospital": _grouped(answers, lambda one: one.hospital or "", aim),
        "by_source": _grouped(answers, lambda one: one.source, aim),
        "changes": [
            {
                "at": one.at.isoformat(),
                "target": one.target,
                "asked": one.asked,
                "wrong": one.wrong,
                "bound": one.bound,
                "why": one.why,
            }
            for one in thresholds_of(connection)
        ],
    }


def _since(connection: Connection, now: datetime) -> datetime:
    """From when on answers count: of the window, and not from before a person loosened the target."""
    begin, before = now - WINDOW, math.inf
    for change in thresholds_of(connection):
        if change.target > before:
            begin = max(begin, change.at)
        before = change.target
    return begin


def _grouped(answers: Sequence[Answered], by: Callable[[Answered], str], aim: float) -> list[BoundRecord]:
    """A bound for each group, the one with most errors first."""
    groups: dict[str, list[Answered]] = {}
    for one in answers:
        groups.setdefault(by(one), []).append(one)
    rows = [_bound(name, group, aim) for name, group in groups.items()]
    return sorted(rows, key=lambda row: (-row["wrong"], -row["asked"], row["name"]))


def _bound(name: str, answers: Sequence[Answered], aim: float) -> BoundRecord:
    found = sample_of(answers)
    return {
        "name": name,
        "asked": found.asked,
        "wrong": found.wrong,
        "rate": found.wrong / found.asked if found.asked else None,
        "lower": found.lower,
        "upper": found.upper,
        "enough": found.asked >= needed(aim),
    }
