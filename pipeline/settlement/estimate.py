"""What an unreviewed claim may cost, for ranking a queue by money at risk: a dry run, nothing is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pipeline.errors import PolicyRefused
from pipeline.open_values import OpenValue
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord
from pipeline.settlement.bill import day_of, insured_kinds
from pipeline.settlement.book import DATA, PolicyBook, read_policies
from pipeline.settlement.payout_range import PayoutRange, amount_is_known, payout_range
from pipeline.settlement.policy import INSURED, Care, PolicySet
from pipeline.settlement.risk import money_at_risk
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
    sets = policies_for(claim, policies, region)
    if day is None or not sets or not amount_is_known(claim):
        return None
    ranges = [payout_range(claim, policy, YearToDate(year=day.year), scope=scope) for policy in sets]
    return PayoutRange(min(one.low for one in ranges), max(one.high for one in ranges))


def policies_for(claim: ClaimRecord, policies: PolicyBook, region: str) -> list[PolicySet]:
    """Every set of the region that may hold for the claim; none where the day of treatment is unknown."""
    day = day_of(claim)
    if day is None or not region:
        return []
    care: Care = "inpatient" if claim["visit"]["kind"] == "inpatient" else "outpatient"
    found = []
    for kind in sorted(insured_kinds(claim["insured"]["insurance_type"]) or frozenset(INSURED)):
        try:
            found.append(policies.choose(region, kind, care, day))
        except PolicyRefused:  # the region has nothing for such insured; others may hold
            continue
    return found


@dataclass(frozen=True, slots=True)
class Estimates:
    """Tells what claims may be paid in a region, and what of it is at risk while values are open."""

    policies: PolicyBook
    region: str

    def __call__(self, claim: ClaimRecord) -> PayoutRange | None:
        """The least and the most that the claim may be paid; None where nobody can say."""
        return payout_of(claim, self.policies, self.region)

    def at_risk(self, claim: ClaimRecord, open_values: Sequence[OpenValue]) -> Decimal:
        """The money at risk (`pipeline.settlement.risk`), yuan; 0 where nobody can say."""
        if not amount_is_known(claim):
            return Decimal(0)
        sets = policies_for(claim, self.policies, self.region)
        return money_at_risk(claim, open_values, list({one.key: one for one in sets}.values()), NO_SCOPE)


def estimates(policy_dir: Path, region: str) -> Estimates:
    """What tells of claims what they may be paid in the region; the policy files are read once.

    Args:
        policy_dir: Policies of the office's own, beside those that ship.
        region: Whose policies hold; empty where the office has not said, and then nobody can tell.

    Raises:
        PolicyRefused: If a policy's file is wrong.
    """
    return Estimates(read_policies([DATA, policy_dir]), region)
