"""Medicines as a prescription writes them under Rp: name, specification and quantity on a line, use below.

《处方管理办法》 annex 1: the body names each medicine with its specification and quantity, and its use.
Rows run freely: `1. 阿莫西林胶囊  0.25g×24粒  ×2盒  37.20`, `黄芪30g  当归10g`, or the name stands above.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors._fields import field_from
from extractors._items import INSURANCE_CLASS, as_specification, as_unit
from extractors._values import as_amount, as_text
from pipeline.model import Box, LineItem, Word
from pipeline.reading.layout import joined
from pipeline.text import fold, parse_quantity, parse_unit_price, squeeze

_PACKS = "盒|瓶|支|袋|包|板|罐|管|套|个|筒|桶|贴|张|付|剂|听|卷|件|枚"
_DOSES = "片|粒|丸|揿|喷|滴|颗|mg|ml|mL|g|克|毫升|单位"
_NUMBERING = re.compile(
    r"\s*(?:[★*#△▲]\s*)?(?:\d{1,2}\s*[、)]|\d{1,2}\s*\.(?!\d)|[①-⑳]|[\[(]\d{1,2}[\])])\s*"
)
_USE = re.compile(
    r"(?:用法用量|用法|用量|服法|Sig|sig|SIG|Sg|嘱托|医嘱)\s*[:.]?|(?<![A-Za-z])S\s*[:.]|(?:每[次日晚早天]|一日\s*\d)"
    r"|(?<=\s)(?:口服|外用|静滴|静脉|肌注|肌肉注射|皮下|雾化|含服|吸入|滴[眼鼻耳]|皮试)"
    r"|(?<![A-Za-z])(?:po|qd|bid|tid|qid|qn|prn|ivgtt|im|iv|ih)(?![A-Za-z])"
)
_ROUTE = re.compile(
    r"\s*(?:口服|外用|静滴|静脉滴注|静脉注射|肌注|肌肉注射|皮下注射|雾化吸入|含服|皮试)(?![\u4e00-\u9fff])"
)
"""A line that begins so tells the use; 口服补液盐散 is a medicine."""

_MONEY = re.compile(r"¥?\d[\d,]*\.\d{2,4}元?")
_TIMES = r"\s*[×xX*✕╳]\s*"
_QUANTITY = re.compile(
    rf"(?:{_TIMES}|(?:数量|共|总量)\s*:?\s*|(?<=\s))(?P<quantity>\d+(?:\.\d+)?)\s*(?P<unit>{_PACKS}|{_DOSES})\s*$"
    rf"|{_TIMES}(?P<bare>\d{{1,3}})\s*$"
)
_DOSE_COUNT = re.compile(rf"^(?P<specification>.+?){_TIMES}(?P<quantity>\d+)\s*(?P<unit>{_PACKS}|{_DOSES})$")
_SPECIFICATION = re.compile(
    r"(?<=[\u4e00-\u9fff)\]\sⅠ-Ⅻ])\s*[\[(]?\d+(?:\.\d+)?\s*(?:万|百万)?"
    rf"(?:ug|μg|mcg|mg|m1|kg|ml|mL|g|L|IU|iu|U|u|%|cm|mm|{_PACKS}|{_DOSES}).*$"
)
_HERB = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,7}(?:\([\u4e00-\u9fff]{1,4}\))?)\s*(?P<quantity>\d+(?:\.\d+)?)\s*(?P<unit>g|克|枚|条|只)"
    r"(?:\([\u4e00-\u9fff]{1,4}\))?(?=\s|$|[\u4e00-\u9fff])"
)
HERBS_IN_LINE = 2
"""So many names with grams in one line make it a line of herbs."""

_HAN = re.compile(r"[\u4e00-\u9fff]")


def read_medicines(rows: Sequence[tuple[int, Sequence[Word]]]) -> list[LineItem]:
    """The medicines on the lines of a prescription; each row comes with its page."""
    items: list[LineItem] = []
    open_name: tuple[int, Word] | None = None
    for page, row in rows:
        line = _spaced(row)
        herbs = _herbs_in(line, page)
        if len(herbs) >= HERBS_IN_LINE or (
            herbs and items and items[-1].unit and items[-1].unit.text in ("g", "克")
        ):
            items += herbs
            continue
        numbered = _NUMBERING.match(fold(line.text))
        line = _before_use(line.part(numbered.end() if numbered else 0, len(line.text)))
        item = _medicine(line, page) if line.text.strip() else None
        if item is None:
            continue
        if item.name is None:
            # Specification and quantity below their name.
            if open_name is not None and (item.quantity or item.specification):
                name = field_from(open_name[1], as_text, open_name[0])
                items.append(replace(item, name=name))
                open_name = None
            elif items and items[-1].quantity is None:
                items[-1] = _completed(items[-1], item)
        elif item.quantity is None and item.specification is None and item.amount is None:
            open_name = (page, line) if numbered or open_name is None else open_name
        else:
            items.append(item)
            open_name = None
    return [_with_quantity(item) for item in items]


def _spaced(row: Sequence[Word]) -> Word:
    """The words of a row as one word, a space between any two."""
    parts: list[Word] = []
    for word in row:
        if parts:
            before = parts[-1].box
            gap = Box(min(before.x1, word.box.x0), before.y0, max(before.x1, word.box.x0), before.y1)
            parts.append(Word("\u3000", gap, 1.0, word.origin))
        parts.append(word)
    return joined(parts)


def _before_use(line: Word) -> Word:
    text = fold(line.text)
    use = _ROUTE.match(text) or _USE.search(text)
    return line.part(0, use.start()) if use else line


def _herbs_in(line: Word, page: int) -> list[LineItem]:
    text = fold(line.text)
    if re.search(r"[×xX*]\s*\d", text):
        return []
    return [
        LineItem(
            page,
            name=field_from(line.part(*match.span("name")), as_text, page),
            quantity=field_from(line.part(*match.span("quantity")), parse_quantity, page),
            unit=field_from(line.part(*match.span("unit")), as_unit, page),
        )
        for match in _HERB.finditer(text)
    ]


def _medicine(line: Word, page: int) -> LineItem | None:
    """A line as a medicine, from its end to its beginning: amounts, quantity, specification, name."""
    line, amounts, mark = _without_amounts(line)
    line, quantity, unit = _without_quantity(line)
    text = fold(line.text)
    match = _SPECIFICATION.search(text)
    start = match.start() if match else len(text)
    if not _HAN.search(text[:start]) and re.match(r"\s*[\[(]?\d", text):
        start = 0
    name, specification = line.part(0, start), line.part(start, len(text))
    if not any(part.text.strip() for part in (name, specification)) and quantity is None:
        return None
    return LineItem(
        page,
        name=field_from(name, as_text, page) if _HAN.search(name.text) else None,
        specification=field_from(_stripped(specification), _as_bare_specification, page)
        if specification.text.strip()
        else None,
        quantity=field_from(quantity, parse_quantity, page) if quantity else None,
        unit=field_from(unit, as_unit, page) if unit else None,
        unit_price=field_from(amounts[-2], parse_unit_price, page) if len(amounts) > 1 else None,
        amount=field_from(amounts[-1], as_amount, page) if amounts else None,
        insurance_class=field_from(mark, lambda text: squeeze(text).strip("()[]"), page) if mark else None,
    )


def _as_bare_specification(text: str) -> str:
    """A specification without the brackets around it."""
    bare = text.strip()
    inside = re.fullmatch(r"[\[(（【]([^\[\]()（）【】]*)[\])）】]", bare)
    return as_specification(inside[1] if inside else bare)


def _stripped(word: Word) -> Word:
    start = len(word.text) - len(word.text.lstrip())
    return word.part(start, len(word.text.rstrip())) if word.text.strip() else word


def _without_amounts(line: Word) -> tuple[Word, list[Word], Word | None]:
    """The line without the amounts and the insurance class at its end, these from left to right."""
    amounts: list[Word] = []
    mark = None
    while piece := re.search(r"\S+\s*$", line.text):
        word = line.part(piece.start(), len(line.text.rstrip()))
        bare = squeeze(word.text)
        if _MONEY.fullmatch(bare):
            amounts.insert(0, word)
        elif INSURANCE_CLASS.fullmatch(bare.strip("()[]")) and piece.start():
            mark = word
        else:
            break
        line = line.part(0, piece.start())
    return line, amounts, mark


def _without_quantity(line: Word) -> tuple[Word, Word | None, Word | None]:
    text = fold(line.text)
    match = _QUANTITY.search(text)
    if match is None or not match.start():
        return line, None, None
    rest = line.part(0, match.start())
    if match["bare"]:
        return rest, line.part(*match.span("bare")), None
    return rest, line.part(*match.span("quantity")), line.part(*match.span("unit"))


def _completed(item: LineItem, more: LineItem) -> LineItem:
    """A medicine with what stands on the line below it."""
    return replace(
        item,
        specification=item.specification or more.specification,
        quantity=more.quantity,
        unit=more.unit,
        unit_price=item.unit_price or more.unit_price,
        amount=item.amount or more.amount,
    )


def _with_quantity(item: LineItem) -> LineItem:
    """0.25g×24粒 with no other quantity on the paper: 24粒 are ordered."""
    specification = item.specification
    if item.quantity is not None or specification is None or specification.value is None:
        return item
    match = _DOSE_COUNT.match(fold(specification.value))
    if match is None or "/" in specification.value:
        return item
    return replace(
        item,
        specification=replace(specification, value=match["specification"].strip()),
        quantity=replace(specification, value=parse_quantity(match["quantity"])),  # type: ignore[arg-type]
        unit=replace(specification, value=match["unit"]),
    )
