"""Money at risk: chance of being wrong times change in payout, over what is open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.open_values import OpenValue
from pipeline.settlement.estimate import Estimates
from pipeline.settlement.risk import MOST_COMPUTED
from tests.settlement.claims import claim, local_book, row

BY = Estimates(local_book(), "sample")
"""Outpatient: 70 % above 100 yuan a year, at most 2,000."""
ROW = "line_items[0]"


def cell(part: str, chance: float = 0.5, value: str | None = "300.00", other: str | None = None) -> OpenValue:
    return OpenValue("d-1", f"{ROW}.{part}", chance, value, other)


def total(chance: float = 0.5, value: str | None = "300.00", other: str | None = None) -> OpenValue:
    return OpenValue("d-0", "fields.total_amount", chance, value, other)


def test_where_nothing_is_open_nothing_is_at_risk() -> None:
    assert BY.at_risk(claim(row("300.00")), []) == 0


def test_an_amount_risks_what_its_other_reading_would_change() -> None:
    # The bill comes to 800.00 whatever the row says; what is undetailed may enter or not.
    bill = claim(row("300.00"), total="800.00")
    assert BY.at_risk(bill, [cell("amount", 0.25, other="800.00")]) == Decimal("87.50")  # 500 x 70 % x 1/4


def test_an_amount_without_another_reading_may_be_no_row_at_all() -> None:
    assert BY.at_risk(claim(row("300.00")), [cell("amount", 0.1)]) == Decimal("14.00")  # (300 - 100) x 70 %


@pytest.mark.parametrize("cls", ["甲", "丙"])
def test_a_name_in_doubt_may_be_in_the_lists_or_outside(cls: str) -> None:
    named = row("300.00", cls)  # type: ignore[arg-type]
    assert BY.at_risk(claim(named), [cell("name", 0.5, value="甲")]) == Decimal("70.00")


def test_a_total_risks_what_the_rows_do_not_cover() -> None:
    bill = claim(row("300.00"))
    assert BY.at_risk(bill, [total(other="800.00")]) == Decimal("175.00")  # at the end where all of it enters
    assert BY.at_risk(bill, [total(other=None)]) == 0  # the rows say the same


@pytest.mark.parametrize(
    "open_value",
    [
        OpenValue("d-0", "fields.total_amount", 1.0),
        OpenValue("d-0", "fields.fund_payment", 1.0, "0.00"),
    ],
)
def test_a_total_that_cannot_be_read_and_an_earlier_payment_put_the_whole_payout_at_risk(
    open_value: OpenValue,
) -> None:
    assert BY.at_risk(claim(row("300.00")), [open_value]) == Decimal("140.00")


@pytest.mark.parametrize("path", ["fields.payer_name", f"{ROW}.unit", "line_items[7].amount"])
def test_what_changes_no_payout_risks_nothing(path: str) -> None:
    assert BY.at_risk(claim(row("300.00")), [OpenValue("d-1", path, 1.0, "x", "y")]) == 0


def test_nobody_can_tell_without_a_region_a_day_or_an_amount() -> None:
    open_values = [cell("amount")]
    assert Estimates(local_book(), "").at_risk(claim(row("300.00")), open_values) == 0
    assert BY.at_risk(claim(row("300.00"), day=None), open_values) == 0
    assert BY.at_risk(claim(row(None), total=None), open_values) == 0


AMOUNTS = st.decimals(Decimal("-500"), Decimal(5000), places=2)
CHANCES = st.floats(0, 1)


@st.composite
def open_claims(draw: st.DrawFn) -> tuple[list[Decimal], list[OpenValue]]:
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=5))
    open_values = [
        OpenValue(
            "d-1",
            f"line_items[{index}].{draw(st.sampled_from(['amount', 'name']))}",
            draw(CHANCES),
            f"{amount:.2f}",
            draw(st.one_of(st.none(), AMOUNTS.map(lambda one: f"{one:.2f}"), st.just("1O8"))),
        )
        for index, amount in enumerate(amounts)
        if draw(st.booleans())
    ]
    return amounts, open_values


@given(open_claims(), CHANCES, st.data())
def test_it_is_never_negative_and_grows_with_the_chance(
    drawn: tuple[list[Decimal], list[OpenValue]], more: float, data: st.DataObject
) -> None:
    amounts, open_values = drawn
    bill = claim(*(row(f"{amount:.2f}") for amount in amounts))
    at_risk = BY.at_risk(bill, open_values)
    assert at_risk >= 0
    if open_values:
        at = data.draw(st.integers(0, len(open_values) - 1))
        surer = replace(open_values[at], chance=max(open_values[at].chance, more))
        assert BY.at_risk(bill, [*open_values[:at], surer, *open_values[at + 1 :]]) >= at_risk
    assert BY.at_risk(bill, [replace(one, chance=0.0) for one in open_values]) == 0


def test_what_is_beyond_the_most_that_is_computed_counts_with_its_whole_amount() -> None:
    rows = MOST_COMPUTED + 1
    bill = claim(*(row("1.00", name=f"药{number}") for number in range(rows)))
    names = [OpenValue("d-1", f"line_items[{number}].name", 0.5, "药", None) for number in range(rows)]
    computed = BY.at_risk(bill, names[:-1])
    assert BY.at_risk(bill, names) == computed + Decimal("0.50")
