"""Whether the rows of a list can be taken as they are, by the kind of list; and their one spelling.

A row that cannot is refused with the cell that is at fault. Nothing is put right but what has one reading: a
class written 甲类 is 甲, a day written 2025年1月1日 is 2025-01-01.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.catalogs.categories import category_of
from pipeline.catalogs.entries import (
    ALIAS_SEPARATOR,
    CLASSES,
    HOLIDAY,
    ITEM_KINDS,
    WORKDAY,
    ListKind,
    parse_day,
    parse_price,
    parse_shares,
)
from pipeline.catalogs.published_limits import DRUG_LIMITS, SERVICE_LIMITS
from pipeline.catalogs.spreadsheet import SHOWN_CHARACTERS, RejectedRow, Row

MUST_HAVE: Mapping[ListKind, tuple[str, ...]] = {
    "drug": ("name",),
    "service": ("name",),
    "facility": ("name",),
    "consumable": ("name",),
    "diagnosis": ("code", "name"),
    "procedure": ("code", "name"),
    "diagnosis_map": ("clinical_code", "code", "name"),
    "procedure_map": ("clinical_code", "code", "name"),
    "hospital": ("name",),
    "division": ("code", "name"),
    "drug_limit": ("name", "limit", "value"),
    "service_limit": ("code", "name", "limit"),
    "duplicate_charge": ("code", "name", "included_code", "included_name", "frequency"),
    "holiday": ("day", "kind"),
}
"""The columns that a list of each kind must have, filled in every row."""

_IDENTITY: Mapping[ListKind, tuple[str, ...]] = {
    **dict.fromkeys(ITEM_KINDS, ("code", "name", "form", "specification", "effective_from", "effective_to")),
    "diagnosis": ("code",),
    "procedure": ("code",),
    "diagnosis_map": ("clinical_code",),
    "procedure_map": ("clinical_code",),
    "hospital": ("code", "name", "province", "city"),
    "division": ("code",),
    "drug_limit": ("name", "limit", "value", "batch"),
    "service_limit": ("code", "limit", "value", "batch"),
    "duplicate_charge": ("code", "included_code", "frequency"),
    "holiday": ("day",),
}
"""What two rows of one list must not have in common."""

_CLASS_SPELLINGS = {"甲类": "甲", "乙类": "乙", "丙类": "丙", "1": "甲", "2": "乙", "3": "丙", "自费": "丙"}
_DAY_KINDS = {
    "放假": HOLIDAY,
    "休": HOLIDAY,
    "节假日": HOLIDAY,
    "上班": WORKDAY,
    "班": WORKDAY,
    "调休": WORKDAY,
}
_SPOILT_CODE = re.compile(r"\d(?:\.\d+)?[eE]\+\d+|\d{15,}\.0")
"""What a spreadsheet makes of a long code: 8.69039E+13."""


class _BadCell(ValueError):
    """A cell that cannot be taken: the column and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def checked_rows(
    kind: ListKind, rows: Iterable[Row], *, may_repeat: bool = False
) -> tuple[list[dict[str, str]], list[RejectedRow]]:
    """The rows as they are kept, and those that are refused.

    Args:
        kind: What the list is of.
        rows: With our columns for headings.
        may_repeat: Whether an entry may stand twice, as it does in lists that authorities published so.
    """
    clean = _CLEANERS.get(kind, dict)
    kept: list[dict[str, str]] = []
    rejected: list[RejectedRow] = []
    seen: dict[tuple[str, ...], tuple[int, dict[str, str]]] = {}
    for row in rows:
        cells = {column: " ".join(text.split()) for column, text in row.cells.items()}
        try:
            _check_present(kind, cells)
            cells = clean(cells)
            identity = tuple(cells.get(column, "") for column in _IDENTITY[kind])
            if not may_repeat and identity in seen:
                _check_no_repeat(cells, identity, *seen[identity])
        except _BadCell as error:
            text = cells.get(error.column) or " ".join(cells.values())
            rejected.append(RejectedRow(row.number, str(error), text[:SHOWN_CHARACTERS], error.column))
        else:
            seen.setdefault(identity, (row.number, cells))
            kept.append(cells)
    return kept, rejected


def _check_no_repeat(
    row: Mapping[str, str], identity: tuple[str, ...], number: int, first: Mapping[str, str]
) -> None:
    if identity[0] or _differ(row, first):
        reason = f"与第 {number} 行是同一条目 / the same entry as row {number}"
        raise _BadCell("code" if row.get("code") else "name", reason)


