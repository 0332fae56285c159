"""Single misreads of an identity number or a credit code, found by its check digit (GB 11643, GB 32100).

A check digit finds that something is wrong; every place has one digit that would mend it. So an edit counts
only where the engine or another reading saw that character, or where the two look alike, and it is offered at
most: a check digit is one witness, and agrees with one wrong number in eleven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pipeline.model import AnyField, Document, EditEvidence, EditKind, Outcome
from pipeline.repair.cells import with_cell
from pipeline.repair.edits import LOOK_ALIKES, Misread
from pipeline.repair.search import STATED, Proposal
from pipeline.text import fold
from validators import DOCUMENT_RULES

RULES = tuple(rule for rule in DOCUMENT_RULES if rule.id in ("ID-1", "ID-2", "ID-3", "ID-4"))
ANY_DAY = date.min
"""These rules compare what stands on the paper and look at no calendar."""

NUMBERS = ("id_number", "payer_id", "payee_id")
LENGTH = 18
"""Characters of an identity number and of a credit code alike."""


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
        yield tuple(sorted(found, key=lambda each: not each.misread.is_supported))


def _outcomes(document: Document) -> dict[str, tuple[Outcome, tuple[str, ...]]]:
    findings = ((rule.id, rule(document, ANY_DAY)) for rule in RULES)
    return {rule: (found.outcome, found.fields) for rule, found in findings if found is not None}


def _single_edits(cell: AnyField, number: str) -> Iterator[tuple[str, Misread]]:
    """The number with one character read otherwise or taken out where one is too many; other readings."""
    for index, char in enumerate(number):
        seen = _seen_at(cell, number, index)
        for other in dict.fromkeys((*LOOK_ALIKES.get(char, ""), *seen)):
            evidence: list[EditEvidence] = ["alternative"] if other in seen else []
            if other in LOOK_ALIKES.get(char, ""):
                evidence.append("look_alike")
            kind: EditKind = "look_alike" if "look_alike" in evidence else "character"
            yield number[:index] + other + number[index + 1 :], Misread(kind, tuple(evidence))
        if len(number) == LENGTH + 1:
            yield number[:index] + number[index + 1 :], Misread("doubled", ())
    for candidate in cell.candidates:
        if candidate.value != number:
            yield candidate.value, Misread("character", ("candidate",))


def _seen_at(cell: AnyField, number: str, index: int) -> tuple[str, ...]:
    """The characters that the engine saw beside the one at a place of the number."""
    start = cell.text.find(number)
    if start < 0:
        return ()
    return tuple(fold(other.char).upper() for other in cell.alternatives if other.index == start + index)
