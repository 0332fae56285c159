"""Whose claims are one person's, so that a yearly deductible is taken once and a cap is met once.

A person is known by the identity number or the insurance number. A name alone tells nobody apart: where one
name stands with numbers that cannot be compared, or in another claim without any, nobody is guessed to be the
other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pipeline.records import ClaimRecord
from pipeline.text import compact_name, is_masked

ID_DIGITS = 18
"""Characters of an identity number (GB 11643)."""


@dataclass(frozen=True, slots=True)
class Person:
    """One insured person; all numbers under which the claims at hand name them."""

    id_numbers: frozenset[str]
    insurance_numbers: frozenset[str]
    names: frozenset[str]

    def is_surely_not(self, other: Person) -> bool:
        """Whether both have numbers of one kind, and none in common."""
        return bool(
            (self.id_numbers and other.id_numbers) or (self.insurance_numbers and other.insurance_numbers)
        )

    def joined(self, other: Person) -> Person:
        """Both as one."""
        return Person(
            self.id_numbers | other.id_numbers,
            self.insurance_numbers | other.insurance_numbers,
            self.names | other.names,
        )

    def has_number_of(self, other: Person) -> bool:
        """Whether a number is the same."""
        return bool(self.id_numbers & other.id_numbers or self.insurance_numbers & other.insurance_numbers)


def persons_of(claims: Sequence[ClaimRecord]) -> list[Person | None]:
    """Whose each claim is, in the order given; None where that cannot be told."""
    named = [_named(claim) for claim in claims]
    times = Counter(name for one in named for name in one.names)
    persons: list[Person] = []
    for one in named:
        if not _numbers(one):
            continue
        whole = one
        for person in [person for person in persons if person.has_number_of(one)]:
            whole = whole.joined(person)
            persons.remove(person)
        persons.append(whole)
    return [_told(one, persons, times) for one in named]


def _told(one: Person, persons: Sequence[Person], times: Mapping[str, int]) -> Person | None:
    """The whole person whose claim it is."""
    if not _numbers(one):
        return one if one.names and all(times[name] == 1 for name in one.names) else None
    mine = next(person for person in persons if person.has_number_of(one))
    namesakes = [other for other in persons if other is not mine and other.names & mine.names]
    return mine if all(mine.is_surely_not(other) for other in namesakes) else None


def _numbers(person: Person) -> frozenset[str]:
    return person.id_numbers | person.insurance_numbers


def _named(claim: ClaimRecord) -> Person:
    """What one claim says of its person, on the papers and in the application."""
    insured = cast("Mapping[str, str | None]", claim["insured"])
    application = claim.get("application")
    declared = cast("Mapping[str, str | None]", application.get("insured", {}) if application else {})
    told = (insured, declared)
    return Person(
        frozenset(
            number
            for one in told
            if (number := one.get("id_number")) and len(number) == ID_DIGITS and not is_masked(number)
        ),
        frozenset(number for one in told if (number := one.get("insurance_no")) and not is_masked(number)),
        frozenset(compact_name(name) for one in told if (name := one.get("name"))),
    )
