"""When the target is tightened: by evidence and not by the want of it."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.errors import StepRefused
from pipeline.review.error_bound import (
    STRICTEST,
    WINDOW,
    Sample,
    loosen,
    needed,
    quality,
    reconsider,
    sample_of,
    tightened,
)
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.probes import Answered, Probe, keep_probes, probes_of, settle_probe
from pipeline.store.thresholds import aimed, effective_target, thresholds_of
from tests.cases import NOW, REVIEWER, SUPERVISOR
from tests.store.stored import put_claim

AIM = 0.0004


def answered(count: int, wrong: int = 0, confidence: float = 0.999, kind: str = "date") -> list[Answered]:
    """So many answers, the wrong ones among them at the given confidence."""
    right = [Answered(confidence, True, kind, "甲院", "folder") for _ in range(count - wrong)]
    return right + [Answered(confidence, False, kind, "甲院", "folder") for _ in range(wrong)]


def put_answers(
    database: Database, count: int, wrong: int, *, minutes: int = 0, confidence: float = 0.999
) -> None:
    """So many settled questions about a claim."""
    at = NOW + timedelta(minutes=minutes)
    with database.write() as connection:
        put_claim(connection, f"C-{minutes}")
        drawn = [
            Probe(
                0,
                f"C-{minutes}",
                "D-1",
                f"line_items[{n}].amount",
                "accepted",
                "row_amount",
                confidence,
                "=1",
                at,
            )
            for n in range(count)
        ]
        keep_probes(connection, drawn)
        for number, probe in enumerate(probes_of(connection, f"C-{minutes}", "accepted")):
            settle_probe(connection, probe.id, at, was_right=number >= wrong)


def test_a_young_sample_without_an_error_tightens_nothing_however_high_its_bound() -> None:
    sample = sample_of(answered(50))
    assert sample.upper > AIM
    assert not sample.is_worse_than(AIM)
    assert tightened(answered(50), AIM, AIM) is None


@pytest.mark.parametrize(
    ("asked", "wrong", "worse"),
    [
        (needed(AIM), 0, False),
        (needed(AIM), 2, False),  # 0.27 of 1,000: below the target, though the bound is not
        (needed(AIM), 4, True),  # 0.53 of 1,000
        (500, 1, False),  # one error in 500 is no proof
        (500, 2, True),  # two are
        (50, 1, True),
    ],
)
def test_more_errors_than_the_target_explains_are_worse(asked: int, wrong: int, worse: bool) -> None:
    assert Sample(asked, wrong).is_worse_than(AIM) is worse


@given(st.integers(0, 3000), st.integers(0, 20), st.floats(1e-5, 0.2))
def test_where_the_bound_keeps_the_target_nothing_is_worse(asked: int, wrong: int, target: float) -> None:
    sample = Sample(asked, min(asked, wrong))
    assert sample.lower <= sample.upper
    if sample.upper <= target:
        assert not sample.is_worse_than(target)


@given(
    st.lists(st.tuples(st.floats(0.5, 1), st.booleans()), max_size=80), st.sampled_from([0.001, 0.01, 0.1])
)
def test_what_holds_after_tightening_is_not_worse_or_nothing_is_accepted(
    pairs: list[tuple[float, bool]], aim: float
) -> None:
    answers = [Answered(sure, right, "date", None, "folder") for sure, right in pairs]

    def threshold_at(target: float) -> float:
        return min(1.0, 1 - target * 5)

    target = tightened(answers, aim, aim, threshold_at)
    if target is not None:
        assert target < aim
        left = sample_of(answers, threshold_at(target))
        assert target <= STRICTEST or not left.is_worse_than(aim)


def test_errors_of_little_confidence_tighten_no_further_than_to_where_they_would_be_seen() -> None:
    answers = [*answered(2000, confidence=0.9999), *answered(10, wrong=10, confidence=0.99)]
    target = tightened(answers, AIM, AIM)
    assert target is not None
    assert target > AIM / 2
    assert tightened(answers, AIM, target) is None


def test_an_answer_that_shows_too_many_errors_tightens_by_itself_and_says_why(database: Database) -> None:
    put_answers(database, 300, 3)
    with database.write() as connection:
        change = reconsider(connection, AIM, NOW)
        assert change is not None
        assert (change.asked, change.wrong) == (300, 3)
        assert effective_target(connection, AIM) == change.target < AIM
        assert reconsider(connection, AIM, NOW) is None  # the same answers are no new evidence
        assert "收紧" in thresholds_of(connection)[0].why
    assert aimed(Settings(target_error=AIM), database).target_error == change.target
    assert aimed(Settings(target_error=1e-9), database).target_error == 1e-9


def test_a_person_loosens_with_a_reason_and_only_later_answers_count(database: Database) -> None:
    put_answers(database, 300, 3)
    with database.write() as connection:
        reconsider(connection, AIM, NOW)
        for actor, why, target in (
            (REVIEWER, "样本为旧版式", AIM),
            (SUPERVISOR, " ", AIM),
            (SUPERVISOR, "x", AIM * 2),
            (SUPERVISOR, "x", AIM / 100),
        ):
            with pytest.raises(StepRefused):
                loosen(connection, AIM, target, actor, why, NOW)
        later = NOW + timedelta(minutes=1)
        loosen(connection, AIM, AIM, SUPERVISOR, "样本为旧版式", later)
        assert effective_target(connection, AIM) == AIM
        assert SUPERVISOR.name in thresholds_of(connection)[-1].why
        assert reconsider(connection, AIM, later + timedelta(minutes=1)) is None
    put_answers(database, 300, 3, minutes=2)
    with database.write() as connection:
        assert reconsider(connection, AIM, NOW + timedelta(minutes=3)) is not None


def test_what_is_older_than_the_window_counts_no_more(database: Database) -> None:
    put_answers(database, 300, 3)
    with database.write() as connection:
        assert reconsider(connection, AIM, NOW + WINDOW + timedelta(days=1)) is None


def test_the_figures_are_told_by_kind_hospital_and_way(database: Database) -> None:
    put_answers(database, 100, 1)
    with database.read() as connection:
        told = quality(connection, AIM, NOW)
    assert (told["overall"]["asked"], told["overall"]["wrong"], told["overall"]["enough"]) == (100, 1, False)
    assert told["overall"]["rate"] == 0.01
    assert [row["name"] for row in told["by_kind"]] == ["row_amount"]
    assert [row["name"] for row in told["by_hospital"]] == ["北京样例医院"]
    assert [row["name"] for row in told["by_source"]] == ["folder"]


def test_nothing_was_asked_says_so(database: Database) -> None:
    with database.read() as connection:
        told = quality(connection, AIM, NOW)
    assert (told["overall"]["rate"], told["overall"]["upper"], told["changes"]) == (None, 1.0, [])
