"""`baoxiao account`, as a person runs it."""

from __future__ import annotations

import io

import pytest

from pipeline.store.accounts import account_of, is_password_of
from pipeline.store.database import Database
from tests.progress.test_command import Baoxiao, baoxiao
from tests.web.browsing import PASSWORD

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

__all__ = ["baoxiao"]  # the fixture that runs the command


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def test_the_first_administrator_is_made_at_the_machine(
    database: Database, baoxiao: Baoxiao, typed: None
) -> None:
    code, said, _ = baoxiao("account", "create", "wang", "--role", "admin", "--password-stdin")
    assert (code, said.strip()) == (0, "wang: 已新建，管理员 / admin / made")
    assert PASSWORD not in said
    with database.read() as connection:
        assert is_password_of(connection, "wang", PASSWORD)


def test_accounts_are_listed_disabled_and_promoted(database: Database, baoxiao: Baoxiao, typed: None) -> None:
    baoxiao("account", "create", "li", "--role", "clerk", "--shown-as", "李示例", "--password-stdin")
    assert baoxiao("account", "role", "li", "--role", "reviewer")[0] == 0
    assert baoxiao("account", "disable", "li")[0] == 0
    _, listed, _ = baoxiao("account", "list")
    for words in ("li", "李示例", "初审员 / reviewer", "已停用"):
        assert words in listed
    assert baoxiao("account", "enable", "li")[0] == 0
    with database.read() as connection:
        account = account_of(connection, "li")
    assert account is not None
    assert account.disabled_at is None


def test_another_password_replaces_the_first(
    database: Database, baoxiao: Baoxiao, typed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    baoxiao("account", "create", "li", "--role", "clerk", "--password-stdin")
    monkeypatch.setattr("sys.stdin", io.StringIO("another long password\r\n"))
    assert baoxiao("account", "password", "li", "--password-stdin")[0] == 0
    with database.read() as connection:
        assert is_password_of(connection, "li", "another long password")
        assert not is_password_of(connection, "li", PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["create", "li", "--role", "king", "--password-stdin"], 2, "role"),
        (["create", "a b", "--role", "clerk", "--password-stdin"], 2, "name"),
        (["disable", "nobody"], 1, "nobody"),
        (["role", "nobody", "--role", "clerk"], 1, "nobody"),
        (["create", "li", "--role", "clerk", "--password", "secret"], 2, "--password"),
    ],
)
def test_what_cannot_be_is_told(
    baoxiao: Baoxiao, typed: None, arguments: list[str], code: int, named: str
) -> None:
    ended, _, complaint = baoxiao("account", *arguments)
    assert ended == code
    assert named in complaint


def test_the_last_administrator_cannot_be_locked_out(baoxiao: Baoxiao, typed: None) -> None:
    baoxiao("account", "create", "wang", "--role", "admin", "--password-stdin")
    for change in (["disable", "wang"], ["role", "wang", "--role", "clerk"]):
        code, _, complaint = baoxiao("account", *change)
        assert code == 1
        assert "唯一的管理员" in complaint
