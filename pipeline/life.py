"""The life of a claim: every state, every step between two, who may take it and what must hold.

    received → reading → first_review → second_review → entered → handed_over → settled → paid

States are those of manual reimbursement in Beijing (初审, 复审, 录入系统, 结算), with what the sources leave
unnamed: papers that are not read yet, materials that are missing, and the ways in which a claim ends early.
This file is the whole machine: what is not in `STEPS` cannot happen, and nothing else sets a state.

Nothing leaves with an open blocking check, and nothing that has left is changed in silence: an error found
after hand-over opens an amendment (`amend`), which goes through the same reviews and is handed over too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from pipeline.errors import StepRefused

State: TypeAlias = Literal[
    "received",
    "reading",
    "first_review",
    "second_review",
    "entered",
    "handed_over",
    "settled",
    "paid",
    "incomplete",
    "returned",
    "rejected",
    "withdrawn",
]
STATES: tuple[State, ...] = get_args(State)

STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        "received": "已接收",
        "reading": "识别中",
        "first_review": "初审",
        "second_review": "复审",
        "entered": "已录入",
        "handed_over": "已移交",
        "settled": "已结算",
        "paid": "已支付",
        "incomplete": "材料不全",
        "returned": "已退回",
        "rejected": "不予受理",
        "withdrawn": "已撤回",
    }
)
"""What an office calls each state."""

Role: TypeAlias = Literal[
    "system", "engine", "claimant", "clerk", "reviewer", "second_reviewer", "supervisor", "auditor", "admin"
]
ROLES: tuple[Role, ...] = get_args(Role)

AmendmentKind: TypeAlias = Literal["correction", "supplement", "cancellation"]
"""Of what was handed over, something is wrong; something was left out; all of it is taken back."""
AMENDMENT_KINDS: tuple[AmendmentKind, ...] = get_args(AmendmentKind)

HandOff: TypeAlias = Literal["none", "waiting", "begun", "answered"]
"""The message about a claim's present revision: there is none; it lies in the outbox and was never sent; it
was sent at least once and no answer is known; it was answered."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person's account name, or the name of a part of ours."""

    name: str
    role: Role


SYSTEM = Actor("baoxiao", "system")


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a claim decides which steps it may take.

    `open_blocks` are failed blocking checks that nobody has overridden, `open_reviews` fields that wait for a
    person, `missing` materials that are asked for and not there. `wants_second` says that the claim is one
    of those that a second person must see; `reviewers` are those who passed it before. `amended` says that an
    amendment of it was opened, so that the engine holds an earlier state of it. `open_differences` are values
    of the second, blind look that nobody has answered yet, or on which two persons differ.
    """

    state: State
    open_blocks: int = 0
    open_reviews: int = 0
    missing: int = 0
    wants_second: bool = False
    hand_off: HandOff = "none"
    reviewers: frozenset[str] = frozenset()
    amended: bool = False
    open_differences: int = 0


Guard: TypeAlias = Callable[[Standing, Actor], str]
"""Why the step cannot be taken now, in Chinese and English; empty where it can."""


def no_open_block(standing: Standing, _actor: Actor) -> str:
    """Nothing leaves with an open blocking check."""
    count = standing.open_blocks
    return f"还有 {count} 项强制校验未通过 / {count} blocking checks are open" if count else ""


def some_open_block(standing: Standing, _actor: Actor) -> str:
    """What was entered is held back for a reason only."""
    return "" if standing.open_blocks else "没有未通过的强制校验 / no blocking check is open"


def nothing_to_review(standing: Standing, _actor: Actor) -> str:
    """A person has seen every field that is unsure."""
    count = standing.open_reviews
    return f"还有 {count} 个字段待复核 / {count} fields wait for a person" if count else ""


def nothing_missing(standing: Standing, _actor: Actor) -> str:
    """All materials of the case type are there."""
    count = standing.missing
    return f"还缺 {count} 项材料 / {count} materials are missing" if count else ""


def something_missing(standing: Standing, _actor: Actor) -> str:
    """Incomplete is what lacks something that can be named."""
    return "" if standing.missing else "没有缺少的材料 / no material is missing"


def no_second_review(standing: Standing, _actor: Actor) -> str:
    """Only what needs no second person goes past the second review."""
    return "须经复审 / a second review is wanted" if standing.wants_second else ""


def another_person(standing: Standing, actor: Actor) -> str:
    """Four eyes are those of two people."""
    seen = actor.name in standing.reviewers
    return (
        f"{actor.name} 已审过，须由另一人复审 / has passed it before: another person is wanted"
        if seen
        else ""
    )


def seconds_agree(standing: Standing, _actor: Actor) -> str:
    """What a second person was asked about is answered, and where two differ a third has decided."""
    count = standing.open_differences
    return (
        f"还有 {count} 处复核未完成或两人意见不一"
        f" / {count} values wait for the second look or for a third person"
        if count
        else ""
    )


def not_on_its_way(standing: Standing, _actor: Actor) -> str:
    """What was sent and is not answered may have been taken: nobody knows what it would mean to stop it."""
    on_its_way = standing.hand_off == "begun"
    return (
        "正在移交，等待结算系统答复 / it is on its way to the engine, no answer is known"
        if on_its_way
        else ""
    )


def not_with_the_engine(standing: Standing, _actor: Actor) -> str:
    """What the engine has taken is taken back by telling the engine, never by ending the claim here."""
    return (
        "已移交过，须以“取消”类差错更正撤销 / the engine has it: take it back by an amendment (cancellation)"
        if standing.amended
        else ""
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One way from one state to another.

    Attributes:
        event: What happens; also what the event is called for others.
        of: The states in which it can happen.
        to: The state after it.
        by: Who may do it.
        label: What people read in the timeline.
        guards: What must hold.
        reason: Whether a reason must be given.
    """

    event: str
    of: tuple[State, ...]
    to: State
    by: frozenset[Role]
    label: str
    guards: tuple[Guard, ...] = ()
    reason: bool = False


