"""What a person changes on a paper, and what follows: the same rules run again over the paper and its claim.

A value is corrected, confirmed or said to be illegible or not there; a row is added or taken out. Old and new
are kept, the paper and the claim become what rules make of them now, as a new revision, and what waits for a
person is counted anew: all of it in one transaction. Whatever rules found before is not carried along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import BinaryIO, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from extractors import field_names, required_fields
from pipeline.acceptance import Standard, disputed_by_claim
from pipeline.application import Applications, application_of, is_answers
from pipeline.catalogs.aliases import Alias
from pipeline.catalogs.catalog import Catalogs
from pipeline.claims import build_claims, disputed_paths
from pipeline.confidence.evidence import PROVING_RULES
from pipeline.corrections import (
    Answer,
    Corrected,
    Table,
    corrected,
    row_added,
    row_deleted,
    stood_before,
    with_each,
)
from pipeline.deadlines import CHINA, Deadlines
from pipeline.earlier_bills import BillsOfAll
from pipeline.errors import StepRefused
from pipeline.intake import checked, with_catalog
from pipeline.learned import with_learned
from pipeline.life import EDITABLE, STATE_NAMES, Actor, Role
from pipeline.model import AnyField, Document
from pipeline.office import Office
from pipeline.reading.refusal import printable
from pipeline.records import ClaimRecord
from pipeline.renditions import ABOUT_OTHERS, WITNESS, settled_again
from pipeline.second_review import SecondReview
from pipeline.settings import Settings
from pipeline.settlement.estimate import estimates
from pipeline.stacks.plan import plan_of_claim
from pipeline.store.cases import (
    STILL_READ,
    StoredClaim,
    claims_with,
    documents_of,
    files_sent,
    revise_claim,
    stored_claim,
)
from pipeline.store.claim_columns import Payouts, nobody_tells
from pipeline.store.database import Connection
from pipeline.store.earlier import StoredBills
from pipeline.store.field_changes import FieldChange, note_change
from pipeline.store.freeze import dump_stood
from pipeline.store.lives import check_version, standing_of
from pipeline.store.review_items import answer_item
from pipeline.verification import Verification, read_verifications
from pipeline.wiring import catalogs, learned, office

EDITORS: frozenset[Role] = frozenset({"clerk", "reviewer", "second_reviewer", "supervisor"})
"""Who may change a value."""

CODED_BY = frozenset({"name", "specification", "unit", "category", "insurance_class", "unit_price"})
"""Columns of a row that say which catalog entry it is."""
DAYS_OF_TREATMENT = frozenset({"visit_date", "discharge_date", "period_end", "issue_date"})
"""Fields of a paper that say whose lists hold."""
TELLS_A_BILL = frozenset({"invoice_code", "invoice_number", "total_amount", "payer_name"})
"""Fields by which one bill was found to contradict another; where one is put right, that has to be found
anew, among all claims of the store."""

Changed: TypeAlias = Mapping[str, tuple[Document, tuple[str, ...]]]
"""Papers as a person changed them, by their ids, each with the paths at which it was."""

_ROW = re.compile(r"line_items\[(?P<at>\d+)\](?:\.(?P<part>\w+))?")


class OpensOriginals(Protocol):
    """What gives the bytes that were sent: `pipeline.store.originals.Originals`."""

    def open(self, sha256: str) -> BinaryIO:
        """The bytes of a hash."""


@dataclass(frozen=True, slots=True)
class Judges:
    """What a claim is judged by when a person has changed it: the same as when it was read.

    Attributes:
        catalogs: The lists in use.
        office: The place, the calendar, bills of earlier claims beside those of the store.
        standard: From which confidence on a value goes through.
        zone: Where the office's days begin and end.
        second: Which claims a second person sees.
        taught: What reviewers taught about names of rows.
        originals: Gives the platform's answers that were sent with a claim; without it none are known.
        payouts: Tells what a claim may be paid, for ranking what waits.
    """

    catalogs: Catalogs
    office: Office
    standard: Standard
    zone: ZoneInfo = CHINA
    second: SecondReview = field(default_factory=SecondReview)
    taught: Mapping[str, Alias] = field(default_factory=lambda: MappingProxyType({}))
    originals: OpensOriginals | None = None
    payouts: Payouts = nobody_tells

    @staticmethod
    def of(settings: Settings, originals: OpensOriginals | None = None) -> Judges:
        """What the settings of an office say.

        Raises:
            PlaceRefused: If a place's file is wrong.
            FolderUnusable: If lists, calendar or what reviewers taught cannot be read.
            PolicyRefused: If a policy's file is wrong.
        """
        return Judges(
            catalogs(settings),
            office(settings),
            Standard.for_target(settings.target_error),
            ZoneInfo(settings.office_time_zone),
            SecondReview(settings.second_review_amount, settings.second_review_share),
            learned(settings),
            originals,
            estimates(settings.policy_dir, settings.policy_region),
        )

    @property
    def deadlines(self) -> Deadlines:
        """The office's clock and time limits."""
        return Deadlines(self.office, self.zone)


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, when and why.

    `seconds` is how long it took, where that is known; `seen_version` the version of the claim that the
    person saw, so that nobody changes what they have not seen.
    """

    actor: Actor
    now: datetime
    why: str = ""
    seconds: float | None = None
    seen_version: int | None = None


Correct: TypeAlias = Callable[[Document], Sequence[Corrected]]
"""What a person does to a paper: each step of it builds on the one before."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is to be done to one paper of a claim; `seconds` is how long it took, where that is known."""

    document_id: str
    correct: Correct
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Altered:
    """A claim as it is now, and its papers as they are kept; `touched` are the paths that were changed."""

    claim: StoredClaim
    documents: tuple[Document, ...]
    touched: tuple[tuple[str, Corrected], ...]


