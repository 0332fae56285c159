"""Cursors and filters: what is ours comes back, what is not is refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import QueryRefused
from pipeline.store.asked import ClaimFilter, Mark, Order, cursor_of, mark_of

MONEY = st.decimals(0, 10**9, places=2)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(
    st.one_of(
        st.tuples(st.just("risk"), st.tuples(st.booleans(), MONEY)),
        st.tuples(st.just("received_at"), st.tuples(MOMENTS)),
        st.tuples(st.just("settle_by"), st.tuples(st.dates())),
    ),
    st.text(max_size=40).filter(str.isprintable),
)
def test_a_cursor_names_the_place_that_it_was_made_of(key: tuple[Order, Any], claim_id: str) -> None:
    mark = Mark(key[0], key[1], claim_id)
    assert mark_of(cursor_of(mark), key[0]) == mark


@given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(lambda raw: raw.hex())))
def test_what_is_no_cursor_is_refused_by_name(text: str) -> None:
    with pytest.raises(QueryRefused, match="after"):
        mark_of(text, "received_at")


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (("2026-03-02T10:00:00",), "received_at"),  # no time zone
        (("x",), "settle_by"),
        ((True, "NaN"), "risk"),
        ((True, "1e3"), "risk"),
        ((1, "12.50"), "risk"),
        ((), "risk"),
    ],
)
def test_a_cursor_with_another_key_than_its_order_has_is_refused(key: tuple[Any, ...], order: Order) -> None:
    import base64
    import json

    garbled = base64.urlsafe_b64encode(json.dumps([1, order, *key, "C-1"]).encode()).decode().rstrip("=")
    with pytest.raises(QueryRefused, match="after"):
        mark_of(garbled, order)


def test_a_cursor_of_another_order_is_refused_and_both_are_named() -> None:
    cursor = cursor_of(Mark("settle_by", (date(2026, 3, 2),), "C-1"))
    with pytest.raises(QueryRefused, match=r"settle_by.*risk"):
        mark_of(cursor, "risk")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"states": ("first_review", "lost")}, "lost.*first_review"),
        ({"case_type": "holiday"}, "holiday.*newborn"),
        ({"amount_from": Decimal(2), "amount_to": Decimal(1)}, "amount"),
        (
            {
                "received_from": datetime(2026, 3, 2, tzinfo=UTC),
                "received_before": datetime(2026, 3, 1, tzinfo=UTC),
            },
            "received",
        ),
    ],
)
def test_a_filter_that_can_be_none_is_refused_and_what_is_wrong_is_named(
    asked: dict[str, Any], named: str
) -> None:
    with pytest.raises(QueryRefused, match=named):
        ClaimFilter(**asked)
