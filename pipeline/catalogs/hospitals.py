"""Printed hospital names to the registry.

Names of hospitals are long and differ in one character (第一, 第二), so a name is taken only when it is
the same but for characters that look alike, and when numbers and places agree.
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
_NUMBERS = re.compile(r"[0-9〇零一二三四五六七八九十]+")
_STAMP = re.compile(r"(?:医疗|门诊|住院)?(?:收费|财务|结算|票据|发票)?(?:专用)?章$|(?:门诊部|收费处|住院处)$")
_ENDING = re.compile(r"(?:医院|中心|卫生院|保健院|门诊部|诊所|研究所|防治所|分院|院区|服务站)$")


class HospitalMatch(NamedTuple):
    """A hospital of the registry; `code` is None where the registry has none."""

    name: str
    grade: str
    code: str | None


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
        self._names = [name for name in self._known if len(name) >= 6]
        self._index = NameIndex(self._names)

    def match(self, printed: str) -> HospitalMatch | None:
        """The one hospital of that name, or None where there is none or more than one."""
        text = normalise(printed)
        spellings = [bare(text), bare(re.sub(r"\([^()]*\)", "", text))]
        spellings += [bare(part) for part in re.findall(r"\(([^()]*)\)", text) if _ENDING.search(part)]
        for spelling in dict.fromkeys(_STAMP.sub("", one) for one in spellings):
            found = self._known.get(spelling) if len(spelling) >= 4 else None
            if found is not None:
                return _alone(found)
        for spelling in dict.fromkeys(_STAMP.sub("", one) for one in spellings):
            near = self._near(spelling) if len(spelling) >= 6 else None
            if near is not None:
                return near
        return None

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


def _alone(found: Sequence[Hospital]) -> HospitalMatch | None:
    if len({hospital.name for hospital in found}) > 1:
        return None
    hospital = found[0]
    return HospitalMatch(hospital.name, hospital.grade, hospital.code or None)


def _with_place(name: str, hospital: Hospital) -> str:
    """`第一人民医院` of 广州市 as `广州市第一人民医院`."""
    city = bare(hospital.city)
    return (
        name
        if not city or name.startswith((city, city.rstrip("市"), bare(hospital.province)[:2]))
        else city + name
    )
