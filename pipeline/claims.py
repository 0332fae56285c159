"""Papers of one insured person, one hospital and one visit or stay, gathered into a claim.

Invoices begin claims: one a visit, for receipts are never merged across visits, stays or payees
(R-ENT-1 to R-ENT-3). Every other paper joins the claim it has most in common with: the person's name,
a record number, the hospital, the days. What has too little in common with any makes a claim of its own
that lacks its invoice, so that a person sees it. Papers are taken in an order of their own, so what
belongs together does not depend on the order in which files were found.

An application form (`FORMS`) begins a claim as an invoice does: 门诊慢特病, 异地就医备案 and 家庭共济
carry papers but no bill (domain.md §9.1). Supporting papers join the claims of their person and begin none.

In a stack with separators or labels (`pipeline.stacks`) those decide instead: what lies between two of them
is one claim, and nothing joins over them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Literal

from pipeline import materials
from pipeline.application import NO_APPLICATIONS, Application, Applications
from pipeline.application_forms import applied_for
from pipeline.case import Case
from pipeline.case_types import is_stay
from pipeline.catalogs.catalog import Catalogs
from pipeline.model import BLANK, OTHER, Document, Finding
from pipeline.office import Office, usual_office
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
from pipeline.stacks.batches import Place
from pipeline.stacks.plan import NO_STACKS, StackPlan
from pipeline.text import compact_name, differing_characters, is_masked
from validators import check_claim
from validators.across import is_same_hospital, path_in
from validators.duplicates import bill_key, content_key

INVOICES = ("outpatient_invoice", "inpatient_invoice", "vat_invoice")
PAPERS = ("settlement_sheet", "itemized_bill", "discharge_summary", "diagnosis_certificate", "prescription")
"""What joins a claim, in the order in which it is taken: what says most comes first."""
CERTIFICATES = ("diagnosis_certificate", "discharge_summary")
FORMS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "chronic_disease_form": frozenset({"informed_consent"}),
        "offsite_filing_form": frozenset({"referral_form", "residence_certificate"}),
        "family_account_form": frozenset({"marriage_certificate", "household_register"}),
    }
)
"""Subtypes of the papers that are applied with; each is a claim of its own without an invoice. What it is
supported by is in no other claim."""
OF_THE_VISIT = frozenset({"outpatient_record", "accident_report", "commitment_letter", "referral_form"})
OF_THE_PERSON = frozenset(
    {
        *("card_replacement_certificate", "residence_certificate", "court_judgment", "birth_certificate"),
        *("social_aid_certificate", "declaration_form", "social_security_card", "bank_card"),
        *("marriage_certificate", "household_register", "informed_consent", "proxy_authorization"),
    }
)
"""Subtypes of supporting papers, by whether they speak of one visit or of a person in all claims."""
SUPPORTING = FORMS.keys() | OF_THE_VISIT | OF_THE_PERSON

AROUND_VISIT = timedelta(days=3)
"""Certificates and prescriptions are dated within so many days of the visit or stay (R-DATE-1)."""

WRITTEN_SOON = timedelta(days=7)
"""What says only when it was written, so soon after the visit, speaks neither for nor against it."""
WRITTEN_LATER = timedelta(days=31)
"""What says only when it was written may have been written so long after the visit: bills at the end of a
month, certificates when they are asked for."""

FOLDER_OF_A_CASE = 40
"""A folder with more papers is a pile of many people's; that two papers lie in it says nothing."""

ENOUGH_IN_COMMON = 3
NAMED_BILL = 10
SAME_NUMBER = 3
SAME_NAME, NAME_MISREAD = 2, 1
SAME_HOSPITAL, OTHER_HOSPITAL = 2, -3
NEAR_DAYS, LATER_DAYS, FAR_DAYS = 2, -2, -5
"""Far days outweigh a record number, which a patient keeps from visit to visit; where only the day of
writing is known, a number or a folder in common outweighs some days."""
SAME_FOLDER = 1
SECOND_OF_TYPE = -1

