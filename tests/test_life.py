"""The machine of a claim's life: what is in its table can happen, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import StepRefused
from pipeline.life import (
    ENDED,
    EVENTS,
    ROLES,
    STATE_NAMES,
    STATES,
    STEPS,
    Actor,
    Role,
    Standing,
    State,
    Step,
    label_of,
    next_state,
    not_with_the_engine,
    possible,
)

WAYS = [(step, state) for step in STEPS for state in step.of]
"""Each step from each state that it can be taken in."""


def named(way: tuple[Step, State]) -> str:
    step, state = way
    return f"{state}-{step.event}"


def standing_for(step: Step, state: State) -> Standing:
    """A standing of which all guards of the step hold."""
    guards = {guard.__name__ for guard in step.guards}
    return Standing(
        state, missing=int("something_missing" in guards), open_blocks=int("some_open_block" in guards)
    )


SPOILT = {
    "no_open_block": {"open_blocks": 1},
    "nothing_to_review": {"open_reviews": 2},
    "nothing_missing": {"missing": 1},
    "something_missing": {"missing": 0},
    "some_open_block": {"open_blocks": 0},
    "no_second_review": {"wants_second": True},
    "another_person": {"reviewers": frozenset({"某人"})},
    "seconds_agree": {"open_differences": 1},
    "not_on_its_way": {"hand_off": "begun"},
    "not_with_the_engine": {"amended": True},
}
"""What makes each guard refuse."""


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_step_is_taken_by_those_who_may_and_by_nobody_else(way: tuple[Step, State]) -> None:
    step, state = way
    standing = standing_for(step, state)
    for role in ROLES:
        if role in step.by:
            assert next_state(standing, step.event, Actor("某人", role), "原因") == step.to
        else:
            with pytest.raises(StepRefused, match=role):
                next_state(standing, step.event, Actor("某人", role), "原因")


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_step_is_refused_by_each_of_its_guards(way: tuple[Step, State]) -> None:
    step, state = way
    who = Actor("某人", sorted(step.by)[0])
    for guard in step.guards:
        spoilt = replace(standing_for(step, state), **SPOILT[guard.__name__])  # type: ignore[arg-type]
        with pytest.raises(StepRefused, match=STATE_NAMES[state]):
            next_state(spoilt, step.event, who, "原因")
        assert step.event not in possible(spoilt, who)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_reason_is_asked_for_where_a_claim_goes_back_or_ends(way: tuple[Step, State]) -> None:
    step, state = way
    who = Actor("某人", sorted(step.by)[0])
    if step.reason:
        with pytest.raises(StepRefused, match="原因"):
            next_state(standing_for(step, state), step.event, who, "  ")
    else:
        assert next_state(standing_for(step, state), step.event, who) == step.to


@pytest.mark.parametrize("state", STATES)
def test_what_is_not_in_the_table_is_impossible_and_the_refusal_says_what_is_possible(state: State) -> None:
    can = {step.event for step in STEPS if state in step.of}
    for event in {*EVENTS, "vanish"} - can:
        for role in ROLES:
            with pytest.raises(StepRefused, match=f"{event} is impossible here"):
                next_state(Standing(state), event, Actor("某人", role), "原因")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
def test_what_is_said_to_be_possible_is(state: State, role: Role) -> None:
    for standing in (Standing(state), Standing(state, missing=1), Standing(state, open_blocks=1)):
        for event in possible(standing, Actor("某人", role)):
            assert next_state(standing, event, Actor("某人", role), "原因") in STATES


def test_an_unknown_state_is_refused_by_name() -> None:
    with pytest.raises(StepRefused, match="'lost'"):
        next_state(Standing("lost"), "pay", Actor("engine", "engine"))  # type: ignore[arg-type]


def test_every_state_can_be_reached_and_only_those_that_are_meant_to_be_are_ends() -> None:
    assert {step.to for step in STEPS} | {"received"} == set(STATES)
    by_itself: set[Role] = {"system", "engine", "clerk", "reviewer", "second_reviewer", "claimant"}
    ends = {state for state in STATES if not any(state in step.of and step.by & by_itself for step in STEPS)}
    assert ends == ENDED


def test_nothing_is_entered_or_handed_over_with_an_open_blocking_check() -> None:
    for step, state in WAYS:
        if step.to in ("entered", "handed_over"):
            who = Actor("某人", sorted(step.by)[0])
            with pytest.raises(StepRefused):
                next_state(Standing(state, open_blocks=1), step.event, who, "原因")


def test_what_the_engine_has_cannot_end_here() -> None:
    """Else its bill would count as unpaid, and could be paid a second time."""
    for step, state in WAYS:
        if step.to in ("rejected", "withdrawn"):
            assert not_with_the_engine in step.guards, (step.event, state)


def test_every_step_has_a_label_for_people_and_what_is_none_shows_its_name() -> None:
    assert {label_of(step.event) == step.label for step in STEPS} == {True}
    assert label_of("vanish") == "vanish"
