"""Rows of a bill as charged items, category rows kept apart from the rows under them.

A category row (西药费 34.05) stands above the rows it adds up; both hold the same money. Rows that only
sum (小计, 合计, 承前页) are never items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from extractors._fields import STATED_CONFIDENCE, field_from
from extractors._values import SIMPLIFIED, as_amount, as_text
from pipeline.fee_categories import find_category
from pipeline.model import Field, LineItem, MoneyField, Page, Reading, StatedRow, TextField, Value, Word
from pipeline.reading.tables import AMOUNT, NAME, TableRow
from pipeline.text import fold, parse_quantity, parse_unit_price, split_quantity_unit, squeeze

V = TypeVar("V", bound=Value)

SUMMING = re.compile(
    r"^页码|小计|合计|总计|^总金额|^总费用|累计|承前页|承上页|过次页|转下页|本页|^共\d*[项条]|^第\d+页|费用总额|^以下空白|大写|小写|专用章|监制章"
)

INSURANCE_CLASS = re.compile(
    r"(?:医保)?[甲乙丙]类?(?:药品?)?|[无有全]自付|(?:完全|全|部分)?自[费理付]|(?:非|可)?医保(?:外|内)?|(?:非|可)报销?"
)
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；！？"}
"""Full-width letters, digits and signs; Chinese punctuation within a sentence stays."""

_BRACKETED_SPECIFICATION = re.compile(
    r"(?P<name>.*[^(\s])\s*\((?P<specification>[\d.]+\s*(?:[a-zA-Zμ%]|[×*x:][\d.]+)"
    r"[^()]*(?:\([^()]*\)[^()]*)?)\)$"
)
"""A number with a unit in brackets at the end of a name, which may hold brackets itself (笔芯); (五分类) and
(DR) belong to the name."""

_LEADING_CLASS = re.compile(r"[★☆△▲*#]*[\[(](?P<mark>[甲乙丙]类?|自费|[无有全]自付)[\])]\s*")
"""Some lists print the class before the name: (甲)阿莫西林胶囊."""

_POINT_WITHOUT_DIGIT = re.compile(r"\d\.(?!\d)|(?<!\d)\.\d")
"""A point with a digit on one side only: a speck on the paper, or a number that lost a digit."""

DOUBTED_CONFIDENCE = 0.4
"""A number that may have lost a digit."""

_X_RAY = re.compile(r"x(?=[线光]|射线|刀)")
"""Small and capital x have one shape; 线 and 光 make it the term."""

_DATE = r"(?:20\d\d[-/.年])?\d{1,2}[-/.月]\d{1,2}日?"
_NO_NAME = re.compile(
    rf"\d*{_DATE}|\d+|(?=\w*\d{{4}})[0-9A-Za-z]{{15,}}|[\u4e00-\u9fff]{{0,4}}(?:日期|时间):?(?:{_DATE})?"
    r"|.*(?:项目|药品|收费|费用|时间|日期|序号|编码|编号|代码)名称"
)
"""What no item is called: a date, a number, the code of an item, the heading of a day or a column."""

_GLUED_TO_NAME = re.compile(r"\d{0,4}20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,4}[0-9A-Za-z]*\d{10}")
"""The date or the code of the columns beside, read as the beginning of a name."""

_LOST_PART = re.compile(
    r"^级|^次性|^般专|^[0-9A-Za-z|]级|^[ⅠⅡⅢ][I1l|]级|^.$|^\d+\.\d\d|[部肢骨节椎颌]线|^[)\],、.·+-]|[(\[]$"
)
"""Names that nothing begins or ends like: the numeral before 级, the 一 before 次性, the X before 线."""

_MISREAD_MILLILITRE = re.compile(r"(?<=\d)m[1I|](?![0-9A-Za-z])")


def items_of(rows: Iterable[TableRow]) -> list[LineItem]:
    """The rows that charge something, in reading order; sums and empty rows left out."""
    return [item for row in rows if not SUMMING.search(squeeze(row.text)) if (item := item_of(row))]


def item_of(row: TableRow) -> LineItem | None:
    """A row as a charged item; None where it has no name or nothing that is charged."""
    cells = dict(row.cells)
    if AMOUNT not in cells and "unit_price" in cells and find_category(row.get(NAME)):
        # A category row of a paper ticket: its one number stands where the unit prices stand below.
        cells[AMOUNT] = cells.pop("unit_price")
    if NAME not in cells or not {AMOUNT, "quantity", "quantity_unit", "unit_price"} & cells.keys():
        return None
    quantity, unit = _quantity_and_unit(cells, row.page)
    marks = cells.get("insurance_class") or cells.get("note")
    category = cells.get("category")
    if category is not None and _is_class(category.text):
        # 类别 heads the fee category on one form and 甲, 乙, 丙 on the next.
        marks, category = marks or category, None
    elif marks is not None and category is None and find_category(marks.text):
        marks, category = None, marks

    def is_class(word: Word) -> bool:
        # Some lists number the classes 1, 2, 3; elsewhere than in their own column that is a quantity.
        in_column = word is cells.get("insurance_class") and _as_class(word.text) in ("1", "2", "3")
        return in_column or _is_class(word.text)

    name, mark = _name_and_class(cells[NAME])
    marks = mark or marks
    specification = cells.get("specification")
    if specification is None:
        name, specification = _name_and_specification(name)
    item = LineItem(
        page=row.page,
        name=_name_of(name, row.page),
        specification=_without_specks(specification, as_specification, row.page),
        unit=unit,
        quantity=quantity,
        unit_price=_read(cells.get("unit_price"), parse_unit_price, row.page),
        amount=_without_specks(cells.get(AMOUNT), _amount_with_specks, row.page),
        category=_read(category, as_text, row.page),
        insurance_class=_read(marks, _as_class, row.page) if marks and is_class(marks) else None,
    )
    return _doubted_if_parts_are_lost(item)


def _doubted_if_parts_are_lost(item: LineItem) -> LineItem:
    """The row with its price and amount in doubt where its quantity is lost and no count joins the two.

    What hid the quantity (a seal) may have hidden a digit of the price beside it: 6.50 for 46.50.
    """
    price = item.unit_price.value if item.unit_price else None
    amount = item.amount.value if item.amount else None
    if item.quantity is not None or not price or not amount or amount % price == 0:
        return item
    return replace(item, unit_price=_doubted(item.unit_price), amount=_doubted(item.amount))


def _without_specks(word: Word | None, parse: Callable[[str], V], page: int) -> Field[V] | None:
    """A cell as a field, in doubt where a point has no digit on one of its sides."""
    if word is None:
        return None
    field = field_from(word, parse, page)
    return _doubted(field) if _POINT_WITHOUT_DIGIT.search(squeeze(word.text)) else field


def _doubted(field: Field[V] | None) -> Field[V] | None:
    """The field with what was read held for a guess."""
    return None if field is None else _sure_at_most(field, DOUBTED_CONFIDENCE)


def _sure_at_most(field: Field[V], most: float) -> Field[V]:
    least = min(field.reading.least, most) if field.reading else most
    reading = replace(field.reading or Reading(), least=least, mean=least)
    return replace(field, confidence=min(field.confidence, most), reading=reading)


def _amount_with_specks(text: str) -> Decimal:
    return as_amount(re.sub(r"^\s*\.(?=\s*\d)", "", fold(text)))


def _quantity_with_specks(text: str) -> Decimal:
    return parse_quantity(re.sub(r"(?<=\d)\.\s*$", "", fold(text)))


def _name_and_class(name: Word) -> tuple[Word, Word | None]:
    match = _LEADING_CLASS.match(fold(name.text))
    if match is None or match.end() == len(name.text):
        return name, None
    return name.part(match.end(), len(name.text)), name.part(*match.span("mark"))


def _name_and_specification(name: Word) -> tuple[Word, Word | None]:
    """What the column 项目/规格 holds apart: 连花清瘟胶囊 and 0.35g×24粒/盒 behind it in brackets."""
    match = _BRACKETED_SPECIFICATION.match(fold(name.text))
    if match is None:
        return name, None
    return name.part(*match.span("name")), name.part(*match.span("specification"))


_NO_UNITS = ("go", "qo", "bo", "o", "q", "b", "一")


def as_unit(text: str) -> str:
    """A unit as printed, without the stroke before it; no unit has a digit in it.

    >>> as_unit("/盒")
    '盒'
    """
    unit = as_text(text.strip(" /"))
    if any(char.isdigit() for char in unit) or unit in _NO_UNITS:
        raise ValueError("not a unit: it has a digit, or is what is read for a lone g")
    return unit


def as_item_name(text: str) -> str:
    """The name of an item; forms set its brackets full-width or half-width without meaning anything.

    >>> as_item_name("胸部x线计算机体层(CT)平扫")
    '胸部X线计算机体层(CT)平扫'
    >>> as_item_name("一次性使用输液器（带 针）")
    '一次性使用输液器(带针)'
    """
    return _X_RAY.sub("X", as_text(text.translate(_HALF_WIDTH).translate(SIMPLIFIED)))


def as_charged_name(text: str) -> str:
    """The name of an item; what stands in other columns and headings is none.

    >>> as_charged_name("一次性使用输液器（带 针）")
    '一次性使用输液器(带针)'
    """
    name = as_item_name(text)
    if _NO_NAME.fullmatch(squeeze(name)):
        raise ValueError(f"no name of an item: {len(name)} characters of a date, a code or a heading")
    return name


def _name_of(word: Word, page: int) -> TextField:
    """The name as a field, in doubt where a part is lost or the print of a neighbour stands in it."""
    field = field_from(word, as_charged_name, page)
    text = squeeze(word.text)
    is_torn = fold(text).count("(") != fold(text).count(")")
    doubtful = is_torn or _LOST_PART.search(fold(text)) or _GLUED_TO_NAME.match(fold(text))
    return _sure_at_most(field, DOUBTED_CONFIDENCE) if doubtful else field


def as_specification(text: str) -> str:
    """A specification as printed; `2m1` is no unit, so it is written as the millilitres that it is.

    >>> as_specification("2m1:1mg/支")
    '2ml:1mg/支'
    """
    return _MISREAD_MILLILITRE.sub("ml", as_item_name(text))


def _is_class(text: str) -> bool:
    return INSURANCE_CLASS.fullmatch(_as_class(text)) is not None


def _as_class(text: str) -> str:
    return squeeze(text).strip("()[]")


def _read(word: Word | None, parse: Callable[[str], V], page: int) -> Field[V] | None:
    return field_from(word, parse, page) if word is not None else None


def _quantity_and_unit(cells: Mapping[str, Word], page: int) -> tuple[MoneyField | None, TextField | None]:
    both = cells.get("quantity_unit")
    if both is None:
        quantity = cells.get("quantity")
        unit = _read(cells.get("unit"), as_unit, page)
        if quantity is not None and unit is None:
            both = quantity
        else:
            return _without_specks(quantity, _quantity_with_specks, page), unit
    match = re.match(r"\s*-?[\d.,]+", fold(both.text))
    stop = match.end() if match else len(both.text)
    rest = both.part(stop, len(both.text)) if both.text[stop:].strip(" /") else None
    quantity_field = _read(both.part(0, stop), lambda text: split_quantity_unit(text)[0], page)
    return quantity_field, _read(rest, as_unit, page)


def split_levels(items: Sequence[LineItem]) -> tuple[tuple[LineItem, ...], tuple[LineItem, ...]]:
    """(items, category totals): the rows to add, and the category rows above them.

    Where no row is counted, or every row is a category, they are the items themselves. A detail row takes
    the category it stands under unless it carries its own.
    """
    categories = [find_category(item.name.value or "") if item.name else None for item in items]
    counted = any(item.quantity or item.unit_price for item in items)
    if not counted or all(category is not None for category in categories):
        return tuple(replace(item, category=item.category or item.name) for item in items), ()
    details, totals = [], []
    current: TextField | None = None
    for item, category in zip(items, categories, strict=True):
        if category is not None and (item.quantity is None or item.unit_price is None):
            current = item.name
            totals.append(item)
        else:
            details.append(item if item.category or current is None else replace(item, category=current))
    return tuple(details), tuple(totals)


def stated_items(pages: Sequence[Page]) -> list[LineItem]:
    """The rows that the XML of a bill states."""
    return [_stated(row, page.number) for page in pages for row in page.stated_rows]


def _stated(row: StatedRow, page: int) -> LineItem:
    def stated(text: str, parse: Callable[[str], V]) -> Field[V] | None:
        if not text.strip():
            return None
        try:
            value = parse(text)
        except ValueError:
            value = None
        return Field(value, text, STATED_CONFIDENCE if value is not None else 0.0, page, None, "xml")

    return LineItem(
        page=page,
        name=stated(row.name, as_text),
        specification=stated(row.specification, as_text),
        unit=stated(row.unit, as_text),
        quantity=stated(row.quantity, parse_quantity),
        unit_price=stated(row.unit_price, parse_unit_price),
        amount=stated(row.amount, as_amount),
        category=stated(row.category, as_text),
    )


def total_of(items: Iterable[LineItem]) -> Decimal | None:
    """What the items add up to, or None where an amount is unread."""
    amounts = [item.amount.value if item.amount else None for item in items]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None
