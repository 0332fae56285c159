"""What is printed where a person said a value: told where the form of the print tells it, else not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.model import AnyField, Value
from pipeline.review.printed_form import printed_form
from pipeline.text import parse_date, parse_money
from tests.builders import field


@pytest.mark.parametrize(
    ("name", "read", "value", "printed"),
    [
        ("payer_name", "张三", "张三", "张三"),
        ("payer_name", "张 三", "张三", "张 三"),
        ("payer_name", "弓长三", "张三", "张三"),
        ("diagnoses", "急性咽炎；发热", "急性咽炎;发热", None),  # what stands between is not known
        ("total_amount", "￥1,180.00", Decimal("1180.00"), "￥1,180.00"),
        ("total_amount", "￥1,180.00", Decimal("1190.00"), "￥1,190.00"),
        ("total_amount", "180.00", Decimal("1180.00"), None),  # with a comma or without one
        ("total_amount", "l8O.OO", Decimal("180.00"), None),
        ("issue_date", "2025年02月17日", date(2025, 3, 7), "2025年03月07日"),
        ("issue_date", "2025-12-17", date(2025, 2, 17), None),  # 02 or 2
        ("quantity", "2", Decimal(2), "2"),
        ("unit_price", "0.1234元", Decimal("0.1234"), "0.1234元"),
    ],
)
def test_a_label_is_what_is_printed_or_there_is_none(
    name: str, read: str, value: Value, printed: str | None
) -> None:
    assert printed_form(name, field(value, read)) == printed


MONEY = st.decimals(0, 999999, places=2)


@given(MONEY, MONEY, st.sampled_from(["", "¥", "￥"]), st.booleans())
def test_an_amount_that_is_written_anew_is_read_as_that_amount(
    was: Decimal, value: Decimal, sign: str, commas: bool
) -> None:
    read = f"{sign}{was:,.2f}" if commas else f"{sign}{was:.2f}"
    told = printed_form("total_amount", field(value, read))
    assert told is None or (parse_money(told) == value and told.startswith(sign))


@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.booleans()
)
def test_a_day_that_is_written_anew_is_read_as_that_day(was: date, value: date, padded: bool) -> None:
    read = f"{was:%Y-%m-%d}" if padded else f"{was.year}年{was.month}月{was.day}日"
    found: AnyField = field(value, read)
    told = printed_form("issue_date", found)
    assert told is None or parse_date(told) == value
