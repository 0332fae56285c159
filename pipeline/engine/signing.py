"""Signatures of what is sent to an engine, reported by one, and told to webhooks: Standard Webhooks.

The header `webhook-signature` is `v1,` and the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` in
base64, so neither the body nor its id can be changed, and nothing older than five minutes is taken
(https://www.standardwebhooks.com). A secret is written `whsec_` and base64.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_SECRET_BYTES = 24
"""The standard asks for 24 to 64 bytes; with fewer a signature can be guessed."""


def new_secret() -> str:
    """A secret that nobody knows."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_fault(secret: str) -> str:
    """What is wrong with a secret, in Chinese and English, without quoting it; empty: nothing."""
    try:
        length = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if secret.startswith(PREFIX) and length >= LEAST_SECRET_BYTES:
        return ""
    return (
        f"密钥应为 {PREFIX} 加至少 {LEAST_SECRET_BYTES} 字节的 base64"
        f" / a secret is {PREFIX} and base64 of at least {LEAST_SECRET_BYTES} bytes"
    )


def signed_headers(secret: str, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers that prove who sends the body, and when.

    Args:
        secret: Shared with the other side.
        message_id: Under which the other side knows the message.
        body: As it is sent, empty for a request without one.
        now: The present moment, aware of its zone.
    """
    moment = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether somebody who knows the secret sent exactly this body in the last five minutes.

    Args:
        secret: Shared with the other side.
        headers: Of the request; their case does not matter.
        body: As it came, before anything is read from it.
    """
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # a garbled header is a ValueError in the library
        return False
    return True