def change_field(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    document_id: str,
    path: str,
    answer: Answer,
    by: By,
) -> StoredClaim:
    """Lay a person's answer about one value into its paper and judge the claim again; the claim as it is now.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by.
        claim_id: The claim.
        document_id: The paper.
        path: The value on it: `fields.total_amount`, `line_items[3].amount`.
        answer: The value, or why there is none.
        by: Who says so, when and why.

    Raises:
        LookupError: If there is no such claim, or it has no such paper.
        StepRefused: If the claim cannot be changed as it stands or by this person, was changed meanwhile, or
            the answer cannot be one; nothing was changed.
    """
    change = Alteration(document_id, lambda paper: [corrected(paper, path, answer)])
    return change_all(connection, judges, claim_id, [change], by).claim


def add_row(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    document_id: str,
    at: int,
    cells: Mapping[str, str],
    by: By,
    table: Table = "line_items",
) -> StoredClaim:
    """Put in a row that reading missed, before row `at` (from 0), and judge the claim again.

    Raises:
        LookupError: As `change_field`.
        StepRefused: As `change_field`.
    """
    change = Alteration(document_id, lambda paper: [row_added(paper, table, at, cells)])
    return change_all(connection, judges, claim_id, [change], by).claim


def delete_row(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    document_id: str,
    at: int,
    by: By,
    table: Table = "line_items",
) -> StoredClaim:
    """Take out row `at` (from 0), which is none, and judge the claim again.

    Raises:
        LookupError: As `change_field`.
        StepRefused: As `change_field`.
    """
    change = Alteration(document_id, lambda paper: [row_deleted(paper, table, at)])
    return change_all(connection, judges, claim_id, [change], by).claim


def change_all(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    changes: Sequence[Alteration],
    by: By,
    undoes: int | None = None,
) -> Altered:
    """Make several changes in one go, one after the other, and judge the claim once.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by.
        claim_id: The claim.
        changes: What is done; paths mean the papers as the changes before left them.
        by: Who does it, when and why.
        undoes: The version of the changes that these take back.

    Raises:
        LookupError: If there is no such claim, or it has no such paper.
        StepRefused: As `change_field`; then nothing was changed.
    """
    claim = _in_hand(connection, claim_id, by)
    documents = documents_of(connection, claim_id)
    papers = {one.id: one for one in documents}
    changed: dict[str, list[str]] = {}
    touched: list[tuple[str, Corrected]] = []
    for change in changes:
        document_id = change.document_id
        if document_id not in papers:
            raise LookupError(f"{claim_id} has no document {document_id!r}")
        paper, steps = papers[document_id], change.correct(papers[document_id])
        noting = by if change.seconds is None else replace(by, seconds=change.seconds)
        for done in steps:
            note_change(connection, _noted(paper, done, claim, noting, undoes))
            changed.setdefault(document_id, []).append(done.path)
            touched.append((document_id, done))
            paper = done.document
        papers[document_id] = _recoded(paper, steps, judges)
    after = {one: (papers[one], tuple(paths)) for one, paths in changed.items()}
    revised, kept = _revised(connection, judges, claim, documents, after, by)
    for document_id, done in touched:
        if done.outcome is not None:
            place = (document_id, done.path)
            answer_item(connection, claim_id, place, by.actor, by.now, done.outcome)
    for document_id in after:
        for other in _others_in_hand(connection, document_id, claim_id):
            beside, shared = documents_of(connection, other), {document_id: after[document_id]}
            _revised(connection, judges, stored_claim(connection, other), beside, shared, by)
    return Altered(revised, tuple(kept), tuple(touched))


