"""Answers of the bill verification platform (全国财政电子票据查验平台), as an office brings them.

The platform asks for the five elements of an e-bill and answers with a state and what it holds. Nothing here
asks it: the answers lie in `application.json` under `verifications` or, one a line, in a JSONL file, and the
rule R-EB-2 lays them beside what was read. The platform answers about five times per bill and day, so
`daily_limit` and `transient_error` say nothing of the bill.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, NotRequired, TypeAlias

import pydantic
from typing_extensions import TypedDict

from pipeline.utf8 import encoding_fault

VerificationState: TypeAlias = Literal[
    "verified",
    "mismatch",
    "not_found",
    "daily_limit",
    "transient_error",
    "reversed",
    "exchanged_to_paper",
    "already_accounted",
]


def _is_real(day: str) -> str:
    date.fromisoformat(day)
    return day


DeclaredDay: TypeAlias = Annotated[
    str,
    pydantic.Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2025-02-17"]),
    pydantic.AfterValidator(_is_real),
]
"""A real day as people declare it."""


class VerificationRecord(TypedDict):
    """One answer: of which bill, its state, and the five elements as the platform has them, where it says.

    `confirmed` is whether a reviewer had compared the five elements that were asked for with the paper.
    """

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")  # type: ignore[misc]  # misspelt keys are told
    invoice_code: NotRequired[str]
    invoice_number: str
    state: VerificationState
    check_code: NotRequired[str]
    issue_date: NotRequired[DeclaredDay]
    total_amount: NotRequired[Annotated[str, pydantic.Field(pattern=r"^-?\d+(\.\d{1,2})?$")]]
    related_number: NotRequired[str]
    confirmed: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Verification:
    """One answer of the platform; what it does not say is None."""

    invoice_number: str
    state: VerificationState
    invoice_code: str | None = None
    check_code: str | None = None
    issue_date: date | None = None
    total_amount: Decimal | None = None
    related_number: str | None = None
    confirmed: bool = False


def verification_of(record: VerificationRecord) -> Verification:
    """The answer in a record.

    Raises:
        ValueError: If its date is none.
    """
    issued, total = record.get("issue_date"), record.get("total_amount")
    return Verification(
        record["invoice_number"],
        record["state"],
        record.get("invoice_code"),
        record.get("check_code"),
        date.fromisoformat(issued) if issued else None,
        Decimal(total) if total else None,
        record.get("related_number"),
        record.get("confirmed", False),
    )


def read_verifications(lines: Iterable[bytes], name: str) -> tuple[Verification, ...]:
    """The answers of a JSONL file, empty lines passed over.

    Args:
        lines: The lines of the file.
        name: What the file is called in messages.

    Raises:
        ValueError: If a line is no answer: which line and which key; if the file is not in UTF-8.
    """
    record = pydantic.TypeAdapter(VerificationRecord)
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if fault := encoding_fault(line):
            raise ValueError(f"{name}: {fault}")
        try:
            found.append(verification_of(record.validate_json(line.removeprefix(BOM_UTF8))))
        except pydantic.ValidationError as error:
            keys = "、".join(".".join(map(str, one["loc"])) or one["type"] for one in error.errors())
            raise ValueError(f"{name} 第 {number} 行有误 / line {number} is wrong: {keys}") from error
        except ValueError as error:
            raise ValueError(f"{name} 第 {number} 行有误 / line {number} is wrong: {error}") from error
    return tuple(found)
