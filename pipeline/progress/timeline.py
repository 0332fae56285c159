"""What happened to a claim and what comes next, in words for people: Chinese, with English.

An office sees everything, and who did it. A claimant sees the steps of the claim, never a name of those who
work on it, and of their reasons only those that are addressed to the claimant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.life import EVENTS, AmendmentKind, State, label_of
from pipeline.store.rows import EventRow

Audience: TypeAlias = Literal["claimant", "office"]

MAIN_WAY: tuple[State, ...] = (
    "received",
    "reading",
    "first_review",
    "second_review",
    "entered",
    "handed_over",
    "settled",
    "paid",
)
"""The way of a claim that nothing stops."""

STATE_ENGLISH: Mapping[State, str] = MappingProxyType(
    {
        "received": "received",
        "reading": "being read",
        "first_review": "first review",
        "second_review": "second review",
        "entered": "entered",
        "handed_over": "handed over",
        "settled": "settled",
        "paid": "paid",
        "incomplete": "papers are missing",
        "returned": "returned",
        "rejected": "not accepted",
        "withdrawn": "withdrawn",
    }
)

NEXT: Mapping[State, tuple[str, str]] = MappingProxyType(
    {
        "received": ("即将识别材料", "the papers will be read"),
        "reading": ("正在识别材料，之后初审", "the papers are being read; a first review follows"),
        "first_review": ("经办人员正在初审，之后复审或录入", "a person reviews it; it is then entered"),
        "second_review": ("由另一位经办人员复审，之后录入", "another person reviews it; it is then entered"),
        "entered": ("即将移交结算", "it will be handed over for settlement"),
        "handed_over": ("等待结算", "its settlement is awaited"),
        "settled": ("等待拨付到银行账户", "the money will be paid to the account"),
        "paid": ("已办结", "nothing more: it is done"),
        "incomplete": ("请补交所列材料", "please send the papers that are listed"),
        "returned": ("请按退回原因修改后重新提交", "please mend what is named and send it again"),
        "rejected": ("已办结；如有异议请联系经办机构", "it is closed; ask the office if you disagree"),
        "withdrawn": ("已办结；可重新申报", "it is closed; it may be claimed anew"),
    }
)
"""What comes after each state, said to the person who claims."""

EVENT_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "begin_reading": "reading began",
        "accept": "read without doubt, entered by itself",
        "ask_for_review": "passed on to a person",
        "ask_for_second_review": "picked for a second review",
        "ask_for_materials": "missing papers were asked for",
        "add_papers": "further papers arrived",
        "pass_first": "passed the first review, second review wanted",
        "enter": "passed the first review, entered",
        "pass_second": "passed the second review, entered",
        "send_back": "sent back to the first review",
        "return": "returned to the applicant",
        "reject": "not accepted",
        "withdraw": "withdrawn",
        "reopen": "taken up again",
        "hold_back": "a check failed before hand-over, passed on to a person",
        "take_back": "taken back before it was sent",
        "hand_over": "handed over for settlement",
        "refuse": "sent back by the settlement system",
        "settle": "settled",
        "pay": "paid",
        "amend": "an error is being put right",
    }
)
"""Every step of `pipeline.life` has its words here: a test looks for each."""

RECEIVE = "receive"
"""The event with which a claim begins."""
BESIDE_STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        RECEIVE: ("收到申请材料", "the papers arrived"),
        "arrive_again": ("同一申请再次收到", "the same papers arrived again"),
        "parked": ("移交受阻，等待人工处理", "hand-over is stuck, a person is needed"),
        "answered_late": ("结算系统答复的是旧版本", "the engine answered about an earlier version"),
        "take_over": ("主管接手", "a supervisor took it over"),
        "postpone": ("暂缓处理", "put by for later"),
        "assign": ("指定经办人", "sent to a named person"),
    }
)
"""Events that are no steps."""

FOR_CLAIMANTS = frozenset({*EVENTS, RECEIVE})
TOLD_TO_CLAIMANTS = frozenset({"return", "reject", "withdraw"})
"""Steps whose reason is written for the claimant; others are said among those who work on the claim."""
A_PERSON = "经办人员"
"""Stands where a reason that is told names who gave it."""

AMENDMENT_NAMES: Mapping[AmendmentKind, tuple[str, str]] = MappingProxyType(
    {
        "correction": ("更正", "correction"),
        "supplement": ("补充", "supplement"),
        "cancellation": ("撤销", "cancellation"),
    }
)


class TimelineRecord(TypedDict):
    """One event. `at` is UTC; `reason` and `who` are null where they are not for the reader."""

    at: str
    event: str
    label: str
    label_en: str
    state: State
    reason: str | None
    who: str | None


def label(event: str) -> tuple[str, str]:
    """What people read of an event, in Chinese and English; one that is not known by its own name.

    >>> label("settle"), label("parked")[0], label("other")
    (('已结算', 'settled'), '移交受阻，等待人工处理', ('other', 'other'))
    """
    if event in BESIDE_STEPS:
        return BESIDE_STEPS[event]
    return label_of(event), EVENT_ENGLISH.get(event, event)


def timeline(events: Iterable[EventRow], audience: Audience) -> list[TimelineRecord]:
    """The events that the audience may see, oldest first."""
    known = tuple(events)
    workers = sorted({one.who for one in known if one.role != "claimant" and one.who}, key=len, reverse=True)
    return [
        _entry(one, audience, workers) for one in known if audience == "office" or one.event in FOR_CLAIMANTS
    ]


def _entry(event: EventRow, audience: Audience, workers: Sequence[str]) -> TimelineRecord:
    chinese, english = label(event.event)
    reason: str | None = event.reason or None
    if audience == "claimant" and reason is not None:
        reason = _without(workers, reason) if event.event in TOLD_TO_CLAIMANTS else None
    return {
        "at": event.at.isoformat(),
        "event": event.event,
        "label": chinese,
        "label_en": english,
        "state": event.to_state,
        "reason": reason,
        "who": event.who if audience == "office" else None,
    }


def _without(names: Sequence[str], text: str) -> str:
    for name in names:
        text = text.replace(name, A_PERSON)
    return text
