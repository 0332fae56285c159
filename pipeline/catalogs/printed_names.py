"""An item's name as bills print it, taken apart: markers, tax heading, specification, brackets.

Bills put before, behind and into the name: `*`, `▲`, `(甲)`, `[国谈]`, `◇`, a line number, the trade name in
brackets, the specification glued on (`阿莫西林胶囊0.25g*24粒/盒`), and on VAT invoices the commodity name
between asterisks (`*中成药*藿香正气软胶囊`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_VARIANTS = str.maketrans("象甙黏砂镥癥蘖芐〇糸髄徵鬆", "像苷粘沙镥症蘗苄零系髓征松")
"""Variant characters, folded on both sides of every comparison; the pairs are one word in these lists."""

_GRADES = (
    (re.compile(r"(?:III|3|lll|川)级"), "三级"),
    (re.compile(r"(?:II|2|ll)级"), "二级"),
    (re.compile(r"(?:I|1|l)级"), "一级"),
    (re.compile(r"([一二三特])级"), r"\1级"),
)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufe00-\ufe0f\x00-\x1f\x7f]")
_ONE_SPELLING: dict[int, str | int] = {
    **_VARIANTS,
    **dict.fromkeys(map(ord, "[【〔{〖［｛《〈<「『"), "("),
    **dict.fromkeys(map(ord, "]】〕}〗］｝》〉>」』"), ")"),
}
"""Variant characters and every kind of bracket, after compatibility forms (Ⅱ, full width) are resolved."""

_TORN_NUMERAL = re.compile(r"[Ⅰ-Ⅻ][I1l|]+|[I1l|]+[Ⅰ-Ⅻ]")
"""A Roman numeral read as two: `ⅡI级护理` may be Ⅱ or Ⅲ, so it is neither."""
_DIGIT = re.compile(r"\d")
_TIMES = re.compile(r"(?<=\d)[×xX✕✖╳](?=[\d.])|(?<=[a-zA-Z片粒支袋丸])[×✕✖╳](?=[\d.])")
_TIMES_AFTER_UNIT = re.compile(r"(?<=[\d万])(mg|ug|μg|g|ml|l|iu|u)[xX](?=\d)", re.IGNORECASE)
_MARKER_WORDS = (
    r"甲|乙|丙|甲类|乙类|丙类|甲等|自费|自付|自理|无自付|有自付|全自付|部分自付|医保|非医保|医保内|医保外|国谈|谈判|谈判药|国家谈判|"
    r"国采|集采|带量|带量采购|国家集采|省集采|集中采购|中选|非中选|基|基药|国基|省基|非基|基本药物|国家基本药物|双通道|限|限用|限制|限儿童|进口|进|"
    r"国产|合资|外购|自备|赠|赠送|零差率|高值|急|急诊|门诊|住院|出院|出院带药|带药|原研|仿|仿制|慢病|特病|门慢|门特|精|精一|精二|毒|麻|"
    r"高危|冷藏|皮试|抗菌|限制级|非限制级|特殊级|新|旧|GJ|JC|GT|GK|国|省|市|临采|代煎|免煎|退|退费|冲|冲红|补"
)
_MARKER = re.compile(rf"\((?:{_MARKER_WORDS}|\d{{1,3}}%?|[A-HJ-UW-Z])\)|^(?:{_MARKER_WORDS})[:：]")
_LEAD = re.compile(
    r"^(?:[\s*#＊★☆▲△▼▽●○◎◆◇■□※◤@&^~`'\"“”‘’!?,，.。、;；:：/\\|_+=\-—·•√×✓]|\d{1,3}[.、:：)](?!\d))+"
)
_MARKER_HALF = re.compile(r"^(?:\((?:甲|乙|丙|基|国谈|集采)(?=[\u3400-\u9fff])|(?:甲|乙|丙|基|国谈|集采)\))")
"""A marker of which one bracket was not read."""
_OPENING_LOST = re.compile(
    r"(片|胶囊|丸|颗粒|散|注射液|口服液|溶液|糖浆|合剂|膏|栓|滴眼液|凝胶|剂)([\u3400-\u9fff]{2,4})\)"
)
_LEADING_CLASS = re.compile(r"^(?:甲类|乙类|丙类)(?=[\u3400-\u9fff])")
_TRAIL = re.compile(r"[\s*#★☆▲△●○◆◇■□※,，.。、;；:：/\\|_+=\-—·•×]+$")
_TAX = re.compile(r"^\*([^*\d]{2,14})\*(?=[^*\d])")
_DAY = re.compile(r"^(?:20\d\d[-–—.]+)?(?:0[1-9]|1[0-2])[-–—.]*[0-3][\dSO](?=[\u3400-\u9fff])")
"""The day of the column before, `09-0S` for 09-05, that was read with the name."""
_CODE = re.compile(r"^(?=[A-Z0-9]*\d{4})[A-Z0-9]{9,27}[\s:：\-]*(?=\S)")

_UNIT = (
    r"(?:mg|ug|μg|µg|mcg|ng|kg|g|ml|l|ul|iu|ku|u|mmol|mol|mci|cm|mm|kj|kcal|w|fr|s|"
    r"万单位|万u|万iu|亿|单位|万|克|毫克|微克|毫升|升|%|‰|"
    r"片|粒|袋|支|丸|贴|枚|揿|喷|吸|瓶|盒|包|板|张|泡|付|剂|个|只|套|条|卷|块|根|罐|筒|滴|s)"
)
_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_SPECIFICATION = re.compile(
    rf"(?:(?<![a-z0-9.\-α-ω])|(?<=[\u3400-\u9fff]i)|(?<=[\u3400-\u9fff]ii)|(?<=[\u3400-\u9fff][a-z])(?=0\.))"
    rf"{_NUMBER}\s*(?:[~-]\s*{_NUMBER}\s*)?{_UNIT}(?![a-z])"
    rf"|(?<![a-z0-9.]){_NUMBER}\s*[*x×]\s*{_NUMBER}"
    rf"|(?<![a-z0-9.]){_NUMBER}\s*[:：]\s*{_NUMBER}(?!\))"
    rf"|(?<=/)0\.\d+$",
    re.IGNORECASE,
)
_SPECIFICATION_IN_WORDS = re.compile(
    r"每\d*(?:[支袋丸片粒瓶板克揿喷滴包贴枚盒张]|[素基]片|g|ml|毫升|小袋)(?:装|重|含|相当于|净重|内含|[\d.])"
    r"|[素基]片重"
    r"|[按以](?=[^()]{1,24}计)(?:[A-Z][A-Za-z0-9·]*|[\u3400-\u9fff]+?)计算?"
)
"""`每丸重9g`, `每8丸相当于原生药3克`, `按C16H17N3O4S计算0.25g`, `以头孢呋辛计0.125g`."""
_SPACED = re.compile(
    rf"(?:(?<=[a-z]\d)|(?<=[a-z]\d\d)|(?<=[\u3400-\u9fff][a-z\d]))\s+(?=\d[\d.]*\s*{_UNIT}(?![a-z]))",
    re.IGNORECASE,
)
"""Space between a name that ends in a digit and its specification: 维生素B1 2.5mg is not B12 of .5 mg."""
_STRENGTH_FIRST = re.compile(rf"^\(?{_NUMBER}\s*(?:%|mg|g|ml)\)?(?=[\u3400-\u9fff])", re.IGNORECASE)
_DURATION = re.compile(r"^\d+\s*(?:小时|分钟|天|日|次|导|通道|层|排|项|岁|部位)")
_GROUP = re.compile(r"\(([^()]*)\)")
_HAN_ALONE = re.compile(r"[\u3400-\u9fff]+")
_KEPT = re.compile(r"[^0-9a-z\u0370-\u03ff\u3007\u3400-\u9fff\U00020000-\U0003ffff]+")


class PrintedName(NamedTuple):
    """A printed name taken apart; every text is normalised."""

    whole: str
    """Markers removed alone: `(超过5cm加收)` looks like a specification and is not."""
    plain: str
    """Markers and specification removed, brackets kept."""
    outer: str
    """`plain` without its brackets."""
    inner: tuple[str, ...]
    """What stood in brackets."""
    specification: str
    heading: str | None
    """The commodity name of a VAT invoice (`中成药`)."""


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """One spelling for what OCR and printers write in several; never raises, may give `""`.

    >>> normalise("（阿莫西林）　胶囊 ０．２５ｇ×２４粒")
    '(阿莫西林)胶囊0.25g*24粒'
    >>> normalise("【Ⅱ级护理】"), normalise("🙂"), normalise("")
    ('(二级护理)', '🙂', '')
    """
    if _HAN_ALONE.fullmatch(text):
        return text.translate(_VARIANTS)
    text = _TORN_NUMERAL.sub("?", text)
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_ONE_SPELLING)
    text = "".join(text.split())
    if _DIGIT.search(text):
        text = _TIMES_AFTER_UNIT.sub(r"\1*", _TIMES.sub("*", text))
    if "级" in text:
        for pattern, grade in _GRADES:
            text = pattern.sub(grade, text)
    return text


@lru_cache(maxsize=65536)
def bare(text: str) -> str:
    """Letters, digits and Chinese characters alone, in lower case: what names are compared by.

    >>> bare("血常规-（五分类）"), bare("维生素Ｂ１２"), bare("***")
    ('血常规五分类', '维生素b12', '')
    """
    if _HAN_ALONE.fullmatch(text):
        return text.translate(_VARIANTS)
    stripped = _KEPT.sub("", normalise(text).lower())
    # Where signs between figures have gone, an x left there means times and goes too.
    return stripped if stripped == text else bare(stripped)


@lru_cache(maxsize=16384)
def take_apart(printed: str) -> PrintedName:
    """Take a printed name apart.

    >>> take_apart("*(甲)阿托伐他汀钙片(立普妥)20mg×7片/盒")
    PrintedName(whole='阿托伐他汀钙片(立普妥)20mg*7片/盒', plain='阿托伐他汀钙片(立普妥)', \
outer='阿托伐他汀钙片', inner=('立普妥',), specification='20mg*7片/盒', heading=None)
    >>> take_apart("*中成药*藿香正气软胶囊").heading, take_apart("5%葡萄糖注射液250ml").plain
    ('中成药', '葡萄糖注射液')
    """
    text = normalise(_SPACED.sub("/", printed))
    heading: str | None = None
    tax = _TAX.match(text)
    if tax and _has_han(tax[1]):
        heading, text = tax[1], text[tax.end() :]
    text = _with_lost_bracket(_without_markers(text))
    whole = text
    text = _STRENGTH_FIRST.sub("", text) or text
    text, specification = _cut_specification(text)
    text = _with_lost_bracket(_without_markers(text))
    inner = tuple(part for part in _GROUP.findall(text) if part)
    outer = text
    while _GROUP.search(outer):
        outer = _GROUP.sub("", outer)
    outer = outer.replace("(", "").replace(")", "")
    return PrintedName(whole, text, outer, inner, specification, heading)


def _has_han(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in text)


def _with_lost_bracket(text: str) -> str:
    """One bracket of a pair that was not read is put back, where it is plain where it stood.

    >>> _with_lost_bracket("氟康唑胶囊(优美安"), _with_lost_bracket("盐酸苯海索片益迪)")
    ('氟康唑胶囊(优美安)', '盐酸苯海索片(益迪)')
    """
    if text.count("(") == text.count(")") + 1 and text.rfind("(") > text.rfind(")"):
        return text + ")"
    if -1 < text.find(")") < text.find("(") or (")" in text and "(" not in text):
        return _OPENING_LOST.sub(r"\1(\2)", text, count=1)
    return text


def _without_markers(text: str) -> str:
    if _HAN_ALONE.fullmatch(text):
        return _LEADING_CLASS.sub("", text)
    before = None
    while text != before:
        before = text
        text = _LEAD.sub("", text)
        text = _MARKER.sub("", text)
        text = _LEADING_CLASS.sub("", text)
        text = _MARKER_HALF.sub("", text)
        text = _TRAIL.sub("", text)
        text = _CODE.sub("", text)
        text = _DAY.sub("", text)
    return text


def _cut_specification(text: str) -> tuple[str, str]:
    """The name and the specification behind it; what stands after the specification goes with it."""
    worded = _SPECIFICATION_IN_WORDS.search(text)
    if worded and worded.start() >= 2:
        before, after = text[: worded.start()].rstrip("("), text[worded.start() :]
        name, specification = _cut_specification(before)
        return name, specification + after.rstrip(")") if name != before else after.strip("()")
    for found in _SPECIFICATION.finditer(text):
        start = found.start()
        if start < 2 or not _has_han(text[:start]) or _DURATION.match(text[start:]):
            continue
        opened = text.rfind("(", 0, start)
        if opened >= 0 and ")" not in text[opened:start]:
            closed = text.find(")", start)
            if closed >= 0 and _has_han(rest := text[closed + 1 :]) and not _SPECIFICATION.match(rest):
                # `复方氨基酸注射液(250ml)(18AA)`, `氯化钠(0.9%)注射液`: the name goes on behind it
                return text[:opened] + rest, text[opened + 1 : closed]
            if _has_han(text[:opened]):
                start = opened
        if found[0].endswith("%") and _has_han(text[found.end() :]):
            return text[:start] + text[found.end() :], found[0]
        return text[:start], text[start:].strip("()")
    return text, ""
