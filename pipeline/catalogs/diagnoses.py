"""Printed diagnoses to ICD-10, insurance version (医保版 2.0).

Certificates word a diagnosis more freely than the code list: with a number before it, a question mark
behind it, a stage, a side, or by its everyday name (冠心病, 脑梗塞). Everyday names are in
`data/diagnosis_aliases.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from pipeline.catalogs.entries import DATA, Diagnosis, read_pairs
from pipeline.catalogs.grams import NameIndex
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import bare, normalise

LEAST_SCORE = 0.84
"""Below this no code is given: a wrong code on a claim is worse than none."""
_MARGIN = 0.02

_LEAD = re.compile(
    r"^(?:\(?[0-9一二三四五六七八九十]{1,2}[.、:)]|[①-⑳]|[.、,;:*\-]|(?:临床|初步|出院|入院|主要|次要|其他|门诊|西医)?诊断[:为]|主诉[:])+"
)
_DOUBT = re.compile(r"(?:\?|待查|待排|可能|考虑|不除外|疑似)+$|^(?:疑似|考虑|可疑)")
_ICD_CODE = re.compile(r"\(?\b[a-z]\d{2}(?:\.[0-9x]\S*?)?\b\)?", re.IGNORECASE)
_DETAIL = re.compile(
    r"\([^()]*\)|(?:极高危|很高危|高危|中危|低危)组?|(?:左侧|右侧|双侧|左|右|双)(?=.{3})"
    r"|(?:急性发作期|缓解期|稳定期|心功能.{1,4}级.*)$"
)
_ENDINGS = re.compile(r"(?:病|症|征|状态)$")
_TELLING = (
    ("1型", "2型", "妊娠"),
    ("急性", "慢性"),
    ("一级", "二级", "三级", "1级", "2级", "3级"),
    ("左", "右", "双侧"),
    ("良性", "恶性"),
    ("上肢", "下肢"),
    ("颈", "胸", "腰", "骶"),
    ("先天", "后天", "继发"),
    ("开放", "闭合"),
    ("不稳定", "稳定"),
    ("甲", "乙", "丙", "丁", "戊"),
    ("单", "双"),
    ("股", "胫", "腓", "肱", "桡", "尺", "髌", "跟", "锁"),
)


class DiagnosisMatch(NamedTuple):
    """A diagnosis of the code list; `score` is 0 to 1."""

    name: str
    icd10_code: str
    score: float


class DiagnosisMatcher:
    """Matches against a fixed list of diagnoses."""

    def __init__(self, diagnoses: Sequence[Diagnosis]) -> None:
        self._known: dict[str, Diagnosis] = {}
        for diagnosis in diagnoses:
            for name in (diagnosis.name, *diagnosis.aliases):
                self._known.setdefault(bare(name), diagnosis)
        by_name = {diagnosis.name: diagnosis for diagnosis in diagnoses}
        for alias, name in everyday_names().items():
            if name in by_name:
                self._known.setdefault(alias, by_name[name])
        self._known.pop("", None)
        self._names = list(self._known)
        self._index = NameIndex(self._names)
        self._remembered: dict[str, DiagnosisMatch | None] = {}

    def match(self, text: str) -> DiagnosisMatch | None:
        """The diagnosis that comes near enough and near alone."""
        if text not in self._remembered:
            if len(self._remembered) > 8192:
                self._remembered.clear()
            self._remembered[text] = self._find(text)
        return self._remembered[text]

    def _find(self, text: str) -> DiagnosisMatch | None:
        for spelling, weight in _spellings(text):
            found = self._known.get(spelling)
            if found is not None:
                return DiagnosisMatch(found.name, found.code, round(weight, 3))
        best: dict[str, tuple[float, Diagnosis]] = {}
        for spelling, weight in _spellings(text):
            for number in self._index.nearest(spelling, 32):
                name = self._names[number]
                alike = likeness(spelling, name)
                if alike < 0.7 or _told_apart(spelling, name):
                    continue
                found = self._known[name]
                if found.code not in best or best[found.code][0] < alike * weight:
                    best[found.code] = (alike * weight, found)
        ranked = sorted(best.values(), key=lambda one: -one[0])
        if not ranked or ranked[0][0] < LEAST_SCORE:
            return None
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _MARGIN:
            return None
        score, found = ranked[0]
        return DiagnosisMatch(found.name, found.code, round(score, 3))


@cache
def everyday_names() -> dict[str, str]:
    """Everyday name of a diagnosis to its name in the code list."""
    return {bare(alias): name for alias, name in read_pairs(DATA / "diagnosis_aliases.csv").items()}


def _spellings(text: str) -> list[tuple[str, float]]:
    """What may be looked up, most of the text first, with how far each is trusted."""
    plain = normalise(text)
    plain = _ICD_CODE.sub("", plain)
    before = None
    while plain != before:
        before = plain
        plain = _DOUBT.sub("", _LEAD.sub("", plain))
    short = _DETAIL.sub("", plain)
    ends: dict[str, float] = {}
    for spelling, weight in ((plain, 1.0), (short, 0.96)):
        key = bare(spelling)
        if len(key) >= 2:
            ends.setdefault(key, weight)
            if len(key) >= 4:
                ends.setdefault(_ENDINGS.sub("", key), weight * 0.97)
    return list(ends.items())


def _told_apart(a: str, b: str) -> bool:
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return True
    return any(
        {word for word in family if word in a} != {word for word in family if word in b}
        for family in _TELLING
    )
