"""Which values of a claim want a person, why, and in which order they are led through.

What waits is counted by `pipeline.waiting`; here it is told apart. First come values that can be none
(`2O25-02-17`), then those that were read unsurely, then what a paper must carry and was not found, then what
failed checks name: of these first what the narrowest check names, for a sum over three hundred rows that does
not close says little about each of them, and often closes once the one row is put right whose own numbers do
not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractors import field_names
from pipeline.acceptance import DISPUTED_CONFIDENCE
from pipeline.confidence.evidence import FORM_RULES, LINE_PARTS
from pipeline.corrections import REVIEWER
from pipeline.model import AnyField, Document
from pipeline.records import CheckRecord
from pipeline.review.records import Doubt
from pipeline.store.review_items import Place
from pipeline.waiting import waiting_values

ORDER: tuple[Doubt, ...] = ("format", "unsure", "missing", "rule")
"""What is seen first."""

_ON_PAPER = re.compile(r"documents\[(?P<document>[^\]]+)\]\.(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed check that nobody has let pass: its rule, the places that it names, whether it blocks."""

    rule: str
    places: tuple[Place, ...]
    blocks: bool


def places_of(paths: Iterable[str]) -> tuple[Place, ...]:
    """The places that paths of a claim's check name; what is on no paper has none.

    >>> places_of(["documents[a-1].fields.sex", "application.kind"])
    (('a-1', 'fields.sex'),)
    """
    found = (_ON_PAPER.fullmatch(path) for path in paths)
    return tuple((one["document"], one["path"]) for one in found if one is not None)


def values_in_order(document: Document) -> Iterator[tuple[str, str, AnyField | None]]:
    """(path, name, value) of every field that the paper's type can carry and of every cell that is there."""
    for name in dict.fromkeys([*field_names(document.type), *document.fields]):
        yield f"fields.{name}", name, document.fields.get(name)
    for table, rows in (("line_items", document.items), ("category_totals", document.category_totals)):
        for number, row in enumerate(rows):
            for part in LINE_PARTS:
                cell: AnyField | None = getattr(row, part)
                if cell is not None:
                    yield f"{table}[{number}].{part}", part, cell


class Doubts:
    """What is in doubt on the papers of a claim as they stand.

    Args:
        documents: The papers, in the order in which they are shown.
        checks: What rules say across them.
        failed: All failed checks that nobody has let pass, of papers and of the claim.
    """

    def __init__(
        self, documents: Sequence[Document], checks: Iterable[CheckRecord], failed: Iterable[Failed]
    ) -> None:
        across, known = list(checks), list(failed)
        self._narrowest: dict[Place, int] = {}
        for check in known:
            for place in check.places:
                self._narrowest[place] = min(self._narrowest.get(place, 10**9), len(check.places))
        self._malformed = {
            place for one in known if one.rule.partition(".")[0] in FORM_RULES for place in one.places
        }
        self._blocked = {place for one in known if one.blocks for place in one.places}
        self._waiting: Mapping[str, Mapping[str, float | None]] = {
            document.id: waiting_values(document, across) for document in documents
        }
        self._found: dict[Place, tuple[Doubt, ...]] = {}
        ranked = []
        for at, document in enumerate(documents):
            document_id = document.id  # made of a hash: asked for once
            for spot, (path, _, field) in enumerate(values_in_order(document)):
                place = (document_id, path)
                doubts = self._doubts(place, field, is_rendition=bool(document.rendition_of))
                if not doubts:
                    continue
                self._found[place] = doubts
                if self._is_to_be_seen(place, field):
                    first = ORDER.index(doubts[0])
                    narrow = self._narrowest.get(place, 0) if doubts[0] == "rule" else 0
                    ranked.append(((first, narrow, at, spot), place))
        self.todo: tuple[Place, ...] = tuple(place for _, place in sorted(ranked))

    def of(self, place: Place) -> tuple[Doubt, ...]:
        """Why a value wants a person, the weightiest reason first; empty where nobody need look."""
        return self._found.get(place, ())

    def _doubts(self, place: Place, field: AnyField | None, *, is_rendition: bool) -> tuple[Doubt, ...]:
        document_id, path = place
        is_named = place in self._narrowest and not is_rendition
        if field is not None and field.origin == REVIEWER:
            return ("rule",) if is_named else ()
        waits = path in self._waiting[document_id]
        if field is None:
            return ("missing",) if waits else ()
        is_malformed = is_named and place in self._malformed
        found: list[Doubt] = []
        if is_malformed or (waits and field.value is None):
            found.append("format")
        elif waits and (not is_named or field.confidence < DISPUTED_CONFIDENCE):
            found.append("unsure")
        if is_named and not is_malformed:
            found.append("rule")
        return tuple(found)

    def _is_to_be_seen(self, place: Place, field: AnyField | None) -> bool:
        """Whether somebody must still look: what a person has answered is not asked again."""
        document_id, path = place
        if field is not None and field.origin == REVIEWER:
            return False
        return path in self._waiting[document_id] or place in self._blocked
