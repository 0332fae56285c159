"""Accepted values that people are asked about, one by one, without being told what the machine read.

One answer that says what the machine read settles the question: it was right. Where the answer differs a
second person is asked the same, for people err too: the machine was wrong where both say the same, or where
three persons each say something else than it did. What nobody can read from the picture tells nothing.
An answer never changes the claim, which may be paid by then; what was wrong is listed for a supervisor, who
opens an amendment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pipeline.agreement import ILLEGIBLE, said
from pipeline.corrections import Answer, corrected
from pipeline.errors import StepRefused
from pipeline.model import AnyField, Document
from pipeline.rejudged import By
from pipeline.review.error_bound import reconsider
from pipeline.store.cases import load_document, stored_claim
from pipeline.store.database import Connection
from pipeline.store.opinions import Opinion, note_opinion, opinions_of
from pipeline.store.probes import Probe, next_unanswered, probe_of, settle_probe
from pipeline.waiting import value_at

Verdict: TypeAlias = Literal["open", "right", "wrong", "unknown"]

MOST_ASKED: Final = 3
"""Persons who are asked one question at most."""


@dataclass(frozen=True, slots=True)
class Question:
    """One value to be read anew: the question, the paper and what stands there, which nobody is shown."""

    probe: Probe
    document: Document
    field: AnyField


def next_question(connection: Connection, who: str) -> Question | None:
    """The question that waits longest and that this person has not answered; None: there is none."""
    probe = next_unanswered(connection, "accepted", who)
    return None if probe is None else question_of(connection, probe.id)


def question_of(connection: Connection, probe_id: int) -> Question | None:
    """The question of a number; None where its value is gone.

    Raises:
        LookupError: If there is no such question.
    """
    probe = probe_of(connection, probe_id)
    document = load_document(connection, probe.document_id)
    field = value_at(document, probe.path)
    return None if field is None else Question(probe, document, field)


def answer_question(connection: Connection, probe_id: int, answer: Answer, by: By, aim: float) -> Verdict:
    """Keep what a person reads at a place, and tighten what goes through unseen where errors call for it.

    Args:
        connection: Of a transaction that writes.
        probe_id: The question.
        answer: What stands there.
        by: Who says so, and when.
        aim: Wrong per accepted value, as the office set it.

    Raises:
        LookupError: If there is no such question.
        StepRefused: If it is settled, this person has answered it, or the answer can be none.
    """
    probe = probe_of(connection, probe_id)
    before = [
        one
        for one in opinions_of(connection, probe.claim_id)
        if one.purpose == "accepted" and (one.document_id, one.path) == probe.place
    ]
    if probe.answered_at is not None or any(one.who == by.actor.name for one in before):
        raise StepRefused("这一处已经答过 / it is answered already")
    answered = corrected(load_document(connection, probe.document_id), probe.path, answer)
    text = answered.new or ""
    says = said(probe.path, answer.kind, text)
    note_opinion(
        connection,
        Opinion(
            probe.claim_id,
            probe.document_id,
            probe.path,
            "accepted",
            stored_claim(connection, probe.claim_id).revision,
            answer.kind,
            text,
            probe.answer,
            says == probe.answer,
            by.actor.name,
            by.actor.role,
            by.now,
            by.seconds,
        ),
    )
    earlier = [said(one.path, one.kind, one.text) for one in before]
    became = verdict(probe.answer, [*earlier, says])
    if became != "open":
        was_right = None if became == "unknown" else became == "right"
        settle_probe(connection, probe.id, by.now, was_right)
        reconsider(connection, aim, by.now)
    return became


def verdict(machine: str, persons: Sequence[str]) -> Verdict:
    """What the answers of persons say of what the machine read; all as `pipeline.agreement.said` tells them.

    >>> verdict("=34.05", ["=34.05"]), verdict("=34.05", ["=84.05"]), verdict("=34.05", ["=84.05", "=84.05"])
    ('right', 'open', 'wrong')
    >>> verdict("=34.05", ["=84.05", "=34.05"]), verdict("=34.05", ["?", "?"])
    ('right', 'unknown')
    >>> verdict("=34.05", ["?", "=84.05", "=94.05"])
    'wrong'
    """
    if machine in persons:
        return "right"
    legible = [one for one in persons if one != ILLEGIBLE]
    if len(legible) != len(set(legible)):
        return "wrong"
    if persons.count(ILLEGIBLE) > 1:
        return "unknown"
    return "wrong" if len(persons) >= MOST_ASKED else "open"


def settle_gone(connection: Connection, by: By) -> None:
    """Settle questions whose value is gone, because its row was taken out: they tell nothing any more.

    Args:
        connection: Of a transaction that writes.
        by: Who asks for the next question.
    """
    while (probe := next_unanswered(connection, "accepted", by.actor.name)) is not None:
        if question_of(connection, probe.id) is not None:
            return
        settle_probe(connection, probe.id, by.now, was_right=None)
