"""Steps of stored claims: whoever does whatever in whatever order, what must hold holds."""

from __future__ import annotations

import json
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import event as reached
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select, update

from pipeline.errors import StepRefused
from pipeline.life import AMENDMENT_KINDS, EDITABLE, EVENTS, STATES, SYSTEM, Actor, possible
from pipeline.second_review import SecondReview
from pipeline.store.amendments import amend
from pipeline.store.cases import save_claim, stored_claim
from pipeline.store.database import Connection, Database
from pipeline.store.lives import standing_of, take_step
from pipeline.store.open_checks import count_blocks, keep_checks
from pipeline.store.outbox import ENGINE as TO_ENGINE
from pipeline.store.tables import METADATA, amendments, claims, decisions, events, outbox
from tests.cases import (
    ENGINE,
    NOW,
    REVIEWER,
    SECOND,
    SUPERVISOR,
    accepted,
    agree,
    invoice,
    put,
    put_submission,
    read,
    step,
)

PEOPLE = [
    Actor(name, role)
    for role in (
        "claimant",
        "clerk",
        "reviewer",
        "second_reviewer",
        "supervisor",
        "auditor",
        "admin",
        "system",
    )
    for name in ("甲", "乙")
]
LIVE = ("waiting", "begun", "parked")
RULE = "R-TEST.fails"


