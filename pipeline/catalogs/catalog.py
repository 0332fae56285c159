"""The catalogs in use: which lists they are, and what a printed text stands for in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path

from platformdirs import user_data_path

from pipeline.catalogs.diagnoses import DiagnosisMatch, DiagnosisMatcher
from pipeline.catalogs.entries import (
    DATA,
    ITEM_KINDS,
    Entry,
    ListHead,
    ListKind,
    read_diagnoses,
    read_divisions,
    read_entries,
    read_head,
    read_hospitals,
)
from pipeline.catalogs.hospitals import HospitalMatch, HospitalMatcher
from pipeline.catalogs.matching import Item, ItemMatcher
from pipeline.model import CatalogMatch

CATALOG_DIR_VARIABLE = "BAOXIAO_CATALOG_DIR"
IN_USE = "in_use.txt"
"""In the catalog folder: the file names of the lists in use, one a line. It is replaced as a whole."""

_REMEMBERED = 16384


class Catalogs:
    """The lists in use.

    Lists are read when first asked for; a match is remembered. Safe to hand to another process: it
    takes the paths along, not what was read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._match)

    def __reduce__(self) -> tuple[type[Catalogs], tuple[tuple[Path, ...]]]:
        return type(self), (self._paths,)

    @classmethod
    def sample(cls) -> Catalogs:
        """The sample that ships with the package."""
        return cls(_sample_paths())

    @classmethod
    def in_use(cls, folder: Path | None = None) -> Catalogs:
        """The imported lists of a folder; for a kind that has none, the sample's."""
        imported = _imported_paths(folder or catalog_folder())
        kinds = {read_head(path).kind for path in imported}
        return cls([*imported, *(path for path in _sample_paths() if read_head(path).kind not in kinds)])

    @cached_property
    def lists(self) -> tuple[tuple[ListHead, Path], ...]:
        """Every list in use with the file it is kept in."""
        return tuple((read_head(path), path) for path in self._paths)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every medicine, service, facility and consumable of the lists in use."""
        return tuple(
            entry for head, path in self.lists if head.kind in ITEM_KINDS for entry in read_entries(path)
        )

    @cached_property
    def _items(self) -> ItemMatcher:
        return ItemMatcher(self.entries)

    @cached_property
    def _diagnoses(self) -> DiagnosisMatcher:
        return DiagnosisMatcher([one for path in self._of("diagnosis") for one in read_diagnoses(path)])

    @cached_property
    def _hospitals(self) -> HospitalMatcher:
        return HospitalMatcher([one for path in self._of("hospital") for one in read_hospitals(path)])

    @cached_property
    def _divisions(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in self._of("division"):
            found.update(read_divisions(path))
        return found

    def _of(self, kind: ListKind) -> list[Path]:
        return [path for head, path in self.lists if head.kind == kind]

    def match(
        self,
        name: str,
        *,
        specification: str | None = None,
        unit: str | None = None,
        category: str | None = None,
        insurance_class: str | None = None,
        unit_price: Decimal | None = None,
        on: date | None = None,
    ) -> CatalogMatch:
        """The entry that a printed item stands for on the date of treatment.

        `unmatched` and `ambiguous` have no name and code of their own but show what came near. Where no
        list of that kind was in force on the day, the entry is named and its class left open.

        Args:
            name: The item as printed, markers, trade name and specification included.
            specification: What stands in the 规格 column.
            unit: What stands in the 单位 column.
            category: The fee category that the row stands under; it decides which kinds are looked at.
            insurance_class: 甲, 乙, 丙 as printed; it decides between two entries alike, nothing more.
            unit_price: Yuan, as printed; far from every price in the lists it speaks against an entry.
            on: The date of treatment; without it any list in use serves, the newest first.
        """
        return self._remembered(
            Item(name, specification or "", unit or "", category or "", insurance_class or "", unit_price), on
        )

    def _match(self, item: Item, on: date | None) -> CatalogMatch:
        return self._items.match(item, on)

    def with_code(self, code: str) -> tuple[Entry, ...]:
        """The entries of that code, in every list in use."""
        return tuple(entry for entry in self.entries if entry.code and entry.code == code)

    def match_diagnosis(self, text: str) -> DiagnosisMatch | None:
        """The ICD-10 diagnosis (insurance version) that one printed diagnosis stands for."""
        return self._diagnoses.match(text)

    def hospital(self, name: str) -> HospitalMatch | None:
        """The hospital of the registry that a printed name stands for; strict, so that 第一 is not 第二."""
        return self._hospitals.match(name)

    def division(self, code: str) -> str | None:
        """The place of a six-digit division code, such as the first six digits of an identity number."""
        return self._divisions.get(code[:6])


def catalog_folder() -> Path:
    """Where imported lists are kept: `BAOXIAO_CATALOG_DIR`, or the user's data folder."""
    named = os.environ.get(CATALOG_DIR_VARIABLE)
    return Path(named) if named else user_data_path("baoxiao") / "catalogs"


def _imported_paths(folder: Path) -> list[Path]:
    register = folder / IN_USE
    if not register.is_file():
        return []
    return [folder / line for line in register.read_text(encoding="utf-8").splitlines() if line]


def _sample_paths() -> list[Path]:
    return sorted(DATA.glob("sample_*.csv"))
