"""The published rows of `documents.jsonl`, `claims.jsonl` and `errors.jsonl`, and the one door to them.

The types below are the contract. `json_schemas` is generated from them, nothing is written twice; a key may
be added, but to rename or drop one is a new `SCHEMA_VERSION`. `document_record` turns a `Document` into its
row, and here alone pixels become fractions of the upright page and values become text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Final, Literal, NotRequired, TypeAlias, cast, get_args

import pydantic

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.application import ApplicationRecord, application_schema
from pipeline.model import (
    AnyField,
    Box,
    CatalogKind,
    CatalogMatch,
    Document,
    DocumentStatus,
    EditEvidence,
    EditKind,
    FieldStatus,
    Finding,
    LineItem,
    MatchStatus,
    Origin,
    Outcome,
    PageSize,
    Presence,
    ReimbursementClass,
    RenditionReason,
    Repair,
    RequiredSeal,
    Seal,
    SealColour,
    SealShape,
    Severity,
    Unread,
    Value,
)

SCHEMA_VERSION: Final = "1"
FRACTION_PLACES = 5
"""A hundredth of a pixel on a page of 1000 pixels: enough for any overlay."""
CONFIDENCE_PLACES = 5
MAX_MAGNITUDE = 18
"""Powers of ten that a number on a bill may reach either way; what is beyond was never a number."""
QUANTITY_FIELDS = frozenset({"quantity", "inpatient_days", "age"})
UNIT_PRICE_FIELDS = frozenset({"unit_price"})

Version: TypeAlias = Literal["1"]
Fraction: TypeAlias = Annotated[float, pydantic.Field(ge=0, le=1)]
Money: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^-?\d+\.\d{2}$", examples=["203.65"])]
Day: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2025-02-17"])]
PageNumber: TypeAlias = Annotated[int, pydantic.Field(ge=1)]
BoxRecord: TypeAlias = Annotated[
    list[Fraction],
    pydantic.Field(min_length=4, max_length=4, description="x0, y0, x1, y1 as fractions of the upright page"),
]
DocumentType: TypeAlias = Literal[
    "outpatient_invoice",
    "inpatient_invoice",
    "vat_invoice",
    "itemized_bill",
    "diagnosis_certificate",
    "discharge_summary",
    "prescription",
    "settlement_sheet",
    "id_card",
    "other",
    "blank",
]
ClaimStatus: TypeAlias = Literal["accepted", "review", "incomplete", "rejected"]
VisitKind: TypeAlias = Literal["outpatient", "inpatient"]
BatchOutcome: TypeAlias = Literal["closed", "held"]


class CandidateRecord(TypedDict):
    """Another value that a field may have."""

    value: str
    confidence: Fraction


class FieldRecord(TypedDict):
    """A value, what stood on the page, how sure we are and where it was read.

    `accepted` means that no person needs to look, `missing` that the document does not carry it. Of the
    fields that carry 0.97, 97 % are right. `witnesses` names what else supports the value. A field in
    `review` without a value has a `raw` that cannot be one.
    """

    value: str | None
    raw: str | None
    confidence: Fraction
    status: FieldStatus
    page: PageNumber | None
    box: BoxRecord | None
    source: Origin
    candidates: list[CandidateRecord]
    witnesses: list[str]


class CatalogCandidateRecord(TypedDict):
    """A catalog entry that a charged row may stand for.

    `first_self_pay_ratios` are the shares that the list says the insured pays in advance (先行自付), 0 to 1
    (`"0.05"`); several where the list has one a group of insured. `payment_standard` is what insurance pays
    for a unit at most, as the list words it (`63.00元(10mg/支)`). Both are absent where the list says none.
    """

    kind: CatalogKind | None
    code: str | None
    name: str | None
    reimbursement_class: ReimbursementClass | None
    score: Fraction
    first_self_pay_ratios: NotRequired[list[str]]
    payment_standard: NotRequired[str]


class CatalogRecord(CatalogCandidateRecord):
    """The catalog entry that a charged row stands for; `why` says what decided."""

    status: MatchStatus
    candidates: list[CatalogCandidateRecord]
    why: str


class LineRecord(TypedDict):
    """One charged row. `insurance_class` is what the paper itself prints (甲, 乙, 丙, 无自付 …)."""

    page: PageNumber
    name: FieldRecord
    specification: FieldRecord
    unit: FieldRecord
    quantity: FieldRecord
    unit_price: FieldRecord
    amount: FieldRecord
    category: FieldRecord
    insurance_class: FieldRecord
    catalog: CatalogRecord


class CodedLineRecord(LineRecord):
    """A charged row of a claim: the row and the document that it stands on."""

    document_id: str


class CheckRecord(TypedDict):
    """What a rule found; `fields` are the paths it speaks of."""

    rule: str
    outcome: Outcome
    severity: Severity
    message: str
    fields: list[str]


class SourceRecord(TypedDict):
    """Where a document comes from; `region` is set where several documents stand on one page."""

    file: str
    sha256: str
    pages: list[PageNumber]
    region: BoxRecord | None


class EditRecord(TypedDict):
    """One value put right; `old` is null where nothing could be read. A missing row has a path of its own."""

    path: str
    old: str | None
    new: str
    kind: EditKind
    evidence: list[EditEvidence]


class RepairRecord(TypedDict):
    """Edits that together make the sums of `closes` close.

    Where `applied`, the values of the document are the new ones (with `source` rule, and what was read among
    their `candidates`); else they are offered, and `why` says what is wanting.
    """

    edits: list[EditRecord]
    closes: list[str]
    applied: bool
    why: str


class SealRecord(TypedDict):
    """A seal on the paper; `name` is null where its writing says none that is known.

    `jurisdiction` is whose finance department a supervision seal belongs to (河南省).
    """

    name: str | None
    text: str
    colour: SealColour
    shape: SealShape
    jurisdiction: str | None
    page: PageNumber
    box: BoxRecord | None
    confidence: Fraction


class RequiredSealRecord(TypedDict):
    """Whether the seal that the paper must bear is on it; `value` is the name of the one that was found.

    `unknown` where nothing can be claimed: no colours, or an electronic file whose seals are not read.
    """

    wanted: str
    presence: Presence
    value: str | None
    confidence: Fraction
    page: PageNumber | None
    box: BoxRecord | None
    source: Origin


class DocumentRecord(TypedDict):
    """One logical document: a row of `documents.jsonl`.

    `category_totals` are category rows above detail rows: the same money a second time, never to be added to
    `line_items`. `extras` are printed labels that have no field name. Where `rendition_of` names another
    document, that one is read for the paper and `rendition_reason` says why they are one: this one stays as
    it was read and counts nowhere. What was taken from such a picture, a field or all rows, has no place and
    `rendition:<document_id>` among its witnesses. `required_seal` is null where the paper need not bear a
    seal.
    `repairs` are single misreads that explain why sums do not close.
    """

    schema_version: Version
    document_id: str
    source: SourceRecord
    document_type: DocumentType
    subtype: str | None
    type_confidence: Fraction
    title: str
    fields: dict[str, FieldRecord]
    line_items: list[LineRecord]
    category_totals: list[LineRecord]
    extras: dict[str, str]
    seals: list[SealRecord]
    required_seal: RequiredSealRecord | None
    checks: list[CheckRecord]
    status: DocumentStatus
    rendition_of: str | None
    rendition_reason: RenditionReason | None
    repairs: NotRequired[list[RepairRecord]]


class InsuredRecord(TypedDict):
    """The insured person."""

    name: str | None
    id_number: str | None
    insurance_no: str | None
    insurance_type: str | None


class HospitalRecord(TypedDict):
    """The hospital that treated and was paid."""

    name: str | None
    grade: str | None
    code: str | None


# `from` is a keyword, so the class form cannot name it.
VisitRecord = TypedDict("VisitRecord", {"kind": VisitKind, "from": Day | None, "to": Day | None})


class DiagnosisRecord(TypedDict):
    """A diagnosis as written, with its code in ICD-10 国家医保版 where it was found."""

    name: str
    icd10_code: str | None
    score: Fraction


class ClaimRecord(TypedDict):
    """One assembled claim: a row of `claims.jsonl`.

    The documents of one insured person for one visit or stay at one hospital, named by their `document_id`.
    `totals` is name to money, `missing_materials` says what the case type asks for and nobody sent.
    `renditions` are further pictures of its documents; they are in none of the other lists. `application` is
    what was declared beside the papers, or read off the document `application_form`; `case_types` are all
    headings it falls under, of which `case_type` is the main one; `settle_by` is the office's own time limit,
    where the day of receipt is declared.
    `claim_number` is that of the label on its papers, `batch_number` that of its batch header.
    """

    schema_version: Version
    claim_id: str
    idempotency_key: str
    insured: InsuredRecord
    case_type: str
    hospital: HospitalRecord
    visit: VisitRecord
    invoices: list[str]
    itemized_bills: list[str]
    certificates: list[str]
    other_documents: list[str]
    renditions: list[str]
    line_items: list[CodedLineRecord]
    diagnoses: list[DiagnosisRecord]
    totals: dict[str, Money]
    checks: list[CheckRecord]
    missing_materials: list[str]
    application: NotRequired[ApplicationRecord | None]
    application_form: NotRequired[str | None]
    case_types: NotRequired[list[str]]
    settle_by: NotRequired[Day | None]
    claim_number: NotRequired[str | None]
    batch_number: NotRequired[str | None]
    status: ClaimStatus


class SheetRecord(TypedDict):
    """A sheet in a stack: its file and first page there, and its place from the top, counted from 1."""

    document_id: str
    file: str
    page: PageNumber
    position: PageNumber


class SuspectRecord(SheetRecord):
    """A sheet that may be why a batch does not close; `neighbours` lie before and behind it."""

    cause: str
    why: str
    neighbours: list[SheetRecord]


class BatchRecord(TypedDict):
    """One batch with a header sheet: a row of `batches.jsonl`.

    `held` batches do not close: papers or amount are not those of the header, or it could not be read
    (`expected_…` is then null). `unread_amounts` counts the bills that `found_amount` misses. Suspects stand
    the likeliest first.
    """

    schema_version: Version
    batch_number: str | None
    header: SheetRecord
    outcome: BatchOutcome
    expected_papers: int | None
    found_papers: int
    expected_amount: Money | None
    found_amount: Money
    unread_amounts: int
    message: str
    suspects: list[SuspectRecord]
    documents: list[str]
    claims: list[str]


class ErrorRecord(TypedDict):
    """One input that could not be read: a row of `errors.jsonl`."""

    file: str
    page: PageNumber | None
    code: str
    message: str


def document_record(document: Document, field_names: Sequence[str]) -> DocumentRecord:
    """The published row of `document`.

    Args:
        document: The paper as it was read and checked.
        field_names: The fields that its type carries, in order; those absent are written as `missing`.
            Fields beyond them follow.

    Raises:
        ValueError: If the type is not one of the contract, or a number is none that a bill can print.
    """
    sizes = {size.number: size for size in document.pages}
    way = way_of_reading(document)
    names = dict.fromkeys([*field_names, *document.fields])
    return {
        "schema_version": SCHEMA_VERSION,
        "document_id": document.id,
        "source": {
            "file": document.file.name,
            "sha256": document.file.sha256,
            "pages": [size.number for size in document.pages],
            "region": fractions(document.region, document.pages[0] if document.pages else None),
        },
        "document_type": _document_type(document.type),
        "subtype": document.subtype,
        "type_confidence": _probability(document.type_confidence),
        "title": document.title,
        "fields": {name: _field(name, document.fields.get(name), sizes, way) for name in names},
        "line_items": [_line(item, sizes, way) for item in document.items],
        "category_totals": [_line(item, sizes, way) for item in document.category_totals],
        "extras": dict(document.extras),
        "seals": [_seal(seal, sizes) for seal in document.seals],
        "required_seal": _required_seal(document.required_seal, sizes),
        "checks": [check_record(finding) for finding in document.findings],
        "status": document.status,
        "rendition_of": document.rendition_of or None,
        "rendition_reason": document.rendition_reason,
        "repairs": [_repair(repair) for repair in document.repairs],
    }


def coded_line(document_id: str, line: LineRecord) -> CodedLineRecord:
    """A row of a document as a row of its claim."""
    return {**line, "document_id": document_id}


def check_record(finding: Finding) -> CheckRecord:
    """The published form of what a rule found."""
    return {
        "rule": finding.rule,
        "outcome": finding.outcome,
        "severity": finding.severity,
        "message": finding.message,
        "fields": list(finding.fields),
    }


def error_record(unread: Unread) -> ErrorRecord:
    """The row of an input that could not be read."""
    return {"file": unread.file, "page": unread.page, "code": unread.code, "message": unread.message}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each published file and of `application.json`, by the name without its ending."""
    rows: dict[str, tuple[Any, str]] = {
        "documents": (DocumentRecord, "A row of documents.jsonl"),
        "claims": (ClaimRecord, "A row of claims.jsonl"),
        "errors": (ErrorRecord, "A row of errors.jsonl"),
        "batches": (BatchRecord, "A row of batches.jsonl"),
    }
    schemas = {name: (pydantic.TypeAdapter(row).json_schema(), title) for name, (row, title) in rows.items()}
    schemas["application"] = (application_schema(), "application.json")
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
        for name, (schema, title) in schemas.items()
    }


