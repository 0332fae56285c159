"""Printed Chinese to values: full-width forms, amounts (also 大写), dates, persons.

`parse_*` raises `ValueError` with a plain reason, `find_*` and `repair_*` may give None. Nothing is
padded, guessed or repaired silently: `15000,00` is an error here, not an amount, because a scan that
turns a point into a comma loses digits in the same way.

The grammar of 大写 follows 《正确填写票据和结算凭证的基本规定》 (银发〔1997〕393号) and what hospitals print.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

CENT = Decimal("0.01")

# ---------------------------------------------------------------- full-width forms

_REMEMBERED = 8192
"""Every stage asks for the same words of a page again; so many are kept ready."""

_UNIFIED = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("〜∼∽～", "~"),
        **dict.fromkeys("：﹕︰∶ː", ":"),
        **dict.fromkeys("【〔〖〘［﹝", "["),
        **dict.fromkeys("】〕〗〙］﹞", "]"),
        **dict.fromkeys("•‧∙⋅・･", "·"),
        "￥": "¥",
    }
)
# Decompositions that change the shape of a character and not its meaning. Left out on purpose:
# <super> (10² is not 102), <circle> (①), <fraction> (½), <square> (㎎, longer when taken apart).
_SAME_MEANING = {"", "<wide>", "<narrow>", "<noBreak>", "<small>", "<vertical>", "<compat>"}


@lru_cache(maxsize=_REMEMBERED)
def fold(text: str) -> str:
    """Full-width letters, digits and punctuation as half-width ones, character by character.

    The length never changes, so that positions (and boxes) of characters survive. Dashes become `-`,
    wide spaces a space, square brackets of all sorts `[` and `]`. Characters that NFKC would lengthen
    or give another meaning (㎎, ½, ②, m²) stay as they are, and so do 《》 and quotation marks.

    >>> fold("（小写）￥３４．０５　【西药费】：㎎")
    '(小写)¥34.05 [西药费]:㎎'
    """
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _fold_char(char) for char in text.translate(_UNIFIED))


def _fold_char(char: str) -> str:
    tag, _, rest = unicodedata.decomposition(char).rpartition(">")
    if not rest or (tag and tag + ">" not in _SAME_MEANING):
        return char
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


@lru_cache(maxsize=_REMEMBERED)
def squeeze(text: str) -> str:
    """`fold` without spaces and invisible characters.

    >>> squeeze("金 额 合 计（ 小写 ）")
    '金额合计(小写)'
    """
    return "".join(char for char in fold(text) if not char.isspace() and not _is_invisible(char))


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cf", "Cc"}


# ---------------------------------------------------------------- amounts in digits

_NUMBER = re.compile(r"(?P<whole>0|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]*)(?:\.(?P<decimals>[0-9]+))?")
_SPACE_IN_NUMBER = re.compile(r"(?<=[0-9])([,.]) +(?=[0-9])")
_MOST_DIGITS = 12  # of the whole part; the largest amount of a bill has 8
_MOST_DECIMALS = 13  # a VAT unit price before tax


def parse_money(text: str) -> Decimal:
    """An amount in yuan with two places.

    >>> parse_money("￥1, 180.00"), parse_money("-34.05元"), parse_money("30.0000")
    (Decimal('1180.00'), Decimal('-34.05'), Decimal('30.00'))
    >>> parse_money("15000,00")
    Traceback (most recent call last):
        ...
    ValueError: not an amount: '15000,00'

    Raises:
        ValueError: If it is no amount, has more than two decimals, or can be read in two ways.
    """
    number = _parse_yuan(text)
    if number != number.quantize(CENT):
        raise ValueError(f"more than two decimals in an amount: {text!r}")
    return number.quantize(CENT)


def parse_unit_price(text: str) -> Decimal:
    """A price in yuan, with two places or as many as it needs.

    >>> parse_unit_price("30.0000"), parse_unit_price("0.1234元")
    (Decimal('30.00'), Decimal('0.1234'))

    Raises:
        ValueError: If it is no price.
    """
    number = _parse_yuan(text)
    return number.quantize(CENT) if number == number.quantize(CENT) else _plain(number)


def _parse_yuan(text: str) -> Decimal:
    bare = fold(text).strip()
    bracketed = bare.startswith("(") and bare.endswith(")")
    if bracketed:
        bare = bare[1:-1].strip()
    match = re.fullmatch(r"(-|负)? *(?:¥|RMB|CNY|人民币)? *(-|负)? *([0-9][0-9,. ]*?) *元?", bare)
    if match is None or sum(map(bool, (bracketed, match[1], match[2]))) > 1:
        raise ValueError(f"not an amount: {text!r}")
    number = _parse_number(match[3], text)
    return -number if number and (bracketed or match[1] or match[2]) else number


def parse_quantity(text: str) -> Decimal:
    """A quantity without trailing zeros; a unit may be glued to it.

    >>> parse_quantity("1.0000"), parse_quantity("-2.50 盒"), parse_quantity("100")
    (Decimal('1'), Decimal('-2.5'), Decimal('100'))

    Raises:
        ValueError: If it does not begin with a number.
    """
    return split_quantity_unit(text)[0]


# A unit begins with a Chinese character or is one of these. `l`, `s` and `o` alone are misread digits.
_LATIN_UNITS = "ml|mL|ML|mg|MG|ug|μg|kg|KG|g|G|L|IU|iu|U|u|mmol|cm|mm|m|h|min|d|%"
_UNIT = re.compile(rf"/? *((?!元)[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9()/×*.%μ-]{{0,15}}|{_LATIN_UNITS})")


def split_quantity_unit(text: str) -> tuple[Decimal, str]:
    """A quantity and its unit, which is empty where none is printed.

    >>> split_quantity_unit("1.0000 盒"), split_quantity_unit("5次"), split_quantity_unit("2")
    ((Decimal('1'), '盒'), (Decimal('5'), '次'), (Decimal('2'), ''))

    Raises:
        ValueError: If it does not begin with a number, or what follows is no unit.
    """
    match = re.fullmatch(r"(-)? *([0-9](?:[0-9,. ]*[0-9])?) *(\D.*)?", fold(text).strip())
    if match is None:
        raise ValueError(f"not a quantity: {text!r}")
    unit = _UNIT.fullmatch(match[3]) if match[3] else None
    if match[3] and unit is None:
        raise ValueError(f"not a quantity with a unit: {text!r}")
    number = _plain(_parse_number(match[2], text))
    return -number if match[1] and number else number, unit[1] if unit else ""


def _parse_number(digits: str, text: str) -> Decimal:
    """A number as printed; a space is borne only behind a comma or a point."""
    match = _NUMBER.fullmatch(_SPACE_IN_NUMBER.sub(r"\1", digits))
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    whole, decimals = match["whole"].replace(",", ""), match["decimals"] or ""
    if len(whole) > _MOST_DIGITS or len(decimals) > _MOST_DECIMALS:
        raise ValueError(f"more digits than an amount has: {text!r}")
    return Decimal(f"{whole}.{decimals or 0}")


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    return Decimal(f"{number:f}".rstrip("0").rstrip(".")) if number else Decimal(0)


# ---------------------------------------------------------------- amounts in words (大写)

LARGEST_BILL = Decimal("99999999.99")
_VOID = "V"  # a struck-out place of a pre-printed grid
_CAPITALS = str.maketrans(
    {
        **dict.fromkeys("〇○◯", "零"),
        **dict.fromkeys("⊗⨂ⓧ☒×✕╳", _VOID),
        **{
            old: new
            for new, olds in {
                "壹": "一弌",
                "贰": "二貳弍弐",
                "叁": "三叄參参弎",
                "肆": "四",
                "伍": "五",
                "陆": "六陸",
                "柒": "七",
                "捌": "八",
                "玖": "九",
                "拾": "十",
                "佰": "百",
                "仟": "千",
                "万": "萬",
                "亿": "億",
                "元": "圆圓",
                "整": "正",
            }.items()
            for old in olds
        },
    }
)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_CAPITALS_PREFIX = re.compile(r"(?:人民币|\(大写\)|大写|RMB|[¥:])*")
_CAPITALS_SHAPE = re.compile(
    r"(?P<minus>负)?(?:(?P<yuan>[^元角分整]+)元)?"
    r"(?P<gap>零(?=[^零V角分整]))?(?:(?P<jiao>[^元角分整])角)?"
    r"(?P<gap2>零(?=[^零V角分整]))?(?:(?P<fen>[^元角分整])分)?(?P<exact>整)?"
)
_SECTIONS = re.compile(r"(?:(?P<yi>[^亿万]+)亿)?(?:(?P<wan>[^亿万]+)万)?(?P<ones>[^亿万]*)")
_SECTION = re.compile(
    "".join(
        rf"(?P<zero{place}>零)?(?:(?P<digit{place}>[{_DIGITS}{_VOID}]){unit})?"
        for unit, place in (("仟", 3), ("佰", 2), ("拾", 1), ("", 0))
    )
)
_LONGEST_CAPITALS = 64


def parse_capitals(text: str) -> Decimal:
    """An amount in words, such as `叁拾肆元零伍分`.

    零 inside a number is asked for where it must stand (壹佰零伍元) and allowed where a run of zeros
    touches the 万 or 元 place (壹拾万零柒仟元 or 壹拾万柒仟元). A pre-printed grid, with 零 or ⊗ before
    each unit, may hold zeros at every place. A missing 整 is no error.

    >>> parse_capitals("人民币：壹拾万柒仟元零伍角叁分"), parse_capitals("零佰叁拾肆元零角伍分")
    (Decimal('107000.53'), Decimal('34.05'))
    >>> parse_capitals("叁拾肆分伍角")
    Traceback (most recent call last):
        ...
    ValueError: not an amount in words: '叁拾肆分伍角'

    Raises:
        ValueError: If the words do not follow the grammar or exceed 99,999,999.99.
    """
    bare = squeeze(text)
    bare = bare[_CAPITALS_PREFIX.match(bare).end() :].translate(_CAPITALS)  # type: ignore[union-attr]  # matches ""
    shape = _CAPITALS_SHAPE.fullmatch(bare)
    if len(bare) > _LONGEST_CAPITALS or shape is None or not any(shape.group("yuan", "jiao", "fen")):
        raise ValueError(f"not an amount in words: {text!r}")
    yuan = _parse_yuan_words(shape["yuan"], text) if shape["yuan"] else None
    jiao, fen = (_digit(shape[name], text) if shape[name] else None for name in ("jiao", "fen"))
    _check_gaps(shape, yuan, text)
    if shape["exact"] and fen:
        raise ValueError(f"整 behind 分: {text!r}")
    amount = Decimal(yuan or 0) + Decimal(jiao or 0) / 10 + Decimal(fen or 0) / 100
    if amount > LARGEST_BILL:
        raise ValueError(f"more than a bill can hold: {text!r}")
    return (-amount if shape["minus"] and amount else amount).quantize(CENT)


def _check_gaps(shape: re.Match[str], yuan: int | None, text: str) -> None:
    """零 before 角 needs a zero in the yuan place; 零 before 分 needs 角 to be absent, and the reverse."""
    if shape["jiao"] is not None:
        if shape["gap"] and (yuan is None or yuan % 10):
            raise ValueError(f"零 between 元 and 角 that are both there: {text!r}")
        if shape["gap2"]:
            raise ValueError(f"零 between 角 and 分: {text!r}")
    elif shape["fen"] is not None and yuan is not None and not shape["gap"] and shape["fen"] not in "零V":
        raise ValueError(f"分 without 角 and without 零: {text!r}")
    elif shape["gap"] and yuan is None:
        raise ValueError(f"零 before the first digit: {text!r}")


def _digit(char: str, text: str) -> int:
    if char == _VOID:
        return 0
    if char not in _DIGITS:
        raise ValueError(f"{char} is not a digit of an amount in words: {text!r}")
    return _DIGITS.index(char)


def _parse_yuan_words(words: str, text: str) -> int:
    """What stands before 元: sections of up to four digits, closed by 亿 and 万."""
    sections = _SECTIONS.fullmatch(words)
    if sections is None:
        raise ValueError(f"亿 and 万 out of order: {text!r}")
    total, above = 0, None
    for name, weight in (("yi", 10**8), ("wan", 10**4), ("ones", 1)):
        if sections[name]:
            above = _parse_section(sections[name], above, text)
            total += above * weight
        elif above is not None:
            above = 0
    return total


def _parse_section(words: str, above: int | None, text: str) -> int:
    """Up to four digits with 仟, 佰 and 拾; `above` is the section before, None for the first."""
    if above is None and words[0] == "拾":  # 拾伍元 = 壹拾伍元
        words = "壹" + words
    places = _SECTION.fullmatch(words)
    if places is None:
        raise ValueError(f"digits and units out of order: {text!r}")
    value, last, zeros = 0, 4, 0
    for place in (3, 2, 1, 0):
        zeros += places[f"zero{place}"] is not None
        if places[f"digit{place}"] is None:
            continue
        skipped = last - 1 - place
        if zeros > 1 or not _is_zero_right(zeros == 1, place, skipped, last == 4, above):
            raise ValueError(f"零 missing or in the wrong place: {text!r}")
        value += _digit(places[f"digit{place}"], text) * 10**place
        last, zeros = place, 0
    if zeros > 1 or (zeros and last == 4 and above is not None):
        raise ValueError(f"零 twice: {text!r}")
    return value


def _is_zero_right(zero: bool, place: int, skipped: int, at_start: bool, above: int | None) -> bool:
    """Whether 零 stands before a digit exactly when places were skipped."""
    if not at_start:
        return zero == (skipped > 0)
    if above is None:
        return not zero
    if skipped == 0:
        return not zero or above % 10 == 0
    # 壹万伍佰元 can only be 10,500, though 壹万零伍佰元 is right; 壹万伍元 may have been 15,000.
    return zero or place > 0


def format_capitals(amount: Decimal) -> str:
    """The shortest standard form, with 整 when there is neither 角 nor 分.

    >>> format_capitals(Decimal("276020.66")), format_capitals(Decimal("107000"))
    ('贰拾柒万陆仟零贰拾元陆角陆分', '壹拾万柒仟元整')

    Raises:
        ValueError: If it exceeds 99,999,999.99 or has parts of a 分.
    """
    size = abs(amount)
    if not amount.is_finite() or size > LARGEST_BILL or size != size.quantize(CENT):
        raise ValueError(f"not an amount of a bill: {amount}")
    fens = int(size * 100)
    yuan, jiao, fen = fens // 100, fens // 10 % 10, fens % 10
    words = "负" if amount < 0 else ""
    if yuan or not fens:
        words += _yuan_words(yuan) + "元"
    if jiao:
        words += _DIGITS[jiao] + "角"
    if fen:
        words += ("零" if yuan and not jiao else "") + _DIGITS[fen] + "分"
    return words if jiao or fen else words + "整"


def _yuan_words(yuan: int) -> str:
    upper, lower = divmod(yuan, 10000)
    if not upper:
        return _section_words(lower) or "零"
    # 万 with a zero before it and 仟 filled: no 零 (shortest form)
    gap = "零" if 0 < lower < 1000 else ""
    return _section_words(upper) + "万" + gap + _section_words(lower)


def _section_words(value: int) -> str:
    words = ""
    for place, unit in ((3, "仟"), (2, "佰"), (1, "拾"), (0, "")):
        digit = value // 10**place % 10
        if digit:
            words += _DIGITS[digit] + unit
        elif words and value % 10**place and not words.endswith("零"):
            words += "零"
    return words


# ---------------------------------------------------------------- dates

_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2100
_ZEROS = "〇零○◯"
_DAY_WORDS = "[一二三四五六七八九十廿卅]{1,3}"
# Glued to the day, a time needs two digits of the hour: 2025-2-110:20 can be read in two ways.
_TIME = (
    r"(?:(?:[ T]+[0-2]?[0-9]|[0-2][0-9]) ?[:时] ?[0-5]?[0-9]"
    r"(?: ?[:分] ?[0-5]?[0-9](?:\.[0-9]{1,6})? ?秒?| ?分)?)?"
)
_DATE_FORMS = (
    r"(?P<year>[0-9]{4}) ?(?P<mark>[-/.]) ?(?P<month>[0-9]{1,2}) ?(?P=mark) ?"
    r"(?P<day>[0-9]{2}|[0-9](?![0-9]))",
    r"(?P<year>[0-9]{4}) ?年 ?(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?[日号]",
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:[0-9]{6}(?![0-9]))?",
    rf"(?P<year>[一二三四五六七八九{_ZEROS}0O]{{4}}) ?年 ?"
    rf"(?P<month>{_DAY_WORDS}) ?月 ?(?P<day>{_DAY_WORDS}) ?[日号]",
)
_DATES = tuple(re.compile(form + _TIME) for form in _DATE_FORMS)
_NO_DIGIT_BUT_TIME = "(?![0-9](?![0-9] ?[:时]))"
_FREE_DATES = tuple(
    # 日 closes a day, whatever was read behind it; a day in digits alone could go on.
    re.compile(f"(?<![0-9]){form}" + ("" if form.endswith("[日号]") else _NO_DIGIT_BUT_TIME))
    for form in _DATE_FORMS
)
_WITHOUT_YEAR = re.compile(r"(?P<month>[0-9]{1,2}) ?(?:月|[-/.]) ?(?P<day>[0-9]{1,2}) ?[日号]?" + _TIME)

_AROUND_RANGE = re.compile(r"^[自从] ?| ?止? ?[,(]? ?共? ?[0-9]{1,4}(?:\.[05])? ?天 ?\)?$| ?止$")


def parse_date(text: str) -> date:
    """A date, with or without a time behind it.

    >>> parse_date("2026年2月12日 10:20"), parse_date("二〇二六年二月廿三日")
    (datetime.date(2026, 2, 12), datetime.date(2026, 2, 23))

    Raises:
        ValueError: If it is no date of the years 1900 to 2100, or a part of it is missing.
    """
    bare = _date_text(text)
    for form in _DATES:
        if match := form.fullmatch(bare):
            return _date_of(match, text)
    raise ValueError(f"not a date: {text!r}")


def find_date(text: str) -> date | None:
    """The first date inside a longer text.

    >>> find_date("开票日期：2025-02-17 收费员：0123")
    datetime.date(2025, 2, 17)
    """
    bare = _date_text(text)
    matches = sorted((match for form in _FREE_DATES for match in form.finditer(bare)), key=re.Match.start)
    for match in matches:
        try:
            return _date_of(match, text)
        except ValueError:
            continue
    return None


def parse_date_range(text: str) -> tuple[date, date]:
    """Two dates as printed; whether their order makes sense is for a rule to say.

    >>> parse_date_range("20210323-20210414")
    (datetime.date(2021, 3, 23), datetime.date(2021, 4, 14))
    >>> parse_date_range("2021年02月22日到04月15日")
    (datetime.date(2021, 2, 22), datetime.date(2021, 4, 15))
    >>> parse_date_range("2025-05-09 2025-05-14")
    (datetime.date(2025, 5, 9), datetime.date(2025, 5, 14))

    Raises:
        ValueError: If it is not two dates with -, ~, 至 or 到 between them, or two whole dates one behind
            the other; if the second has no year and would lie before the first.
    """
    bare = _AROUND_RANGE.sub("", _date_text(text))
    for match in re.finditer(r"[-~至到]+", bare):
        left, right = bare[: match.start()].strip(), bare[match.end() :].strip()
        try:
            start = parse_date(left)
        except ValueError:
            continue
        return start, _second_date(start, right, text)
    # The dash between them is thin and easily lost.
    whole = [match.group() for match in _WHOLE_DATE.finditer(bare)]
    if len(whole) == 2 and not _WHOLE_DATE.sub("", bare).strip():
        return parse_date(whole[0]), parse_date(whole[1])
    raise ValueError(f"not a range of dates: {text!r}")


_WHOLE_DATE = re.compile(r"(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?!\d)")


def _second_date(start: date, right: str, text: str) -> date:
    short = _WITHOUT_YEAR.fullmatch(right)
    if short is None:
        return parse_date(right)
    end = _real_date(start.year, int(short["month"]), int(short["day"]), text)
    if end < start:
        raise ValueError(f"the second date has no year and lies before the first: {text!r}")
    return end


def repair_date(text: str, earliest: date, latest: date) -> date | None:
    """The one date between `earliest` and `latest` that a text with lost 年, 月, 日 or `-` can be.

    None when none fits or several do. The caller marks what it takes from here as repaired.

    >>> repair_date("201911月2号", date(2000, 1, 1), date(2026, 1, 1))
    datetime.date(2019, 11, 2)
    >>> repair_date("2019112", date(2000, 1, 1), date(2026, 1, 1)) is None  # 1-12 or 11-2
    True
    """
    bare = squeeze(text)
    fitting = set()
    for months, days in ((1, 1), (1, 2), (2, 1), (2, 2)):
        form = rf"([0-9]{{4}})[年/.-]?([0-9]{{{months}}})[月/.-]?([0-9]{{{days}}})[日号]?"
        if match := re.fullmatch(form, bare):
            try:
                found = _real_date(int(match[1]), int(match[2]), int(match[3]), text)
            except ValueError:
                continue
            if earliest <= found <= latest:
                fitting.add(found)
    return fitting.pop() if len(fitting) == 1 else None


def _date_text(text: str) -> str:
    visible = "".join(char for char in fold(text) if not _is_invisible(char) or char.isspace())
    return " ".join(visible.split())


def _date_of(match: re.Match[str], text: str) -> date:
    year, month, day = match["year"], match["month"], match["day"]
    if not month.isdecimal():
        numerals = str.maketrans("一二三四五六七八九〇零○◯O", "12345678900000")
        return _real_date(int(year.translate(numerals)), _day_number(month), _day_number(day), text)
    return _real_date(int(year), int(month), int(day), text)


def _day_number(words: str) -> int:
    """1 to 39 as 一, 十, 十二, 二十, 二十三, 廿三, 卅一.

    Raises:
        ValueError: If the numerals do not make such a number.
    """
    words = words.replace("廿", "二十").replace("卅", "三十")
    match = re.fullmatch("(?:([二三])?(十))?([一二三四五六七八九])?", words)
    if match is None:
        raise ValueError(f"not a day or month: {words!r}")
    numerals = "零一二三四五六七八九"
    tens = numerals.index(match[1] or "一") if match[2] else 0
    return 10 * tens + (numerals.index(match[3]) if match[3] else 0)


def _real_date(year: int, month: int, day: int, text: str) -> date:
    if not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
        raise ValueError(f"year {year} is not plausible: {text!r}")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"no such day: {text!r}") from error


# ---------------------------------------------------------------- persons

_MASKS = frozenset("*✱∗●■█◆▇")
_AGE = re.compile(r"(?=.)(?:(?P<years>[0-9]{1,3})(?:周?岁)?)?(?:[0-9]{1,2}个?月)?(?:[0-9]{1,2}[天日])?")
_OLDEST = 150
# Forms of one character that stand for each other in names; not different surnames such as 付 and 傅.
_VARIANT_FORMS = """
    张張 陈陳 刘劉 黄黃 杨楊 赵趙 吴吳 孙孫 马馬 郑鄭 谢謝 许許 邓鄧 冯馮 萧蕭 吕呂 户戶 叶葉 云雲
    国國 华華 龙龍 凤鳳 兰蘭 莲蓮 丽麗 东東 宁寧 伟偉 杰傑 强強彊 军軍 红紅 宝寶 庆慶 贤賢 贵貴 银銀
    铁鐵 锋鋒 锦錦 钟鍾鐘 顾顧 韩韓 罗羅 苏蘇 蒋蔣 贾賈 阎閻 范範 谭譚 陆陸 邹鄒 卢盧 义義 艺藝 学學
    兴興 乐樂 荣榮 晓曉 晔曄 烨燁 玮瑋 祯禎 礼禮 万萬 禄祿 绿綠 维維 缨纓 志誌 诚誠 谊誼 诗詩 语語
    贞貞 贺賀 辉輝煇 远遠 达達 运運 闰閏 关關 阳陽 韦韋 韵韻 顺順 颜顏 愿願 风風 飞飛 骏駿 鸿鴻 鹏鵬
    麦麥 齐齊 尔爾 渊淵 温溫 洁潔 涛濤 泽澤 滨濱 灿燦 爱愛 权權 欧歐 欢歡 岳嶽 峰峯 岗崗 岛島 珍珎
    卫衛 静靜 双雙 圣聖 娇嬌 婵嬋 娴嫻 实實 宪憲 尧堯 广廣 弥彌 德悳 怀懷 恒恆 战戰 晋晉 树樹 桥橋
    梦夢 汉漢 浅淺 润潤 琼瓊 瑶瑤 画畫 盖蓋 竞競 继繼 绍紹 结結 绮綺 肃肅 胜勝 荫蔭 蓝藍 览覽 观觀
    诺諾 谦謙 赞贊讚 轩軒 连連 选選 鉴鑑鑒 钱錢 锐銳 长長 际際 随隨 韬韜 顶頂 鲁魯 鸣鳴 丰豐 亚亞 亿億
    仪儀 伦倫 俭儉 刚剛 创創 励勵 劲勁 单單 厉厲 发發 启啟啓 员員 园園 圆圓 坚堅 声聲 备備 妩嫵 宾賓
    层層 岩巖 帅帥 师師 庄莊 应應 录錄 彦彥 忆憶 悦悅 扬揚 晖暉 术術 来來 标標 栋棟 沪滬 济濟 渔漁
    灵靈 炜煒 点點 焕煥 献獻 环環 现現 畅暢 硕碩 确確 祎禕 积積 稳穩 窦竇 纪紀 纯純 练練 细細 络絡
    统統 绣繡 缘緣 翘翹 聪聰 艳艷 苍蒼 芦蘆 荆荊 见見 规規 识識 诸諸 贝貝 财財 质質 费費 赖賴 跃躍
    车車 轮輪 边邊 迈邁 迟遲 酝醞 铃鈴 铎鐸 铭銘 镇鎮 镜鏡 门門 闫閆 闻聞 陕陝 隐隱 雾霧 题題 驰馳
    骁驍 鲜鮮 鸥鷗
