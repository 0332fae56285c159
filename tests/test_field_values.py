"""Values by their published text: what the published form is made of comes back, and nothing else does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.field_values import MONEY_FIELDS, is_day, parse_value
from pipeline.records import value_text


@given(
    name=st.sampled_from(sorted(MONEY_FIELDS)),
    value=st.decimals(min_value=Decimal("-99999999"), max_value=Decimal("99999999"), places=2),
)
def test_money_comes_back_to_the_fen(name: str, value: Decimal) -> None:
    assert parse_value(name, value_text(name, value)) == value


@given(name=st.sampled_from(["issue_date", "period_end", "valid_from", "valid_to"]), day=st.dates())
def test_days_come_back(name: str, day: date) -> None:
    assert is_day(name)
    assert parse_value(name, day.isoformat()) == day


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tax", "3 %"),
        ("amount", "1.234"),
        ("quantity", "1,5"),
        ("issue_date", "2026-W08-2"),
        ("valid_from", "长期"),
    ],
)
def test_what_is_none_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="应为"):
        parse_value(name, text)


def test_a_card_may_be_valid_for_ever() -> None:
    assert parse_value("valid_to", "长期") == "长期"
