"""Accepted values that people are asked about; items of known answer; what each person is measured by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.corrections import Answer
from pipeline.errors import StepRefused
from pipeline.life import Actor
from pipeline.model import Document
from pipeline.rejudged import By
from pipeline.review.accuracy import Verdict, answer_question, next_question, settle_gone
from pipeline.review.planted import planted_for, take_aside, with_planted
from pipeline.review.records import Place
from pipeline.review.reviewers import reviewer_records
from pipeline.review.sampling import Sampling, draw_accepted, draw_planted, drawn_at
from pipeline.store.cases import documents_of
from pipeline.store.database import Database
from pipeline.store.probes import Probe, count_unanswered, keep_probes, probes_of
from pipeline.store.work_done import wrong_since
from tests.cases import NOW, REVIEWER, SECOND, SUPERVISOR, accepted, certificate, fee_list, invoice, put, step
from tests.review.shown import review_record, values_of

ALL = Sampling(share=1.0, planted=1.0)
AIM = 0.0004


def with_code(document: Document) -> Document:
    """The bill as if a QR code said its total too."""
    total = replace(document.fields["total_amount"], witnesses=("qr",))
    return replace(document, fields={**document.fields, "total_amount": total})


@pytest.fixture
def claim(database: Database) -> str:
    papers = (with_code(accepted(invoice())), accepted(fee_list("34.05")), accepted(certificate()))
    return put(database, *papers)


def drawn(database: Database, claim: str, sampling: Sampling = ALL, days: int = 0) -> int:
    with database.write() as connection:
        documents = documents_of(connection, claim)
        return draw_accepted(connection, claim, documents, sampling, NOW + timedelta(days=days))


def bill(database: Database, claim: str) -> str:
    with database.read() as connection:
        return next(one.id for one in documents_of(connection, claim) if one.type == "outpatient_invoice")


def answer(database: Database, claim: str, said: Answer, who: Actor = REVIEWER) -> Verdict:
    """Answer the question about the bill's total."""
    place = (bill(database, claim), "fields.total_amount")
    with database.write() as connection:
        (probe,) = [one for one in probes_of(connection, claim, "accepted") if one.place == place]
        return answer_question(connection, probe.id, said, By(who, NOW, seconds=2.0), AIM)


class TestAcceptedUnseen:
    def test_the_share_that_is_set_is_drawn_and_the_same_again(self, database: Database, claim: str) -> None:
        assert drawn(database, claim, Sampling()) == 0
        count = drawn(database, claim)
        assert count > 10
        assert drawn(database, claim) == 0
        with database.read() as connection:
            assert count_unanswered(connection, "accepted", REVIEWER.name) == count

    def test_a_small_share_draws_about_so_many(self) -> None:
        hits = sum(drawn_at("accepted", "C-1", "D", f"line_items[{n}].amount") < 0.1 for n in range(5000))
        assert 430 < hits < 570  # three deviations

    def test_a_claim_gives_one_while_the_day_has_too_few(self, database: Database, claim: str) -> None:
        assert drawn(database, claim, Sampling(daily=1)) == 1
        assert drawn(database, claim, Sampling(daily=1)) == 0

    def test_what_a_person_answered_is_not_drawn(self, database: Database) -> None:
        said = accepted(invoice())
        typed = {name: replace(one, origin="reviewer") for name, one in said.fields.items()}
        claim = put(database, accepted(fee_list("34.05")), accepted(certificate()))
        with database.write() as connection:
            own = replace(said, fields=typed, items=())
            assert draw_accepted(connection, claim, [own], ALL, NOW) == 0

    def test_an_answer_that_says_the_same_settles_it(self, database: Database, claim: str) -> None:
        drawn(database, claim)
        assert answer(database, claim, Answer.value("34.05")) == "right"
        with pytest.raises(StepRefused, match="answered already"):
            answer(database, claim, Answer.value("34.05"), SECOND)

    def test_a_difference_is_asked_of_another_person_before_it_counts(
        self, database: Database, claim: str
    ) -> None:
        drawn(database, claim)
        assert answer(database, claim, Answer.value("84.05")) == "open"
        with pytest.raises(StepRefused, match="answered already"):
            answer(database, claim, Answer.value("84.05"))
        assert answer(database, claim, Answer.value("84.05"), SECOND) == "wrong"
        with database.read() as connection:
            ((probe, paper_type),) = wrong_since(connection, NOW)
        assert (probe.path, paper_type) == ("fields.total_amount", "outpatient_invoice")

    def test_each_person_is_asked_each_value_once_the_oldest_first(
        self, database: Database, claim: str
    ) -> None:
        drawn(database, claim)
        with database.read() as connection:
            question = next_question(connection, REVIEWER.name)
            assert question is not None
            first = probes_of(connection, claim, "accepted")[0]
        assert question.probe == first
        with database.write() as connection:
            answer_question(connection, first.id, Answer("illegible"), By(REVIEWER, NOW), AIM)
            again = next_question(connection, REVIEWER.name)
            other = next_question(connection, SECOND.name)
        assert again is not None
        assert again.probe.id != first.id
        assert other is not None
        assert other.probe.id == first.id

    def test_a_value_that_is_gone_is_passed_over(self, database: Database, claim: str) -> None:
        gone = Probe(
            0, claim, bill(database, claim), "line_items[9].amount", "accepted", "row_amount", 1.0, "=1", NOW
        )
        with database.write() as connection:
            keep_probes(connection, [gone])
            assert next_question(connection, REVIEWER.name) is None
            settle_gone(connection, By(REVIEWER, NOW))
            assert count_unanswered(connection, "accepted", REVIEWER.name) == 0


