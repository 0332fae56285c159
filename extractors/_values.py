"""Parsers of texts that several forms share; each raises `ValueError` for what cannot be the value."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pipeline.text import find_date, fold, parse_capitals, parse_date, parse_money, squeeze

_LEADING_NUMBER = re.compile(r"[¥-]*\s*\d[\d,]*(?:\.\s?\d+)?")
BARE_DATE = re.compile(r"(?<!\d)(20\d\d)[\s年./-]+(\d{1,2})[\s月./-]+(\d{1,2})(?!\d)")
"""Year, month and day as an overprint leaves them: 年, 月 and 日 stand elsewhere on the form."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_CAPITAL_DIGITS = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟]")


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

    >>> as_digits("0013012040 第一联"), as_digits("76939 05688 34666 77916"), as_digits("33207675 012001800311")
    ('0013012040', '76939056883466677916', '33207675')
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
    """An amount in words, as printed without spaces and strikes.

    >>> as_capitals("⊗壹仟伍佰捌拾圆柒角整")
    '壹仟伍佰捌拾圆柒角整'
    """
    value = squeeze(text).lstrip("⊗※☒×xX8❌@Ⓧ:)")
    if not _CAPITAL_DIGITS.search(value):
        raise ValueError("no amount in words")
    return value


def capitals_amount(text: str) -> Decimal | None:
    """The amount that words state, or None where they do not parse."""
    try:
        return parse_capitals(text)
    except ValueError:
        return None
