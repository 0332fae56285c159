"""Diagnoses as certificates print them, taken apart: several in a line, and what stands around each.

    1.高血压病3级（极高危）2.左膝关节痛 ③胆囊结石术后 4.肺炎？ 5.脑梗死史

gives five, each with its side, its doubt, and whether it is there now or lies behind the patient. What lies
behind (术后, …史) is no present disease: it has a code only where the list of diagnoses words it so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.catalogs.printed_names import normalise

Course = Literal["present", "suspected", "after_treatment", "history"]

_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_LABEL = re.compile(
    r"^(?:(?:临床|初步|出院|入院|主要|次要|其他|门诊|急诊|西医|中医|目前|最后|修正)?诊断(?:意见)?[:为]|主诉:)+"
)
_MARK = re.compile(rf"[{_CIRCLED}]|(?<![\d.])\(?(\d{{1,2}})[.、:)](?!\.|\d(?!型))")
"""A number before a diagnosis; `2.2型糖尿病` has one, `4.5cm` has none."""
_HARD = re.compile(r"[;；\n\r|。]+")
_SIGNS = str.maketrans("？：（）", "?:()")
_CAUSE = re.compile(r"待查\s*:")
"""发热待查：肺部感染 is a symptom and what may be behind it."""
_SOFT = re.compile(r"[、，,/]|\s+")
_LEAD = re.compile(r"^(?:[.、,，;；:：*\-·]|[一二三四五六七八九十]{1,2}[、.])+")
_DOUBT_BEHIND = re.compile(r"(?:[?]|\(?(?:待查|待排查?|待除外|待诊|可能性?大?|不除外|不排除)\)?)+$")
_DOUBT_BEFORE = re.compile(r"^(?:疑似|疑诊|疑为|考虑为?|可疑|拟诊)")
_TIME = r"(?:\d+(?:余|多|[+])?[年月日天周]|[一二两三四五六七八九十]+余?[年月日天周]|个月)*余?"
_HISTORY = re.compile(rf"(?:既往)?(?:病)?史{_TIME}$|^(?:既往|曾患)")
_AFTER = re.compile(
    rf"(?:(?:根治|切除|置换|植入|置入|修补|搭桥|移植|介入|内固定|微创|手)?术|治疗|化疗|放疗|放化疗)后(?:状态)?(?:第?{_TIME})?$"
)
_LASTED = re.compile(r"\d+(?:余|多)?[年月周天日]$")
_SIDE_WORDS = {"左侧": "左", "右侧": "右", "双侧": "双", "两侧": "双"}
_SIDE_BEFORE = re.compile(r"^(左侧|右侧|双侧|两侧|左|右|双)(?=.{2})(?![心房室束冠相胎角重子])")
_SIDE_BEHIND = re.compile(r"\((左侧|右侧|双侧|两侧|左|右|双)\)|[,，](左侧|右侧|双侧|两侧|左|右|双)$")
_SIDED_LUNG = re.compile(r"^[左右]肺")
_ICD_CODE = re.compile(
    r"\(?(?<![a-z0-9])([a-z]\d{2}(?:\.[0-9x]{1,3}(?:x\d{3})?)?(?:[+*†][a-z0-9.*+x]*)?)(?![a-z0-9])\)?",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"\([^()]*\)|(?:极高危|很高危|高危|中危|低危)组?(?:人群)?"
    r"|(?:[0-9一二三四]|[ivⅠⅡⅢⅣ]{1,3})[ab]?[级期](?!.{4})|[ct]?t\d[a-c]?n\d[a-c]?m\d"
    r"|(?:急性)?(?:发作|加重|缓解|稳定|恢复|急性|活动|静止)期$|心功能.{1,4}级.*$"
    r"|(?:轻|中|重|轻中|中重)度$|,.{1,4}型$",
    re.IGNORECASE,
)
_FEWEST = 2
"""Characters of the shortest diagnosis (肺炎)."""


@dataclass(frozen=True, slots=True)
class PrintedDiagnosis:
    """One diagnosis of a line, taken apart; every text is normalised (`printed_names.normalise`)."""

    text: str
    """As printed, without its number."""
    core: str
    """What is to be looked up: without code, doubt and side in brackets; 术后 and 史 stay."""
    plain: str
    """`core` without side, stage, degree and what stands in brackets."""
    course: Course
    side: str
    """`左`, `右`, `双` or `""`."""
    code: str
    """The ICD-10 code printed beside it, in capitals, or `""`."""
    of: str = ""
    """With `after_treatment` and `history`: the disease that it was."""


def split_line(text: str) -> list[str]:
    """The diagnoses of a line that numbers and semicolons part; commas may stand inside one.

    >>> split_line("1.高血压病3级 2.2型糖尿病"), split_line("①肺炎②咽炎"), split_line("L4.5椎间盘突出")
    (['高血压病3级', '2型糖尿病'], ['肺炎', '咽炎'], ['L4.5椎间盘突出'])
    """
    parts: list[str] = []
    plain = _CAUSE.sub("待查;", text.translate(_SIGNS))
    for piece in _HARD.split(plain):
        parts += _by_numbers(_LABEL.sub("", piece.strip()))
    return [part for part in parts if len(part) >= _FEWEST]


def split_softly(text: str) -> list[str]:
    """The parts that commas and spaces leave; whether they are diagnoses is for the list to say.

    >>> split_softly("冠心病 不稳定型心绞痛 心功能II级")
    ['冠心病', '不稳定型心绞痛 心功能II级']
    """
    parts: list[str] = []
    for part in _SOFT.split(text):
        if parts and not _DETAIL.sub("", normalise(part)):
            parts[-1] += f" {part}"  # a stage or degree belongs to what stands before it
        elif part:
            parts.append(part)
    return parts


def _by_numbers(piece: str) -> Iterator[str]:
    """The parts between numbers that count on by one, from 1, or from 2 where the first is lost."""
    marks = []
    due = None
    for mark in _MARK.finditer(piece):
        number = int(mark[1]) if mark[1] else _CIRCLED.index(mark[0]) + 1
        if number == due or (due is None and (mark.start() == 0 or number <= 2)):
            marks.append(mark)
            due = number + 1
    edges = [0, *(edge for mark in marks for edge in mark.span()), len(piece)]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        part = _LEAD.sub("", piece[start:stop].strip()).strip("、,，.。 ")
        if part:
            yield part


def take_apart(text: str) -> PrintedDiagnosis:
    """One diagnosis taken apart; never raises.

    >>> one = take_apart("胆囊结石术后2年")
    >>> one.course, one.of, take_apart("肺炎？").course, take_apart("左侧膝关节痛").side
    ('after_treatment', '胆囊结石', 'suspected', '左')
    """
    wide = unicodedata.normalize("NFKC", text)
    code = _ICD_CODE.search(wide)  # before spaces go: behind a code stands 1型糖尿病
    if code is not None and len(wide) - len(code[0]) < _FEWEST:
        code = None
    plain = normalise(wide if code is None else f"{wide[: code.start()]} {wide[code.end() :]}")
    plain = _LEAD.sub("", _LABEL.sub("", plain))
    if (mark := _MARK.match(plain)) is not None:
        plain = _LEAD.sub("", plain[mark.end() :])
    core = _DOUBT_BEFORE.sub("", _DOUBT_BEHIND.sub("", plain)).strip("、,.;:*-")
    course: Course = "present" if core == plain.strip("、,.;:*-") else "suspected"
    side, core = _side_behind(core)
    of = ""
    if (past := _HISTORY.search(core)) is not None:
        course, of = "history", core[: past.start()] if past.start() else core[past.end() :]
    elif (past := _AFTER.search(core)) is not None and past.start() >= _FEWEST:
        course, of = "after_treatment", core[: past.start()]
    else:
        core = _LASTED.sub("", core) or core
    before = _SIDE_BEFORE.match(core)
    short = core
    if before is not None and not _SIDED_LUNG.match(core):
        side = _SIDE_WORDS.get(before[1], before[1])
        short = core[before.end() :]
    short = _DETAIL.sub("", short)
    return PrintedDiagnosis(
        text, core, short, course, side, code[1].upper().replace("X", "x") if code else "", of
    )


def _side_behind(core: str) -> tuple[str, str]:
    found = _SIDE_BEHIND.search(core)
    if found is None:
        return "", core
    word = found[1] or found[2]
    return _SIDE_WORDS.get(word, word), core[: found.start()] + core[found.end() :]
