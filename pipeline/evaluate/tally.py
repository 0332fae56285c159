"""Counts of one slice of the papers (all, one level, one type …), added to paper by paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.evaluate.comparing import KEY_FIELDS, NAME_FIELDS, Kind, Verdict, character_errors
from pipeline.evaluate.reliability import Histogram
from pipeline.evaluate.rows import Overlap, RowsJudged
from pipeline.evaluate.run_folder import DocumentRow, required_of
from pipeline.evaluate.truth import TruthPaper
from pipeline.model import INVOICES
from validators import DOCUMENT_RULES

ABOUT_THE_CLAIM = frozenset(rule.dotted_id for rule in DOCUMENT_RULES if rule.about == "claim")
"""Rules whose failure is no alarm about the reading: a bill that the fund has paid already is one."""


@dataclass(slots=True)
class Share:
    """So many of so many."""

    k: int = 0
    n: int = 0

    def add(self, hit: bool) -> None:
        """Count one."""
        self.n += 1
        self.k += hit


@dataclass(slots=True)
class FieldTally:
    """One field name: on papers that carry it, and made up on papers that do not."""

    carried: int = 0
    right: int = 0
    missed: int = 0
    wrong: int = 0
    made_up: int = 0
    accepted: int = 0
    accepted_wrong: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one judged value."""
        if verdict.true is None:
            self.made_up += verdict.fault == "made_up"
        else:
            self.carried += 1
            self.right += not verdict.fault
            self.missed += verdict.fault == "missed"
            self.wrong += verdict.fault == "wrong"
        if verdict.is_accepted:
            self.accepted += 1
            self.accepted_wrong += bool(verdict.fault)


@dataclass(slots=True)
class AcceptedTally:
    """Of values whose truth is known: how many were accepted, and how many of those are wrong."""

    carried: int = 0
    carried_accepted: int = 0
    accepted: int = 0
    wrong: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one judged value."""
        self.carried += verdict.true is not None
        self.carried_accepted += verdict.true is not None and verdict.is_accepted
        self.accepted += verdict.is_accepted
        self.wrong += verdict.is_accepted and bool(verdict.fault)

    def merged(self, other: AcceptedTally) -> AcceptedTally:
        """Both together."""
        return AcceptedTally(
            self.carried + other.carried,
            self.carried_accepted + other.carried_accepted,
            self.accepted + other.accepted,
            self.wrong + other.wrong,
        )


@dataclass(frozen=True, slots=True)
class PaperJudged:
    """Everything that was found out about one paper."""

    paper: TruthPaper
    document: DocumentRow | None
    fields: tuple[Verdict, ...]
    rows: RowsJudged | None
    totals: RowsJudged | None
    beside: tuple[Verdict, ...] = ()
    """Accepted or not, the parts of rows that the paper does not carry."""

    @property
    def row_verdicts(self) -> tuple[Verdict, ...]:
        """The judged parts of the charged rows."""
        return (*(self.rows.verdicts if self.rows else ()), *self.beside)


@dataclass(slots=True)
class Tally:
    """The counts of a slice."""

    papers: int = 0
    read: int = 0
    type_right: Share = field(default_factory=Share)
    pages_right: Share = field(default_factory=Share)
    fields: dict[str, FieldTally] = field(default_factory=dict)
    keys: dict[str, FieldTally] = field(default_factory=dict)
    all_keys: Share = field(default_factory=Share)
    characters: dict[str, Share] = field(default_factory=dict)
    rows: Overlap = field(default_factory=Overlap)
    row_amounts: Overlap = field(default_factory=Overlap)
    row_names: Overlap = field(default_factory=Overlap)
    row_totals: Overlap = field(default_factory=Overlap)
    row_parts: dict[str, FieldTally] = field(default_factory=dict)
    straight: Share = field(default_factory=Share)
    accepted_papers: Share = field(default_factory=Share)
    header: AcceptedTally = field(default_factory=AcceptedTally)
    lines: AcceptedTally = field(default_factory=AcceptedTally)
    named: Share = field(default_factory=Share)
    flagged: Share = field(default_factory=Share)
    false_alarm: Share = field(default_factory=Share)
    false_rules: Counter[str] = field(default_factory=Counter)
    header_reliability: dict[Kind, Histogram] = field(default_factory=dict)
    line_reliability: dict[Kind, Histogram] = field(default_factory=dict)

    def add(self, judged: PaperJudged) -> None:
        """Count one paper."""
        paper, document = judged.paper, judged.document
        self.papers += 1
        self.read += document is not None
        self.type_right.add(document is not None and document["document_type"] == paper.type)
        if paper.pages:
            self.pages_right.add(document is not None and list(paper.pages) == document["source"]["pages"])
        self._add_fields(judged.fields)
        if paper.type in INVOICES:
            self._add_keys([verdict for verdict in judged.fields if verdict.name in KEY_FIELDS])
        self._add_rows(judged)
        self._add_whole(paper, document)

    def _add_fields(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self.fields.setdefault(verdict.name, FieldTally()).add(verdict)
            self.header.add(verdict)
            _rely(self.header_reliability, verdict)
            if verdict.name in NAME_FIELDS and verdict.true is not None:
                errors, length = character_errors(verdict.read["value"], verdict.true)
                share = self.characters.setdefault(verdict.name, Share())
                share.k, share.n = share.k + errors, share.n + length

    def _add_keys(self, keys: Sequence[Verdict]) -> None:
        """All are right when those on the paper are, and none is made up."""
        for verdict in keys:
            self.keys.setdefault(verdict.name, FieldTally()).add(verdict)
        if any(verdict.true is not None for verdict in keys):
            self.all_keys.add(not any(verdict.fault for verdict in keys))

    def _add_rows(self, judged: PaperJudged) -> None:
        if judged.rows is not None:
            self.rows += judged.rows.exact
            self.row_amounts += judged.rows.amounts
            self.row_names += judged.rows.names
        if judged.totals is not None:
            self.row_totals += judged.totals.exact
        for verdict in judged.row_verdicts:
            self.row_parts.setdefault(verdict.name, FieldTally()).add(verdict)
            self.lines.add(verdict)
            _rely(self.line_reliability, verdict)

    def _add_whole(self, paper: TruthPaper, document: DocumentRow | None) -> None:
        failed = [check for check in (document or {}).get("checks", ()) if check["outcome"] == "fail"]
        if not paper.consistent:
            self.named.add(bool(failed))
            self.flagged.add(document is not None and (bool(failed) or document["status"] != "accepted"))
            return
        false = {c["rule"] for c in failed if c["severity"] == "block"} - ABOUT_THE_CLAIM
        self.false_alarm.add(bool(false))
        self.false_rules.update(false)
        if required_of(paper.type, paper.subtype):
            self.straight.add(document is not None and goes_straight_through(document))
            self.accepted_papers.add(document is not None and document["status"] == "accepted")


def goes_straight_through(document: Mapping[str, Any]) -> bool:
    """Whether every field that its type requires is accepted."""
    required = required_of(document["document_type"], document["subtype"])
    fields = document["fields"]
    return bool(required) and all(
        name in fields and fields[name]["status"] == "accepted" for name in required
    )


def _rely(histograms: dict[Kind, Histogram], verdict: Verdict) -> None:
    if verdict.read["value"] is not None:
        histograms.setdefault(verdict.kind, Histogram()).add(verdict.read["confidence"], not verdict.fault)
