"""Papers of one insured person, one hospital and one visit or stay, gathered into a claim.

Invoices begin claims: one a visit, for receipts are never merged across visits, stays or payees
(R-ENT-1 to R-ENT-3). Every other paper joins the claim it has most in common with: the person's name,
a record number, the hospital, the days. What has too little in common with any makes a claim of its own
that lacks its invoice, so that a person sees it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Literal

from pipeline import materials
from pipeline.catalogs.catalog import Catalogs
from pipeline.fee_categories import find_category
from pipeline.intake import treatment_date
from pipeline.model import BLANK, OTHER, Document, Finding
from pipeline.records import (
    SCHEMA_VERSION,
    ClaimRecord,
    CodedLineRecord,
    DiagnosisRecord,
    VisitRecord,
    check_record,
    coded_line,
    document_record,
    money_text,
)
from pipeline.text import compact_name, differing_characters, is_masked
from validators import check_claim

INVOICES = ("outpatient_invoice", "inpatient_invoice", "vat_invoice")
CERTIFICATES = ("diagnosis_certificate", "discharge_summary")
MEDICINES = frozenset({"09", "10", "11"})
"""Fee categories of western medicine, herbal pieces and Chinese patent medicine."""

AROUND_VISIT = timedelta(days=3)
"""Certificates and prescriptions are dated within so many days of the visit or stay (R-DATE-1)."""

ENOUGH_IN_COMMON = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a document decides which claim it belongs to."""

    document_id: str
    type: str
    folder: str
    person: str
    hospital: str
    numbers: frozenset[str]
    start: date | None
    end: date | None

    @staticmethod
    def of(document: Document) -> Facts:
        """The facts of a document as it was read."""
        names = ("payer_name", "patient_name", "name")
        person = next((text for name in names if (text := document.text(name))), "")
        hospital = document.text("payee_name") or document.text("hospital_name") or ""
        numbers = ("outpatient_no", "inpatient_no", "medical_record_no", "invoice_number", "id_number", "payer_id")
        start = next((d for n in ("admission_date", "visit_date", "period_start") if (d := document.date(n))), None)
        end = treatment_date(document)
        return Facts(
            document.id,
            document.type,
            str(PurePosixPath(document.file.name.replace("!", "/")).parent),
            compact_name(person),
            compact_name(hospital),
            frozenset(
                text for name in numbers if (text := document.text(name)) and not is_masked(text) and len(text) >= 4
            ),
            start or end,
            end or start,
        )


@dataclass(slots=True)
class Group:
    """The documents of one claim while it is gathered."""

    members: list[Facts] = field(default_factory=list)

    @property
    def head(self) -> Facts:
        return self.members[0]

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset().union(*(member.numbers for member in self.members))


def group_documents(facts: Iterable[Facts]) -> list[list[str]]:
    """Document ids by claim, in the order of their first documents; blanks and others stay out."""
    known = [fact for fact in facts if fact.type not in (BLANK, OTHER)]
    groups = _Groups()
    for fact in known:
        if fact.type in INVOICES:
            groups.add_invoice(fact)
    cards = [fact for fact in known if fact.type == "id_card"]
    for fact in known:
        if fact.type not in INVOICES and fact.type != "id_card":
            groups.add_paper(fact)
    for card in cards:
        groups.add_card(card)
    order = {fact.document_id: i for i, fact in enumerate(known)}
    ids = [sorted((m.document_id for m in group.members), key=order.__getitem__) for group in groups.all]
    return sorted(ids, key=lambda members: order[members[0]])


class _Groups:
    """Claims being gathered, found by name, number and folder."""

    def __init__(self) -> None:
        self.all: list[Group] = []
        self._by_key: defaultdict[str, list[Group]] = defaultdict(list)

    def add_invoice(self, fact: Facts) -> None:
        for group in self._near(fact):
            if _same_visit(group.head, fact):
                self._join(group, fact)
                return
        self._join(self._new(), fact)

    def add_paper(self, fact: Facts) -> None:
        scored = [(_in_common(group, fact), -i, group) for i, group in enumerate(self._near(fact))]
        best = max(scored, key=lambda entry: entry[:2], default=None)
        group = best[2] if best is not None and best[0] >= ENOUGH_IN_COMMON else self._new()
        self._join(group, fact)

    def add_card(self, fact: Facts) -> None:
        """An identity paper serves every claim of its person."""
        for group in self._near(fact):
            if any(_same_person(member, fact) for member in group.members):
                self._join(group, fact)

    def _new(self) -> Group:
        self.all.append(Group())
        return self.all[-1]

    def _join(self, group: Group, fact: Facts) -> None:
        group.members.append(fact)
        for key in _keys(fact):
            if group not in self._by_key[key]:
                self._by_key[key].append(group)

    def _near(self, fact: Facts) -> list[Group]:
        found: list[Group] = []
        for key in _keys(fact):
            found += [group for group in self._by_key[key] if group not in found]
        return found