def rejudge(
    connection: Connection, judges: Judges, claim_id: str, now: datetime, who: Actor, why: str
) -> StoredClaim:
    """Run all rules over a stored claim as it stands, beside the bills of the store; the claim as it is now.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by.
        claim_id: The claim.
        now: When.
        who: Who asked for it.
        why: In words.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If the claim is in nobody's hands here: it was entered, handed over or has ended.
    """
    claim = stored_claim(connection, claim_id)
    if claim.state not in EDITABLE | STILL_READ:
        raise StepRefused(f"{_here(claim)} 不能重新校验 / it cannot be judged again here")
    documents = documents_of(connection, claim_id)
    own: Changed = {document.id: (document, ()) for document in documents if not document.rendition_of}
    return _revised(connection, judges, claim, documents, own, By(who, now, why))[0]


def left_by_persons(judges: Judges, stored: Document, today: date) -> Document:
    """A stored paper as it stands by itself, so that it can be taken together with others once more.

    What persons said stays; what the other papers of its run or its claim said of it is left out.
    """
    return checked(with_each(stored, _without_hearsay), today, judges.standard)


# ---------------------------------------------------------------- one change, in one transaction


def _in_hand(connection: Connection, claim_id: str, by: By) -> StoredClaim:
    """The claim, kept from others until the transaction ends, where it may be changed."""
    standing_of(connection, claim_id, lock=True)
    claim = stored_claim(connection, claim_id)
    if by.actor.role not in EDITORS:
        raise StepRefused(
            f"{by.actor.role} 无权修改，须为 {'、'.join(sorted(EDITORS))}"
            f" / {by.actor.role} may not change a value; wanted: {', '.join(sorted(EDITORS))}"
        )
    if claim.state not in EDITABLE:
        raise StepRefused(
            f"{_here(claim)} 不能修改，移交后须先提出差错更正"
            " / nothing can be changed here; after hand-over open an amendment first"
        )
    if by.seen_version is not None:
        check_version(connection, claim_id, by.seen_version)
    return claim


def _here(claim: StoredClaim) -> str:
    return f"{claim.id}: {STATE_NAMES[claim.state]} ({claim.state})"


def _others_in_hand(connection: Connection, document_id: str, claim_id: str) -> list[str]:
    """Other claims that the paper is in and that can still change; what was handed over stays as it was."""
    held = [other for other in claims_with(connection, document_id) if other != claim_id]
    return [
        other for other in held if standing_of(connection, other, lock=True).state in EDITABLE | STILL_READ
    ]


def _noted(
    before: Document, change: Corrected, claim: StoredClaim, by: By, undoes: int | None
) -> FieldChange:
    stood = stood_before(before, change)
    return FieldChange(
        claim.id,
        before.id,
        change.path,
        change.old,
        change.new,
        change.old_status,
        change.new_status,
        by.actor.name,
        by.actor.role,
        by.now,
        by.why,
        by.seconds,
        claim.version + 1,
        undoes,
        None if undoes is not None else dump_stood(stood.part, stood.rows_now),
    )


def _recoded(paper: Document, changes: Iterable[Corrected], judges: Judges) -> Document:
    """The changed paper with the catalog entries of rows that changes may have made others."""
    told = [one for one in changes if one.outcome is not None]  # what was taken back has its entry with it
    rows = sorted({row for change in told for row in _to_code(change)})
    if any(one.path.rpartition(".")[2] in DAYS_OF_TREATMENT for one in told):
        paper = with_learned(with_catalog(paper, judges.catalogs), judges.catalogs, judges.taught)
    for at in rows:
        if at >= len(paper.items):
            continue
        alone = with_catalog(replace(paper, items=(replace(paper.items[at], catalog=None),)), judges.catalogs)
        (coded,) = with_learned(alone, judges.catalogs, judges.taught).items
        paper = replace(paper, items=(*paper.items[:at], coded, *paper.items[at + 1 :]))
    return paper


def _to_code(change: Corrected) -> range:
    """The rows whose entry a change may have made another."""
    row = _ROW.fullmatch(change.path)
    if row is None or (row["part"] is not None and row["part"] not in CODED_BY):
        return range(0)
    at = int(row["at"])
    return range(at, at + change.rows[1])


