"""What seals on claim papers are called, and which of those names the writing of a seal says.

The names lie in `seal_names.csv` beside this module, one a row with how it is written and its purpose:
a hospital that calls its seal otherwise is one more row. Sources, as of `AS_OF`: for supervision seals
财政票据管理办法（财政部令第 70 号，经第 104 号修改）, for the seller's 发票专用章式样
（国家税务总局公告 2011 年第 7 号）, and the seals met on papers of Beijing and other provinces. A seal that
bears an institution's name and says no purpose is its official one (公章).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz

from pipeline.text import squeeze

AS_OF: Final = "2026-11-21"
NAMES_FILE = Path(__file__).with_name("seal_names.csv")

SUPERVISION, CHARGE, TAX, INSTITUTION = "supervision", "charge", "tax", "institution"
DIAGNOSIS, OUTSIDE_MEDICINE = "diagnosis", "outside_medicine"

HOSPITAL_SEAL, COMPANY_SEAL = "医疗机构公章", "单位公章"

LIKENESS = 75.0
"""Three of four characters, in percent: 诊断专用草 is 诊断专用章, 住院收费专用章 is not 门诊收费专用章."""

LEAST_LIKENESS, CLEAR_LEAD = 60.0, 8.0
"""A name is taken with fewer characters right where it leads every other by so much: 医疗收灣专用表 (71 %)
can be nothing but 医疗收费专用章. Its likeness says that it is less sure."""

NO_PURPOSE = 0.6
"""How much a name alone says for an official seal: a purpose may stand below it that could not be read."""

REGION_LIKENESS = 75.0
"""河南 is 河南省 (80 %), 河卤省 is nothing (67 %): it may as well be 湖南省."""

REGIONS: Final = (
    *(
        "中央",
        "北京市",
        "天津市",
        "上海市",
        "重庆市",
        "河北省",
        "山西省",
        "辽宁省",
        "吉林省",
        "黑龙江省",
        "江苏省",
    ),
    *(
        "浙江省",
        "安徽省",
        "福建省",
        "江西省",
        "山东省",
        "河南省",
        "湖北省",
        "湖南省",
        "广东省",
        "海南省",
        "四川省",
    ),
    *("贵州省", "云南省", "陕西省", "甘肃省", "青海省", "内蒙古自治区", "广西壮族自治区", "西藏自治区"),
    *(
        "宁夏回族自治区",
        "新疆维吾尔自治区",
        "新疆生产建设兵团",
        "深圳市",
        "大连市",
        "宁波市",
        "厦门市",
        "青岛市",
    ),
)

_HOSPITAL = re.compile(
    "(?:医院|卫生院|卫生所|保健院|诊所|门诊部|卫生服务中心|卫生服务站|防治院|医学中心|疗养院)"
)
_COMPANY = re.compile("(?:有限公司|有限责任公司|药房|药店|药业|集团)")
_NOT_WRITTEN = re.compile(r"[^\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class KnownSeal:
    """A writing that says what a seal is, the name of such seals, and their purpose."""

    written: str
    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name that a seal's writing says, and how much of the name is there, 0 to 1."""

    name: str
    purpose: str
    likeness: float


def named(lines: Sequence[str]) -> Named | None:
    """The name that the writing of a seal says, or None where it says none that is known.

    Args:
        lines: The arc and each straight line of the seal, as read.

    >>> named(["北京市海淀医院", "门诊收费专用草"])
    Named(name='门诊收费专用章', purpose='charge', likeness=0.857)
    >>> named(["北京市海淀医院", "1101080012345"]).name, named(["样例"])
    ('医疗机构公章', None)
    """
    bare = [_NOT_WRITTEN.sub("", squeeze(line)) for line in lines]
    likely = [
        ((2 * score - 100) * len(row.written), score, row)
        for row in known_seals()
        for line in bare
        if len(line) >= len(row.written) / 2
        and (score := fuzz.ratio(row.written, _part_like(row.written, line))) >= LEAST_LIKENESS - CLEAR_LEAD
    ]
    # Of two that both are there, the one with more characters right less those wrong: 收费专用章 stands in
    # 门诊收费专用章, and 电子票据专用章 is no 财政电子票据专用章.
    if alike := [each for each in likely if each[1] >= LIKENESS]:
        _, score, row = max(alike, key=lambda each: each[:2])
        return Named(row.name, row.purpose, round(score / 100, 3))
    if (clear := _clearly_leading([(score, row) for _, score, row in likely])) is not None:
        return clear
    if any(_HOSPITAL.search(line) for line in bare):
        return Named(HOSPITAL_SEAL, INSTITUTION, NO_PURPOSE)
    return (
        Named(COMPANY_SEAL, INSTITUTION, NO_PURPOSE) if any(_COMPANY.search(line) for line in bare) else None
    )


def _clearly_leading(likely: Sequence[tuple[float, KnownSeal]]) -> Named | None:
    """The name that is more like the writing than every other, though much of it was misread."""
    if not likely:
        return None
    score, row = max(likely, key=lambda each: each[0])
    others = [other for other, rival in likely if rival.name != row.name]
    if score < LEAST_LIKENESS or score - max(others, default=0.0) < CLEAR_LEAD:
        return None
    return Named(row.name, row.purpose, round(score / 100, 3))


def _part_like(name: str, line: str) -> str:
    """The part of the line that is most like the name."""
    found = fuzz.partial_ratio_alignment(name, line)
    return line[found.dest_start : found.dest_end] if found is not None and len(line) > len(name) else line


def region_of(lines: Sequence[str]) -> str | None:
    """The region that a supervision seal names on a line of its own.

    >>> region_of(["财政票据监制章", "河南省", "财政部监制"]), region_of(["财政票据监制章"])
    ('河南省', None)
    """
    bare = [_NOT_WRITTEN.sub("", squeeze(line)) for line in lines]
    scored = {region: max((fuzz.ratio(region, line) for line in bare), default=0.0) for region in REGIONS}
    best = max(scored.values())
    alike = [region for region, score in scored.items() if score == best]  # 南省 is as much 湖南省 as 河南省
    return alike[0] if best >= REGION_LIKENESS and len(alike) == 1 else None


def purpose_of(name: str | None) -> str | None:
    """What a seal of that name is for; None for a seal whose name is not known."""
    if name in (HOSPITAL_SEAL, COMPANY_SEAL):
        return INSTITUTION
    return next((row.purpose for row in known_seals() if row.name == name), None)


@cache
def known_seals() -> tuple[KnownSeal, ...]:
    """Every known writing with the name and purpose of its seal, from `seal_names.csv`."""
    with NAMES_FILE.open(encoding="utf-8", newline="") as rows:
        return tuple(KnownSeal(**row) for row in csv.DictReader(rows))