_OURS: frozenset[Role] = frozenset({"system"})
_ENGINE: frozenset[Role] = frozenset({"engine"})
_REVIEW: frozenset[Role] = frozenset({"reviewer", "second_reviewer", "supervisor"})
_SECOND: frozenset[Role] = frozenset({"second_reviewer", "supervisor"})
_DESK: frozenset[Role] = frozenset({"system", "clerk", "reviewer", "second_reviewer", "supervisor"})
_CLAIMANT: frozenset[Role] = frozenset({"claimant", "clerk", "supervisor"})
_SUPERVISOR: frozenset[Role] = frozenset({"supervisor"})

_BEFORE_HAND_OVER: tuple[State, ...] = (
    "received",
    "reading",
    "first_review",
    "second_review",
    "entered",
    "incomplete",
    "returned",
)
_HANDED_OVER: tuple[State, ...] = ("handed_over", "settled", "paid")
_REVIEWED: tuple[State, ...] = ("first_review", "second_review")
_PROVEN = (no_open_block, nothing_to_review, nothing_missing)

STEPS: tuple[Step, ...] = (
    Step("begin_reading", ("received",), "reading", _OURS, "开始识别"),
    # What reading leads to.
    Step("accept", ("reading",), "entered", _OURS, "识别无误，自动录入", (*_PROVEN, no_second_review)),
    Step("ask_for_review", ("reading",), "first_review", _OURS, "转人工初审"),
    Step("ask_for_second_review", ("reading",), "second_review", _OURS, "抽查复审", _PROVEN),
    Step(
        "ask_for_materials",
        ("reading", *_REVIEWED),
        "incomplete",
        _DESK,
        "通知补充材料",
        (something_missing,),
    ),
    # Papers that came later are read with those that are there.
    Step("add_papers", ("incomplete", "returned", "first_review"), "reading", _DESK, "收到补充材料"),
    # People decide.
    Step("pass_first", ("first_review",), "second_review", _REVIEW, "初审通过，转复审", _PROVEN),
    Step("enter", ("first_review",), "entered", _REVIEW, "初审通过，录入", (*_PROVEN, no_second_review)),
    Step(
        "pass_second",
        ("second_review",),
        "entered",
        _SECOND,
        "复审通过，录入",
        (*_PROVEN, another_person, seconds_agree),
    ),
    Step("send_back", ("second_review",), "first_review", _SECOND, "复审退回初审", reason=True),
    Step("return", (*_REVIEWED, "incomplete"), "returned", _REVIEW, "退回申请人", reason=True),
    Step(
        "reject",
        (*_REVIEWED, "incomplete"),
        "rejected",
        _SECOND,
        "不予受理",
        (not_with_the_engine,),
        reason=True,
    ),
    Step(
        "withdraw",
        _BEFORE_HAND_OVER,
        "withdrawn",
        _CLAIMANT,
        "申请撤回",
        (not_on_its_way, not_with_the_engine),
        reason=True,
    ),
    Step("reopen", ("returned", "rejected", "withdrawn"), "first_review", _SUPERVISOR, "重新受理", (), True),
    # What was entered may be taken back as long as it was not sent.
    Step("take_back", ("entered",), "first_review", _SUPERVISOR, "撤回录入", (not_on_its_way,), reason=True),
    # The checks are asked once more when a claim is about to leave.
    Step(
        "hold_back",
        ("entered",),
        "first_review",
        _OURS,
        "移交前校验未通过，转人工",
        (some_open_block, not_on_its_way),
        reason=True,
    ),
    # The engine answers.
    Step("hand_over", ("entered",), "handed_over", _ENGINE, "已移交结算系统", (no_open_block,)),
    Step("refuse", ("entered", "handed_over"), "first_review", _ENGINE, "结算系统退回", reason=True),
    Step("settle", ("handed_over",), "settled", _ENGINE, "已结算"),
    Step("pay", ("settled",), "paid", _ENGINE | {"clerk"}, "已支付"),
    # An error found after hand-over.
    Step("amend", _HANDED_OVER, "first_review", _SUPERVISOR, "差错更正", (not_on_its_way,), reason=True),
)

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "receive": "收到申请材料",
        "arrive_again": "同一申请再次收到",
        "parked": "移交受阻，待人工处理",
        "answered_late": "结算系统对旧版本的答复，已存档",
        "take_over": "主管接手",
        "postpone": "暂缓处理",
        "assign": "指定经办人",
    }
)
"""What is written into the timeline without a step: the claim stays in its state."""

