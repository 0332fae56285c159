"""How like two names are when one of them was read by a machine.

A wrong character that looks like the right one costs less than another character: the pair stands in a
table of look-alikes (`data/lookalikes.csv`), or the two stroke orders are alike (1 across, 2 down, 3 left,
4 dot, 5 bend). A character that stands in no catalog at all was surely misread, and so was one that stands
twice or is a mere stroke. Letters and digits tell items apart (维生素B1, B2) and cost more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache, lru_cache

from rapidfuzz.distance import Levenshtein

from pipeline.catalogs.entries import DATA, read_pairs

LOOKS_ALIKE = 0.66
"""Of stroke orders: 孢/抱 0.88, 唑/挫 0.80, 酚/酞 0.73, 沙/纱 0.67; 肟/洛 0.22, 那/贝 0.17."""

_AGREED, _ALIKE, _STRANGE, _OTHER, _SIGN = 0.25, 0.4, 0.55, 1.0, 2.0
"""What one edit costs: look-alikes that two sources name, that one source or the strokes name, a character of
no catalog, any other character, a letter or digit."""
_STROKES = frozenset("一丨丶丿亅乙二三·")
"""What specks and ruled lines are read as; added, they cost as little as a look-alike."""
_TELLING = tuple(
    frozenset(family)
    for family in (
        *(
            "钠钾钙镁锌铁铝铋锂钡铜银",
            "氟氯溴碘",
            "甲乙丙丁戊己",
            "左右",
            "大中小",
            "上下",
            "内外",
            "前后",
            "男女",
            "单双",
        ),
        *(
            "长中短",
            "高低",
            "一二三四五六七八九十",
            "热寒温凉",
            "生熟",
            "赤白",
            "南北",
            "甲苯",
            "卡沙",
            "黄芪芩",
            "酯酸",
            "心肝脾肺肾胃肠胆胰脑",
            "踝趾指腕膝髋肘肩颈胸腰",
            "人牛猪",
        ),
    )
)
"""Characters that tell one item from another, however alike they look."""
_FAMILIES = {
    char: frozenset(number for number, family in enumerate(_TELLING) if char in family)
    for char in set().union(*_TELLING)
}
_TOO_FAR = 0.3
"""Where fewer characters agree, how the others look does not matter."""


_NONE: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


@cache
def stroke_orders() -> dict[str, str]:
    """Character to stroke order, of every character that stands in the catalogs."""
    return read_pairs(DATA / "stroke_orders.csv")


@cache
def lookalikes() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Character to what it may be read as: by two sources or more, and by one."""
    with (DATA / "lookalikes.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row["char"]: (frozenset(row["agreed"]), frozenset(row["single"])) for row in rows}


def looks_like(read: str, meant: str) -> bool:
    """Whether the character `read` is known to look like `meant`, or is it."""
    return misread_cost(read, meant) <= _ALIKE


@lru_cache(maxsize=65536)
def misread_cost(read: str, meant: str) -> float:
    """What it costs to take the character `read` for `meant`, 0 to 2.

    >>> misread_cost("茵", "菌"), misread_cost("那", "贝"), misread_cost("1", "2"), misread_cost("襉", "胺")
    (0.25, 1.0, 2.0, 0.55)
    >>> misread_cost("钾", "钠")
    1.0
    """
    if read == meant:
        return 0.0
    if read.isascii() or meant.isascii():
        return _SIGN
    if not _FAMILIES.get(read, frozenset()).isdisjoint(_FAMILIES.get(meant, ())):
        return _OTHER
    agreed, single = lookalikes().get(meant, _NONE)
    if read in agreed:
        return _AGREED
    if read in single:
        return _ALIKE
    orders = stroke_orders()
    if read not in orders:
        return _STRANGE
    a, b = orders[read], orders.get(meant, "")
    if a and b and (a.endswith(b) or b.endswith(a)):
        return _ALIKE  # its left part was lost: 汀 as 丁
    return _ALIKE if Levenshtein.normalized_similarity(a, b) >= LOOKS_ALIKE else _OTHER


def likeness(read: str, meant: str) -> float:
    """1 minus the cost of the edits by the length of the longer name; 0 to 1.

    >>> likeness("头抱克肟", "头孢克肟"), likeness("依那普利", "贝那普利"), likeness("", "")
    (0.9, 0.75, 0.0)
    """
    if not read or not meant:
        return 0.0
    if read == meant:
        return 1.0
    longer = max(len(read), len(meant))
    edits = Levenshtein.distance(read, meant)
    if 1 - edits / longer < _TOO_FAR:
        return 1 - edits / longer
    if len(read) == len(meant):
        wrong = [(a, b) for a, b in zip(read, meant, strict=True) if a != b]
        if len(wrong) == edits:  # nothing lost or added: most misread names
            return _from_cost(sum(misread_cost(a, b) for a, b in wrong), longer)
    return _from_cost(sum(_edit_costs(read, meant)), longer)


def _from_cost(cost: float, longer: int) -> float:
    return max(0.0, round(1.0 - cost / longer, 4))


def _edit_costs(read: str, meant: str) -> Iterator[float]:
    for edit in Levenshtein.editops(read, meant):
        if edit.tag == "replace":
            yield misread_cost(read[edit.src_pos], meant[edit.dest_pos])
        elif edit.tag == "delete":
            yield _added_cost(read, edit.src_pos)
        else:
            yield _lost_cost(meant[edit.dest_pos])


def _added_cost(read: str, at: int) -> float:
    """What a character costs that was read and is not there."""
    char = read[at]
    if char.isascii():
        return _SIGN
    twice = char in (read[at - 1 : at], read[at + 1 : at + 2])
    return _ALIKE if twice or char in _STROKES else _OTHER


def _lost_cost(char: str) -> float:
    return _SIGN if char.isascii() else _OTHER
