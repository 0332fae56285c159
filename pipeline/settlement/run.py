"""Claims of many people in order: each person's by day, with the year carried from claim to claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

# pydantic reads a TypedDict of `typing` from Python 3.12 on only; one kind of TypedDict in the project.
from typing_extensions import TypedDict

from pipeline.errors import PolicyRefused
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord, Money, money_text
from pipeline.settlement.bill import day_of
from pipeline.settlement.choosing import NO_DAY, Choice
from pipeline.settlement.claims_file import PersonYear
from pipeline.settlement.payout_range import payout_range
from pipeline.settlement.persons import Person, persons_of
from pipeline.settlement.record import SettlementRecord
from pipeline.settlement.settle import refused, settle
from pipeline.settlement.to_date import YearToDate

WHOSE = (
    "不能确定是否同一人（没有证件号码，或同名而号码无法比对），年度累计无法计算"
    " / whose claim it is cannot be told, so the year cannot be carried on"
)
TWO_YEARS = (
    "这个人的两个号码各有一份本年累计，请合并后再算"
    " / two numbers of this person have a year to date each: make them one"
)

ScopeOn = Callable[[date], Scope]


class PayoutRow(TypedDict):
    """A row of `payout_ranges.jsonl`: what a claim may cost, and how much of it depends on the review."""

    claim_id: str
    status: str
    policy: str | None
    low: Money | None
    high: Money | None
    at_risk: Money | None
    why: str


class Years:
    """What persons used up, by number and year.

    Whose number is not known cannot be looked up: where years were handed in, such a person may be among
    them, so nothing is computed; where none were, the year begins empty as everybody's does.
    """

    def __init__(self, rows: Sequence[PersonYear] | None = None) -> None:
        self._were_handed_in = rows is not None
        self._rows: list[PersonYear] = []
        self._place: dict[tuple[str, int], int] = {}
        for row in rows or ():
            self._add(row)

    @property
    def rows(self) -> Sequence[PersonYear]:
        """Everybody who has a number, those of whom nothing was settled in this run included."""
        return self._rows

    def get(self, person: Person, year: int) -> YearToDate | str:
        """The person's year so far, an empty one where nothing is known of it; or why it cannot be told."""
        keys = _keys(person)
        if not keys and self._were_handed_in:
            return WHOSE
        places = {self._place[key, year] for key in keys if (key, year) in self._place}
        if len(places) > 1:
            return TWO_YEARS
        return self._rows[places.pop()].year_to_date if places else YearToDate(year=year)

    def put(self, person: Person, year: YearToDate) -> None:
        """Carry a year on; of somebody without a number there is no further claim to carry it to."""
        keys = _keys(person)
        if not keys:
            return
        row = PersonYear(
            id_number=min(person.id_numbers, default=None),
            insurance_no=min(person.insurance_numbers, default=None),
            year_to_date=year,
        )
        place = next((self._place[key, year.year] for key in keys if (key, year.year) in self._place), None)
        if place is None:
            place = self._add(row)
        else:
            before = self._rows[place]
            self._rows[place] = PersonYear(
                id_number=row.id_number or before.id_number,
                insurance_no=row.insurance_no or before.insurance_no,
                year_to_date=year,
            )
        self._place |= {(key, year.year): place for key in keys}

    def _add(self, row: PersonYear) -> int:
        self._rows.append(row)
        for key in _numbers(row.id_number, row.insurance_no):
            self._place[key, row.year_to_date.year] = len(self._rows) - 1
        return len(self._rows) - 1


def _numbers(id_number: str | None, insurance_no: str | None) -> list[str]:
    return [
        *([f"id:{id_number}"] if id_number else []),
        *([f"no:{insurance_no}"] if insurance_no else []),
    ]


def _keys(person: Person) -> list[str]:
    return [
        *(f"id:{number}" for number in sorted(person.id_numbers)),
        *(f"no:{number}" for number in sorted(person.insurance_numbers)),
    ]


def settle_all(
    claims: Sequence[ClaimRecord], choice: Choice, years: Years, scope_on: ScopeOn
) -> list[SettlementRecord]:
    """The settlement of each claim in the order given.

    A person's claims are computed by their day. What is not settled leaves the year as it was.

    Args:
        claims: Of any persons.
        choice: By which policies.
        years: What was used up before; what is settled is carried on in it.
        scope_on: What the place did not pay on a day.
    """
    persons = persons_of(claims)
    order = sorted(range(len(claims)), key=lambda turn: (day_of(claims[turn]) or date.min, turn))
    done: dict[int, SettlementRecord] = {}
    for turn in order:
        claim, person = claims[turn], persons[turn]
        day = day_of(claim)
        if day is None:
            done[turn] = refused(claim, [NO_DAY])
            continue
        if person is None:
            done[turn] = refused(claim, [WHOSE])
            continue
        to_date = years.get(person, day.year)
        if isinstance(to_date, str):
            done[turn] = refused(claim, [to_date])
            continue
        try:
            chosen = choice.of(claim)
        except PolicyRefused as error:
            done[turn] = refused(claim, [str(error)], to_date)
            continue
        done[turn] = settle(claim, chosen.policy, to_date, chosen.serious, scope=scope_on(day))
        if done[turn]["outcome"] == "settled":
            years.put(person, to_date.after(done[turn]))
    return [done[turn] for turn in range(len(claims))]


def range_of_each(
    claims: Sequence[ClaimRecord], choice: Choice, years: Years, scope_on: ScopeOn
) -> list[PayoutRow]:
    """What each claim may cost by itself, the most money at risk first, before them what cannot be computed.

    Each claim is computed with the year as it stands before any of them: which of them will be paid is not
    known.
    """
    rows = [
        _range_of(claim, person, choice, years, scope_on)
        for claim, person in zip(claims, persons_of(claims), strict=True)
    ]
    return sorted(rows, key=lambda row: -Decimal(row["at_risk"] or "Infinity"))


def _range_of(
    claim: ClaimRecord, person: Person | None, choice: Choice, years: Years, scope_on: ScopeOn
) -> PayoutRow:
    row: PayoutRow = {
        "claim_id": claim["claim_id"],
        "status": claim["status"],
        "policy": None,
        "low": None,
        "high": None,
        "at_risk": None,
        "why": "",
    }
    try:
        chosen = choice.of(claim)
    except PolicyRefused as error:
        return {**row, "why": str(error)}
    day = day_of(claim)
    if day is None:  # `choice` has refused it
        return row
    known = years.get(person, day.year) if person is not None else WHOSE
    to_date = known if isinstance(known, YearToDate) else YearToDate(year=day.year)
    found = payout_range(claim, chosen.policy, to_date, chosen.serious, scope=scope_on(day))
    return {
        **row,
        "policy": chosen.policy.key,
        "low": money_text(found.low),
        "high": money_text(found.high),
        "at_risk": money_text(found.at_risk),
        "why": known if isinstance(known, str) else "",
    }


def by_outcome(settlements: Sequence[SettlementRecord]) -> Mapping[str, int]:
    """How many were settled, are a range, were refused."""
    names = ("settled", "range", "refused")
    return {name: sum(one["outcome"] == name for one in settlements) for name in names}
