"""The same paper twice in one run: which documents are one paper, and which of them is read for it.

A patient sends a bill as PDF and as a photo of its print; a hospital exchanges an e-bill for paper. Both are
one paper and its money is paid once. So are a list, a certificate and a prescription photographed twice. The
best read document leads; the others stay listed as its renditions and are heard as witnesses: a value that
both state gains one, one that only a rendition proves is taken over and says from where, one that differs
becomes a candidate and a finding. Nothing is overridden. Charged rows are taken from one picture as a whole
(`pipeline.rendition_rows`).

What only looks alike is named and never merged; two bills of one code and number that state other money or
another person are two papers and a blocking finding (`validators.duplicates`).

Of each document only a `Sheet` is held while a run is looked through, so that a run may be large.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.acceptance import disputed_by_claim, status_of
from pipeline.likeness import Likeness, find_alike
from pipeline.model import AnyField, Candidate, Document, Finding, RenditionReason
from pipeline.records import value_text, way_of_reading
from pipeline.rendition_rows import CELLS, best_rows, with_row_witness, with_rows_of
from validators.duplicates import (
    OWN_OF_EACH,
    bill_says_one_thing,
    content_key,
    contradictions,
    exchanged_bill_counts_once,
    finding_keys,
    is_same_bill,
    page_looks_like_no_other,
    rendition_rows_agree,
    rendition_rows_read_alike,
    renditions_agree,
    renditions_read_alike,
    say_the_same,
    why_one_paper,
)

Load = Callable[[str], Document]

WITNESS = "rendition"
"""What a value has among its witnesses that another picture of the paper states: `rendition:<its id>`."""

WAYS = {"xml": 0, "ofd": 0, "text_layer": 1}
"""The better way of reading comes first (domain.md §2.6, order of trust); pictures that OCR read are last."""
BY_OCR = 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """What of a document says which others may be the same paper.

    `keys` are shared by documents that may be one, `pages` are the likenesses of its pages where known.
    """

    document_id: str
    keys: tuple[str, ...]
    pages: tuple[Likeness, ...]

    @staticmethod
    def of(document: Document) -> Sheet:
        """The sheet of a document as it was read.

        Of papers that lie together on one page none has the page's likeness.
        """
        keys = [content_key(document), *sorted(finding_keys(document))]
        alone = document.region is None and document.titles <= 1
        hexes = [page.likeness for page in document.pages if page.likeness] if alone else []
        return Sheet(document.id, tuple(keys), tuple(Likeness.of_hex(text) for text in hexes))


@dataclass(frozen=True, slots=True)
class SamePapers:
    """Which documents of a run are one paper, by document id.

    Attributes:
        leads: Rendition -> the document that is read for it, and why the two are one paper.
        renditions: Lead -> its renditions, the best read first.
        contradicting: Bill -> those of its code and number that state other money or another person.
        alike: Document -> those with a page that looks like one of its own, without being known as the same.
    """

    leads: Mapping[str, tuple[str, RenditionReason]] = field(default_factory=dict)
    renditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contradicting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_same_papers(sheets: Iterable[Sheet], load: Load) -> SamePapers:
    """The documents that are one paper, those that contradict each other and those that look alike.

    Args:
        sheets: Of all documents of a run.
        load: A document by its id; asked only for those that share a key with another.
    """
    known = list(sheets)
    keys = _shared_keys(known)
    shared = sorted((load(document_id) for document_id in keys), key=_best_first)
    leads: dict[str, tuple[str, RenditionReason]] = {}
    contradicting: defaultdict[str, list[str]] = defaultdict(list)
    leading: defaultdict[str, dict[str, Document]] = defaultdict(dict)
    for document in shared:
        near = {one.id: one for key in keys[document.id] for one in leading[key].values()}
        lead = next(_one_paper(document, near.values()), None)
        if lead is not None:
            leads[document.id] = lead
            continue
        for one in near.values():
            if is_same_bill(one, document) and contradictions(one, document):
                contradicting[one.id].append(document.id)
                contradicting[document.id].append(one.id)
        for key in keys[document.id]:
            leading[key][document.id] = document
    renditions: defaultdict[str, list[str]] = defaultdict(list)
    for document_id, (lead_id, _) in leads.items():  # in the order of `shared`, the best first
        renditions[lead_id].append(document_id)
    return SamePapers(leads, _frozen(renditions), _frozen(contradicting), _alike(known, leads, contradicting))


def _shared_keys(sheets: Sequence[Sheet]) -> dict[str, tuple[str, ...]]:
    """By document id the keys that another document has too; documents without any are left out."""
    having: defaultdict[str, set[str]] = defaultdict(set)
    for sheet in sheets:
        for key in sheet.keys:
            having[key].add(sheet.document_id)
    shared = {sheet.document_id: tuple(key for key in sheet.keys if len(having[key]) > 1) for sheet in sheets}
    return {document_id: keys for document_id, keys in shared.items() if keys}


def _one_paper(document: Document, others: Iterable[Document]) -> Iterator[tuple[str, RenditionReason]]:
    for other in others:
        reason = why_one_paper(other, document)
        if reason is not None:
            yield other.id, reason


def _best_first(document: Document) -> tuple[int, int, float, str, str]:
    """What the better rendition of a paper has less of: order of trust, then what a person need not look at.

    Values that went through are counted and not weighed as a share: half a page may be read without doubt.
    """
    fields = list(document.fields.values())
    parts = [part for item in document.items for part in (item.name, item.amount) if part is not None]
    accepted = sum(part.status == "accepted" for part in (*fields, *parts))
    sure = sum(each.confidence for each in fields) / max(1, len(fields))
    way = WAYS.get(way_of_reading(document), BY_OCR)
    return (way, -accepted, -sure, document.file.name, document.id)


def _alike(
    sheets: Sequence[Sheet],
    leads: Mapping[str, tuple[str, RenditionReason]],
    contradicting: Mapping[str, Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """By document id those that look like it, as far as no more is known of the two."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for a, b in find_alike((sheet.document_id, page) for sheet in sheets for page in sheet.pages):
        first, second = (leads.get(each, (each, None))[0] for each in (a, b))
        if first != second and second not in contradicting.get(first, ()):
            found[first][second] = found[second][first] = None
    return {document_id: tuple(others) for document_id, others in found.items()}