def money_text(amount: Decimal) -> str:
    """Yuan with two digits.

    >>> money_text(Decimal("203.6")), money_text(Decimal("-0.004")), money_text(Decimal("1E+3"))
    ('203.60', '0.00', '1000.00')
    """
    return f"{_plain(amount).quantize(Decimal('0.01'), ROUND_HALF_UP) + 0:f}"


def quantity_text(quantity: Decimal) -> str:
    """A quantity without trailing zeros and without exponent.

    >>> quantity_text(Decimal("1.5000")), quantity_text(Decimal("100")), quantity_text(Decimal("-0.0"))
    ('1.5', '100', '0')
    """
    text = f"{_plain(quantity):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_price_text(price: Decimal) -> str:
    """A unit price as it is, with two digits at least: fee lists print up to four.

    >>> unit_price_text(Decimal("30.0000")), unit_price_text(Decimal("0.1235")), unit_price_text(Decimal(7))
    ('30.00', '0.1235', '7.00')
    """
    whole, _, digits = quantity_text(price).partition(".")
    return f"{whole}.{digits:0<2}"


def value_text(name: str, value: Value) -> str:
    """The value of field `name` in its normalised form."""
    if isinstance(value, Decimal):
        if name in QUANTITY_FIELDS:
            return quantity_text(value)
        return unit_price_text(value) if name in UNIT_PRICE_FIELDS else money_text(value)
    return value.isoformat()[:10] if isinstance(value, date) else value


