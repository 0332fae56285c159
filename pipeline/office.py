"""What an office judges claims by beside its catalogs: the place's rules, its calendar, its earlier bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache

from pipeline.earlier_bills import NO_EARLIER_BILLS, EarlierBills
from pipeline.places.book import DEFAULT_PLACE, Places, packaged_places
from pipeline.places.place import Place
from pipeline.working_days import WorkingDays


@dataclass(frozen=True, slots=True)
class Office:
    """One office; `place` is the key of the place whose rules it applies.

    Raises:
        PlaceRefused: If there is no such place: better told now than at the first claim.
    """

    places: Places = field(default_factory=packaged_places)
    place: str = DEFAULT_PLACE
    working_days: WorkingDays = field(default_factory=WorkingDays)
    earlier: EarlierBills = NO_EARLIER_BILLS

    def __post_init__(self) -> None:
        self.places.in_force(self.place, date.max)

    def place_on(self, day: date) -> Place:
        """The rules of the place on a day of treatment."""
        return self.places.in_force(self.place, day)


@cache
def usual_office() -> Office:
    """An office with what ships: the default place, the announced calendar, no earlier bills."""
    return Office()
