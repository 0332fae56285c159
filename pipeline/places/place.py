"""What a place's file says: which materials a claim needs there, its deadline, its switches and its words.

Sources name rules of Beijing (有家健康网, 2025-03-29) and leave open what other places do; so every figure
and word that a rule compares with stands in such a file and none in the rule. A key that is not described
here is refused: a misspelt switch would otherwise stay at its default unseen.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

import pydantic

from pipeline.application import CASE_TYPES, CaseType, ClaimKind

Need: TypeAlias = Literal["R", "o", "c", "-"]
"""R: required. o: one of those marked o in the row. c: required when it applies. -: not asked."""

Condition: TypeAlias = Literal["medicines_charged", "stay", "newborn_name", "emergency_declared"]
"""When a material can be asked for at all: medicines were charged; there was a stay; the payer is named after
the mother (之子, 之女); the applicant declared an emergency without a card."""

Substitute: TypeAlias = Literal["details_on_receipt", "emergency_on_receipt"]
"""What on a receipt makes up for a material: its charged rows for the fee list, 急诊 for the record of it."""

Declared: TypeAlias = Literal["offsite_filings", "bank_account", "insured_number"]
"""What of an application is a material: data needs no paper."""

ProxyPaper: TypeAlias = Literal["insured_identity", "proxy_identity", "authorization", "relationship"]
"""What a proxy brings: the identity papers of both, 委托书 or 承诺书, a proof of the relation."""

PaperName: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^[a-z_]+(/[a-z_]+)?$")]
"""A document type, or type and subtype: `prescription`, `other/birth_certificate`."""

TwoDigits: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^[0-9]{2}$")]
"""The first two digits of a division code: a province."""


class _Part(pydantic.BaseModel):
    """A part of a place's file: frozen, and without a key that is not described."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Material(_Part):
    """A paper that may be asked for; `name` and `form` are the office's own words.

    It is there when a paper of `papers` is, when the application declares `declared`, or when a receipt shows
    `made_up_for_by`. It is asked for only when `only_when` holds.
    """

    name: str
    form: Literal["original", "copy", "data", ""] = ""
    papers: tuple[PaperName, ...] = ()
    only_when: Condition | None = None
    made_up_for_by: Substitute | None = None
    declared: Declared | None = None


class Deadline(_Part):
    """Fees of a year are declared by this day of the next year (R-DL-1).

    `warn_days` is how many days before it people are told that it is near; the two spans are working days
    from acceptance to settlement, of basic and of maternity insurance.
    """

    month: int = pydantic.Field(ge=1, le=12)
    day: int = pydantic.Field(ge=1, le=28)
    postponed_on_holidays: bool = True
    warn_days: int = pydantic.Field(default=10, ge=0)
    settled_in_working_days: int = pydantic.Field(default=30, ge=1)
    maternity_settled_in_working_days: int = pydantic.Field(default=20, ge=1)


class SealWanted(_Part):
    """The seal that a type of paper bears: what it is called, and the purposes of seals that serve (C-3).

    Purposes are those of the packaged seal names: institution, charge, tax, diagnosis, outside_medicine.
    """

    wanted: str
    purposes: frozenset[Literal["institution", "charge", "tax", "diagnosis", "outside_medicine"]]


class Proxy(_Part):
    """What papers a proxy of these relations brings; `relations` empty: any relation not named elsewhere."""

    relations: tuple[str, ...] = ()
    papers: tuple[ProxyPaper, ...]


class Region(_Part):
    """Where care is care at home: first two digits of division codes, and provinces that need no filing."""

    provinces: frozenset[TwoDigits]
    no_filing_needed: frozenset[TwoDigits] = frozenset()


class Switches(_Part):
    """Where sources contradict each other and places differ.

    `five_elements_or_number`: an e-bill may be declared by its number alone, and a person decides (C-2).
    `allow_late_filing`: care elsewhere may be filed after treatment, and a person decides (C-4).
    """

    five_elements_or_number: bool = False
    allow_late_filing: bool = False


class DateWindows(_Part):
    """How many days certificates and prescriptions may lie before and after a visit or stay (R-DATE-1)."""

    certificate_days: int = pydantic.Field(default=3, ge=0)


class Trauma(_Part):
    """Words of a diagnosis or department that suggest an injury, and those that take it back (R-TRA-1)."""

    words: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()


class Scope(_Part):
    """What is charged but not paid for (R-SCOPE-1).

    `not_payable` are words of a row's name; `bed_words` tell a bed, and `bed_limits` how much of a bed day is
    paid, in yuan, by such a word (the longest that fits); without a limit beds are not compared.
    """

    not_payable: tuple[str, ...] = ()
    bed_words: tuple[str, ...] = ()
    bed_limits: dict[str, Annotated[str, pydantic.Field(pattern=r"^\d+(\.\d{1,2})?$")]] = {}


class ExternalDrugs(_Part):
    """The pharmacies where medicine may be bought outside (R-DRUG-1); empty: the list is not at hand."""

    designated_pharmacies: tuple[str, ...] = ()


class BatchFiles(_Part):
    """How a batch (报盘) file is called and which versions of the software are current (R-ENT-4).

    Empty means that the place says nothing of it here; that the name was not altered is always compared.
    """

    name_pattern: str = ""
    software_versions: tuple[str, ...] = ()


class Place(_Part):
    """One place in one period. Without `effective_from` the source does not say since when it holds.

    Raises:
        pydantic.ValidationError: If a key is unknown or a value is none, the matrix names a material that is
            not described, or the period ends before it starts.
    """

    place: str = pydantic.Field(pattern=r"^[a-z_]+$")
    name: str
    source: str
    as_of: date
    effective_from: date | None = None
    effective_to: date | None = None
    region: Region
    deadline: Deadline
    switches: Switches = Switches()
    dates: DateWindows = DateWindows()
    materials: dict[str, Material]
    matrix: dict[CaseType | ClaimKind, dict[str, Need]]
    seals: dict[PaperName, SealWanted] = {}
    proxies: tuple[Proxy, ...] = ()
    trauma: Trauma = Trauma()
    scope: Scope = Scope()
    external_drugs: ExternalDrugs = ExternalDrugs()
    batch_files: BatchFiles = BatchFiles()

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Place:
        for row, needs in self.matrix.items():
            unknown = sorted(needs.keys() - self.materials.keys())
            if unknown:
                raise ValueError(f"matrix.{row}: 没有这些材料 / no such materials: {', '.join(unknown)}")
        missing = [name for name in CASE_TYPES if name not in self.matrix]
        if missing:
            raise ValueError(f"matrix: 缺少报销情形 / case types without a row: {', '.join(missing)}")
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to 早于 effective_from / ends before it starts")
        return self

    def needs(self, row: CaseType | ClaimKind) -> dict[str, Need]:
        """What a case type, or an application that is no claim for money, asks for, by material code."""
        return self.matrix.get(row, {})

    def papers_of_proxy(self, relation: str) -> tuple[ProxyPaper, ...]:
        """What a proxy of that relation brings; nothing where the place asks for nothing."""
        named = [proxy for proxy in self.proxies if relation in proxy.relations]
        usual = [proxy for proxy in self.proxies if not proxy.relations]
        return next((proxy.papers for proxy in (*named, *usual)), ())
