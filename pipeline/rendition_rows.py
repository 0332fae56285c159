"""The charged rows of a paper that came twice: which reading of them is used, what the other is good for.

Rows are taken from one picture as a whole, never some from each: a row that both pictures miss would then not
be missed by anybody. The reading whose rows make the total goes before one whose rows do not, and among those
the one of which a person need look at less. The other is a witness, as with fields
(`pipeline.renditions`): a value that both state is as sure as the surer reading, one that differs becomes a
candidate, and a person sees it where the other picture was read surely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.acceptance import DISPUTED_CONFIDENCE
from pipeline.model import AnyField, Candidate, Document, Finding, LineItem
from pipeline.records import value_text
from validators._row_pairs import row_pairs

CELLS = ("name", "specification", "unit", "quantity", "unit_price", "amount", "category", "insurance_class")
"""What of a row is a field."""
HEARD = ("name", "quantity", "unit_price", "amount")
"""Of what another picture is a witness."""
JUDGED = ("name", "amount")
"""What must be accepted for a row to need nobody (`pipeline.acceptance.status_of`)."""

ROW_PATHS = ("line_items[", "category_totals[")


def best_rows(document: Document, others: Sequence[Document]) -> Document:
    """That of the pictures whose rows are used: `document`, or another whose rows are read better.

    A picture that states another total does not count: nobody knows whose rows are right. What a file says
    itself (text layer, XML) is not given up for what was recognised as long as its rows make the total.
    """
    total = document.money("total_amount")
    rivals = [other for other in others if total is None or other.money("total_amount") == total]
    best = max(rivals, key=_worth, default=document)
    return best if _worth(best) > _worth(document) and not _is_stated_whole(document) else document


def _worth(document: Document) -> tuple[bool, int]:
    """Whether its rows make its total, and how many of their parts need nobody."""
    parts = [getattr(item, name) for item in document.items for name in JUDGED]
    return _makes_total(document), sum(part is not None and part.status == "accepted" for part in parts)


def _makes_total(document: Document) -> bool:
    amounts = [item.amount.value if item.amount is not None else None for item in document.items]
    known = [amount for amount in amounts if amount is not None]
    return (
        bool(known)
        and len(known) == len(amounts)
        and sum(known, Decimal(0)) == document.money("total_amount")
    )


def _is_stated_whole(document: Document) -> bool:
    parts = [part for item in document.items for name in JUDGED if (part := getattr(item, name)) is not None]
    return bool(parts) and all(part.origin != "ocr" for part in parts) and _makes_total(document)


def with_rows_of(document: Document, other: Document, witness: str) -> Document:
    """The document with the rows of another picture of it and with what the rules found in them.

    They stand on another file, so none has a place; each says with `witness` where it comes from.
    """
    page = document.pages[0].number if document.pages else 1

    def taken(item: LineItem) -> LineItem:
        moved: dict[str, Any] = {
            name: replace(cell, page=None, box=None, witnesses=(*cell.witnesses, witness))
            for name in CELLS
            if (cell := getattr(item, name)) is not None
        }
        return replace(item, page=page, **moved)

    return replace(
        document,
        items=tuple(map(taken, other.items)),
        category_totals=tuple(map(taken, other.category_totals)),
        findings=(
            *(finding for finding in document.findings if not _is_about_rows(finding)),
            *(finding for finding in other.findings if _is_about_rows(finding)),
        ),
    )


def _is_about_rows(finding: Finding) -> bool:
    return any(path.startswith(ROW_PATHS) for path in finding.fields)


def with_row_witness(document: Document, other: Document, witness: str) -> Document:
    """The document with what `other`, a rendition of it, says of its rows.

    An amount that `other` read surely and otherwise is sent to a person; the finding is a rule's to make
    (`validators.duplicates.rendition_rows_agree`).
    """
    disputed = {path for each in document.findings if each.outcome == "fail" for path in each.fields}
    items = list(document.items)
    for pair in row_pairs(document.items, other.items):
        ours, theirs = items[pair.ours], other.items[pair.theirs]
        heard: dict[str, Any] = {}
        for name in HEARD:
            cell, said = getattr(ours, name), getattr(theirs, name)
            if cell is not None and said is not None:
                is_disputed = f"line_items[{pair.ours}].{name}" in disputed
                heard[name] = _heard(name, cell, said, witness, disputed=is_disputed)
        if pair.differs and theirs.amount is not None and theirs.amount.status == "accepted":
            sure = min(heard["amount"].confidence, DISPUTED_CONFIDENCE)
            heard["amount"] = replace(heard["amount"], status="review", confidence=sure)
        items[pair.ours] = replace(ours, **heard)
    return replace(document, items=tuple(items))


def _heard(name: str, ours: AnyField, theirs: AnyField, witness: str, *, disputed: bool) -> AnyField:
    """Our cell with what the other picture says of it."""
    if theirs.value is None or ours.value is None:
        return ours
    if ours.value != theirs.value:
        said = value_text(name, theirs.value)
        known = any(candidate.value == said for candidate in ours.candidates)
        more = () if known else (Candidate(said, theirs.confidence),)
        return replace(ours, candidates=(*ours.candidates, *more))
    vouched = replace(ours, witnesses=(*ours.witnesses, witness))
    if theirs.status != "accepted" or ours.status == "accepted" or disputed:
        return vouched
    return replace(vouched, status="accepted", confidence=max(ours.confidence, theirs.confidence))
