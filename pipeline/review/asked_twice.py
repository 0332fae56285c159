"""The two doors of the second stage: a claim as somebody may see it, and an answer that is not for the claim.

Whoever shows a claim or takes answers goes through these two and needs to know no more of blind looks and
planted items.
"""

from __future__ import annotations

from pipeline.corrections import Answer
from pipeline.life import Actor
from pipeline.rejudged import By, Judges
from pipeline.review.blind import asked_of, blinded, keep_opinion, looks_blind
from pipeline.review.planted import planted_for, take_aside, with_planted
from pipeline.review.records import ReviewRecord
from pipeline.store.cases import documents_of
from pipeline.store.database import Connection


def as_seen_by(connection: Connection, record: ReviewRecord, actor: Actor) -> ReviewRecord:
    """The claim as this person may see it, before anything is masked.

    In its second review it stands without what others answered, in its first one with items of known answer.

    Args:
        connection: Of the transaction in which the record was read.
        record: The claim as it stands.
        actor: Who looks.
    """
    claim_id = record["claim_id"]
    if looks_blind(connection, claim_id, actor):
        return blinded(record, asked_of(connection, claim_id, documents_of(connection, claim_id), actor))
    if record["state"] == "first_review":
        return with_planted(record, planted_for(connection, claim_id, actor))
    return record


def taken_aside(
    connection: Connection,
    judges: Judges,
    claim_id: str,
    document_id: str,
    path: str,
    answer: Answer,
    by: By,
) -> bool:
    """Take an answer that is not laid into the claim; False where it is for the claim.

    The arguments and what it raises are those of `pipeline.review.blind.keep_opinion`.
    """
    if looks_blind(connection, claim_id, by.actor):
        keep_opinion(connection, judges, claim_id, document_id, path, answer, by)
        return True
    return take_aside(connection, claim_id, document_id, path, answer, by)
