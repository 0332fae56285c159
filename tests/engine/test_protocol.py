"""The published shapes: what we send and take is what the JSON Schema says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from pipeline.engine.protocol import engine_schema, read_answer
from pipeline.errors import EngineAnswerRefused
from pipeline.store.database import Database
from tests.engine.entered import PAID, answer, message, put_entered

SCHEMA = engine_schema()
ANSWERS = [
    answer("pending"),
    answer("accepted"),
    answer("refused"),
    answer("settled"),
    answer("settled", paid=PAID),
]


def validates(name: str, instance: Any) -> bool:
    schema = {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{name}"}]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(instance))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_message_that_is_sent_is_of_the_schema(database: Database) -> None:
    payload = json.loads(message(database, put_entered(database)).payload)
    assert validates("HandOverPayload", payload)
    assert not validates("HandOverPayload", {**payload, "kind": "other"})


@pytest.mark.parametrize("said", ANSWERS)
def test_an_answer_of_the_schema_is_taken(said: Any) -> None:
    assert validates("EngineAnswer", said)
    assert read_answer(json.dumps(said), "C-1/1") == said


@pytest.mark.parametrize("key", list(answer()))
def test_an_answer_without_one_of_its_keys_is_refused_by_schema_and_reader(key: str) -> None:
    said = {name: value for name, value in answer().items() if name != key}
    assert not validates("EngineAnswer", said)
    with pytest.raises(EngineAnswerRefused, match=key):
        read_answer(json.dumps(said), "C-1/1")


@pytest.mark.parametrize("text", ["", "null", "[]", "{", b"\xff", '"accepted"', "1e999"])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(EngineAnswerRefused, match="not of schema 1"):
        read_answer(text, "C-1/1")


def test_a_refusal_quotes_no_value() -> None:
    """What an engine sends may be personal data, and refusals are logged."""
    said = answer("settled", paid={**PAID, "account": 6200000000009999, "at": "张小样"})
    with pytest.raises(EngineAnswerRefused) as refused:
        read_answer(json.dumps(said), "C-1/1")
    assert "6200000000009999" not in str(refused.value)
    assert "张小样" not in str(refused.value)
