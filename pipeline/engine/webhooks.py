"""Tells webhooks what becomes of claims and uploads: keys and states, signed as Standard Webhooks.

No personal data is among them.

Every message arrives at least once and is known by its `webhook-id`. Their order is not promised, not even of
one claim: a message that was not taken comes later than those behind it. The receiver asks for the claim, or
goes by `timestamp`.

Addresses inside an office's own network are allowed on purpose: that is where its systems are. Whoever may
add a webhook can therefore make this machine send such messages to any address that it reaches, so adding is
a command on the machine, and nothing that anybody can ask for over the network.
"""

from __future__ import annotations

import json
import logging
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from urllib.parse import urlsplit

from pipeline.engine.backoff import wait_after
from pipeline.engine.exchange import client, exchange
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
from pipeline.engine.signing import signed_headers
from pipeline.errors import EngineUnavailable
from pipeline.life import EVENTS, NOTES
from pipeline.store import sending
from pipeline.store.database import Database
from pipeline.store.sending import Outgoing
from pipeline.store.webhooks import Webhook, webhook

_log = logging.getLogger(__name__)

TYPES: tuple[str, ...] = (
    *(f"claim.{event}" for event in (*EVENTS, *NOTES)),
    *("upload.read", "upload.failed"),
)
"""Types of messages that a webhook may ask for."""
TEST = "webhook.test"
"""The type of a message that says nothing but that it arrives."""

READ_SECONDS = 10.0
"""A webhook takes a message and answers; it has no reason to think about it."""

REMOVED = "已移除 / removed"


def url_fault(url: str) -> str:
    """What is wrong with a webhook's URL, in Chinese and English; empty: nothing."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.hostname and not parts.fragment:
        return ""
    return f"{url}: 应为 http(s)://主机/路径 / should be http(s)://host/path"


class WebhookClient:
    """Posts messages to webhooks; to be closed.

    Args:
        clock: Gives the moment of a signature.
    """

    def __init__(self, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._client = client(READ_SECONDS)
        self._clock = clock

    def __enter__(self) -> WebhookClient:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def tell(self, hook: Webhook, message_id: str, text: str) -> int:
        """Post one message; the status of the answer, whose body does not matter.

        Raises:
            EngineUnavailable: If it was not taken: any answer but 2xx.
        """
        headers = {
            **signed_headers(hook.secret, message_id, text, self._clock()),
            "content-type": "application/json; charset=utf-8",
        }
        reply = exchange(self._client, "POST", hook.url, headers, text.encode())
        if not 200 <= reply.status < 300:
            raise EngineUnavailable(f"没有接收 / not taken: HTTP {reply.status}")
        return reply.status

    def test(self, hook: Webhook) -> int:
        """Post a message that says nothing but that it arrives; the status of the answer.

        Raises:
            EngineUnavailable: If it was not taken.
        """
        message = {"type": TEST, "timestamp": self._clock().isoformat(), "data": {"webhook": hook.id}}
        return self.tell(hook, f"test-{secrets.token_hex(8)}", json.dumps(message))


def deliver_due(
    database: Database,
    webhook_client: WebhookClient,
    now: datetime,
    *,
    give_up_after: timedelta = GIVE_UP_AFTER,
    limit: int = MESSAGES_A_PASS,
    chance: random.Random | None = None,
) -> Sent:
    """Tell webhooks what is due, one message after the other; what became of them.

    Args and Raises are those of `pipeline.engine.sender.send_due`.
    """
    one_pass = _Pass(
        database, webhook_client, clock_from(now), give_up_after, chance or random.SystemRandom()
    )
    return one_after_the_other(one_pass.next_fate, limit)


@dataclass(frozen=True, slots=True)
class _Pass:
    database: Database
    client: WebhookClient
    clock: Clock
    give_up_after: timedelta
    chance: random.Random

    def next_fate(self) -> Fate | None:
        """What became of the next message; None: nothing is due."""
        now = self.clock()
        with self.database.write() as connection:
            due = sending.next_due(connection, "webhooks", now)
            if due is None:
                return None
            begun = sending.begin(connection, due.message_id, now, now + LEASE)
            hook = webhook(connection, begun.target)
            if hook is None or hook.disabled_at is not None:
                sending.park(connection, begun.message_id, REMOVED)
                return "parked"
        try:
            status = self.client.tell(hook, begun.message_id, begun.text)
        except EngineUnavailable as error:
            return self._unanswered(begun, error)
        with self.database.write() as connection:
            sending.note_answered(connection, begun.message_id, json.dumps({"status": status}), self.clock())
        return "answered"

    def _unanswered(self, begun: Outgoing, error: EngineUnavailable) -> Fate:
        now = self.clock()
        with self.database.write() as connection:
            if now - (begun.trying_since or now) >= self.give_up_after:
                sending.park(connection, begun.message_id, str(error))
                _log.error("%s: 无法送达 / cannot be delivered: %s", begun.message_id, error)
                return "parked"
            due_at = now + wait_after(begun.attempts, error.retry_after_seconds, self.chance)
            sending.put_off(connection, begun.message_id, due_at, str(error))
            sending.put_off_target(connection, begun.target, now, due_at)
        return "put_off"
