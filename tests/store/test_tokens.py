"""Tokens open what they were made for, as long as they hold, and cannot be read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.errors import QueryRefused
from pipeline.store.database import Database
from pipeline.store.tables import api_tokens
from pipeline.store.tokens import create_token, list_tokens, revoke_token, token_of
from tests.store.stored import NOW, put_claim

LATER = NOW + timedelta(days=1)


def test_a_token_opens_what_it_was_made_for_and_no_other_text_does(database: Database) -> None:
    with database.write() as connection:
        text = create_token(connection, "街道办", ("claims:read", "claims:read"), NOW)
        found = token_of(connection, text, LATER)
        assert found is not None
        assert (found.name, found.scopes, found.claim_id) == ("街道办", ("claims:read",), None)
        for other in (
            text[:-1],
            text + "x",
            text.upper(),
            "",
            "bx",
            "bx__",
            text.replace("bx_", "by_"),
            "bx_é_é",
        ):
            assert token_of(connection, other, LATER) is None


def test_the_store_holds_nothing_that_opens_anything(database: Database) -> None:
    with database.write() as connection:
        text = create_token(connection, "甲", ("claims:read",), NOW)
        kept = connection.execute(select(api_tokens)).one()
    assert text.split("_", 2)[2] not in repr(tuple(kept))


def test_a_token_opens_nothing_once_it_is_over_or_taken_back(database: Database) -> None:
    with database.write() as connection:
        short = create_token(connection, "甲", ("claims:read",), NOW, expires_at=LATER)
        assert token_of(connection, short, NOW) is not None
        assert token_of(connection, short, LATER) is None
        lasting = create_token(connection, "乙", ("claims:read",), NOW)
        token_id = lasting.split("_")[1]
        revoke_token(connection, token_id, NOW)
        revoke_token(connection, token_id, LATER)
        assert token_of(connection, lasting, NOW) is None
        assert {token.name: token.revoked_at for token in list_tokens(connection)} == {"甲": None, "乙": NOW}
        with pytest.raises(LookupError, match="nobody"):
            revoke_token(connection, "nobody", NOW)


def test_a_claimants_token_knows_its_claim(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1")
        found = token_of(connection, create_token(connection, "张", ("claim:read",), NOW, None, "C-1"), NOW)
        assert found is not None
        assert found.claim_id == "C-1"
        with pytest.raises(LookupError, match="C-2"):
            create_token(connection, "张", ("claim:read",), NOW, None, "C-2")


@pytest.mark.parametrize(
    ("name", "scopes", "claim_id"),
    [
        ("甲", (), None),
        ("甲", ("claims:write",), None),
        (" ", ("claims:read",), None),
        ("甲", ("claim:read",), None),
        ("甲", ("claims:read",), "C-1"),
        ("甲", ("claim:read", "claims:read"), "C-1"),
    ],
)
def test_a_token_that_would_open_nothing_clear_is_refused(
    database: Database, name: str, scopes: Any, claim_id: Any
) -> None:
    with database.write() as connection:
        put_claim(connection, "C-1")
        with pytest.raises(QueryRefused):
            create_token(connection, name, scopes, NOW, None, claim_id)
        assert list_tokens(connection) == ()
