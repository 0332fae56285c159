"""What `docs/engine.md` shows is what happens."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydantic

from pipeline.engine.protocol import HandOverPayload, read_answer
from pipeline.engine.signing import secret_fault, signed_headers
from pipeline.engine.webhooks import TYPES

TEXT = (Path(__file__).parents[2] / "docs" / "engine.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


EXAMPLES = [json.loads(block) for block in blocks("json")]


def test_the_message_is_one() -> None:
    (message,) = (one for one in EXAMPLES if "claim" in one)
    pydantic.TypeAdapter(HandOverPayload).validate_json(json.dumps(message), strict=True)


def test_each_answer_is_one_and_every_outcome_with_a_body_is_shown() -> None:
    answers = [one for one in EXAMPLES if "outcome" in one]
    for one in answers:
        read_answer(json.dumps(one), one["message_id"])
    assert {one["outcome"] for one in answers} == {"accepted", "settled", "refused"}


def test_the_message_to_a_webhook_is_of_a_type() -> None:
    of_claim, of_upload = (one for one in EXAMPLES if "data" in one)
    assert {of_claim["type"], of_upload["type"]} <= set(TYPES)
    assert of_claim["type"] == f"claim.{of_claim['data']['event']}"
    assert of_upload["type"] == f"upload.{of_upload['data']['state']}"


def test_the_check_of_a_signature_by_hand_takes_ours_and_no_other() -> None:
    names: dict[str, Any] = {}
    (code,) = blocks("python")
    exec(compile(code, "docs/engine.md", "exec"), names)
    (secret,) = set(re.findall(r"whsec_\w+", TEXT))
    assert secret_fault(secret) == ""
    headers = signed_headers(secret, "C-1/1", "正文", datetime.now(UTC))
    assert names["is_signed"](secret, headers, "正文".encode())
    assert not names["is_signed"](secret, headers, b"")
