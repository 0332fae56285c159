from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.price_doubt import price_doubt
from pipeline.catalogs.strengths import is_of_strength, strengths

PRICES = st.decimals(Decimal("0.01"), Decimal(100_000), places=2)


@given(st.lists(PRICES, min_size=1, max_size=5), st.data(), st.booleans())
def test_a_known_price_is_never_doubted(known: list[Decimal], data: st.DataObject, medicine: bool) -> None:
    price = data.draw(st.sampled_from(known))
    assert price_doubt(price, known, medicine=medicine) == 0
    assert price_doubt(-price, known, medicine=medicine) == 0  # a refund


@given(st.none() | PRICES | st.just(Decimal(0)))
def test_where_no_price_is_known_none_is_doubted(price: Decimal | None) -> None:
    assert price_doubt(price, [], medicine=False) == 0


def test_a_price_far_from_every_known_one_is_doubted() -> None:
    assert price_doubt(Decimal("4.50"), [Decimal(1200), Decimal(900)], medicine=False) > 0
    assert price_doubt(Decimal("4.50"), [Decimal(1200), Decimal(9)], medicine=False) == 0


def test_a_box_of_a_medicine_may_cost_a_hundred_times_a_tablet_but_not_less() -> None:
    assert price_doubt(Decimal(160), [Decimal("1.60")], medicine=True) == 0
    assert price_doubt(Decimal("0.05"), [Decimal("1.60")], medicine=True) > 0
    assert price_doubt(Decimal(160), [Decimal("1.60")], medicine=False) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.25g*24粒/盒", "250 mg"),
        ("１００ｍｌ：５ｇ", "5g:0.1L"),
        ("40万单位", "400000IU"),
        ("50μg", "0.05mg"),
    ],
)
def test_one_strength_in_other_units_is_the_same(one: str, other: str) -> None:
    assert strengths(one) == strengths(other) != frozenset()


@given(st.text(max_size=30))
def test_junk_has_no_strength_that_fails(text: str) -> None:
    assert not is_of_strength(text, "")