def _frozen(lists: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(ids) for name, ids in lists.items()}


# ---------------------------------------------------------------- what follows for one document


def settled(
    document: Document, same: SamePapers, load: Load, required: Callable[[Document], Sequence[str]]
) -> Document:
    """The document with what follows from the other papers of its run.

    A rendition says whose it is and stays as it was read. Any other document has heard its renditions,
    carries the findings about them and the status that follows.

    Args:
        document: As it was read and judged.
        same: What is known of the run.
        load: A document by its id.
        required: The fields that must be accepted for a document to go through unseen.
    """
    if document.id in same.leads:
        lead, reason = same.leads[document.id]
        return replace(document, rendition_of=lead, rendition_reason=reason)
    others = [
        replace(load(other_id), rendition_of=document.id, rendition_reason=same.leads[other_id][1])
        for other_id in same.renditions.get(document.id, ())
    ]
    heard, findings = _with_best_rows(document, others)
    for other in others:
        findings += _about_rendition(document, other)
        heard = _with_witness(heard, other)
    findings += [
        bill_says_one_thing(document, load(other)) for other in same.contradicting.get(document.id, ())
    ]
    findings += [page_looks_like_no_other(document, load(other)) for other in same.alike.get(document.id, ())]
    if not findings:
        return document
    heard = _as_persons_said(heard, document)
    heard = replace(heard, findings=(*heard.findings, *findings))
    heard = replace(heard, status=status_of(heard, required(heard)))
    return disputed_by_claim(heard, _disputed(findings))


ABOUT_RENDITIONS = frozenset(
    rule.dotted_id
    for rule in (
        *(renditions_agree, renditions_read_alike, exchanged_bill_counts_once),
        *(rendition_rows_agree, rendition_rows_read_alike),
    )
)
"""Rules that lay a document beside its renditions."""
ABOUT_OTHERS = frozenset(rule.dotted_id for rule in (bill_says_one_thing, page_looks_like_no_other))
"""Rules that lay a document beside another of its run that is not known to be the same."""


def settled_again(
    document: Document,
    others: Sequence[Document],
    required: Callable[[Document], Sequence[str]],
    kept: Iterable[Finding] = (),
) -> Document:
    """A document that a person has changed since it was settled, beside its renditions as they are.

    Nothing is taken over from them a second time, its rows stay its own.

    Args:
        document: Judged as it stands now, without findings about renditions and without their witness.
        others: Its renditions, with the reason of each.
        required: The fields that must be accepted for a document to go through unseen.
        kept: Findings beside others of its run that hold still.
    """
    heard, findings = document, list(kept)
    for other in others:
        if other.items and document.items and other.rendition_reason not in ("same_bytes", "exchanged"):
            findings += [rendition_rows_agree(heard, other), rendition_rows_read_alike(heard, other)]
            heard = with_row_witness(heard, other, f"{WITNESS}:{other.id}")
        findings += _about_rendition(document, other)
        heard = _with_witness(heard, other)
    heard = replace(heard, findings=(*heard.findings, *findings))
    heard = _as_persons_said(heard, document)
    heard = replace(heard, status=status_of(heard, required(heard)))
    return disputed_by_claim(heard, _disputed(findings))