TWICE = "R-DUP-"
"""How rules about the same paper twice are called (domain.md §10)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a document decides which claim it belongs to.

    `numbers` are those of the person and the stay, `bills` the numbers of invoices, its own or named.
    `related` are further persons whom it names: who hands the claim in, parents, a family's member;
    `related_numbers` are theirs. Who hands in for several people makes none of them the other.
    `days_of_writing` says that `start` and `end` are when it was written, since no visit is named.
    """

    document_id: str
    type: str
    folder: str
    person: str
    hospital: str
    numbers: frozenset[str]
    bills: frozenset[str]
    start: date | None
    end: date | None
    subtype: str = ""
    related: frozenset[str] = frozenset()
    days_of_writing: bool = False
    related_numbers: frozenset[str] = frozenset()

    @staticmethod
    def of(document: Document) -> Facts:
        """The facts of a document as it was read."""
        names = ("payer_name", "patient_name", "name")
        person = next((text for name in names if (text := document.text(name))), "")
        hospital = document.text("payee_name") or document.text("hospital_name") or ""
        begins = ("admission_date", "visit_date", "period_start")
        ends = ("discharge_date", "period_end")
        start = next((day for name in begins if (day := document.date(name))), None)
        end = document.treatment_date
        related = (
            document.text(name) for name in ("agent_name", "member_name", "mother_name", "father_name")
        )
        return Facts(
            document.id,
            document.type,
            str(PurePosixPath(document.file.name.replace("!", "/")).parent),
            compact_name(person),
            compact_name(hospital),
            _numbers(document, *NUMBERS),
            _numbers(document, "invoice_number"),
            start or end,
            end or start,
            document.subtype or "",
            frozenset(compact_name(name) for name in related if name),
            start is None and not any(document.date(name) for name in ends),
            _numbers(document, *RELATED_NUMBERS),
        )


NUMBERS = ("outpatient_no", "inpatient_no", "medical_record_no", "id_number", "payer_id")
RELATED_NUMBERS = ("agent_id_number", "member_id_number")


def _numbers(document: Document, *names: str) -> frozenset[str]:
    """The numbers long enough to tell papers apart; one with struck-out digits does not."""
    texts = (document.text(name) for name in names)
    return frozenset(text for text in texts if text and len(text) >= 4 and not is_masked(text))


@dataclass(eq=False, slots=True)
class Group:
    """The documents of one claim while it is gathered."""

    members: list[Facts] = field(default_factory=list)

    @property
    def head(self) -> Facts:
        """The first invoice where there is one, else the first paper."""
        return self.members[0]

    @property
    def hospital(self) -> str:
        """The hospital of the first paper that names one: a seal may hide it on the invoice."""
        return next((member.hospital for member in self.members if member.hospital), "")

    def has_number_of(self, fact: Facts) -> bool:
        """Whether the fact shares a number of the person or the stay with a member."""
        return any(member.numbers & fact.numbers for member in self.members)


def group_documents(facts: Iterable[Facts], places: Mapping[str, Place] | None = None) -> list[list[str]]:
    """Document ids by claim, in the order of their first documents; blanks and strangers stay out.

    An identity card is in every claim of its person, any other paper in one.

    Args:
        facts: Of all papers.
        places: Where the papers of stacks lie, by document id; papers of different scope never join.
    """
    known = [fact for fact in facts if fact.type not in (BLANK, OTHER) or fact.subtype in SUPPORTING]
    order = {fact.document_id: turn for turn, fact in enumerate(known)}
    groups: list[list[int]] = []
    for is_claim, members in _by_scope(known, places or {}):
        gathered = [members] if is_claim else _gathered(members)
        groups += [sorted(order[member.document_id] for member in group) for group in gathered]
    return [[known[turn].document_id for turn in members] for members in sorted(groups)]


def _gathered(facts: Sequence[Facts]) -> list[list[Facts]]:
    """Papers by claim, by what they say."""
    groups = _Groups()
    for fact in sorted(_without_piles(facts), key=_turn):
        groups.add(fact)
    return [group.members for group in groups.all]


def _by_scope(facts: Iterable[Facts], places: Mapping[str, Place]) -> Iterator[tuple[bool, list[Facts]]]:
    """The papers that may join each other, and whether they are one claim whatever they say."""
    scopes: defaultdict[tuple[str, bool], list[Facts]] = defaultdict(list)
    for fact in facts:
        place = places.get(fact.document_id)
        scopes[(place.scope, place.is_claim) if place else ("", False)].append(fact)
    for (_, is_claim), members in scopes.items():
        yield is_claim, members


def _without_piles(facts: Sequence[Facts]) -> Iterator[Facts]:
    sizes = Counter(fact.folder for fact in facts)
    return (fact if sizes[fact.folder] <= FOLDER_OF_A_CASE else replace(fact, folder="") for fact in facts)


