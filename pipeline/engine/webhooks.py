"""Tells webhooks what becomes of claims: keys and states, signed as Standard Webhooks, no personal data.

Every message arrives at least once and is known by its `webhook-id`. Their order is not promised, not even of
one claim: a message that was not taken comes later than those behind it. The receiver asks for the claim, or
goes by `timestamp`.

Addresses inside an office's own network are allowed on purpose: that is where its systems are. Whoever may
add a webhook can therefore make this machine send such a message to any address that it reaches, so adding is
a command on the machine, and nothing that anybody can ask for over the network.
"""

from __future__ import annotations

import json
import logging
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from urllib.parse import urlsplit

from pipeline.engine.backoff import wait_after
from pipeline.engine.exchange import client, exchange
from pipeline.engine.sender import GIVE_UP_AFTER, LEASE, MESSAGES_A_PASS, Clock, Fate, Sent, clock_from
from pipeline.errors import EngineUnavailable
from pipeline.life import EVENTS, NOTES
from pipeline.store import sending
from pipeline.store.database import Database
from pipeline.store.webhooks import Webhook, webhook

_log = logging.getLogger(__name__)

TYPES: tuple[str, ...] = tuple(f"claim.{event}" for event in (*EVENTS, *NOTES))
"""Types of messages that a webhook may ask for."""
TEST = "webhook.test"
"""The type of a message that says nothing but that it arrives."""


class WebhookClient:
    """Posts messages to webhooks; to be closed."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._client = client()
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
        from pipeline.engine.signing import signed_headers

        headers = {
            **signed_headers(hook.secret, message_id, text, self._clock()),
            "content-type": "application/json; charset=utf-8",
        }
        reply = exchange(self._client, "POST", hook.url, headers, text.encode())
        if not 200 <= reply.status < 300:
            raise EngineUnavailable(f"HTTP {reply.status}")
        return reply.status
