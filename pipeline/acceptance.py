"""Whether a field needs a person: what speaks for it is weighed, what rules dispute is not accepted.

The probability comes from the fitted model (`pipeline.confidence`). Six things no probability outweighs:
a value that a failed check names goes to a person, what cannot be the value is never accepted, money that
OCR read needs a second witness (a sum, the capitals, a QR code) however clear its print, and so does what its
own extractor doubts and what lies under a seal. What arithmetic put right (`pipeline.repair`) goes to a
person unless the capitals or a code say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from pipeline.confidence.evidence import (
    LINE_PARTS,
    STATED,
    Evidence,
    Witnesses,
    evidence_of,
    kind_of,
    own_confidence,
)
from pipeline.confidence.model import DEFAULT_TARGET, Model, newest
from pipeline.model import (
    BLANK,
    OTHER,
    Document,
    DocumentStatus,
    Field,
    Finding,
    LineItem,
    Reading,
    Value,
)

V = TypeVar("V", bound=Value)

DISPUTED_CONFIDENCE = 0.85
"""Most that a value has which a failed check names: one of the named is wrong, nobody knows which. Of 1,163
such values of the fitting papers 85 % were right."""

VOUCHERS = 2
ROW_RULES = frozenset(("V-2", "V-3", "V-9"))
"""Sums over rows: when one of them fails, the others do not vouch for the total."""

BELIEVED_BY_ITS_READER = 0.85
"""What the extractor itself trusts less (overprint beside its label, a cut name) needs a witness."""

UNDER_SEAL = 0.08
"""From this share of seal over its words on a value needs a witness, a form that it keeps (a number of so
many digits) or a second look that reads the same: a seal hides a digit whole and leaves the others clear. Of
1,284 values of drawn papers that a seal touched and that were accepted two were wrong, both numbers that had
lost their end, at 0.09 and 0.12."""

SEALS_OWN = "fields.seal"
"""The inscription of a seal lies under the seal by its nature."""

REPAIRED_CONFIDENCE = 0.999
"""Most that a value has which arithmetic put right. Of 6,993 misreads that were put into scanned papers and
mended, none became another number than the one before: at most 0.43 of 1,000 are wrong, with 95 %."""

STATED_IN_WORDS = "V-1"
"""The rule that holds where the capitals say the same amount."""

MONEY_KINDS = ("total", "money", "row_amount", "words")


@dataclass(frozen=True, slots=True)
class Standard:
    """What is accepted: the model, and the confidence from which on its values go through."""

    model: Model
    threshold: float

    @staticmethod
    @cache  # a bound for each point of the curve takes a tenth of a second
    def for_target(target: float = DEFAULT_TARGET) -> Standard:
        """The newest model, at the threshold that keeps accepted errors at `target` per accepted field."""
        model = newest()
        return Standard(model, model.threshold(target))


def judged(
    document: Document,
    findings: Sequence[Finding],
    required: Sequence[str],
    standard: Standard | None = None,
) -> Document:
    """The document with its findings and the status of every field and of itself.

    Args:
        document: As it was read.
        findings: What the rules found.
        required: Fields that must be accepted for the paper to go through unseen.
        standard: What is accepted; by default what keeps to the default target error.
    """
    judge = _Judge(standard or Standard.for_target(), findings, evidence_of(document, findings))
    document = replace(
        document,
        fields={name: judge.field(f"fields.{name}", field) for name, field in document.fields.items()},
        items=tuple(judge.row(f"line_items[{i}]", item) for i, item in enumerate(document.items)),
        category_totals=tuple(
            judge.row(f"category_totals[{i}]", item) for i, item in enumerate(document.category_totals)
        ),
        findings=tuple(findings),
    )
    return replace(document, status=status_of(document, required))


class _Judge:
    """Weighs the evidence of each value of one paper."""

    def __init__(
        self, standard: Standard, findings: Sequence[Finding], evidence: Mapping[str, Evidence]
    ) -> None:
        self._standard = standard
        self._witnesses = Witnesses(findings)
        self._evidence = evidence

    def field(self, path: str, field: Field[V]) -> Field[V]:
        """The field with its confidence after the evidence, and its status; what a person said stays."""
        if field.origin == "reviewer":
            return field
        own = own_confidence(field)
        proofs = [rule for rule in self._witnesses.proofs.get(path, ()) if rule not in field.witnesses]
        sure = self._standard.model.confidence(path, field.value, self._evidence[path])
        disputed = path in self._witnesses.disputed and not self._is_vouched_for(path, field)
        if disputed or field.value is None:
            sure = min(sure, DISPUTED_CONFIDENCE)
        if field.origin == "rule":
            sure = min(sure, REPAIRED_CONFIDENCE)
        witnesses = (*field.witnesses, *proofs)
        accepted = (
            field.value is not None
            and not disputed
            and sure >= self._standard.threshold
            and (witnesses or not needs_witness(path, field))
            and (witnesses or own >= BELIEVED_BY_ITS_READER)
            and (witnesses or self._evidence[path].well_formed or not may_be_hidden(path, field))
            and (field.origin != "rule" or {*STATED, STATED_IN_WORDS} & set(witnesses))
        )
        read = field.reading or Reading(least=own, mean=own)
        return replace(
            field,
            confidence=sure,
            status="accepted" if accepted else "review",
            witnesses=witnesses,
            reading=read if read.own == own else replace(read, own=own),
        )

    def _is_vouched_for(self, path: str, field: Field[V]) -> bool:
        """Whether a total has witnesses enough that a sum which fails must speak against its rows.

        The rows of a bill are many and its total is one: where capitals and a code, or capitals and the
        payments, say the same total, what does not add up is a row.
        """
        rules = set(self._witnesses.proofs.get(path, ())) - ROW_RULES
        codes = set(field.witnesses) & set(STATED)
        return kind_of(path, field.value) == "total" and len(rules) + len(codes) >= VOUCHERS

    def row(self, path: str, item: LineItem) -> LineItem:
        """The row with each of its parts judged."""
        return replace(item, **self._parts(path, item))

    def _parts(self, path: str, item: LineItem) -> dict[str, Any]:
        parts = {name: part for name in LINE_PARTS if (part := getattr(item, name)) is not None}
        return {name: self.field(f"{path}.{name}", part) for name, part in parts.items()}


def needs_witness(path: str, field: Field[V]) -> bool:
    """Whether the value is money that only the recogniser speaks for."""
    return field.origin not in (*STATED, "text_layer") and kind_of(path, field.value) in MONEY_KINDS


def may_be_hidden(path: str, field: Field[V]) -> bool:
    """Whether so much seal lies over a value that a part of it may be hidden, and no second look says no."""
    read = field.reading or Reading()
    is_seconded = read.seconded > 0 and not read.contradicted
    return field.origin == "ocr" and path != SEALS_OWN and read.stained >= UNDER_SEAL and not is_seconded


def status_of(document: Document, required: Sequence[str]) -> DocumentStatus:
    """Whether a person must look at the paper."""
    if document.type == BLANK or document.is_sheet:
        return "rejected"
    if document.type == OTHER:
        return "review"
    # A rule that cannot tell asks for a person too: an unread payment may be what the fund paid.
    broken = any(f.outcome != "pass" and f.severity == "block" for f in document.findings)
    # `missing` is what a person looked for and did not find.
    unsure = any(
        name not in document.fields or document.fields[name].status not in ("accepted", "missing")
        for name in required
    )
    unsure_line = any(
        part is not None and part.status != "accepted"
        for item in document.items
        for part in (item.amount, item.name)
    )
    return "review" if broken or unsure or unsure_line else "accepted"


def disputed_by_claim(document: Document, paths: Iterable[str]) -> Document:
    """The document with the fields at `paths` sent to a person, because its claim does not hold with them.

    What a person has seen is not sent to one again: the check that fails stays open instead.
    """
    named = set(paths)
    if not named:
        return document
    fields = {
        name: replace(field, status="review", confidence=min(field.confidence, DISPUTED_CONFIDENCE))
        if f"fields.{name}" in named and field.origin != "reviewer"
        else field
        for name, field in document.fields.items()
    }
    return replace(document, fields=fields, status="rejected" if document.status == "rejected" else "review")