def _plain(number: Decimal) -> Decimal:
    if not number.is_finite() or (number and abs(number.adjusted()) > MAX_MAGNITUDE):
        raise ValueError(f"{number}: not a number that a bill can print")
    return number or Decimal(0)


def _document_type(name: str) -> DocumentType:
    if name not in get_args(DocumentType):
        raise ValueError(f"{name}: not a document type of the contract")
    return cast("DocumentType", name)


def _probability(confidence: float) -> float:
    return round(min(1.0, max(0.0, float(confidence))), CONFIDENCE_PLACES)


def line_cell(line: LineRecord, name: str) -> FieldRecord:
    """The cell `name` of a charged row."""
    return cast("FieldRecord", cast("Mapping[str, object]", line)[name])


def fractions(box: Box | None, size: PageSize | None) -> list[float] | None:
    """The box as fractions of its page; None where the page is not known."""
    if box is None or size is None or size.width <= 0 or size.height <= 0:
        return None
    shares = (box.x0 / size.width, box.y0 / size.height, box.x1 / size.width, box.y1 / size.height)
    x0, y0, x1, y1 = shares
    if 0.0 <= x0 <= x1 <= 1.0 and 0.0 <= y0 <= y1 <= 1.0:  # nearly all are: a list has thousands of boxes
        return [round(float(share), FRACTION_PLACES) for share in shares]
    return [round(min(1.0, max(0.0, float(share))), FRACTION_PLACES) for share in shares]


