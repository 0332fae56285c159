"""What an identity number says: the place of its first six digits in its time, the day of birth, the sex.

GB 11643—1999: six digits of the division where the person was first registered, eight of the birth, three
in sequence (odd for men), one to check. A card keeps the division of its time, so a code that is no longer in
use is as good as another; one that was never in use, or given up before the birth, is a misreading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.cn import ric

from pipeline.catalogs.entries import Division

_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD_LENGTH = 15
"""Digits of the numbers given out before 1999, still seen on old papers."""
_COUNTY_PLACEHOLDERS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")


@dataclass(frozen=True, slots=True)
class Place:
    """A place with a division code: `names` from the province down, as `山东省`, `临沂市`, `兰山区`."""

    code: str
    names: tuple[str, ...]
    former_names: str
    first_year: int | None
    last_year: int | None

    @property
    def full_name(self) -> str:
        """All of it in one."""
        return "".join(self.names)

    def was_in_use(self, year: int) -> bool:
        """Whether a person born in `year` can have got it: not given up before."""
        return self.last_year is None or self.last_year >= year


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """What a valid identity number says of a person; `place` is None where the code is in no list."""

    born: date
    sex: Literal["男", "女"]
    place: Place | None

    def age_on(self, day: date) -> int:
        """Full years on a day."""
        return full_years(self.born, day)


def full_years(born: date, day: date) -> int:
    """Full years from birth to a day.

    >>> full_years(date(2000, 2, 29), date(2018, 2, 28)), full_years(date(2000, 2, 29), date(2018, 3, 1))
    (17, 18)
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def place_of(code: str, divisions: Mapping[str, Division]) -> Place | None:
    """The place of a six-digit code with the province and the city it lies in; None where no list has it."""
    own = divisions.get(code)
    if own is None:
        return None
    above = [divisions.get(part) for part in (f"{code[:2]}0000", f"{code[:4]}00") if part != code]
    names = [one.name for one in above if one is not None and one.name not in _COUNTY_PLACEHOLDERS]
    return Place(code, (*names, own.name), own.former_names, own.first_year, own.last_year)


def identity_facts(number: str, divisions: Mapping[str, Division]) -> IdentityFacts | None:
    """What the number says; None where a digit is struck out, its check digit or its day is wrong.

    The older numbers of 15 digits have no check digit and say the year with two digits of the 20th century.
    """
    plain = number.strip().upper()
    if len(plain) == _OLD_LENGTH and plain.isdigit() and plain.isascii():
        birth, order = f"19{plain[6:12]}", plain[14]
    else:
        # not `ric.validate`: it asks for a place that was there at the birth, many were founded later
        if not _FORM.fullmatch(plain) or ric.calc_check_digit(plain) != plain[-1]:
            return None
        birth, order = plain[6:14], plain[16]
    try:
        born = date(int(birth[:4]), int(birth[4:6]), int(birth[6:]))
    except ValueError:
        return None
    return IdentityFacts(born, "男" if int(order) % 2 else "女", place_of(plain[:6], divisions))
