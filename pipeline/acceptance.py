"""Whether a field needs a person: what rules prove counts, and what they dispute.

A reading that several sums agree with is surer than any score of the recogniser; a reading that a
failed check names goes to a person however sure it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.model import (
    BLANK,
    OTHER,
    Document,
    DocumentStatus,
    Field,
    Finding,
    LineItem,
    Value,
)

V = TypeVar("V", bound=Value)

ACCEPT = 0.95
"""A field is accepted from this confidence on; the accuracy benchmark fits it per field later."""

PROVED_DOUBT = 0.1
"""Share of the doubt that stays for each independent sum that a value takes part in."""

MOST_SURE = 0.9999
"""No count of proofs makes a value certain: the paper may carry the same mistake everywhere."""

DISPUTED_CONFIDENCE = 0.6
"""Most that a value has which a failed check names: one of the named is wrong, nobody knows which."""

PROVING_RULES = ("V-1", "V-2", "V-3", "V-4", "V-5", "V-8", "V-9")
"""Rules that compute; agreement of what was read apart does not come about by chance."""


def judged(document: Document, findings: Sequence[Finding], required: Sequence[str]) -> Document:
    """The document with its findings and the status of every field and of itself.

    Args:
        document: As it was read.
        findings: What the rules found.
        required: Fields that must be accepted for the paper to go through unseen.
    """
    evidence = _Evidence(findings)
    document = replace(
        document,
        fields={name: evidence.judge(f"fields.{name}", field) for name, field in document.fields.items()},
        items=tuple(evidence.judge_line(f"line_items[{i}]", item) for i, item in enumerate(document.items)),
        category_totals=tuple(
            evidence.judge_line(f"category_totals[{i}]", item)
            for i, item in enumerate(document.category_totals)
        ),
        findings=tuple(findings),
    )
    return replace(document, status=status_of(document, required))


class _Evidence:
    """What the findings say for and against the value at each path."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._proofs: dict[str, list[str]] = {}
        self._disputed: set[str] = set()
        for finding in findings:
            rule_id = finding.rule.split(".")[0]
            if finding.outcome == "fail":
                self._disputed.update(finding.fields)
            elif finding.outcome == "pass" and rule_id in PROVING_RULES:
                for path in finding.fields:
                    self._proofs.setdefault(path, []).append(rule_id)

    def judge(self, path: str, field: Field[V]) -> Field[V]:
        """The field with its confidence after the evidence, and its status."""
        proofs = self._proofs.get(path, [])
        sure = min(MOST_SURE, 1 - (1 - field.confidence) * PROVED_DOUBT ** len(proofs))
        if path in self._disputed:
            sure = min(sure, DISPUTED_CONFIDENCE)
        accepted = field.value is not None and path not in self._disputed and sure >= ACCEPT
        return replace(
            field,
            confidence=sure,
            status="accepted" if accepted else "review",
            witnesses=(*field.witnesses, *proofs),
        )

    def judge_line(self, path: str, item: LineItem) -> LineItem:
        """The row with each of its parts judged."""

        def part(name: str, field: Field[V] | None) -> Field[V] | None:
            return self.judge(f"{path}.{name}", field) if field is not None else None

        return replace(
            item,
            name=part("name", item.name),
            specification=part("specification", item.specification),
            unit=part("unit", item.unit),
            quantity=part("quantity", item.quantity),
            unit_price=part("unit_price", item.unit_price),
            amount=part("amount", item.amount),
            category=part("category", item.category),
            insurance_class=part("insurance_class", item.insurance_class),
        )


def status_of(document: Document, required: Sequence[str]) -> DocumentStatus:
    """Whether a person must look at the paper."""
    if document.type == BLANK:
        return "rejected"
    if document.type == OTHER:
        return "review"
    # A rule that cannot tell asks for a person too: an unread payment may be what the fund paid.
    broken = any(f.outcome != "pass" and f.severity == "block" for f in document.findings)
    unsure = any(
        name not in document.fields or document.fields[name].status != "accepted" for name in required
    )
    unsure_line = any(
        part is not None and part.status != "accepted"
        for item in document.items
        for part in (item.amount, item.name)
    )
    return "review" if broken or unsure or unsure_line else "accepted"


def disputed_by_claim(document: Document, paths: Iterable[str]) -> Document:
    """The document with the fields at `paths` sent to a person, because its claim does not hold with them."""
    named = set(paths)
    if not named:
        return document
    fields = {
        name: replace(field, status="review", confidence=min(field.confidence, DISPUTED_CONFIDENCE))
        if f"fields.{name}" in named
        else field
        for name, field in document.fields.items()
    }
    return replace(document, fields=fields, status="rejected" if document.status == "rejected" else "review")