def way_of_reading(document: Document) -> Origin:
    """How most of the paper was read: where a missing field was looked for."""
    ways = Counter[Origin](
        field.origin
        for field in document.fields.values()
        if field.origin in {"ocr", "text_layer", "xml", "ofd"}
    )
    return ways.most_common(1)[0][0] if ways else "ocr"


def _field(name: str, field: AnyField | None, sizes: Mapping[int, PageSize], way: Origin) -> FieldRecord:
    if field is None:
        return {
            "value": None,
            "raw": None,
            "confidence": 0.0,
            "status": "missing",
            "page": None,
            "box": None,
            "source": way,
            "candidates": [],
            "witnesses": [],
        }
    return {
        "value": None if field.value is None else value_text(name, field.value),
        "raw": field.text,
        "confidence": _probability(field.confidence),
        "status": field.status,
        "page": field.page,
        "box": fractions(field.box, sizes.get(field.page) if field.page is not None else None),
        "source": field.origin,
        "candidates": [
            {"value": other.value, "confidence": _probability(other.confidence)} for other in field.candidates
        ],
        "witnesses": list(field.witnesses),
    }


def _repair(repair: Repair) -> RepairRecord:
    return {
        "edits": [
            {
                "path": edit.path,
                "old": edit.old,
                "new": edit.new,
                "kind": edit.kind,
                "evidence": list(edit.evidence),
            }
            for edit in repair.edits
        ],
        "closes": list(repair.closes),
        "applied": repair.applied,
        "why": repair.why,
    }


