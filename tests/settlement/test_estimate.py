"""Money at risk of an unreviewed claim."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.settlement.book import packaged_policies
from pipeline.settlement.estimate import estimates, payout_of
from tests.engine.claim_rows import claim_record, line


def test_a_claim_that_is_all_clear_risks_nothing() -> None:
    payout = payout_of(
        claim_record(kind="inpatient", insurance_type="职工医保（在职）"), packaged_policies(), "a1"
    )
    assert payout is not None
    assert payout.low == payout.high == Decimal("17.00")  # 20.00 x 85 %, level 3
    assert payout.at_risk == 0


def test_how_one_is_insured_may_be_open() -> None:
    payout = payout_of(claim_record(kind="inpatient"), packaged_policies(), "a1")
    assert payout == (Decimal("17.00"), Decimal("18.00"))  # active 85 %, retired 90 %


def test_an_amount_in_review_may_be_any_of_its_candidates() -> None:
    row = line(amount="20.00")
    row["amount"] |= {"status": "review", "candidates": [{"value": "80.00", "confidence": 0.3}]}
    claim = claim_record(kind="inpatient", insurance_type="在职", lines=[row], total="80.00")
    payout = payout_of(claim, packaged_policies(), "a1")
    assert payout is not None
    assert payout.at_risk > 0


@pytest.mark.parametrize("changed", [{"day": ""}, {"insurance_type": "居民医保"}])
def test_nobody_can_say_without_a_day_or_a_policy(changed: dict[str, Any]) -> None:
    assert payout_of(claim_record(**changed), packaged_policies(), "a1") is None


def test_an_office_without_a_region_has_no_estimate(tmp_path: Path) -> None:
    claim = claim_record(kind="inpatient", insurance_type="在职")
    assert estimates(tmp_path, "")(claim) is None
    assert estimates(tmp_path, "a1")(claim) == (Decimal("17.00"), Decimal("17.00"))
