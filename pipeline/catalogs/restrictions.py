"""The notes of the national drug list (备注，限定支付范围) as far as a computer can check them.

    限二级及以上医疗机构脑梗死恢复期患者，单次住院最多支付14天。

says a level of hospital, a disease and a number of days. What is said of gene tests, of treatments that
failed or of second lines is left to a person: the note then has `conditions`. Where a note names several
cases (1.… 2.…) a limit is computed only if every case has it, and then as all cases together: it is better
to let a row pass than to doubt a good one. Diseases are known by words (`data/restriction_diseases.csv`,
with the ICD-10 categories that each covers).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import NamedTuple, TypeVar

from pipeline.catalogs.entries import DATA

T = TypeVar("T")

ADULT_YEARS = 18
"""儿童 in the list's notes stands against 成人; below this age a person is a child."""
TODDLER_YEARS = 3
"""婴幼儿: up to the third birthday, and the year after it, so that nobody is doubted for days."""
TEENAGER_YEARS = 12
"""青少年 in the list's own words: 12岁及以上青少年."""
DAYS_OF_A_MONTH = 31
"""Of a limit in months; the published rules count 12 months as 365 days."""
OLDEST_YEARS = 150

_NUMBERED = re.compile(r"(?:^|[：:；;。，])\s*\d{1,2}[.、．](?:(?!\d)|(?=\d+(?:[-~至到]\d+)?周?岁))")
"""A number before a case; `2.2-6周岁` is the second case, `1.5岁` stands in no note."""
_SENTENCES = re.compile(r"[；;。]")
_DAYS = re.compile(
    r"(?:支付|使用|治疗|疗程)[^，；。]{0,8}?(?:不超过|最多支付|最长)(\d+)(天|日|个月)"
    r"|最多支付(\d+)(天|日|个月)"
)
_NOT_ALONE = re.compile(r"处方均由该类饮片组成时不予支付")
"""The mark □ of the list of herbal pieces, in words."""
_DAYS_ALONE = re.compile(r"(?:单次住院)?(?:最多)?支付[^，]*")
_LEVEL = re.compile(r"(?<!由)(?<!需)([二三])级及以上(?:综合)?(?:医疗机构|医院)")
_PRESCRIBED = re.compile(r"(?:由|需)[二三]级")
_WORDS_OF_AGE = r"(?:的)?(?:儿童|青少年|成人|成年|患者|婴幼儿)*"
_AGE_RANGE = re.compile(rf"(\d+)(?:周?岁)?(?:至|到|-|~|—)[＜<]?(\d+)(?:周)?岁(以下)?{_WORDS_OF_AGE}")
_AGE_FROM = re.compile(
    r"(?:(?:[≥＞>]|大于|年满)(\d+)周?岁|(\d+)周?岁(?:和\d+周?岁)?(?:及|或)?以上|(\d+)岁和\d+岁以上)"
    + _WORDS_OF_AGE
)
_YOUNG_IN_MONTHS = re.compile(r"\d+(?:月龄|日龄|个月龄)")
_PLAIN_AGES: tuple[tuple[str, int, int], ...] = (
    ("新生儿", 0, 0),
    ("婴幼儿", 0, TODDLER_YEARS),
    ("婴儿", 0, 1),
    ("青少年", TEENAGER_YEARS, ADULT_YEARS),
    ("儿童", 0, ADULT_YEARS - 1),
    ("小儿", 0, ADULT_YEARS - 1),
    ("成人", ADULT_YEARS, OLDEST_YEARS),
    ("成年", ADULT_YEARS, OLDEST_YEARS),
)
_FEMALE = re.compile(r"女性|妇女|绝经|产后|孕妇|子宫|卵巢|阴道|外阴|宫颈")
_MALE = re.compile(r"男性|前列腺|睾丸")
_INSURANCE = re.compile(r"^限(工伤|生育)保险。?$")
_INPATIENT = re.compile(r"(?:限|的)住院(?:患者|病人)?(?:$|[，。；使])|住院患者")
_EMERGENCY_ROOM = re.compile(r"急诊")
_RESCUE = re.compile(r"急救|抢救")
_CONDITIONS = re.compile(
    r"二线|三线|一线|首选|联合|联用|配合|证据|依据|无效|失败|不耐受|无法|不能|不宜|不适合|禁忌|既往|接受过|曾|复发|难治"
    r"|耐药|药敏|突变|阳性|阴性|分级|评分|BMI|白蛋白|ALT|AST|小时内|内开始|审查|处方|检验|检查|手术|移植|化疗|放疗"
    r"|重症|重度|中度|轻度|中重度|轻中度|晚期|早期|转移|急性期|恢复期|活动性|稳定|高危|控制不佳|单独使用|每日|每年|累计|筛查|辨证|证候"
)


class Ages(NamedTuple):
    """Full years, both ends included."""

    least: int
    most: int


