"""The doors of the second stage, as the review screen goes through them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.corrections import Answer
from pipeline.errors import StepRefused
from pipeline.life import Actor
from pipeline.model import Document
from pipeline.records import value_text
from pipeline.rejudged import By, change_field
from pipeline.review.changes import make_changes
from pipeline.review.leases import IDLE
from pipeline.review.records import Change, Changes, ReviewRecord
from pipeline.review.sampling import Sampling, draw_planted
from pipeline.review.view import Looker, review_record
from pipeline.store.at_desk import put_lease
from pipeline.store.cases import documents_of, stored_claim
from pipeline.store.database import Database
from pipeline.store.field_changes import changes_of
from pipeline.store.opinions import opinions_of
from tests.cases import (
    NOW,
    REVIEWER,
    SECOND,
    accepted,
    certificate,
    fee_list,
    invoice,
    judges,
    put,
    step,
)
from tests.review.shown import values_of
from tests.review.test_accuracy import with_code

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def faint() -> Document:
    """A certificate whose print was read without much confidence."""
    clear = certificate()
    return replace(clear, fields={name: replace(one, confidence=0.5) for name, one in clear.fields.items()})


@pytest.fixture
def claim(database: Database) -> str:
    """A claim in its first review whose bill bears a code."""
    papers = (with_code(accepted(invoice())), accepted(fee_list("34.05")), faint())
    claim = put(database, *papers)
    step(database, claim, "ask_for_review")
    with database.write() as connection:
        draw_planted(connection, claim, documents_of(connection, claim), Sampling(planted=1.0), NOW)
    return claim


def bill(database: Database, claim: str) -> str:
    with database.read() as connection:
        return next(one.id for one in documents_of(connection, claim) if one.type == "outpatient_invoice")


def seen(database: Database, claim: str, who: Actor) -> ReviewRecord:
    """The claim as it is on the desk of somebody."""
    with database.write() as connection:
        put_lease(connection, claim, who.name, NOW + IDLE)
        return review_record(connection, claim, Looker(who, "zh", NOW))


def do(database: Database, claim: str, who: Actor, *changes: Change) -> None:
    with database.write() as connection:
        asked: Changes = {"version": stored_claim(connection, claim).version, "changes": list(changes)}
        make_changes(connection, judges(), claim, asked, Looker(who, "zh", NOW))


def says(document_id: str, path: str, text: str) -> Change:
    return {"do": "answer", "document_id": document_id, "path": path, "kind": "value", "text": text}


def test_a_planted_item_is_answered_like_any_other_and_changes_nothing(
    database: Database, claim: str
) -> None:
    place = {"document_id": bill(database, claim), "path": "fields.total_amount"}
    before = seen(database, claim, REVIEWER)
    assert place in before["todo"]
    do(database, claim, REVIEWER, says(place["document_id"], place["path"], "43.05"))
    after = seen(database, claim, REVIEWER)
    assert after["version"] == before["version"]
    assert place not in after["todo"]
    value = values_of(after)[place["document_id"], place["path"]]
    assert (value["value"], value["answered"]) == ("43.05", "value")
    with database.read() as connection:
        assert changes_of(connection, claim) == []
        assert [(one.purpose, one.agrees) for one in opinions_of(connection, claim)] == [("planted", False)]


def test_one_go_may_hold_a_planted_item_and_a_value_of_the_claim(database: Database, claim: str) -> None:
    own = bill(database, claim)
    do(
        database,
        claim,
        REVIEWER,
        says(own, "fields.total_amount", "34.05"),
        says(own, "fields.payer_name", "张小三"),
    )
    with database.read() as connection:
        assert [one.path for one in changes_of(connection, claim)] == ["fields.payer_name"]
        assert [one.path for one in opinions_of(connection, claim)] == ["fields.total_amount"]


def test_in_the_second_review_the_screen_is_blind_and_answers_are_opinions(
    database: Database, claim: str
) -> None:
    with database.write() as connection:
        (paper,) = [one for one in documents_of(connection, claim) if one.type == "diagnosis_certificate"]
        for name, field in paper.fields.items():
            answer = Answer.value("急性咽炎" if name == "diagnoses" else value_text(name, field.value or ""))
            change_field(connection, judges(), claim, paper.id, f"fields.{name}", answer, By(REVIEWER, NOW))
    step(database, claim, "pass_first", REVIEWER)
    record = seen(database, claim, SECOND)
    assert record["blind"]
    value = values_of(record)[paper.id, "fields.diagnoses"]
    assert (value["value"], value["answered"], value["doubts"]) == ("急性上呼吸道感染", None, ["unsure"])
    assert "急性咽炎" not in json.dumps(record, ensure_ascii=False)
    assert not seen(database, claim, Actor(REVIEWER.name, "supervisor"))["blind"]
    for who in (REVIEWER, Actor(REVIEWER.name, "supervisor")):
        seen(database, claim, who)
        with pytest.raises(StepRefused, match="not changed"):
            do(database, claim, who, says(paper.id, "fields.diagnoses", "急性扁桃体炎"))
    seen(database, claim, SECOND)
    delete: Change = {"do": "delete_row", "document_id": paper.id, "table": "line_items", "row": 0}
    with pytest.raises(StepRefused, match="send the claim back"):
        do(database, claim, SECOND, delete)
    for one in record["todo"]:
        shown = values_of(record)[one["document_id"], one["path"]]["value"]
        text = "急性咽炎" if one["path"] == "fields.diagnoses" else shown
        assert text is not None
        do(database, claim, SECOND, says(one["document_id"], one["path"], text))
    after = seen(database, claim, SECOND)
    assert (after["todo"], after["version"]) == ([], record["version"])
    refused = {one["event"]: one["refused"] for one in after["steps"]}
    assert refused["pass_second"] == ""