def _turn(fact: Facts) -> tuple[int, bool, int, bool, date, str]:
    """When a paper is taken: what begins a claim first, then what says most of whom it belongs to."""
    if fact.type in INVOICES:
        stage = 0
    elif fact.subtype in FORMS:
        stage = 1
    elif fact.type == OTHER:
        stage = 3
    else:
        stage = 4 if fact.type == "id_card" else 2
    rank = PAPERS.index(fact.type) if fact.type in PAPERS else len(PAPERS)
    return (stage, not fact.person, rank, not fact.numbers, fact.start or date.max, fact.document_id)


class _Groups:
    """Claims being gathered, found by name, number and folder."""

    def __init__(self) -> None:
        self.all: list[Group] = []
        self._by_key: defaultdict[str, dict[Group, None]] = defaultdict(dict)

    def add(self, fact: Facts) -> None:
        """Put a paper where it belongs, or into a claim of its own."""
        if fact.type in INVOICES:
            found = self._of_visit(fact)
        elif applied := self._applied_for_with(fact):
            found = applied
        elif fact.type == "id_card" or fact.subtype in OF_THE_PERSON:
            found = self._of_person(fact)
        elif fact.subtype in FORMS:
            found = []
        else:
            found = self._most_alike(fact)
        if not found and fact.type == OTHER and fact.subtype not in FORMS:
            return  # it supports nothing that is here
        for group in found or [self._new()]:
            group.members.append(fact)
            for key in _keys(fact):
                self._by_key[key][group] = None

    def _of_visit(self, invoice: Facts) -> list[Group]:
        same = [group for group in self._near(invoice) if any(_same_visit(m, invoice) for m in group.members)]
        return [self._merged(same)] if same else []

    def _most_alike(self, fact: Facts) -> list[Group]:
        scored = [(_in_common(group, fact), group) for group in self._near(fact)]
        most = max((score for score, _ in scored), default=0)
        best = [group for score, group in scored if score == most]
        if most < ENOUGH_IN_COMMON or len({group.head.person for group in best}) > 1:
            return []  # nobody's, or nobody knows whose of two
        return best[:1]

    def _applied_for_with(self, fact: Facts) -> list[Group]:
        """The applications of its person that the paper supports."""
        return [
            group
            for group in self._near(fact)
            if fact.subtype in FORMS.get(group.head.subtype, ()) and _is_of(group, fact)
        ]

    def _of_person(self, card: Facts) -> list[Group]:
        near = self._near(card)
        surely = [group for group in near if _is_of(group, card)]
        if surely:
            return surely
        here = [group for group in near if card.folder and group.head.folder == card.folder]
        if not card.person:  # the side with the emblem
            return here if len({group.head.person for group in here}) == 1 else []
        return [group for group in here if differing_characters(group.head.person, card.person) == 1]

    def _new(self) -> Group:
        self.all.append(Group())
        return self.all[-1]

    def _merged(self, groups: Sequence[Group]) -> Group:
        """The first of the groups with the members of the others, which are given up."""
        first, *others = groups
        for other in others:
            first.members += other.members
            self.all.remove(other)
            for key in {key for member in other.members for key in _keys(member)}:
                del self._by_key[key][other]
                self._by_key[key][first] = None
        return first

    def _near(self, fact: Facts) -> list[Group]:
        """The claims with the fact's name, a number or the folder in common."""
        return list(dict.fromkeys(group for key in _keys(fact) for group in self._by_key[key]))


def _keys(fact: Facts) -> Iterator[str]:
    if fact.person:
        yield f"person:{fact.person}"
    yield from (f"number:{number}" for number in sorted(fact.numbers | fact.related_numbers))
    yield from (f"bill:{number}" for number in sorted(fact.bills))
    if fact.folder:
        yield f"folder:{fact.folder}"


def _same_person(a: Facts, b: Facts) -> bool:
    return bool(a.numbers & b.numbers) or (a.person != "" and a.person == b.person)


def _is_of(group: Group, card: Facts) -> bool:
    return any(
        _same_person(member, card) or card.person in member.related or card.numbers & member.related_numbers
        for member in group.members
    )