def _keys(fact: Facts) -> Iterator[str]:
    if fact.person:
        yield f"person:{fact.person}"
    yield from (f"number:{number}" for number in sorted(fact.numbers))
    yield f"folder:{fact.folder}"


def _same_person(a: Facts, b: Facts) -> bool:
    if a.numbers & b.numbers:
        return True
    if not a.person or not b.person:
        return False
    return differing_characters(a.person, b.person) == 0


def _same_visit(invoice: Facts, other: Facts) -> bool:
    """Whether two invoices are of one visit: same person, payee, kind and day, or stays that overlap."""
    if invoice.type != other.type or not _same_person(invoice, other) or invoice.hospital != other.hospital:
        return False
    if None in (invoice.start, other.start, invoice.end, other.end):
        return False
    if invoice.type == "inpatient_invoice":
        return invoice.start == other.start and invoice.end == other.end
    return invoice.end == other.end


def _in_common(group: Group, fact: Facts) -> int:
    """How much a paper has in common with a claim; at `ENOUGH_IN_COMMON` it belongs to it."""
    head = group.head
    score = 0
    if group.numbers & fact.numbers:
        score += 3
    if head.person and fact.person:
        apart = differing_characters(head.person, fact.person)
        if apart is None or apart > 1:
            return 0
        score += 2 if apart == 0 else 1
    if head.hospital and fact.hospital:
        if head.hospital == fact.hospital:
            score += 2
        elif head.type != "vat_invoice" and not _alike(head.hospital, fact.hospital):
            score -= 3
    if head.start and head.end and fact.start and fact.end:
        near = fact.start <= head.end + AROUND_VISIT and fact.end >= head.start - AROUND_VISIT
        score += 2 if near else -3
    if head.folder == fact.folder:
        score += 1
    if fact.type in {member.type for member in group.members} and fact.type != "prescription":
        score -= 1  # a second certificate more likely belongs to another visit
    return score


def _alike(a: str, b: str) -> bool:
    """Whether two printed hospital names may be one, misread or with its town before it."""
    return a in b or b in a or (differing_characters(a, b) or 0) <= 2


def build_claims(
    groups: Sequence[Sequence[str]],
    load: Callable[[str], Document],
    field_names: Callable[[str], Sequence[str]],
    catalogs: Catalogs,
) -> Iterator[tuple[ClaimRecord, tuple[Finding, ...]]]:
    """Each claim with what the rules found in it.

    Args:
        groups: Document ids by claim.
        load: A document by its id.
        field_names: The field names of a document type.
        catalogs: For diagnoses and hospitals.
    """
    for ids in groups:
        documents = [load(document_id) for document_id in ids]
        findings = check_claim(documents)
        yield _claim(documents, findings, field_names, catalogs), findings


def _claim(
    documents: Sequence[Document],
    findings: Sequence[Finding],
    field_names: Callable[[str], Sequence[str]],
    catalogs: Catalogs,
) -> ClaimRecord:
    invoices = [document for document in documents if document.type in INVOICES]
    bills = [document for document in documents if document.type == "itemized_bill"]
    certificates = [document for document in documents if document.type in CERTIFICATES]
    grouped = {document.id for document in (*invoices, *bills, *certificates)}
    kind = _visit_kind(documents)
    case_type = _case_type(invoices, kind)
    lines = _coded_lines(bills or invoices, field_names)
    lacking = materials.missing(
        case_type,
        {document.type for document in documents},
        has_details=any(document.category_totals for document in invoices),
        has_medicines=_has_medicines(documents),
    )
    hospital_name = _first_text(documents, "hospital_name", "payee_name", types=("vat_invoice",))
    hospital = catalogs.hospital(hospital_name) if hospital_name else None
    ids = sorted(document.id for document in documents)
    return {
        "schema_version": SCHEMA_VERSION,
        "claim_id": "C-" + _digest([d.id for d in invoices] or ids)[:12],
        "idempotency_key": _digest([f"{document.id}:{document.file.sha256}" for document in documents]),
        "insured": {
            "name": _first_text(documents, "payer_name", "patient_name", "name"),
            "id_number": _id_number(documents),
            "insurance_no": _first_text(documents, "insurance_no"),
            "insurance_type": _first_text(documents, "insurance_type"),
        },
        "case_type": case_type,
        "hospital": {
            "name": hospital_name,
            "grade": hospital.grade if hospital else None,
            "code": hospital.code if hospital else None,
        },
        "visit": _visit(documents, kind),
        "invoices": [document.id for document in invoices],
        "itemized_bills": [document.id for document in bills],
        "certificates": [document.id for document in certificates],
        "other_documents": [document.id for document in documents if document.id not in grouped],
        "line_items": lines,
        "diagnoses": _diagnoses(documents, catalogs),
        "totals": _totals(invoices, bills, lines),
        "checks": [check_record(finding) for finding in findings],
        "missing_materials": [material.label for material in lacking],
        "status": _status(documents, findings, bool(lacking)),
    }


