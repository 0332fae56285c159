"""Single misreads of an identity number or a credit code, found by its check digit (GB 11643, GB 32100).

A check digit finds that something is wrong; every place has one digit that would mend it. So an edit counts
only where the engine or another reading saw that very character, and it is offered at most: a check digit is
one witness, and agrees with one wrong number in eleven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pipeline.model import AnyField, Document, EditKind, Outcome
from pipeline.repair.cells import with_cell
from pipeline.repair.edits import LOOK_ALIKES, Misread
from pipeline.repair.search import STATED, Proposal
from pipeline.text import fold
from validators import DOCUMENT_RULES

RULES = tuple(rule for rule in DOCUMENT_RULES if rule.id in ("ID-1", "ID-2", "ID-3", "ID-4"))
ANY_DAY = date.min
"""These rules compare what stands on the paper and look at no calendar."""

NUMBERS = ("id_number", "payer_id", "payee_id")


def number_edits(document: Document) -> Iterator[tuple[Proposal, ...]]:
    """For each number whose check digit is wrong: the single edits with which every rule of it holds."""
    before = _outcomes(document)
    for name in NUMBERS:
        cell, path = document.fields.get(name), f"fields.{name}"
        failed = {rule for rule, (outcome, paths) in before.items() if outcome == "fail" and path in paths}
        if cell is None or cell.origin != "ocr" or STATED & set(cell.witnesses):
            continue
        if not failed & {"ID-1", "ID-4"} or not isinstance(cell.value, str):
            continue
        found = []
        for value, misread in dict(_single_edits(cell, cell.value)).items():
            after = _outcomes(with_cell(document, path, replace(cell, value=value)))
            if all(outcome != "fail" for outcome, _ in after.values()):
                closes = tuple(sorted(rule for rule in failed if after.get(rule, ("pass",))[0] == "pass"))
                found.append(Proposal(path, value, misread, closes, witnesses=1))
        yield tuple(found)


def _outcomes(document: Document) -> dict[str, tuple[Outcome, tuple[str, ...]]]:
    findings = ((rule.id, rule(document, ANY_DAY)) for rule in RULES)
    return {rule: (found.outcome, found.fields) for rule, found in findings if found is not None}


def _single_edits(cell: AnyField, number: str) -> Iterator[tuple[str, Misread]]:
    """The number with one character that the engine saw too, and as other readings have it."""
    start = cell.text.find(number)
    for other in cell.alternatives if start >= 0 else ():
        index, char = other.index - start, fold(other.char).upper()
        if 0 <= index < len(number) and char.isalnum():
            kind: EditKind = "look_alike" if char in LOOK_ALIKES.get(number[index], "") else "character"
            yield number[:index] + char + number[index + 1 :], Misread(kind, ("alternative",))
    for candidate in cell.candidates:
        if candidate.value != number:
            yield candidate.value, Misread("character", ("candidate",))