class TestKnownAnswers:
    def test_a_value_that_a_code_says_too_is_slipped_in_as_doubtful_as_others(
        self, database: Database, claim: str
    ) -> None:
        with database.write() as connection:
            documents = documents_of(connection, claim)
            assert draw_planted(connection, claim, documents, Sampling(), NOW) == 0
            assert draw_planted(connection, claim, documents, ALL, NOW) == 1
            items = planted_for(connection, claim, REVIEWER)
        (item,) = items
        doubtful: Place = {"document_id": documents[-1].id, "path": "fields.diagnoses"}
        record = with_planted(review_record(documents, [doubtful]), items)
        value = values_of(record)[item.probe.place]
        assert {"document_id": item.probe.document_id, "path": item.probe.path} in record["todo"]
        assert (value["status"], value["doubts"], value["witnesses"]) == ("review", ["unsure"], [])
        assert value["value"] == "34.05"

    def test_none_is_shown_alone(self, database: Database, claim: str) -> None:
        with database.write() as connection:
            documents = documents_of(connection, claim)
            draw_planted(connection, claim, documents, ALL, NOW)
            items = planted_for(connection, claim, REVIEWER)
        assert with_planted(review_record(documents), items)["todo"] == []

    def test_an_answer_is_taken_aside_and_measures_whoever_gave_it(
        self, database: Database, claim: str
    ) -> None:
        step(database, claim, "ask_for_review")
        with database.write() as connection:
            before = documents_of(connection, claim)
            draw_planted(connection, claim, before, ALL, NOW)
            (item,) = planted_for(connection, claim, REVIEWER)
            place = item.probe.place
            by = By(REVIEWER, NOW, seconds=4.0)
            other = take_aside(connection, claim, place[0], "fields.payer_name", Answer.value("李四"), by)
            assert not other
            assert take_aside(connection, claim, *place, Answer.value("84.05"), by)
            assert not take_aside(connection, claim, *place, Answer.value("34.05"), by)
            assert documents_of(connection, claim) == before
            assert [one.own for one in planted_for(connection, claim, REVIEWER)] == [Answer.value("84.05")]
            assert planted_for(connection, claim, SUPERVISOR) == []
            (row,) = reviewer_records(connection, NOW)
        assert (row["name"], row["planted"], row["planted_wrong"]) == (REVIEWER.name, 1, 1)
        assert 0 < row["planted_low"] < row["planted_high"] == 1
