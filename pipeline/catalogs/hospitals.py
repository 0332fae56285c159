"""Printed hospital names to the registry.

Names of hospitals are long and differ in one character (第一, 第二), so a name is taken only when it is
the same but for characters that look alike, and when numbers and places agree.

The writing of a seal is a second witness: it decides between hospitals of one name, it carries a name that
was misread at more places, and where it names another hospital than the print, none is taken. Alone it
names nobody: a paper of one hospital may bear the seal of another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.catalogs.entries import Hospital
from pipeline.catalogs.grams import NameIndex
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import bare, normalise

LEAST_SCORE = 0.93
"""One look-alike character in six, or one other in fifteen."""
WITNESSED_SCORE = 0.75
"""From here on a printed name is the hospital that a seal names exactly: one odd character in four."""
SHORTEST_EXACT, SHORTEST_NEAR = 4, 6
"""Characters of a name that is taken as it stands, and of one that may have an odd character."""
_NUMBERS = re.compile(r"[0-9〇零一二三四五六七八九十]+")
_STAMP = re.compile(r"(?:医疗|门诊|住院)?(?:收费|财务|结算|票据|发票)?(?:专用)?章$|(?:门诊部|收费处|住院处)$")
_ENDING = re.compile(r"(?:医院|中心|卫生院|保健院|门诊部|诊所|研究所|防治所|分院|院区|服务站)$")


class HospitalMatch(NamedTuple):
    """A hospital of the registry; `code` is None where the registry has none."""

    name: str
    grade: str
    code: str | None
    sealed: bool = False
    """Whether a seal on the paper names it too."""


class HospitalMatcher:
    """Matches against a fixed registry."""

    def __init__(self, hospitals: Sequence[Hospital]) -> None:
        self._known: dict[str, list[Hospital]] = {}
        for hospital in hospitals:
            for name in (hospital.name, *hospital.aliases):
                for spelling in {bare(name), _with_place(bare(name), hospital)}:
                    found = self._known.setdefault(spelling, [])
                    if hospital not in found:
                        found.append(hospital)
        self._names = [name for name in self._known if len(name) >= SHORTEST_NEAR]
        self._index = NameIndex(self._names)

    def match(self, printed: str, seals: Sequence[str] = ()) -> HospitalMatch | None:
        """The one hospital of that name, or None where there is none or more than one.

        Args:
            printed: The name as it stands on the paper.
            seals: The writing of each seal on it, lines parted by spaces.
        """
        spellings = _spellings(printed)
        named = self._exact(spellings)
        stamped = [one for seal in seals for part in _parts(seal) for one in self._exact(_spellings(part))]
        both = [one for one in named if one in stamped]
        if both:
            return _alone(both, sealed=True)
        if named and stamped:
            return None  # the paper names one hospital and its seal another
        if named:
            return _alone(named)
        return self._witnessed(spellings, stamped) or self._nearest(spellings)

    def _exact(self, spellings: Sequence[str]) -> list[Hospital]:
        """The hospitals of the first spelling that any has."""
        for spelling in spellings:
            found = self._known.get(spelling) if len(spelling) >= SHORTEST_EXACT else None
            if found is not None:
                return found
        return []

    def _witnessed(self, spellings: Sequence[str], stamped: Sequence[Hospital]) -> HospitalMatch | None:
        """The hospital that a seal names and the print comes near, with the same numbers in its name."""
        near = [
            hospital
            for hospital in stamped
            for spelling in spellings
            for name in (bare(hospital.name), _with_place(bare(hospital.name), hospital))
            if _NUMBERS.findall(name) == _NUMBERS.findall(spelling)
            and likeness(spelling, name) >= WITNESSED_SCORE
        ]
        return _alone(near, sealed=True) if near else None

    def _nearest(self, spellings: Sequence[str]) -> HospitalMatch | None:
        near = (self._near(spelling) for spelling in spellings if len(spelling) >= SHORTEST_NEAR)
        return next((one for one in near if one is not None), None)

    def _near(self, spelling: str) -> HospitalMatch | None:
        best: dict[str, float] = {}
        for number in self._index.nearest(spelling, 12):
            name = self._names[number]
            if _NUMBERS.findall(name) == _NUMBERS.findall(spelling) and len(name) == len(spelling):
                best[name] = likeness(spelling, name)
        ranked = sorted(best.items(), key=lambda one: -one[1])
        if not ranked or ranked[0][1] < LEAST_SCORE or (len(ranked) > 1 and ranked[1][1] >= LEAST_SCORE):
            return None
        return _alone(self._known[ranked[0][0]])


def _spellings(printed: str) -> list[str]:
    """What may be looked up: the name, without brackets, and what stands in them."""
    text = normalise(printed)
    found = [bare(text), bare(re.sub(r"\([^()]*\)", "", text))]
    found += [bare(part) for part in re.findall(r"\(([^()]*)\)", text) if _ENDING.search(part)]
    return list(dict.fromkeys(_STAMP.sub("", one) for one in found))


def _parts(seal: str) -> list[str]:
    """The lines of a seal and all of them together."""
    return [*seal.split(), seal]


def _alone(found: Sequence[Hospital], *, sealed: bool = False) -> HospitalMatch | None:
    if len({(hospital.name, hospital.city) for hospital in found}) > 1:
        return None
    hospital = found[0]
    return HospitalMatch(hospital.name, hospital.grade, hospital.code or None, sealed)


def _with_place(name: str, hospital: Hospital) -> str:
    """`第一人民医院` of 广州市 as `广州市第一人民医院`."""
    city = bare(hospital.city)
    return (
        name
        if not city or name.startswith((city, city.rstrip("市"), bare(hospital.province)[:2]))
        else city + name
    )
