"""What people and programs ask of the list of claims, as they write it: days for moments, words for ranges.

One description for the command and the web API; a name that is not known and a value that is none are
refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

import pydantic

from pipeline.application import CaseType
from pipeline.deadlines import CHINA, Deadlines
from pipeline.errors import QueryRefused
from pipeline.life import STATES, State
from pipeline.store.asked import MOST_ROWS, ClaimFilter, Order
from pipeline.store.due import NOT_WITH_US

Due: TypeAlias = Literal["soon", "overdue", "any"]

SOON_WORKING_DAYS = 5
"""A deadline within a working week is due soon: a second review and the hand-over still have their days."""

USUAL_ROWS = 50
LONGEST = 200
"""Characters of a name or number that is asked for."""

DAY = timedelta(days=1)

Exact: TypeAlias = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=LONGEST)] | None
Amount: TypeAlias = (
    Annotated[Decimal, pydantic.Field(ge=0, max_digits=15, decimal_places=2, allow_inf_nan=False)] | None
)


class ClaimQuestion(pydantic.BaseModel):
    """Which claims, in which order, how many; none of it names a person, so it may stand in a URL.

    Days are those in China, and both ends of a range belong to it. `due` asks for claims with the office that
    are not settled: overdue, within `SOON_WORKING_DAYS` working days, or either.
    """

    model_config = pydantic.ConfigDict(extra="forbid")

    state: list[State] = []
    claim_id: Exact = None
    reference: Exact = None
    submission_id: Exact = None
    office: Exact = None
    hospital: Exact = None
    assigned_to: Exact = None
    case_type: CaseType | None = None
    rule: Exact = None
    received_from: date | None = None
    received_to: date | None = None
    settle_from: date | None = None
    settle_to: date | None = None
    amount_from: Amount = None
    amount_to: Amount = None
    due: Due | None = None
    order: Order | None = None
    limit: Annotated[int, pydantic.Field(ge=1, le=MOST_ROWS)] = USUAL_ROWS
    after: str | None = None

    def ordered_by(self) -> Order:
        """The order that is asked for; by deadline where deadlines are asked for, else the newest first."""
        return self.order or ("settle_by" if self.due else "received_at")

    def claims(self, now: datetime, deadlines: Deadlines) -> ClaimFilter:
        """The question as the store answers it.

        Raises:
            QueryRefused: If a range is empty, or the states that are asked for have no deadline.
        """
        states, settle_from, settle_to = tuple(self.state), self.settle_from, self.settle_to
        if self.due is not None:
            states = _with_us(states)
            today = deadlines.day_of(now)
            first = today if self.due == "soon" else None
            last = today - DAY if self.due == "overdue" else deadlines.soon(today, SOON_WORKING_DAYS)
            settle_from = max(filter(None, (first, settle_from)), default=None)
            settle_to = min(filter(None, (last, settle_to)), default=None)
        return ClaimFilter(
            states=states,
            claim_id=self.claim_id,
            reference=self.reference,
            submission_id=self.submission_id,
            office=self.office,
            hospital_name=self.hospital,
            assigned_to=self.assigned_to,
            case_type=self.case_type,
            rule=self.rule,
            received_from=_begin(self.received_from),
            received_before=_begin(_day_after(self.received_to)),
            settle_from=settle_from,
            settle_before=_day_after(settle_to),
            amount_from=self.amount_from,
            amount_to=self.amount_to,
            unsettled=self.due is not None,
            **self._person(),
        )

    def _person(self) -> dict[str, Any]:
        return {}


class PersonalQuestion(ClaimQuestion):
    """A question that may name a person: it is sent in a body, never in a URL, for URLs are logged."""

    insured_name: Exact = None
    id_number: Exact = None

    def _person(self) -> dict[str, Any]:
        return {"insured_name": self.insured_name, "id_number": self.id_number}


def question(asked: Mapping[str, Any]) -> PersonalQuestion:
    """The question that texts make; what is None was not asked.

    Raises:
        QueryRefused: If one of them is none; each is named.
    """
    try:
        return PersonalQuestion.model_validate(
            {name: said for name, said in asked.items() if said is not None}
        )
    except pydantic.ValidationError as error:
        raise QueryRefused(
            "；".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        ) from error


def _with_us(states: tuple[State, ...]) -> tuple[State, ...]:
    """The states that are asked for in which the office's time runs."""
    running = tuple(state for state in states or STATES if state not in NOT_WITH_US)
    if not running:
        raise QueryRefused(f"due: 状态 {'、'.join(states)} 没有办理期限 / no deadline runs in these states")
    return running


def _day_after(day: date | None) -> date | None:
    if day is None:
        return None
    try:
        return day + DAY
    except OverflowError as error:
        raise QueryRefused(f"{day}: 日期太晚 / the day is too late") from error


def _begin(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, CHINA)
