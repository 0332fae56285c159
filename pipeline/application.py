"""What an applicant declares beside the papers (申请信息), as `application.json` in the folder of the papers.

Papers say what was charged; who claims it, under which heading, since when a card was missing or whether
care elsewhere was filed before is declared on the form of the office. `ApplicationRecord` is the published
shape of that file and `read_application` the one door through which it comes in: a key that is missing,
unknown or wrong is named, and nothing of such a file is used.

The kinds of claims and the case types are those of the office's own form (domain reference, sections 9 and
9.1); several case types may hold for one claim.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Literal, NotRequired, TypeAlias, get_args

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import UnreadableFile
from pipeline.utf8 import encoding_fault
from pipeline.verification import DeclaredDay, Verification, VerificationRecord, verification_of

FILE_NAMES = frozenset({"application.json", "申请信息.json"})
"""A file of this name is no paper: it is what was declared for the papers of its folder."""

ANSWERS = "verifications.jsonl"
"""A file of this name is no paper either: it holds answers of the bill verification platform, one a line."""

MOST_BYTES = 1_000_000
"""A form fills a few kilobytes; what is larger was never one."""

ClaimKind: TypeAlias = Literal[
    "reimbursement", "chronic_disease_application", "offsite_filing", "family_account_binding"
]
CaseType: TypeAlias = Literal[
    "emergency_no_card",
    "card_replacement",
    "card_not_issued",
    "employer_arrears",
    "family_planning",
    "inpatient",
    "offsite",
    "trauma",
    "external_drug",
    "newborn",
    "social_aid",
]
CASE_TYPES: tuple[CaseType, ...] = get_args(CaseType)

CASE_NAMES: Mapping[CaseType, str] = MappingProxyType(
    {
        "emergency_no_card": "急诊未持卡",
        "card_replacement": "补换卡期间",
        "card_not_issued": "参保后未发卡",
        "employer_arrears": "企业欠费期间",
        "family_planning": "计划生育手术/生育",
        "inpatient": "住院",
        "offsite": "异地就医",
        "trauma": "外伤",
        "external_drug": "外购药",
        "newborn": "新生儿",
        "social_aid": "低保等救助",
    }
)
"""What the office calls each case type."""


LONGEST_TEXT = 200
"""Characters of a name, number or place as declared."""

Name: TypeAlias = Annotated[str, pydantic.Field(min_length=1, max_length=LONGEST_TEXT)]

_STRICT = pydantic.ConfigDict(extra="forbid")  # an unknown key is a misspelt one: it must be told


class PersonRecord(TypedDict):
    """A person as declared."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]  # how pydantic is told in a TypedDict
    name: Name
    id_number: NotRequired[Name]
    insurance_no: NotRequired[Name]
    phone: NotRequired[Name]


class RelativeRecord(PersonRecord):
    """Another person, and what they are to the insured (配偶, 父母, 子女, 单位经办人 …)."""

    relation: Name


class BankAccountRecord(TypedDict):
    """The account that is paid to."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    holder: Name
    number: Name
    bank: NotRequired[Name]


# `from` is a keyword, so the class form cannot name it.
PeriodRecord = TypedDict("PeriodRecord", {"from": DeclaredDay, "to": NotRequired[DeclaredDay]})
"""A period with both its days; without `to` it has not ended."""
PeriodRecord.__pydantic_config__ = _STRICT  # type: ignore[attr-defined]

OffsiteFilingRecord = TypedDict(
    "OffsiteFilingRecord",
    {
        "kind": Name,
        "place": Name,
        "from": DeclaredDay,
        "to": NotRequired[DeclaredDay],
        "filed_on": NotRequired[DeclaredDay],
    },
)
"""A filing for care elsewhere (备案类型, 就医地 as a name or a six-digit division code, its days)."""
OffsiteFilingRecord.__pydantic_config__ = _STRICT  # type: ignore[attr-defined]


class BatchFileRecord(TypedDict):
    """The electronic batch (报盘) file: its name as delivered and as its software made it, its version."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    name: Name
    made_as: Name
    software_version: NotRequired[Name]