_BY_STATE: Mapping[tuple[State, str], Step] = MappingProxyType(
    {(state, step.event): step for step in STEPS for state in step.of}
)
EVENTS: tuple[str, ...] = tuple(dict.fromkeys(step.event for step in STEPS))

ENDED: frozenset[State] = frozenset({"paid", "rejected", "withdrawn"})
"""Nothing more happens by itself."""

EDITABLE: frozenset[State] = frozenset({"first_review", "second_review", "incomplete"})
"""The states in which a field may be changed; after hand-over only an amendment leads back to them."""


def next_state(standing: Standing, event: str, actor: Actor, reason: str = "") -> State:
    """The state after a step.

    Raises:
        StepRefused: If there is no such step from here, the actor may not take it, a guard does not hold
            or the reason is wanting.

    >>> next_state(Standing("handed_over"), "settle", Actor("engine", "engine"))
    'settled'
    """
    if standing.state not in STATES:
        raise StepRefused(
            f"{standing.state!r}: 没有这个状态，应为 {'、'.join(STATES)} / no such state; one of these"
        )
    step = _BY_STATE.get((standing.state, event))
    here = f"{STATE_NAMES[standing.state]} ({standing.state})"
    if step is None:
        can = "、".join(one.event for one in STEPS if standing.state in one.of) or "—"
        raise StepRefused(f"{here} 不能 {event}，可以：{can} / {event} is impossible here; possible: {can}")
    if actor.role not in step.by:
        raise StepRefused(
            f"{event}: {actor.role} 无权，须为 {'、'.join(sorted(step.by))}"
            f" / {actor.role} may not; wanted: {', '.join(sorted(step.by))}"
        )
    refusals = [why for guard in step.guards if (why := guard(standing, actor))]
    if refusals:
        raise StepRefused(f"{here} {event}: {'; '.join(refusals)}")
    if step.reason and not reason.strip():
        raise StepRefused(f"{event}: 须说明原因 / a reason is wanted")
    return step.to


def possible(standing: Standing, actor: Actor) -> tuple[str, ...]:
    """The events that the actor can bring about now, a reason given."""
    return tuple(
        step.event
        for step in STEPS
        if standing.state in step.of
        and actor.role in step.by
        and not any(guard(standing, actor) for guard in step.guards)
    )


def label_of(event: str) -> str:
    """What people read of an event in the timeline."""
    return next((step.label for step in STEPS if step.event == event), NOTES.get(event, event))
