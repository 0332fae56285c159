"""From a printed item to its entry: taken apart, looked up among what may stand in its row, chosen.

A score is the likeness of the names, less what speaks against it: another form, another salt, another
category, a unit that does not go with it, a price far from any known. What is found is chosen from in
`choosing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.catalogs.categories import category_of, is_category_or_sum, kinds_of
from pipeline.catalogs.choosing import MATCHED, best_of_each, choose
from pipeline.catalogs.dosage_forms import forms_hinted
from pipeline.catalogs.drug_names import drug_name
from pipeline.catalogs.entries import Entry
from pipeline.catalogs.found import Found
from pipeline.catalogs.herbal_pieces import HERBAL, HerbalPieces
from pipeline.catalogs.medicine_readings import spellings
from pipeline.catalogs.medicines import Medicines
from pipeline.catalogs.other_items import OtherItems
from pipeline.catalogs.price_doubt import price_doubt
from pipeline.catalogs.printed_names import PrintedName, bare, take_apart
from pipeline.model import CatalogKind, CatalogMatch, ReimbursementClass

SURE = 0.95
"""From here on a name found letter by letter needs no look at its neighbours; a missing form is less."""
_UNIT_OF_OTHER_KIND = 0.15
"""What a medicine charged by the day or a service charged by the box loses, where no category is printed."""
_DRUG_UNITS = frozenset("盒瓶袋粒片丸板贴桶罐")
_SERVICE_UNITS = frozenset(
    {
        *(
            "次",
            "日",
            "天",
            "项",
            "小时",
            "人次",
            "部位",
            "床日",
            "床/日",
            "例",
            "单侧",
            "疗程",
            "穴位",
            "视野",
        ),
        "分钟",
    }
)
_CLASS_WORDS: dict[str, ReimbursementClass] = {
    **dict.fromkeys(("甲", "甲类", "无自付", "1", "01"), "甲"),
    **dict.fromkeys(("乙", "乙类", "有自付", "部分自付", "2", "02"), "乙"),
    **dict.fromkeys(("丙", "丙类", "全自付", "自费", "3", "03"), "丙"),
}


class Item(NamedTuple):
    """What a bill prints of one charged row; what it does not print is `""` or None."""

    name: str
    specification: str = ""
    unit: str = ""
    category: str = ""
    insurance_class: str = ""
    unit_price: Decimal | None = None


class ItemMatcher:
    """Matches printed items against a fixed set of entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        drugs = [entry for entry in entries if entry.kind == "drug"]
        self._medicines = Medicines(entry for entry in drugs if entry.category != HERBAL)
        self._pieces = HerbalPieces((entry for entry in drugs if entry.category == HERBAL), self._medicines)
        self._others = OtherItems(entry for entry in entries if entry.kind != "drug")
        self._periods = {_period_of(entry) for entry in entries}

    def match(self, item: Item, on: date | None) -> CatalogMatch:
        """The entry for a printed item on a day, or what comes near it."""
        printed = take_apart(item.name)
        if not bare(printed.plain):
            return CatalogMatch("unmatched", why="没有可比对的名称")
        if is_category_or_sum(item.name) and not printed.heading:
            return CatalogMatch("unmatched", why="费用类别或合计行，不对应目录项目")
        specification = f"{item.specification} {printed.specification}"
        best = best_of_each(self._found(printed, item), on, specification)
        printed_class = _CLASS_WORDS.get(item.insurance_class.strip())
        return choose(best, printed_class, on, lambda entry: self._covers(entry, on))

    def _found(self, printed: PrintedName, item: Item) -> list[Found]:
        """What may be meant; texts near the name are looked at only where nothing sure is called just so."""
        category = category_of(item.category) or category_of(printed.heading)
        kinds = kinds_of(category)
        unit = item.unit.strip()
        spelled = list(spellings(printed))
        if category == HERBAL:
            return list(self._pieces.find(spelled))
        hinted = forms_hinted(item.specification + printed.specification, unit)
        drugs = not kinds or "drug" in kinds
        others = not kinds or kinds != ("drug",)
        no_drug = _UNIT_OF_OTHER_KIND if not kinds and unit in _SERVICE_UNITS else 0.0
        no_other = _UNIT_OF_OTHER_KIND if not kinds and unit and unit[0] in _DRUG_UNITS else 0.0
        price = item.unit_price
        found: list[Found] = []
        if drugs:
            found += _lowered(self._medicines.exactly(spelled, hinted, category), no_drug, price)
            found += _lowered(self._pieces.exactly(spelled), no_drug, price)
        if others:
            found += _lowered(self._others.exactly(printed, category, kinds), no_other, price)
        if any(one.score >= SURE for one in found):
            return found
        rooms: list[Iterable[Found]] = []
        if drugs:
            rooms.append(_lowered(self._medicines.nearly(spelled, hinted, category), no_drug, price))
        if others:
            rooms.append(_lowered(self._others.nearly(printed, category, kinds), no_other, price))
        enough = MATCHED
        if drug_name(printed.outer).form is None:
            rooms.reverse()  # without a dosage form at its end it is rather a service
            enough = SURE  # but 维生素B12 is not its test
        for room in rooms:
            found += room
            if any(one.score >= enough for one in found):
                break
        return found

    def _covers(self, entry: Entry, on: date | None) -> bool:
        """Whether any list of that sort is in force on the day; herbal pieces stand in lists of their own."""
        kind, herbal, _, _ = _period_of(entry)
        return any(
            (kind, herbal) == (other_kind, other_herbal)
            and (on is None or ((start is None or start <= on) and (end is None or on <= end)))
            for other_kind, other_herbal, start, end in self._periods
        )


def _period_of(entry: Entry) -> tuple[CatalogKind, bool, date | None, date | None]:
    return entry.kind, entry.category == HERBAL, entry.effective_from, entry.effective_to


def _lowered(found: Iterable[Found], against: float, unit_price: Decimal | None) -> Iterator[Found]:
    """What was found, less what unit and price of the row speak against it."""
    for one in found:
        listed = one.listed
        doubt = price_doubt(unit_price, listed.prices, medicine=listed.entries[0].kind == "drug")
        if doubt:
            known = "、".join(f"{price:f}" for price in listed.prices[:3])
            why = f"{one.why}，单价远离目录价（{known} 元）"
            yield one._replace(score=one.score - against - doubt, why=why)
        else:
            yield one._replace(score=one.score - against) if against else one