class ApplicationRecord(TypedDict):
    """What the applicant declares: `application.json` beside the papers of a folder.

    Only `kind` must be there. Without `submitted_by` the insured claims in person. `references` are numbers
    of the office's own, by what they are called. `verifications` are answers of the bill verification
    platform that the office has at hand.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    schema_version: NotRequired[Literal["1"]]
    kind: ClaimKind
    case_types: NotRequired[list[CaseType]]
    received_on: NotRequired[DeclaredDay]
    insured: NotRequired[PersonRecord]
    submitted_by: NotRequired[RelativeRecord]
    phone: NotRequired[Name]
    bank_account: NotRequired[BankAccountRecord]
    offsite_filings: NotRequired[list[OffsiteFilingRecord]]
    card_period: NotRequired[PeriodRecord]
    chronic_disease: NotRequired[Name]
    designated_hospital: NotRequired[Name]
    family_member: NotRequired[RelativeRecord]
    batch_file: NotRequired[BatchFileRecord]
    references: NotRequired[dict[str, str]]
    verifications: NotRequired[list[VerificationRecord]]


_RECORD = pydantic.TypeAdapter(ApplicationRecord)


@dataclass(frozen=True, slots=True)
class Person:
    """A person as declared; `relation` is what they are to the insured, empty for the insured."""

    name: str
    id_number: str | None = None
    insurance_no: str | None = None
    phone: str | None = None
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included; without an end it has not ended.

    Raises:
        ValueError: If it ends before it starts.
    """

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"{self.end} < {self.start}")

    def holds(self, day: date) -> bool:
        """Whether the day lies in the period."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class OffsiteFiling:
    """A filing for care elsewhere; `place` is a name or a six-digit division code."""

    kind: str
    place: str
    period: Period
    filed_on: date | None = None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The account that is paid to."""

    holder: str
    number: str
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A batch (报盘) file: its name as delivered, the name its software gave it, that software's version."""

    name: str
    made_as: str
    software_version: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What was declared; `declared` is the file's own content, for the claim record."""

    kind: ClaimKind
    case_types: tuple[CaseType, ...] = ()
    received_on: date | None = None
    insured: Person | None = None
    submitted_by: Person | None = None
    phone: str | None = None
    bank_account: BankAccount | None = None
    offsite_filings: tuple[OffsiteFiling, ...] = ()
    card_period: Period | None = None
    chronic_disease: str | None = None
    designated_hospital: str | None = None
    family_member: Person | None = None
    batch_file: BatchFile | None = None
    references: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    verifications: tuple[Verification, ...] = ()
    declared: ApplicationRecord | None = field(default=None, repr=False, compare=False)


def read_application(content: bytes, name: str) -> Application:
    """The application in the bytes of a file.

    Args:
        content: JSON in UTF-8, with or without its mark (BOM), in the shape of `ApplicationRecord`.
        name: What the file is called in messages.

    Raises:
        UnreadableFile: If it is none: each key that is missing, unknown or wrong is named, values never.
    """
    if len(content) > MOST_BYTES:
        raise _refused(name, ["文件过大，不是申请信息 / too large for an application"])
    if fault := encoding_fault(content):
        raise _refused(name, [fault])
    try:
        record = _RECORD.validate_json(content.removeprefix(BOM_UTF8))
    except pydantic.ValidationError as error:
        raise _refused(name, [fault_said(one["loc"], one["type"]) for one in error.errors()]) from error
    return _of_record(record, name)


def application_of(record: Mapping[str, object], name: str) -> Application:
    """The application that a claim record carries under its key `application`.

    Raises:
        UnreadableFile: As `read_application`.
    """
    try:
        checked = _RECORD.validate_python(record)
    except pydantic.ValidationError as error:
        raise _refused(name, [fault_said(one["loc"], one["type"]) for one in error.errors()]) from error
    return _of_record(checked, name)


def application_schema() -> dict[str, object]:
    """The JSON Schema of `application.json`."""
    return _RECORD.json_schema()


def _of_record(record: ApplicationRecord, name: str) -> Application:
    turned = [key for key, start, end in _periods(record) if end is not None and end < start]
    if turned:
        raise _refused(name, [f"{key}.to: 早于开始日期 / is before the day it starts on" for key in turned])
    return _application(record)


def _periods(record: ApplicationRecord) -> Iterator[tuple[str, str, str | None]]:
    """Each period that was declared: its key, its first and its last day (YYYY-MM-DD)."""
    card = record.get("card_period")
    if card is not None:
        yield "card_period", card["from"], card.get("to")
    for number, filing in enumerate(record.get("offsite_filings", ())):
        yield f"offsite_filings.{number}", filing["from"], filing.get("to")


