"""Every state and step has its words; claimants read no names and no reasons that are not for them."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from pipeline.life import AMENDMENT_KINDS, EVENTS, ROLES, STATE_NAMES, STATES
from pipeline.progress.timeline import (
    A_PERSON,
    AMENDMENT_NAMES,
    BESIDE_STEPS,
    EVENT_ENGLISH,
    MAIN_WAY,
    NEXT,
    STATE_ENGLISH,
    TOLD_TO_CLAIMANTS,
    Audience,
    label,
    timeline,
)
from pipeline.store.rows import EventRow
from tests.store.stored import NOW

NAMES = st.sampled_from(["wang.li", "李复核", "zhao", "审核员7"])
EVENTS_OF_ALL_KINDS = st.builds(
    EventRow,
    id=st.integers(1, 99),
    at=st.just(NOW),
    who=NAMES,
    role=st.sampled_from([role for role in ROLES if role != "claimant"]),
    event=st.sampled_from([*EVENTS, *BESIDE_STEPS, "field_changed"]),
    from_state=st.none(),
    to_state=st.sampled_from(STATES),
    reason=st.one_of(st.just(""), NAMES.map(lambda name: f"{name}：缺少诊断证明，请补")),
)


def test_every_state_has_a_name_and_says_what_comes_next() -> None:
    assert NEXT.keys() == STATE_ENGLISH.keys() == STATE_NAMES.keys() == set(STATES)
    assert set(MAIN_WAY) < set(STATES)


def test_every_step_has_its_words_in_both_languages() -> None:
    assert EVENT_ENGLISH.keys() >= set(EVENTS)
    assert all(label(event)[0] != event for event in EVENTS)
    assert AMENDMENT_NAMES.keys() == set(AMENDMENT_KINDS)


@given(st.lists(EVENTS_OF_ALL_KINDS, max_size=8))
def test_a_claimant_reads_no_name_of_those_who_work_on_the_claim(events: list[EventRow]) -> None:
    told = repr(timeline(events, "claimant"))
    assert not any(one.who in told for one in events)
    assert "field_changed" not in told


@given(st.lists(EVENTS_OF_ALL_KINDS, max_size=8))
def test_a_claimant_reads_only_the_reasons_that_are_for_claimants(events: list[EventRow]) -> None:
    for entry in timeline(events, "claimant"):
        assert entry["reason"] is None or entry["event"] in TOLD_TO_CLAIMANTS


@given(st.lists(EVENTS_OF_ALL_KINDS, max_size=8))
def test_an_office_reads_everything_as_it_was_written(events: list[EventRow]) -> None:
    told = timeline(events, "office")
    assert [(one["who"], one["reason"] or "") for one in told] == [(one.who, one.reason) for one in events]


def test_a_reason_for_the_claimant_is_told_without_the_name_in_it() -> None:
    sent_back = EventRow(
        1, NOW, "李复核", "reviewer", "return", "first_review", "returned", "李复核：请补诊断证明"
    )
    (entry,) = timeline([sent_back], "claimant")
    assert entry["reason"] == f"{A_PERSON}：请补诊断证明"
    assert entry["label"] == "退回申请人"


def test_there_are_two_audiences() -> None:
    assert get_args(Audience) == ("claimant", "office")
