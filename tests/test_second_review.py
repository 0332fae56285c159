"""Which claims a second person sees: large ones, and always the same sample."""

from __future__ import annotations

from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.second_review import SecondReview, drawn

CLAIMS = [f"C-{number:012x}" for number in range(4000)]


@pytest.mark.parametrize(
    ("declared", "wanted"), [("9999.99", False), ("10000.00", True), ("10000.01", True), (None, False)]
)
def test_a_large_claim_is_seen_twice(declared: str | None, wanted: bool) -> None:
    rules = SecondReview(amount=Decimal(10000))
    assert rules.wants("C-1", None if declared is None else Decimal(declared)) is wanted


def test_by_default_no_claim_is_seen_twice() -> None:
    assert not any(SecondReview().wants(claim, Decimal("1e9")) for claim in CLAIMS)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_the_sample_is_as_large_as_asked_for(share: float) -> None:
    found = sum(SecondReview(share=share).wants(claim, None) for claim in CLAIMS)
    assert abs(found / len(CLAIMS) - share) < 0.02  # some four deviations of a sample of 4,000


@given(share=st.floats(0, 1), more=st.floats(0, 1), claim=st.text(max_size=20))
def test_a_claim_that_is_drawn_stays_drawn_however_much_more_is(
    share: float, more: float, claim: str
) -> None:
    small, large = sorted((share, more))
    assert SecondReview(share=small).wants(claim, None) <= SecondReview(share=large).wants(claim, None)
    assert 0 <= drawn(claim) < 1
