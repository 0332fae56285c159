"""Parsers of texts that several forms share; each raises `ValueError` for what cannot be the value."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipeline.text import find_date, fold, parse_age, parse_capitals, parse_date, parse_money, squeeze

_LEADING_NUMBER = re.compile(r"[¥-]*\s*\d[\d,]*(?:\.\s?\d+)?")
BARE_DATE = re.compile(r"(?<!\d)(20\d\d)[\s年./-]+(\d{1,2})[\s月./-]+(\d{1,2})(?!\d)")
"""Year, month and day as an overprint leaves them: 年, 月 and 日 stand elsewhere on the form."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_CAPITAL_DIGITS = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟]")
_FIGURE_BEHIND = re.compile(
    r"[(\[,;:]*(?:小写|人民币|RMB)?[)\]:]*(?P<figure>¥?-?[0-9][0-9,]*\.[0-9]{2})(?:元|[)\]])*$"
)
"""The same amount in digits, which stands in the next cell or close behind the words."""


def as_code(text: str) -> str:
    """A code or number as printed, without spaces; its form is a rule's to check.

    >>> as_code(" 3706 0124 ")
    '37060124'
    """
    value = re.sub(r"\s", "", fold(text)).strip(".:;,")
    if not re.fullmatch(r"[0-9A-Za-z*_-]+", value):
        raise ValueError(f"not a code: {len(value)} characters with others than letters and digits")
    return value


def as_digits(text: str) -> str:
    """A code of digits alone: what is printed behind it is cut off, groups of five closed up.

    >>> as_digits("0013012040 第一联"), as_digits("76939 05688 34666 77916")
    ('0013012040', '76939056883466677916')
    >>> as_digits("33207675 012001800311")
    '33207675'
    """
    folded = fold(text).lstrip(" .:;")
    match = re.match(r"\d{2,6}(?: \d{2,6})+(?!\d)|\d+", folded)
    if match is None or re.match(r"[A-Za-z]", folded[match.end() :]):
        return as_code(text)
    return re.sub(r"\s", "", match.group())


def as_amount(text: str) -> Decimal:
    """An amount of yuan at the beginning of the text.

    >>> as_amount("0.00 元")
    Decimal('0.00')
    """
    folded = fold(text).strip()
    try:
        return parse_money(folded)
    except ValueError:
        match = _LEADING_NUMBER.match(folded)
        rest = folded[match.end() :].lstrip() if match else ""
        if match is None or not rest or not (_HAN.match(rest) or rest[0] in "(;"):
            raise
        return parse_money(match.group())


def as_date(text: str) -> date:
    """A date, whatever stands around it (a time, a bracket), or its three numbers alone.

    >>> as_date("2019 05 08")
    datetime.date(2019, 5, 8)
    """
    try:
        return parse_date(text)
    except ValueError:
        bare = BARE_DATE.search(fold(text))
        found = date(*(int(number) for number in bare.groups())) if bare else find_date(text)
        if found is None:
            raise
        return found


def as_text(text: str) -> str:
    """Printed words: not empty, and spaces between Chinese characters closed."""
    value = re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text.strip(" :：;；|_—-."))
    if not value:
        raise ValueError("empty")
    return value


def as_name(text: str) -> str:
    """A person's or an institution's name.

    >>> as_name("临沂市人民医院")
    '临沂市人民医院'
    """
    value = as_text(text)
    if not _HAN.search(value) and not re.fullmatch(r"[A-Za-z][A-Za-z .'-]+", value):
        raise ValueError("a name has letters")
    return value


def as_capitals(text: str) -> str:
    """An amount in words, as printed without spaces and strikes, and without the same amount in digits.

    >>> as_capitals("⊗壹仟伍佰捌拾圆柒角整"), as_capitals("叁佰贰拾肆元捌角整 324.80")
    ('壹仟伍佰捌拾圆柒角整', '叁佰贰拾肆元捌角整')
    """
    value = _FIGURE_BEHIND.sub("", squeeze(text).lstrip("⊗※☒×xX8❌@Ⓧ:)"))
    if not _CAPITAL_DIGITS.search(value):
        raise ValueError("no amount in words")
    return value


def figure_behind_words(text: str) -> Decimal | None:
    """The amount in digits that stands behind one in words, or None where there is none.

    >>> figure_behind_words("叁佰贰拾肆元捌角整 ¥324.80")
    Decimal('324.80')
    """
    match = _FIGURE_BEHIND.search(squeeze(text))
    if match is None or not _CAPITAL_DIGITS.search(text):
        return None
    try:
        return parse_money(match["figure"])
    except ValueError:
        return None


