"""Itemized rows in groups: 西药费 and the rows under it, 西药费小计 and the rows above it.

The sums of groups hold the same money as their rows and are never items. A category that stands as a
heading, as a sum above its rows or as a sum below them gives itself to those rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from extractors._fields import field_from
from extractors._items import SUMMING, item_of
from extractors._values import as_amount, as_text
from pipeline.fee_categories import find_category
from pipeline.model import LineItem, TextField, Word
from pipeline.reading.tables import AMOUNT, NAME, TableRow
from pipeline.text import fold, squeeze

_NUMBERING = r"(?:[一二三四五六七八九十\d]{1,3}[、.)]|\([一二三四五六七八九十\d]{1,3}\))?"
_BEFORE = r"(?:费用类别|项目类别|收费类别|费用类型|发票项目|类别|分类)?:?"
_HEADING = re.compile(
    rf"\s*{_NUMBERING}\s*{_BEFORE}\s*[\[(<《]*\s*(?P<category>[^\[\]()<>《》:\d-]+?(?:\(元\))?)\s*[\])>》]*\s*"
    r"[:-]?\s*(?:小\s*计|合\s*计|费用小计)?\s*[:-]?\s*"
)
_BRACKETED = re.compile(r"\[[\u4e00-\u9fffA-Z]{2,12}\]:?")
_DAY_HEADING = re.compile(
    r"(?:费用|收费|记账|计费|发生|就诊)?(?:日期|时间):?(?:20\d\d[-/.年])?\d{1,2}[-/.月]\d{1,2}日?"
)
"""日期：2026-03-12 above the rows of one day."""

_PLAIN_SUM = re.compile(r"小计:?$")
_SUM_WORDS = re.compile(r"(?:费用)?(?:小\s*计|合\s*计)\s*[:：]?\s*$")


def stands_apart(text: str) -> bool:
    """Whether a line of a list (without its spaces) belongs to no item beside it.

    >>> stands_apart("【西药费】"), stands_apart("西药费小计：708.95"), stands_apart("承前页：")
    (True, True, True)
    >>> stands_apart("日期：2026-03-12")
    True
    >>> stands_apart("住院诊查费")
    False
    """
    if SUMMING.search(text) is not None or _category_in(text) is not None:
        return True
    return _DAY_HEADING.fullmatch(fold(text)) is not None


def _category_in(text: str) -> str | None:
    """The category that a heading names; None where the text is no heading."""
    folded = fold(text).strip()
    match = _HEADING.fullmatch(folded)
    name = re.sub(r"\s", "", match["category"]) if match else ""
    name = _SUM_WORDS.sub("", name)
    if find_category(name):
        return name
    return folded.strip("[]:") if _BRACKETED.fullmatch(folded) else None


@dataclass
class _Group:
    """Rows under one heading, or between two sums."""

    category: TextField | None = None
    items: list[LineItem] = field(default_factory=list)
    head: LineItem | None = None
    """The category row with an amount that stands above the items, if one does."""


def read_groups(rows: Iterable[TableRow]) -> tuple[tuple[LineItem, ...], tuple[LineItem, ...]]:
    """(items, category totals) of a list: the rows to add, each with its category, and the sums of groups."""
    groups, totals = [_Group()], []
    sums_lead: bool | None = None
    for row in rows:
        category = _category_field(row)
        summing = SUMMING.search(squeeze(row.text)) is not None
        if category is None and groups[-1].category and _PLAIN_SUM.match(squeeze(row.get(NAME))):
            category = groups[-1].category
        if category is not None and (summing or row.apart):
            amount = amount_word(row)
            if amount is None:
                groups.append(_Group(category))
                continue
            total = LineItem(
                page=row.page,
                name=category,
                amount=field_from(amount, as_amount, row.page),
                category=category,
            )
            totals.append(total)
            if sums_lead is None:
                sums_lead = groups[-1].category is None and not groups[-1].items
            if sums_lead:
                groups.append(_Group(category))
            else:
                _close(groups, total)
        elif not summing and not row.apart and (item := item_of(row)) is not None:
            if _may_be_category(item, groups[-1]):
                groups.append(_Group(item.name, head=item))
            else:
                groups[-1].items.append(item)
    return _gathered(groups, totals)


def _close(groups: list[_Group], total: LineItem) -> None:
    """A sum below its rows: they are of its category, and what follows is of another."""
    if groups[-1].category is None:
        groups[-1].category = total.name
    groups.append(_Group())


def _category_field(row: TableRow) -> TextField | None:
    for name in (NAME, *(name for name in row.cells if name != NAME)):
        word = row.cells.get(name)
        category = _category_in(word.text) if word is not None and name != AMOUNT else None
        if word is not None and category is not None:
            return replace(field_from(word, as_text, row.page), value=category)
    return None


def amount_word(row: TableRow) -> Word | None:
    """The amount of a sum, which some lists print elsewhere than under 金额."""
    if AMOUNT in row.cells:
        return row.cells[AMOUNT]
    amounts = [
        word for word in row.cells.values() if re.fullmatch(r"-?¥?\d[\d,]*\.\d{2}", squeeze(word.text))
    ]
    return amounts[0] if amounts else None


FEWEST_NUMBERED = 3
"""Fewer names may begin with numbers that count up by chance (25羟维生素D测定)."""

_NUMBERED_NAME = re.compile(r"(?P<number>\d{1,3})[.、]?\s*(?P<name>[^\d\s.,%:/*-].*)")


def without_sequence(rows: Sequence[TableRow]) -> list[TableRow]:
    """The rows without the sequence numbers that were read as the beginning of names (7病理组织活检诊断).

    Numbers that count up by one from row to row, three times or more, number the rows.
    """
    freed = list(rows)
    named = [i for i, row in enumerate(rows) if not row.apart and NAME in row.cells]
    numbers = {i: _number_before(rows[i].cells[NAME]) for i in named}
    run: list[int] = []
    for i in [*named, -1]:
        number = numbers.get(i)
        if run and number is not None and number[0] == (numbers[run[-1]] or (0, 0))[0] + 1:
            run.append(i)
            continue
        if len(run) >= FEWEST_NUMBERED:
            for j in run:
                freed[j] = _cut_before_name(rows[j], (numbers[j] or (0, 0))[1])
        run = [i] if number is not None else []
    return freed


def _number_before(word: Word) -> tuple[int, int] | None:
    """The number that a name begins with, and where the rest of the name starts."""
    match = _NUMBERED_NAME.fullmatch(fold(word.text))
    return (int(match["number"]), match.start("name")) if match else None


def _cut_before_name(row: TableRow, start: int) -> TableRow:
    name = row.cells[NAME]
    return replace(row, cells={**row.cells, NAME: name.part(start, len(name.text))})


def _may_be_category(item: LineItem, group: _Group) -> bool:
    """Whether a row may be the sum of the rows under it (西药费 34.05)."""
    if item.quantity is not None and group.head is not None and group.head.quantity is None:
        return False  # 急诊留观床位费 2 日 under 床位费: the sums of this list count nothing
    is_named = item.name is not None and find_category(item.name.value or "") is not None
    return is_named and (item.quantity is None or item.unit_price is None) and not item.specification


def _gathered(
    groups: Sequence[_Group], totals: list[LineItem]
) -> tuple[tuple[LineItem, ...], tuple[LineItem, ...]]:
    items: list[LineItem] = []
    for group in groups:
        head = group.head
        if head is not None:
            own = replace(head, category=head.category or head.name)
            if not group.items or not _adds_up(head, group.items):
                # 床位费 3 日 120.00 among other rows is charged by itself.
                items.append(own)
                items += group.items
                continue
            totals.append(own)
        items += [
            item if item.category or group.category is None else replace(item, category=group.category)
            for item in group.items
        ]
    return tuple(items), tuple(totals)


def _adds_up(head: LineItem, items: Sequence[LineItem]) -> bool:
    """Whether a category row can be the sum of the rows under it, one of which may be misread."""
    amounts = [item.amount.value for item in items if item.amount and item.amount.value is not None]
    stated = head.amount.value if head.amount else None
    if stated is None or not amounts or sum(amounts, Decimal(0)) == stated:
        return True
    return head.quantity is None and head.unit_price is None and stated >= max(amounts)
