"""The embedded engine: one book a person and year, the same answer for the same message, amendments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.embedded import EmbeddedEngine, year_to_date
from pipeline.engine.protocol import EngineAnswer, HandOverMessage, checked_answer
from pipeline.records import ClaimRecord
from pipeline.settlement.book import PolicyBook, read_policies
from pipeline.store import settlements
from pipeline.store.column_types import FEN_IN_YUAN
from pipeline.store.database import Database
from pipeline.store.tables import METADATA
from tests.engine.claim_rows import NOW, claim_record, line

PERSON = "110101199001011237"
POLICY = """
region = "test"
name = "示例地区"
source = "示例"
as_of = 2025-01-01

[sets.T-out]
insured = ["any"]
care = "outpatient"
ratios = [{ levels = [1, 2, 3], percent = 70 }]
deductible = { per = "year", amounts = [{ levels = [1, 2, 3], yuan = 100 }] }
cap = 2000

[sets.T-in]
insured = ["active"]
care = "inpatient"
ratios = [{ levels = [1, 2, 3], percent = 85 }]

[sets.T-in-retired]
insured = ["retired"]
care = "inpatient"
ratios = [{ levels = [1, 2, 3], percent = 90 }]
"""


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> PolicyBook:
    folder = tmp_path_factory.mktemp("policies")
    (folder / "test.toml").write_text(POLICY, encoding="utf-8")
    return read_policies([folder])


def ticking() -> Iterator[datetime]:
    moment = NOW
    while True:
        yield moment
        moment += timedelta(minutes=1)


def engine_on(database: Database, policies: PolicyBook) -> EmbeddedEngine:
    moments = ticking()
    return EmbeddedEngine(database, policies, "test", lambda: next(moments))


def message(claim: ClaimRecord, number: int = 1, amendment: dict[str, Any] | None = None) -> HandOverMessage:
    payload = {"claim": claim, "amendment": amendment}
    name = f"{claim['claim_id']}/{number}"
    kind = "amendment" if amendment else "hand_over"
    return HandOverMessage(name, claim["claim_id"], kind, payload, json.dumps(payload, ensure_ascii=False))


def outpatient(claim_id: str, yuan: str, **more: Any) -> ClaimRecord:
    return claim_record(claim_id, lines=[line(amount=yuan)], **more)


def paid(answer: EngineAnswer) -> Decimal:
    checked_answer(answer, answer["message_id"])
    assert answer["settlement"] is not None
    payout = answer["settlement"]["payout"]
    assert payout is not None
    return Decimal(payout["low"])


def test_the_yearly_deductible_is_taken_once(database: Database, policies: PolicyBook) -> None:
    engine = engine_on(database, policies)
    # (200 - 100) x 70 % = 70; the second visit of the year has no deductible left: 200 x 70 % = 140.
    assert paid(engine.hand_over(message(outpatient("C-1", "200.00")))) == Decimal("70.00")
    assert paid(engine.hand_over(message(outpatient("C-2", "200.00")))) == Decimal("140.00")


def test_a_new_year_begins_anew(database: Database, policies: PolicyBook) -> None:
    engine = engine_on(database, policies)
    engine.hand_over(message(outpatient("C-1", "200.00", day="2025-12-31")))
    answer = engine.hand_over(message(outpatient("C-2", "200.00", day="2026-01-01")))
    assert paid(answer) == Decimal("70.00")


def test_the_same_message_gets_the_same_answer_and_is_booked_once(
    database: Database, policies: PolicyBook
) -> None:
    engine = engine_on(database, policies)
    first = engine.hand_over(message(outpatient("C-1", "200.00")))
    assert engine_on(database, policies).hand_over(message(outpatient("C-1", "200.00"))) == first
    with database.read() as connection:
        assert len(settlements.in_force(connection, PERSON, 2026)) == 1


def test_the_same_bills_under_another_claim_number_are_not_paid_twice(
    database: Database, policies: PolicyBook
) -> None:
    engine = engine_on(database, policies)
    first = outpatient("C-1", "200.00")
    engine.hand_over(message(first))
    again: Any = {**first, "claim_id": "C-2"}
    assert engine.hand_over(message(again))["outcome"] == "refused"


def test_an_amendment_takes_the_place_of_the_settlement_and_says_the_difference(
    database: Database, policies: PolicyBook
) -> None:
    engine = engine_on(database, policies)
    engine.hand_over(message(outpatient("C-1", "300.00")))  # (300 - 100) x 70 % = 140
    engine.hand_over(message(outpatient("C-2", "200.00")))  # 140, for the deductible was used by C-1
    corrected = message(outpatient("C-1", "80.00"), 2, {"number": 1, "kind": "correction", "reason": "多录"})
    answer = engine.hand_over(corrected)
    assert paid(answer) == Decimal("0.00")  # 80 is within the deductible
    said = {reason["code"]: reason["message"] for reason in answer["reasons"]}
    assert "应退回 140.00 元" in said["difference"]
    assert "C-2" in said["later_settlements"]
    with database.read() as connection:
        in_force = settlements.in_force(connection, PERSON, 2026)
    assert [entry.message_id for entry in in_force] == ["C-2/1", "C-1/2"]


def test_a_cancellation_gives_the_deductible_back(database: Database, policies: PolicyBook) -> None:
    engine = engine_on(database, policies)
    engine.hand_over(message(outpatient("C-1", "300.00")))
    taken_back = {"number": 1, "kind": "cancellation", "reason": "重复"}
    answer = engine.hand_over(message(outpatient("C-1", "300.00"), 2, taken_back))
    assert (answer["outcome"], answer["settlement"]) == ("settled", None)
    assert "应退回 140.00 元" in answer["reasons"][0]["message"]
    assert paid(engine.hand_over(message(outpatient("C-2", "300.00")))) == Decimal("140.00")


def test_what_was_never_settled_cannot_be_taken_back(database: Database, policies: PolicyBook) -> None:
    taken_back = {"number": 1, "kind": "cancellation", "reason": "重复"}
    answer = engine_on(database, policies).hand_over(message(outpatient("C-1", "3.00"), 1, taken_back))
    assert (answer["outcome"], answer["reasons"][0]["code"]) == ("refused", "cancellation")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"id_number": None}, "identity"),
        ({"id_number": "1101**********1237"}, "identity"),
        ({"day": ""}, "day"),
        ({"kind": "inpatient"}, "policy"),  # 职工医保 may be active or retired, which differ
        ({"kind": "inpatient", "insurance_type": "居民医保"}, "policy"),
        ({"total": "100.00"}, "settlement"),  # rows do not cover the bill
    ],
)
def test_what_cannot_be_settled_is_refused_with_a_reason_and_booked_nowhere(
    database: Database, policies: PolicyBook, changed: dict[str, Any], code: str
) -> None:
    claim = outpatient("C-1", "20.00", **changed)
    answer = engine_on(database, policies).hand_over(message(claim))
    assert (answer["outcome"], answer["reasons"][0]["code"]) == ("refused", code)
    with database.read() as connection:
        assert settlements.of_claim(connection, "C-1") is None


def test_a_set_that_is_the_same_for_all_needs_no_word_of_how_one_is_insured(
    database: Database, policies: PolicyBook
) -> None:
    answer = engine_on(database, policies).hand_over(
        message(outpatient("C-1", "200.00", insurance_type=None))
    )
    assert answer["outcome"] == "settled"


def test_an_application_without_money_is_accepted_as_it_is(database: Database, policies: PolicyBook) -> None:
    claim: Any = {**outpatient("C-1", "1.00"), "application": {"kind": "offsite_filing"}}
    assert engine_on(database, policies).hand_over(message(claim))["outcome"] == "accepted"


def test_two_claims_of_one_person_at_once_use_one_deductible(
    database: Database, policies: PolicyBook
) -> None:
    claims = [outpatient(f"C-{number}", "200.00") for number in range(6)]
    engines = [engine_on(database, policies) for _ in claims]
    with ThreadPoolExecutor(len(claims)) as threads:
        answers = list(
            threads.map(lambda pair: pair[0].hand_over(message(pair[1])), zip(engines, claims, strict=True))
        )
    # 6 x 200 - 100 = 1,100, of which 70 %.
    assert sum(map(paid, answers)) == Decimal("770.00")


FEN = st.integers(1, 400_000)


@settings(max_examples=40)
@given(parts=st.lists(FEN, min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_a_split_bill_is_never_paid_more_in_any_order_and_the_book_is_the_sum_of_its_answers(
    tmp_path_factory: pytest.TempPathFactory, policies: PolicyBook, parts: list[int], order: Any
) -> None:
    def settled(amounts: list[int]) -> Decimal:
        database = Database("sqlite://")
        METADATA.create_all(database.engine)
        engine = engine_on(database, policies)
        total = Decimal(0)
        for number, fen in enumerate(amounts):
            claim = outpatient(f"C-{number}", f"{Decimal(fen) / FEN_IN_YUAN:.2f}")
            answers = [
                engine.hand_over(message(claim)) for _ in range(order.randint(1, 2))
            ]  # died, sent again
            total += paid(answers[-1])
        with database.read() as connection:
            entries = list(settlements.in_force(connection, PERSON, 2026))
        assert sum((entry.fund_payment for entry in entries), Decimal(0)) == total
        assert sum(year_to_date(entries, 2026).fund_paid.values()) == total
        database.close()
        return total

    shuffled = order.sample(parts, len(parts))
    assert settled(shuffled) <= settled([sum(parts)])


def test_an_entry_of_the_book_cannot_be_changed_by_who_reads_it(
    database: Database, policies: PolicyBook
) -> None:
    engine_on(database, policies).hand_over(message(outpatient("C-1", "200.00")))
    with database.read() as connection:
        entry = settlements.of_claim(connection, "C-1")
    assert entry is not None
    with pytest.raises(AttributeError):
        entry.answer = ""  # type: ignore[misc]
    assert replace(entry, answer="") != entry
