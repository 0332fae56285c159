"""The blind second look: who sees what, what is kept, who decides, and what a claim waits for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pipeline.corrections import Answer, AnswerKind
from pipeline.errors import StepRefused
from pipeline.life import Actor
from pipeline.model import Document
from pipeline.rejudged import By, change_field
from pipeline.review.blind import Asked, Became, asked_of, blinded, keep_opinion, looks_blind
from pipeline.store.cases import documents_of, load_document
from pipeline.store.database import Database
from pipeline.store.lives import standing_of
from pipeline.store.opinions import opinions_of
from pipeline.store.probes import probes_of
from pipeline.store.second_looks import SAMPLED
from pipeline.store.tables import claims, opinions
from tests.cases import (
    NOW,
    REVIEWER,
    SECOND,
    SUPERVISOR,
    accepted,
    certificate,
    fee_list,
    invoice,
    judges,
    put,
    step,
)
from tests.review.shown import review_record, values_of

TOTAL = "fields.total_amount"
THIRD = Actor("钱三", "second_reviewer")


def misread() -> tuple[Document, ...]:
    """A bill that says 84.05 where 34.05 is printed."""
    return tuple(map(accepted, (replace(invoice(total="84.05"), items=()), fee_list("34.05"), certificate())))


def bill_of(database: Database, claim: str) -> Document:
    with database.read() as connection:
        return next(one for one in documents_of(connection, claim) if one.type == "outpatient_invoice")


def corrected_by_first(database: Database, text: str = "34.05") -> str:
    """A claim whose total the first person corrected, in its second review; its id."""
    claim = put(database, *misread())
    step(database, claim, "ask_for_review")
    with database.write() as connection:
        document = next(one for one in documents_of(connection, claim) if one.type == "outpatient_invoice")
        change_field(
            connection, judges(), claim, document.id, TOTAL, Answer.value(text), By(REVIEWER, NOW, "对照原件")
        )
        values = {"open_reviews": 0, "open_blocks": 0}
        connection.execute(update(claims).where(claims.c.id == claim).values(**values))
    step(database, claim, "pass_first", REVIEWER)
    return claim


@pytest.fixture
def claim(database: Database) -> str:
    return corrected_by_first(database)


def answer(
    database: Database,
    claim: str,
    said: str | AnswerKind,
    who: Actor = SECOND,
    path: str = TOTAL,
    minutes: int = 1,
    kind: AnswerKind = "value",
) -> Became:
    document = bill_of(database, claim)
    by = By(who, NOW + timedelta(minutes=minutes), seconds=3.5)
    with database.write() as connection:
        given = Answer.value(said) if kind == "value" else Answer(kind)
        return keep_opinion(connection, judges(), claim, document.id, path, given, by)


def asked(database: Database, claim: str, who: Actor = SECOND) -> list[Asked]:
    with database.read() as connection:
        return asked_of(connection, claim, documents_of(connection, claim), who)


def agree_with_the_rest(database: Database, claim: str, who: Actor = SECOND) -> None:
    """Answer everything that is open and not the total as it stands."""
    for one in asked(database, claim, who):
        if one.path != TOTAL and one.how == "second":
            with database.write() as connection:
                assert one.read is not None
                given, by = Answer.value(one.read), By(who, NOW + timedelta(minutes=1))
                keep_opinion(connection, judges(), claim, one.document_id, one.path, given, by)


def test_what_a_person_answered_is_asked_among_values_that_nobody_saw(database: Database, claim: str) -> None:
    found = asked(database, claim)
    assert len(found) == 1 + SAMPLED
    (total,) = [one for one in found if one.path == TOTAL]
    assert (total.read, total.how, total.own) == ("84.05", "second", None)


def test_nothing_that_the_second_person_sees_tells_what_the_first_one_answered(
    database: Database, claim: str
) -> None:
    found = asked(database, claim)
    with database.read() as connection:
        documents = documents_of(connection, claim)
    bill_first = sorted(documents, key=lambda one: one.type != "outpatient_invoice")
    plain = review_record(bill_first, person={"name": "张三", "total": "34.05"})
    record = blinded(plain, found)
    total = values_of(record)[bill_first[0].id, TOTAL]
    own_paper = next(paper for paper in record["papers"] if paper["document_id"] == bill_first[0].id)
    assert "34.05" not in json.dumps([total, own_paper["balances"], record["checks"], record["person"]])
    assert (record["declared"], record["payout"], record["blind"]) == (None, None, True)
    # A value that nobody saw looks the same, but for what stands there.
    shown = [values_of(record)[one.document_id, one.path] for one in found]
    telling = ("status", "doubts", "confidence", "witnesses", "answered", "source", "characters")
    assert len({json.dumps([value[name] for name in telling]) for value in shown}) == 1  # type: ignore[literal-required]
    assert len(record["todo"]) == len(found)


def test_where_both_say_the_same_the_claim_can_pass_and_nothing_of_it_changed(
    database: Database, claim: str
) -> None:
    document = bill_of(database, claim)
    assert answer(database, claim, "34.05") == "agreed"
    with pytest.raises(StepRefused, match="second look"):
        step(database, claim, "pass_second", SECOND)
    agree_with_the_rest(database, claim)
    assert bill_of(database, claim) == document
    assert step(database, claim, "pass_second", SECOND) == "entered"


def test_a_difference_waits_for_a_third_person_who_sees_both_without_names(
    database: Database, claim: str
) -> None:
    agree_with_the_rest(database, claim)
    assert answer(database, claim, "94.05") == "differs"
    with pytest.raises(StepRefused, match="third person"):
        step(database, claim, "pass_second", SECOND)
    (mine,) = [one for one in asked(database, claim) if one.path == TOTAL]
    assert (mine.how, mine.own) == ("waits", Answer.value("94.05"))
    (third,) = asked(database, claim, THIRD)
    assert (third.how, third.readings) == ("third", ("34.05", "94.05"))
    record = blinded(review_record([bill_of(database, claim)]), [third])
    assert not {REVIEWER.name, SECOND.name} & set(json.dumps(record, ensure_ascii=False).split('"'))
    value = values_of(record)[third.document_id, TOTAL]
    assert (value["value"], [one["value"] for one in value["candidates"]]) == (None, ["34.05", "94.05"])


@pytest.mark.parametrize(("decided", "was_right"), [("34.05", True), ("94.05", False)])
def test_the_third_persons_decision_is_what_stands(
    database: Database, claim: str, decided: str, was_right: bool
) -> None:
    answer(database, claim, "94.05")
    assert answer(database, claim, decided, THIRD, minutes=2) == "decided"
    field = bill_of(database, claim).fields["total_amount"]
    assert f"{field.value}" == decided
    with database.read() as connection:
        (total,) = [one for one in probes_of(connection, claim, "second") if one.path == TOTAL]
        said = [(one.purpose, one.who, one.agrees, one.seconds) for one in opinions_of(connection, claim)]
    assert (total.was_right, total.answered_at is not None) == (was_right, True)
    assert said == [("second", SECOND.name, False, 3.5), ("third", THIRD.name, was_right, 3.5)]


def test_none_of_the_two_decides_between_them(database: Database, claim: str) -> None:
    answer(database, claim, "94.05")
    with pytest.raises(StepRefused, match="another person decides"):
        answer(database, claim, "34.05", SECOND)
    with pytest.raises(StepRefused, match="has not passed"):
        answer(database, claim, "34.05", Actor(REVIEWER.name, "supervisor"))
    with database.read() as connection:
        assert not looks_blind(connection, claim, Actor(REVIEWER.name, "second_reviewer"))
        assert not looks_blind(connection, claim, Actor("某人", "reviewer"))
        assert looks_blind(connection, claim, SUPERVISOR)


def test_that_nothing_stands_there_is_an_answer_too(database: Database, claim: str) -> None:
    assert answer(database, claim, "", kind="not_present") == "differs"
    (third,) = [one for one in asked(database, claim, THIRD) if one.path == TOTAL]
    assert sorted(third.readings) == sorted(("34.05", "（票面没有 / not there）"))


def test_a_value_that_nobody_asked_about_may_be_answered_and_differ(database: Database, claim: str) -> None:
    open_places = {one.path for one in asked(database, claim)}
    path = next(one for one in ("fields.invoice_code", "fields.invoice_number") if one not in open_places)
    assert answer(database, claim, "0000000000", path=path) == "differs"
    with database.read() as connection:
        assert standing_of(connection, claim).open_differences == 1 + SAMPLED + 1


def test_after_it_was_sent_back_only_what_changed_is_asked_again(database: Database, claim: str) -> None:
    agree_with_the_rest(database, claim)
    answer(database, claim, "34.05")
    step(database, claim, "send_back", SUPERVISOR, "票号")
    document = bill_of(database, claim)
    with database.write() as connection:
        later = By(REVIEWER, NOW + timedelta(minutes=5))
        change_field(connection, judges(), claim, document.id, TOTAL, Answer.value("34.06"), later)
        values = {"open_reviews": 0, "open_blocks": 0}
        connection.execute(update(claims).where(claims.c.id == claim).values(**values))
    step(database, claim, "pass_first", REVIEWER, at=NOW + timedelta(minutes=6))
    assert {one.path for one in asked(database, claim) if one.own is None} == {TOTAL}
    assert answer(database, claim, "34.06", minutes=7) == "agreed"
    assert step(database, claim, "pass_second", SECOND) == "entered"


def test_what_can_be_no_answer_is_refused_and_nothing_is_kept(database: Database, claim: str) -> None:
    for said, path in (("一百", TOTAL), ("34.05", "fields.no_such_field")):
        with pytest.raises(StepRefused):
            answer(database, claim, said, path=path)
    with database.read() as connection:
        assert connection.execute(select(opinions)).all() == []


def test_a_claim_that_only_the_machine_saw_is_asked_by_sample_alone(database: Database) -> None:
    claim = put(database, *map(accepted, (invoice(), fee_list("34.05"), certificate())))
    with database.write() as connection:
        connection.execute(update(claims).where(claims.c.id == claim).values(wants_second=True))
    step(database, claim, "ask_for_second_review")
    found = asked(database, claim)
    assert len(found) == SAMPLED
    with database.read() as connection:
        for one in found:
            document = load_document(connection, one.document_id)
            assert document.status == "accepted"