def _seal(seal: Seal, sizes: Mapping[int, PageSize]) -> SealRecord:
    return {
        "name": seal.name,
        "text": seal.text,
        "colour": seal.colour,
        "shape": seal.shape,
        "jurisdiction": seal.jurisdiction,
        "page": seal.page,
        "box": fractions(seal.box, sizes.get(seal.page)),
        "confidence": _probability(seal.confidence),
    }


def _required_seal(required: RequiredSeal | None, sizes: Mapping[int, PageSize]) -> RequiredSealRecord | None:
    if required is None:
        return None
    seal = required.seal
    return {
        "wanted": required.wanted,
        "presence": required.presence,
        "value": seal.name if seal is not None else None,
        "confidence": _probability(required.confidence),
        "page": seal.page if seal is not None else None,
        "box": fractions(seal.box, sizes.get(seal.page)) if seal is not None else None,
        "source": "ocr",
    }


def _line(item: LineItem, sizes: Mapping[int, PageSize], way: Origin) -> LineRecord:
    return {
        "page": item.page,
        "name": _field("name", item.name, sizes, way),
        "specification": _field("specification", item.specification, sizes, way),
        "unit": _field("unit", item.unit, sizes, way),
        "quantity": _field("quantity", item.quantity, sizes, way),
        "unit_price": _field("unit_price", item.unit_price, sizes, way),
        "amount": _field("amount", item.amount, sizes, way),
        "category": _field("category", item.category, sizes, way),
        "insurance_class": _field("insurance_class", item.insurance_class, sizes, way),
        "catalog": _catalog(item.catalog or CatalogMatch("unmatched")),
    }


def _catalog(match: CatalogMatch) -> CatalogRecord:
    return {
        **_catalog_candidate(match),
        "status": match.status,
        "candidates": [_catalog_candidate(other) for other in match.candidates],
        "why": match.why,
    }


def _catalog_candidate(match: CatalogMatch) -> CatalogCandidateRecord:
    candidate: CatalogCandidateRecord = {
        "kind": match.kind,
        "code": match.code,
        "name": match.name,
        "reimbursement_class": match.reimbursement_class,
        "score": _probability(match.score),
    }
    if match.self_pay_ratios:
        candidate["first_self_pay_ratios"] = [quantity_text(ratio) for ratio in match.self_pay_ratios]
    if match.payment_standard:
        candidate["payment_standard"] = match.payment_standard
    return candidate
