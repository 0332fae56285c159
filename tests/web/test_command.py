"""`baoxiao token` and `baoxiao serve`, as a person runs them."""

from __future__ import annotations

import pytest

from pipeline.store.database import Database
from pipeline.store.tokens import token_of
from tests.progress.test_command import Baoxiao, baoxiao
from tests.store.stored import NOW, put_claim

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

__all__ = ["baoxiao"]  # the fixture that runs the command


def test_a_token_is_shown_once_and_can_be_taken_back(database: Database, baoxiao: Baoxiao) -> None:
    scopes = ("--scope", "claims:read", "--scope", "personal:read")
    code, text, hint = baoxiao("token", "create", "街道办", *scopes)
    assert code == 0
    assert "不会再次显示" in hint
    with database.read() as connection:
        known = token_of(connection, text.strip(), NOW)
    assert known is not None
    _, listed, _ = baoxiao("token", "list")
    assert known.id in listed
    assert text.strip().split("_", 2)[2] not in listed
    assert baoxiao("token", "revoke", known.id)[0] == 0
    with database.read() as connection:
        assert token_of(connection, text.strip(), NOW) is None


def test_a_claimants_token_needs_its_claim_alone(database: Database, baoxiao: Baoxiao) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1")
    code, text, _ = baoxiao("token", "create", "张", "--claim", "C-1", "--days", "30")
    assert code == 0
    with database.read() as connection:
        known = token_of(connection, text.strip(), NOW)
    assert known is not None
    assert (known.scopes, known.claim_id) == (("claim:read",), "C-1")


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["create", "甲"], 2, "scope"),
        (["create", "甲", "--scope", "claims:write"], 2, "claims:write"),
        (["create", "甲", "--claim", "C-404"], 1, "C-404"),
        (["revoke", "nobody"], 1, "nobody"),
    ],
)
def test_what_cannot_be_is_told(baoxiao: Baoxiao, arguments: list[str], code: int, named: str) -> None:
    ended, _, complaint = baoxiao("token", *arguments)
    assert ended == code
    assert named in complaint


def test_the_api_is_served_to_this_machine_alone(baoxiao: Baoxiao) -> None:
    for host in ("0.0.0.0", "192.168.1.9", "::", "example.org"):
        code, _, complaint = baoxiao("serve", "--host", host)
        assert code == 2
        assert "TLS" in complaint
