"""Passwords that are taken, and accounts on both kinds of database."""

from __future__ import annotations

import pytest

from pipeline.errors import QueryRefused, StepRefused
from pipeline.store.accounts import (
    AccountEvent,
    account_changes_of,
    create_account,
    disable_account,
    enable_account,
    end_sessions,
    listed_accounts,
    open_session,
    set_password,
    set_role,
    signed_in,
)
from pipeline.store.database import Database
from pipeline.store.passwords import check_password, common_passwords, one_time_password
from tests.store.stored import NOW
from tests.web.browsing import PASSWORD


def test_what_happened_to_an_account_is_written_down(database: Database) -> None:
    with database.write() as connection:
        create_account(connection, "root", "admin", PASSWORD, NOW)
        create_account(connection, "li", "clerk", PASSWORD, NOW, "李示例", who="root", must_change=True)
        set_role(connection, "li", "reviewer", NOW, who="root")
        open_session(connection, "li", NOW)
        assert [(one.account.name, one.sessions) for one in listed_accounts(connection, NOW)] == [
            ("li", 1),
            ("root", 0),
        ]
        assert end_sessions(connection, "li", NOW, who="root") == 1
        set_password(connection, "li", "another long password", NOW, who="li")
        disable_account(connection, "li", NOW, who="root")
        assert signed_in(connection, "li", "another long password", NOW) is None
        enable_account(connection, "li", NOW, who="root")
        assert signed_in(connection, "li", "another long password", NOW) is not None
        changes = account_changes_of(connection, 10)
    events: list[AccountEvent] = ["enabled", "disabled", "password", "sessions_ended", "role", "created"]
    assert [one.what for one in changes if one.account == "li"] == events
    assert [one.who for one in changes] == ["root", "root", "li", "root", "root", "root", ""]


def test_whoever_manages_accounts_alone_cannot_be_taken_away(database: Database) -> None:
    with database.write() as connection:
        create_account(connection, "root", "admin", PASSWORD, NOW)
        with pytest.raises(StepRefused):
            disable_account(connection, "root", NOW)
        with pytest.raises(StepRefused):
            set_role(connection, "root", "clerk", NOW)
        create_account(connection, "second", "admin", PASSWORD, NOW)
        disable_account(connection, "root", NOW)


@pytest.mark.parametrize(
    "password", ["elevenchars", "x" * 257, "aaaaaaaaaaaa", "abcdefghijklm", "987654321098", "Qwerty123456"]
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(QueryRefused):
        check_password(password, "li")


@pytest.mark.parametrize("password", [PASSWORD, "报销窗口今天三点开门大家不用急", "li has a long password"])
def test_a_sentence_is_taken(password: str) -> None:
    check_password(password, "li")


def test_the_list_of_common_passwords_holds_what_length_alone_lets_through() -> None:
    assert len(common_passwords()) > 150
    assert all(len(one) >= 12 and one == one.lower() for one in common_passwords())


def test_a_one_time_password_may_always_be_used() -> None:
    for _ in range(50):
        check_password(one_time_password(), "li")
