"""Medicines by their printed name: the substance is looked up, salt, form, prefix and marks are weighed.

First the substance letter by letter, which answers most names. Where that gives nothing sure, broken affixes
are mended and texts near the substance are compared, misread characters at the cost of how they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.catalogs.choosing import MATCHED
from pipeline.catalogs.dosage_forms import ends_like_a_form, form_cost
from pipeline.catalogs.drug_names import DrugName, drug_name, listed_names
from pipeline.catalogs.entries import Entry
from pipeline.catalogs.found import Found, Listed
from pipeline.catalogs.medicine_readings import Reading, Spelling, mended
from pipeline.catalogs.near_texts import NearTexts
from pipeline.catalogs.printed_names import bare

READ_WIDELY = 3
"""So many readings are looked up by shared pairs of characters: what is printed, then what is mended."""
_TRADE_NAME_BEHIND = re.compile(r"[\u3400-\u9fff]\([\u3400-\u9fff]{2,4}\)$")
"""What stands so is looked up letter by letter alone; without the brackets it is another spelling."""
SHORTEST_NEAR = 4
"""Of several texts that a medicine may be called, shorter ones are looked up letter by letter alone: a trade
name of two characters comes near many things."""
ALMOST = 0.78
"""Where something scores this much, texts that share pairs of characters are not asked."""

_OTHER_SALT, _SALT_LEFT_OUT = 0.2, 0.005
_OTHER_PREFIX, _OTHER_MARK, _MARK_LEFT_OUT = 0.25, 0.25, 0.05
_FORM_NOT_PRINTED, _FORM_HINTED, _FORM_HINTED_OTHERWISE = 0.06, 0.02, 0.2
_OTHER_CATEGORY = 0.03
_SAME_SALTS = ({"枸橼酸", "柠檬酸"}, {"硫酸", "硫酸氢"}, {"酒石酸", "重酒石酸"}, {"甲苯磺酸", "对甲苯磺酸"})


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """One name of medicines, with the forms that its entries hold; no forms where the list sets none."""

    listed: Listed
    name: DrugName
    forms: frozenset[str]
    own_names: frozenset[str]
    """The entries' own names, bare: 开塞露 ends in what looks like a form."""


