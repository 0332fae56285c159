"""Herbal pieces (中药饮片): found with and without how they were processed and cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.catalogs.entries import Entry
from pipeline.catalogs.found import Found, Listed
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.medicine_readings import Spelling
from pipeline.catalogs.medicines import Medicines
from pipeline.catalogs.near_texts import SHOWN, NearTexts
from pipeline.catalogs.printed_names import bare

HERBAL = "中药饮片费"

_CUT_LEFT_OUT, _UNPROCESSED = 0.98, 0.92
"""How far a piece is trusted without its cut (`片`, `段`), and without how it was processed (`炙`, `炒`)."""
_NO_PIECE = 0.15
"""What a medicine that is no piece loses under the category of pieces."""
_OTHER_CATEGORY = 0.02
_PROCESSING = re.compile(
    r"^(?:净|生|炒|清炒|麸炒|土炒|炙|蜜炙|蜜|酒炙|酒|醋炙|醋|盐炙|盐|姜|制|煅|焦|鲜|干|炮|烫|熟|煨|法|川|广|怀|北|杭|浙)"
)
_CUT = re.compile(r"(?:饮片|片|段|丝|块|粉|炭|颗粒|配方颗粒)$")


class HerbalPieces:
    """The herbal pieces of the lists."""

    def __init__(self, entries: Iterable[Entry], medicines: Medicines) -> None:
        self._medicines = medicines
        grouped: dict[str, dict[Entry, None]] = {}
        for entry in entries:
            for name in (entry.name, *entry.aliases):
                if text := bare(name):
                    grouped.setdefault(text, {})[entry] = None
        self._listed = {text: Listed(tuple(held)) for text, held in grouped.items()}
        self._near = NearTexts(list(self._listed))

    def exactly(self, spelled: Iterable[Spelling]) -> Iterator[Found]:
        """The piece of just that name, for a row of another category or of none."""
        for spelling in spelled:
            text = bare(spelling.text)
            if listed := self._listed.get(text):
                yield Found(listed, spelling.weight - _OTHER_CATEGORY, "饮片名称一致", (text, "饮片"))

    def find(self, spelled: Iterable[Spelling]) -> Iterator[Found]:
        """What a row of the category of pieces may be."""
        for spelling in spelled:
            yield from self._found(spelling.text, spelling.weight)

    def _found(self, printed: str, weight: float) -> Iterator[Found]:
        whole = bare(printed)
        plain = _CUT.sub("", whole) if len(_CUT.sub("", whole)) >= 2 else whole
        bases = {whole: 1.0, plain: _CUT_LEFT_OUT}
        unprocessed = _PROCESSING.sub("", plain)
        if len(unprocessed) >= 2:
            bases.setdefault(unprocessed, _UNPROCESSED)
        for base, factor in bases.items():
            near = dict(self._near.alike(base, widely=False)) | dict(self._near.alike(base, widely=True))
            for text, alike in near.items():
                why = "饮片名称一致" if alike == 1 else "饮片名称相近"
                yield Found(self._listed[text], alike * factor * weight, why, (text, "饮片"))
        for listed, name in self._medicines.near_names(whole):
            alike = likeness(whole, name) - _NO_PIECE
            if alike >= SHOWN:
                yield Found(listed, alike * weight, "名称相近，但不是饮片", (name, ""))
