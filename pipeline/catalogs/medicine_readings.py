"""What a printed medicine may be called: trade names resolved, brackets tried, broken affixes mended.

Mending concerns what all medicines share, and so can be read without any list: the dosage form at the end,
the acid or 注射用 before, the metal behind the substance. What is left between them is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from pipeline.catalogs.dosage_forms import FORM_OF
from pipeline.catalogs.drug_names import ACIDS, DrugName, drug_name
from pipeline.catalogs.entries import DATA, read_pairs
from pipeline.catalogs.likeness import looks_like
from pipeline.catalogs.printed_names import PrintedName, bare

_LOOKALIKE, _OTHER = 0.03, 0.06
"""What a mended affix takes from the score: one look-alike character; any other, lost or added one."""
_KNOWN_BY_HALF = frozenset({"胶囊", "颗粒"})
"""Words of two characters neither of which ends names otherwise."""
_LONGEST_BRAND = 8
_WHOLE_FORM = 3
"""An ending of so many characters is no rest of a longer one: 缓释片, 注射液."""
_LONGEST_FORM = 5
"""Longer words for forms stand in lists, not on bills."""


class Spelling(NamedTuple):
    """One text that the medicine may be called, and how far it is trusted."""

    text: str
    weight: float
    why: str


class Reading(NamedTuple):
    """A spelling set apart, after mending that `cost` something."""

    name: DrugName
    spelling: Spelling
    cost: float


@cache
def brand_names() -> dict[str, str]:
    """Trade name to generic name, both as they are printed."""
    return {bare(brand): generic for brand, generic in read_pairs(DATA / "brand_names.csv").items()}


def spellings(printed: PrintedName) -> Iterator[Spelling]:
    """What the medicine may be called: with brackets, without, what stands in them, trade names resolved."""
    telling = any(re.search("[0-9A-Za-z]", part) for part in printed.inner)
    seen: set[str] = set()
    for text, weight in (
        (printed.plain, 1.0),
        (printed.outer, 0.93 if telling else 0.995),
        *((part, _inner_weight(part)) for part in printed.inner if len(bare(part)) >= 2),
    ):
        if not text or text in seen:
            continue
        seen.add(text)
        yield Spelling(text, weight, "")
        brand, generic = _brand(bare(text))
        if brand:
            rest = bare(text)[len(brand) :]
            if len(rest) >= 3 and rest not in FORM_OF and drug_name(rest).stem[:2] not in ("", generic[:2]):
                # 立普妥阿托伐他汀钙片: behind the trade name stands the generic one
                yield Spelling(rest, 0.98 * weight, f"去掉商品名“{brand}”后")
            else:
                known = rest if rest.startswith(generic[:2]) else generic + rest
                yield Spelling(known, 0.97 * weight, f"商品名“{brand}”即{generic}，")


def _inner_weight(part: str) -> float:
    """How far what stands in brackets is trusted to be the name; two characters are rather a trade name."""
    return 0.96 if len(bare(part)) > 2 else 0.88


def _brand(text: str) -> tuple[str, str]:
    brands = brand_names()
    for length in range(min(_LONGEST_BRAND, len(text)), 1, -1):
        generic = brands.get(text[:length])
        if generic is not None:
            return text[:length], generic
    return "", ""


def mended(spelling: Spelling) -> Iterator[Reading]:
    """The spelling read with one broken affix put right, each way that there is."""
    text = bare(spelling.text)
    name = drug_name(text)
    known = len(text) - len(name.core) if name.form and text.startswith(name.core) else 0
    for ending, form, cost in _FORMS.broken_in(text, longer_than=known) if known < _WHOLE_FORM else ():
        yield Reading(drug_name(text[: len(text) - len(ending)] + form), spelling, cost)
    for beginning, prefix, cost in _BEGINNINGS.broken_in(text):
        yield Reading(drug_name(prefix + text[len(beginning) :]), spelling, cost)
    if len(name.core) > 2:
        yield from _with_salt_mended(text, name, spelling)


def _with_salt_mended(text: str, name: DrugName, spelling: Spelling) -> Iterator[Reading]:
    core = name.core
    if core != name.stem:
        # 碳酸氩钠 is no salt of 碳酸氩: the substance may be the whole
        yield Reading(name._replace(stem=core, acid="", metal=""), spelling, 0.0)
    for ending, salt, cost in _SALT_ENDINGS.broken_in(core):
        yield Reading(drug_name(text.replace(core, core[: -len(ending)] + salt, 1)), spelling, cost)
    for beginning, acid, cost in _ACIDS.broken_in(core):
        yield Reading(drug_name(text.replace(core, acid + core[len(beginning) :], 1)), spelling, cost)


class _Affixes:
    """Words that names begin or end with, found where one character of them is wrong, lost or added."""

    def __init__(self, words: Iterable[str], *, at_end: bool) -> None:
        self._words = frozenset(words)
        self._at_end = at_end
        self._longest = max(map(len, self._words))
        self._wrong: dict[tuple[int, str], list[str]] = {}
        self._lost: dict[str, list[str]] = {}
        for word in sorted(self._words):
            inner = 0 if at_end else len(word) - 1
            for at in range(len(word)):
                rest = word[:at] + word[at + 1 :]
                self._wrong.setdefault((at, rest), []).append(word)
                if (len(word) >= 3 and at != inner) or word in _KNOWN_BY_HALF:
                    self._lost.setdefault(rest, []).append(word)

    def broken_in(self, text: str, *, longer_than: int = 0) -> Iterator[tuple[str, str, float]]:
        """What stands at the end (or beginning) of `text`, the word that it may be, and what that costs.

        `longer_than` is the length of the word that does stand there.

        A word of one or two characters is known by a look-alike alone, as too little of it is left; and so
        is one whose character next to the substance is wrong, for that may be the substance's own.
        """
        for length in range(longer_than + 1, min(self._longest + 1, len(text) - 1) + 1):
            read = text[-length:] if self._at_end else text[:length]
            if read in self._words:
                continue
            inner = 0 if self._at_end else length - 1
            for at in range(length):
                rest = read[:at] + read[at + 1 :]
                for word in self._wrong.get((at, rest), ()):
                    alike = looks_like(read[at], word[at])
                    if alike or (length >= 3 and at != inner):
                        yield read, word, _LOOKALIKE if alike else _OTHER
                if 0 < at < length - 1 and rest in self._words:
                    yield read, rest, _OTHER
            for word in self._lost.get(read, ()):
                yield read, word, _OTHER


_FORMS = _Affixes((form for form in FORM_OF if len(form) <= _LONGEST_FORM), at_end=True)
_BEGINNINGS = _Affixes(("注射用", "吸入用", "雾化吸入用"), at_end=False)
_ACIDS = _Affixes(ACIDS, at_end=False)
_SALT_ENDINGS = _Affixes((*"钠钾钙镁锌", "氨丁三醇", "精氨酸", "赖氨酸", "葡甲胺"), at_end=True)
