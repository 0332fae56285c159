"""What our own sheets and stickers say: separators, batch headers, claim labels.

A payload is short text in the characters of Code 39, so that a QR code and a barcode can carry the same:
`BX1/SEP/0007/27`. Version, kind, content, and two check digits (ISO 7064 mod 97-10 over letters and digits),
because a Code 39 without them may be read wrong or in part: one digit taken for another, or one letter for
another, is always told. It is untrusted text like any other: what does
not have exactly this form says nothing.

Separators that scanners and older printers made (`SEP-0007`) are understood too; they carry no check digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias, TypeVar

from stdnum.iso7064 import mod_97_10

from pipeline.model import BATCH_HEADER, SEPARATOR, Code

VERSION: Final = "BX1"
"""Raised when the form changes, so that sheets of an older print are told apart."""

MAX_SERIAL = 9999
"""Separators are numbered from 1 to here, then begin anew: four digits keep the barcode wide-barred."""
MAX_PAPERS = 9999
MAX_AMOUNT = Decimal("99999999.99")

SEPARATOR_TITLE: Final = ("分隔页", "SEPARATOR SHEET")
HEADER_TITLE: Final = ("批次首页", "BATCH HEADER")
"""What is printed large on the sheets, Chinese and English."""

FEW_CHARACTERS = 400
"""A sheet of ours bears at most 150 characters; what bears more is a paper that speaks of a separator."""

_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z.-]{0,23}")
_OTHER_MAKERS = re.compile(r"SEP-(\d{4})")

SheetKind: TypeAlias = Literal["separator", "batch_header"]


@dataclass(frozen=True, slots=True)
class Separator:
    """The sheet between two claims. Sheets of one print are numbered on, which tells a lost one."""

    serial: int


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The sheet before a batch: how many papers it holds and what their bills come to, in yuan.

    A paper of several sheets counts once; separators, labels and empty backs do not count.
    """

    number: str
    papers: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ClaimLabel:
    """The sticker on the first paper of a claim, with the number that the office gave it."""

    number: str


StackCode: TypeAlias = Separator | BatchHeader | ClaimLabel
K = TypeVar("K", Separator, BatchHeader, ClaimLabel)


def payload(code: StackCode) -> str:
    """The text that a QR code or barcode of ours carries.

    >>> payload(Separator(7))
    'BX1/SEP/0007/27'

    Raises:
        ValueError: If a number cannot be printed: other characters than `0-9 A-Z . -`, more than 24 of them,
            a count or an amount beyond its bounds or with parts of a fen.
    """
    match code:
        case Separator(serial):
            if not 1 <= serial <= MAX_SERIAL:
                raise ValueError(f"{serial}: 应为 1 至 {MAX_SERIAL} / must be 1 to {MAX_SERIAL}")
            parts = ["SEP", f"{serial:04d}"]
        case BatchHeader(number, papers, amount):
            if not 0 <= papers <= MAX_PAPERS:
                raise ValueError(f"{papers}: 份数应为 0 至 {MAX_PAPERS} / papers must be 0 to {MAX_PAPERS}")
            fen = amount * 100
            if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT or fen != fen.to_integral_value():
                raise ValueError(f"{amount}: 不是以元为单位的金额 / not an amount in yuan")
            parts = ["HEAD", _checked_number(number), str(papers), str(int(fen))]
        case ClaimLabel(number):
            parts = ["CLAIM", _checked_number(number)]
    text = "/".join((VERSION, *parts))
    return f"{text}/{mod_97_10.calc_check_digits(_letters(text))}"


def _checked_number(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise ValueError(
            f"{number}: 编号只能用数字、大写字母、点和短横，最多 24 位"
            " / numbers are up to 24 digits, capitals, dots and dashes"
        )
    return number


def find_code(text: str) -> StackCode | None:
    """What the payload says; None where it is not ours or was not read as it was printed.

    >>> find_code("BX1/SEP/0007/27"), find_code("BX1/SEP/0007/28"), find_code("SEP-0012")
    (Separator(serial=7), None, Separator(serial=12))
    """
    if other := _OTHER_MAKERS.fullmatch(text):
        return Separator(int(other[1]))
    version, *parts = text.split("/")
    if version != VERSION or not text.isascii() or not _has_check_digits(text):
        return None
    match parts[:-1]:
        case ["SEP", serial] if re.fullmatch(r"\d{4}", serial):
            return Separator(int(serial))
        case ["HEAD", number, papers, fen] if (
            _NUMBER.fullmatch(number) and re.fullmatch(r"\d{1,4}", papers) and re.fullmatch(r"\d{1,10}", fen)
        ):
            return BatchHeader(number, int(papers), Decimal(fen).scaleb(-2))
        case ["CLAIM", number] if _NUMBER.fullmatch(number):
            return ClaimLabel(number)
    return None


def _has_check_digits(text: str) -> bool:
    body, _, digits = text.rpartition("/")
    return digits == mod_97_10.calc_check_digits(_letters(body))


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def first_of(codes: Iterable[StackCode], kind: type[K]) -> K | None:
    """The first of the codes that is of the kind.

    >>> first_of([ClaimLabel("A-1"), Separator(7)], Separator)
    Separator(serial=7)
    """
    return next((code for code in codes if isinstance(code, kind)), None)


def payloads_of(codes: Iterable[Code]) -> tuple[str, ...]:
    """The payloads of ours among the codes of a page, each once, in the order they stand."""
    return tuple(dict.fromkeys(code.text for code in codes if find_code(code.text) is not None))


def sheet_kind(codes: Iterable[Code], text: str) -> SheetKind | None:
    """Which of our sheets a page with these codes and printed text is; None where it is none.

    A sheet whose codes were spoilt is still known by its title, where little else is printed.
    """
    found = [said for code in codes if (said := find_code(code.text)) is not None]
    if first_of(found, BatchHeader):
        return BATCH_HEADER
    if first_of(found, Separator):
        return SEPARATOR
    squeezed = "".join(text.split()).upper()
    if len(squeezed) > FEW_CHARACTERS:
        return None
    if _bears(squeezed, HEADER_TITLE):
        return BATCH_HEADER
    return SEPARATOR if _bears(squeezed, SEPARATOR_TITLE) else None


def _bears(squeezed: str, title: tuple[str, str]) -> bool:
    return all(part.replace(" ", "") in squeezed for part in title)