class Medicines:
    """The medicines of the lists, by substance; herbal pieces are not among them."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        grouped: dict[tuple[DrugName, frozenset[str]], dict[Entry, None]] = {}
        for entry in entries:
            names = dict(listed_names(entry.name, entry.form))
            for alias in entry.aliases:
                names.update(listed_names(alias, entry.form))
            for name, forms in names.items():
                found = drug_name(name)
                if found.stem:
                    grouped.setdefault((found, forms), {})[entry] = None
                if found.form and entry.form and ends_like_a_form(text := bare(name)):
                    # 包醛氧淀粉 ends in what looks like a form; the form stands in a column of its own
                    whole = found._replace(core=text, stem=text, acid="", metal="", form=None)
                    grouped.setdefault((whole, forms), {})[entry] = None
        self._keys: dict[str, list[_Key]] = {}
        for (drug, forms), held in grouped.items():
            own_names = frozenset(bare(entry.name) for entry in held)
            key = _Key(Listed(tuple(held)), drug, forms, own_names)
            self._keys.setdefault(drug.stem, []).append(key)
        self._near = NearTexts(list(self._keys))

    def exactly(
        self, spelled: Sequence[Spelling], hinted: frozenset[str], category: str | None
    ) -> Iterator[Found]:
        """Medicines whose substance is printed letter by letter.

        Args:
            spelled: What the medicine may be called (`medicine_readings.spellings`).
            hinted: The forms that specification and unit speak for.
            category: The national fee category of the row, if it is known.
        """
        for one in spelled:
            name = drug_name(one.text)
            if name.stem:
                yield from self._weighed(Reading(name, one, 0.0), name.stem, 1.0, hinted, category)

    def nearly(
        self, spelled: Sequence[Spelling], hinted: frozenset[str], category: str | None, best: float = 0.0
    ) -> Iterator[Found]:
        """Medicines that come near what is printed; the arguments are those of `exactly`.

        First the substance is taken for misread, then salt or form beside it, then more than a character;
        less is tried where something else scores `best` already.
        """
        spelled = [one for one in spelled if len(spelled) == 1 or _may_be_misread(one.text)]
        printed = _told_apart(Reading(drug_name(one.text), one, 0.0) for one in spelled)
        for found in self._near_found(printed, hinted, category, widely=False):
            best = max(best, found.score)
            yield found
        if best >= MATCHED:
            return  # no affix is mended where a misread substance answers
        repaired = _told_apart(one for text in spelled for one in mended(text))
        for found in self._near_found(repaired, hinted, category, widely=False):
            best = max(best, found.score)
            yield found
        if best < ALMOST:
            yield from self._near_found([*printed, *repaired][:READ_WIDELY], hinted, category, widely=True)

    def _near_found(
        self, readings: Iterable[Reading], hinted: frozenset[str], category: str | None, *, widely: bool
    ) -> Iterator[Found]:
        for reading in readings:
            for text, alike in self._near.alike(reading.name.stem, widely=widely):
                yield from self._weighed(reading, text, alike, hinted, category)

    def near_names(self, text: str) -> Iterator[tuple[Listed, str]]:
        """The medicines whose substance comes near `text`, each with a name of its own."""
        for stem, _ in self._near.alike(text, widely=True):
            for key in self._keys[stem]:
                for name in key.own_names:
                    yield key.listed, name

    def _weighed(
        self, reading: Reading, stem: str, alike: float, hinted: frozenset[str], category: str | None
    ) -> Iterator[Found]:
        """Every medicine of that substance, with what speaks against it."""
        name, spelling = reading.name, reading.spelling
        keys = self._keys.get(stem, ())
        if name.form is not None and len(keys) > 1:
            # where the printed form is held, entries of other forms cannot come near
            keys = [key for key in keys if not key.forms or name.form in key.forms] or keys
        for key in keys:
            read = name
            if name.form is not None and key.forms and bare(spelling.text) in key.own_names:
                read = name._replace(form=min(key.forms))
            score, reasons = _score(read, key, alike, hinted)
            if (
                category is not None
                and "" not in key.listed.categories
                and category not in key.listed.categories
            ):
                score -= _OTHER_CATEGORY
            yield Found(
                key.listed,
                (score - reading.cost) * spelling.weight,
                spelling.why + "，".join(reasons),
                (stem, key.name.prefix, *key.name.marks),
                (key.name.acid, key.name.metal, *(("",) if read.form in key.forms else sorted(key.forms))),
                exact=name.core == key.name.core and name.marks == key.name.marks,
            )


def _told_apart(readings: Iterable[Reading]) -> list[Reading]:
    """Of readings that come to the same substance and form the one that is trusted most."""
    told: dict[tuple[str, str | None], Reading] = {}
    for reading in readings:
        which = reading.name.stem, reading.name.form
        if reading.name.stem and (which not in told or _trust(reading) > _trust(told[which])):
            told[which] = reading
    return list(told.values())


def _trust(reading: Reading) -> float:
    return reading.spelling.weight - reading.cost


def _may_be_misread(text: str) -> bool:
    return len(text) >= SHORTEST_NEAR and not _TRADE_NAME_BEHIND.search(text)


def _score(read: DrugName, key: _Key, alike: float, hinted: frozenset[str]) -> tuple[float, list[str]]:
    listed = key.name
    score = alike
    reasons = ["名称一致" if alike == 1 else f"名称相近（{alike:.2f}）"]
    for ours, theirs, called in ((read.acid, listed.acid, "酸根"), (read.metal, listed.metal, "金属离子")):
        if ours == theirs:
            continue
        if ours and theirs and {ours, theirs} not in _SAME_SALTS:
            score -= _OTHER_SALT
            reasons.append(f"{called}不同（{ours}/{theirs}）")
        else:
            score -= _SALT_LEFT_OUT
    both = read.prefix and listed.prefix
    if read.prefix != listed.prefix and (both or len(read.stem) != len(listed.stem)):
        score -= _OTHER_PREFIX
        reasons.append("前缀不同")
    if read.marks != listed.marks:
        if read.marks and listed.marks:
            score -= _OTHER_MARK
            reasons.append("编号不同")
        else:
            score -= _MARK_LEFT_OUT
    if not key.forms:
        score -= 0.0 if read.form is None else _FORM_NOT_PRINTED
    elif read.form in key.forms:
        reasons.append("剂型一致")
    elif read.form is None:
        if hinted:
            score -= _FORM_HINTED if hinted & key.forms else _FORM_HINTED_OTHERWISE
        else:
            score -= _FORM_NOT_PRINTED
        reasons.append("名称未印剂型")
    else:
        score -= form_cost(read.form, key.forms)
        reasons.append(f"剂型不同（{read.form}）")
    return score, reasons
