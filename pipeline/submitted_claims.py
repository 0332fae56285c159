"""What claims the papers of a submission make beside those that are stored already.

A claim that is stored does not become a second one: it came again. Papers of it that are new are judged
together with its own, as those are that somebody sent for a claim by name, where the claim takes papers as it
stands. A paper that is stored counts as it is stored: what a person has put right is never overwritten by
reading the same bytes once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from pipeline.application import Application, Applications, application_of
from pipeline.errors import StepRefused
from pipeline.life import STEPS, SYSTEM, Standing, next_state
from pipeline.model import Document
from pipeline.records import BatchRecord, CheckRecord, ClaimRecord
from pipeline.rejudged import Judges, left_by_persons, platform_answers
from pipeline.scan import Kept
from pipeline.stacks.plan import BATCH_RULE, LABEL_RULE
from pipeline.store.cases import documents_of, load_claim
from pipeline.store.database import Connection
from pipeline.store.known_claims import (
    KnownClaim,
    content_of,
    known_claim,
    same_claim,
    stored_papers,
)
from pipeline.store.opened import Store
from pipeline.store.submissions import Submission
from pipeline.together import Together, taken_together

Way: TypeAlias = Literal["new", "joined", "again"]
"""The claim was not known; it was, and has new papers; it was, and nothing of it is new or it takes none."""

TAKES_PAPERS = frozenset(state for step in STEPS if step.event == "add_papers" for state in step.of)
"""The states in which papers that come later are read with those that are there."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A claim that papers make.

    Attributes:
        record: The claim, under the id that it has in the store.
        way: Whether it is new there.
        known: The stored claim that it is, as it was when the papers were taken together.
        documents: Its papers as they stand beside each other, further pictures of them last.
        added: How many papers are new to the claim that is stored.
    """

    record: ClaimRecord
    way: Way
    known: KnownClaim | None
    documents: tuple[Document, ...]
    added: int = 0

    def is_stale(self, connection: Connection) -> bool:
        """Whether the store holds another state of this claim by now, or holds it at all."""
        if self.known is not None:
            return known_claim(connection, self.known.id) != self.known
        return (
            same_claim(connection, self.record["claim_id"], _telling(self.record, self.documents)) is not None
        )


@dataclass(frozen=True, slots=True)
class Made:
    """What a submission makes.

    Attributes:
        claims: Its claims.
        others: Its papers that are new to the store and in none of them.
        batches: Its batches with a header sheet, with the claims under the ids that they have in the store.
    """

    claims: list[Assembled]
    others: list[Document]
    batches: list[BatchRecord]


def assembled(store: Store, submission: Submission, kept: Kept, judges: Judges, today: date) -> Made:
    """What a submission that was read makes.

    Raises:
        StepRefused: If the claim that it was sent for is not there, or takes no papers as it stands.
    """
    papers = list(kept.documents())
    batches: list[BatchRecord] = []
    with store.database.read() as connection:
        stored = stored_papers(connection, [paper.id for paper in papers])
        assembly = _Assembly(store, connection, kept.applications, judges, today)
        if submission.for_claim is not None:
            claims = [assembly.joined(_that_takes_papers(connection, submission.for_claim), papers)]
        else:
            claims, batches = assembly.by_what_they_say(
                [assembly.by_itself(stored[paper.id]) if paper.id in stored else paper for paper in papers]
            )
    written = {paper.id for claim in claims if claim.way != "again" for paper in claim.documents}
    others = [paper for paper in papers if paper.id not in stored.keys() | written]
    return Made(claims, others, batches)


def _that_takes_papers(connection: Connection, claim_id: str) -> KnownClaim:
    known = known_claim(connection, claim_id)
    if known is None:
        raise StepRefused(f"{claim_id}: 没有这个申请 / there is no such claim")
    next_state(Standing(known.state), "add_papers", SYSTEM)
    return known


@dataclass(frozen=True, slots=True)
class _Assembly:
    """Assembles claims of one submission beside the store, as it is in the transaction of `connection`."""

    store: Store
    connection: Connection
    applications: Applications
    judges: Judges
    today: date

    def by_itself(self, stored: Document) -> Document:
        """A stored paper without what others said of it, to be taken together with others anew."""
        return left_by_persons(self.judges, stored, self.today)

    def by_what_they_say(self, papers: Sequence[Document]) -> tuple[list[Assembled], list[BatchRecord]]:
        """The claims that papers make, each beside the stored one that it is, and their batches."""
        together = self._together(papers, self.applications)
        by_id = {paper.id: paper for paper in papers}
        claims: list[Assembled] = []
        of_stored: dict[str, tuple[KnownClaim, ClaimRecord, list[Document]]] = {}
        stored_as: dict[str, str] = {}
        for record in together.claims:
            own = [by_id[one] for one in papers_of(record)]
            known = same_claim(self.connection, record["claim_id"], _telling(record, own))
            if known is None:
                final = tuple(together.final(paper) for paper in own)
                claims.append(Assembled(record, "new", None, final))
            else:
                stored_as[record["claim_id"]] = known.id
                # Several may be of one that is stored: its bills may lie in several folders this time.
                of_stored.setdefault(known.id, (known, record, []))[2].extend(own)
        for known, record, own in of_stored.values():
            added = [paper for paper in own if _content(paper) not in known.papers]
            if added and known.state in TAKES_PAPERS:
                claims.append(self.joined(known, added))
            else:
                claims.append(Assembled(record, "again", known, tuple(own), len(added)))
        return claims, [_with_stored_claims(batch, stored_as) for batch in together.batches]

    def joined(self, known: KnownClaim, added: Sequence[Document]) -> Assembled:
        """A stored claim with the papers that are added, judged as one claim whatever they say."""
        before = load_claim(self.connection, known.id)
        own = [self.by_itself(paper) for paper in documents_of(self.connection, known.id)]
        new = [paper for paper in added if _content(paper) not in known.papers]
        papers = [*own, *new]
        declared = self._declared(before, new)
        answers = (
            *self.applications.verifications,
            *platform_answers(self.connection, self.store.originals, known.id),
        )
        by_file = {} if declared is None else dict.fromkeys((paper.file.name for paper in papers), declared)
        together = self._together(papers, Applications(by_file, answers), known.id)
        (record,) = together.claims
        by_id = {paper.id: paper for paper in papers}
        documents = tuple(together.final(by_id[one]) for one in papers_of(record))
        return Assembled(_in_its_batch(record, before), "joined", known, documents, len(new))

    def _together(
        self, papers: Sequence[Document], applications: Applications, as_claim: str = ""
    ) -> Together:
        by_id = {paper.id: paper for paper in papers}
        return taken_together(
            lambda: iter(papers),
            by_id.__getitem__,
            self.judges.catalogs,
            self.today,
            applications,
            self.judges.office,
            as_claim,
        )

    def _declared(self, before: ClaimRecord, added: Iterable[Document]) -> Application | None:
        """What is declared for a claim: what came with the papers that are added, else what was before."""
        newest = self.applications.for_papers(paper.file.name for paper in added)
        earlier = before.get("application")
        if newest is not None or earlier is None or before.get("application_form"):
            return newest  # what was read off a form is read off it again
        return application_of(earlier, before["claim_id"])


def _with_stored_claims(batch: BatchRecord, stored_as: Mapping[str, str]) -> BatchRecord:
    return {**batch, "claims": list(dict.fromkeys(stored_as.get(one, one) for one in batch["claims"]))}


def papers_of(record: ClaimRecord) -> list[str]:
    """The ids of a claim's papers, further pictures of them last."""
    return [
        *record["invoices"],
        *record["itemized_bills"],
        *record["certificates"],
        *record["other_documents"],
        *record["renditions"],
    ]


def _telling(record: ClaimRecord, papers: Sequence[Document]) -> set[str]:
    """What makes a claim the same one, as for its id: its invoices, or all papers where there is none."""
    named = set(record["invoices"] or papers_of(record))
    return {_content(paper) for paper in papers if paper.id in named}


def _content(paper: Document) -> str:
    return content_of(paper.id, paper.file.sha256)


OF_THE_BATCH = frozenset({BATCH_RULE, LABEL_RULE})


def _in_its_batch(record: ClaimRecord, before: ClaimRecord) -> ClaimRecord:
    """The claim with what its batch said of it: the sheets of the batch are not among its papers."""
    checks = [check for check in before["checks"] if check["rule"] in OF_THE_BATCH]
    held: ClaimRecord = {
        **record,
        "checks": [*record["checks"], *checks],
        "claim_number": record.get("claim_number") or before.get("claim_number"),
        "batch_number": record.get("batch_number") or before.get("batch_number"),
    }
    if held["status"] == "accepted" and any(_blocks(check) for check in checks):
        held["status"] = "review"
    return held


def _blocks(check: CheckRecord) -> bool:
    return check["outcome"] == "fail" and check["severity"] == "block"
