"""What claims the papers of a submission make beside those that are stored already.

A claim that is stored does not become a second one: it came again. Papers of it that are new are judged
together with its own, as those are that somebody sent for a claim by name, where the claim takes papers as it
stands. A paper that is stored counts as it is stored: what a person has put right is never overwritten by
reading the same bytes once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from pipeline.application import Application, Applications, application_of, is_answers
from pipeline.catalogs.catalog import Catalogs
from pipeline.errors import StepRefused
from pipeline.life import STEPS, SYSTEM, Standing, next_state
from pipeline.model import Document
from pipeline.office import Office
from pipeline.reading.refusal import printable
from pipeline.records import CheckRecord, ClaimRecord
from pipeline.scan import Kept
from pipeline.stacks.plan import BATCH_RULE, LABEL_RULE
from pipeline.store.cases import load_claim
from pipeline.store.database import Connection
from pipeline.store.known_claims import (
    KnownClaim,
    content_of,
    known_claim,
    papers_of_claim,
    same_claim,
    stored_papers,
)
from pipeline.store.opened import Store
from pipeline.store.submissions import Submission, submissions_of
from pipeline.together import Together, taken_together
from pipeline.verification import Verification, read_verifications

Way: TypeAlias = Literal["new", "joined", "again"]
"""The claim was not known; it was, and has new papers; it was, and nothing of it is new or it takes none."""

TAKES_PAPERS = frozenset(state for step in STEPS if step.event == "add_papers" for state in step.of)
"""The states in which papers that come later are read with those that are there."""


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """What claims are judged by: lists, the day that counts as the present, and the office."""

    catalogs: Catalogs
    today: date
    office: Office


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


def assembled(
    store: Store, submission: Submission, kept: Kept, judged_by: JudgedBy
) -> tuple[list[Assembled], list[Document]]:
    """The claims of a submission that was read, and its papers that are in none of them.

    Raises:
        StepRefused: If the claim that it was sent for is not there, or takes no papers as it stands.
    """
    papers = list(kept.documents())
    with store.database.read() as connection:
        if submission.for_claim is not None:
            known = _that_takes_papers(connection, submission.for_claim)
            claims = [_joined(store, connection, known, papers, kept.applications, judged_by)]
        else:
            stored = stored_papers(connection, [paper.id for paper in papers])
            papers = [unsettled(stored[paper.id]) if paper.id in stored else paper for paper in papers]
            claims = _by_what_they_say(store, connection, papers, kept.applications, judged_by)
    in_claims = {paper.id for claim in claims for paper in claim.documents}
    return claims, [paper for paper in papers if paper.id not in in_claims]


def _that_takes_papers(connection: Connection, claim_id: str) -> KnownClaim:
    known = known_claim(connection, claim_id)
    if known is None:
        raise StepRefused(f"{claim_id}: 没有这个申请 / there is no such claim")
    next_state(Standing(known.state), "add_papers", SYSTEM)
    return known


def _by_what_they_say(
    store: Store,
    connection: Connection,
    papers: Sequence[Document],
    applications: Applications,
    judged_by: JudgedBy,
) -> list[Assembled]:
    together = _together(papers, applications, judged_by)
    by_id = {paper.id: paper for paper in papers}
    claims: list[Assembled] = []
    of_stored: dict[str, tuple[KnownClaim, ClaimRecord, list[Document]]] = {}
    for record in together.claims:
        own = [by_id[one] for one in papers_of(record)]
        known = same_claim(connection, record["claim_id"], _telling(record, own))
        if known is None:
            claims.append(Assembled(record, "new", None, tuple(together.final(paper) for paper in own)))
            continue
        # Several may be of one that is stored: it was made of bills that now lie in several folders.
        of_stored.setdefault(known.id, (known, record, []))[2].extend(own)
    for known, record, own in of_stored.values():
        added = [paper for paper in own if _content(paper) not in known.papers]
        if added and known.state in TAKES_PAPERS:
            claims.append(_joined(store, connection, known, added, applications, judged_by))
        else:
            claims.append(Assembled(record, "again", known, tuple(own), len(added)))
    return claims


def _joined(
    store: Store,
    connection: Connection,
    known: KnownClaim,
    added: Sequence[Document],
    applications: Applications,
    judged_by: JudgedBy,
) -> Assembled:
    """A stored claim with the papers that are added, judged as one claim whatever they say."""
    before = load_claim(connection, known.id)
    own = [unsettled(paper) for paper in papers_of_claim(connection, known.id)]
    held = {_content(paper) for paper in own}
    new = [paper for paper in added if _content(paper) not in held]
    papers = [*own, *new]
    declared = _declared(before, new, applications)
    answers = (*applications.verifications, *answers_kept(store, connection, known.id))
    by_file = {} if declared is None else dict.fromkeys((paper.file.name for paper in papers), declared)
    together = _together(papers, Applications(by_file, answers), judged_by, known.id)
    (record,) = together.claims
    record = _in_its_batch(record, before)
    by_id = {paper.id: paper for paper in papers}
    documents = tuple(together.final(by_id[one]) for one in papers_of(record))
    return Assembled(record, "joined", known, documents, len(new))


def _together(
    papers: Sequence[Document], applications: Applications, judged_by: JudgedBy, as_claim: str = ""
) -> Together:
    by_id = {paper.id: paper for paper in papers}
    return taken_together(
        lambda: iter(papers),
        by_id.__getitem__,
        judged_by.catalogs,
        judged_by.today,
        applications,
        judged_by.office,
        as_claim,
    )


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


def _declared(
    before: ClaimRecord, added: Iterable[Document], applications: Applications
) -> Application | None:
    """What is declared for a claim: what came with the papers that are added, else what was before."""
    newest = applications.for_papers(paper.file.name for paper in added)
    earlier = before.get("application")
    if newest is not None or earlier is None or before.get("application_form"):
        return newest  # what was read off a form is read off it again
    return application_of(earlier, before["claim_id"])


def answers_kept(store: Store, connection: Connection, claim_id: str) -> tuple[Verification, ...]:
    """What the verification platform said, as far as it was sent with papers of the claim."""
    answers: list[Verification] = []
    for submission in submissions_of(connection, claim_id):
        for file in submission.files:
            if is_answers(file.name):
                with store.originals.open(file.sha256) as lines, suppress(ValueError):
                    # One that cannot be used was told when it was received.
                    answers += read_verifications(lines, printable(file.name))
    return tuple(answers)


def unsettled(document: Document) -> Document:
    return document


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