# ---------------------------------------------------------------- a claim judged again


def _revised(
    connection: Connection,
    judges: Judges,
    claim: StoredClaim,
    stored: Sequence[Document],
    changed: Changed,
    by: By,
) -> tuple[StoredClaim, list[Document]]:
    """The claim with papers as they were changed, judged and kept; and its papers as they are now."""
    answers = platform_answers(connection, judges.originals, claim.id)
    bills = BillsOfAll(judges.office.earlier, StoredBills(connection, but_not=claim.id))
    judging = replace(judges, office=replace(judges.office, earlier=bills))
    today = judges.deadlines.day_of(by.now)
    record, papers = _judged(judging, claim.record, stored, changed, answers, today)
    before = {id(document) for document in stored}
    other = [paper for paper in papers if id(paper) not in before]
    person = (by.actor.name, by.why, by.now)
    revised = revise_claim(
        connection, record, papers, other, person, judges.deadlines, judges.second, judges.payouts
    )
    return revised, papers


def _judged(
    judges: Judges,
    before: ClaimRecord,
    stored: Sequence[Document],
    changed: Changed,
    answers: Sequence[Verification],
    today: date,
) -> tuple[ClaimRecord, list[Document]]:
    """The claim as rules see it now, and its papers, further pictures of them last.

    Papers that were neither changed nor named by a failed check stay as they are.
    """
    failed = [one for one in before["checks"] if (one["outcome"], one["severity"]) == ("fail", "block")]
    disputed = {_paper_of(named) for check in failed for named in check["fields"]}
    anew: dict[str, tuple[Document, tuple[str, ...]]] = {
        document.id: (document, ()) for document in stored if document.id in disputed
    }
    anew |= changed
    pictures = [document for document in stored if document.rendition_of]
    own = {
        document.id: _paper_judged(*anew[document.id], pictures, judges, today)
        if document.id in anew
        else document
        for document in stored
        if not document.rendition_of
    }
    of_each = {lead: [one.id for one in pictures if one.rendition_of == lead] for lead in own}
    built = build_claims(
        [list(own)],
        own.__getitem__,
        field_names,
        judges.catalogs,
        today,
        of_each,
        plan_of_claim(before, list(own)),
        _declared(before, stored, answers),
        judges.office,
    )
    ((record, findings),) = built
    wrong = disputed_paths(findings)
    final = [disputed_by_claim(one, wrong.get(one.id, ())) for one in own.values()]
    return {**record, "claim_id": before["claim_id"]}, [*final, *pictures]


def _paper_of(path: str) -> str:
    """The document id in `documents[<id>].fields.x`."""
    return path.removeprefix("documents[").partition("]")[0]


def _paper_judged(
    document: Document,
    paths: Iterable[str],
    pictures: Iterable[Document],
    judges: Judges,
    today: date,
) -> Document:
    """A paper, changed at `paths`, with what rules say of it now, alone and beside its further pictures."""
    is_told = any(path.rpartition(".")[2] in TELLS_A_BILL for path in paths)
    kept = [one for one in document.findings if one.rule in ABOUT_OTHERS and not is_told]
    others = [one for one in pictures if one.rendition_of == document.id]
    return settled_again(left_by_persons(judges, document, today), others, required_fields, kept)


def _without_hearsay(value: AnyField) -> AnyField:
    """The value without the witness of sums and of other pictures, which are asked anew."""
    own = tuple(
        witness
        for witness in value.witnesses
        if witness not in PROVING_RULES and not witness.startswith(f"{WITNESS}:")
    )
    return value if own == value.witnesses else replace(value, witnesses=own)


def _declared(
    claim: ClaimRecord, documents: Iterable[Document], answers: Sequence[Verification]
) -> Applications:
    """What was declared for the claim; what was read off a form of its own is read off it again."""
    application = claim.get("application")
    if application is None or claim.get("application_form"):
        return Applications({}, answers)
    declared = application_of(application, claim["claim_id"])
    return Applications(dict.fromkeys((one.file.name for one in documents), declared), answers)


def platform_answers(
    connection: Connection, originals: OpensOriginals | None, claim_id: str
) -> tuple[Verification, ...]:
    """What the verification platform said, as far as it was sent with papers of the claim."""
    if originals is None:
        return ()
    answers: list[Verification] = []
    for name, sha256 in files_sent(connection, claim_id):
        if is_answers(name):
            # One that cannot be used was told when it was received.
            with originals.open(sha256) as lines, suppress(ValueError):
                answers += read_verifications(lines, printable(name))
    return tuple(answers)
