"""What can be asked of the list of claims: filters, orders, and the cursor that goes on behind a page.

A cursor is the place of the last claim in its order, and nothing else: no filter, no name. It is no secret
and not signed; one that is not ours is refused by name.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias, get_args

from pipeline.application import CASE_TYPES
from pipeline.errors import QueryRefused
from pipeline.life import STATES, State

Order: TypeAlias = Literal["received_at", "risk", "settle_by"]
"""The newest first; the most urgent and the most money at risk first; the nearest deadline first."""
ORDERS: tuple[Order, ...] = get_args(Order)

MOST_ROWS = 200
"""Claims of one page."""

CURSOR_VERSION = 1
LONGEST_CURSOR = 400
"""Characters; a claim's id and a moment take about 100."""


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims are asked for; what is left out asks nothing. All conditions must hold.

    Names and numbers are compared whole, character by character. `…_before` is the first that no longer
    belongs, `…_from` and `…_to` belong. `rule` is one that the claim fails, `unsettled` leaves out what was
    ever settled. `urgent` asks for the urgent lane alone, `postponed_after` for what is put by beyond a
    moment, `at_hand_at` leaves that out. A claim that has no declared amount, or no deadline yet, is in no
    list that asks for one.

    Raises:
        QueryRefused: If a state or case type is none, or a range is empty.
    """

    states: tuple[State, ...] = ()
    claim_id: str | None = None
    reference: str | None = None
    submission_id: str | None = None
    id_number: str | None = None
    insured_name: str | None = None
    office: str | None = None
    hospital_name: str | None = None
    assigned_to: str | None = None
    case_type: str | None = None
    rule: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    settle_from: date | None = None
    settle_before: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    unsettled: bool = False
    urgent: bool = False
    postponed_after: datetime | None = None
    at_hand_at: datetime | None = None

    def __post_init__(self) -> None:
        for state in self.states:
            if state not in STATES:
                raise QueryRefused(
                    f"state: 没有状态 {state!r}，应为 {'、'.join(STATES)} / no such state; one of these"
                )
        if self.case_type is not None and self.case_type not in CASE_TYPES:
            raise QueryRefused(
                f"case_type: 没有类别 {self.case_type!r}，应为 {'、'.join(CASE_TYPES)}"
                f" / no such case type; one of these"
            )
        ranges: tuple[tuple[str, Any, Any, bool], ...] = (
            ("received", self.received_from, self.received_before, False),
            ("settle_by", self.settle_from, self.settle_before, False),
            ("amount", self.amount_from, self.amount_to, True),
        )
        for name, low, high, with_end in ranges:
            if low is not None and high is not None and (low > high or (low == high and not with_end)):
                raise QueryRefused(f"{name}: 起点不早于终点 {low} … {high} / it begins after its end")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where in an order a claim stands: what it is ordered by, and its id."""

    order: Order
    key: tuple[Any, ...]
    claim_id: str


def cursor_of(mark: Mark) -> str:
    """The cursor that goes on behind a mark.

    >>> cursor_of(Mark("risk", (False, Decimal("12.50")), "C-1"))
    'WzEsICJyaXNrIiwgZmFsc2UsICIxMi41MCIsICJDLTEiXQ'
    """
    key = [part if isinstance(part, bool) else _text(part) for part in mark.key]
    text = json.dumps([CURSOR_VERSION, mark.order, *key, mark.claim_id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def mark_of(cursor: str, order: Order) -> Mark:
    """The mark that a cursor names.

    Raises:
        QueryRefused: If it is none of ours, or one of another order.
    """
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError("too long")  # noqa: TRY301 - told like every other garbled cursor
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        version, of, *key, claim_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if version != CURSOR_VERSION or not isinstance(claim_id, str):
            raise ValueError("not of this version")  # noqa: TRY301
        if of in ORDERS and of != order:
            raise QueryRefused(
                f"after: 游标属于另一种排序 {of}，现为 {order} / the cursor belongs to another order"
            )
        return Mark(order, _key(order, key), claim_id)
    except (binascii.Error, ValueError, TypeError, InvalidOperation, RecursionError) as error:
        raise QueryRefused(
            "after: 游标无法识别，请用上一页给出的 next / the cursor is none of ours: use `next` of a page"
        ) from error


def _text(part: date | datetime | Decimal) -> str:
    return str(part) if isinstance(part, Decimal) else part.isoformat()


def _key(order: Order, key: list[Any]) -> tuple[Any, ...]:
    if order == "risk":
        urgent, risk = key
        amount = Decimal(risk)
        if not isinstance(urgent, bool) or amount.as_tuple().exponent != -2:  # fen, as `cursor_of` wrote it
            raise ValueError("not a place by risk")
        return (urgent, amount)
    (when,) = key
    if order == "settle_by":
        return (date.fromisoformat(when),)
    moment = datetime.fromisoformat(when)
    if moment.tzinfo is None:
        raise ValueError("a moment says its time zone")
    return (moment,)
