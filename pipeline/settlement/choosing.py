"""Which sets of figures a claim is computed by, as the user named them; nothing is chosen by guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.errors import PolicyRefused
from pipeline.records import ClaimRecord
from pipeline.settlement.bill import bill_of
from pipeline.settlement.book import PolicyBook
from pipeline.settlement.policy import CARE_NAMES, Care, Insured, PolicySet

NO_DAY = "就诊（出院）日期未知，不知按哪年的政策 / the day of treatment is not known"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The set for the care, and that for serious illness where there is one."""

    policy: PolicySet
    serious: PolicySet | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user named: sets by key, or a region; who is insured where the claim does not say.

    `chronic` says that outpatient claims fall under a chronic-disease qualification (门诊慢特病).
    """

    book: PolicyBook
    keys: Sequence[str] = ()
    region: str = ""
    insured: Insured | None = None
    chronic: bool = False

    def of(self, claim: ClaimRecord) -> Chosen:
        """The sets for a claim.

        Raises:
            PolicyRefused: If none fits or several do; the message says what would decide.
        """
        bill = bill_of(claim, printed_class_counts=False)
        if bill.day is None:
            raise PolicyRefused(NO_DAY)
        care: Care = "inpatient" if bill.is_stay else "chronic" if self.chronic else "outpatient"
        who = frozenset({self.insured}) if self.insured is not None else bill.insured
        if self.keys:
            return self._by_key(care, who, bill.day)
        if len(who) != 1:
            raise PolicyRefused(
                "参保类别不明（在职、退休或居民），请用 --insured 指定 / say who is insured with --insured"
            )
        (insured,) = who
        return Chosen(
            self.book.choose(self.region, insured, care, bill.day),
            self.book.serious_of(self.region, insured, bill.day),
        )

    def _by_key(self, care: Care, who: frozenset[Insured], day: date) -> Chosen:
        named = [self.book.set_of(key, day) for key in self.keys]
        mine = [one for one in named if not who or who & one.terms.covers]
        fitting = [one for one in mine if one.terms.care == care]
        if not fitting and care == "outpatient":  # who names the chronic set alone means it
            fitting = [one for one in mine if one.terms.care == "chronic"]
        serious = [one for one in mine if one.terms.care == "serious"]
        if len(fitting) == 1 and len(serious) <= 1:
            return Chosen(fitting[0], serious[0] if serious else None)
        if not fitting:
            raise PolicyRefused(
                f"{'、'.join(self.keys)}: 没有适用于这份申报（{CARE_NAMES[care]}）的政策"
                f" / none is for this claim ({care})"
            )
        both = "、".join(one.key for one in (*fitting, *serious))
        raise PolicyRefused(f"{both} 都适用，请用 --insured 指定参保类别 / several fit, use --insured")