class Disease(NamedTuple):
    """A word of the notes and the ICD-10 categories, first and last three characters, that it covers."""

    word: str
    ranges: tuple[tuple[str, str], ...]

    def covers(self, code: str) -> bool:
        """Whether an ICD-10 code is of one of its categories."""
        return any(first <= code[:3] <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a note asks for; an empty value is no limit. `note` is the note as it stands."""

    note: str
    level: str = ""
    """The least level of hospital: 二级 or 三级."""
    ages: tuple[Ages, ...] = ()
    sex: str = ""
    insurance: str = ""
    visits: tuple[str, ...] = ()
    """Kinds of visit, any of 住院, 急诊, 抢救."""
    days: int | None = None
    diseases: tuple[Disease, ...] = ()
    """Any of them."""
    not_alone: bool = False
    """Herbal pieces that are not paid where a prescription holds only such pieces."""
    has_conditions: bool = False
    """Whether it asks for something that only a person can judge."""

    @property
    def is_computed(self) -> bool:
        """Whether anything of it can be checked."""
        return bool(
            self.not_alone
            or self.level
            or self.ages
            or self.sex
            or self.insurance
            or self.visits
            or self.days
            or self.diseases
        )


@lru_cache(maxsize=4096)
def parse_restriction(note: str) -> Restriction:
    """What a note says; never raises.

    >>> found = parse_restriction("限二级及以上医疗机构脑梗死恢复期患者，单次住院最多支付14天。")
    >>> found.level, found.days, [disease.word for disease in found.diseases], found.has_conditions
    ('二级', 14, ['脑梗死'], True)
    >>> parse_restriction("限2岁至11岁儿童慢性便秘。").ages
    (Ages(least=2, most=11),)
    """
    text = "".join(note.split())
    if _NOT_ALONE.search(text):
        return Restriction(note, not_alone=True)
    if not re.search(r"[限用支]", text):
        return Restriction(note)
    cases = _cases(text)
    sexes = [_sex(case) for case in cases]
    insurance = _INSURANCE.match(text)
    found = Restriction(
        note,
        level=_level(text),
        ages=_all_or_none([_ages(case) for case in cases]),
        sex=sexes[0] if len(set(sexes)) == 1 else "",
        insurance=insurance[1] if insurance else "",
        visits=_visits(cases),
        days=_days(text),
        diseases=() if "或生育保险" in text else _all_or_none([_diseases(case) for case in cases]),
    )
    asks_more = bool(_CONDITIONS.search(text) or _PRESCRIBED.search(text)) or not found.is_computed
    return replace(found, has_conditions=asks_more)


def _cases(text: str) -> list[str]:
    """The cases that a note names: numbered ones, else parted by semicolons; days alone are no case."""
    parts = _NUMBERED.split(text)
    cases = parts[1:] if len(parts) > 1 else _SENTENCES.split(text)
    return [case for case in cases if case and not _DAYS_ALONE.fullmatch(case)] or [text]


def _all_or_none(each: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """What all cases allow together; nothing where one case has no such limit."""
    if not all(each):
        return ()
    return tuple(dict.fromkeys(one for found in each for one in found))


def _level(text: str) -> str:
    found = _LEVEL.search(text)
    return f"{found[1]}级" if found and "首次处方" not in text else ""


def _ages(case: str) -> tuple[Ages, ...]:
    if _YOUNG_IN_MONTHS.search(case):
        return ()
    ages = []
    rest = case
    for found in _AGE_RANGE.finditer(case):
        most = int(found[2]) - (1 if found[3] or found[0][found[0].find(found[2]) - 1] in "<＜" else 0)
        ages.append(Ages(int(found[1]), most))
    rest = _AGE_RANGE.sub("", rest)
    ages += [Ages(int(found[1] or found[2] or found[3]), OLDEST_YEARS) for found in _AGE_FROM.finditer(rest)]
    rest = _AGE_FROM.sub("", rest)
    for word, least, most in _PLAIN_AGES:
        if word in rest:
            ages.append(Ages(least, most))
            rest = rest.replace(word, "")
    return tuple(one for one in ages if one.least <= one.most)


def _sex(case: str) -> str:
    female, male = bool(_FEMALE.search(case)), bool(_MALE.search(case))
    return "" if female == male else "女" if female else "男"


def _visits(cases: Sequence[str]) -> tuple[str, ...]:
    each = []
    for case in cases:
        words: list[str] = []
        if _INPATIENT.search(case):
            words.append("住院")
        if _EMERGENCY_ROOM.search(case):
            words.append("急诊")
        if _RESCUE.search(case):
            words.append("抢救")
        each.append(tuple(words))
    return _all_or_none(each)


def _days(text: str) -> int | None:
    found = _DAYS.search(text)
    if found is None:
        return None
    number, unit = int(found[1] or found[3]), found[2] or found[4]
    return number * DAYS_OF_A_MONTH if unit == "个月" else number


def _diseases(case: str) -> tuple[Disease, ...]:
    """The diseases named; the longest word that fits at a place."""
    found = []
    rest = case
    for disease in known_diseases():
        if disease.word in rest:
            found.append(disease)
            rest = rest.replace(disease.word, "　")
    return tuple(found)


@cache
def known_diseases() -> tuple[Disease, ...]:
    """The words of `data/restriction_diseases.csv`, longest first."""
    with (DATA / "restriction_diseases.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        diseases = [Disease(row["word"], tuple(_ranges(row["icd10"]))) for row in rows]
    return tuple(sorted(diseases, key=lambda disease: -len(disease.word)))


def _ranges(text: str) -> Iterator[tuple[str, str]]:
    """`C00-D48 Z85` as pairs of first and last category."""
    for part in text.split():
        first, _, last = part.partition("-")
        yield first, last or first