"""
_VARIANTS = str.maketrans({old: forms[0] for forms in _VARIANT_FORMS.split() for old in forms[1:]})


def parse_sex(text: str) -> str:
    """男 or 女.

    >>> parse_sex(" 女性")
    '女'

    Raises:
        ValueError: If it is neither.
    """
    match = re.fullmatch("([男女])性?", squeeze(text))
    if match is None:
        raise ValueError(f"neither 男 nor 女: {text!r}")
    return match[1]


def parse_age(text: str) -> str:
    """An age as printed (59岁, 8月, 3天, 1岁2个月), since the unit matters for infants.

    >>> parse_age("59 岁")
    '59岁'

    Raises:
        ValueError: If it is no age up to 150 years.
    """
    bare = squeeze(text)
    match = _AGE.fullmatch(bare)
    if match is None or int(match["years"] or 0) > _OLDEST:
        raise ValueError(f"not an age: {text!r}")
    return bare


def is_masked(text: str) -> bool:
    """Whether characters were struck out for privacy.

    >>> is_masked("110104********3078"), is_masked("11010519491231002X")
    (True, False)
    """
    bare = fold(text)
    return any(char in _MASKS for char in bare) or re.search("[xX]{3}", bare) is not None


def compact_name(text: str) -> str:
    """A name without spaces and middle dots, variant characters as their standard form."""
    return squeeze(text).replace("·", "").translate(_VARIANTS)


def names_agree(a: str, b: str) -> bool:
    """Whether two printed names can be the same; a masked character agrees with any.

    >>> names_agree("張 三", "张三"), names_agree("张*", "张三"), names_agree("张三", "张山")
    (True, True, False)
    """
    return differing_characters(a, b) == 0


def differing_characters(a: str, b: str) -> int | None:
    """At how many places two names of equal length differ; None where the lengths differ."""
    left, right = compact_name(a), compact_name(b)
    if len(left) != len(right):
        return None
    return sum(x != y for x, y in zip(left, right, strict=True) if not _MASKS & {x, y})