def _same_visit(a: Facts, b: Facts) -> bool:
    """Whether two invoices are of one visit: same person, payee, kind and day, or the same stay."""
    if a.type != b.type or not a.hospital or a.hospital != b.hospital or not _same_person(a, b):
        return False
    if a.type == "inpatient_invoice" and a.start != b.start:
        return False
    return a.end is not None and a.end == b.end


def _in_common(group: Group, fact: Facts) -> int:
    """How much a paper has in common with a claim; at `ENOUGH_IN_COMMON` it belongs to it."""
    head = group.head
    if any(member.bills & fact.bills for member in group.members):
        return NAMED_BILL
    has_number = group.has_number_of(fact)
    same_folder = head.folder != "" and head.folder == fact.folder
    apart = differing_characters(head.person, fact.person) if head.person and fact.person else 0
    if apart is None or apart > 1:
        return 0
    if head.person != fact.person and not has_number and not same_folder:
        return 0  # a name that is not read, struck out or a character off: anybody's
    score = SAME_NUMBER if has_number else 0
    if head.person and fact.person:
        score += SAME_NAME if apart == 0 else NAME_MISREAD
    if group.hospital and fact.hospital:
        if is_same_hospital(group.hospital, fact.hospital):
            score += SAME_HOSPITAL
        elif head.type != "vat_invoice":  # a pharmacy sells what a hospital prescribes
            score += OTHER_HOSPITAL
    score += _closeness(head, fact)
    if same_folder:
        score += SAME_FOLDER
    if fact.type != "prescription" and any(fact.type == member.type for member in group.members):
        score += SECOND_OF_TYPE  # it more likely belongs to another visit
    return score


def _closeness(a: Facts, b: Facts) -> int:
    """What the days of two papers say of whether they are of one visit; nothing where one has none."""
    if a.start is None or a.end is None or b.start is None or b.end is None:
        return 0
    apart = max(a.start - b.end, b.start - a.end)
    if apart <= AROUND_VISIT:
        return NEAR_DAYS
    written = a if a.start > b.end else b
    if not written.days_of_writing or apart > WRITTEN_LATER:
        return FAR_DAYS
    return 0 if apart <= WRITTEN_SOON else LATER_DAYS


def assemble(
    facts: Iterable[Facts],
    load: Callable[[str], Document],
    field_names: Callable[[str], Sequence[str]],
    catalogs: Catalogs,
    today: date,
    renditions: Mapping[str, Sequence[str]] = MappingProxyType({}),
    stacks: StackPlan = NO_STACKS,
    applications: Applications = NO_APPLICATIONS,
    office: Office | None = None,
) -> tuple[list[ClaimRecord], Mapping[str, frozenset[str]]]:
    """The claims that papers make, and by document id the fields with which its claim does not hold.

    Args:
        facts: Of all papers, renditions left out: they are in the claim of the document that is read.
        load: A document by its id.
        field_names: The field names of a document type.
        catalogs: For diagnoses and hospitals.
        today: The day that counts as the present.
        renditions: Further pictures of a paper, by the id of the document that is read for it.
        stacks: Where the papers of stacks lie, and which batches close.
        applications: What was declared beside the papers of a folder.
        office: Whose rules the claims are judged by; by default what ships.
    """
    claims: list[ClaimRecord] = []
    disputed: defaultdict[str, set[str]] = defaultdict(set)
    groups = group_documents(facts, stacks.places)
    built = build_claims(groups, load, field_names, catalogs, today, renditions, stacks, applications, office)
    for claim, findings in built:
        claims.append(claim)
        for document_id, paths in disputed_paths(findings).items():
            disputed[document_id] |= paths
    return claims, {document_id: frozenset(paths) for document_id, paths in disputed.items()}


def disputed_paths(findings: Iterable[Finding]) -> Mapping[str, frozenset[str]]:
    """By document id the fields with which a claim does not hold, by what the rules found in it."""
    disputed: defaultdict[str, set[str]] = defaultdict(set)
    for finding in findings:
        if finding.outcome == "fail" and finding.severity == "block" and finding.about == "reading":
            for document_id, path in map(_split_path, finding.fields):
                disputed[document_id].add(path)
    return {document_id: frozenset(paths) for document_id, paths in disputed.items()}


def _split_path(path: str) -> tuple[str, str]:
    """`documents[<id>].fields.x` as (id, `fields.x`)."""
    head, _, rest = path.partition("].")
    return head.removeprefix("documents["), rest


