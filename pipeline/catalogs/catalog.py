"""The catalogs in use: which lists they are, and what a printed text stands for in them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path

from platformdirs import user_data_path

from pipeline.catalogs.diagnoses import DiagnosisMatch, DiagnosisMatcher
from pipeline.catalogs.divisions import IdentityFacts, Place, identity_facts, place_of
from pipeline.catalogs.entries import (
    DATA,
    ITEM_KINDS,
    Diagnosis,
    Division,
    Entry,
    Holiday,
    ListHead,
    ListKind,
    read_diagnoses,
    read_divisions,
    read_entries,
    read_head,
    read_holidays,
    read_hospitals,
    read_map,
)
from pipeline.catalogs.hospitals import HospitalMatch, HospitalMatcher
from pipeline.catalogs.matching import Item, ItemMatcher
from pipeline.catalogs.printed_names import bare
from pipeline.catalogs.published_limits import (
    DuplicateCharge,
    PublishedLimit,
    read_duplicate_charges,
    read_limits,
)
from pipeline.model import CatalogKind, CatalogMatch

CATALOG_DIR_VARIABLE = "BAOXIAO_CATALOG_DIR"
IN_USE = "in_use.txt"
"""In the catalog folder: the file names of the lists in use, one a line. It is replaced as a whole."""

_REMEMBERED = 16384
_EDITIONS = 8
"""Sets of rule lists that are held at once: one for each span of days between two editions."""


class Catalogs:
    """The lists in use.

    Lists are read when first asked for; a match is remembered. Safe to hand to another process: it
    takes the paths along, not what was read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._match)
        self._limits = lru_cache(maxsize=_EDITIONS)(_limits_of)
        self._pairs = lru_cache(maxsize=_EDITIONS)(_pairs_of)

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
    def _by_code(self) -> dict[str, list[Entry]]:
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.code:
                found[entry.code].append(entry)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[Entry]]:
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[bare(entry.name)].append(entry)
        return found

    def drug_limits(self, on: date | None) -> Mapping[str, tuple[PublishedLimit, ...]]:
        """The published rules about medicines that hold on a day, by the bare generic name."""
        return self._limits(self._in_force("drug_limit", on))

    def service_limits(self, on: date | None) -> Mapping[str, tuple[PublishedLimit, ...]]:
        """The published rules about services that hold on a day, by code and by bare name."""
        return self._limits(self._in_force("service_limit", on))

    def duplicate_charges(self, on: date | None) -> tuple[DuplicateCharge, ...]:
        """The published pairs of services of which one covers the other, as they hold on a day."""
        return self._pairs(self._in_force("duplicate_charge", on))

    def _in_force(self, kind: ListKind, on: date | None) -> tuple[Path, ...]:
        """Of each list of a kind the edition of the day; without a day the newest."""
        editions: dict[str, tuple[date, Path]] = {}
        for head, path in self.lists:
            start, end = head.effective_from or date.min, head.effective_to or date.max
            if head.kind == kind and (on is None or start <= on <= end):
                known = editions.get(head.name)
                if known is None or known[0] <= start:
                    editions[head.name] = (start, path)
        return tuple(path for _, path in editions.values())

    @cached_property
    def holidays(self) -> tuple[Holiday, ...]:
        """The holidays and make-up working days of the imported lists."""
        return tuple(one for path in self._of("holiday") for one in read_holidays(path))

    @cached_property
    def _items(self) -> ItemMatcher:
        return ItemMatcher(self.entries)

    @cached_property
    def diagnoses(self) -> DiagnosisMatcher:
        """What printed diagnoses are looked up with."""
        clinical: dict[str, tuple[str, str]] = {}
        for path in self._of("diagnosis_map"):
            clinical.update(read_map(path, "diagnosis_map"))
        known = [one for path in self._of("diagnosis") for one in read_diagnoses(path)]
        return DiagnosisMatcher(known, clinical)

    @cached_property
    def _procedures(self) -> dict[str, Diagnosis]:
        found: dict[str, Diagnosis] = {}
        for path in self._of("procedure"):
            for one in read_diagnoses(path, "procedure"):
                found.setdefault(bare(one.name), one)
                found[one.code.upper()] = one
        for path in self._of("procedure_map"):
            for clinical, (code, _) in read_map(path, "procedure_map").items():
                if code.upper() in found:
                    found.setdefault(clinical.upper(), found[code.upper()])
        return found

    @cached_property
    def _hospitals(self) -> HospitalMatcher:
        return HospitalMatcher([one for path in self._of("hospital") for one in read_hospitals(path)])

    @cached_property
    def _divisions(self) -> dict[str, Division]:
        found: dict[str, Division] = {}
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
        return tuple(self._by_code.get(code, ()))

    def named(self, name: str) -> tuple[Entry, ...]:
        """The entries of that very name, signs and width of letters aside, in every list in use."""
        return tuple(self._by_name.get(bare(name), ()))

    def entry(self, kind: CatalogKind, name: str, form: str, on: date | None) -> Entry | None:
        """The one entry of that very name and form in force on a day, national lists first.

        None where there is none, or where several pay differently.
        """
        found = [
            entry
            for entry in self.named(name)
            if entry.kind == kind and (not form or entry.form == form) and entry.in_force(on)
        ]
        found = [entry for entry in found if entry.scope == "national"] or found
        paid = {(entry.form, entry.reimbursement_class) for entry in found}
        return found[0] if len(paid) == 1 else None

    def match_diagnosis(self, text: str) -> DiagnosisMatch | None:
        """The ICD-10 diagnosis (insurance version) that one printed diagnosis stands for."""
        return self.diagnoses.match(text)

    def procedure(self, text: str) -> Diagnosis | None:
        """The procedure of ICD-9-CM-3, insurance version, of that very name or code, also a clinical code.

        Nothing is taken for it that merely comes near: a code of an operation decides on its price.
        """
        return self._procedures.get(text.strip().upper()) or self._procedures.get(bare(text))

    def hospital(self, name: str, seals: Sequence[str] = ()) -> HospitalMatch | None:
        """The hospital of the registry that a printed name stands for; strict, so that 第一 is not 第二.

        `seals` is the writing of the seals on the paper, which speak with the name and never alone.
        """
        return self._hospitals.match(name, seals)

    def identity(self, number: str) -> IdentityFacts | None:
        """What an identity number says: birth, sex, and the place in its time; None where it is not valid."""
        return identity_facts(number, self._divisions)

    def place(self, code: str) -> Place | None:
        """Where a six-digit division code lies and what it was called, in use or given up."""
        return place_of(code[:6], self._divisions)

    def division(self, code: str) -> str | None:
        """The place of a six-digit division code, such as the first six digits of an identity number."""
        found = self._divisions.get(code[:6])
        return found.name if found is not None else None


def _limits_of(paths: tuple[Path, ...]) -> dict[str, tuple[PublishedLimit, ...]]:
    """The rules of lists, by code where they have one and by bare name."""
    found: defaultdict[str, list[PublishedLimit]] = defaultdict(list)
    for path in paths:
        for limit in read_limits(path):
            for key in dict.fromkeys((limit.code, bare(limit.name))):
                if key:
                    found[key].append(limit)
    return {key: tuple(limits) for key, limits in found.items()}


def _pairs_of(paths: tuple[Path, ...]) -> tuple[DuplicateCharge, ...]:
    return tuple(pair for path in paths for pair in read_duplicate_charges(path))


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
