"""The reimbursement engine that ships: it settles by a policy file and keeps its own book.

One transaction a message: the person's year is read, the claim settled by `pipeline.settlement`, and the
answer booked. A message that comes again gets the answer that it got before, to the byte. Two claims of one
person never use the same deductible, since each waits for the other.

An amendment puts another settlement in the place of the one that was given, and says the difference, which
may have to be paid back. Settlements that were made after the first and counted on it are named and stay as
they are: nothing that was paid is recomputed in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from pipeline.engine.protocol import (
    SCHEMA_VERSION,
    AnswerOutcome,
    EngineAnswer,
    HandOverMessage,
    ReasonRecord,
    answer_text,
    settled_amount,
)
from pipeline.errors import PolicyRefused
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord, money_text
from pipeline.settlement.bill import day_of, insured_kinds
from pipeline.settlement.book import PolicyBook
from pipeline.settlement.policy import INSURED, Care, PolicySet
from pipeline.settlement.record import SettlementRecord
from pipeline.settlement.settle import NO_SCOPE, settle
from pipeline.settlement.to_date import YearToDate
from pipeline.store import settlements
from pipeline.store.database import Connection, Database
from pipeline.store.settlements import Booked

CANCELLED = "—"
"""The policy set of an entry by which a claim was taken back."""


class EmbeddedEngine:
    """Settles claims here.

    Args:
        database: The store's.
        policies: The policy files.
        region: Whose policies hold.
        clock: Gives the present moment.
        scope: What the place does not pay on a day.
    """

    name = "embedded"

    def __init__(
        self,
        database: Database,
        policies: PolicyBook,
        region: str,
        clock: Callable[[], datetime],
        scope: Callable[[date], Scope] = lambda _day: NO_SCOPE,
    ) -> None:
        self._database = database
        self._policies = policies
        self._region = region
        self._clock = clock
        self._scope = scope

    def hand_over(self, message: HandOverMessage) -> EngineAnswer:
        """Settle the claim of the message, or give the answer that was given before."""
        claim = cast("ClaimRecord", message.payload["claim"])
        with self._database.write() as connection:
            given = settlements.answer_to(connection, message.message_id)
            if given is not None:
                return cast("EngineAnswer", json.loads(given))
            return self._answer(connection, message, claim)

    def _answer(self, connection: Connection, message: HandOverMessage, claim: ClaimRecord) -> EngineAnswer:
        application = claim.get("application")
        if application is not None and application["kind"] != "reimbursement":
            return _answer(message, "accepted")  # an application for something else than money
        person = claim["insured"]["id_number"]
        if not person or "*" in person:
            return _refused(
                message, "identity", "参保人证件号码未知，无法累计 / the insured's identity is unknown"
            )
        settlements.hold_person(connection, person)
        before = settlements.of_claim(connection, message.claim_id)
        amendment = message.payload.get("amendment") or {}
        if amendment.get("kind") == "cancellation":
            return self._cancelled(connection, message, person, before)
        day = day_of(claim)
        if day is None:
            return _refused(message, "day", "就诊（出院）日期未知 / the day of treatment is not known")
        try:
            policy, serious = self._policies_for(claim, day)
        except PolicyRefused as error:
            return _refused(message, "policy", str(error))
        entries = [one for one in settlements.in_force(connection, person, day.year) if one != before]
        settlement = settle(claim, policy, year_to_date(entries, day.year), serious, scope=self._scope(day))
        if settlement["outcome"] != "settled":
            return _answer(message, "refused", _said("settlement", settlement["reasons"]))
        answer = _answer(message, "settled", [], settlement)
        answer["reasons"] += _notes(before, entries, settled_amount(answer))
        self._book(connection, message, before, answer, person, day.year, policy.key)
        return answer

    def _policies_for(self, claim: ClaimRecord, day: date) -> tuple[PolicySet, PolicySet | None]:
        """The sets for the claim: of its care, and of the second reimbursement where the region has one.

        Raises:
            PolicyRefused: If there is none, or the papers leave open which of several it is.
        """
        care: Care = "inpatient" if claim["visit"]["kind"] == "inpatient" else "outpatient"
        kinds = insured_kinds(claim["insured"]["insurance_type"]) or frozenset(INSURED)
        sets = {}
        for kind in sorted(kinds):
            chosen = self._policies.choose(self._region, kind, care, day)
            sets[chosen.key] = (chosen, kind)
        if len(sets) > 1:
            raise PolicyRefused(
                f"参保人类别不明，可能适用 {'、'.join(sorted(sets))}，请补充医保类型（在职、退休、居民）"
                f" / it is not known how the person is insured; possible: {', '.join(sorted(sets))}"
            )
        ((policy, kind),) = sets.values()
        return policy, self._policies.serious_of(self._region, kind, day)

    def _cancelled(
        self, connection: Connection, message: HandOverMessage, person: str, before: Booked | None
    ) -> EngineAnswer:
        if before is None:
            return _refused(message, "cancellation", "没有可撤销的结算 / there is no settlement to take back")
        settled = _settlement(before)
        year = int((settled["day"] or "0")[:4])
        entries = [one for one in settlements.in_force(connection, person, year) if one != before]
        answer = _answer(message, "settled", list(_notes(before, entries, Decimal(0))))
        self._book(connection, message, before, answer, person, year)
        return answer

    def _book(
        self,
        connection: Connection,
        message: HandOverMessage,
        before: Booked | None,
        answer: EngineAnswer,
        person: str,
        year: int,
        policy_set: str = CANCELLED,
    ) -> None:
        if before is not None:
            settlements.replace(connection, before.message_id, message.message_id)
        entry = Booked(
            message.message_id,
            message.claim_id,
            self._clock(),
            answer_text(answer),
            settled_amount(answer),
        )
        settlements.book(connection, entry, person, year, policy_set)


def year_to_date(entries: list[Booked], year: int) -> YearToDate:
    """The person's year with these settlements in it."""
    so_far = YearToDate(year=year)
    for entry in entries:
        answer = cast("EngineAnswer", json.loads(entry.answer))
        if answer["settlement"] is not None:  # a claim that was taken back counts nothing
            so_far = so_far.after(cast("SettlementRecord", answer["settlement"]))
    return so_far


