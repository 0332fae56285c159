"""Claims and accumulators back from their files; a row that cannot be taken is named by line and key.

What must be there is what a settlement reads. Values are never told: they are a person's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NotRequired, TypeAlias, cast

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.model import FieldStatus, MatchStatus, Outcome, ReimbursementClass
from pipeline.published_rows import Restored, read_rows
from pipeline.records import CandidateRecord, ClaimRecord, ClaimStatus, Money, VisitKind
from pipeline.settlement.to_date import YearToDate
from pipeline.verification import DeclaredDay

Share: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^(0(\.\d+)?|1(\.0+)?)$")]


class _Cell(TypedDict):
    value: str | None
    raw: NotRequired[str | None]
    status: FieldStatus
    candidates: NotRequired[list[CandidateRecord]]


class _Amount(TypedDict):
    value: Money | None
    status: FieldStatus
    candidates: NotRequired[list[CandidateRecord]]


class _Catalog(TypedDict):
    status: MatchStatus
    code: str | None
    name: str | None
    reimbursement_class: ReimbursementClass | None
    first_self_pay_ratios: NotRequired[list[Share]]
    payment_standard: NotRequired[str]


class _Line(TypedDict):
    document_id: str
    name: _Cell
    amount: _Amount
    catalog: _Catalog
    unit: NotRequired[_Cell]
    quantity: NotRequired[_Cell]
    insurance_class: NotRequired[_Cell]


class _Insured(TypedDict):
    name: str | None
    id_number: str | None
    insurance_no: str | None
    insurance_type: str | None


class _Hospital(TypedDict):
    name: str | None
    grade: str | None


# `from` is a keyword, so the class form cannot name it.
_Visit = TypedDict("_Visit", {"kind": VisitKind, "from": DeclaredDay | None, "to": DeclaredDay | None})


class _Check(TypedDict):
    rule: str
    outcome: Outcome


class _Declared(TypedDict):
    name: NotRequired[str]
    id_number: NotRequired[str]
    insurance_no: NotRequired[str]


class _Application(TypedDict):
    insured: NotRequired[_Declared]


class _ClaimRow(TypedDict):
    claim_id: str
    idempotency_key: str
    insured: _Insured
    hospital: _Hospital
    visit: _Visit
    line_items: list[_Line]
    totals: dict[str, Money]
    checks: list[_Check]
    application: NotRequired[_Application | None]
    status: ClaimStatus


class PersonYear(pydantic.BaseModel):
    """A row of `to_date.jsonl`: a person, by one number at least, and what they used up in a year."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    id_number: str | None = None
    insurance_no: str | None = None
    year_to_date: YearToDate

    @pydantic.model_validator(mode="after")
    def _is_somebody(self) -> PersonYear:
        if not (self.id_number or self.insurance_no):
            raise ValueError("needs id_number or insurance_no")
        return self


def read_claims(path: Path) -> Restored[ClaimRecord]:
    """The claims of a `claims.jsonl`, also of one made elsewhere; only what a settlement reads is kept.

    Raises:
        OSError: If it cannot be read.
        WrongEncoding: If it is not in UTF-8.
    """
    adapter = pydantic.TypeAdapter(_ClaimRow)
    return read_rows(
        path,
        # What bill.py reads is all there; the other keys of a claim's row play no part.
        lambda line: cast("ClaimRecord", adapter.validate_json(line)),
        lambda claim: claim["claim_id"],
    )


def read_years(path: Path) -> Restored[PersonYear]:
    """The accumulators of a `to_date.jsonl`.

    Raises:
        OSError: If it cannot be read.
        WrongEncoding: If it is not in UTF-8.
    """
    return read_rows(path, PersonYear.model_validate_json, _whose)


def _whose(row: PersonYear) -> str:
    """What two rows must not have in common; numbers stay out of messages."""
    return f"{row.id_number or row.insurance_no} {row.year_to_date.year}"