class Life(RuleBasedStateMachine):
    """One claim in the hands of random people and a random engine."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")  # in memory: what is on the disk is not asked here
        METADATA.create_all(self.database.engine)
        self.now = NOW
        self.record, documents = read(accepted(invoice()))[0]
        self.claim: str = self.record["claim_id"]
        with self.database.write() as connection:
            key = put_submission(connection)
            save_claim(connection, key, self.record, documents, self.now)
            keep_checks(connection, self.claim, ())
            self._count(connection)

    def teardown(self) -> None:
        self.database.close()

    def _count(self, connection: Connection) -> None:
        counted = {"open_blocks": count_blocks(connection, self.claim), "open_reviews": 0, "missing": 0}
        connection.execute(update(claims).where(claims.c.id == self.claim).values(**counted))

    @initialize(wants=st.booleans(), so_far=st.integers(0, 4))
    def begin(self, *, wants: bool, so_far: int) -> None:
        """Somewhere on the straight way, for at random few claims come to its end."""
        if so_far:
            self.somebody_does("accept", SYSTEM, "")
            self.the_sender_sends()
        for event in ("hand_over", "settle", "pay")[: max(0, so_far - 1)]:
            self.the_engine_answers(event)
        with self.database.write() as connection:
            connection.execute(update(claims).values(wants_second=wants))

    @rule(event=st.sampled_from(EVENTS), who=st.sampled_from(PEOPLE), reason=st.sampled_from(["", "原因"]))
    def somebody_does(self, event: str, who: Actor, reason: str) -> None:
        self._try(lambda connection: take_step(connection, self.claim, event, who, self.now, reason))

    @rule(choice=st.integers(0, 59), who=st.sampled_from(["甲", "乙"]))
    def somebody_does_what_is_possible(self, choice: int, who: str) -> None:
        """Each possible event is as likely as any other: what people may do at random ends most claims."""
        with self.database.read() as connection:
            standing = standing_of(connection, self.claim)
        mine = [one for one in PEOPLE if one.name == who]
        can = [(event, one) for one in mine for event in possible(standing, one)]
        by_event = dict(can)
        if by_event:
            event = sorted(by_event)[choice % len(by_event)]
            self.somebody_does(event, by_event[event], "原因")

    @rule(kind=st.sampled_from([*AMENDMENT_KINDS, "whim"]), who=st.sampled_from(PEOPLE))
    def somebody_amends(self, kind: str, who: Actor) -> None:
        self._try(lambda connection: amend(connection, self.claim, kind, who, self.now, "错了"))  # type: ignore[arg-type]

    @rule(fails=st.booleans())
    def a_change_makes_a_check_fail_or_hold(self, *, fails: bool) -> None:
        with self.database.write() as connection:
            if standing_of(connection, self.claim).state in EDITABLE:
                failed = {
                    "rule": RULE,
                    "outcome": "fail",
                    "severity": "block",
                    "message": "不符",
                    "fields": [],
                }
                keep_checks(connection, self.claim, [failed] if fails else [])  # type: ignore[list-item]
                self._count(connection)

    @rule()
    def the_sender_sends(self) -> None:
        self._message("waiting", "begun")

    @rule(event=st.sampled_from(["hand_over", "refuse", "settle", "pay"]))
    def the_engine_answers(self, event: str) -> None:
        def answer(connection: Connection) -> None:
            begun = connection.execute(select(outbox.c.id).where(outbox.c.state == "begun")).scalar()
            if event in ("hand_over", "refuse") and begun is None:
                return  # it answers only what it was sent
            connection.execute(update(outbox).where(outbox.c.id == begun).values(state="answered"))
            take_step(connection, self.claim, event, ENGINE, self.now, "原因")

        self._try(answer)

    def _message(self, before: str, after: str) -> None:
        with self.database.write() as connection:
            connection.execute(update(outbox).where(outbox.c.state == before).values(state=after))

    def _try(self, act: object) -> None:
        """Do it in one transaction; what is refused leaves no trace."""
        self.now += timedelta(minutes=1)
        before = self._all()
        try:
            with self.database.write() as connection:
                act(connection)  # type: ignore[operator]
        except StepRefused:
            assert self._all() == before

    def _all(self) -> list[object]:
        with self.database.read() as connection:
            tables = (claims, events, decisions, amendments, outbox)
            return [connection.execute(select(table)).all() for table in tables]

    @invariant()
    def what_must_hold(self) -> None:
        with self.database.read() as connection:
            claim = connection.execute(select(claims)).one()
            told = connection.execute(select(events).order_by(events.c.id)).all()
            sent = connection.execute(select(outbox).where(outbox.c.target == TO_ENGINE)).all()
            opened = connection.execute(select(amendments).order_by(amendments.c.number)).all()
        reached(claim.state)
        assert claim.state in STATES
        assert claim.open_blocks == 0 or claim.state not in ("entered", "handed_over")
        states = [None, *(event.to_state for event in told)]
        assert [event.from_state for event in told] == states[:-1]
        assert claim.state == states[-1]
        live = [message for message in sent if message.state in LIVE]
        assert len(live) == (claim.state == "entered")
        assert [row.number for row in opened] == list(range(1, claim.amendment + 1))
        assert claim.state not in ("rejected", "withdrawn") or not claim.amendment
        for message in sent:  # an amendment is told as one, and nothing else is
            number = (json.loads(message.payload)["amendment"] or {"number": 0})["number"]
            assert (message.kind == "amendment") == (number > 0)


Life.TestCase.settings = settings(max_examples=12, stateful_step_count=35, deadline=None)
TestLife = Life.TestCase


@pytest.fixture
def claim(database: Database) -> str:
    """A claim that waits for its first review and wants a second one."""
    key = put(database, accepted(invoice()), second=SecondReview(share=1.0))
    step(database, key, "ask_for_review")
    with database.write() as connection:
        keep_checks(connection, key, ())
        values = {"open_blocks": 0, "open_reviews": 0, "missing": 0}
        connection.execute(update(claims).values(**values))
    return key


BOTH = Actor(SECOND.name, "supervisor")
"""One person with the rights of both reviews."""


def test_whoever_passed_the_first_review_cannot_pass_the_second_after_a_change(
    database: Database, claim: str
) -> None:
    step(database, claim, "pass_first", BOTH)
    with database.write() as connection:
        connection.execute(update(claims).values(revision=claims.c.revision + 1))  # they changed a field
    with pytest.raises(StepRefused, match="another person"):
        step(database, claim, "pass_second", BOTH)
    agree(database, claim)
    assert step(database, claim, "pass_second", SUPERVISOR) == "entered"


def test_after_it_was_sent_back_a_claim_is_passed_by_two_persons_anew(database: Database, claim: str) -> None:
    later = [NOW + timedelta(minutes=minute) for minute in range(5)]
    step(database, claim, "pass_first", BOTH, at=later[0])
    step(database, claim, "send_back", SUPERVISOR, "缺章", at=later[1])
    step(database, claim, "pass_first", REVIEWER, at=later[2])
    agree(database, claim)
    assert step(database, claim, "pass_second", BOTH, at=later[3]) == "entered"


def test_a_step_is_refused_to_whoever_saw_another_version(database: Database, claim: str) -> None:
    with database.read() as connection:
        seen = stored_claim(connection, claim).version
    step(database, claim, "pass_first", REVIEWER)
    with database.write() as connection, pytest.raises(StepRefused, match="load it again"):
        take_step(connection, claim, "pass_second", SUPERVISOR, NOW, seen_version=seen)


def test_a_decision_says_of_which_revision_and_at_which_stage_it_was(database: Database, claim: str) -> None:
    step(database, claim, "pass_first", REVIEWER)
    with database.read() as connection:
        decided = connection.execute(select(decisions)).one()
    assert (decided.stage, decided.event, decided.who, decided.revision) == (
        "first_review",
        "pass_first",
        REVIEWER.name,
        1,
    )


def test_the_machine_itself_decides_nothing(database: Database) -> None:
    key = put(database, accepted(invoice()))
    step(database, key, "ask_for_review")
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(decisions)).scalar_one() == 0