def _settlement(entry: Booked) -> SettlementRecord:
    settlement = json.loads(entry.answer)["settlement"]
    return cast("SettlementRecord", settlement)


def _notes(before: Booked | None, entries: list[Booked], now_paid: Decimal) -> Iterator[ReasonRecord]:
    """What an amendment changes: the difference, and which later settlements counted on the one before."""
    if before is None:
        return
    more = now_paid - before.fund_payment
    way = ("应退回", "to be paid back") if more < 0 else ("应补付", "to be paid in addition")
    amount = money_text(abs(more))
    yield {"code": "difference", "message": f"较原结算{way[0]} {amount} 元 / {way[1]}: {amount}"}
    later = [entry.claim_id for entry in entries if entry.at > before.at]
    if later:
        yield {
            "code": "later_settlements",
            "message": f"{'、'.join(later)} 在原结算之后结算，按更正前的累计计算，请复核"
            f" / settled later, counting on the figures before this amendment: {', '.join(later)}",
        }


def _said(code: str, messages: list[str]) -> list[ReasonRecord]:
    return [{"code": code, "message": message} for message in messages]


def _refused(message: HandOverMessage, code: str, said: str) -> EngineAnswer:
    return _answer(message, "refused", _said(code, [said]))


def _answer(
    message: HandOverMessage,
    outcome: AnswerOutcome,
    reasons: list[ReasonRecord] | None = None,
    settlement: SettlementRecord | None = None,
) -> EngineAnswer:
    answer = {
        "schema_version": SCHEMA_VERSION,
        "message_id": message.message_id,
        "outcome": outcome,
        "reasons": reasons or [],
        "settlement": settlement,
        "paid": None,
    }
    return cast("EngineAnswer", answer)