def _as_persons_said(document: Document, before: Document) -> Document:
    """The document with the rows that a person has set as they were before other pictures were heard."""
    if not _has_persons_rows(before):
        return document
    cells = [
        {part: cell for part in CELLS if (cell := getattr(row, part)) and cell.origin == "reviewer"}
        for row in before.items
    ]
    kept = (replace(row, **said) for row, said in zip(document.items, cells, strict=True))
    return replace(document, items=tuple(kept))


def _has_persons_rows(document: Document) -> bool:
    cells = (getattr(row, part) for row in document.items for part in CELLS)
    return any(cell is not None and cell.origin == "reviewer" for cell in cells)


def _with_best_rows(document: Document, others: Sequence[Document]) -> tuple[Document, list[Finding]]:
    """The document with the rows of its best picture, of which those of the others are witnesses.

    The same bytes witness nothing, and an exchanged bill may state the same charges in other rows.
    """
    pictures = [other for other in others if other.rendition_reason not in ("same_bytes", "exchanged")]
    # Rows that a person has set are the best there are.
    best = document if _has_persons_rows(document) else best_rows(document, pictures)
    heard = document if best is document else with_rows_of(document, best, f"{WITNESS}:{best.id}")
    findings: list[Finding] = []
    for other in (document, *pictures):
        if other is not best and other.items and best.items:
            findings += [rendition_rows_agree(heard, other), rendition_rows_read_alike(heard, other)]
            heard = with_row_witness(heard, other, f"{WITNESS}:{other.id}")
    return heard, findings


def _about_rendition(document: Document, other: Document) -> list[Finding]:
    findings = [renditions_agree(document, other), renditions_read_alike(document, other)]
    if other.rendition_reason == "exchanged":
        findings.append(exchanged_bill_counts_once(document, other))
    return findings


def _disputed(findings: Iterable[Finding]) -> list[str]:
    """The paths that may not go through unseen."""
    broken = [each for each in findings if each.outcome == "fail" and each.severity == "block"]
    return [path for finding in broken for path in finding.fields]


def _with_witness(document: Document, other: Document) -> Document:
    """The document with what `other`, a rendition of it, says of its fields; the same bytes say nothing."""
    if other.rendition_reason == "same_bytes":
        return document
    own = OWN_OF_EACH if other.rendition_reason == "exchanged" else frozenset[str]()
    disputed = {path for each in document.findings if each.outcome == "fail" for path in each.fields}
    fields = dict(document.fields)
    for name, theirs in other.fields.items():
        if name in own or theirs.value is None:
            continue
        if name not in fields:
            if theirs.status == "accepted":
                fields[name] = _taken_over(theirs, other)
        elif not say_the_same(name, fields[name], theirs) or fields[name].value is None:
            fields[name] = _with_candidate(name, fields[name], theirs)
        else:
            fields[name] = _vouched_for(fields[name], theirs, other, disputed=f"fields.{name}" in disputed)
    return replace(document, fields=fields)


def _taken_over(theirs: AnyField, other: Document) -> AnyField:
    """A value that only the rendition has and that needed nobody there; its place is on another file."""
    return replace(theirs, page=None, box=None, witnesses=(*theirs.witnesses, f"{WITNESS}:{other.id}"))


def _with_candidate(name: str, ours: AnyField, theirs: AnyField) -> AnyField:
    """Our value with theirs for a candidate, beside those that were known."""
    assert theirs.value is not None
    said = value_text(name, theirs.value)
    if any(candidate.value == said for candidate in ours.candidates):
        return ours
    return replace(ours, candidates=(*ours.candidates, Candidate(said, theirs.confidence)))


def _vouched_for(ours: AnyField, theirs: AnyField, other: Document, *, disputed: bool) -> AnyField:
    """Our value with theirs for a witness.

    It is as sure as the surer of the two readings, never surer: both may have come from one engine. What a
    rule disputes stays with a person.
    """
    vouched = replace(ours, witnesses=(*ours.witnesses, f"{WITNESS}:{other.id}"))
    if theirs.status != "accepted" or disputed or ours.status == "accepted":
        return vouched
    return replace(vouched, status="accepted", confidence=max(ours.confidence, theirs.confidence))
