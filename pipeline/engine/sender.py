"""Sends the outbox to the reimbursement engine: each claim once in effect, however often we die.

A message is claimed and marked begun in a transaction that ends before anything is sent, sent, and its answer
is brought into the claim in another one. Several senders may run at once, in threads and in processes. What
nobody answers is sent again, ever more rarely; after hours it is parked and a person is told.
"""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.engine.answers import take_answer
from pipeline.engine.backoff import wait_after
from pipeline.engine.passes import (
    GIVE_UP_AFTER,
    LEASE,
    MESSAGES_A_PASS,
    Clock,
    Fate,
    Sent,
    clock_from,
    one_after_the_other,
)
from pipeline.engine.protocol import HandOverMessage, ReimbursementEngine
from pipeline.errors import EngineAnswerRefused, EngineUnavailable, StepRefused
from pipeline.life import SYSTEM
from pipeline.store import sending
from pipeline.store.database import Connection, Database
from pipeline.store.lives import note_event, standing_of, take_step
from pipeline.store.sending import Outgoing

_log = logging.getLogger(__name__)

HELD_BACK = "移交前复查发现强制校验未通过 / a blocking check is open when the claim was about to leave"


def send_due(
    database: Database,
    engine: ReimbursementEngine,
    now: datetime,
    *,
    give_up_after: timedelta = GIVE_UP_AFTER,
    limit: int = MESSAGES_A_PASS,
    chance: random.Random | None = None,
) -> Sent:
    """Send what is due, one message after the other; what became of them.

    Args:
        database: The store's.
        engine: Whom claims are handed over to.
        now: When the pass begins; during it the clock goes on.
        give_up_after: How long a message is tried before it is parked.
        limit: No more messages than so.
        chance: Draws the waits.

    Raises:
        StoreUnusable: If the store does not answer; what was begun is sent again when its lease ends.
    """
    one_pass = _Pass(database, engine, clock_from(now), give_up_after, chance or random.SystemRandom())
    return one_after_the_other(one_pass.next_fate, limit)


@dataclass(frozen=True, slots=True)
class _Pass:
    database: Database
    engine: ReimbursementEngine
    clock: Clock
    give_up_after: timedelta
    chance: random.Random

    def next_fate(self) -> Fate | None:
        """What became of the next message; None: nothing is due."""
        begun = self._begin_next()
        return self._send(begun) if isinstance(begun, Outgoing) else begun

    def _begin_next(self) -> Outgoing | Fate | None:
        """Claim the next message, unless its claim may not leave."""
        now = self.clock()
        with self.database.write() as connection:
            due = sending.next_due(connection, "engine", now)
            if due is None:
                return None
            standing = standing_of(connection, due.claim_id, lock=True)
            if not standing.open_blocks:
                return sending.begin(connection, due.message_id, now, now + LEASE)
            if due.state == "waiting":  # it never left, and does not now
                take_step(connection, due.claim_id, "hold_back", SYSTEM, now, HELD_BACK)
                return "held_back"
            # The engine may have it: nobody but a person can tell what to do.
            self._park(connection, due, HELD_BACK)
            return "parked"

    def _send(self, begun: Outgoing) -> Fate:
        """Send what was begun, and write what came of it."""
        message = HandOverMessage(
            *(begun.message_id, begun.claim_id, begun.kind, json.loads(begun.text), begun.text),
            is_pending=begun.answer is not None,
        )
        try:
            answer = self.engine.hand_over(message)
            with self.database.write() as connection:
                take_answer(connection, begun.message_id, answer, self.clock())
        except EngineUnavailable as error:
            return self._unanswered(begun, error)
        except (EngineAnswerRefused, StepRefused) as error:
            with self.database.write() as connection:
                self._park(connection, begun, str(error))
            return "parked"
        return "answered"

    def _unanswered(self, begun: Outgoing, error: EngineUnavailable) -> Fate:
        now = self.clock()
        with self.database.write() as connection:
            if now - (begun.trying_since or now) >= self.give_up_after:
                self._park(connection, begun, str(error))
                return "parked"
            wait = wait_after(begun.attempts, error.retry_after_seconds, self.chance)
            sending.put_off(connection, begun.message_id, now + wait, str(error))
        return "put_off"

    def _park(self, connection: Connection, message: Outgoing, why: str) -> None:
        """Stop sending and tell a person: in the log, in the claim's timeline, and so to webhooks."""
        state = standing_of(connection, message.claim_id, lock=True).state
        if not sending.park(connection, message.message_id, why):
            return  # answered meanwhile
        note_event(connection, message.claim_id, "parked", SYSTEM, self.clock(), state, state, why)
        # Why stands in the store alone: an engine's words may hold personal data, and logs must not.
        _log.error(
            "%s: 移交受阻，须人工处理 / is parked, a person must look: baoxiao engine parked",
            message.message_id,
        )