def _differ(row: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two rows without a code pay differently; else they may be two makers of one product."""
    return any(row.get(column) != other.get(column) for column in ("class", "restriction"))


def _check_present(kind: ListKind, row: Mapping[str, str]) -> None:
    lacking = next((column for column in MUST_HAVE[kind] if not row.get(column)), None)
    if lacking is not None:
        raise _BadCell(lacking, f"没有{_SPOKEN.get(lacking, lacking)} / no {lacking}")
    if _SPOILT_CODE.fullmatch(row.get("code", "")):
        raise _BadCell(
            "code", "编码被电子表格改成了科学计数，已不完整 / the code was spoilt by a spreadsheet (8.69E+13)"
        )


_SPOKEN = {"name": "名称", "code": "编码", "day": "日期", "kind": "类型"}


def _clean_item(row: dict[str, str]) -> dict[str, str]:
    level = _CLASS_SPELLINGS.get(row.get("class", ""), row.get("class", ""))
    if level and level not in CLASSES:
        raise _BadCell("class", f"类别 {level!r} 不是甲、乙、丙 / the class is none of 甲, 乙, 丙")
    start, end = _day(row, "effective_from"), _day(row, "effective_to")
    if start and end and end < start:
        raise _BadCell("effective_to", f"失效日期 {end} 早于生效日期 {start} / ends before it begins")
    try:
        price = parse_price(row.get("price", ""))
    except ValueError as error:
        raise _BadCell("price", str(error)) from error
    try:
        shares = parse_shares(row.get("first_self_pay_ratios", ""))
    except ValueError as error:
        raise _BadCell("first_self_pay_ratios", str(error)) from error
    return {
        **row,
        "class": level,
        "category": category_of(row.get("category")) or row.get("category", ""),
        "aliases": _aliases(row),
        "effective_from": start,
        "effective_to": end,
        "price": "" if price is None else f"{price:f}",
        "first_self_pay_ratios": ALIAS_SEPARATOR.join(f"{share:f}" for share in shares),
    }


def _clean_named(row: dict[str, str]) -> dict[str, str]:
    return {**row, "aliases": _aliases(row)}


def _clean_division(row: dict[str, str]) -> dict[str, str]:
    if not re.fullmatch(r"[1-9]\d{5}", row["code"]):
        raise _BadCell("code", "不是 6 位区划代码 / not a division code of six digits")
    for column in ("first_year", "last_year"):
        if row.get(column) and not re.fullmatch(r"(?:19|20)\d\d", row[column]):
            raise _BadCell(column, f"不是年份 / not a year: {row[column]!r}")
    return row


def _clean_holiday(row: dict[str, str]) -> dict[str, str]:
    kind = _DAY_KINDS.get(row["kind"], row["kind"])
    if kind not in (HOLIDAY, WORKDAY):
        raise _BadCell("kind", "类型不是 holiday（放假）或 workday（上班） / neither holiday nor workday")
    return {**row, "day": _day(row, "day"), "kind": kind}


def _clean_drug_limit(row: dict[str, str]) -> dict[str, str]:
    return _known_limit(row, DRUG_LIMITS)


def _clean_service_limit(row: dict[str, str]) -> dict[str, str]:
    return _known_limit(row, SERVICE_LIMITS)


def _known_limit(row: dict[str, str], known: Iterable[str]) -> dict[str, str]:
    if row["limit"] not in known:
        expected = "、".join(known)
        raise _BadCell("limit", f"限制类型 {row['limit']!r} 不在其中 / the limit is none of: {expected}")
    return row


def _day(row: Mapping[str, str], column: str) -> str:
    try:
        return str(parse_day(row.get(column, "")) or "")
    except ValueError as error:
        raise _BadCell(column, f"不是日期 / not a day: {row[column]!r}") from error


def _aliases(row: Mapping[str, str]) -> str:
    parts = re.split(r"[；;|]", row.get("aliases", ""))
    return ALIAS_SEPARATOR.join(part.strip() for part in parts if part.strip())


_CLEANERS: Mapping[ListKind, Callable[[dict[str, str]], dict[str, str]]] = {
    **dict.fromkeys(ITEM_KINDS, _clean_item),
    "diagnosis": _clean_named,
    "procedure": _clean_named,
    "hospital": _clean_named,
    "division": _clean_division,
    "holiday": _clean_holiday,
    "drug_limit": _clean_drug_limit,
    "service_limit": _clean_service_limit,
}
