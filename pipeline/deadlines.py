"""By when an office must settle a claim (domain reference, section 10: 30 working days, 20 for births).

Acceptance (受理) is the day on which nothing was missing any more, by the clock where the office is. Working
days are counted from the day after it; how many is the place's rule of the day of treatment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.office import Office, usual_office
from pipeline.records import ClaimRecord

CHINA: Final = ZoneInfo("Asia/Shanghai")
BIRTH = "family_planning"
"""The case type that maternity insurance settles."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The clock and the calendar of an office; by default those of what ships."""

    office: Office = field(default_factory=usual_office)
    zone: ZoneInfo = CHINA

    def day_of(self, moment: datetime) -> date:
        """The office's day at a moment, which says its own zone.

        >>> from datetime import UTC
        >>> Deadlines().day_of(datetime(2026, 3, 1, 16, 30, tzinfo=UTC))
        datetime.date(2026, 3, 2)
        """
        return moment.astimezone(self.zone).date()

    def begin_of(self, day: date) -> datetime:
        """The moment when a day of the office begins.

        >>> Deadlines().begin_of(date(2026, 3, 2)).isoformat()
        '2026-03-02T00:00:00+08:00'
        """
        return datetime.combine(day, time.min, self.zone)

    def accepted_on(self, claim: ClaimRecord, complete_at: datetime) -> date:
        """The day of acceptance of a claim of which nothing was missing when it came, at `complete_at`.

        Papers that were handed in at a counter were received on the day that is declared, which may lie some
        days before they came to us.
        """
        day = self.day_of(complete_at)
        application = claim.get("application")
        declared = application.get("received_on") if application else None
        return min(day, date.fromisoformat(declared)) if declared else day

    def settle_by(self, claim: ClaimRecord, accepted_on: date) -> date:
        """The day by which a claim that was accepted on a day must be settled."""
        treated = claim["visit"]["to"] or claim["visit"]["from"]
        rule = self.office.place_on(date.fromisoformat(treated) if treated else accepted_on).deadline
        is_birth = BIRTH in (claim.get("case_types") or [claim["case_type"]])
        days = rule.maternity_settled_in_working_days if is_birth else rule.settled_in_working_days
        return self.office.working_days.add_working_days(accepted_on, days)

    def soon(self, today: date, working_days: int) -> date:
        """The last day that is due soon: so many working days after `today`."""
        return self.office.working_days.add_working_days(today, working_days)
