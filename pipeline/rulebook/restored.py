"""Published rows back to documents: the one door for claims and documents that were written elsewhere.

What must be there is what rules need: which paper it is, its fields with their values, its rows. Boxes are of
no use to a rule and stay outside. A row that cannot be taken is named by line and key, never repaired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NotRequired, TypeVar, cast

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.application import Application, application_of
from pipeline.errors import UnreadableFile
from pipeline.field_values import parse_value
from pipeline.model import (
    AnyField,
    Box,
    CatalogKind,
    CatalogMatch,
    Document,
    DocumentStatus,
    Field,
    FieldStatus,
    LineItem,
    MatchStatus,
    Origin,
    PageSize,
    Presence,
    ReimbursementClass,
    RequiredSeal,
    Seal,
    SealColour,
    SealShape,
    SourceFile,
    Value,
)
from pipeline.published_rows import Restored, WrongRow, read_rows

_ROW_NUMBERS = ("quantity", "unit_price", "amount")
_ROW_TEXTS = ("name", "specification", "unit", "category", "insurance_class")
_NOWHERE = Box(0, 0, 0, 0)  # the pixels of a page that is not at hand are not known


class _Cell(TypedDict):
    value: str | None
    raw: NotRequired[str | None]
    confidence: NotRequired[float]
    status: NotRequired[FieldStatus]
    page: NotRequired[int | None]
    source: NotRequired[Origin]
    witnesses: NotRequired[list[str]]


class _Catalog(TypedDict):
    status: MatchStatus
    kind: NotRequired[CatalogKind | None]
    code: NotRequired[str | None]
    name: NotRequired[str | None]
    reimbursement_class: NotRequired[ReimbursementClass | None]


class _Line(TypedDict):
    page: NotRequired[int]
    name: NotRequired[_Cell]
    specification: NotRequired[_Cell]
    unit: NotRequired[_Cell]
    quantity: NotRequired[_Cell]
    unit_price: NotRequired[_Cell]
    amount: NotRequired[_Cell]
    category: NotRequired[_Cell]
    insurance_class: NotRequired[_Cell]
    catalog: NotRequired[_Catalog]


class _Source(TypedDict):
    file: str
    sha256: NotRequired[str]
    pages: NotRequired[list[int]]


class _Seal(TypedDict):
    name: str | None
    text: NotRequired[str]
    colour: NotRequired[SealColour]
    shape: NotRequired[SealShape]
    page: NotRequired[int]


class _RequiredSeal(TypedDict):
    wanted: str
    presence: Presence


class _DocumentRow(TypedDict):
    document_id: str
    document_type: str
    subtype: NotRequired[str | None]
    source: NotRequired[_Source]
    title: NotRequired[str]
    fields: dict[str, _Cell]
    line_items: NotRequired[list[_Line]]
    category_totals: NotRequired[list[_Line]]
    extras: NotRequired[dict[str, str]]
    seals: NotRequired[list[_Seal]]
    required_seal: NotRequired[_RequiredSeal | None]
    status: NotRequired[DocumentStatus]


class _ClaimRow(TypedDict):
    claim_id: str
    invoices: list[str]
    itemized_bills: NotRequired[list[str]]
    certificates: NotRequired[list[str]]
    other_documents: NotRequired[list[str]]
    application: NotRequired[dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class RestoredDocument(Document):
    """A document from its published row; it keeps the id under which it was published."""

    published_id: str = ""

    @property
    def id(self) -> str:
        """The published id."""
        return self.published_id


@dataclass(frozen=True, slots=True)
class RestoredClaim:
    """A claim from its published row: its id, the ids of its papers, what was declared."""

    claim_id: str
    documents: tuple[str, ...]
    application: Application | None = None


V = TypeVar("V", bound=Value)


def read_documents(path: Path) -> Restored[RestoredDocument]:
    """The documents of a `documents.jsonl`.

    Raises:
        OSError: If it cannot be read.
        WrongEncoding: If it is not in UTF-8.
    """
    adapter = pydantic.TypeAdapter(_DocumentRow)
    return read_rows(path, lambda line: _document(adapter.validate_json(line)), lambda row: row.id)


def read_claims(path: Path) -> Restored[RestoredClaim]:
    """The claims of a `claims.jsonl`.

    Raises:
        OSError: If it cannot be read.
        WrongEncoding: If it is not in UTF-8.
    """
    adapter = pydantic.TypeAdapter(_ClaimRow)
    return read_rows(path, lambda line: _claim(adapter.validate_json(line)), lambda row: row.claim_id)


def _claim(row: _ClaimRow) -> RestoredClaim:
    ids = [
        *row["invoices"],
        *row.get("itemized_bills", ()),
        *row.get("certificates", ()),
        *row.get("other_documents", ()),
    ]
    declared = row.get("application")
    try:
        application = application_of(declared, "application") if declared else None
    except UnreadableFile as error:
        raise WrongRow(error.message) from error
    return RestoredClaim(row["claim_id"], tuple(dict.fromkeys(ids)), application)


def _document(row: _DocumentRow) -> RestoredDocument:
    source = row.get("source") or _Source(file=row["document_id"])
    required = row.get("required_seal")
    pages = source.get("pages") or [1]
    return RestoredDocument(
        type=row["document_type"],
        subtype=row.get("subtype"),
        type_confidence=1.0,
        file=SourceFile(source["file"], source.get("sha256", "")),
        pages=tuple(PageSize(number, 0, 0) for number in pages),
        fields=MappingProxyType(dict(_fields(row["fields"]))),
        items=_lines(row.get("line_items", ()), "line_items"),
        category_totals=_lines(row.get("category_totals", ()), "category_totals"),
        extras=MappingProxyType(dict(row.get("extras", {}))),
        status=row.get("status", "review"),
        title=row.get("title", ""),
        seals=tuple(map(_seal, row.get("seals", ()))),
        required_seal=RequiredSeal(required["wanted"], required["presence"], 1.0) if required else None,
        published_id=row["document_id"],
    )


def _fields(cells: Mapping[str, _Cell]) -> Iterator[tuple[str, AnyField]]:
    """The fields that the paper carries; one that is `missing` is absent."""
    for name, cell in cells.items():
        if cell.get("status") != "missing" and (cell["value"] is not None or cell.get("raw")):
            yield name, _field(cell, _value(name, cell["value"], f"fields.{name}"))


def _value(name: str, text: str | None, path: str) -> Value | None:
    if text is None:
        return None
    try:
        return parse_value(name, text)
    except ValueError as error:
        raise WrongRow(f"{path}.value: {error}") from error


def _field(cell: _Cell, value: V | None) -> Field[V]:
    return Field(
        value,
        cell.get("raw") or cell["value"] or "",
        cell.get("confidence", 1.0),
        cell.get("page"),
        None,
        cell.get("source", "ocr"),
        witnesses=tuple(cell.get("witnesses", ())),
        status=cell.get("status", "review"),
    )


def _lines(lines: Sequence[_Line], key: str) -> tuple[LineItem, ...]:
    return tuple(_line(line, f"{key}.{number}") for number, line in enumerate(lines))


def _line(line: _Line, path: str) -> LineItem:
    texts: dict[str, Field[str] | None] = {name: _text_cell(line, name) for name in _ROW_TEXTS}
    numbers = {name: _number_cell(line, name, path) for name in _ROW_NUMBERS}
    catalog = line.get("catalog")
    return LineItem(
        page=line.get("page", 1),
        name=texts["name"],
        specification=texts["specification"],
        unit=texts["unit"],
        quantity=numbers["quantity"],
        unit_price=numbers["unit_price"],
        amount=numbers["amount"],
        category=texts["category"],
        insurance_class=texts["insurance_class"],
        catalog=CatalogMatch(
            catalog["status"],
            kind=catalog.get("kind"),
            code=catalog.get("code"),
            name=catalog.get("name"),
            reimbursement_class=catalog.get("reimbursement_class"),
        )
        if catalog
        else None,
    )


def _cell(line: _Line, name: str) -> _Cell | None:
    """A cell that carries something."""
    cell = cast("_Cell | None", cast("Mapping[str, object]", line).get(name))
    return cell if cell is not None and (cell["value"] is not None or cell.get("raw")) else None


def _text_cell(line: _Line, name: str) -> Field[str] | None:
    cell = _cell(line, name)
    return _field(cell, cell["value"]) if cell is not None else None


def _number_cell(line: _Line, name: str, path: str) -> Field[Decimal] | None:
    cell = _cell(line, name)
    if cell is None:
        return None
    value = _value(name, cell["value"], f"{path}.{name}")
    assert value is None or isinstance(value, Decimal)  # what row numbers are
    return _field(cell, value)


def _seal(row: _Seal) -> Seal:
    colour, shape = row.get("colour", "red"), row.get("shape", "round")
    return Seal(row["name"], row.get("text", ""), colour, shape, _NOWHERE, 1.0, row.get("page", 1))