def build_claims(
    groups: Sequence[Sequence[str]],
    load: Callable[[str], Document],
    field_names: Callable[[str], Sequence[str]],
    catalogs: Catalogs,
    today: date,
    renditions: Mapping[str, Sequence[str]] = MappingProxyType({}),
    stacks: StackPlan = NO_STACKS,
    applications: Applications = NO_APPLICATIONS,
    office: Office | None = None,
) -> Iterator[tuple[ClaimRecord, tuple[Finding, ...]]]:
    """Each claim with what the rules found in it.

    Args:
        groups: Document ids by claim.
        load: A document by its id.
        field_names: The field names of a document type.
        catalogs: For diagnoses and hospitals.
        today: The day that counts as the present.
        renditions: Further pictures of a paper, by the id of the document that is read for it.
        stacks: Where the papers of stacks lie, and which batches close.
        applications: What was declared beside the papers of a folder.
        office: Whose rules the claims are judged by; by default what ships.
    """
    for ids in groups:
        documents = [load(document_id) for document_id in ids]
        application, form = _application(documents, applications)
        case = Case(
            documents,
            today,
            catalogs,
            application,
            office or usual_office(),
            _claim_id(documents),
            applications.verifications,
        )
        findings = (*check_claim(case), *stacks.findings(ids))
        further = [other for document_id in ids for other in renditions.get(document_id, ())]
        told = (*findings, *_about_twins(documents, findings))
        yield _claim(case, told, field_names, further, stacks.places.get(ids[0]), form), findings


def _application(
    documents: Sequence[Document], applications: Applications
) -> tuple[Application | None, Document | None]:
    """What is applied for, and the form where it was read off one.

    A bill makes its papers a claim for money: what is applied for without one does not hold for them.
    """
    declared = applications.for_papers(document.file.name for document in documents)
    has_bill = any(document.type in INVOICES for document in documents)
    if declared is not None and declared.kind != "reimbursement":
        return (None, None) if has_bill else (declared, None)
    return applied_for(documents) or (declared, None)


def _about_twins(documents: Sequence[Document], findings: Sequence[Finding]) -> Iterator[Finding]:
    """What was found about single papers beside their like in the run, as findings of the claim.

    What a rule of the claim found already is not said again.
    """
    said = {_rule_id(finding) for finding in findings if finding.outcome == "fail"}
    for document in documents:
        for finding in document.findings:
            if finding.rule.startswith(TWICE) and _rule_id(finding) not in said:
                yield replace(finding, fields=tuple(path_in(document, path) for path in finding.fields))


def _rule_id(finding: Finding) -> str:
    """`R-DUP-1` of `R-DUP-1.bills_are_distinct`."""
    return finding.rule.partition(".")[0]


def _claim_id(documents: Sequence[Document]) -> str:
    """The id of the claim of these papers, by its invoices: a paper that is added changes nothing."""
    invoices = [document.id for document in documents if document.type in INVOICES]
    return "C-" + _digest(invoices or [document.id for document in documents])[:12]


def _claim(
    case: Case,
    findings: Sequence[Finding],
    field_names: Callable[[str], Sequence[str]],
    renditions: Sequence[str],
    place: Place | None,
    form: Document | None,
) -> ClaimRecord:
    documents, catalogs = case.documents, case.catalogs
    invoices = [document for document in documents if document.type in INVOICES]
    bills = [document for document in documents if document.type == "itemized_bill"]
    certificates = [document for document in documents if document.type in CERTIFICATES]
    grouped = {document.id for document in (*invoices, *bills, *certificates)}
    kind = _visit_kind(documents)
    paid = _distinct(invoices)
    lines = _coded_lines(_charged(paid, bills), field_names)
    lacking = materials.missing(case)
    hospital_name = _first_text(documents, "hospital_name", "payee_name", last="vat_invoice")
    seals = [seal.text for document in documents for seal in document.seals if seal.text]
    hospital = catalogs.hospital(hospital_name, seals) if hospital_name else None
    return {
        "schema_version": SCHEMA_VERSION,
        "claim_id": case.claim_id,
        "idempotency_key": _digest({content_key(document) for document in documents}),
        "insured": {
            "name": _first_text(documents, "payer_name", "patient_name", "name"),
            "id_number": _id_number(documents),
            "insurance_no": _first_text(documents, "insurance_no"),
            "insurance_type": _first_text(documents, "insurance_type"),
        },
        "case_type": case.main_type,
        "case_types": list(case.case_types),
        "settle_by": case.settle_by.isoformat() if case.settle_by else None,
        "application": case.application.declared if case.application is not None else None,
        "application_form": form.id if form is not None else None,
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
        "renditions": sorted(renditions),
        "line_items": lines,
        "diagnoses": _diagnoses(documents, catalogs),
        "totals": _totals(paid, bills, lines),
        "checks": [check_record(finding) for finding in findings],
        "missing_materials": [material.label for material in lacking],
        "claim_number": place.label if place else None,
        "batch_number": place.batch if place else None,
        "status": _status(documents, findings, bool(lacking)),
    }


