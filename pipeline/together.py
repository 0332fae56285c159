"""What the papers of a run or an upload say together: which are one, how stacks part, what claims they make.

Papers are read one by one; here each is settled beside the others. A scan of 20,000 pages keeps its documents
in its ledger and gives them again as often as they are asked for; an upload has them at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from extractors import field_names, required_fields
from pipeline.acceptance import disputed_by_claim
from pipeline.application import NO_APPLICATIONS, Applications
from pipeline.catalogs.catalog import Catalogs
from pipeline.claims import Facts, assemble
from pipeline.model import Document
from pipeline.office import Office
from pipeline.records import BatchRecord, ClaimRecord
from pipeline.renditions import SamePapers, Sheet, find_same_papers, settled
from pipeline.stacks.batches import StackPaper
from pipeline.stacks.plan import plan_of

Load = Callable[[str], Document]
"""The document of an id, as it was read."""


@dataclass(frozen=True, slots=True)
class Together:
    """The claims, the batches with a header, and each document as it stands beside the others."""

    claims: Sequence[ClaimRecord]
    batches: Sequence[BatchRecord]
    _same: SamePapers
    _disputed: Mapping[str, Iterable[str]]
    _load: Load

    def final(self, document: Document) -> Document:
        """The document, as read, with what the others say of it: further pictures of it, its claim."""
        return disputed_by_claim(
            _settled(document, self._same, self._load), self._disputed.get(document.id, ())
        )


def taken_together(
    documents: Callable[[], Iterable[Document]],
    load: Load,
    catalogs: Catalogs,
    today: date,
    applications: Applications = NO_APPLICATIONS,
    office: Office | None = None,
    as_claim: str = "",
) -> Together:
    """All papers beside each other.

    Args:
        documents: Gives all of them, in the order of the stack, each time anew.
        load: Gives one of them.
        catalogs: For diagnoses and hospitals.
        today: The day that counts as the present.
        applications: What was declared beside the papers of a folder.
        office: Whose rules the claims are judged by; by default what ships.
        as_claim: The id of the claim that all papers belong to, where that is known: then nothing is grouped.
    """
    same = find_same_papers(map(Sheet.of, documents()), load)
    stacks = plan_of(map(StackPaper.of, documents()))
    claims, disputed = assemble(
        (Facts.of(_settled(each, same, load)) for each in documents() if each.id not in same.leads),
        lambda document_id: _settled(load(document_id), same, load),
        field_names,
        catalogs,
        today,
        same.renditions,
        stacks,
        applications,
        office,
        as_claim,
    )
    return Together(claims, tuple(stacks.rows(claims)), same, disputed, load)


def _settled(document: Document, same: SamePapers, load: Load) -> Document:
    return settled(document, same, load, required_fields)
