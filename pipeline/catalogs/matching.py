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
from pipeline.catalogs.entries import PRINTED_CLASSES, Entry
from pipeline.catalogs.found import Found
from pipeline.catalogs.herbal_pieces import HERBAL, HerbalPieces
from pipeline.catalogs.medicine_readings import Spelling, spellings
from pipeline.catalogs.medicines import Medicines
from pipeline.catalogs.other_items import OtherItems
from pipeline.catalogs.price_doubt import price_doubt
from pipeline.catalogs.printed_names import PrintedName, bare, take_apart
from pipeline.model import CatalogKind, CatalogMatch

SURE = 0.95
"""From here on a name found letter by letter needs no look at its neighbours; a missing form is less."""
_UNIT_OF_OTHER_KIND = 0.15
"""What a medicine charged by the day or a service charged by the box loses, where no category is printed."""
_DRUG_UNITS = frozenset("盒瓶袋粒片丸板贴桶罐")
_SERVICE_UNITS = frozenset(
    {
        *("次", "日", "天", "项", "小时", "人次", "部位", "床日"),
        *("床/日", "例", "单侧", "疗程", "穴位", "视野", "分钟"),
    }
)


class Item(NamedTuple):
    """What a bill prints of one charged row; what it does not print is `""` or None."""

    name: str
    specification: str = ""
    unit: str = ""
    category: str = ""
    insurance_class: str = ""
    unit_price: Decimal | None = None


class _Row(NamedTuple):
    """A row made ready for looking up."""

    printed: PrintedName
    spelled: Sequence[Spelling]
    """What a medicine printed so may be called."""
    category: str | None
    kinds: tuple[CatalogKind, ...]
    """What may stand under the category; none for any."""
    hinted: frozenset[str]
    """The dosage forms that specification and unit speak for."""
    unit: str
    unit_price: Decimal | None

    @property
    def may_be_drug(self) -> bool:
        return not self.kinds or "drug" in self.kinds

    @property
    def may_be_other(self) -> bool:
        return self.kinds != ("drug",)

    def lowered(self, found: Iterable[Found]) -> Iterator[Found]:
        """What was found, less what unit and price of the row speak against it."""
        for one in found:
            listed = one.listed
            medicine = listed.entries[0].kind == "drug"
            against = 0.0 if self.kinds else self._unit_doubt(medicine)
            doubt = price_doubt(self.unit_price, listed.prices, medicine=medicine)
            if doubt:
                known = "、".join(f"{price:f}" for price in listed.prices[:3])
                why = f"{one.why}，单价远离目录价（{known} 元）"
                yield one._replace(score=one.score - against - doubt, why=why)
            else:
                yield one._replace(score=one.score - against) if against else one

    def _unit_doubt(self, medicine: bool) -> float:
        if medicine:
            return _UNIT_OF_OTHER_KIND if self.unit in _SERVICE_UNITS else 0.0
        return _UNIT_OF_OTHER_KIND if self.unit and self.unit[0] in _DRUG_UNITS else 0.0


def _row(item: Item, printed: PrintedName, specification: str) -> _Row:
    category = category_of(item.category) or category_of(printed.heading)
    unit = item.unit.strip()
    return _Row(
        printed,
        tuple(spellings(printed)),
        category,
        kinds_of(category),
        forms_hinted(specification, unit),
        unit,
        item.unit_price,
    )


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
        best = best_of_each(self._found(_row(item, printed, specification)), on, specification)
        printed_class = PRINTED_CLASSES.get(item.insurance_class.strip())
        return choose(best, printed_class, on, lambda entry: self._covers(entry, on))

    def _found(self, row: _Row) -> list[Found]:
        """What may be meant; texts near the name are looked at only where nothing sure is called just so."""
        if row.category == HERBAL:
            return list(self._pieces.find(row.spelled))
        exact = list(self._called_so(row))
        if _best_score(exact) >= SURE:
            return exact
        return exact + self._near(row)

    def _called_so(self, row: _Row) -> Iterator[Found]:
        if row.may_be_drug:
            yield from row.lowered(self._medicines.exactly(row.spelled, row.hinted, row.category))
            yield from row.lowered(self._pieces.exactly(row.spelled))
        if row.may_be_other:
            yield from row.lowered(self._others.exactly(row.printed, row.category, row.kinds))

    def _near(self, row: _Row) -> list[Found]:
        """What comes near the name; without a dosage form at its end it is rather a service."""
        medicine_first = drug_name(row.printed.outer).form is not None
        found: list[Found] = []
        if medicine_first and row.may_be_drug:
            found += row.lowered(self._medicines.nearly(row.spelled, row.hinted, row.category))
            if _best_score(found) >= MATCHED:
                return found
        if row.may_be_other:
            found += row.lowered(self._others.nearly(row.printed, row.category, row.kinds))
        if not medicine_first and row.may_be_drug and (best := _best_score(found)) < SURE:
            # 维生素B12 is near its test, and is a medicine
            found += row.lowered(self._medicines.nearly(row.spelled, row.hinted, row.category, best))
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


def _best_score(found: Iterable[Found]) -> float:
    return max((one.score for one in found), default=0.0)