def _distinct(invoices: Sequence[Document]) -> list[Document]:
    """Each invoice once: a bill and its screenshot are the same money."""
    first: dict[tuple[str, ...], Document] = {}
    for invoice in sorted(invoices, key=lambda each: each.status != "accepted"):
        first.setdefault(bill_key(invoice) or (invoice.id,), invoice)
    return [invoice for invoice in invoices if invoice in first.values()]


def _charged(invoices: Sequence[Document], bills: Sequence[Document]) -> list[Document]:
    """The papers whose rows are the claim's: itemized bills, and the invoices that none of them details."""
    bills = [bill for bill in bills if bill.items]
    if not bills:
        return list(invoices)
    numbers = {invoice.text("invoice_number") for invoice in invoices} - {None}
    named = {bill.text("invoice_number") for bill in bills} & numbers
    rest = [invoice for invoice in invoices if invoice.text("invoice_number") not in named]
    free = [bill for bill in bills if bill.text("invoice_number") not in named]
    return [*bills, *_not_detailed(rest, free)]


def _not_detailed(invoices: Sequence[Document], bills: Sequence[Document]) -> list[Document]:
    """The invoices without a bill. Bills belong to invoices of the same total; one that fits none, to all."""
    left = list(invoices)
    for bill in bills:
        same = [invoice for invoice in left if invoice.money("total_amount") == bill.money("total_amount")]
        if not same:
            return []
        left.remove(same[0])
    return left


def _status(
    documents: Sequence[Document], findings: Sequence[Finding], lacks: bool
) -> Literal["accepted", "review", "incomplete", "rejected"]:
    if lacks:
        return "incomplete"
    broken = any(finding.outcome == "fail" and finding.severity == "block" for finding in findings)
    unsure = any(document.status != "accepted" for document in documents)
    return "review" if broken or unsure else "accepted"


def _visit_kind(documents: Sequence[Document]) -> Literal["outpatient", "inpatient"]:
    return "inpatient" if is_stay(documents) else "outpatient"


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


def _diagnoses(documents: Sequence[Document], catalogs: Catalogs) -> list[DiagnosisRecord]:
    """Each diagnosis once, from the paper that says it best."""
    best_first = ("diagnosis_certificate", "discharge_summary", "settlement_sheet", "prescription")
    names: dict[str, None] = {}
    for type_name in best_first:
        for document in documents:
            if document.type == type_name and (text := document.text("diagnoses")):
                names |= dict.fromkeys(part.strip() for part in text.split(";") if part.strip())
    read = [one for name in names for one in catalogs.diagnoses.read(name)]
    return [
        DiagnosisRecord(
            name=one.printed.text, icd10_code=one.code, score=one.match.score if one.match else 0.0
        )
        for one in read
    ]


def _totals(
    invoices: Sequence[Document], bills: Sequence[Document], lines: Sequence[CodedLineRecord]
) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for name, documents in (("total_amount", invoices), ("itemized", bills)):
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


def _first_text(documents: Sequence[Document], *names: str, last: str = "") -> str | None:
    """The surest of the fields `names` that a document has, accepted readings first.

    Documents of the type `last` count where no other has one: the seller of a pharmacy's invoice is not
    the hospital.
    """
    readings = [
        (document.type != last, field.status == "accepted", field.confidence, -place, field.value)
        for name in names
        for place, document in enumerate(documents)
        if (field := document.fields.get(name)) is not None and isinstance(field.value, str)
    ]
    return max(readings)[-1] if readings else None


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
    """The first of the dates `names` that a document has; of several, an accepted one."""
    for name in names:
        having = [document for document in documents if document.date(name) is not None]
        if having:
            return min(having, key=lambda document: document.fields[name].status != "accepted").date(name)
    return None


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()