def _status(
    documents: Sequence[Document], findings: Sequence[Finding], lacks: bool
) -> Literal["accepted", "review", "incomplete", "rejected"]:
    if lacks:
        return "incomplete"
    broken = any(finding.outcome == "fail" and finding.severity == "block" for finding in findings)
    unsure = any(document.status != "accepted" for document in documents)
    return "review" if broken or unsure else "accepted"


def _visit_kind(documents: Sequence[Document]) -> Literal["outpatient", "inpatient"]:
    inpatient = {"inpatient_invoice", "discharge_summary", "settlement_sheet"}
    return "inpatient" if any(document.type in inpatient for document in documents) else "outpatient"


def _case_type(invoices: Sequence[Document], kind: str) -> str:
    if kind == "inpatient":
        return materials.INPATIENT
    if invoices and all(document.type == "vat_invoice" for document in invoices):
        return materials.EXTERNAL_DRUG
    return materials.OUTPATIENT


def _visit(documents: Sequence[Document], kind: Literal["outpatient", "inpatient"]) -> VisitRecord:
    begins = ("admission_date",) if kind == "inpatient" else ("visit_date",)
    ends = ("discharge_date",) if kind == "inpatient" else ("visit_date",)
    start = _first_date(documents, *begins, "period_start", "issue_date")
    end = _first_date(documents, *ends, "period_end", "issue_date")
    return {
        "kind": kind,
        "from": start.isoformat() if start else None,
        "to": end.isoformat() if end else None,
    }


def _coded_lines(
    documents: Sequence[Document], field_names: Callable[[str], Sequence[str]]
) -> list[CodedLineRecord]:
    lines = []
    for document in documents:
        record = document_record(document, field_names(document.type))
        lines += [coded_line(document.id, line) for line in record["line_items"]]
    return lines


def _has_medicines(documents: Sequence[Document]) -> bool:
    names = [
        part.value
        for document in documents
        for item in (*document.items, *document.category_totals)
        for part in (item.name, item.category)
        if part is not None and part.value
    ]
    found = (find_category(name) for name in names)
    return any(category is not None and category.code in MEDICINES for category in found)


def _diagnoses(documents: Sequence[Document], catalogs: Catalogs) -> list[DiagnosisRecord]:
    """Each diagnosis once, from the paper that says it best."""
    best_first = ("diagnosis_certificate", "discharge_summary", "settlement_sheet", "prescription")
    names: dict[str, None] = {}
    for type_name in best_first:
        for document in documents:
            if document.type == type_name and (text := document.text("diagnoses")):
                names |= dict.fromkeys(part.strip() for part in text.split(";") if part.strip())
    coded = []
    for name in names:
        match = catalogs.match_diagnosis(name)
        coded.append(
            DiagnosisRecord(
                name=name, icd10_code=match.icd10_code if match else None, score=match.score if match else 0.0
            )
        )
    return coded


def _totals(
    invoices: Sequence[Document], bills: Sequence[Document], lines: Sequence[CodedLineRecord]
) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for name, documents in (("invoiced", invoices), ("itemized", bills)):
        amounts = [amount for document in documents if (amount := document.money("total_amount")) is not None]
        if amounts and len(amounts) == len(documents):
            totals[name] = sum(amounts, Decimal(0))
    for name in ("fund_payment", "account_payment", "cash_payment", "self_pay", "self_funded"):
        amounts = [amount for document in invoices if (amount := document.money(name)) is not None]
        if amounts:
            totals[name] = sum(amounts, Decimal(0))
    for letter, name in (("甲", "class_a"), ("乙", "class_b"), ("丙", "class_c"), (None, "class_open")):
        amounts = [
            Decimal(line["amount"]["value"])
            for line in lines
            if line["catalog"]["reimbursement_class"] == letter and line["amount"]["value"]
        ]
        if amounts:
            totals[name] = sum(amounts, Decimal(0))
    return {name: money_text(amount) for name, amount in totals.items()}


def _first_text(documents: Sequence[Document], *names: str, types: Sequence[str] = ()) -> str | None:
    """The first of the fields `names` that a document has, accepted readings first.

    Documents of `types` are asked last: the seller of a pharmacy's invoice is not the hospital.
    """
    ranked = sorted(documents, key=lambda document: document.type in types)
    readings = [
        (field.status == "accepted", field.confidence, -place, field.value)
        for name in names
        for place, document in enumerate(ranked)
        if (field := document.fields.get(name)) is not None and isinstance(field.value, str)
    ]
    return max(readings)[3] if readings else None


def _id_number(documents: Sequence[Document]) -> str | None:
    """The identity number, an unmasked one before a masked one."""
    found = [
        text
        for document in documents
        for name in ("id_number", "payer_id")
        if (text := document.text(name)) and len(text) in (15, 18)
    ]
    return min(found, key=is_masked) if found else None


def _first_date(documents: Sequence[Document], *names: str) -> date | None:
    return next(
        (day for name in names for document in documents if (day := document.date(name)) is not None), None
    )


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()
