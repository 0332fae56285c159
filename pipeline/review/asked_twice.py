"""The two doors of the second stage: a claim as somebody may see it, and answers that are not for the claim.

Whoever shows a claim or takes answers goes through these two and needs to know no more of blind looks and
planted items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.corrections import Answer
from pipeline.errors import StepRefused
from pipeline.life import Actor
from pipeline.model import Document
from pipeline.rejudged import By, Judges
from pipeline.review.blind import asked_of, blinded, keep_opinion, looks_blind
from pipeline.review.planted import planted_for, take_aside, with_planted
from pipeline.review.records import Change, ReviewRecord
from pipeline.store.database import Connection
from pipeline.store.lives import check_version, standing_of


def as_seen_by(
    connection: Connection, record: ReviewRecord, documents: Sequence[Document], actor: Actor
) -> ReviewRecord:
    """The claim as this person may see it, before anything is masked.

    In its second review it stands without what others answered, in its first one with items of known answer.

    Args:
        connection: Of the transaction in which the record was read.
        record: The claim as it stands.
        documents: Its papers.
        actor: Who looks.
    """
    claim_id = record["claim_id"]
    if looks_blind(connection, claim_id, actor):
        return blinded(record, asked_of(connection, claim_id, documents, actor))
    if record["state"] == "first_review":
        return with_planted(record, planted_for(connection, claim_id, actor))
    return record


def put_aside(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    timed: Sequence[tuple[Change, float | None]],
    by: By,
) -> list[Change]:
    """Take those answers that are not laid into the claim, and give back the changes that are.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by where a third person's decision changes it.
        claim_id: The claim.
        timed: What a person does in one go, each change with how long it took in seconds.
        by: Who, when, and the version that they saw.

    Raises:
        LookupError: If there is no such claim, or it has no such paper.
        StepRefused: If the claim moved on, an answer can be none, or it changes rows, which nobody does
            who looks blind.
    """
    is_blind = looks_blind(connection, claim_id, by.actor)
    if not is_blind:
        check_not_in_second_look(connection, claim_id)
    if is_blind and by.seen_version is not None:
        check_version(connection, claim_id, by.seen_version)
    left: list[Change] = []
    for change, seconds in timed:
        by_this = replace(by, seconds=seconds, seen_version=None)
        if change["do"] != "answer":
            if is_blind:
                raise StepRefused(
                    "复审中只能逐处作答；行有增减时请退回初审"
                    " / in a second look values are answered; send the claim back to have rows changed"
                )
            left.append(change)
            continue
        place = (change["document_id"], change.get("path", ""))
        answer = Answer(change.get("kind", "value"), change.get("text", ""))
        if is_blind:
            keep_opinion(connection, judges, claim_id, *place, answer, by_this)
        elif not take_aside(connection, claim_id, *place, answer, by_this):
            left.append(change)
    return left


def check_not_in_second_look(connection: Connection, claim_id: str) -> None:
    """Refuse to change a claim that a second person looks at: what they are asked about would be another.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If it is in its second review.
    """
    if standing_of(connection, claim_id).state == "second_review":
        raise StepRefused(
            f"{claim_id}: 复审中的申请不能直接修改，须由未经手的复审人员作答或退回初审"
            " / in its second review a claim is not changed: somebody new to it answers, or sends it back"
        )