def _application(record: ApplicationRecord) -> Application:
    received = record.get("received_on")
    account, batch_file = record.get("bank_account"), record.get("batch_file")
    card = record.get("card_period")
    return Application(
        kind=record["kind"],
        case_types=tuple(dict.fromkeys(record.get("case_types", ()))),
        received_on=date.fromisoformat(received) if received else None,
        insured=_person(record.get("insured")),
        submitted_by=_person(record.get("submitted_by")),
        phone=record.get("phone"),
        bank_account=_account(account) if account else None,
        offsite_filings=tuple(
            OffsiteFiling(
                filing["kind"],
                filing["place"],
                _period(filing["from"], filing.get("to")),
                date.fromisoformat(filing["filed_on"]) if "filed_on" in filing else None,
            )
            for filing in record.get("offsite_filings", ())
        ),
        card_period=_period(card["from"], card.get("to")) if card else None,
        chronic_disease=record.get("chronic_disease"),
        designated_hospital=record.get("designated_hospital"),
        family_member=_person(record.get("family_member")),
        batch_file=_batch_file(batch_file) if batch_file else None,
        references=MappingProxyType(dict(record.get("references", {}))),
        verifications=tuple(verification_of(each) for each in record.get("verifications", ())),
        declared=record,
    )


def _person(record: PersonRecord | RelativeRecord | None) -> Person | None:
    if record is None:
        return None
    return Person(
        record["name"],
        record.get("id_number"),
        record.get("insurance_no"),
        record.get("phone"),
        str(record.get("relation", "")),
    )


def _account(record: BankAccountRecord) -> BankAccount:
    return BankAccount(record["holder"], record["number"], record.get("bank"))


def _batch_file(record: BatchFileRecord) -> BatchFile:
    return BatchFile(record["name"], record["made_as"], record.get("software_version"))


def _period(start: str, end: str | None) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


_WRONG = MappingProxyType(
    {
        "missing": ("缺少此项", "is missing"),
        "extra_forbidden": ("没有这个键，请检查拼写", "is no key here; check its spelling"),
        "literal_error": ("不是允许的取值", "is none of the values allowed"),
        "string_pattern_mismatch": ("格式有误", "has the wrong form"),
        "value_error": ("不是真实的日期", "is no real date"),
        "string_type": ("应为文字", "should be text"),
        "string_too_short": ("不能为空", "must not be empty"),
        "string_too_long": ("过长", "is too long"),
        "list_type": ("应为列表", "should be a list"),
        "dict_type": ("应为对象", "should be an object"),
        "json_invalid": ("不是有效的 JSON", "not valid JSON"),
    }
)
"""What pydantic calls a fault, and how people are told; what is not listed is told by pydantic's own word."""


def fault_said(location: Sequence[int | str], fault: str) -> str:
    """A key and what is wrong with it, by pydantic's name of the fault; a value is never told.

    >>> fault_said(("insured", "name"), "missing")
    'insured.name: 缺少此项 / is missing'
    """
    key = ".".join(str(part) for part in location)
    chinese, english = _WRONG.get(fault, ("有误", f"is wrong ({fault})"))
    return f"{key}: {chinese} / {english}" if key else f"{chinese} / {english}"


def _refused(name: str, faults: Sequence[str]) -> UnreadableFile:
    printable = "".join(char if char.isprintable() else "_" for char in name)
    return UnreadableFile(
        "invalid_application",
        f"{printable}: 申请信息未采用，请改正后再次运行"
        " / the application is not used, correct it and run again: " + "；".join(faults),
    )


class Applications:
    """What lies beside the papers of a run: applications by the name of each file that was scanned.

    `verifications` are the platform's answers of the run; a bill is told by its number, wherever they lie.
    """

    def __init__(
        self, by_file: Mapping[str, Application], verifications: Iterable[Verification] = ()
    ) -> None:
        self._by_file = dict(by_file)
        self.verifications = tuple(verifications)

    def for_paper(self, file: str) -> Application | None:
        """The application for a paper by the name of its file; what lies in an archive has the archive's."""
        found = self._by_file.get(file)
        while found is None and "!" in file:
            file = file.rpartition("!")[0]
            found = self._by_file.get(file)
        return found

    def for_papers(self, files: Iterable[str]) -> Application | None:
        """The application of papers of one claim: that of the first one that has any."""
        return next((found for file in files if (found := self.for_paper(file)) is not None), None)


NO_APPLICATIONS = Applications({})


def is_declared(name: str) -> bool:
    """Whether a file of this name is an application or the platform's answers, and no paper."""
    return PurePosixPath(name.rpartition("!")[2]).name in FILE_NAMES | {ANSWERS}


def is_answers(name: str) -> bool:
    """Whether a file of this name holds the platform's answers."""
    return PurePosixPath(name).name == ANSWERS