def capitals_amount(text: str) -> Decimal | None:
    """The amount that words state, or None where they do not parse."""
    try:
        return parse_capitals(text)
    except ValueError:
        return None


_TITLES_OF_DOCTORS = re.compile("(?:副?主任|主治|住院|经治|执业)?医[师生]$")


_FORM_WORD = (
    "签字|签名|签章|盖章|公章|印章|手印|姓名|医师|医生|护士|药师|患者|病人|家属|本人|代办人|经办人|操作员"
    "|日期|时间|年月日|年龄|性别|科室|科别|病区|床号|住院|门诊|急诊|诊断|处方|费别|金额|合计|单位|电话|住址|地址"
    "|审核|复核|调配|核对|发药|药房|主任|主治|主管|经治|执业|打印|编号"
)
_NO_NAME = re.compile(rf"(?:{_FORM_WORD})(?:[及或和、/]?(?:{_FORM_WORD}))*[处者]?")
"""What a form prints about a name: behind an empty label the next printed words stand."""

_NEVER_IN_A_NAME = re.compile(
    "^[签盖]|医院|院章|用章|公章|印章|专用|[门急]诊|诊断|医[师生]|社会信用|统一社会|信用代|识别号|纳税|代码|号码|地址|电话"
    "|账号|开户|票据|发票|收费|有限|公司|保险|身份证|医保|职工|居民"
)
"""Words of the form or of a seal: what holds one is no name, or a name with print of others glued to it."""


def as_person(text: str) -> str:
    """A person's name, without what is printed or written behind it.

    >>> as_person("李 示例 主治医师"), as_person("孙** 2026年4月24日")
    ('李示例', '孙**')
    """
    bare = re.sub(r"^[^:]{0,5}:|^\([^)]*\)", "", squeeze(text)).translate(SIMPLIFIED)
    match = re.match(r"[\u3400-\u9fff·*]{2,12}", bare)
    if match is not None and (_NO_NAME.fullmatch(match.group()) or _NEVER_IN_A_NAME.search(_bare(match))):
        _refuse(text)
    if match is None:
        return as_name(text) if bare.isascii() else _refuse(text)
    name = _bare(match)
    return name if len(name) >= 2 else _refuse(text)


def _bare(name: re.Match[str]) -> str:
    """The name without the rank that a doctor has behind it."""
    return _TITLES_OF_DOCTORS.sub("", name.group())


def _refuse(text: str) -> str:
    raise ValueError(f"not the name of a person: {len(text)} characters")


def as_id_number(text: str) -> str:
    """18 characters, or 15 of the old number; struck-out ones stay.

    >>> as_id_number("110105 19491231 002x")
    '11010519491231002X'
    """
    bare = squeeze(text).upper()
    match = re.match(r"[0-9*]{17}[0-9X*](?![0-9])|[0-9*]{15}(?![0-9X*])", bare)
    if match is None:
        raise ValueError(f"not an identity number: {len(bare)} characters")
    return match.group()


def as_age(text: str) -> str:
    """Years as a bare number; months and days keep their unit.

    >>> as_age("59 岁"), as_age("8月")
    ('59', '8月')
    """
    return re.sub("^([0-9]+)周?岁$", r"\1", parse_age(text))


def as_department(text: str) -> str:
    """A department, without the bed behind it."""
    return as_text(re.split(r"\s{2,}|床|病区[:号]", fold(text))[0])


SIMPLIFIED = str.maketrans(
    "醫學屬東廣華國濟婦產聯縣區門診衛復黃測奧種藥壓雙療術檢驗費項點號劑馬陳劉張楊趙吳孫鄭謝許韓馮鄧蕭葉蘇盧蔣賈"
    "斷證書單據處細結報碼錄發轉記認責確",
    "医学属东广华国济妇产联县区门诊卫复黄测奥种药压双疗术检验费项点号剂马陈刘张杨赵吴孙郑谢许韩冯邓萧叶苏卢蒋贾"
    "断证书单据处细结报码录发转记认责确",
)
"""What the engine makes of names in brush script; mainland papers print the simplified forms."""

_SEAL_BEHIND_NAME = re.compile("(?<=[院所站部室心])(?:[\u4e00-\u9fff]{0,6}专用章?|公章)$")


def as_institution(text: str) -> str:
    """The name of a hospital in simplified characters, without the words of a seal behind it.

    >>> as_institution("郑州大學第一附屬醫院"), as_institution("安徽省中医院收费专用章")
    ('郑州大学第一附属医院', '安徽省中医院')
    """
    return as_name(_SEAL_BEHIND_NAME.sub("", as_name(text).translate(SIMPLIFIED)))
