"""What the stacks of a run mean for its claims and its files: places, findings, rows of `batches.jsonl`.

A claim of a batch that does not close fails BATCH-1, which blocks: none of them is handed over before a
person has found the sheet, because nobody knows whose paper is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.model import Finding
from pipeline.records import SCHEMA_VERSION, BatchRecord, ClaimRecord, SheetRecord, SuspectRecord, money_text
from pipeline.stacks.batches import Place, Stack, StackPaper, cut_stacks, places
from pipeline.stacks.control import Control, Suspect, controls, message

BATCH_RULE = "BATCH-1"
LABEL_RULE = "BATCH-2"


@dataclass(frozen=True, slots=True)
class StackPlan:
    """The stacks of a run: where each paper lies and which batch closes.

    `places` is by document id and holds papers of stacks alone; any other paper goes where its words say.
    `control_of` is by document id too; `torn_labels` are claim numbers found in two places. `kept` is what
    the stacks of a run that is over said of the one claim that is judged again.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    control_of: Mapping[str, Control] = field(default_factory=dict)
    torn_labels: frozenset[str] = frozenset()
    kept: tuple[Finding, ...] = ()

    def findings(self, document_ids: Sequence[str]) -> tuple[Finding, ...]:
        """What stacks say of the claim of these papers, which lie in one place."""
        found = list(self.kept)
        control = next((self.control_of[one] for one in document_ids if one in self.control_of), None)
        if control is not None:
            found.append(_batch_finding(control))
        place = next((self.places[one] for one in document_ids if one in self.places), None)
        if place is not None and place.label in self.torn_labels:
            said = (
                f"案卷号 {place.label} 的标签出现在两处，请核对是否为同一案卷"
                f" / the label of claim {place.label} lies in two places"
            )
            found.append(Finding(LABEL_RULE, "fail", "block", said, about="claim"))
        return tuple(found)

    def rows(self, claims: Iterable[ClaimRecord]) -> list[BatchRecord]:
        """The rows of `batches.jsonl`, with the claims that each batch became."""
        claims_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for claim in claims:
            for name in (
                *claim["invoices"],
                *claim["itemized_bills"],
                *claim["certificates"],
                *claim["other_documents"],
            ):
                claims_of[name][claim["claim_id"]] = None
        return [_row(control, claims_of) for control in self.controls]


def plan_of_claim(claim: ClaimRecord, document_ids: Sequence[str]) -> StackPlan:
    """The plan under which a claim that is there came about: its label, its batch, what was said of them."""
    place = Place("", True, claim.get("claim_number"), claim.get("batch_number"))
    kept = tuple(
        Finding(one["rule"], one["outcome"], one["severity"], one["message"], tuple(one["fields"]), "claim")
        for one in claim["checks"]
        if one["rule"] in (BATCH_RULE, LABEL_RULE)
    )
    return StackPlan(dict.fromkeys(document_ids, place), kept=kept)


NO_STACKS = StackPlan()
"""No sheet and no label of ours was found."""


def plan_of(papers: Iterable[StackPaper]) -> StackPlan:
    """The stacks among the papers of a run, cut and held against their headers."""
    stacks = cut_stacks(papers)
    where = places(stacks)
    held_against = tuple(controls(stacks))
    return StackPlan(
        where,
        held_against,
        {paper.document_id: control for control in held_against for paper in control.batch.papers},
        _torn_labels(where.values()),
    )


def _torn_labels(where: Iterable[Place]) -> frozenset[str]:
    """Claim numbers on papers of two claims: a sticker is wrong, or the claim was torn apart."""
    scopes: defaultdict[str, set[str]] = defaultdict(set)
    for place in where:
        if place.label is not None:
            scopes[place.label].add(place.scope)
    return frozenset(label for label, found in scopes.items() if len(found) > 1)


def _batch_finding(control: Control) -> Finding:
    if control.is_closed:
        return Finding(BATCH_RULE, "pass", "block", "批次份数与金额相符 / its batch closes", about="claim")
    return Finding(BATCH_RULE, "fail", "block", message(control), about="claim")


def _row(control: Control, claims_of: Mapping[str, Mapping[str, None]]) -> BatchRecord:
    header, sheet = control.batch.header, control.batch.sheet
    assert sheet is not None  # what has no header has no control total
    papers = control.batch.papers
    return {
        "schema_version": SCHEMA_VERSION,
        "batch_number": header.number if header else None,
        "header": _sheet(sheet, control.stack),
        "outcome": "closed" if control.is_closed else "held",
        "expected_papers": header.papers if header else None,
        "found_papers": control.found_papers,
        "expected_amount": money_text(header.amount) if header else None,
        "found_amount": money_text(control.found_amount),
        "unread_amounts": control.unread,
        "message": "" if control.is_closed else message(control),
        "suspects": [_suspect(suspect, control.stack) for suspect in control.suspects],
        "documents": [paper.document_id for paper in papers],
        "claims": list(dict.fromkeys(one for each in papers for one in claims_of.get(each.document_id, ()))),
    }


def _suspect(suspect: Suspect, stack: Stack) -> SuspectRecord:
    place = stack.all.index(suspect.paper)
    beside = (*stack.all[max(0, place - 1) : place], *stack.all[place + 1 : place + 2])
    return {
        **_sheet(suspect.paper, stack),
        "cause": suspect.cause,
        "why": suspect.why,
        "neighbours": [_sheet(paper, stack) for paper in beside],
    }


def _sheet(paper: StackPaper, stack: Stack) -> SheetRecord:
    return {
        "document_id": paper.document_id,
        "file": paper.file,
        "page": paper.page,
        "position": stack.position(paper),
    }
