"""What an unreviewed claim may cost."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import ReimbursementClass
from pipeline.records import CodedLineRecord
from pipeline.settlement.payout_range import amount_is_known, payout_range
from pipeline.settlement.settle import settle
from pipeline.settlement.to_date import YearToDate
from tests.settlement.claims import claim, local, row

OUT, IN, SERIOUS = local("S-out"), local("S-in"), local("S-serious")
USED = YearToDate(year=2025, deductible_used={"outpatient": Decimal(100)})


def span(low: int, high: int) -> tuple[Decimal, Decimal]:
    return Decimal(low), Decimal(high)


@pytest.mark.parametrize(
    ("rows", "low", "high"),
    [
        # Nothing open: 100 x 0.70
        ([row("100.00")], "70", "70"),
        # Not in the lists: reviewed it would be 丙, now it lies between 丙 and 甲
        ([row("100.00"), row("100.00", status="unmatched")], "70", "140"),
        ([row("100.00", status="ambiguous")], "0", "70"),
        # A name in review may be another item
        ([row("100.00", name_status="review")], "0", "70"),
        # An amount in review may be any of its candidates; the bill of 100 is the most it can be
        ([row("100.00", amount_status="review", amount_candidates=["10.00", "x"])], "7", "70"),
        # An accepted amount has no other value, whatever else was read
        ([row("100.00", amount_candidates=["10.00"])], "70", "70"),
    ],
)
def test_what_is_in_doubt_lies_between_its_ends(rows: list[CodedLineRecord], low: str, high: str) -> None:
    found = payout_range(claim(*rows, status="review"), OUT, USED)
    assert found == (Decimal(low), Decimal(high))
    assert found.at_risk == Decimal(high) - Decimal(low)


def test_a_missing_level_counts_all_levels() -> None:
    """(1000 - 800) x 0.70 = 140 to (1000 - 200) x 0.90 = 720."""
    stay = claim(row("1000.00"), kind="inpatient", grade=None, status="review")
    assert payout_range(stay, IN, USED) == (Decimal(140), Decimal(720))


def test_a_bill_without_rows_may_be_anything() -> None:
    assert payout_range(claim(total="500.00", status="review"), OUT, USED) == span(0, 350)


def test_where_the_total_is_not_known_other_sums_stand_in() -> None:
    care = claim(row("100.00"), total=None, status="review")
    assert payout_range(care, OUT, USED) == span(70, 70)
    care["totals"]["itemized"] = "300.00"
    assert payout_range(care, OUT, USED) == span(70, 210)


def test_a_claim_that_states_no_amount_is_told_from_one_that_costs_nothing() -> None:
    unknown, nothing = claim(total=None, status="review"), claim(row("9.00", "丙"), status="review")
    assert payout_range(unknown, OUT, USED) == payout_range(nothing, OUT, USED) == span(0, 0)
    assert (amount_is_known(unknown), amount_is_known(nothing)) == (False, True)


def test_refunds_that_outweigh_everything_cost_nothing() -> None:
    assert payout_range(claim(row("-9.00"), row("2.00", code="X-2"), status="review"), OUT, USED) == span(
        0, 0
    )


MONEY = st.decimals("0.01", 9999, places=2)
CLASSES: st.SearchStrategy[ReimbursementClass | None] = st.sampled_from(["甲", "乙", "丙", None])


@given(st.lists(st.tuples(MONEY, CLASSES, st.booleans()), min_size=1, max_size=5), CLASSES.filter(bool))
def test_what_a_review_settles_lies_within_the_range(
    charges: list[tuple[Decimal, ReimbursementClass | None, bool]], decided: ReimbursementClass
) -> None:
    """Open classes and unmatched rows are decided by a reviewer, one way or the other."""
    rows = [
        row(f"{amount:.2f}", cls, status="unmatched" if is_lost else "matched")
        for amount, cls, is_lost in charges
    ]
    found = payout_range(claim(*rows, status="review", kind="inpatient"), IN, USED, SERIOUS)
    for line in rows:
        if line["catalog"]["reimbursement_class"] is None:
            line["catalog"] |= {"status": "matched", "reimbursement_class": decided}
    done = settle(claim(*rows, kind="inpatient"), IN, USED, SERIOUS)
    assert done["payout"] is not None
    assert found.low <= Decimal(done["payout"]["low"])
    assert Decimal(done["payout"]["high"]) <= found.high


MOST_SECONDS = 0.05
"""Ten times what a claim of 40 rows may take, since other work runs beside the tests."""


def test_it_is_cheap_enough_to_rank_a_queue() -> None:
    rows = [row(f"{number}.37", None, status="unmatched") for number in range(1, 41)]
    care = claim(*rows, kind="inpatient", grade=None, status="review")
    payout_range(care, IN, USED, SERIOUS)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        payout_range(care, IN, USED, SERIOUS)
        took.append(time.perf_counter() - began)
    assert min(took) < MOST_SECONDS
