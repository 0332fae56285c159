"""Items of known answer slipped in among the doubtful values of a claim: they measure whoever answers.

A planted item is an accepted value whose answer is known. The reviewer is shown it as doubtful as the others;
what they answer is kept as an opinion and the claim stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final, cast

from pipeline.agreement import said
from pipeline.corrections import Answer, AnswerKind, corrected
from pipeline.life import Actor
from pipeline.rejudged import By
from pipeline.review.records import CandidateValue, PaperRecord, Place, ReviewRecord, RowRecord, ValueRecord
from pipeline.store.cases import load_document, stored_claim
from pipeline.store.database import Connection
from pipeline.store.opinions import Opinion, note_opinion, opinions_of
from pipeline.store.probes import Probe, probes_of, settle_probe

USUAL_DOUBT: Final = 0.9
"""The confidence that a planted item is shown with where no other value of the claim is in doubt."""

MAY_DOUBT: Final = frozenset({"ocr", "second_look"})
"""Witnesses that a doubtful value has too; any other would tell that this one is known."""


@dataclass(frozen=True, slots=True)
class Planted:
    """An item of known answer as this person sees it: to be answered, or with the answer they gave."""

    probe: Probe
    own: Answer | None = None


def planted_for(connection: Connection, claim_id: str, actor: Actor) -> list[Planted]:
    """The planted items of a claim that this person is to answer or has answered."""
    said_before = {
        (one.document_id, one.path): Answer(cast("AnswerKind", one.kind), one.text)
        for one in opinions_of(connection, claim_id)
        if one.purpose == "planted" and one.who == actor.name
    }
    items = [
        Planted(probe, said_before.get(probe.place)) for probe in probes_of(connection, claim_id, "planted")
    ]
    return [one for one in items if one.own is not None or one.probe.answered_at is None]


def with_planted(record: ReviewRecord, items: list[Planted]) -> ReviewRecord:
    """The record with the items standing in it as doubtful as other values do.

    Where nothing else is doubtful none is shown: a person who is asked about one value alone would know.
    """
    open_items = [one for one in items if one.own is None]
    if not items or (open_items and not record["todo"]):
        return record
    places = {one.probe.place: one for one in items}
    sure = _usual_confidence(record)
    todo = list(record["todo"])
    for one in open_items:
        place: Place = {"document_id": one.probe.document_id, "path": one.probe.path}
        todo.insert(one.probe.id % (len(todo) + 1), place)
    return {
        **record,
        "papers": [_with_items(paper, places, sure) for paper in record["papers"]],
        "todo": todo,
    }


def take_aside(
    connection: Connection, claim_id: str, document_id: str, path: str, answer: Answer, by: By
) -> bool:
    """Keep an answer about a planted item; False where the place is none and the answer is for the claim.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        document_id: The paper.
        path: The value on it.
        answer: What it says there.
        by: Who says so, and when.

    Raises:
        StepRefused: If the answer can be none.
    """
    item = next(
        (
            one
            for one in planted_for(connection, claim_id, by.actor)
            if one.probe.place == (document_id, path) and one.own is None
        ),
        None,
    )
    if item is None:
        return False
    answered = corrected(load_document(connection, document_id), path, answer)
    text = answered.new or ""
    agrees = said(path, answer.kind, text) == item.probe.answer
    note_opinion(
        connection,
        Opinion(
            claim_id,
            document_id,
            path,
            "planted",
            stored_claim(connection, claim_id).revision,
            answer.kind,
            text,
            item.probe.answer,
            agrees,
            by.actor.name,
            by.actor.role,
            by.now,
            by.seconds,
        ),
    )
    settle_probe(connection, item.probe.id, by.now, was_right=agrees)
    return True


def _usual_confidence(record: ReviewRecord) -> float:
    """How sure the doubtful values of the record are, in the middle."""
    sure = [
        value["confidence"]
        for paper in record["papers"]
        for value in _values(paper)
        if value["doubts"] and value["value"] is not None
    ]
    return median(sure) if sure else USUAL_DOUBT


def _values(paper: PaperRecord) -> list[ValueRecord]:
    rows = [*paper["line_items"], *paper["category_totals"]]
    return [*paper["fields"], *(cell for row in rows for cell in row["cells"].values())]


def _with_items(paper: PaperRecord, places: dict[tuple[str, str], Planted], sure: float) -> PaperRecord:
    def value(one: ValueRecord) -> ValueRecord:
        item = places.get((paper["document_id"], one["path"]))
        return one if item is None else _in_doubt(one, item, sure)

    def row(one: RowRecord) -> RowRecord:
        return {**one, "cells": {part: value(cell) for part, cell in one["cells"].items()}}

    return {
        **paper,
        "fields": [value(one) for one in paper["fields"]],
        "line_items": [row(one) for one in paper["line_items"]],
        "category_totals": [row(one) for one in paper["category_totals"]],
    }


def _in_doubt(value: ValueRecord, item: Planted, sure: float) -> ValueRecord:
    witnesses = [one for one in value["witnesses"] if one["kind"] in MAY_DOUBT]
    if item.own is not None:
        text = item.own.text if item.own.kind == "value" else None
        return {**value, "value": text, "witnesses": [], "answered": item.own.kind}
    others: list[CandidateValue] = [one for one in value["candidates"] if one["value"] != value["value"]]
    return {
        **value,
        "confidence": sure,
        "characters": [],
        "status": "review",
        "candidates": others,
        "witnesses": witnesses,
        "doubts": ["unsure"],
    }
