"""What a rule is: one function with its id, basis, severity and a title in Chinese.

A rule function gives a `Verdict`, or None where it has nothing to say: it does not apply, or what it
needs is missing and another rule reports that. A failed `block` sends its paper, or its claim, to a person:
what is called block and what is called review in the domain rules both are, for no rule refuses a claim by
itself. A failed `warn` is shown and the paper goes on; where a person must settle it for the claim, a rule
about the claim says so (`papers_of_claim`). A sum that fails is a finding about the reading first, and its
message says so; a rule that looks at what may be paid is `about` the claim, and its failure says nothing
against what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.case import Case
from pipeline.model import Document, Finding, Outcome, Severity, Subject

CHECK_READING = "请核对识别结果"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule function says; an empty message stands for the rule's title."""

    outcome: Outcome
    message: str = ""
    fields: tuple[str, ...] = ()


def passed(*fields: str) -> Verdict:
    """The rule holds for what stands at the paths `fields`."""
    return Verdict("pass", "", fields)


def failed(message: str, *fields: str) -> Verdict:
    """The rule is broken; `message` says what was found and what was expected."""
    return Verdict("fail", message, fields)


def unknown(message: str, *fields: str) -> Verdict:
    """The rule cannot tell, and a person gains by knowing it."""
    return Verdict("unknown", message, fields)


def worst_of(verdicts: Sequence[Verdict]) -> Verdict | None:
    """All that failed as one verdict, else all that is unknown, else one pass."""
    for outcome in ("fail", "unknown", "pass"):
        same = [verdict for verdict in verdicts if verdict.outcome == outcome]
        if same:
            fields = tuple(path for verdict in same for path in verdict.fields)
            return Verdict(same[0].outcome, "；".join(filter(None, (each.message for each in same))), fields)
    return None


def printed(document: Document, name: str) -> str | None:
    """What stands on the paper as field `name`: its value where it is a text, else as read."""
    field = document.fields.get(name)
    if field is None:
        return None
    return field.value if isinstance(field.value, str) else field.text


@dataclass(frozen=True, slots=True)
class Rule:
    """What every rule has: `id` is its number in the domain rules, `name` that of its function."""

    id: str
    name: str
    title: str
    basis: str
    severity: Severity
    about: Subject

    @property
    def dotted_id(self) -> str:
        """`V-1.total_in_words_equals_total`."""
        return f"{self.id}.{self.name}"

    def _finding(self, verdict: Verdict) -> Finding:
        message = verdict.message or self.title
        return Finding(self.dotted_id, verdict.outcome, self.severity, message, verdict.fields, self.about)


@dataclass(frozen=True, slots=True)
class DocumentRule(Rule):
    """A rule about one paper; without `types` it looks at every paper."""

    types: frozenset[str]
    check: Callable[[Document, date], Verdict | None]

    def __call__(self, document: Document, today: date) -> Finding | None:
        """What the rule says of `document`; `today` is the day that counts as the present."""
        if self.types and document.type not in self.types:
            return None
        verdict = self.check(document, today)
        return self._finding(verdict) if verdict else None


@dataclass(frozen=True, slots=True)
class ClaimRule(Rule):
    """A rule about the papers of one claim together."""

    check: Callable[[Case], Verdict | None]

    def __call__(self, case: Case) -> Finding | None:
        """What the rule says of the claim."""
        verdict = self.check(case)
        return self._finding(verdict) if verdict else None


@dataclass(frozen=True, slots=True)
class PairRule(Rule):
    """A rule about one paper beside another that is, or may be, the same paper."""

    check: Callable[[Document, Document], Verdict]

    def __call__(self, document: Document, other: Document) -> Finding:
        """What the rule says of `document`; paths are those of `document`."""
        return self._finding(self.check(document, other))


def document_rule(
    id: str,  # noqa: A002  # what the rule is called in domain.md
    *types: str,
    title: str,
    basis: str,
    severity: Severity = "block",
    about: Subject = "reading",
) -> Callable[[Callable[[Document], Verdict | None]], DocumentRule]:
    """Make a rule of a function that looks at one paper of `types`."""

    def make(function: Callable[[Document], Verdict | None]) -> DocumentRule:
        def check(document: Document, today: date) -> Verdict | None:  # noqa: ARG001  # for dated rules
            return function(document)

        types_ = frozenset(types)
        return DocumentRule(id, function.__name__, title, basis, severity, about, types_, check)

    return make


def dated_rule(
    id: str,  # noqa: A002
    *types: str,
    title: str,
    basis: str,
    severity: Severity = "block",
    about: Subject = "reading",
) -> Callable[[Callable[[Document, date], Verdict | None]], DocumentRule]:
    """Make a rule of a function that looks at one paper and at the present day."""

    def make(function: Callable[[Document, date], Verdict | None]) -> DocumentRule:
        types_ = frozenset(types)
        return DocumentRule(id, function.__name__, title, basis, severity, about, types_, function)

    return make


def claim_rule(
    id: str,  # noqa: A002
    *,
    title: str,
    basis: str,
    severity: Severity = "block",
    about: Subject = "reading",
) -> Callable[[Callable[[Sequence[Document]], Verdict | None]], ClaimRule]:
    """Make a rule of a function that looks at the papers of one claim."""

    def make(function: Callable[[Sequence[Document]], Verdict | None]) -> ClaimRule:
        def check(case: Case) -> Verdict | None:
            return function(case.documents)

        return ClaimRule(id, function.__name__, title, basis, severity, about, check)

    return make


def case_rule(
    id: str,  # noqa: A002
    *,
    title: str,
    basis: str,
    severity: Severity = "block",
    about: Subject = "claim",
) -> Callable[[Callable[[Case], Verdict | None]], ClaimRule]:
    """Make a rule of a function that looks at a claim with its day, its application and the lists in use."""

    def make(function: Callable[[Case], Verdict | None]) -> ClaimRule:
        return ClaimRule(id, function.__name__, title, basis, severity, about, function)

    return make


def pair_rule(
    id: str,  # noqa: A002
    *,
    title: str,
    basis: str,
    severity: Severity = "block",
    about: Subject = "reading",
) -> Callable[[Callable[[Document, Document], Verdict]], PairRule]:
    """Make a rule of a function that looks at a paper beside another."""

    def make(function: Callable[[Document, Document], Verdict]) -> PairRule:
        return PairRule(id, function.__name__, title, basis, severity, about, function)

    return make
