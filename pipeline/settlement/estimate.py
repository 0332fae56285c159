"""What an unreviewed claim may cost, for ranking a queue by money at risk: a dry run, nothing is booked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.errors import PolicyRefused
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord
from pipeline.settlement.bill import day_of, insured_kinds
from pipeline.settlement.book import DATA, PolicyBook, read_policies
from pipeline.settlement.payout_range import PayoutRange, amount_is_known, payout_range
from pipeline.settlement.policy import INSURED, Care
from pipeline.settlement.settle import NO_SCOPE
from pipeline.settlement.to_date import YearToDate


def payout_of(
    claim: ClaimRecord, policies: PolicyBook, region: str, scope: Scope = NO_SCOPE
) -> PayoutRange | None:
    """The least and the most that the claim may be paid by the region's policies, first in its year.

    Where the papers leave open how the person is insured, every set that may hold counts. None where the day
    of treatment, any amount, or any policy is unknown: then nobody can say.
    """
    day = day_of(claim)
    if day is None or not region or not amount_is_known(claim):
        return None
    care: Care = "inpatient" if claim["visit"]["kind"] == "inpatient" else "outpatient"
    ranges = []
    for kind in sorted(insured_kinds(claim["insured"]["insurance_type"]) or frozenset(INSURED)):
        try:
            policy = policies.choose(region, kind, care, day)
        except PolicyRefused:  # the region has nothing for such insured; others may hold
            continue
        ranges.append(payout_range(claim, policy, YearToDate(year=day.year), scope=scope))
    if not ranges:
        return None
    return PayoutRange(min(one.low for one in ranges), max(one.high for one in ranges))


def estimates(policy_dir: Path, region: str) -> Callable[[ClaimRecord], PayoutRange | None]:
    """What tells of a claim what it may be paid in the region; the policy files are read once.

    Args:
        policy_dir: Policies of the office's own, beside those that ship.
        region: Whose policies hold; empty where the office has not said, and then nobody can tell.

    Raises:
        PolicyRefused: If a policy's file is wrong.
    """
    policies = read_policies([DATA, policy_dir])
    return lambda claim: payout_of(claim, policies, region)
