"""Which single misread is put right by itself, and which is shown to a person to be put right with one key.

Applied is only what leaves no choice: one edit alone closes all sums that hang together, two sums that rest
on other numbers speak for it, and something on the page says so too: the engine saw that character,
another reading of the print gave the value, or the form prints a point there. Everything else is offered. A
paper whose sums do not close because it was printed so has no such edit, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pipeline.model import AnyField, Candidate, Document, Edit, Page, Repair
from pipeline.records import value_text
from pipeline.repair.cells import cell_at, with_cell
from pipeline.repair.identity import number_edits
from pipeline.repair.rows import glued_payments, layout_edits
from pipeline.repair.search import Break, Proposal, breaks_of

FEWEST_WITNESSES = 2
"""Sums on other numbers that must speak for a value before it is put in by itself: one alone may be wrong.

Each that closes counts, and so does one that holds already and proves another number of a sum that closes.
"""

MOST_OFFERED = 3
"""A person chooses among so many at a glance; where more fit, none of them is likely."""


def repaired(document: Document, pages: Sequence[Page] = ()) -> Document:
    """The document with what leaves no choice put right, and what else would close its sums offered.

    A value put right has the origin `rule`; its text stays what was read, its old value stands among its
    candidates.
    """
    repairs = repairs_of(document, pages)
    for repair in repairs:
        if repair.applied:
            document = _with_edits(document, repair)
    before = tuple(repair for repair in document.repairs if repair.applied)
    return replace(document, repairs=(*before, *repairs)) if repairs else document


def repairs_of(document: Document, pages: Sequence[Page] = ()) -> tuple[Repair, ...]:
    """What would make the sums of the paper close, applied or offered, the likeliest first.

    Args:
        document: The paper as it was read.
        pages: Its pages, in whose words a missed row is looked for.
    """
    sums = (
        repair
        for torn in breaks_of(document)
        for repair in _repairs(document, torn.proposals, _layouts(document, torn, pages))
    )
    payments = (
        Repair(edits, (rule,), applied=False, why=UNPROVED_LAYOUT) for rule, edits in glued_payments(document)
    )
    numbers = (repair for proposals in number_edits(document) for repair in _repairs(document, proposals, ()))
    return (*sums, *payments, *numbers)


def _layouts(document: Document, torn: Break, pages: Sequence[Page]) -> tuple[Repair, ...]:
    """Rows missed or glued that would close the sums, as offers."""
    rules = tuple(dict.fromkeys(equation.rule for equation in torn.equations))
    edits = dict.fromkeys(layout_edits(document, torn.equations, pages))
    return tuple(Repair(each, rules, applied=False, why=UNPROVED_LAYOUT) for each in edits)


def _repairs(
    document: Document, proposals: Sequence[Proposal], layouts: Sequence[Repair]
) -> tuple[Repair, ...]:
    """The one proposal that leaves no choice, or those that a person may choose from."""
    rivals = len(proposals) + len(layouts)
    likely = [proposal for proposal in proposals if proposal.misread.is_likely]
    offered = [proposal for proposal in likely if proposal.misread.is_supported] or likely
    if len(offered) + len(layouts) > MOST_OFFERED:
        return ()
    if rivals > 1:
        return (
            *(_repair(document, each, applied=False, why=_many(rivals)) for each in offered),
            *(replace(layout, why=_many(rivals)) for layout in layouts),
        )
    return (
        *(_repair(document, each, applied=not _doubt(each), why=_doubt(each) or PROVED) for each in offered),
        *layouts,
    )


PROVED = (
    "唯一能使全部算式成立的改法，且有字迹旁证"
    " / the only edit that closes every sum, and the print speaks for it"
)
UNPROVED_LAYOUT = "版面拆分或补行须由人确认 / what belongs to which row is for a person to say"


def _doubt(proposal: Proposal) -> str:
    """Why a proposal without rivals is not applied by itself; empty where nothing speaks against it."""
    if isinstance(proposal.value, str):
        # The capitals are there to prove the digits, so they are not bent to them.
        return "大写金额与号码须由人对照原件确认 / capitals and numbers are for a person to confirm"
    if proposal.witnesses + proposal.is_backed < FEWEST_WITNESSES:
        return "只有一处算式支持，请对照原件确认 / one sum alone asks for it"
    if not proposal.misread.is_supported:
        return "算式支持，但字迹没有旁证，请对照原件确认 / the sums ask for it, nothing in the print does"
    return ""


def _many(rivals: int) -> str:
    return f"有 {rivals} 种改法都能使算式成立，请对照原件选择 / {rivals} edits would close the sums"


def _repair(document: Document, proposal: Proposal, *, applied: bool, why: str) -> Repair:
    cell = cell_at(document, proposal.path)
    assert cell is not None
    name = proposal.path.rpartition(".")[2]
    edit = Edit(
        proposal.path,
        None if cell.value is None else value_text(name, cell.value),
        value_text(name, proposal.value),
        proposal.misread.kind,
        proposal.misread.evidence,
    )
    return Repair((edit,), proposal.closes, applied, why)


def _with_edits(document: Document, repair: Repair) -> Document:
    for edit in repair.edits:
        cell = cell_at(document, edit.path)
        assert cell is not None
        document = with_cell(document, edit.path, _put_right(cell, Decimal(edit.new)))
    return document


def _put_right(cell: AnyField, value: Decimal) -> AnyField:
    """The cell with another value; what was read before stays as its text and among its candidates."""
    others = [other for other in cell.candidates if other.value != str(value)]
    if cell.value is not None:
        others.insert(0, Candidate(str(cell.value), cell.confidence))
    return replace(cell, value=value, origin="rule", candidates=tuple(others))
