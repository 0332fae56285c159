"""Printed diagnoses to ICD-10, insurance version (医保版 2.0).

Certificates word a diagnosis more freely than the code list: with a number before it, a question mark
behind it, a stage, a side (`printed_diagnoses` takes that apart), or by its everyday name (冠心病, 脑梗塞).
Everyday names are in `data/diagnosis_aliases.csv`. A code printed beside the name, of the insurance version
or of the clinical one, speaks with the name: it decides between names that come near, and never alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from pipeline.catalogs.entries import DATA, Diagnosis, read_pairs
from pipeline.catalogs.grams import NameIndex
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_diagnoses import PrintedDiagnosis, split_line, split_softly, take_apart
from pipeline.catalogs.printed_names import bare, normalise

LEAST_SCORE = 0.84
"""Below this no code is given: a wrong code on a claim is worse than none.

Of 400 misread names of the full list 86 % get their code and 1 % another; at 0.80 it is 88 %, but of names
that are not in the list 4.7 % get a code of another category, not 1.8 %.
"""
_MARGIN = 0.02
_NEAR = 0.7
"""Below this likeness a name is not looked at; a code printed beside it may confirm one from here on."""
_REMEMBERED = 8192

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
    ("肝", "胆", "脾", "肾", "胃", "肠", "肺", "心", "脑", "胰", "膀胱", "子宫", "卵巢", "前列腺"),
    ("口", "咽", "喉", "鼻", "耳", "眼", "舌", "唇", "牙"),
    ("动脉", "静脉"),
    ("肾炎", "肾病"),
    ("故意", "意外"),
    ("阳性", "阴性"),
)
_SIGNS = (("(+)", "阳性"), ("(-)", "阴性"))
"""What is in brackets behind a test; letters and signs are lost where names are compared."""


class DiagnosisMatch(NamedTuple):
    """A diagnosis of the code list; `score` is 0 to 1."""

    name: str
    icd10_code: str
    score: float


class CodedDiagnosis(NamedTuple):
    """One printed diagnosis with the entry it stands for.

    `code` is that of a disease that is there or suspected, or of a past one where the list words it so; `was`
    is the disease that lies behind the patient (胆囊结石术后), which is not coded as a present one.
    """

    printed: PrintedDiagnosis
    match: DiagnosisMatch | None
    was: DiagnosisMatch | None = None

    @property
    def code(self) -> str | None:
        """The code in ICD-10, insurance version, or None."""
        return self.match.icd10_code if self.match is not None else None


class DiagnosisMatcher:
    """Matches against a fixed list of diagnoses.

    Args:
        diagnoses: The list, insurance version.
        clinical: Code of the clinical version to code and name of the insurance version.
    """

    def __init__(
        self,
        diagnoses: Sequence[Diagnosis],
        clinical: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> None:
        self._clinical = clinical
        self._codes = {diagnosis.code.upper(): diagnosis for diagnosis in diagnoses}
        self._known: dict[str, Diagnosis] = {}
        for diagnosis in diagnoses:
            for name in (diagnosis.name, *diagnosis.aliases):
                self._known.setdefault(_key(name), diagnosis)
        by_name = {diagnosis.name: diagnosis for diagnosis in diagnoses}
        for alias, name in everyday_names().items():
            if name in by_name:
                self._known.setdefault(alias, by_name[name])
        self._known.pop("", None)
        self._names = list(self._known)
        self._index = NameIndex(self._names)
        self._remembered: dict[str, DiagnosisMatch | None] = {}

    def match(self, text: str) -> DiagnosisMatch | None:
        """The diagnosis that one printed name comes near enough to and near alone."""
        if text not in self._remembered:
            if len(self._remembered) > _REMEMBERED:
                self._remembered.clear()
            self._remembered[text] = self._coded(take_apart(text)).match
        return self._remembered[text]

    def read(self, line: str) -> tuple[CodedDiagnosis, ...]:
        """The diagnoses of a printed line, in order; those without an entry of the list have no match."""
        return tuple(one for part in split_line(line) for one in self._parted(part))

    def _parted(self, part: str) -> Sequence[CodedDiagnosis]:
        """One diagnosis, or several that commas part: only where each of them is in the list."""
        whole = self._coded(take_apart(part))
        pieces = split_softly(part)
        if len(pieces) < 2 or (whole.match is not None and whole.match.score == 1):
            return [whole]
        each = [self._coded(take_apart(piece)) for piece in pieces]
        parted = all(one.match is not None or one.was is not None for one in each)
        return each if parted else [whole]

    def _coded(self, printed: PrintedDiagnosis) -> CodedDiagnosis:
        if printed.course in ("present", "suspected"):
            return CodedDiagnosis(printed, self._find(_spellings(printed), printed.code))
        as_listed = self._exact([(_key(printed.core), 1.0)])
        was = self._find(_spellings(take_apart(printed.of)), "") if printed.of else None
        return CodedDiagnosis(printed, as_listed, was)

    def _exact(self, spellings: Iterable[tuple[str, float]]) -> DiagnosisMatch | None:
        for spelling, weight in spellings:
            found = self._known.get(spelling)
            if found is not None:
                return DiagnosisMatch(found.name, found.code, round(weight, 3))
        return None

    def _find(self, spellings: Sequence[tuple[str, float]], code: str) -> DiagnosisMatch | None:
        if (exact := self._exact(spellings)) is not None:
            return exact
        named = self._with_code(code)
        best: dict[str, tuple[float, Diagnosis]] = {}
        for spelling, weight in spellings:
            for number in self._index.nearest(spelling, 32):
                name = self._names[number]
                alike = likeness(spelling, name)
                if alike < _NEAR or _told_apart(spelling, name):
                    continue
                found = self._known[name]
                if found.code not in best or best[found.code][0] < alike * weight:
                    best[found.code] = (alike * weight, found)
        if named is not None and named.code in best:
            score, found = best[named.code]
            return DiagnosisMatch(found.name, found.code, round(max(score, LEAST_SCORE), 3))
        ranked = sorted(best.values(), key=lambda one: -one[0])
        if not ranked or ranked[0][0] < LEAST_SCORE:
            return None
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _MARGIN:
            return None
        score, found = ranked[0]
        return DiagnosisMatch(found.name, found.code, round(score, 3))

    def _with_code(self, code: str) -> Diagnosis | None:
        """The entry of a printed code: of the insurance version, or by the map of the clinical one."""
        if not code:
            return None
        known = self._codes.get(code.upper())
        if known is not None:
            return known
        mapped = self._clinical.get(code)
        return self._codes.get(mapped[0].upper()) if mapped else None


@cache
def everyday_names() -> dict[str, str]:
    """Everyday name of a diagnosis to its name in the code list."""
    return {bare(alias): name for alias, name in read_pairs(DATA / "diagnosis_aliases.csv").items()}


def _spellings(printed: PrintedDiagnosis) -> list[tuple[str, float]]:
    """What may be looked up, most of the text first, with how far each is trusted."""
    ends: dict[str, float] = {}
    for spelling, weight in ((printed.core, 1.0), (printed.plain, 0.96)):
        key = _key(spelling)
        if len(key) >= 2:
            ends.setdefault(key, weight)
            if len(key) >= 4:
                ends.setdefault(_ENDINGS.sub("", key), weight * 0.97)
    return list(ends.items())


def _key(name: str) -> str:
    """What names are compared by: bare, with the sign of a test in words."""
    plain = normalise(name)
    for sign, word in _SIGNS:
        plain = plain.replace(sign, word)
    return bare(plain)


def _told_apart(a: str, b: str) -> bool:
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return True
    return any(
        {word for word in family if word in a} != {word for word in family if word in b}
        for family in _TELLING
    )
