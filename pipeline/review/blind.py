"""The blind second look: a second person answers without seeing what the first one did, a third one decides.

A claim that comes to its second review brings questions along (`pipeline.store.second_looks`): what a person
said of it, and some values that nobody saw. The second person is shown each as one more doubtful value that
the machine read; what they answer is kept as an opinion and changes nothing. Where both say the same, the
question is settled. Where they differ, somebody who is neither of the two is shown both readings, without
names, and decides; only that decision changes the claim. Until all is settled the claim cannot pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from pipeline.agreement import said
from pipeline.corrections import Answer, AnswerKind, corrected
from pipeline.errors import StepRefused
from pipeline.field_kinds import kind_of
from pipeline.life import Actor, Role
from pipeline.model import AnyField, Document
from pipeline.records import value_text
from pipeline.rejudged import By, Judges, change_field
from pipeline.review.records import CandidateValue, PaperRecord, Place, ReviewRecord, RowRecord, ValueRecord
from pipeline.store.cases import documents_of, stored_claim
from pipeline.store.database import Connection
from pipeline.store.field_changes import FieldChange, changes_of
from pipeline.store.lives import check_version, standing_of
from pipeline.store.opinions import Opinion, note_opinion, opinions_of
from pipeline.store.probes import Probe, keep_probes, probes_of, settle_probe
from pipeline.waiting import value_at

LOOKS_TWICE: Final[frozenset[Role]] = frozenset({"second_reviewer", "supervisor"})
"""Who looks a second time and who decides between two."""

NO_TELLING: Final = 0.5
"""The confidence that is shown of every value that is asked about: its own would tell whose it is."""

How: TypeAlias = Literal["second", "third", "waits"]
"""As the second person; as the third one, between two readings; their own answer stands, a third one is
awaited."""

Became: TypeAlias = Literal["agreed", "differs", "decided"]
"""What an answer led to: both say the same; they do not, a third person is asked; it was decided."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, as somebody is asked it.

    Attributes:
        document_id: The paper.
        path: The value on it.
        how: In which part.
        read: What the machine read, in its published form; None where that is not known any more.
        readings: What the first and the second person say, in an order that does not tell whose is whose;
            of the third person alone.
        own: This person's own answer, where they gave one.
    """

    document_id: str
    path: str
    how: How
    read: str | None
    readings: tuple[str, ...] = ()
    own: Answer | None = None


def looks_blind(connection: Connection, claim_id: str, actor: Actor) -> bool:
    """Whether this person, opening the claim now, looks at it for the second time or decides.

    Whoever passed it before sees it as it is, and can answer nothing in its second review.

    Raises:
        LookupError: If there is no such claim.
    """
    standing = standing_of(connection, claim_id)
    is_second = standing.state == "second_review" and actor.role in LOOKS_TWICE
    return is_second and actor.name not in standing.reviewers


def asked_of(
    connection: Connection, claim_id: str, documents: Sequence[Document], actor: Actor
) -> list[Asked]:
    """What this person is asked about a claim in its second review, in the order of its papers.

    Args:
        connection: Of a transaction.
        claim_id: The claim.
        documents: Its papers.
        actor: Who asks; they look blind (`looks_blind`).
    """
    by_id = {document.id: document for document in documents}
    said_before = opinions_of(connection, claim_id)
    changes = changes_of(connection, claim_id)
    found = []
    for probe in probes_of(connection, claim_id, "second"):
        document = by_id.get(probe.document_id)
        if document is None or value_at(document, probe.path) is None:
            continue  # the paper or the row is gone
        second = _second(said_before, probe)
        mine = second if second is not None and second.who == actor.name else None
        if probe.answered_at is not None and mine is None:
            continue
        read = _machine_reading(document, probe, changes)
        own = None if mine is None else Answer(cast("AnswerKind", mine.kind), mine.text)
        how: How = "second" if second is None else "waits" if mine is not None else "third"
        readings = _readings(document, probe, second) if how == "third" and second is not None else ()
        found.append(Asked(probe.document_id, probe.path, how, read, readings, own))
    place = {document.id: number for number, document in enumerate(documents)}
    return sorted(found, key=lambda one: place[one.document_id])


def blinded(record: ReviewRecord, asked: Sequence[Asked]) -> ReviewRecord:
    """The record without what others answered: what is asked stands as the machine read it, and doubtful.

    What follows from an answer is left out too: checks that name such a value, sums of its paper, and what
    the head of the claim says where it says the same.

    Args:
        record: The claim as it stands.
        asked: What this person is asked.
    """
    places = {(one.document_id, one.path): one for one in asked}
    hidden = {
        value["value"]
        for paper in record["papers"]
        for value in _values(paper)
        if (paper["document_id"], value["path"]) in places and value["value"]
    }
    papers = [_paper_blinded(paper, places) for paper in record["papers"]]
    open_places: list[Place] = [
        {"document_id": one.document_id, "path": one.path} for one in asked if one.own is None
    ]
    checks = [
        check
        for check in record["checks"]
        if not any((place["document_id"], place["path"]) in places for place in check["places"])
    ]
    blind: ReviewRecord = {
        **record,
        "blind": True,
        "papers": papers,
        "todo": open_places,
        "checks": checks,
        "person": {name: None if value in hidden else value for name, value in record["person"].items()},
        "hospital": None if record["hospital"] in hidden else record["hospital"],
        "declared": None if asked else record["declared"],
        "payout": None if asked else record["payout"],
    }
    return blind


def keep_opinion(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    document_id: str,
    path: str,
    answer: Answer,
    by: By,
) -> Became:
    """Take what somebody who looks blind says of a value; the claim changes only where a third one decides.

    A value that was not asked about may be answered too: where that says something else than what stands
    there, a third person is asked.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by where the decision changes it.
        claim_id: The claim.
        document_id: The paper.
        path: The value on it.
        answer: What it says there.
        by: Who says so, and when.

    Raises:
        LookupError: If there is no such claim, or it has no such paper.
        StepRefused: If this person does not look blind at this claim, has answered already, the claim was
            changed meanwhile, or the answer can be none.
    """
    standing_of(connection, claim_id, lock=True)
    if not looks_blind(connection, claim_id, by.actor):
        raise StepRefused(
            f"{claim_id}: 须由未经手的复审人员在复审中作答"
            " / only somebody who has not passed it answers here, in its second review"
        )
    if by.seen_version is not None:
        check_version(connection, claim_id, by.seen_version)
    claim = stored_claim(connection, claim_id)
    document = _document(connection, claim_id, document_id)
    answered = corrected(document, path, answer)  # refuses what can be no answer
    text = answered.new or ""
    now_says = _says(path, value_at(document, path))
    opinion_says = said(path, answer.kind, text)
    probe = _probe(connection, claim_id, document, path, now_says, by)
    before = [one for one in opinions_of(connection, claim_id) if _is_about(one, probe)]
    second = _second(before, probe)
    _refuse_twice(before, by.actor)
    purpose: Literal["second", "third"] = "second" if second is None else "third"
    agrees = opinion_says == now_says
    note_opinion(
        connection,
        Opinion(
            claim_id,
            document_id,
            path,
            purpose,
            claim.revision,
            answer.kind,
            text,
            now_says,
            agrees,
            by.actor.name,
            by.actor.role,
            by.now,
            by.seconds,
        ),
    )
    if purpose == "third":
        if not agrees:
            decision = By(by.actor, by.now, by.why or "第三人裁定 / decided by a third person", by.seconds)
            change_field(connection, judges, claim_id, document_id, path, answer, decision)
        settle_probe(connection, probe.id, by.now, was_right=agrees, answer=opinion_says)
        return "decided"
    if agrees:
        settle_probe(connection, probe.id, by.now, was_right=True)
        return "agreed"
    return "differs"


# ---------------------------------------------------------------- questions and answers


def _probe(connection: Connection, claim_id: str, document: Document, path: str, says: str, by: By) -> Probe:
    """The question about a place; one that nobody asked is made."""

    def known() -> Probe | None:
        place = (document.id, path)
        return next((one for one in probes_of(connection, claim_id, "second") if one.place == place), None)

    probe = known()
    if probe is None:
        field = value_at(document, path)
        sure = None if field is None else field.confidence
        kind = kind_of(path, None if field is None else field.value)
        keep_probes(connection, [Probe(0, claim_id, document.id, path, "second", kind, sure, says, by.now)])
        probe = known()
    assert probe is not None
    return probe


def _refuse_twice(before: Iterable[Opinion], actor: Actor) -> None:
    """Nobody answers one question twice, nor decides where they are one of the two."""
    if any(one.who == actor.name for one in before):
        raise StepRefused(
            "您已答过这一处，须由另一人裁定 / you have answered this one; another person decides"
        )
    if any(one.purpose == "third" for one in before):
        raise StepRefused("这一处已经裁定 / it is decided already")


def _is_about(opinion: Opinion, probe: Probe) -> bool:
    """Whether it answers the question as it is asked now: before it was asked anew it was another one."""
    of_stage = opinion.purpose in ("second", "third") and opinion.at >= probe.drawn_at
    return of_stage and (opinion.document_id, opinion.path) == probe.place


def _second(before: Iterable[Opinion], probe: Probe) -> Opinion | None:
    return next((one for one in before if one.purpose == "second" and _is_about(one, probe)), None)


def _says(path: str, field: AnyField | None) -> str:
    """What stands at a place; a value that the machine did not find stands there as one that is not."""
    if field is None or (field.value is None and field.status == "missing"):
        return said(path, "not_present", "")
    if field.value is None:
        return said(path, "illegible", "")
    return said(path, "value", value_text(path.rpartition(".")[2], field.value))


def _readings(document: Document, probe: Probe, second: Opinion) -> tuple[str, ...]:
    """What two persons say, in the order of the texts; what is no value is told by `_NO_VALUE`."""
    field = value_at(document, probe.path)
    first = (
        _NO_VALUE["illegible" if field is not None and field.status == "review" else "not_present"]
        if field is None or field.value is None
        else value_text(probe.path.rpartition(".")[2], field.value)
    )
    other = second.text if second.kind == "value" else _NO_VALUE[second.kind]
    return tuple(sorted((first, other)))


_NO_VALUE: Mapping[str, str] = {
    "illegible": "（无法辨认 / illegible）",
    "not_present": "（票面没有 / not there）",
    "not_applicable": "（票面没有 / not there）",
}
"""What the third person reads where one of the two found no value; a bracket opens no value on a paper."""


def _machine_reading(document: Document, probe: Probe, changes: Sequence[FieldChange]) -> str | None:
    """What the machine read at a place.

    The first change of the place tells it. Where rows were added or taken out places have moved, and nobody
    can tell any more; of a value that nobody changed it stands there.
    """
    field = value_at(document, probe.path)
    if field is None:
        return None
    own = [one for one in changes if one.document_id == document.id]
    if field.origin != "reviewer":
        return None if field.value is None else value_text(probe.path.rpartition(".")[2], field.value)
    moved = any(one.path.endswith("]") and probe.path.startswith(one.path.partition("[")[0]) for one in own)
    first = next((one for one in own if one.path == probe.path), None)
    return None if moved or first is None else first.old


def _document(connection: Connection, claim_id: str, document_id: str) -> Document:
    found = next((one for one in documents_of(connection, claim_id) if one.id == document_id), None)
    if found is None:
        raise LookupError(f"{claim_id} has no document {document_id!r}")
    return found


# ---------------------------------------------------------------- the record


def _values(paper: PaperRecord) -> list[ValueRecord]:
    rows = [*paper["line_items"], *paper["category_totals"]]
    return [*paper["fields"], *(cell for row in rows for cell in row["cells"].values())]


def _paper_blinded(paper: PaperRecord, places: Mapping[tuple[str, str], Asked]) -> PaperRecord:
    """The paper with what is asked as the machine read it; without its sums where anything is."""
    if not any((paper["document_id"], value["path"]) in places for value in _values(paper)):
        return paper

    def value(one: ValueRecord) -> ValueRecord:
        asked = places.get((paper["document_id"], one["path"]))
        return one if asked is None else shown(one, asked)

    def row(one: RowRecord) -> RowRecord:
        cells = {part: value(cell) for part, cell in one["cells"].items()}
        return {**one, "cells": cells}

    open_sums = [
        {**one, "left": None, "right": None, "difference": None, "closes": None} for one in paper["balances"]
    ]
    return cast(
        "PaperRecord",
        {
            **paper,
            "fields": [value(one) for one in paper["fields"]],
            "line_items": [row(one) for one in paper["line_items"]],
            "category_totals": [row(one) for one in paper["category_totals"]],
            "balances": open_sums,
            "repairs": [],
            "status": "review",
        },
    )


def shown(value: ValueRecord, asked: Asked) -> ValueRecord:
    """A value as it is shown to whom it is asked of: nothing in it tells who said what before."""
    if asked.own is not None:
        text = asked.own.text if asked.own.kind == "value" else None
        return _neutral(value, text, [], "accepted", asked.own.kind)
    if asked.how == "third":
        choices: list[CandidateValue] = [{"value": one, "confidence": NO_TELLING} for one in asked.readings]
        return _neutral(value, None, choices, "review", None)
    others: list[CandidateValue] = [
        {"value": one["value"], "confidence": NO_TELLING}
        for one in value["candidates"]
        if one["value"] != asked.read
    ]
    return _neutral(value, asked.read, others, "review", None)


def _neutral(
    value: ValueRecord,
    text: str | None,
    candidates: list[CandidateValue],
    status: Literal["accepted", "review"],
    answered: str | None,
) -> ValueRecord:
    return {
        **value,
        "value": text,
        "raw": text,
        "confidence": NO_TELLING,
        "characters": [],
        "status": status,
        "source": "ocr",
        "candidates": candidates,
        "witnesses": [],
        "doubts": [] if answered is not None else ["unsure"],
        "answered": answered,
        "draft": value["draft"],
    }
